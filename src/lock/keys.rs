//! The keys of a lock: `prefix:resource`, as the published snippets have it, and its companions `what:{prefix:resource}`.
//!
//! Braces are written `%7B` and `%7D`, so that all keys of a resource share a slot.

use crate::common::keys::escape;
use bytes::Bytes;

/// What stands before the resource in every key of a prefix.
pub struct Prefix(String);

impl Prefix {
    pub fn new(prefix: &str) -> Self {
        Prefix(format!("{}:", escape(prefix, &[':', '{', '}'])))
    }

    pub fn of(&self, resource: &str) -> Names {
        Names([&self.0, escape(resource, &['{', '}']).as_ref()].concat().into())
    }
}

/// The names of one resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Names(Bytes);

impl Names {
    /// The lock itself, or those who hold it.
    pub fn lock(&self) -> Bytes {
        self.0.clone()
    }

    /// The last fencing token.
    pub fn fence(&self) -> Bytes {
        self.companion(b"fence:{")
    }

    /// Who waits, by their coming.
    pub fn queue(&self) -> Bytes {
        self.companion(b"queue:{")
    }

    /// Who waits, by when they count as dead.
    pub fn waiting(&self) -> Bytes {
        self.companion(b"waiting:{")
    }

    /// How many permits there are, where that was set.
    pub fn permits(&self) -> Bytes {
        self.companion(b"permits:{")
    }

    fn companion(&self, before: &[u8]) -> Bytes {
        [before, &self.0, b"}"].concat().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::keys::hashed;
    use proptest::prelude::*;

    fn all(names: &Names) -> Vec<Bytes> {
        vec![names.lock(), names.fence(), names.queue(), names.waiting(), names.permits()]
    }

    #[test]
    fn a_plain_resource_has_the_key_of_the_published_snippets() {
        let names = Prefix::new("lock").of("order:7");
        assert_eq!(names.lock(), "lock:order:7");
        assert_eq!(names.fence(), "fence:{lock:order:7}");
    }

    proptest! {
        #[test]
        fn the_keys_of_a_resource_share_a_slot_and_no_two_resources_share_a_key(
            p1 in "[a{}:%]{1,6}", r1 in "[a{}:%😀]{1,6}", p2 in "[a{}:%]{1,6}", r2 in "[a{}:%😀]{1,6}",
        ) {
            let (one, other) = (Prefix::new(&p1).of(&r1), Prefix::new(&p2).of(&r2));
            prop_assert!(all(&one).iter().all(|key| hashed(key) == one.lock()));
            let shared = all(&one).iter().any(|key| all(&other).contains(key));
            prop_assert_eq!(shared, (p1, r1) == (p2, r2));
        }
    }
}
