//! What is known of one key.

use crate::limit::plan::{Ask, Named, Verdict};
use crate::limit::policy::{Kind, Policy, Retry, Standing, State};
use std::sync::Arc;

/// Units that were allowed without Redis, of which it was not told, and which matter still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    pub key: Arc<str>,
    pub suffix: Box<str>,
    policy: Policy,
    /// A part of one as a whole one.
    pub units: u64,
    /// When the state is spent, on the local clock.
    pub ends: u64,
}

impl Owed {
    /// By what it is to be counted. Should Redis have no window, the one that is opened ends with the one that was open here.
    pub fn policy(&self, now: u64) -> Policy {
        let span = match self.policy.kind {
            Kind::FixedWindow => self.ends.saturating_sub(now).clamp(1, self.policy.span),
            _ => self.policy.span,
        };
        Policy { span, ..self.policy }
    }
}

/// A key under one policy.
#[derive(Debug)]
pub struct Slot {
    suffix: Box<str>,
    /// As it was last asked for, not the share of it.
    policy: Policy,
    state: State,
    /// The same units under the policy itself, where they leave sooner than under a share of it.
    whole: Option<State>,
    /// How many units Redis was not told of. No more than those that count matter.
    owed: u64,
}

/// A key, with those of its states that are not spent.
#[derive(Debug, Default)]
pub struct Entry {
    pub slots: Vec<Slot>,
    /// When all of them are spent.
    pub end: u64,
    /// The larger, the later it was asked for.
    pub age: u64,
    /// Its place among those that owe; 0 where it does not.
    pub debt: u64,
    /// What it weighed when it was listed.
    pub bytes: usize,
}

impl Entry {
    /// Where the state under a policy is. A new one says nothing.
    pub fn slot(&mut self, Named { policy, suffix }: &Named) -> usize {
        let index = self.position(suffix, policy.kind).unwrap_or_else(|| {
            let whole = (policy.kind == Kind::Gcra).then(|| State::new(policy.kind));
            let state = State::new(policy.kind);
            self.slots.push(Slot { suffix: suffix.as_str().into(), policy: *policy, state, whole, owed: 0 });
            self.slots.len() - 1
        });
        self.slots[index].policy = *policy;
        index
    }

    fn position(&self, suffix: &str, kind: Kind) -> Option<usize> {
        self.slots.iter().position(|slot| *slot.suffix == *suffix && slot.policy.kind == kind)
    }

    /// Decides for one caller, with a standing for each policy, of which there are the share and the whole.
    pub fn decide(
        &mut self,
        which: &[usize],
        shares: &[(Policy, Policy)],
        ask: Ask,
        now: u64,
        owes: bool,
        standings: &mut Vec<Standing>,
    ) -> Verdict {
        standings.clear();
        for (index, (share, policy)) in which.iter().zip(shares) {
            let mut standing = self.slots[*index].state.standing(share, ask.cost, now);
            if standing.retry == Retry::Never && ask.cost <= policy.limit {
                standing.retry = Retry::After(policy.time_of(ask.cost).max(1));
            }
            standings.push(standing);
        }
        if standings.iter().any(|standing| standing.retry != Retry::Fits) {
            return Verdict::Refused;
        }
        if ask.takes {
            for (index, (share, policy)) in which.iter().zip(shares) {
                let slot = &mut self.slots[*index];
                let owed = slot.owed;
                slot.take(share, policy, ask.cost, now);
                if !owes {
                    slot.owed = slot.owed.min(owed);
                }
            }
            for ((index, (share, _)), standing) in which.iter().zip(shares).zip(standings) {
                *standing = Standing { retry: Retry::Fits, ..self.slots[*index].state.standing(share, 0, now) };
            }
        }
        Verdict::Allowed
    }

    /// Forgets states that say nothing any more. In how many ms the others are spent; `None` where there are none.
    pub fn drop_spent(&mut self, now: u64) -> Option<u64> {
        self.slots.retain(|slot| !slot.state.is_spent(&slot.policy, now));
        self.slots.iter().map(|slot| slot.state.reset(&slot.policy, now)).max()
    }

    pub fn owes(&self) -> bool {
        self.slots.iter().any(|slot| slot.owed > 0)
    }

    /// Whether there is a state still that it is owed of.
    pub fn owe_again(&mut self, owed: &Owed, now: u64) -> bool {
        let index = self.position(&owed.suffix, owed.policy.kind);
        index.is_some_and(|index| self.slots[index].owe_again(owed, now))
    }

    /// How much memory it takes with its name, about.
    pub fn weight(&self, name: &str) -> usize {
        /// Itself and its places in the lists.
        const BASE: usize = 256;
        let each = |slot: &Slot| size_of::<Slot>() + slot.suffix.len() + slot.state.heap();
        BASE + name.len() + self.slots.iter().map(each).sum::<usize>()
    }
}

impl Slot {
    /// Takes units, or gives them back where they are negative.
    pub fn apply(&mut self, share: &Policy, policy: &Policy, units: i64, now: u64) {
        if units < 0 {
            self.give_back(share, policy, units.unsigned_abs(), now);
        } else {
            self.take(share, policy, units.unsigned_abs(), now);
        }
    }

    fn take(&mut self, share: &Policy, policy: &Policy, units: u64, now: u64) {
        // What counts no longer is not owed beside what is taken now.
        self.owed = self.owed.min(self.counted(policy, now)).saturating_add(units);
        self.state.take(share, units, now);
        if let Some(whole) = &mut self.whole {
            whole.take(policy, units, now);
        }
    }

    fn give_back(&mut self, share: &Policy, policy: &Policy, units: u64, now: u64) {
        self.owed = self.owed.saturating_sub(units);
        self.state.give_back(share, units, now);
        if let Some(whole) = &mut self.whole {
            whole.give_back(policy, units, now);
        }
    }

    /// How many units count as Redis would have it.
    fn counted(&self, policy: &Policy, now: u64) -> u64 {
        self.whole.as_ref().unwrap_or(&self.state).counted(policy, now)
    }

    fn ends(&self, now: u64) -> u64 {
        now.saturating_add(self.state.reset(&self.policy, now))
    }

    pub fn take_owed(&mut self, key: &Arc<str>, now: u64) -> Option<Owed> {
        let units = std::mem::take(&mut self.owed).min(self.counted(&self.policy, now));
        let Slot { suffix, policy, .. } = self;
        let (suffix, policy) = (suffix.clone(), *policy);
        (units > 0).then(|| Owed { key: key.clone(), suffix, policy, units, ends: self.ends(now) })
    }

    fn owe_again(&mut self, owed: &Owed, now: u64) -> bool {
        // What was of a window that has ended is not of the next one.
        if self.policy.kind == Kind::FixedWindow && self.ends(now) != owed.ends {
            return false;
        }
        self.owed = self.owed.saturating_add(owed.units).min(self.counted(&self.policy, now));
        self.owed > 0
    }
}
