//! How much one cache has read and written.

use crate::client::Reply;
use bytes::Bytes;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Bytes of what is stored, heads included.
pub struct Traffic {
    read: AtomicU64,
    written: AtomicU64,
    usual: AtomicUsize,
}

impl Default for Traffic {
    fn default() -> Self {
        /// Until something was read: longer than most.
        const UNKNOWN: usize = 4096;
        Traffic { read: AtomicU64::default(), written: AtomicU64::default(), usual: AtomicUsize::new(UNKNOWN) }
    }
}

impl Traffic {
    /// What a reply holds; `None` for nothing.
    pub fn received(&self, reply: Reply) -> Option<Bytes> {
        let Reply::Bytes(stored) = reply else { return None };
        self.read.fetch_add(stored.len() as u64, Relaxed);
        // Grown at once, and forgotten slowly. Written by the I/O thread alone.
        let usual = self.usual();
        self.usual.store(stored.len().max((usual * 7 + stored.len()) / 8), Relaxed);
        Some(stored)
    }

    /// About how long a value lately was.
    pub fn usual(&self) -> usize {
        self.usual.load(Relaxed)
    }

    /// It may be as long as this.
    pub fn usually(&self, length: usize) {
        self.usual.fetch_max(length, Relaxed);
    }

    /// Counts what is about to be stored.
    pub fn sending(&self, stored: Bytes) -> Bytes {
        self.written.fetch_add(stored.len() as u64, Relaxed);
        stored
    }

    /// Read and written.
    pub fn numbers(&self) -> [u64; 2] {
        [&self.read, &self.written].map(|bytes| bytes.load(Relaxed))
    }
}
