//! A window that begins with the first unit, and ends a span later.

use super::{Count, Policy};

#[derive(Clone, Debug, Default)]
pub struct Window {
    used: u64,
    /// There is no window from then on. One from which all was given back goes on to its end.
    end: u64,
}

impl Count for Window {
    fn wait(&self, policy: &Policy, cost: u64, now: u64) -> u64 {
        let used = self.counted(policy, now).saturating_add(cost);
        if used <= policy.limit { 0 } else { self.end.saturating_sub(now) }
    }

    fn counted(&self, _: &Policy, now: u64) -> u64 {
        if now < self.end { self.used } else { 0 }
    }

    fn reset(&self, _: &Policy, now: u64) -> u64 {
        self.end.saturating_sub(now)
    }

    fn take(&mut self, policy: &Policy, units: u64, now: u64) {
        if now >= self.end {
            *self = Window { used: 0, end: now.saturating_add(policy.span) };
        }
        self.used = self.used.saturating_add(units);
    }

    fn give_back(&mut self, _: &Policy, units: u64, now: u64) {
        if now < self.end {
            self.used = self.used.saturating_sub(units);
        }
    }
}
