//! How values are stored.
//!
//! A JSON value with a plain life is plain JSON text, so that any other program reads it. Whatever else carries a header before its
//! payload, which begins with `0xC1`, a byte that no UTF-8 text holds anywhere, and the version of the format:
//!
//! - version 1: the codec of the payload, and the payload;
//! - version 2: a [`Head`], and the payload. `lua/head.lua` reads and writes it too.

use super::compression;
use crate::bridge::Outcome;
use bytes::{BufMut, Bytes, BytesMut};

const MAGIC: u8 = 0xC1;
const SIMPLE: u8 = 1;
const FULL: u8 = 2;
/// The head of version 2, without its tags.
pub const HEAD: usize = 36;
const MOST: u64 = (1 << 48) - 1;

/// What the payload is. `lib/codecs` has the same table.
pub mod codec {
    /// No payload: somebody loads it.
    pub const LEASE: u8 = 0;
    pub const BYTES: u8 = 1;
    /// As `BYTES`, but Node's `Buffer` and no plain `Uint8Array`, so that what comes out has the methods of what went in.
    pub const BUFFER: u8 = 2;
    pub const JSON: u8 = 3;
    pub const TYPED: u8 = 4;
    /// Those of users, up to 95.
    pub const OWN: u8 = 64;
    pub const LAST: u8 = 95;
    /// Set beside the codec where the payload is compressed.
    pub const COMPRESSED: u8 = 0x80;
}

mod flag {
    pub const INVALIDATED: u8 = 1;
    pub const NEGATIVE: u8 = 2;
}

/// What an entry says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    pub codec: u8,
    /// Its tags were invalidated, and it is there for a load that fails.
    pub invalidated: bool,
    /// It says that there is nothing, and lives as long as that is to be believed. For whoever reads the format: the payload says it too, and
    /// nothing is decided by this. Where nothing else needs a head it is not said.
    pub negative: bool,
    /// Who holds the lease on it; 0 for nobody.
    pub token: u64,
    /// In ms, the stale part included; 0 for no end.
    pub life: u64,
    pub stale: u64,
    /// How long its load took, in ms.
    pub load: u32,
    /// What stands for its tags.
    pub tags: Vec<u32>,
}

/// A stored value, as far as it can be read.
#[derive(Clone, Debug, PartialEq)]
pub enum Stored {
    /// Text without a header: JSON, or a foreign plain string.
    Plain(Bytes),
    Entry(Head, Bytes),
    /// Nothing yet; who holds this token loads it.
    Lease(u64),
    /// What this version does not know a later one may have written.
    Unreadable,
}

