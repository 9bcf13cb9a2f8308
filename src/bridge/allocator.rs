//! The allocator of the native core: mimalloc, with large blocks told to `common::allowance`.
//!
//! Every operation crosses two threads, which costs the system's allocator twice what it costs mimalloc.

#![allow(unsafe_code)]

use crate::common::allowance::{LARGE, resized};
use mimalloc::MiMalloc;
use std::alloc::{GlobalAlloc, Layout};

pub struct Allocator;

// SAFETY: every call goes to mimalloc as it came. What is told besides touches no block, and does not unwind.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() >= LARGE {
            resized(0, layout.size());
        }
        // SAFETY: as our caller promises.
        unsafe { MiMalloc.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.size() >= LARGE {
            resized(0, layout.size());
        }
        // SAFETY: as our caller promises.
        unsafe { MiMalloc.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if layout.size() >= LARGE {
            resized(layout.size(), 0);
        }
        // SAFETY: as our caller promises.
        unsafe { MiMalloc.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if layout.size().max(size) >= LARGE {
            let counted = |size: usize| if size >= LARGE { size } else { 0 };
            resized(counted(layout.size()), counted(size));
        }
        // SAFETY: as our caller promises.
        unsafe { MiMalloc.realloc(block, layout, size) }
    }
}
