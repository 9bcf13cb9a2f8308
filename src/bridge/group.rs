//! Operations that cross together, and are answered one by one.

use super::deadlines::Deadlines;
use super::job::{Ledger, Running, expired, panicked};
use super::outcome::Outcome;
use super::port::Port;
use crate::common::{Attempt, begin};
use futures_util::FutureExt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One of a group: its ticket, and what its ledger gets back with the outcome.
pub struct Place {
    pub ticket: u32,
    pub stamp: u32,
}

/// What the bridge needs to know of a group besides the work itself.
pub struct GroupSubmission {
    pub port: Arc<Port>,
    pub places: Vec<Place>,
    pub timeout: Duration,
    pub ledger: Arc<dyn Ledger>,
}

/// Who waits for one answer of a group. Dropped without one, it is told that the work has failed.
pub struct Caller {
    /// Until it is answered.
    port: Option<Arc<Port>>,
    ticket: u32,
    attempt: Arc<Attempt>,
}

impl Caller {
    pub fn attempt(&self) -> &Arc<Attempt> {
        &self.attempt
    }

    /// Begins work that is for this caller alone: its first step is done at once, and it ends where the caller has given up.
    pub async fn begin<Fut>(self, work: impl FnOnce(Caller) -> Fut)
    where
        Fut: Future<Output = ()> + Send + 'static,
    {
        let (port, ticket, attempt) = (self.port.clone(), self.ticket, self.attempt.clone());
        // Should it panic, the caller is told so as it is dropped, and the others are not concerned.
        let left = begin(AssertUnwindSafe(work(self)).catch_unwind().map(drop)).await;
        if let (Some(port), Some(left)) = (port, left) {
            port.end_with(ticket, &attempt, left);
        }
    }

    /// Nothing comes of it where the caller has given up, or its time is over.
    pub fn answer(mut self, outcome: Outcome) {
        self.tell(|_| outcome);
    }

    /// Its time is over, as the bridge may have told it already.
    pub fn expire(mut self) {
        self.tell(expired);
    }

    fn tell(&mut self, outcome: impl FnOnce(&Attempt) -> Outcome) {
        if let Some(port) = self.port.take() {
            port.settle(self.ticket, &self.attempt, outcome(&self.attempt));
        }
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.tell(|_| panicked());
    }
}

type Launch = Box<dyn FnOnce(Vec<Caller>) + Send>;

/// A group with its work, boxed once.
pub(super) struct Group {
    submission: GroupSubmission,
    launch: Launch,
}

impl Group {
    pub fn new<F, Fut>(submission: GroupSubmission, run: F) -> Self
    where
        F: FnOnce(Vec<Caller>) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let launch: Launch = Box::new(move |callers| drop(tokio::spawn(run(callers))));
        Group { submission, launch }
    }

    pub fn len(&self) -> usize {
        self.submission.places.len()
    }

    /// Enters all in the port's table, and starts the work on this thread's runtime. It goes on when one of them has ended early: the others wait.
    pub fn start(self, now: Instant, deadlines: &mut Deadlines) {
        let Group { submission: GroupSubmission { port, places, timeout, ledger }, launch } = self;
        deadlines.add(&port, now + timeout);
        let enter = |Place { ticket, stamp }| {
            let attempt = Arc::new(Attempt::since(now, timeout));
            port.enter(ticket, Running { attempt: attempt.clone(), ledger: ledger.clone(), stamp, abort: None });
            Caller { port: Some(port.clone()), ticket, attempt }
        };
        let callers = places.into_iter().map(enter).collect();
        // A pattern may panic before its future is made, which must not end this thread. Its callers are told as they are dropped.
        let _ = catch_unwind(AssertUnwindSafe(|| launch(callers)));
    }
}
