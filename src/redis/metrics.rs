//! Counters and the latency histogram of a client: relaxed atomics, read without I/O.

use crate::bridge::{Code, Course, Outcome};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use tokio::sync::Notify;

/// Bucket `i` counts what took less than `2^i` microseconds and not less than half of that; the last has no upper bound.
pub const BUCKETS: usize = 32;

#[derive(Default)]
pub struct Metrics {
    pub pending: AtomicUsize,
    /// Rung when nothing is pending any more.
    pub idle: Notify,
    pub operations: AtomicU64,
    pub succeeded: AtomicU64,
    pub failed: AtomicU64,
    pub timeouts: AtomicU64,
    pub refused: AtomicU64,
    pub cancelled: AtomicU64,
    pub longest_us: AtomicU64,
    pub buckets: [AtomicU64; BUCKETS],
}

fn bucket(us: u64) -> usize {
    ((u64::BITS - us.leading_zeros()) as usize).min(BUCKETS - 1)
}

impl Metrics {
    /// Waits until nothing is pending.
    pub async fn drained(&self) {
        loop {
            let idle = self.idle.notified();
            if self.pending.load(Relaxed) == 0 {
                return;
            }
            idle.await;
        }
    }

    /// The counters in the order that `lib/metrics.js` reads them, the buckets last.
    pub fn numbers(&self) -> Vec<f64> {
        let counters =
            [&self.operations, &self.succeeded, &self.failed, &self.timeouts, &self.refused, &self.cancelled];
        let mut numbers = vec![self.pending.load(Relaxed) as f64];
        let all = counters.into_iter().chain([&self.longest_us]).chain(&self.buckets);
        numbers.extend(all.map(|counter| counter.load(Relaxed) as f64));
        numbers
    }

    pub fn settled(&self, outcome: &Outcome, course: &Course) {
        match outcome {
            Outcome::Failure(failure) if failure.code == Code::Cancelled => self.cancelled.fetch_add(1, Relaxed),
            Outcome::Failure(failure) => {
                if failure.code == Code::Timeout {
                    self.timeouts.fetch_add(1, Relaxed);
                }
                self.failed.fetch_add(1, Relaxed)
            }
            _ => {
                let us = course.elapsed().as_micros() as u64;
                self.buckets[bucket(us)].fetch_add(1, Relaxed);
                self.longest_us.fetch_max(us, Relaxed);
                self.succeeded.fetch_add(1, Relaxed)
            }
        };
        if self.pending.fetch_sub(1, Relaxed) == 1 {
            self.idle.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_ends_below_its_power_of_two() {
        assert_eq!([0, 1, 2, 3, 4, 1000, 1024].map(bucket), [0, 1, 2, 2, 3, 10, 11]);
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }
}
