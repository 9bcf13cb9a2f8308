//! Walks the keys that match a glob, without ever blocking the server for long.

use super::command::Command;
use super::error::{Error, ErrorKind};
use super::handle::Client;
use super::reply::Reply;
use super::send_error::MISFIT;
use crate::common::Attempt;
use bytes::Bytes;

/// How many keys the server looks at in one step.
const STEP: u64 = 1000;

/// A walk over the keys of a server.
pub struct Scan {
    cursor: Bytes,
    glob: Bytes,
    done: bool,
}

impl Scan {
    pub fn new(glob: Bytes) -> Self {
        Scan { cursor: Bytes::from_static(b"0"), glob, done: false }
    }

    /// The keys of the next step, of which there may be none; `None` at the end.
    pub async fn next(&mut self, client: &Client, attempt: &Attempt) -> Result<Option<Vec<Bytes>>, Error> {
        if self.done {
            return Ok(None);
        }
        let command = Command::new("SCAN").arg(self.cursor.clone()).word("MATCH").arg(self.glob.clone());
        let reply = client.call(attempt, command.word("COUNT").number(STEP).idempotent()).await?;
        let (cursor, keys) = step(reply).ok_or_else(|| Error::new(ErrorKind::Protocol, MISFIT))?;
        self.done = cursor.as_ref() == b"0";
        self.cursor = cursor;
        Ok(Some(keys))
    }
}

/// The cursor and the keys of one step. A reply that is none must not look like the end of the walk, or like no step at all.
fn step(reply: Reply) -> Option<(Bytes, Vec<Bytes>)> {
    let bytes = |reply: Reply| if let Reply::Bytes(bytes) = reply { Some(bytes) } else { None };
    let Reply::Array(parts) = reply else { return None };
    let [cursor, Reply::Array(keys)] = <[Reply; 2]>::try_from(parts).ok()? else { return None };
    let cursor = bytes(cursor).filter(|cursor| !cursor.is_empty() && cursor.iter().all(u8::is_ascii_digit))?;
    Some((cursor, keys.into_iter().map(bytes).collect::<Option<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: Vec<Reply>) -> Reply {
        Reply::Array(items)
    }

    fn bytes(text: &'static str) -> Reply {
        Reply::Bytes(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn a_step_is_a_cursor_and_keys() {
        let reply = list(vec![bytes("17"), list(vec![bytes("a"), bytes("b")])]);
        assert_eq!(step(reply), Some(("17".into(), vec!["a".into(), "b".into()])));
        assert_eq!(step(list(vec![bytes("0"), list(vec![])])), Some(("0".into(), vec![])));
    }

    #[test]
    fn what_is_no_step_is_not_the_end_of_a_walk() {
        let keys = || list(vec![]);
        let none = [
            Reply::Nil,
            keys(),
            bytes("0"),
            list(vec![bytes("0")]),
            list(vec![bytes("0"), Reply::Nil]),
            list(vec![bytes(""), keys()]),
            list(vec![bytes("-1"), keys()]),
            list(vec![Reply::Integer(0), keys()]),
            list(vec![bytes("0"), keys(), keys()]),
            list(vec![bytes("0"), list(vec![bytes("a"), Reply::Nil])]),
        ];
        assert!(none.into_iter().all(|reply| step(reply).is_none()));
    }
}
