//! The keys of a limiter: `prefix:{id}:` and what they hold, so that all keys of an id share a slot.
//!
//! Braces are written `%7B` and `%7D` in prefix and id, so that the id alone decides the slot.

use crate::common::keys::escape;
use bytes::Bytes;

const BRACES: &[char] = &['{', '}'];
const BLOCK: &str = "block";

pub struct Keys {
    /// With the brace that opens the id.
    before: String,
    /// Who uses the prefix, and the policies by which keys were counted.
    pub processes: Bytes,
    pub policies: Bytes,
}

impl Keys {
    pub fn new(prefix: &str) -> Self {
        let prefix = escape(prefix, &[':', '{', '}']);
        // No key of an id begins so: there a brace follows the colon.
        let common = |what: &str| Bytes::from([&prefix, ":%", what, ":{", &prefix, "}"].concat());
        Keys { processes: common("processes"), policies: common("policies"), before: [&prefix, ":{"].concat() }
    }

    /// What the keys of an id begin with.
    pub fn of(&self, id: &str) -> KeysOf {
        let mut text = Vec::new();
        self.begin(id, &mut text);
        KeysOf(text)
    }

    fn begin(&self, id: &str, text: &mut Vec<u8>) {
        for part in [&self.before, escape(id, BRACES).as_ref(), "}:"] {
            text.extend_from_slice(part.as_bytes());
        }
    }
}

/// The keys of many ids, in one piece of memory: a key of its own costs more to make than what it is made of. Whoever keeps one for long copies it.
#[derive(Default)]
pub struct Laid {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Laid {
    /// The block of an id, then its keys under policies, by their suffixes.
    pub fn add<'a>(&mut self, keys: &Keys, id: &str, suffixes: impl IntoIterator<Item = &'a str>) {
        let begin = self.text.len();
        keys.begin(id, &mut self.text);
        let before = begin..self.text.len();
        self.text.extend_from_slice(BLOCK.as_bytes());
        self.ends.push(self.text.len());
        for suffix in suffixes {
            self.text.extend_from_within(before.clone());
            self.text.extend_from_slice(suffix.as_bytes());
            self.ends.push(self.text.len());
        }
    }

    /// All of them, as they were added.
    pub fn into_keys(self) -> Vec<Bytes> {
        let text = Bytes::from(self.text);
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|(begin, end)| text.slice(begin..*end)).collect()
    }
}

/// The keys of one id.
pub struct KeysOf(Vec<u8>);

impl KeysOf {
    /// Under a policy, by its suffix: a letter, a colon and a name. What follows here is none.
    pub fn policy(&self, suffix: &str) -> Bytes {
        self.with(suffix)
    }

    pub fn block(&self) -> Bytes {
        self.with(BLOCK)
    }

    pub fn places(&self) -> Bytes {
        self.with("places")
    }

    pub fn reservation(&self, id: &str) -> Bytes {
        self.with(&["reserved:", id].concat())
    }

    fn with(&self, what: &str) -> Bytes {
        Bytes::from([&self.0, what.as_bytes()].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::keys::hashed;
    use proptest::prelude::*;

    #[test]
    fn a_plain_id_stays_as_it_is() {
        let keys = Keys::new("limit");
        assert_eq!(keys.of("user:1").policy("g:1000"), "limit:{user:1}:g:1000");
        assert_eq!(hashed(&keys.processes), hashed(&keys.policies));
    }

    proptest! {
        #[test]
        fn the_keys_of_an_id_share_a_slot_and_no_two_ids_share_a_key(
            prefix in "[a{}:%]{1,6}", one in "[a{}:%😀]{1,6}", other in "[a{}:%😀]{1,6}",
        ) {
            let keys = Keys::new(&prefix);
            let (first, second) = (keys.of(&one), keys.of(&other));
            prop_assert_eq!(hashed(&first.block()), hashed(&first.policy("f:1")));
            prop_assert_eq!(hashed(&first.block()), hashed(&first.reservation("}{")));
            prop_assert_eq!(first.block() == second.block(), one == other);
            prop_assert!(first.block() != keys.policies && first.block() != keys.processes);
            let mut laid = Laid::default();
            laid.add(&keys, &one, ["f:1", "g:2"]);
            laid.add(&keys, &other, []);
            prop_assert_eq!(laid.into_keys(), [first.block(), first.policy("f:1"), first.policy("g:2"), second.block()]);
        }
    }
}
