//! Stores of many callers in one script call.
//!
//! fred writes out behind every script, and a script that stores one entry costs the server several times what a `SET` does. So what is
//! stored by a script is gathered for as long as the I/O thread takes to come round, and leaves together.

use super::draft::{Life, Terms};
use super::scripts::STORE;
use super::store::number;
use super::tag_keys::TagKeys;
use super::write::bump;
use crate::bridge::{Caller, Outcome};
use crate::client::{Client, Error, ErrorKind, Reply};
use crate::common::{Attempt, begin, give_way};
use crate::redis::answer;
use bytes::Bytes;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::oneshot;

/// No script call stores more entries, or more bytes unless one entry has them, so that none holds up the server.
const MOST: usize = 64;
const MOST_BYTES: usize = 256 * 1024;
/// Nor does any enter more keys into indexes.
const MOST_TAGS: usize = 512;

/// An entry as the script takes it.
pub struct Entry {
    pub key: Bytes,
    pub value: Bytes,
    pub life: Life,
    pub terms: Terms,
    pub tags: Arc<[TagKeys]>,
}

impl Entry {
    /// What is told of many at once, besides their tags.
    fn manner(&self) -> (Life, Option<u64>, bool) {
        (self.life, self.terms.snapshot, self.terms.token.is_some())
    }

    fn indexes(&self) -> impl Iterator<Item = &Bytes> {
        self.tags.iter().map(|tag| &tag.index)
    }
}

/// Who waits for the answer to a store.
enum Whoever {
    Work(oneshot::Sender<Result<bool, Error>>),
    Caller(Caller),
}

impl Whoever {
    fn has_given_up(&self) -> bool {
        match self {
            Whoever::Work(answer) => answer.is_closed(),
            Whoever::Caller(caller) => caller.attempt().deadline <= Instant::now(),
        }
    }

    fn give_up(self) {
        if let Whoever::Caller(caller) = self {
            caller.expire();
        }
    }

    fn tell(self, client: &Client, key: &Bytes, stored: Result<bool, Error>) {
        match self {
            Whoever::Work(answer) => drop(answer.send(stored)),
            Whoever::Caller(caller) => {
                bump(client, std::slice::from_ref(key));
                answer(caller, stored.map(Outcome::Flag));
            }
        }
    }
}

struct Waiting {
    entry: Entry,
    attempt: Arc<Attempt>,
    whoever: Whoever,
}

/// What is to be stored through one object, in the order of asking.
#[derive(Default)]
pub struct Batch {
    waiting: Mutex<Vec<Waiting>>,
    /// Whether something waits, for those who only want to know.
    is_filled: AtomicBool,
}