/// What stands for a tag in an entry: FNV-1a of 32 bits (Fowler, Noll, Vo). Two tags that share it are invalidated together where a key is
/// in both indexes, which costs a load.
pub fn tag_mark(tag: &[u8]) -> u32 {
    tag.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// Bytes as they are stored where they need nothing else.
pub fn encode_bytes(payload: &[u8], is_buffer: bool) -> Bytes {
    let codec = if is_buffer { codec::BUFFER } else { codec::BYTES };
    [&[MAGIC, SIMPLE, codec], payload].concat().into()
}

/// An entry with a full head.
pub fn encode(head: &Head, payload: &[u8]) -> Bytes {
    let mut stored = BytesMut::with_capacity(HEAD + 4 * head.tags.len() + payload.len());
    let flags = if head.invalidated { flag::INVALIDATED } else { 0 } | if head.negative { flag::NEGATIVE } else { 0 };
    stored.put_slice(&[MAGIC, FULL, head.codec, flags]);
    stored.put_u64(head.token);
    stored.put_uint(0, 6);
    stored.put_uint(head.life.min(MOST), 6);
    stored.put_uint(head.stale.min(MOST), 6);
    stored.put_u32(head.load);
    stored.put_u16(head.tags.len() as u16);
    for tag in &head.tags {
        stored.put_u32(*tag);
    }
    stored.put_slice(payload);
    stored.freeze()
}

impl Head {
    /// The head that the first bytes of a stored value begin with, but for its tags. `None` for what has none.
    pub fn without_tags(stored: &[u8]) -> Option<Head> {
        let fixed = stored.get(..HEAD).filter(|head| head.starts_with(&[MAGIC, FULL]))?;
        Some(Head {
            codec: fixed[2],
            invalidated: fixed[3] & flag::INVALIDATED != 0,
            negative: fixed[3] & flag::NEGATIVE != 0,
            token: number(&fixed[4..12]),
            life: number(&fixed[18..24]),
            stale: number(&fixed[24..30]),
            load: number(&fixed[30..34]) as u32,
            tags: Vec::new(),
        })
    }

    /// Whether there is no value yet.
    pub fn is_lease(&self) -> bool {
        self.codec == codec::LEASE
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

/// A head and where its payload begins.
fn parse_head(stored: &[u8]) -> Option<(Head, usize)> {
    let head = Head::without_tags(stored)?;
    let payload = HEAD + 4 * number(&stored[34..HEAD]) as usize;
    let tags = stored.get(HEAD..payload)?.chunks_exact(4).map(|tag| number(tag) as u32).collect();
    Some((Head { tags, ..head }, payload))
}

/// Never an error: an older process must neither fail nor delete what a later one wrote.
pub fn parse(stored: Bytes) -> Stored {
    match stored.as_ref() {
        [MAGIC, SIMPLE, codec @ (codec::BYTES | codec::BUFFER), ..] => {
            Stored::Entry(Head { codec: *codec, ..Head::default() }, stored.slice(3..))
        }
        [MAGIC, FULL, ..] => match parse_head(&stored) {
            Some((head, _)) if head.is_lease() => Stored::Lease(head.token),
            Some((head, payload)) => Stored::Entry(head, stored.slice(payload..)),
            None => Stored::Unreadable,
        },
        text if std::str::from_utf8(text).is_ok() => Stored::Plain(stored),
        _ => Stored::Unreadable,
    }
}

/// The value of an entry as JavaScript gets it: text for JSON, bytes, or `[codec, payload]` for what another codec reads; `false` for what
/// cannot be read.
pub fn value(head: &Head, payload: Bytes) -> Outcome {
    let payload = match head.codec & codec::COMPRESSED {
        0 => Some(payload),
        _ => compression::decompress(&payload),
    };
    let Some(payload) = payload else { return Outcome::Flag(false) };
    let coded = |codec: u8, payload| Outcome::List(vec![Outcome::Integer(codec.into()), payload]);
    match head.codec & !codec::COMPRESSED {
        codec::BYTES => Outcome::Binary(payload),
        codec::BUFFER => Outcome::Buffer(payload),
        codec::JSON if std::str::from_utf8(&payload).is_ok() => Outcome::Text(payload),
        known @ (codec::TYPED | codec::OWN..=codec::LAST) => coded(known, Outcome::from_bytes(payload)),
        _ => Outcome::Flag(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_head() -> impl Strategy<Value = Head> {
        let numbers = (1u8..=255, any::<bool>(), any::<bool>(), any::<u64>(), 0..=MOST, 0..=MOST, any::<u32>());
        (numbers, prop::collection::vec(any::<u32>(), 0..20)).prop_map(
            |((codec, invalidated, negative, token, life, stale, load), tags)| Head {
                codec,
                invalidated,
                negative,
                token,
                life,
                stale,
                load,
                tags,
            },
        )
    }

    proptest! {
        #[test]
        fn a_head_and_its_payload_come_back_as_they_were(head in any_head(), payload: Vec<u8>) {
            prop_assert_eq!(parse(encode(&head, &payload)), Stored::Entry(head, payload.into()));
        }

        #[test]
        fn any_bytes_are_read_or_unreadable(stored: Vec<u8>, magic: bool, version in 0u8..5, codec in 0u8..6) {
            let stored = if magic { [&[MAGIC, version, codec], &stored[..]].concat() } else { stored };
            let is_text = std::str::from_utf8(&stored).is_ok();
            match parse(Bytes::from(stored.clone())) {
                Stored::Plain(bytes) => prop_assert!(is_text && bytes == stored),
                Stored::Entry(head, payload) => {
                    prop_assert!(stored[0] == MAGIC && [SIMPLE, FULL].contains(&stored[1]) && stored.ends_with(&payload));
                    value(&head, payload);
                }
                Stored::Lease(_) => prop_assert!(stored[..3] == [MAGIC, FULL, codec::LEASE]),
                Stored::Unreadable => prop_assert!(!is_text),
            }
        }

        #[test]
        fn a_head_that_is_cut_off_is_unreadable(head in any_head(), cut in 2usize..HEAD) {
            prop_assert_eq!(parse(encode(&head, b"payload").slice(..cut)), Stored::Unreadable);
        }

        #[test]
        fn bytes_come_back_untouched(payload: Vec<u8>, is_buffer: bool) {
            let Stored::Entry(head, read) = parse(encode_bytes(&payload, is_buffer)) else { panic!("no entry") };
            match value(&head, read) {
                Outcome::Buffer(bytes) if is_buffer => prop_assert_eq!(&bytes[..], &payload[..]),
                Outcome::Binary(bytes) if !is_buffer => prop_assert_eq!(&bytes[..], &payload[..]),
                other => prop_assert!(false, "{:?}", other),
            }
        }

        #[test]
        fn text_is_never_taken_for_a_header(text: String) {
            prop_assert_eq!(parse(Bytes::from(text.clone())), Stored::Plain(text.into()));
        }

        #[test]
        fn an_unknown_header_is_unreadable_and_no_error(version in 3u8.., codec: u8, payload: Vec<u8>) {
            let stored = [&[MAGIC, version, codec], &payload[..]].concat();
            prop_assert_eq!(parse(stored.into()), Stored::Unreadable);
        }

        #[test]
        fn an_unknown_codec_is_unreadable(codec in 5u8..64, payload: Vec<u8>) {
            let head = Head { codec, ..Head::default() };
            prop_assert!(matches!(value(&head, payload.into()), Outcome::Flag(false)));
        }
    }

    #[test]
    fn a_mark_is_the_published_fnv_1a() {
        assert_eq!(tag_mark(b""), 0x811c_9dc5);
        assert_eq!(tag_mark(b"a"), 0xe40c_292c);
        assert_eq!(tag_mark(b"foobar"), 0xbf9c_f968);
    }
}
