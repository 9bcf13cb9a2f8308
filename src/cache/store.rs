//! Stores that have terms or tags.

use super::batch::{Batch, Entry};
use super::draft::{Draft, Life, Terms};
use super::format::{Head, codec, encode};
use super::scripts::{ABANDON, REGISTER, STORE};
use super::tag_keys::TagKeys;
use super::traffic::Traffic;
use super::write::bump;
use crate::bridge::{Caller, Outcome};
use crate::client::{Client, Error, Steps};
use crate::common::{Attempt, begin};
use crate::redis::answer;
use bytes::Bytes;
use futures_util::future::{join_all, try_join_all};
use std::sync::Arc;
use std::time::Duration;

/// How long a write without a load may take from its first step to its last.
const WRITE: Duration = Duration::from_secs(10);
/// How much longer than its entry a key is in an index on another server, beside the time that its write may take.
const SLACK: u64 = 60_000;

/// What a store needs to know besides the entry.
#[derive(Clone)]
pub struct Storing {
    pub batch: Arc<Batch>,
    pub traffic: Arc<Traffic>,
    /// The time of each step, where one script does not do it all.
    pub each: Duration,
    /// How long the lease lasts under which it is stored.
    pub lease: Duration,
}

/// Whether it was stored; without terms it always is.
pub async fn put(
    client: Client,
    whole: Arc<Attempt>,
    storing: Storing,
    key: Bytes,
    draft: Draft,
    terms: Terms,
) -> Result<Outcome, Error> {
    let keys = [key];
    bump(&client, &keys);
    let [key] = keys.clone();
    let stored = if draft.tags.is_empty() || !client.is_cluster() {
        storing.batch.put(&client, &whole, entry(&storing, key, &draft, terms)).await
    } else {
        // What was asked for before leaves before.
        let steps = Steps { whole: &whole, each: storing.each };
        Box::pin(async {
            storing.batch.leave(&client).await;
            put_apart(&client, steps, &storing, key, &draft, terms).await
        })
        .await
    };
    bump(&client, &keys);
    stored.map(Outcome::Flag)
}

/// As `put` for each of several callers, where whatever is there is replaced. Their entries were gathered already.
pub async fn put_together(client: Client, storing: Storing, puts: Vec<(Caller, Bytes, Draft)>) {
    if !client.is_cluster() {
        let entries =
            puts.into_iter().map(|(caller, key, draft)| (entry(&storing, key, &draft, Terms::default()), caller));
        return storing.batch.put_together(&client, entries).await;
    }
    for (caller, key, draft) in puts {
        let (client, storing, attempt) = (client.clone(), storing.clone(), caller.attempt().clone());
        begin(async move { answer(caller, put(client, attempt, storing, key, draft, Terms::default()).await) }).await;
    }
}

/// Whether each was stored.
pub async fn put_many(
    client: Client,
    whole: Arc<Attempt>,
    storing: Storing,
    entries: Vec<(Bytes, Draft)>,
    terms: Terms,
) -> Result<Outcome, Error> {
    let puts =
        entries.into_iter().map(|(key, draft)| put(client.clone(), whole.clone(), storing.clone(), key, draft, terms));
    // None is given up for another that failed: it may have begun.
    let all = join_all(puts).await;
    if all.iter().any(Result::is_ok) && all.iter().any(Result::is_err) {
        whole.sent();
    }
    all.into_iter().collect::<Result<Vec<_>, _>>().map(Outcome::List)
}

fn entry(storing: &Storing, key: Bytes, draft: &Draft, terms: Terms) -> Entry {
    Entry { key, value: storing.traffic.sending(draft.stored()), life: draft.life, terms, tags: draft.tags.clone() }
}

/// Where a key and its tags may live on different servers: a lease of its own keeps the place of what has none, the key is entered into the
/// indexes, and then it is stored, if nobody has broken the lease meanwhile. So an invalidation that did not see the key in an index came
/// before, and one that did has broken the lease or deletes what is stored.
async fn put_apart(
    client: &Client,
    steps: Steps<'_>,
    storing: &Storing,
    key: Bytes,
    draft: &Draft,
    terms: Terms,
) -> Result<bool, Error> {
    let (token, within) = match terms.token {
        Some(token) => (token, storing.lease),
        None => {
            let token = reserve(client, steps, key.clone()).await?;
            // What was there is gone: should a later step fail, a part was done.
            steps.whole.sent();
            (token, WRITE)
        }
    };
    let longest = match draft.life {
        Life::Millis(life) => Life::Millis(life + within.as_millis() as u64 + SLACK),
        Life::Endless => Life::Endless,
    };
    let registered =
        try_join_all(draft.tags.iter().map(|tag| register(client, steps, tag, key.clone(), longest, terms.snapshot)));
    let registered = registered.await.map(|each| each.into_iter().all(|registered| registered));
    if !matches!(registered, Ok(true)) {
        give_back(client, steps, key, token).await;
        return registered;
    }
    let terms_left = Terms { token: Some(token), snapshot: None };
    let last = Entry { tags: Arc::new([]), ..entry(storing, key.clone(), draft, terms_left) };
    let reply = steps.run(client, &STORE, vec![key.clone()], Batch::arguments(&[last])).await;
    let stored = reply.and_then(|reply| Batch::answer(reply.into_each().pop()));
    if stored.is_err() {
        give_back(client, steps, key, token).await;
    }
    // One without terms that was overtaken was there for a moment.
    stored.map(|stored| stored || terms.token.is_none())
}

/// Others need not wait for the end of a lease that brings nothing. Should this fail, they will.
async fn give_back(client: &Client, steps: Steps<'_>, key: Bytes, token: u64) {
    let args = vec![token.to_be_bytes().to_vec().into(), Bytes::from_static(b"0")];
    let _ = steps.run(client, &ABANDON, vec![key], args).await;
}

/// Puts a lease of its own in the place of whatever is there.
async fn reserve(client: &Client, steps: Steps<'_>, key: Bytes) -> Result<u64, Error> {
    let token = fastrand::u64(1..1 << 53);
    let lease = encode(&Head { codec: codec::LEASE, token, ..Head::default() }, &[]);
    let attempt = Attempt::new(steps.each);
    steps.within(&attempt, client.call(&attempt, Life::of(WRITE).set(key, lease))).await?;
    Ok(token)
}

async fn register(
    client: &Client,
    steps: Steps<'_>,
    tag: &TagKeys,
    key: Bytes,
    life: Life,
    snapshot: Option<u64>,
) -> Result<bool, Error> {
    let args = vec![key, life.argument(), number(snapshot)];
    let reply = steps.run(client, &REGISTER, vec![tag.index.clone(), tag.last.clone()], args).await?;
    Ok(reply.as_integer() == 1)
}

/// As scripts take a number that may be missing.
pub fn number(value: Option<u64>) -> Bytes {
    value.map_or_else(Bytes::new, |value| value.to_string().into())
}
