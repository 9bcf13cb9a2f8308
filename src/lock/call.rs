//! What a server is asked by a script.

use crate::client::{Client, Error, ErrorKind, Reply, Script};
use crate::common::Attempt;
use bytes::Bytes;

pub struct Call {
    pub script: &'static Script,
    pub keys: Vec<Bytes>,
    pub args: Vec<Bytes>,
    /// How many arguments come first. Calls where they are the same may be put into one.
    pub head: usize,
    /// How many integers it is answered with.
    pub width: usize,
}

impl Call {
    pub fn head(&self) -> &[Bytes] {
        &self.args[..self.head]
    }

    pub async fn ask(self, client: &Client, attempt: &Attempt) -> Result<Vec<i64>, Error> {
        // In order: what gives it back must come behind it, whether or not the server knows the script.
        integers(client.run_in_order(attempt, self.script, self.keys, self.args).await?, self.width)
    }
}

fn foreign() -> Error {
    Error::new(ErrorKind::Protocol, "the reply to a script was another's")
}

/// A reply of so many integers.
pub fn integers(reply: Reply, count: usize) -> Result<Vec<i64>, Error> {
    let integer = |reply| match reply {
        Reply::Integer(integer) => Ok(integer),
        Reply::Error(error) => Err(error),
        _ => Err(foreign()),
    };
    let integers: Vec<i64> = reply.into_array().into_iter().map(integer).collect::<Result<_, _>>()?;
    if integers.len() == count { Ok(integers) } else { Err(foreign()) }
}

pub fn number(number: u128) -> Bytes {
    number.to_string().into()
}

pub fn word(word: &'static str) -> Bytes {
    Bytes::from_static(word.as_bytes())
}
