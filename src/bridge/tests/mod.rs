//! The bridge without JavaScript: a port with a waker of our own, and operations on the real I/O thread.

mod group;
mod port;
mod reactor;

use super::job::{Course, Ledger, Submission};
use super::outcome::{Code, Outcome};
use super::port::{Completion, Port};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// No test waits longer, and none is meant to wait at all.
const CAP: Duration = Duration::from_secs(30);
const LONG: Duration = Duration::from_secs(300);

/// Counts the ends that it is told of.
#[derive(Default)]
struct Count(AtomicUsize);

impl Ledger for Count {
    fn settled(&self, _: &Outcome, _: &Course) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// An environment: it is woken, and then it drains.
struct Environment {
    port: Arc<Port>,
    ledger: Arc<Count>,
    wakes: Arc<(Mutex<usize>, Condvar)>,
}

impl Environment {
    fn new() -> Self {
        let wakes = Arc::new((Mutex::new(0), Condvar::new()));
        let bell = wakes.clone();
        let port = Port::new(Box::new(move || {
            *bell.0.lock().expect("not poisoned") += 1;
            bell.1.notify_all();
        }));
        Environment { port, ledger: Arc::default(), wakes }
    }

    fn wakes(&self) -> usize {
        *self.wakes.0.lock().expect("not poisoned")
    }

    fn submission(&self, ticket: u32, timeout: Duration) -> Submission {
        Submission { port: self.port.clone(), ticket, timeout, ledger: self.ledger.clone(), stamp: 0, operations: 1 }
    }

    fn settled(&self) -> usize {
        self.ledger.0.load(Ordering::SeqCst)
    }

    /// Drains when it is woken, until it has as many outcomes, and gives them in the order in which they came.
    fn receive(&self, count: usize) -> Vec<(u32, String)> {
        let mut received = Vec::new();
        let mut seen = 0;
        while received.len() < count {
            let wakes = self.wakes.0.lock().expect("not poisoned");
            let (wakes, late) =
                self.wakes.1.wait_timeout_while(wakes, CAP, |wakes| *wakes == seen).expect("not poisoned");
            assert!(!late.timed_out(), "{} of {count} came", received.len());
            seen = *wakes;
            drop(wakes);
            while self.port.take(512, usize::MAX, &mut received) {}
        }
        received.iter().map(|Completion { ticket, outcome }| (*ticket, shown(outcome))).collect()
    }
}

/// What a test compares: the code of a failure and whether it may have been executed, or the outcome's name.
fn shown(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Failure(failure) if failure.maybe_executed => format!("{}, maybe executed", failure.code.as_str()),
        Outcome::Failure(failure) => failure.code.as_str().to_owned(),
        other => format!("{other:?}"),
    }
}

fn failed(ticket: u32, code: Code) -> (u32, String) {
    (ticket, code.as_str().to_owned())
}

fn done(ticket: u32) -> (u32, String) {
    (ticket, "Done".to_owned())
}
