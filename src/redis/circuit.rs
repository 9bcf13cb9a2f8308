//! The circuit breaker of a client: which outcomes speak against the server, and who is told when it turns.

use super::events::Voice;
use crate::breaker::{Breaker, Entry, Evidence, Stamp, State};
use crate::bridge::{Code, Course, Failure, Lease, Outcome};

/// What an open circuit refuses, and why it opened. Without a breaker it is always closed.
pub struct Circuit {
    breaker: Option<Breaker>,
    voice: Voice,
}

/// What an outcome says of the server.
///
/// Only what cost its caller the whole deadline speaks against it: what is answered at once, be it with an error, costs nobody more than an
/// open circuit would, and says more.
fn evidence(outcome: &Outcome) -> Evidence {
    let Outcome::Failure(failure) = outcome else { return Evidence::Success };
    match failure.code {
        Code::Timeout => Evidence::Failure,
        // A connection that was lost under an operation; the next one may stand within milliseconds.
        Code::Unavailable if failure.maybe_executed => Evidence::Nothing,
        Code::Unavailable => Evidence::Failure,
        // The client has asked again up to the deadline. States that leave a part of the commands alone are not among them.
        Code::Server if matches!(&*failure.server_code, "LOADING" | "MASTERDOWN" | "CLUSTERDOWN") => Evidence::Failure,
        Code::Cancelled | Code::Closed | Code::Busy | Code::Internal => Evidence::Nothing,
        _ => Evidence::Success,
    }
}

impl Circuit {
    pub fn new(breaker: Option<Breaker>, voice: Voice) -> Self {
        Circuit { breaker, voice }
    }

    /// Leave for an operation to begin; `None` when the circuit is open.
    pub fn enter(&self, lease: &Lease) -> Option<Stamp> {
        let Some(breaker) = &self.breaker else { return Some(Stamp::default()) };
        match breaker.enter() {
            Entry::Pass(stamp) => Some(stamp),
            Entry::Turned(stamp) => {
                let voice = self.voice.clone();
                // Events leave from the I/O thread, and ahead of the probe's outcome.
                lease.spawn(async move { voice.turned(State::HalfOpen, None) });
                Some(stamp)
            }
            Entry::Refused => None,
        }
    }

    /// Counts operations that were refused with another.
    pub fn reject(&self, count: u64) {
        if let Some(breaker) = &self.breaker {
            breaker.reject(count);
        }
    }

    /// For an operation that asks whether the server is well, and must never be refused.
    pub fn observer(&self) -> Stamp {
        self.breaker.as_ref().map(Breaker::observer).unwrap_or_default()
    }

    /// Told of every outcome, on the I/O thread.
    pub fn settled(&self, outcome: &Outcome, course: &Course) {
        let Some(breaker) = &self.breaker else { return };
        let turned = breaker.settle(Stamp(course.stamp), evidence(outcome), course.begun, course.ended);
        if let Some(state) = turned {
            let why = if let Outcome::Failure(failure) = outcome { Some((**failure).clone()) } else { None };
            self.tell(state, why);
        }
    }

    /// A connection stands whose server has just answered the handshake. I/O thread only.
    pub fn ready(&self) {
        if let Some(state) = self.breaker.as_ref().and_then(Breaker::close) {
            self.tell(state, None);
        }
    }

    /// A port's queue may be locked by whoever counts an outcome, so the event waits for its own turn.
    fn tell(&self, state: State, why: Option<Failure>) {
        let voice = self.voice.clone();
        tokio::spawn(async move { voice.turned(state, why) });
    }

    pub fn state(&self) -> State {
        self.breaker.as_ref().map_or(State::Closed, Breaker::state)
    }

    /// How often it has opened, and how many operations it has refused.
    pub fn counts(&self) -> (u64, u64) {
        self.breaker.as_ref().map(Breaker::counts).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(failure: Failure) -> Evidence {
        evidence(&failure.into())
    }

    fn server(code: &str) -> Evidence {
        of(Failure { server_code: code.to_owned(), ..Failure::new(Code::Server, "") })
    }

    #[test]
    fn what_cost_a_deadline_speaks_against_the_server() {
        assert_eq!(of(Failure::new(Code::Timeout, "").maybe_executed(true)), Evidence::Failure);
        assert_eq!(of(Failure::new(Code::Unavailable, "")), Evidence::Failure);
        assert_eq!(["LOADING", "MASTERDOWN", "CLUSTERDOWN"].map(server), [Evidence::Failure; 3]);
    }

    #[test]
    fn what_is_answered_speaks_for_it() {
        assert_eq!(evidence(&Outcome::Nil), Evidence::Success);
        assert_eq!(["OOM", "WRONGTYPE", "NOPERM", "READONLY", "MISCONF", ""].map(server), [Evidence::Success; 6]);
        assert_eq!(of(Failure::new(Code::Auth, "")), Evidence::Success);
        assert_eq!(of(Failure::new(Code::Protocol, "")), Evidence::Success);
    }

    #[test]
    fn a_lost_connection_and_a_caller_that_gave_up_say_nothing() {
        assert_eq!(of(Failure::new(Code::Unavailable, "").maybe_executed(true)), Evidence::Nothing);
        assert_eq!(of(Failure::new(Code::Cancelled, "").maybe_executed(true)), Evidence::Nothing);
        assert_eq!(of(Failure::new(Code::Closed, "")), Evidence::Nothing);
    }
}
