//! How values are stored.
//!
//! A JSON value is plain JSON text, so that any other program reads it. Whatever else carries a header of three bytes before
//! its payload: `0xC1`, a byte that no UTF-8 text holds anywhere; the version of the format; the codec of the payload.

use crate::bridge::Outcome;
use bytes::Bytes;

const MAGIC: u8 = 0xC1;
const VERSION: u8 = 1;

/// What the payload is.
mod codec {
    pub const BYTES: u8 = 1;
    /// As `BYTES`, but Node's `Buffer` and no plain `Uint8Array`, so that what comes out has the methods of what went in.
    pub const BUFFER: u8 = 2;
}

/// Bytes as they are stored.
pub fn encode_bytes(payload: &[u8], is_buffer: bool) -> Bytes {
    let codec = if is_buffer { codec::BUFFER } else { codec::BYTES };
    [&[MAGIC, VERSION, codec], payload].concat().into()
}

/// A stored value: text (JSON, or a foreign plain string), bytes, or `false` for what cannot be read. Never an error: what this
/// version does not know, a later one may have written.
pub fn decode(stored: Bytes) -> Outcome {
    match stored.as_ref() {
        [MAGIC, VERSION, codec::BYTES, ..] => Outcome::Binary(stored.slice(3..)),
        [MAGIC, VERSION, codec::BUFFER, ..] => Outcome::Buffer(stored.slice(3..)),
        text if std::str::from_utf8(text).is_ok() => Outcome::Text(stored),
        _ => Outcome::Flag(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_text_or_bytes_or_unreadable(stored: Vec<u8>, magic: bool, version in 0u8..4, codec in 0u8..4) {
            let stored = if magic { [&[MAGIC, version, codec], &stored[..]].concat() } else { stored };
            let is_text = std::str::from_utf8(&stored).is_ok();
            match decode(Bytes::from(stored.clone())) {
                Outcome::Text(bytes) => prop_assert!(is_text && bytes == stored),
                Outcome::Binary(bytes) => prop_assert!(stored[..3] == [MAGIC, 1, 1] && bytes == stored[3..]),
                Outcome::Buffer(bytes) => prop_assert!(stored[..3] == [MAGIC, 1, 2] && bytes == stored[3..]),
                Outcome::Flag(false) => prop_assert!(!is_text),
                other => prop_assert!(false, "{:?}", other),
            }
        }

        #[test]
        fn bytes_come_back_untouched(payload: Vec<u8>, is_buffer: bool) {
            match decode(encode_bytes(&payload, is_buffer)) {
                Outcome::Buffer(bytes) if is_buffer => prop_assert_eq!(&bytes[..], &payload[..]),
                Outcome::Binary(bytes) if !is_buffer => prop_assert_eq!(&bytes[..], &payload[..]),
                other => prop_assert!(false, "{:?}", other),
            }
        }

        #[test]
        fn text_is_never_taken_for_a_header(text: String) {
            match decode(Bytes::from(text.clone())) {
                Outcome::Text(bytes) => prop_assert_eq!(&bytes[..], text.as_bytes()),
                other => prop_assert!(false, "{:?}", other),
            }
        }

        #[test]
        fn an_unknown_header_is_unreadable_and_no_error(version in 2u8.., codec: u8, payload: Vec<u8>) {
            let stored = [&[MAGIC, version, codec], &payload[..]].concat();
            prop_assert!(matches!(decode(stored.into()), Outcome::Flag(false)));
        }
    }
}
