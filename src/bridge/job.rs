//! One operation on its way to the I/O thread and on it.

use super::deadlines::Deadlines;
use super::outcome::{Code, Failure, Outcome};
use super::port::Port;
use crate::common::Attempt;
use futures_util::FutureExt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::AbortHandle;

/// Told of every operation's end, on the I/O thread.
pub trait Ledger: Send + Sync + 'static {
    fn settled(&self, outcome: &Outcome, course: &Course);
}

/// When an operation ran, and what its submission gave along for the ledger.
pub struct Course {
    pub stamp: u32,
    pub begun: Instant,
    pub ended: Instant,
}

impl Course {
    pub fn elapsed(&self) -> Duration {
        self.ended.saturating_duration_since(self.begun)
    }
}

/// What the bridge needs to know of an operation besides the work itself.
pub struct Submission {
    pub port: Arc<Port>,
    pub ticket: u32,
    pub timeout: Duration,
    pub ledger: Arc<dyn Ledger>,
    /// The ledger's own; it gets it back with the outcome.
    pub stamp: u32,
    /// How many it is worth, which says when it leaves and how long the next is looked out for. Everywhere else it counts as one.
    pub operations: usize,
}

type Launch = Box<dyn FnOnce(Arc<Port>, Arc<Attempt>) -> AbortHandle + Send>;

/// A submission with its work, boxed once.
pub(super) struct Job {
    port: Arc<Port>,
    ticket: u32,
    timeout: Duration,
    ledger: Arc<dyn Ledger>,
    stamp: u32,
    operations: usize,
    launch: Launch,
}

pub(super) fn panicked() -> Outcome {
    Failure::new(Code::Internal, "an operation panicked").into()
}

/// What a caller is told when the deadline has passed.
pub(super) fn expired(attempt: &Attempt) -> Outcome {
    let waited = attempt.deadline.duration_since(attempt.begun).as_millis();
    let failure = if attempt.maybe_executed() {
        Failure::new(Code::Timeout, format!("no reply within {waited} ms")).maybe_executed(true)
    } else {
        Failure::new(Code::Unavailable, format!("no connection within {waited} ms"))
    };
    failure.into()
}

impl Job {
    pub fn new<F, Fut>(submission: Submission, run: F) -> Self
    where
        F: FnOnce(Arc<Attempt>) -> Fut + Send + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        let Submission { port, ticket, timeout, ledger, stamp, operations } = submission;
        let launch: Launch = Box::new(move |port, attempt| {
            // Combinators and no `async` block, which would hold the work twice: as what it captured and as what it awaits.
            let work = AssertUnwindSafe(run(attempt.clone())).catch_unwind();
            let settled =
                work.map(move |outcome| port.settle(ticket, &attempt, outcome.unwrap_or_else(|_| panicked())));
            tokio::spawn(settled).abort_handle()
        });
        Job { port, ticket, timeout, ledger, stamp, operations, launch }
    }

    pub fn operations(&self) -> usize {
        self.operations
    }

    /// Starts the work on this thread's runtime and enters it in the port's table.
    ///
    /// Its time begins here: an event loop that is blocked while it gathers operations must not eat it up.
    pub fn start(self, now: Instant, deadlines: &mut Deadlines) {
        let Job { port, ticket, timeout, ledger, stamp, launch, .. } = self;
        let attempt = Arc::new(Attempt::since(now, timeout));
        // A pattern may panic before its future is made, which must not end this thread.
        match catch_unwind(AssertUnwindSafe(|| launch(port.clone(), attempt.clone()))) {
            Ok(abort) => {
                deadlines.add(&port, attempt.deadline);
                port.enter(ticket, Running { attempt, ledger, stamp, abort: Some(abort) });
            }
            Err(_) => {
                let outcome = panicked();
                ledger.settled(&outcome, &Course { stamp, begun: attempt.begun, ended: Instant::now() });
                port.complete(ticket, outcome);
            }
        }
    }
}

/// An operation that has been started and has not ended.
pub(super) struct Running {
    pub attempt: Arc<Attempt>,
    pub ledger: Arc<dyn Ledger>,
    pub stamp: u32,
    /// Of work that is for this operation alone.
    pub abort: Option<AbortHandle>,
}

impl Running {
    /// Ends its work, where nobody else waits for that.
    pub fn abort(&self) {
        if let Some(abort) = &self.abort {
            abort.abort();
        }
    }

    /// Up to now, which is its end.
    pub fn course(&self) -> Course {
        Course { stamp: self.stamp, begun: self.attempt.begun, ended: Instant::now() }
    }

    pub fn expired(&self) -> Outcome {
        expired(&self.attempt)
    }

    pub fn cancelled(&self) -> Outcome {
        self.ended(Code::Cancelled, "cancelled by its caller")
    }

    pub fn closed(&self) -> Outcome {
        self.ended(Code::Closed, "the client was closed")
    }

    fn ended(&self, code: Code, why: &str) -> Outcome {
        Failure::new(code, why).maybe_executed(self.attempt.maybe_executed()).into()
    }
}
