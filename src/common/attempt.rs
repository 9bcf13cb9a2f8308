//! What an operation may still spend, and how far it has come.

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
}

impl Attempt {
    pub fn new(timeout: Duration) -> Self {
        Attempt::since(Instant::now(), timeout)
    }

    /// As `new`, for one that began at a time that is known.
    pub fn since(begun: Instant, timeout: Duration) -> Self {
        Attempt { begun, deadline: begun + timeout, in_flight: AtomicU32::new(0) }
    }

    /// A command is on its way: from now on it may be executed.
    pub fn sent(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// It is known that what was sent has been answered, or has not been executed.
    pub fn settled(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    pub fn maybe_executed(&self) -> bool {
        self.in_flight.load(Ordering::Relaxed) > 0
    }
}
