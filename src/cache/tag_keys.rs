//! The keys that are kept for tags.
//!
//! `prefix:%tag:{tag}` and its companions, which share its slot. No namespace begins so: in them `%` is always followed by `25` or `3A`. Braces
//! are written `%7B` and `%7D` in the prefix and the tag, so that the tag alone decides the slot.

use super::format::tag_mark;
use crate::common::keys;
use bytes::Bytes;
use std::borrow::Cow;
use std::sync::Arc;

/// What concerns all tags of a prefix.
pub fn epoch(prefix: &str) -> Bytes {
    format!("{}:%epoch", escape(prefix)).into()
}

/// The keys of one tag.
#[derive(Clone, Debug)]
pub struct TagKeys {
    /// The keys that carry it.
    pub index: Bytes,
    /// When it was last invalidated.
    pub last: Bytes,
    /// The keys that are being deleted.
    pub doomed: Bytes,
    /// What stands for it in an entry.
    pub mark: u32,
}

impl TagKeys {
    /// Of tags with a NUL between two.
    pub fn all(prefix: &str, tags: Option<&str>) -> Arc<[TagKeys]> {
        tags.map(|tags| tags.split('\0').map(|tag| TagKeys::new(prefix, tag)).collect()).unwrap_or_default()
    }

    pub fn new(prefix: &str, tag: &str) -> Self {
        let (prefix, name) = (escape(prefix), escape(tag));
        let key = |what: &str| Bytes::from([&prefix, ":%", what, ":{", &name, "}"].concat());
        TagKeys { index: key("tag"), last: key("last"), doomed: key("doomed"), mark: tag_mark(tag.as_bytes()) }
    }
}

fn escape(part: &str) -> Cow<'_, str> {
    keys::escape(part, &[':', '{', '}'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::keys::space;
    use proptest::prelude::*;

    /// The part of a key that decides its slot, as the specification of Redis Cluster has it.
    fn hashed(key: &[u8]) -> &[u8] {
        let Some(open) = key.iter().position(|byte| *byte == b'{') else { return key };
        match key[open + 1..].iter().position(|byte| *byte == b'}') {
            Some(length) if length > 0 => &key[open + 1..open + 1 + length],
            _ => key,
        }
    }

    proptest! {
        #[test]
        fn the_keys_of_a_tag_share_a_slot_and_no_two_tags_share_a_key(
            prefix in "[a{}:%]{1,6}", one in "[a{}:%😀]{1,6}", other in "[a{}:%😀]{1,6}",
        ) {
            let keys = TagKeys::new(&prefix, &one);
            prop_assert_eq!(hashed(&keys.index), hashed(&keys.last));
            prop_assert_eq!(hashed(&keys.index), hashed(&keys.doomed));
            prop_assert_eq!(keys.index == TagKeys::new(&prefix, &other).index, one == other);
        }

        #[test]
        fn no_entry_has_the_key_of_a_tag(prefix in "[a{}:%]{1,6}", tag in "[a{}:%]{1,6}", other in "[a{}:%]{1,6}", namespace in "[a{}:%tge]{1,6}") {
            let keys = TagKeys::new(&prefix, &tag);
            let space = space(&other, &namespace);
            for key in [keys.index, keys.last, keys.doomed, epoch(&prefix)] {
                prop_assert!(!key.starts_with(space.as_bytes()));
            }
        }
    }
}
