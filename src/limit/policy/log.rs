//! An exact log: every unit counts for a span.

use super::{Count, Policy};
use std::collections::VecDeque;

/// What was taken in one ms.
#[derive(Clone, Copy, Debug)]
struct Entry {
    at: u64,
    /// How many units had been taken with it. So the count of a row of entries is a difference.
    sum: u64,
}

#[derive(Clone, Debug, Default)]
pub struct Log {
    /// How many units had been taken before the first entry.
    base: u64,
    /// The oldest first. A clock that goes back does not change that: what is taken then has the time of the newest.
    entries: VecDeque<Entry>,
}

/// Sums stay below it, so that only what is taken at once can be too large.
const LARGE: u64 = u64::MAX / 2;

impl Log {
    /// How much memory its entries take.
    pub fn heap(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
    }

    fn sum(&self) -> u64 {
        self.entries.back().map_or(self.base, |entry| entry.sum)
    }

    /// How many entries have left the window.
    fn ended(&self, policy: &Policy, now: u64) -> usize {
        self.entries.partition_point(|entry| entry.at.saturating_add(policy.span) <= now)
    }

    fn drop_ended(&mut self, policy: &Policy, now: u64) {
        if let Some(last) = self.entries.drain(..self.ended(policy, now)).next_back() {
            self.base = last.sum;
        }
        if self.entries.is_empty() {
            self.base = 0;
        }
        if self.sum() > LARGE {
            let base = std::mem::take(&mut self.base);
            self.entries.iter_mut().for_each(|entry| entry.sum -= base);
        }
    }
}

impl Count for Log {
    fn wait(&self, policy: &Policy, cost: u64, now: u64) -> u64 {
        let room = policy.limit - cost;
        if self.counted(policy, now) <= room {
            return 0;
        }
        // It fits when all units up to this one have left.
        let needed = self.sum() - room;
        let entry = self.entries.get(self.entries.partition_point(|entry| entry.sum < needed));
        entry.map_or(0, |entry| entry.at.saturating_add(policy.span).saturating_sub(now))
    }

    fn counted(&self, policy: &Policy, now: u64) -> u64 {
        let ended = self.ended(policy, now).checked_sub(1);
        self.sum() - ended.map_or(self.base, |last| self.entries[last].sum)
    }

    fn reset(&self, policy: &Policy, now: u64) -> u64 {
        self.entries.back().map_or(0, |newest| newest.at.saturating_add(policy.span).saturating_sub(now))
    }

    fn take(&mut self, policy: &Policy, units: u64, now: u64) {
        self.drop_ended(policy, now);
        let sum = self.sum().saturating_add(units);
        match self.entries.back_mut() {
            Some(newest) if newest.at >= now => newest.sum = sum,
            _ => self.entries.push_back(Entry { at: now, sum }),
        }
    }

    /// The newest go first.
    fn give_back(&mut self, policy: &Policy, units: u64, now: u64) {
        self.drop_ended(policy, now);
        let left = self.sum().saturating_sub(units).max(self.base);
        while let Some(newest) = self.entries.pop_back() {
            if self.sum() < left {
                self.entries.push_back(Entry { sum: left, ..newest });
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::policy::Kind;

    fn policy() -> Policy {
        Policy::new(Kind::SlidingWindow, 100, 1000, 1).expect("sound")
    }

    #[test]
    fn units_cost_no_more_than_one_and_what_has_left_costs_nothing() {
        let mut log = Log::default();
        for step in 0..5000 {
            log.take(&policy(), 1 + step, step / 5);
        }
        assert_eq!(log.entries.len(), 1000);
        log.take(&policy(), 1, 5000);
        assert_eq!((log.entries.len(), log.counted(&policy(), 5000)), (1, 1));
    }

    #[test]
    fn it_counts_right_however_much_has_been_taken_before() {
        let mut log = Log::default();
        for step in 1..100 {
            log.take(&policy(), 1 << 61, step * 600);
            assert_eq!(log.counted(&policy(), step * 600), (1 << 61) * step.min(2));
            assert_eq!(log.wait(&policy(), 1, step * 600), 1000);
        }
    }
}
