//! Compression of payloads, on the I/O thread: the block format of LZ4, behind the length of what was compressed in four bytes, the
//! lowest first.

use bytes::Bytes;
use lz4_flex::block::{compress_prepend_size, decompress_size_prepended};

/// No value is larger, so whatever says that it is was not written here.
const LARGEST: usize = 64 * 1024 * 1024;

/// `None` where it would not get smaller.
pub fn compress(payload: &[u8]) -> Option<Bytes> {
    let compressed = compress_prepend_size(payload);
    (compressed.len() < payload.len()).then(|| compressed.into())
}

/// `None` for what is no such block.
pub fn decompress(compressed: &[u8]) -> Option<Bytes> {
    let length = u32::from_le_bytes(compressed.get(..4)?.try_into().ok()?) as usize;
    // A block of LZ4 grows no more than 255 times.
    if length > LARGEST || length > compressed.len().saturating_mul(255) {
        return None;
    }
    decompress_size_prepended(compressed).ok().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_compressed_comes_back(words in prop::collection::vec("[ab]{1,20}", 1..200)) {
            let text = words.concat().into_bytes();
            if let Some(compressed) = compress(&text) {
                prop_assert!(compressed.len() < text.len());
                prop_assert_eq!(decompress(&compressed), Some(text.into()));
            }
        }

        #[test]
        fn whatever_else_is_refused_and_no_panic(bytes: Vec<u8>) {
            decompress(&bytes);
        }
    }

    #[test]
    fn what_does_not_get_smaller_is_left_alone() {
        assert_eq!(compress(b"abc"), None);
        assert!(compress(&[7; 1000]).is_some_and(|compressed| compressed.len() < 100));
    }

    #[test]
    fn a_block_that_claims_a_gigabyte_takes_none() {
        assert_eq!(decompress(&[0, 0, 0, 64, 1, 2, 3]), None);
    }
}