impl Batch {
    /// Stores an entry together with those of others. Whether its terms held.
    pub async fn put(self: &Arc<Self>, client: &Client, attempt: &Arc<Attempt>, entry: Entry) -> Result<bool, Error> {
        let (answer, answered) = oneshot::channel();
        let (is_first, is_full) = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.push(Waiting { entry, attempt: attempt.clone(), whoever: Whoever::Work(answer) });
            (waiting.len() == 1, waiting.len() >= MOST)
        };
        self.is_filled.store(true, Ordering::Relaxed);
        if is_full {
            Box::pin(self.leave(client)).await;
        } else if is_first {
            let (batch, client) = (self.clone(), client.clone());
            tokio::spawn(async move {
                give_way().await;
                batch.leave(&client).await;
            });
        }
        answered.await.unwrap_or_else(|_| Err(Error::new(ErrorKind::Unavailable, "the connection was lost")))
    }

    /// As `put` for several callers whose entries were gathered already.
    pub async fn put_together(&self, client: &Client, entries: impl Iterator<Item = (Entry, Caller)>) {
        let waiting = entries.map(|(entry, caller)| {
            bump(client, std::slice::from_ref(&entry.key));
            Waiting { entry, attempt: caller.attempt().clone(), whoever: Whoever::Caller(caller) }
        });
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).extend(waiting);
        self.is_filled.store(true, Ordering::Relaxed);
        self.leave(client).await;
    }

    /// Whether something waits.
    pub fn is_filled(&self) -> bool {
        self.is_filled.load(Ordering::Relaxed)
    }

    /// Sends what waits, so that what is sent next comes behind it.
    pub async fn leave(&self, client: &Client) {
        if !self.is_filled.swap(false, Ordering::Relaxed) {
            return;
        }
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        for group in grouped(client, waiting) {
            let client = client.clone();
            begin(async move { send(&client, group).await }).await;
        }
    }

    /// What the script is told of entries that have no tags.
    pub fn arguments(entries: &[Entry]) -> Vec<Bytes> {
        Batch::told(entries).1
    }

    /// The keys of tags stand in the order in which they first come, and what adjacent entries have in common is told once.
    fn told(entries: &[Entry]) -> (Vec<Bytes>, Vec<Bytes>) {
        if let Some(told) = Batch::told_in_pairs(entries) {
            return told;
        }
        let text = |number: usize| Bytes::from(number.to_string());
        let is_bound = entries.iter().any(|entry| entry.terms.snapshot.is_some());
        let mut keys: Vec<Bytes> = Vec::with_capacity(2 * entries.len());
        let mut places: HashMap<&Bytes, usize> = HashMap::new();
        let mut args = vec![Bytes::new(), text(if is_bound { 2 } else { 1 })];
        for manner in entries.chunk_by(|one, next| one.manner() == next.manner()) {
            let Entry { life, terms, .. } = &manner[0];
            let runs = manner.chunk_by(|one, next| one.indexes().eq(next.indexes()));
            let has_terms = Bytes::from_static(if terms.token.is_some() { b"1" } else { b"" });
            args.extend([life.argument(), number(terms.snapshot), has_terms, text(runs.clone().count())]);
            for run in runs {
                let own = run[0].tags.iter().map(|tag| {
                    *places.entry(&tag.index).or_insert_with(|| {
                        keys.push(tag.index.clone());
                        let place = keys.len();
                        keys.extend(is_bound.then(|| tag.last.clone()));
                        place
                    })
                });
                let own: Vec<String> = own.map(|place| place.to_string()).collect();
                args.extend([text(run.len()), own.join(",").into()]);
                for Entry { value, terms, .. } in run {
                    args.extend(terms.token.map(|token| Bytes::from(token.to_be_bytes().to_vec())));
                    args.push(value.clone());
                }
            }
        }
        args[0] = text(keys.len());
        keys.extend(entries.iter().map(|entry| entry.key.clone()));
        (keys, args)
    }

    /// Entries with one tag each that have all else in common.
    fn told_in_pairs(entries: &[Entry]) -> Option<(Vec<Bytes>, Vec<Bytes>)> {
        let first = entries.first()?;
        let (Life::Millis(life), None, false) = first.manner() else { return None };
        let is_alike = |entry: &Entry| entry.tags.len() == 1 && entry.manner() == first.manner();
        let is_each_alike = entries.iter().all(is_alike);
        is_each_alike.then(|| {
            let keys = entries.iter().flat_map(|entry| [entry.tags[0].index.clone(), entry.key.clone()]);
            let args = [Bytes::new(), life.to_string().into()].into_iter();
            (keys.collect(), args.chain(entries.iter().map(|entry| entry.value.clone())).collect())
        })
    }

    /// What the script says of one entry.
    pub fn answer(reply: Option<Reply>) -> Result<bool, Error> {
        match reply {
            Some(Reply::Integer(stored)) => Ok(stored == 1),
            Some(Reply::Error(error)) => Err(error),
            _ => Err(Error::new(ErrorKind::Protocol, "the reply to a script was another's")),
        }
    }
}

