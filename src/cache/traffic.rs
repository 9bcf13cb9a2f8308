//! How much one cache has read and written.

use crate::client::Reply;
use bytes::Bytes;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Bytes of what is stored, heads included.
#[derive(Default)]
pub struct Traffic {
    read: AtomicU64,
    written: AtomicU64,
}

impl Traffic {
    /// What a reply holds; `None` for nothing.
    pub fn received(&self, reply: Reply) -> Option<Bytes> {
        let Reply::Bytes(stored) = reply else { return None };
        self.read.fetch_add(stored.len() as u64, Relaxed);
        Some(stored)
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
