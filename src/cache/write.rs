//! Writes that need no terms.

use super::draft::Life;
use crate::bridge::Outcome;
use crate::client::{Client, Error};
use crate::common::Attempt;
use bytes::Bytes;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

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
    bump(&client, &keys);
    let deleted = client.unlink(&attempt, keys.clone()).await;
    bump(&client, &keys);
    deleted.map(Outcome::Integer)
}

/// What this process has of the keys in memory is old: from now on, so that nobody reads his own old value, and again behind the write,
/// for what was read between.
pub fn bump(client: &Client, keys: &[Bytes]) {
    keys.iter().for_each(|key| client.words().bump(key));
}

/// Deletes what matches a glob, each step within its own deadline.
pub async fn delete_matching(client: Client, whole: Arc<Attempt>, each: Duration, glob: Bytes) -> Run {
    client.unlink_matching(&whole, each, glob).await.map(Outcome::Integer)
}
