//! What this process holds, and until when.

#[cfg(test)]
mod tests;

use super::claim::Claim;
use super::desk::Desk;
use super::policy::{deadline, renewal, renewal_again};
use crate::bridge::Outcome;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Why something is no longer held. `lib/lock/lost.js` has the same numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Its time was over.
    Expired = 1,
    /// It is another's.
    Stolen = 2,
    /// Its time was over while no server answered.
    Unreachable = 3,
}

/// That it is kept, and for how long at most.
#[derive(Clone, Copy, Debug)]
pub struct Renewal {
    pub at_most: Duration,
}

pub struct Held {
    pub id: u64,
    pub desk: Arc<Desk>,
    pub claim: Claim,
    /// Until when the watchdog keeps it.
    kept_until: Option<Instant>,
    state: Mutex<State>,
}

struct State {
    ttl: Duration,
    /// Of all that it was asked for, heard or not.
    longest: Duration,
    /// When that was sent which it is held by.
    sent: Instant,
    /// Renewals that may be the last one heard, besides that which it is held by.
    begun: Vec<Begun>,
    /// What it is to last for, where it was given for a shorter time.
    aim: Option<Duration>,
    /// How many renewals are under way.
    renewing: u32,
    /// When the watchdog is to renew it.
    next: Instant,
    /// Whether a renewal has had no answer since the last that had.
    is_unanswered: bool,
    lost: Option<Reason>,
}

/// A renewal that was sent.
struct Begun {
    sent: Instant,
    /// Until when it is held if that was the last one heard.
    deadline: Instant,
    /// Whether it is under way still.
    is_open: bool,
}

/// What the watchdog has to do about a lock.
#[derive(Debug, PartialEq, Eq)]
pub enum Due {
    Renew(Duration),
    /// To look again then.
    Wait(Instant),
    /// It is kept no longer.
    Done,
}

impl State {
    /// Until when it is certain to be held, whichever of the renewals were heard.
    fn deadline(&self) -> Instant {
        let own = deadline(self.sent, self.ttl);
        self.begun.iter().fold(own, |earliest, begun| earliest.min(begun.deadline))
    }

