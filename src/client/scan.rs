//! Walks the keys that match a glob, without ever blocking the server for long.

use super::command::Command;
use super::error::Error;
use super::handle::Client;
use super::reply::Reply;
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
        let mut parts = reply.into_array().into_iter();
        if let Some(Reply::Bytes(cursor)) = parts.next() {
            self.cursor = cursor;
        }
        self.done = self.cursor.as_ref() == b"0";
        let keys = parts.next().map(Reply::into_array).unwrap_or_default();
        Ok(Some(
            keys.into_iter().filter_map(|key| if let Reply::Bytes(key) = key { Some(key) } else { None }).collect(),
        ))
    }
}
