//! Two windows of the clock: what was taken in the one before counts with the share of it that a window which ends now covers still.

use super::{Count, Policy};

#[derive(Clone, Debug, Default)]
pub struct Counter {
    /// How many windows of the clock had passed.
    window: u64,
    current: u64,
    before: u64,
}

impl Counter {
    /// How it is in the window of the time. For a clock that went back it is as if the window were the same.
    fn at(&self, policy: &Policy, now: u64) -> Counter {
        let window = now / policy.span;
        match window.saturating_sub(self.window) {
            0 => Counter { window, ..*self },
            1 => Counter { window, current: 0, before: self.current },
            _ => Counter { window, current: 0, before: 0 },
        }
    }
}

/// What is left of the window, in ms. At least 1.
fn left(policy: &Policy, now: u64) -> u64 {
    policy.span - now % policy.span
}

/// What is left of a window when so many units of the one before make room for others. Less than all of it: there are more than room for.
fn left_for(before: u64, room: u64, policy: &Policy) -> u64 {
    (u128::from(room) * u128::from(policy.span) / u128::from(before.max(1))).min(policy.span.into()) as u64
}

impl Count for Counter {
    fn wait(&self, policy: &Policy, cost: u64, now: u64) -> u64 {
        let Counter { current, before, .. } = self.at(policy, now);
        let (room, left) = (policy.limit - cost, left(policy, now));
        match room.checked_sub(current) {
            Some(room) if u128::from(before) * u128::from(left) <= u128::from(room) * u128::from(policy.span) => 0,
            Some(room) => left - left_for(before, room, policy),
            None => left + policy.span - left_for(current, room, policy),
        }
    }

    fn counted(&self, policy: &Policy, now: u64) -> u64 {
        let Counter { current, before, .. } = self.at(policy, now);
        let share = (u128::from(before) * u128::from(left(policy, now))).div_ceil(policy.span.into());
        current.saturating_add(share as u64)
    }

    fn reset(&self, policy: &Policy, now: u64) -> u64 {
        match self.at(policy, now) {
            Counter { current: 0, before: 0, .. } => 0,
            Counter { current: 0, .. } => left(policy, now),
            _ => left(policy, now) + policy.span,
        }
    }

    fn take(&mut self, policy: &Policy, units: u64, now: u64) {
        *self = self.at(policy, now);
        self.current = self.current.saturating_add(units);
    }

    /// Units of the window before are not given back.
    fn give_back(&mut self, policy: &Policy, units: u64, now: u64) {
        *self = self.at(policy, now);
        self.current = self.current.saturating_sub(units);
    }
}
