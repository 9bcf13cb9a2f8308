//! What is counted of connections.

use std::sync::atomic::AtomicU64;

/// Plain counters since they were made.
#[derive(Default)]
pub struct LinkCounters {
    pub connections: AtomicU64,
    pub connect_failures: AtomicU64,
    pub watchdog_trips: AtomicU64,
}
