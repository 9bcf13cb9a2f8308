//! Writes that need no terms.

use super::draft::Life;
use super::step::Steps;
use crate::bridge::Outcome;
use crate::client::{Client, Error, Scan};
use crate::common::Attempt;
use bytes::Bytes;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// How many bytes of keys a walk gathers before it deletes them.
const MOST_FOUND: usize = 4 << 20;

type Run = Result<Outcome, Error>;

pub async fn set(client: Client, attempt: Arc<Attempt>, key: Bytes, stored: Bytes, life: Life) -> Run {
    client.words().bump(&key);
    let done = client.call(&attempt, life.set(key.clone(), stored)).await;
    client.words().bump(&key);
    done.map(|_| Outcome::Done)
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
    let entries = last_of_each(entries);
    let keys: Vec<Bytes> = entries.iter().map(|(key, _, _)| key.clone()).collect();
    bump(&client, &keys);
    let commands = entries.into_iter().map(|(key, stored, life)| life.set(key, stored)).collect();
    let answers = client.pipeline(&attempt, commands).await;
    bump(&client, &keys);
    answers.into_iter().collect::<Result<Vec<_>, _>>().map(|_| Outcome::Done)
}

/// How many of the keys were there.
pub async fn delete(client: Client, attempt: Arc<Attempt>, keys: Vec<Bytes>) -> Run {
    unlink(&client, &attempt, keys).await.map(Outcome::Integer)
}

async fn unlink(client: &Client, attempt: &Attempt, keys: Vec<Bytes>) -> Result<i64, Error> {
    bump(client, &keys);
    let deleted = client.unlink(attempt, keys.clone()).await;
    bump(client, &keys);
    deleted
}

/// What this process has of the keys in memory is old: from now on, so that nobody reads his own old value, and again behind the write,
/// for what was read between.
pub fn bump(client: &Client, keys: &[Bytes]) {
    keys.iter().for_each(|key| client.words().bump(key));
}

/// Deletes what matches a glob, each step within its own deadline.
///
/// It deletes behind the walk, not during it: Redis promises that no key is missed whatever happens meanwhile, but imitations whose
/// cursor is a position (`js-redis-server`) pass over as many keys as are taken away before it.
pub async fn delete_matching(client: Client, whole: Arc<Attempt>, each: Duration, glob: Bytes) -> Run {
    let steps = Steps { whole: &whole, each };
    let mut scan = Scan::new(glob);
    let (mut found, mut bytes) = (Vec::new(), 0);
    let mut deleted = 0;
    loop {
        let attempt = Attempt::new(each);
        let more = steps.within(&attempt, scan.next(&client, &attempt)).await?;
        let done = more.is_none();
        for key in more.into_iter().flatten() {
            bytes += key.len();
            found.push(key);
        }
        if done || bytes > MOST_FOUND {
            let attempt = Attempt::new(each);
            let before = deleted;
            deleted += steps.within(&attempt, unlink(&client, &attempt, std::mem::take(&mut found))).await?;
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
