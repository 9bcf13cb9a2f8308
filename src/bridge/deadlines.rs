//! When the next operation must be told that it is too late.

use super::port::Port;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::sleep_until;

/// Deadlines are checked no more often than this, so an operation may be told this much late.
const TICK: Duration = Duration::from_millis(5);

/// The ports with operations, and a time before which none of their deadlines passes.
///
/// Operations mostly end long before their deadline and in the order in which they came, so nothing is kept for each: the ports' tables are
/// looked through once for every deadline that comes near, about once in the time that operations are given.
#[derive(Default)]
pub struct Deadlines {
    ports: Vec<Arc<Port>>,
    next: Option<Instant>,
}

impl Deadlines {
    pub fn add(&mut self, port: &Arc<Port>, deadline: Instant) {
        if self.next.is_none_or(|next| deadline < next) {
            self.next = Some(deadline);
        }
        if !self.ports.iter().any(|known| Arc::ptr_eq(known, port)) {
            self.ports.retain(|port| !port.is_closed());
            self.ports.push(port.clone());
        }
    }

    /// Waits for the next deadline; for ever when there is none.
    pub async fn next(&self) {
        match self.next {
            Some(next) => sleep_until(next.into()).await,
            None => std::future::pending().await,
        }
    }

    /// Ends what is too late.
    pub fn expire(&mut self, now: Instant) {
        if self.next.is_none_or(|next| now < next) {
            return;
        }
        let next = self.ports.iter().filter_map(|port| port.expire(now)).min();
        self.next = next.map(|deadline| deadline.max(now + TICK));
    }
}
