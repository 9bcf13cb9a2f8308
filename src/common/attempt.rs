//! What an operation may still spend, and how far it has come.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// One operation's deadline, and whether a command of it may have reached the server.
///
/// The bridge makes it and reads it when the deadline passes; the client writes it. That is how an answer given for a
/// hung server can say honestly whether the command may have been executed.
#[derive(Debug)]
pub struct Attempt {
    pub begun: Instant,
    pub deadline: Instant,
    in_flight: AtomicU32,
    /// Those for whom it is made, where it is of several: what is on its way for it is on its way for them.
    callers: Vec<Arc<Attempt>>,
}

impl Attempt {
    pub fn new(timeout: Duration) -> Self {
        Attempt::since(Instant::now(), timeout)
    }

    /// As `new`, for one that began at a time that is known.
    pub fn since(begun: Instant, timeout: Duration) -> Self {
        Attempt { begun, deadline: begun + timeout, in_flight: AtomicU32::new(0), callers: Vec::new() }
    }

    /// One attempt for several callers, which ends when the last of them would have given up.
    pub fn of_all(callers: Vec<Arc<Attempt>>) -> Self {
        let begun = Instant::now();
        let deadline = callers.iter().map(|caller| caller.deadline).max().unwrap_or(begun);
        Attempt { begun, deadline, in_flight: AtomicU32::new(0), callers }
    }

    /// A command is on its way: from now on it may be executed.
    pub fn sent(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.callers.iter().for_each(|caller| caller.sent());
    }

    /// It is known that what was sent has been answered, or has not been executed.
    pub fn settled(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.callers.iter().for_each(|caller| caller.settled());
    }

    pub fn maybe_executed(&self) -> bool {
        self.in_flight.load(Ordering::Relaxed) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_for_several_is_sent_for_each_of_them() {
        let callers: Vec<_> = [1, 5].map(|seconds| Arc::new(Attempt::new(Duration::from_secs(seconds)))).into();
        let shared = Attempt::of_all(callers.clone());
        assert_eq!(shared.deadline, callers[1].deadline);
        let executed = || callers.iter().map(|caller| caller.maybe_executed()).collect::<Vec<_>>();
        assert_eq!(executed(), [false, false]);
        shared.sent();
        assert_eq!(executed(), [true, true]);
        shared.settled();
        assert_eq!(executed(), [false, false]);
    }
}
