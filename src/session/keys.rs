//! The keys of sessions: `prefix:namespace:name` of a session, `prefix:namespace:user:name` of the index of a user. A name is a hash in base64url,
//! which holds no `:`, so none of the one is one of the other.

use crate::common::keys;
use bytes::Bytes;

pub struct Keys {
    space: String,
}

/// What stands before the name of an index.
const USER: &[u8] = b"user:";

impl Keys {
    pub fn new(prefix: &str, namespace: &str) -> Self {
        Keys { space: keys::space(prefix, namespace) }
    }

    pub fn session(&self, name: &[u8]) -> Bytes {
        [self.space.as_bytes(), name].concat().into()
    }

    pub fn index(&self, name: &[u8]) -> Bytes {
        [self.space.as_bytes(), USER, name].concat().into()
    }

    /// Of the session whose key it is; `None` of any other key.
    pub fn name_of(&self, key: &Bytes) -> Option<Bytes> {
        let name = key.strip_prefix(self.space.as_bytes())?;
        if name.contains(&b':') { None } else { Some(key.slice(self.space.len()..)) }
    }

    /// All keys of all sessions and users.
    pub fn glob(&self) -> Bytes {
        (keys::escape_glob(&self.space) + "*").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_key_of_a_session_is_no_index_and_tells_its_name(
            prefix in "[a:%*]{1,6}", namespace in "[a:%]{1,6}", name in "[A-Za-z0-9_-]{43}", other in "[A-Za-z0-9_-]{43}",
        ) {
            let keys = Keys::new(&prefix, &namespace);
            prop_assert_eq!(keys.name_of(&keys.session(name.as_bytes())), Some(name.clone().into()));
            prop_assert_eq!(keys.name_of(&keys.index(other.as_bytes())), None);
            prop_assert_ne!(keys.session(name.as_bytes()), keys.index(other.as_bytes()));
            prop_assert_eq!(keys.name_of(&name.into()), None);
        }
    }
}
