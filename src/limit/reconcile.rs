//! Counting in Redis what was allowed without it, once it serves again.

use super::decide::numbers;
use super::local::{Owed, local_now};
use super::plan::arguments;
use super::scripts::APPLY;
use super::shared::Shared;
use crate::client::{Client, Error, NO_DEADLINE, Steps};
use crate::common::Attempt;
use futures_util::future::join_all;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// How many states are told of at once.
const AT_ONCE: usize = 64;
/// How soon it is tried again where something could not be told, in ms.
const AGAIN: u64 = 1000;
/// How long a server is waited for at least: decisions are in a hurry, and this is not. What is not answered is not told again.
const LEAST: Duration = Duration::from_secs(1);

/// Whether something is owed, and whether somebody is paying it.
#[derive(Default)]
pub struct Debt {
    is_owed: AtomicBool,
    is_being_paid: AtomicBool,
    /// On the local clock.
    not_before: AtomicU64,
}

impl Debt {
    /// Told after each change of what is known without the server, in order.
    pub fn note(&self, is_owed: bool) {
        self.is_owed.store(is_owed, Ordering::Relaxed);
    }

    /// Whether the caller is to pay. There is one at a time.
    fn begin(&self, now: impl FnOnce() -> u64) -> bool {
        self.is_owed.load(Ordering::Relaxed)
            && self.not_before.load(Ordering::Relaxed) <= now()
            && !self.is_being_paid.swap(true, Ordering::Acquire)
    }

    fn pause(&self, now: u64) {
        self.not_before.store(now + AGAIN, Ordering::Relaxed);
    }

    fn end(&self) {
        self.is_being_paid.store(false, Ordering::Release);
    }
}

/// The server has just answered: begins to tell it what it is owed, if anything. Nobody waits for that. I/O thread only.
pub fn begin(client: &Client, attempt: &Attempt, shared: &Arc<Shared>) {
    if shared.debt.begin(local_now) {
        let payer = Payer { shared: shared.clone(), failed: Vec::new() };
        let each = (attempt.deadline - attempt.begun).max(LEAST);
        tokio::spawn(payer.pay(client.clone(), each));
    }
}

/// Whoever pays, until he is dropped.
struct Payer {
    shared: Arc<Shared>,
    /// What Redis is known not to have counted.
    failed: Vec<Owed>,
}

/// What has become of what was told.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    /// It is counted, or never can be.
    Settled,
    /// It may have been counted, and is not told twice.
    Unknown,
    Failed,
}

impl Payer {
    async fn pay(mut self, client: Client, each: Duration) {
        loop {
            let owed = self.shared.locally(|local, now| local.take_owed(AT_ONCE, now));
            if owed.is_empty() {
                return;
            }
            let told = join_all(owed.iter().map(|owed| tell(&client, &self.shared, owed, each))).await;
            let is_heard = told.contains(&Told::Settled);
            let failed = owed.into_iter().zip(told).filter(|(_, told)| *told == Told::Failed);
            self.failed.extend(failed.map(|(owed, _)| owed));
            // Where nothing was settled, the rest would not be either.
            if !is_heard {
                self.shared.debt.pause(local_now());
                return;
            }
        }
    }
}

impl Drop for Payer {
    fn drop(&mut self) {
        if !self.failed.is_empty() {
            // After all others, so that those of one node that is away do not hold them up.
            self.shared.locally(|local, now| self.failed.iter().for_each(|owed| local.owe_again(owed, now)));
            self.shared.debt.pause(local_now());
        }
        self.shared.debt.end();
    }
}

async fn tell(client: &Client, shared: &Shared, owed: &Owed, each: Duration) -> Told {
    let of_id = shared.keys.of(&owed.key);
    let keys = vec![of_id.block(), of_id.policy(&owed.suffix)];
    let policies = arguments(std::iter::once(&owed.policy(local_now())));
    let args = std::iter::once(owed.units.to_string().into()).chain(policies).collect();
    let (attempt, whole) = (Attempt::new(each), Attempt::new(NO_DEADLINE));
    let steps = Steps { whole: &whole, each };
    let answer = steps.within(&attempt, client.run(&attempt, &APPLY, keys, args)).await;
    match answer {
        // What comes back as numbers that are none was executed all the same.
        Ok(reply) => numbers(reply).map_or(Told::Unknown, |_| Told::Settled),
        Err(error) => what_became(&error, attempt.maybe_executed()),
    }
}

fn what_became(error: &Error, maybe_executed: bool) -> Told {
    if is_foreign(error) {
        Told::Settled
    } else if maybe_executed {
        Told::Unknown
    } else {
        Told::Failed
    }
}

/// Whether the key holds something that is not ours. It is left alone, and its state here goes on limiting.
fn is_foreign(error: &Error) -> bool {
    error.server_code() == "WRONGTYPE" || error.message.contains("the key of a limit holds something else")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ErrorKind;

    #[test]
    fn one_pays_at_a_time_what_is_owed_and_a_second_after_a_failure_again() {
        let debt = Debt::default();
        assert!(!debt.begin(|| 5), "nothing is owed");
        debt.note(true);
        assert!(debt.begin(|| 5));
        assert!(!debt.begin(|| 5), "somebody is at it");
        debt.pause(5);
        debt.end();
        assert!(!debt.begin(|| 1004));
        assert!(debt.begin(|| 1005));
    }

    #[test]
    fn only_what_is_known_not_to_be_counted_is_told_again() {
        let foreign = ["WRONGTYPE Operation against a key", "ERR the key of a limit holds something else"];
        for text in foreign {
            assert_eq!(what_became(&Error::from_reply(text), false), Told::Settled, "{text}");
        }
        let full = Error::from_reply("OOM command not allowed when used memory > 'maxmemory'.");
        let late = Error::new(ErrorKind::Timeout, "late");
        assert_eq!(what_became(&full, false), Told::Failed);
        assert_eq!(what_became(&late, false), Told::Failed);
        assert_eq!(what_became(&late, true), Told::Unknown);
    }
}