/// In script calls of bounded size; in a cluster one for each slot.
fn grouped(client: &Client, waiting: Vec<Waiting>) -> Vec<Vec<Waiting>> {
    let keys: Vec<Bytes> = waiting.iter().map(|waiting| waiting.entry.key.clone()).collect();
    let mut waiting: Vec<Option<Waiting>> = waiting.into_iter().map(Some).collect();
    let mut groups = Vec::new();
    for places in client.by_unit(&keys) {
        let (mut group, mut bytes, mut tags) = (Vec::new(), 0, 0);
        for one in places.into_iter().filter_map(|place| waiting[place].take()) {
            // Whoever has given up meanwhile is not served.
            if one.whoever.has_given_up() {
                one.whoever.give_up();
                continue;
            }
            let size = one.entry.value.len() + one.entry.key.len();
            let more = one.entry.tags.len();
            if !group.is_empty() && (group.len() >= MOST || bytes + size > MOST_BYTES || tags + more > MOST_TAGS) {
                groups.push(std::mem::take(&mut group));
                (bytes, tags) = (0, 0);
            }
            bytes += size;
            tags += more;
            group.push(one);
        }
        if !group.is_empty() {
            groups.push(group);
        }
    }
    groups
}

/// Those that have much in common beside each other, as the script is told of that once; but entries of one key keep their order.
fn arranged(mut group: Vec<Waiting>) -> Vec<Waiting> {
    let mut keys = HashSet::with_capacity(group.len());
    let is_each_another = group.iter().all(|Waiting { entry, .. }| keys.insert(&entry.key));
    if is_each_another {
        group.sort_by(|Waiting { entry: one, .. }, Waiting { entry: other, .. }| {
            one.manner().cmp(&other.manner()).then_with(|| one.indexes().cmp(other.indexes()))
        });
    }
    group
}

/// One script call for all of a group, which ends when the last of its callers would have given up; one by one where some of the keys have
/// moved to another node and some have not.
async fn send(client: &Client, group: Vec<Waiting>) {
    let mut left = vec![group];
    while let Some(mut group) = left.pop() {
        group.extract_if(.., |one| one.whoever.has_given_up()).for_each(|one| one.whoever.give_up());
        if group.is_empty() {
            continue;
        }
        // The first is at the end.
        left.extend(send_group(client, group).await.into_iter().rev().map(|one| vec![one]));
    }
}

/// Gives those back that are to be sent one by one.
async fn send_group(client: &Client, group: Vec<Waiting>) -> Vec<Waiting> {
    let (entries, callers): (Vec<Entry>, Vec<_>) =
        arranged(group).into_iter().map(|Waiting { entry, attempt, whoever }| (entry, (attempt, whoever))).unzip();
    let (keys, args) = Batch::told(&entries);
    let shared = Attempt::of_all(callers.iter().map(|(attempt, _)| attempt.clone()).collect());
    let answer = client.run_in_order(&shared, &STORE, keys, args);
    let answer = tokio::time::timeout_at(shared.deadline.into(), answer).await;
    let failed = |error: Error| entries.iter().map(|_| Err(error.clone())).collect::<Vec<_>>();
    let answers = match answer {
        Ok(Ok(reply)) => {
            let mut replies = reply.into_each().into_iter();
            entries.iter().map(|_| Batch::answer(replies.next())).collect()
        }
        Ok(Err(error)) if entries.len() > 1 && error.server_code() == "TRYAGAIN" => {
            let each = entries.into_iter().zip(callers);
            return each.map(|(entry, (attempt, whoever))| Waiting { entry, attempt, whoever }).collect();
        }
        Ok(Err(error)) => failed(error),
        Err(_) => failed(Error::new(ErrorKind::Timeout, "no reply in time")),
    };
    for ((Entry { key, .. }, (_, whoever)), answer) in entries.iter().zip(callers).zip(answers) {
        whoever.tell(client, key, answer);
    }
    Vec::new()
}
