//! One operation on its way to the I/O thread and on it.

use super::outcome::{Code, Failure, Outcome};
use super::port::Port;
use crate::common::Attempt;
use futures_util::FutureExt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::AbortHandle;

/// Told of every operation's end, on the I/O thread.
pub trait Ledger: Send + Sync + 'static {
    fn settled(&self, outcome: &Outcome, elapsed: Duration);
}

/// What the bridge needs to know of an operation besides the work itself.
pub struct Submission {
    pub port: Arc<Port>,
    pub ticket: u32,
    pub timeout: Duration,
    pub ledger: Arc<dyn Ledger>,
}

type Launch = Box<dyn FnOnce(Arc<Port>, Arc<Attempt>) -> AbortHandle + Send>;

/// A submission with its work, boxed once.
pub(super) struct Job {
    pub port: Arc<Port>,
    pub ticket: u32,
    pub attempt: Arc<Attempt>,
    pub ledger: Arc<dyn Ledger>,
    launch: Launch,
}

impl Job {
    pub fn new<F, Fut>(submission: Submission, run: F) -> Self
    where
        F: FnOnce(Arc<Attempt>) -> Fut + Send + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        let Submission { port, ticket, timeout, ledger } = submission;
        let launch: Launch = Box::new(move |port, attempt| {
            let work = run(attempt.clone());
            tokio::spawn(async move {
                let outcome = AssertUnwindSafe(work).catch_unwind().await;
                let outcome = outcome.unwrap_or_else(|_| Failure::new(Code::Internal, "an operation panicked").into());
                port.settle(ticket, &attempt, outcome);
            })
            .abort_handle()
        });
        Job { port, ticket, attempt: Arc::new(Attempt::new(timeout)), ledger, launch }
    }

    /// Starts the work on this thread's runtime and enters it in the port's table.
    pub fn start(self) {
        let Job { port, ticket, attempt, ledger, launch } = self;
        let abort = launch(port.clone(), attempt.clone());
        port.enter(ticket, Running { attempt, ledger, abort });
    }
}

/// An operation that has been started and has not ended.
pub(super) struct Running {
    pub attempt: Arc<Attempt>,
    pub ledger: Arc<dyn Ledger>,
    pub abort: AbortHandle,
}

impl Running {
    /// What its caller is told when the deadline has passed.
    pub fn expired(&self) -> Outcome {
        let waited = self.attempt.deadline.duration_since(self.attempt.begun).as_millis();
        let failure = if self.attempt.maybe_executed() {
            Failure::new(Code::Timeout, format!("no reply within {waited} ms")).maybe_executed(true)
        } else {
            Failure::new(Code::Unavailable, format!("no connection within {waited} ms"))
        };
        failure.into()
    }
}
