//! A policy that the threads of JavaScript ask and the I/O thread tells, without a lock while all is well.

use super::policy::{Evidence, Permit, Policy, State};
use super::settings::Settings;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What an operation carries from its beginning to its end: the state in which it began, and in the lowest bit whether it only observes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp(pub u32);

const OBSERVES: u32 = 1;
/// The lowest bit of the breaker's word: it is not closed.
const GUARDED: u32 = 1;

/// What an operation that wants to begin is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    Pass(Stamp),
    /// As `Pass`; it is a probe, and made the circuit half-open.
    Turned(Stamp),
    Refused,
}

/// One circuit for all operations of a client.
pub struct Breaker {
    origin: Instant,
    /// The generation above the bit that says whether the lock must be taken.
    word: AtomicU32,
    /// The end of the latest success, in nanoseconds since the origin. While the circuit is closed, a success does no more than this.
    succeeded: AtomicU64,
    /// Whether every success is counted, because a rate is asked for.
    has_rate: bool,
    told: Mutex<Told>,
    opened: AtomicU64,
    rejected: AtomicU64,
}

struct Told {
    policy: Policy,
    /// Up to which success the policy knows of them.
    succeeded: u64,
}

fn shifted(generation: u32) -> u32 {
    generation << 1
}

impl Breaker {
    pub fn new(settings: Settings) -> Self {
        Breaker {
            origin: Instant::now(),
            word: AtomicU32::new(0),
            succeeded: AtomicU64::new(0),
            has_rate: settings.rate.is_some(),
            told: Mutex::new(Told { policy: Policy::new(settings, fastrand::Rng::new()), succeeded: 0 }),
            opened: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
        }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn since_origin(&self, time: Instant) -> Duration {
        time.saturating_duration_since(self.origin)
    }

    fn is_guarded(&self) -> bool {
        self.word.load(Relaxed) & GUARDED != 0
    }

    /// Asks whether an operation may begin. One relaxed load while the circuit is closed.
    pub fn enter(&self) -> Entry {
        let word = self.word.load(Relaxed);
        if word & GUARDED == 0 { Entry::Pass(Stamp(word)) } else { self.ask() }
    }

    #[cold]
    fn ask(&self) -> Entry {
        let mut told = self.told();
        match told.policy.permit(self.since_origin(Instant::now())) {
            Some(Permit { generation, turned }) => {
                let stamp = Stamp(shifted(generation));
                self.publish(&told);
                if turned { Entry::Turned(stamp) } else { Entry::Pass(stamp) }
            }
            None => {
                self.rejected.fetch_add(1, Relaxed);
                Entry::Refused
            }
        }
    }

    /// Counts operations that were refused with another.
    pub fn reject(&self, count: u64) {
        self.rejected.fetch_add(count, Relaxed);
    }

    /// The stamp of an operation that passes in any state: its success is heeded, its failure is not.
    pub fn observer(&self) -> Stamp {
        Stamp(self.word.load(Relaxed) & !GUARDED | OBSERVES)
    }

    /// Tells how an operation ended, and which state that brought about. A success costs a store and a load while the circuit is closed and
    /// no rate is asked for.
    pub fn settle(&self, stamp: Stamp, evidence: Evidence, begun: Instant, ended: Instant) -> Option<State> {
        let Stamp(stamp) = stamp;
        if evidence == Evidence::Success {
            self.succeeded.store(self.since_origin(ended).as_nanos() as u64, Relaxed);
            // Those who only observe have no part in the rate.
            if (!self.has_rate || stamp & OBSERVES != 0) && !self.is_guarded() {
                return None;
            }
        } else if stamp & OBSERVES != 0 || (evidence == Evidence::Nothing && !self.is_guarded()) {
            return None;
        }
        self.tell(stamp >> 1, evidence, begun, ended)
    }

    #[cold]
    fn tell(&self, generation: u32, evidence: Evidence, begun: Instant, ended: Instant) -> Option<State> {
        let now = self.since_origin(ended);
        let mut told = self.told();
        let succeeded = self.succeeded.load(Relaxed);
        if !self.has_rate && evidence == Evidence::Failure && succeeded != told.succeeded && !self.is_guarded() {
            let current = told.policy.generation();
            told.policy.settle(current, Evidence::Success, now);
            told.succeeded = succeeded;
        }
        // Many operations may meet their deadline in one go, though others were answered all the while.
        let is_lone = evidence == Evidence::Failure && u128::from(succeeded) > self.since_origin(begun).as_nanos();
        let evidence = if is_lone { Evidence::LoneFailure } else { evidence };
        let turned = told.policy.settle(generation, evidence, now);
        if turned == Some(State::Open) {
            self.opened.fetch_add(1, Relaxed);
        }
        self.publish(&told);
        turned
    }

    /// Closes the circuit, because the server is known to be well again.
    pub fn close(&self) -> Option<State> {
        if !self.is_guarded() {
            return None;
        }
        let mut told = self.told();
        let turned = told.policy.close();
        self.publish(&told);
        turned
    }

    /// Makes the state known to those who do not take the lock.
    fn publish(&self, told: &Told) {
        let guarded = if told.policy.is_closed() { 0 } else { GUARDED };
        self.word.store(shifted(told.policy.generation()) | guarded, Relaxed);
    }

    pub fn state(&self) -> State {
        if self.is_guarded() { self.told().policy.state(self.since_origin(Instant::now())) } else { State::Closed }
    }

    /// How often it has opened, and how many operations it has refused.
    pub fn counts(&self) -> (u64, u64) {
        (self.opened.load(Relaxed), self.rejected.load(Relaxed))
    }
}
