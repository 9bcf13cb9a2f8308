//! Stores of many callers in one script call.
//!
//! fred writes out behind every script, and a script that stores one entry costs the server several times what a `SET` does. So what is
//! stored by a script is gathered for as long as the I/O thread takes to come round, and leaves together.

use super::draft::{Life, Terms};
use super::scripts::STORE;
use super::store::number;
use super::tag_keys::TagKeys;
use crate::client::{Client, Error, ErrorKind, Reply};
use crate::common::{Attempt, begin, give_way};
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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

struct Waiting {
    entry: Entry,
    attempt: Arc<Attempt>,
    answer: oneshot::Sender<Result<bool, Error>>,
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
            waiting.push(Waiting { entry, attempt: attempt.clone(), answer });
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

    /// What the script is told of entries, whose tags are numbered in the order in which they first come.
    pub fn arguments(entries: &[Entry]) -> Vec<Bytes> {
        Batch::told(entries).1
    }

    fn told(entries: &[Entry]) -> (Vec<Bytes>, Vec<Bytes>) {
        let mut keys: Vec<Bytes> = entries.iter().map(|entry| entry.key.clone()).collect();
        let mut args = vec![entries.len().to_string().into()];
        let mut numbers: HashMap<Bytes, usize> = HashMap::new();
        for Entry { value, life, terms, tags, .. } in entries {
            args.push(terms.token.map_or_else(Bytes::new, |token| token.to_be_bytes().to_vec().into()));
            args.extend([life.argument(), number(terms.snapshot), value.clone(), tags.len().to_string().into()]);
            for tag in tags.iter() {
                let next = numbers.len() + 1;
                let number = *numbers.entry(tag.index.clone()).or_insert_with(|| {
                    keys.extend([tag.index.clone(), tag.last.clone()]);
                    next
                });
                args.push(number.to_string().into());
            }
        }
        (keys, args)
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
            if one.answer.is_closed() {
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

/// One script call for all of a group, which ends when the last of its callers would have given up; one by one where some of the keys have
/// moved to another node and some have not.
async fn send(client: &Client, group: Vec<Waiting>) {
    let mut left = vec![group];
    while let Some(group) = left.pop() {
        // The first is at the end.
        left.extend(send_group(client, group).await.into_iter().rev().map(|one| vec![one]));
    }
}

/// Gives those back that are to be sent one by one.
async fn send_group(client: &Client, group: Vec<Waiting>) -> Vec<Waiting> {
    let (entries, callers): (Vec<Entry>, Vec<_>) =
        group.into_iter().map(|Waiting { entry, attempt, answer }| (entry, (attempt, answer))).unzip();
    let (keys, args) = Batch::told(&entries);
    let shared = Attempt::of_all(callers.iter().map(|(attempt, _)| attempt.clone()).collect());
    let answer = client.run_in_order(&shared, &STORE, keys, args);
    let answer = tokio::time::timeout_at(shared.deadline.into(), answer).await;
    let failed = |error: Error| entries.iter().map(|_| Err(error.clone())).collect::<Vec<_>>();
    let answers = match answer {
        Ok(Ok(reply)) => {
            let mut replies = reply.into_array().into_iter();
            entries.iter().map(|_| Batch::answer(replies.next())).collect()
        }
        Ok(Err(error)) if entries.len() > 1 && error.server_code() == "TRYAGAIN" => {
            let each = entries.into_iter().zip(callers);
            return each.map(|(entry, (attempt, answer))| Waiting { entry, attempt, answer }).collect();
        }
        Ok(Err(error)) => failed(error),
        Err(_) => failed(Error::new(ErrorKind::Timeout, "no reply in time")),
    };
    for ((_, caller), answer) in callers.into_iter().zip(answers) {
        let _ = caller.send(answer);
    }
    Vec::new()
}
