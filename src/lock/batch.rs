//! Calls of many callers in one.
//!
//! fred writes out behind every script. So what is asked while the I/O thread comes round leaves together.

use super::call::{Call, integers};
use crate::client::{Client, Error, ErrorKind};
use crate::common::{Attempt, give_way};
use bytes::Bytes;
use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use tokio::sync::oneshot;

/// So many callers share a script call: where more come, the server works on the first while the next are gathered.
const MOST: usize = 32;

type Answer = Result<Vec<i64>, Error>;

struct Waiting {
    call: Call,
    attempt: Arc<Attempt>,
    answer: oneshot::Sender<Answer>,
}

/// Calls of one script that wait to leave.
pub struct Batch {
    waiting: Mutex<Vec<Waiting>>,
    most: usize,
}

impl Default for Batch {
    fn default() -> Self {
        Batch::of(MOST)
    }
}

impl Batch {
    /// No script call is for more callers than `most`.
    pub fn of(most: usize) -> Self {
        Batch { waiting: Mutex::default(), most }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks together with others.
    pub async fn ask(self: &Arc<Self>, client: &Client, attempt: &Arc<Attempt>, call: Call) -> Answer {
        let (answer, answered) = oneshot::channel();
        let count = {
            let mut waiting = self.waiting();
            waiting.push(Waiting { call, attempt: attempt.clone(), answer });
            waiting.len()
        };
        if count >= self.most {
            self.leave(client);
        } else if count == 1 {
            let (batch, client) = (self.clone(), client.clone());
            tokio::spawn(async move {
                give_way().await;
                batch.leave(&client);
            });
        }
        answered.await.unwrap_or_else(|_| Err(Error::new(ErrorKind::Unavailable, "the connection was lost")))
    }

    /// Whether something that waits is about this key.
    pub fn concerns(&self, key: &Bytes) -> bool {
        self.waiting().iter().any(|one| one.call.keys[0] == key)
    }

    /// Sends what waits, so that what is sent next comes behind it.
    pub fn leave(&self, client: &Client) {
        let mut waiting = take(&mut *self.waiting());
        // Whoever has given up meanwhile is not served.
        waiting.retain(|one| !one.answer.is_closed());
        if waiting.is_empty() {
            return;
        }
        for group in grouped(client, waiting).into_iter().flat_map(of_one_head) {
            let mut work = Box::pin(send(client.clone(), group));
            // The first poll sends, so that calls leave in the order in which they were asked for.
            let is_done = work.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
            if !is_done {
                tokio::spawn(work);
            }
        }
    }
}

fn grouped(client: &Client, waiting: Vec<Waiting>) -> Vec<Vec<Waiting>> {
    if waiting.len() == 1 || client.is_one_unit() {
        return vec![waiting];
    }
    let keys: Vec<Bytes> = waiting.iter().map(|one| one.call.keys[0].clone()).collect();
    let mut waiting: Vec<Option<Waiting>> = waiting.into_iter().map(Some).collect();
    let group = |places: Vec<usize>| places.into_iter().filter_map(|place| waiting[place].take()).collect();
    client.by_unit(&keys).into_iter().map(group).collect()
}

/// Those together whose first arguments are the same, as those of all mostly are. What concerns one key keeps its order.
fn of_one_head(mut waiting: Vec<Waiting>) -> Vec<Vec<Waiting>> {
    let mut groups = Vec::new();
    while let Some(first) = waiting.first() {
        let head = first.call.head().to_vec();
        let (mut same, mut others) = (Vec::with_capacity(waiting.len()), Vec::new());
        for one in waiting {
            let comes_behind = |other: &Waiting| other.call.keys[0] == one.call.keys[0];
            let joins = one.call.head() == head && !others.iter().any(comes_behind);
            if joins { same.push(one) } else { others.push(one) }
        }
        groups.push(same);
        waiting = others;
    }
    groups
}

/// One script call for all of a group, which ends when the last of its callers would have given up; one by one where the server refuses one of them.
async fn send(client: Client, group: Vec<Waiting>) {
    let mut left = vec![group];
    while let Some(group) = left.pop() {
        // The first is at the end.
        left.extend(send_group(&client, group).await.into_iter().rev().map(|one| vec![one]));
    }
}

/// Whether it may be said of one key only, and must not be said to all.
fn is_of_one(error: &Error) -> bool {
    matches!(error.server_code(), "NOPERM" | "WRONGTYPE" | "ERR" | "TRYAGAIN")
}

/// Gives those back that are to be sent one by one.
async fn send_group(client: &Client, group: Vec<Waiting>) -> Vec<Waiting> {
    let shared = Attempt::of_all(group.iter().map(|one| one.attempt.clone()).collect());
    let (script, width) = (group[0].call.script, group.iter().map(|one| one.call.width).sum());
    let keys = group.iter().flat_map(|one| one.call.keys.iter().cloned()).collect();
    let rest = group.iter().flat_map(|one| one.call.args.iter().skip(one.call.head).cloned());
    let args = group[0].call.head().iter().cloned().chain(rest).collect();
    // In order: what gives it back must come behind it, whether or not the server knows the script.
    let answer = client.run_in_order(&shared, script, keys, args);
    let answer = tokio::time::timeout_at(shared.deadline.into(), answer).await;
    let answer = answer.unwrap_or_else(|_| Err(Error::new(ErrorKind::Timeout, "no reply in time")));
    match answer.and_then(|reply| integers(reply, width)) {
        Ok(numbers) => {
            let mut rest = &numbers[..];
            for one in group {
                let (own, others) = rest.split_at(one.call.width);
                rest = others;
                let _ = one.answer.send(Ok(own.to_vec()));
            }
        }
        Err(error) if group.len() > 1 && is_of_one(&error) => return group,
        Err(error) => group.into_iter().for_each(|one| drop(one.answer.send(Err(error.clone())))),
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::scripts::RENEW;
    use proptest::prelude::*;
    use std::time::Duration;

    fn waiting(key: u8, head: u8) -> Waiting {
        let (bytes, attempt) = (|byte: u8| Bytes::from(vec![byte]), Arc::new(Attempt::new(Duration::from_secs(1))));
        let call = Call { script: &RENEW, keys: vec![bytes(key)], args: vec![bytes(head)], head: 1, width: 1 };
        Waiting { call, attempt, answer: oneshot::channel().0 }
    }

    proptest! {
        #[test]
        fn calls_about_one_key_leave_in_the_order_in_which_they_were_asked(
            asked in prop::collection::vec((0u8..4, 0u8..3), 1..20),
        ) {
            let groups = of_one_head(asked.iter().map(|(key, head)| waiting(*key, *head)).collect());
            let left = |wanted: u8| {
                let calls = groups.iter().flatten().filter(move |one| one.call.keys[0][0] == wanted);
                calls.map(|one| one.call.args[0][0]).collect::<Vec<_>>()
            };
            for key in 0..4 {
                let expected: Vec<u8> = asked.iter().filter(|(of, _)| *of == key).map(|(_, head)| *head).collect();
                prop_assert_eq!(left(key), expected);
            }
            prop_assert!(groups.iter().all(|group| group.iter().all(|one| one.call.head() == group[0].call.head())));
        }
    }
}
