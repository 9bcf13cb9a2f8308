//! What a reply to each command can look like. One that does not was meant for another, or the peer is no server of ours.

use super::command::{Command, Verb};
use super::reply::Reply;

/// What is known of the reply to a command before it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Any,
    /// Anything but a list or a map.
    Scalar,
    /// A string or nothing.
    Value,
    /// As many of those.
    Values(usize),
    /// This very word.
    Word(&'static str),
    /// The word of our own that a connection is checked by.
    OurWord,
    Integer {
        least: i64,
        most: i64,
    },
}

impl Shape {
    pub fn of(command: &Command) -> Self {
        let up_to = |most: usize| Shape::Integer { least: 0, most: most as i64 };
        match &command.verb {
            Verb::Get | Verb::GetRange { .. } => Shape::Value,
            Verb::MGet => Shape::Values(command.args.len()),
            Verb::HMGet => Shape::Values(command.args.len() - 1),
            Verb::Set { .. } => Shape::Word("OK"),
            Verb::Exists | Verb::Unlink => up_to(command.args.len()),
            // -1 says that there is no end, -2 that there is no key.
            Verb::Pttl => Shape::Integer { least: -2, most: i64::MAX },
            Verb::Incr => Shape::Integer { least: i64::MIN, most: i64::MAX },
            Verb::Other(name) if command.args.is_empty() && name.eq_ignore_ascii_case("PING") => Shape::Word("PONG"),
            Verb::Other(_) if command.scalar => Shape::Scalar,
            Verb::Other(_) => Shape::Any,
        }
    }

    /// How many values were asked for.
    pub fn length(self) -> Option<usize> {
        if let Shape::Values(count) = self { Some(count) } else { None }
    }

    pub fn fits(self, reply: &Reply) -> bool {
        let is_value = |reply: &Reply| matches!(reply, Reply::Bytes(_) | Reply::Nil);
        match (self, reply) {
            (Shape::Any | Shape::OurWord, _) => true,
            (Shape::Scalar, reply) => !matches!(reply, Reply::Array(_) | Reply::Map(_)),
            (Shape::Value, reply) => is_value(reply),
            (Shape::Values(count), Reply::Array(items)) => items.len() == count && items.iter().all(is_value),
            (Shape::Word(word), Reply::Bytes(bytes)) => bytes.as_ref() == word.as_bytes(),
            (Shape::Integer { least, most }, Reply::Integer(integer)) => (least..=most).contains(integer),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn keys(count: usize) -> Vec<Bytes> {
        vec![Bytes::from_static(b"k"); count]
    }

    fn fits(command: &Command, reply: &Reply) -> bool {
        Shape::of(command).fits(reply)
    }

    const OK: Reply = Reply::Bytes(Bytes::from_static(b"OK"));

    #[test]
    fn what_servers_answer_fits() {
        let value = || Reply::Bytes("v".into());
        assert!(fits(&Command::get("k".into()), &value()));
        assert!(fits(&Command::get("k".into()), &Reply::Nil));
        assert!(fits(&Command::mget(keys(2)), &Reply::Array(vec![value(), Reply::Nil])));
        assert!(fits(&Command::hmget("k".into(), &["f", "g"]), &Reply::Array(vec![value(), Reply::Nil])));
        assert!(fits(&Command::set("k".into(), "v".into(), None), &OK));
        assert!(fits(&Command::exists("k".into()), &Reply::Integer(1)));
        assert!(fits(&Command::unlink(keys(3)), &Reply::Integer(3)));
        assert!([-2, -1, 0, i64::MAX].iter().all(|ms| fits(&Command::pttl("k".into()), &Reply::Integer(*ms))));
        assert!(fits(&Command::ping(), &Reply::Bytes("PONG".into())));
        assert!(fits(&Command::named("ping".into(), keys(1)), &Reply::Bytes("k".into())));
        assert!(fits(&Command::named("INCR".into(), keys(1)), &Reply::Integer(-5)));
        assert!(fits(&Command::named("ZSCORE".into(), keys(2)), &Reply::Double(0.5)));
        assert!(fits(&Command::named("LRANGE".into(), keys(3)), &Reply::Array(vec![])));
        assert!(fits(&Command::new("SCAN"), &Reply::Array(vec![])));
    }

    #[test]
    fn what_was_meant_for_another_does_not() {
        assert!(!fits(&Command::get("k".into()), &Reply::Integer(1)));
        assert!(!fits(&Command::get("k".into()), &Reply::Array(vec![])));
        assert!(!fits(&Command::mget(keys(2)), &Reply::Array(vec![Reply::Nil])));
        assert!(!fits(&Command::mget(keys(1)), &Reply::Array(vec![Reply::Integer(1)])));
        assert!(!fits(&Command::mget(keys(1)), &Reply::Nil));
        assert!(!fits(&Command::hmget("k".into(), &["f"]), &Reply::Array(vec![Reply::Nil, Reply::Nil])));
        assert!(!fits(&Command::set("k".into(), "v".into(), None), &Reply::Bytes("v".into())));
        assert!(!fits(&Command::set("k".into(), "v".into(), None), &Reply::Nil));
        assert!(!fits(&Command::exists("k".into()), &Reply::Integer(2)));
        assert!(!fits(&Command::unlink(keys(2)), &Reply::Integer(-1)));
        assert!(!fits(&Command::pttl("k".into()), &Reply::Integer(-3)));
        assert!(!fits(&Command::ping(), &Reply::Bytes("v".into())));
        assert!(!fits(&Command::named("incr".into(), keys(1)), &OK));
        assert!(!fits(&Command::named("zscore".into(), keys(2)), &Reply::Array(vec![])));
        assert!(!fits(&Command::named("ECHO".into(), keys(1)), &Reply::Map(vec![])));
    }

    proptest! {
        #[test]
        fn a_list_fits_no_command_that_fred_knows_but_mget(items in prop::collection::vec(any::<i64>(), 0..4)) {
            let list = Reply::Array(items.into_iter().map(Reply::Integer).collect());
            for name in ["GET", "SET", "EXISTS", "UNLINK", "PTTL", "INCR"] {
                let command = Command::named(name.into(), keys(if name == "SET" { 2 } else { 1 }));
                prop_assert!(!matches!(command.verb, Verb::Other(_)));
                prop_assert!(!fits(&command, &list));
            }
        }
    }
}
