//! What cache operations do on the I/O thread.

use super::format::decode;
use crate::bridge::Outcome;
use crate::client::{Client, Command, Error, ErrorKind, Reply, Scan};
use crate::common::Attempt;
use bytes::Bytes;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// How many bytes of keys a walk gathers before it deletes them.
const MOST_FOUND: usize = 4 << 20;

type Run = Result<Outcome, Error>;

fn value(reply: Reply) -> Outcome {
    match reply {
        Reply::Bytes(stored) => decode(stored),
        _ => Outcome::Nil,
    }
}

pub async fn get(client: Client, attempt: Arc<Attempt>, key: Bytes) -> Run {
    client.call(&attempt, Command::get(key)).await.map(value)
}

/// `[value, PTTL]`.
pub async fn lookup(client: Client, attempt: Arc<Attempt>, key: Bytes) -> Run {
    let get = client.call(&attempt, Command::get(key.clone()));
    let pttl = client.call(&attempt, Command::pttl(key));
    let (stored, pttl) = tokio::try_join!(get, pttl)?;
    Ok(Outcome::List(vec![value(stored), Outcome::Integer(pttl.as_integer())]))
}

/// How long an entry lives.
#[derive(Clone, Copy)]
pub enum Life {
    Millis(u64),
    Endless,
}

impl Life {
    fn set(self, key: Bytes, stored: Bytes) -> Command {
        let px = match self {
            Life::Millis(ms) => Some(ms),
            Life::Endless => None,
        };
        Command::set(key, stored, px)
    }
}

pub async fn set(client: Client, attempt: Arc<Attempt>, key: Bytes, stored: Bytes, life: Life) -> Run {
    client.call(&attempt, life.set(key, stored)).await.map(|_| Outcome::Done)
}

/// The last entry of each key: were all of them sent and some refused for a while, an earlier one could win.
fn last_of_each(mut entries: Vec<(Bytes, Bytes, Life)>) -> Vec<(Bytes, Bytes, Life)> {
    let mut seen = HashSet::with_capacity(entries.len());
    entries.reverse();
    entries.retain(|(key, _, _)| seen.insert(key.clone()));
    entries.reverse();
    entries
}

pub async fn set_many(client: Client, attempt: Arc<Attempt>, entries: Vec<(Bytes, Bytes, Life)>) -> Run {
    let commands = last_of_each(entries).into_iter().map(|(key, stored, life)| life.set(key, stored)).collect();
    client.pipeline(&attempt, commands).await.into_iter().collect::<Result<Vec<_>, _>>().map(|_| Outcome::Done)
}

pub async fn exists(client: Client, attempt: Arc<Attempt>, key: Bytes) -> Run {
    let reply = client.call(&attempt, Command::exists(key)).await?;
    Ok(Outcome::Flag(reply.as_integer() > 0))
}

pub async fn get_many(client: Client, attempt: Arc<Attempt>, keys: Vec<Bytes>) -> Run {
    let values = client.mget(&attempt, keys).await?;
    Ok(Outcome::List(values.into_iter().map(value).collect()))
}

/// How many of the keys were there.
pub async fn delete(client: Client, attempt: Arc<Attempt>, keys: Vec<Bytes>) -> Run {
    client.unlink(&attempt, keys).await.map(Outcome::Integer)
}

/// Deletes what matches a glob, each step within its own deadline.
///
/// It deletes behind the walk, not during it: Redis promises that no key is missed whatever happens meanwhile, but imitations whose
/// cursor is a position (`js-redis-server`) pass over as many keys as are taken away before it.
pub async fn delete_matching(client: Client, whole: Arc<Attempt>, step: Duration, glob: Bytes) -> Run {
    let mut scan = Scan::new(glob);
    let (mut found, mut bytes) = (Vec::new(), 0);
    let mut deleted = 0;
    loop {
        let attempt = Attempt::new(step);
        let more = within(&whole, &attempt, scan.next(&client, &attempt)).await?;
        let done = more.is_none();
        for key in more.into_iter().flatten() {
            bytes += key.len();
            found.push(key);
        }
        if done || bytes > MOST_FOUND {
            let attempt = Attempt::new(step);
            let before = deleted;
            deleted += within(&whole, &attempt, client.unlink(&attempt, std::mem::take(&mut found))).await?;
            bytes = 0;
            if before == 0 && deleted > 0 {
                // Should a later step fail, a part was done.
                whole.sent();
            }
        }
        if done {
            return Ok(Outcome::Integer(deleted));
        }
    }
}

/// A step that fails leaves its uncertainty to the whole.
async fn within<T>(
    whole: &Attempt,
    attempt: &Attempt,
    step: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let late = |_| Err(Error::new(ErrorKind::Timeout, "a step was not answered in time"));
    let result = tokio::time::timeout_at(attempt.deadline.into(), step).await.unwrap_or_else(late);
    if result.is_err() && attempt.maybe_executed() {
        whole.sent();
    }
    result
}
