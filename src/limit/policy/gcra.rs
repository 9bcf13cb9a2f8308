//! A debt to which a unit adds `span` and from which `rate` drains in a ms. What fits below the limit is allowed.

use super::{Count, Policy, clamp};

#[derive(Clone, Debug, Default)]
pub struct Debt {
    /// When all has drained, rounded up to a ms. Wider than a time, because a large bucket may drain more slowly than the largest lasts.
    until: u128,
    /// By how much the debt is less than what drains till then.
    short: u64,
}

impl Debt {
    fn at(&self, policy: &Policy, now: u64) -> u128 {
        let left = self.until.saturating_sub(now.into());
        left.saturating_mul(policy.rate.into()).saturating_sub(self.short.into())
    }

    fn set(&mut self, debt: u128, policy: &Policy, now: u64) {
        let rate = u128::from(policy.rate);
        let ms = debt.div_ceil(rate);
        // Less than `rate`.
        let short = (ms.saturating_mul(rate) - debt) as u64;
        *self = Debt { until: ms.saturating_add(now.into()), short };
    }
}

/// Cannot overflow: both are below 2^64.
fn debt_of(units: u64, policy: &Policy) -> u128 {
    u128::from(units) * u128::from(policy.span)
}

impl Count for Debt {
    fn wait(&self, policy: &Policy, cost: u64, now: u64) -> u64 {
        let over = self.at(policy, now).saturating_sub(debt_of(policy.limit - cost, policy));
        clamp(over.div_ceil(policy.rate.into()))
    }

    fn counted(&self, policy: &Policy, now: u64) -> u64 {
        clamp(self.at(policy, now).div_ceil(policy.span.into()))
    }

    fn reset(&self, policy: &Policy, now: u64) -> u64 {
        clamp(self.at(policy, now).div_ceil(policy.rate.into()))
    }

    fn take(&mut self, policy: &Policy, units: u64, now: u64) {
        self.set(self.at(policy, now).saturating_add(debt_of(units, policy)), policy, now);
    }

    fn give_back(&mut self, policy: &Policy, units: u64, now: u64) {
        self.set(self.at(policy, now).saturating_sub(debt_of(units, policy)), policy, now);
    }
}
