//! Where all that the servers tell of changes comes together.

use super::super::bells::{Bells, Watch};
use crate::common::Words;
use bytes::Bytes;
use std::sync::{Arc, OnceLock};

/// Of one client, for all its servers.
#[derive(Default)]
pub struct Hub {
    /// Made when they are asked for first: before that nobody has a copy.
    words: OnceLock<Arc<Words>>,
    bells: Arc<Bells>,
}

impl Hub {
    pub fn words(&self) -> &Arc<Words> {
        self.words.get_or_init(Arc::default)
    }

    pub fn watch(&self, key: &Bytes) -> Watch {
        self.bells.watch(key)
    }

    /// What is stored under a key has changed. The word goes first: who is woken looks at it.
    pub fn invalidate(&self, key: &[u8]) {
        if let Some(words) = self.words.get() {
            words.bump(key);
        }
        self.bells.ring(key);
    }

    /// What has changed meanwhile is not known.
    pub fn gap(&self) {
        if let Some(words) = self.words.get() {
            words.bump_all();
        }
        self.bells.ring_all();
    }
}
