//! What scripts answer: a code, and what comes behind it.

use crate::bridge::Outcome;
use crate::client::{Error, ErrorKind, Reply};
use bytes::Bytes;

/// The codes. Each `lua/*.lua` says which it gives; `lib/session/record.js` has the same table.
pub mod code {
    pub const NONE: i64 = 0;
    pub const DONE: i64 = 1;
    pub const GONE: i64 = -1;
    pub const FULL: i64 = 4;
    pub const BAD: i64 = -2;
}

#[derive(Clone, Debug)]
pub struct Told {
    pub code: i64,
    pub rest: Vec<Reply>,
}

impl Told {
    pub fn read(reply: Reply) -> Result<Self, Error> {
        let mut items = reply.into_array().into_iter();
        match items.next() {
            Some(Reply::Integer(code)) => Ok(Told { code, rest: items.collect() }),
            Some(Reply::Error(error)) => Err(error),
            _ => Err(foreign()),
        }
    }

    pub fn nothing() -> Self {
        Told { code: code::NONE, rest: Vec::new() }
    }

    pub fn integer(&self, place: usize) -> i64 {
        self.rest.get(place).map_or(0, Reply::as_integer)
    }

    pub fn bytes(&self, place: usize) -> Bytes {
        self.rest.get(place).map(bytes_of).unwrap_or_default()
    }

    /// The names from a place on.
    pub fn names(&self, from: usize) -> Vec<Bytes> {
        self.rest.iter().skip(from).map(bytes_of).collect()
    }

    /// As JavaScript is told: the code, the name it is about, and what comes behind.
    pub fn outcome(self, name: Bytes) -> Outcome {
        let head = [Outcome::Number(self.code as f64), Outcome::from_bytes(name)];
        Outcome::List(head.into_iter().chain(self.rest.into_iter().map(item)).collect())
    }
}

fn item(reply: Reply) -> Outcome {
    match reply {
        Reply::Integer(integer) => Outcome::Number(integer as f64),
        Reply::Bytes(bytes) => Outcome::from_bytes(bytes),
        _ => Outcome::Nil,
    }
}

fn bytes_of(reply: &Reply) -> Bytes {
    if let Reply::Bytes(bytes) = reply { bytes.clone() } else { Bytes::new() }
}

pub fn foreign() -> Error {
    Error::new(ErrorKind::Protocol, "the reply to a script was another's")
}

pub fn word(word: &'static str) -> Bytes {
    Bytes::from_static(word.as_bytes())
}

pub fn flag(flag: bool) -> Bytes {
    word(if flag { "1" } else { "0" })
}

pub fn number(number: f64) -> Bytes {
    number.to_string().into()
}