    fn begin(&mut self, ttl: Duration) -> Instant {
        let sent = Instant::now();
        self.renewing += 1;
        self.longest = self.longest.max(ttl);
        self.next = renewal(sent, ttl);
        self.begun.push(Begun { sent, deadline: deadline(sent, ttl), is_open: true });
        sent
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while it holds one of these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Held {
    pub fn new(desk: &Arc<Desk>, claim: &Claim, sent: Instant, ttl: Duration, kept: Option<Renewal>) -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let state = State {
            ttl,
            longest: ttl,
            sent,
            begun: Vec::new(),
            aim: None,
            renewing: 0,
            next: renewal(sent, ttl),
            is_unanswered: false,
            lost: None,
        };
        Held {
            id: LAST.fetch_add(1, Ordering::Relaxed) + 1,
            desk: desk.clone(),
            claim: claim.clone(),
            kept_until: kept.map(|kept| sent + kept.at_most),
            state: Mutex::new(state),
        }
    }

    /// Whether it ended so long ago that no server has it any more, whatever its clock.
    pub fn is_forgotten(&self, now: Instant) -> bool {
        const GRACE: Duration = Duration::from_secs(60);
        let state = lock(&self.state);
        state.sent + state.ttl + GRACE < now
    }

    /// Whether the watchdog keeps it.
    pub fn is_kept(&self) -> bool {
        self.kept_until.is_some()
    }

    /// It is given back: it is held no longer as far as this process is concerned.
    pub fn end(&self) {
        lock(&self.state).lost.get_or_insert(Reason::Expired);
    }

    /// For how long a server may have it at most, if none has it released.
    pub fn longest(&self) -> Duration {
        lock(&self.state).longest
    }

    /// Whether it was lost or given back, whatever its time.
    pub fn is_lost(&self) -> bool {
        lock(&self.state).lost.is_some()
    }

    pub fn is_valid(&self) -> bool {
        self.remaining() > 0.0
    }

    /// Milliseconds until the deadline; none where it was lost.
    pub fn remaining(&self) -> f64 {
        let state = lock(&self.state);
        if state.lost.is_some() {
            return 0.0;
        }
        state.deadline().saturating_duration_since(Instant::now()).as_secs_f64() * 1000.0
    }

    /// Why it is no longer held.
    pub fn reason(&self) -> Option<Reason> {
        let state = lock(&self.state);
        let over = if state.is_unanswered { Reason::Unreachable } else { Reason::Expired };
        state.lost.or_else(|| (state.deadline() <= Instant::now()).then_some(over))
    }

    /// Notes that it is about to be renewed, and when. From now on it is certain to be held only as long as either TTL says.
    pub fn begin_renewal(&self, ttl: Duration) -> Instant {
        let mut state = lock(&self.state);
        // Whoever says how long it is to last knows better than who was given it.
        state.aim = None;
        state.begin(ttl)
    }

    /// As `begin_renewal`, of what was given for a shorter time than it was asked for.
    pub fn begin_completion(&self, ttl: Duration) -> Instant {
        let mut state = lock(&self.state);
        state.aim = Some(ttl);
        state.begin(ttl)
    }

    /// As `begin_completion`, again; `None` where it lasts for that time, or somebody has said otherwise.
    pub fn begin_completion_again(&self) -> Option<(Instant, Duration)> {
        let mut state = lock(&self.state);
        let ttl = state.aim?;
        Some((state.begin(ttl), ttl))
    }

    /// Notes what became of a renewal; whether it was lost just now.
    pub fn end_renewal(&self, sent: Instant, ttl: Duration, outcome: Result<(), Option<Reason>>) -> bool {
        let mut state = lock(&self.state);
        state.renewing = state.renewing.saturating_sub(1);
        for begun in state.begun.iter_mut().filter(|begun| begun.sent == sent) {
            begun.is_open = false;
        }
        match outcome {
            Ok(()) => {
                (state.is_unanswered, state.aim) = (false, None);
                // One that is answered behind a newer one may have been heard behind it, too, and counts until the next.
                if sent >= state.sent {
                    // What was sent before and is over was heard before it, or never will be. What is under way may be sent again.
                    state.begun.retain(|begun| begun.sent > sent || begun.is_open);
                    (state.sent, state.ttl, state.next) = (sent, ttl, renewal(sent, ttl));
                }
                false
            }
            Err(Some(reason)) => state.lost.replace(reason).is_none(),
            Err(None) => {
                state.is_unanswered = true;
                state.next = Instant::now() + renewal_again(ttl);
                false
            }
        }
    }

    /// What the watchdog has to do now.
    pub fn due(&self, now: Instant) -> Due {
        let state = lock(&self.state);
        let Some(until) = self.kept_until else { return Due::Done };
        if state.lost.is_some() || state.deadline() <= now || until <= state.sent + state.ttl {
            return Due::Done;
        }
        // What is due soon is renewed with what is due now, so that many leave together.
        if state.renewing > 0 || state.next > now + state.ttl / 12 {
            let soonest = if state.renewing > 0 { renewal_again(state.ttl) } else { Duration::from_millis(1) };
            return Due::Wait(state.next.max(now + soonest));
        }
        // The last renewal does not outlast what was allowed.
        Due::Renew(state.aim.unwrap_or(state.ttl).min(until - now))
    }

    /// When the watchdog is to look at it, where it keeps it.
    pub fn next(&self) -> Option<Instant> {
        self.kept_until.map(|_| lock(&self.state).next)
    }

    /// The environment is stuck: it is not renewed now.
    pub fn put_off(&self, now: Instant) {
        let mut state = lock(&self.state);
        state.next = now + renewal_again(state.ttl);
    }

    /// Tells the environment that it was lost.
    pub fn tell(&self, reason: Reason) {
        let (name, numbers) = ("lost", [self.id as f64, f64::from(reason as u8)]);
        let mut fields = vec![Outcome::Number(self.desk.source.into()), Outcome::Text(name.into())];
        fields.extend(numbers.map(Outcome::Number));
        self.desk.port.notify(Outcome::List(fields));
    }
}
