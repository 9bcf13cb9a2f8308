//! An entry on its way to the server.

use super::compression::compress;
use super::format::{Head, codec, encode, encode_bytes};
use super::tag_keys::TagKeys;
use crate::client::Command;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// How long an entry lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Life {
    Millis(u64),
    Endless,
}

impl Life {
    pub fn of(span: Duration) -> Self {
        Life::Millis(span.as_millis() as u64)
    }

    pub fn millis(self) -> Option<u64> {
        match self {
            Life::Millis(ms) => Some(ms),
            Life::Endless => None,
        }
    }

    /// As scripts take it: empty for no end.
    pub fn argument(self) -> Bytes {
        self.millis().map_or_else(Bytes::new, |ms| ms.to_string().into())
    }

    pub fn set(self, key: Bytes, stored: Bytes) -> Command {
        Command::set(key, stored, self.millis())
    }
}

/// What must hold when an entry is stored.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms {
    /// Who must hold the lease on it.
    pub token: Option<u64>,
    /// The epoch since which none of its tags may have been invalidated.
    pub snapshot: Option<u64>,
}

/// A value with all that is to be stored with it.
#[derive(Clone, Debug)]
pub struct Draft {
    pub codec: u8,
    pub payload: Bytes,
    pub life: Life,
    /// In ms, the last part of its life.
    pub stale: u64,
    /// How long its load took, in ms; 0 for not told.
    pub load: u32,
    pub negative: bool,
    pub tags: Arc<[TagKeys]>,
    /// From how many bytes on it is compressed.
    pub compress_from: usize,
}

impl Draft {
    /// As it is stored: without a head where nothing needs one.
    pub fn stored(&self) -> Bytes {
        let compressed = (self.payload.len() >= self.compress_from).then(|| compress(&self.payload)).flatten();
        let is_plain = self.stale == 0 && self.load == 0 && self.tags.is_empty() && compressed.is_none();
        match self.codec {
            codec::JSON if is_plain => return self.payload.clone(),
            codec::BYTES | codec::BUFFER if is_plain => {
                return encode_bytes(&self.payload, self.codec == codec::BUFFER);
            }
            _ => {}
        }
        let head = Head {
            codec: self.codec | if compressed.is_some() { codec::COMPRESSED } else { 0 },
            life: self.life.millis().unwrap_or(0),
            stale: self.stale,
            load: self.load,
            negative: self.negative,
            tags: self.tags.iter().map(|tag| tag.mark).collect(),
            ..Head::default()
        };
        encode(&head, compressed.as_ref().unwrap_or(&self.payload))
    }
}

#[cfg(test)]
mod tests {
    use super::super::format::{Stored, parse, value};
    use super::*;
    use crate::bridge::Outcome;

    fn draft(payload: &'static str) -> Draft {
        let (payload, life) = (Bytes::from_static(payload.as_bytes()), Life::Millis(1000));
        let (stale, load, negative, compress_from) = (0, 0, false, usize::MAX);
        Draft { codec: codec::JSON, payload, life, stale, load, negative, tags: Arc::new([]), compress_from }
    }

    #[test]
    fn json_that_needs_nothing_else_is_plain() {
        assert_eq!(draft("{}").stored(), "{}");
        assert_ne!(Draft { stale: 5, ..draft("{}") }.stored(), "{}");
        assert_ne!(Draft { load: 5, ..draft("{}") }.stored(), "{}");
        assert_ne!(Draft { tags: Arc::new([TagKeys::new("p", "t")]), ..draft("{}") }.stored(), "{}");
    }

    #[test]
    fn what_is_compressed_says_so_and_comes_back() {
        const LONG: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        let stored = Draft { compress_from: 10, ..draft(LONG) }.stored();
        assert!(stored.len() < LONG.len());
        let Stored::Entry(head, payload) = parse(stored) else { panic!("no entry") };
        assert_eq!(head.codec, codec::JSON | codec::COMPRESSED);
        assert!(matches!(value(&head, payload), Outcome::Text(text) if text == LONG));
    }
}
