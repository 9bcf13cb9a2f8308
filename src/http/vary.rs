//! The `Vary` field (RFC 9110 12.5.5): the request fields by which a response was chosen.

use super::directives::is_token;

/// More names than anybody needs: each is part of a key.
const MOST: usize = 16;
/// No field that a browser sends has a longer name.
const LONGEST: usize = 64;

#[derive(Debug, PartialEq, Eq)]
pub enum Vary {
    /// In lower case, sorted, each once.
    By(Vec<String>),
    /// Something that no request tells.
    Star,
    /// A name that none can have, or too many.
    Invalid,
}

pub fn parse(field: &str) -> Vary {
    let mut names: Vec<String> = Vec::new();
    let mut is_valid = true;
    for name in field.split(',').map(|name| name.trim_matches([' ', '\t'])).filter(|name| !name.is_empty()) {
        if name == "*" {
            return Vary::Star;
        }
        is_valid &= name.len() <= LONGEST && name.bytes().all(is_token);
        if is_valid && names.len() <= MOST {
            names.push(name.to_ascii_lowercase());
            names.sort_unstable();
            names.dedup();
        }
    }
    if is_valid && names.len() <= MOST { Vary::By(names) } else { Vary::Invalid }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_sorted_in_lower_case_and_without_doubles() {
        let names = ["accept-encoding", "foo"].map(String::from).to_vec();
        assert_eq!(parse("Foo,,\tAccept-Encoding , FOO"), Vary::By(names));
        assert_eq!(parse(" , "), Vary::By(vec![]));
    }

    #[test]
    fn a_star_anywhere_is_one() {
        for field in ["*", "*, *", ", *", "*, Foo", "Foo, *", "a b, *"] {
            assert_eq!(parse(field), Vary::Star, "{field}");
        }
    }

    #[test]
    fn names_that_none_can_have_and_too_many_are_invalid() {
        let many: Vec<String> = (0..=MOST).map(|number| format!("a{number}")).collect();
        for field in ["a b", "a;b", "\u{e9}", "a\0", &"a".repeat(LONGEST + 1), &many.join(",")] {
            assert_eq!(parse(field), Vary::Invalid, "{field}");
        }
        assert_eq!(parse(&many[1..].join(",")), Vary::By(sorted(&many[1..])));
    }

    fn sorted(names: &[String]) -> Vec<String> {
        let mut names = names.to_vec();
        names.sort();
        names
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in ".*") {
            if let Vary::By(names) = parse(&text) {
                prop_assert!(names.len() <= MOST && names.is_sorted());
            }
        }
    }
}
