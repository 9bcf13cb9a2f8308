//! How keys are laid out: `prefix:namespace:id`.

use std::borrow::Cow;
use std::fmt::Write;

/// What stands before every id of one namespace.
///
/// Only the id may hold a raw `:`, so no namespace is the beginning of another's keys: in prefix and namespace `:` is
/// written `%3A`, and `%` is written `%25`.
pub fn space(prefix: &str, namespace: &str) -> String {
    format!("{}:{}:", escape(prefix, &[':']), escape(namespace, &[':']))
}

/// A part of a key in which some characters, all of ASCII, and `%` are written as `%` and two digits.
pub fn escape<'part>(part: &'part str, special: &[char]) -> Cow<'part, str> {
    let is_special = |character: char| character == '%' || special.contains(&character);
    if !part.bytes().any(|byte| is_special(byte.into())) {
        return part.into();
    }
    part.chars()
        .fold(String::with_capacity(part.len() + 8), |mut escaped, character| {
            if is_special(character) {
                let _ = write!(escaped, "%{:02X}", u32::from(character));
            } else {
                escaped.push(character);
            }
            escaped
        })
        .into()
}

/// Text that a glob matches literally.
pub fn escape_glob(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '\\' | '^') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// The part of a key that decides its slot, as the specification of Redis Cluster has it.
#[cfg(test)]
pub fn hashed(key: &bytes::Bytes) -> bytes::Bytes {
    let Some(open) = key.iter().position(|byte| *byte == b'{') else { return key.clone() };
    match key[open + 1..].iter().position(|byte| *byte == b'}') {
        Some(length) if length > 0 => key.slice(open + 1..open + 1 + length),
        _ => key.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_plain_name_stays_as_it_is() {
        assert_eq!(space("cache", "user"), "cache:user:");
        assert_eq!(space("a:b", "50%"), "a%3Ab:50%25:");
    }

    proptest! {
        #[test]
        fn no_namespace_reaches_anothers_keys(
            p1 in "[a:%3A25]{1,6}", n1 in "[a:%3A25]{1,6}", id in "[a:%]{0,6}",
            p2 in "[a:%3A25]{1,6}", n2 in "[a:%3A25]{1,6}",
        ) {
            let key = space(&p1, &n1) + &id;
            prop_assert_eq!(key.starts_with(&space(&p2, &n2)), (p1, n1) == (p2, n2));
        }

        #[test]
        fn prefix_namespace_and_id_can_be_told_apart_whatever_they_hold(prefix: String, namespace: String, id: String) {
            let key = space(&prefix, &namespace) + &id;
            let mut parts = key.splitn(3, ':');
            let mut part = || parts.next().unwrap_or_default().replace("%3A", ":").replace("%25", "%");
            prop_assert_eq!((part(), part()), (prefix, namespace));
            prop_assert_eq!(parts.next(), Some(id.as_str()));
        }

        #[test]
        fn an_escaped_glob_has_no_bare_special(text in "[a*?\\[\\]^\\\\]{0,12}") {
            let escaped = escape_glob(&text);
            let mut characters = escaped.chars();
            let mut literal = String::new();
            while let Some(character) = characters.next() {
                if character == '\\' {
                    literal.extend(characters.next());
                } else {
                    prop_assert!(!"*?[]^".contains(character));
                    literal.push(character);
                }
            }
            prop_assert_eq!(literal, text);
        }
    }
}
