//! What a process decides by itself while Redis cannot serve. No I/O: whoever asks tells the time.

mod clock;
mod entry;
#[cfg(test)]
mod tests;

use super::plan::{Answer, Named, Plan};
use entry::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

pub use clock::{Clock, local_now};
pub use entry::Owed;

/// How many keys are remembered, and how much memory they take about.
pub const MAX_KEYS: usize = 100_000;
const MAX_BYTES: usize = 64 << 20;

/// The states of keys, under the share of each limit that one of several processes may use.
///
/// A state limits until it is spent. Beside it stands what of it is *owed*: what was allowed here and Redis was not told of. To tell it changes
/// nothing of what the state limits.
///
/// It remembers a bounded count of keys, in bounded memory. When another one comes, one that is spent leaves, for it says no more than an unknown
/// one. If none is spent, the one leaves that nobody has asked for the longest: what it had used is forgotten, so it may use its share again, and
/// nothing of it is told to Redis. A key that nothing was allowed of takes no place.
#[derive(Debug)]
pub struct Local {
    max: usize,
    max_bytes: usize,
    bytes: usize,
    entries: HashMap<Arc<str>, Entry>,
    by_age: BTreeMap<u64, Arc<str>>,
    /// Ends, with ages.
    by_end: BTreeSet<(u64, u64)>,
    /// Those that owe, in the order in which they are to be told.
    by_debt: BTreeMap<u64, Arc<str>>,
    /// Numbers in order, for ages and debts.
    last: u64,
}

impl Default for Local {
    fn default() -> Self {
        Local::new(MAX_KEYS, MAX_BYTES)
    }
}

impl Local {
    /// Remembers so many keys in so much memory, and at least one.
    pub fn new(max: usize, max_bytes: usize) -> Self {
        let (entries, by_age, by_end, by_debt) = Default::default();
        Local { max: max.max(1), max_bytes, bytes: 0, entries, by_age, by_end, by_debt, last: 0 }
    }

    /// Decides as one of so many processes. What is above the share of a limit and not above the limit is refused with the time in which so many
    /// units come in anew: with Redis it can be allowed. `server_now` is for the answer only: all else here goes by the local clock.
    /// `owes`: whether Redis is to be told of what is allowed.
    pub fn decide(&mut self, plan: &Plan, instances: u32, now: u64, server_now: u64, owes: bool) -> Answer {
        let mut answer = Answer::default();
        let mut standings = Vec::new();
        let share = |named: &Named| (named.policy.share(instances), named.policy);
        let shares: Vec<Vec<_>> = plan.sets().iter().map(|set| set.policies.iter().map(share).collect()).collect();
        for group in plan.groups() {
            answer.group(0.0, server_now);
            let (name, mut entry) = self.unlist(group.key);
            let which: Vec<usize> = plan.sets()[group.set].policies.iter().map(|named| entry.slot(named)).collect();
            for ask in group.asks {
                let verdict = entry.decide(&which, &shares[group.set], *ask, now, owes, &mut standings);
                answer.caller(verdict, standings.drain(..));
            }
            self.list(name, entry, now);
        }
        answer
    }

    /// Takes units of a key as one of so many processes, whatever its limits say, or gives them back where they are negative.
    pub fn apply(&mut self, key: &str, policies: &[Named], units: i64, instances: u32, now: u64) {
        let (name, mut entry) = self.unlist(key);
        for named in policies {
            let index = entry.slot(named);
            entry.slots[index].apply(&named.policy.share(instances), &named.policy, units, now);
        }
        self.list(name, entry, now);
    }

    /// Forgets all that is known of a key.
    pub fn forget(&mut self, key: &str) {
        self.unlist(key);
    }

    /// Whether something may be owed; some of it may matter no longer.
    pub fn owes(&self) -> bool {
        !self.by_debt.is_empty()
    }

    /// Whether something may be owed at that time.
    pub fn owes_at(&self, now: u64) -> bool {
        self.owes() && self.by_end.last().is_some_and(|(end, _)| *end > now)
    }

    /// Takes what is owed of so many states or a few more, those that have waited the longest first. They limit as before.
    pub fn take_owed(&mut self, count: usize, now: u64) -> Vec<Owed> {
        let mut owed = Vec::new();
        while owed.len() < count {
            let Some((_, name)) = self.by_debt.pop_first() else { break };
            let Some(entry) = self.entries.get_mut(&name) else { continue };
            entry.debt = 0;
            owed.extend(entry.slots.iter_mut().filter_map(|slot| slot.take_owed(&name, now)));
        }
        owed
    }

    /// It could not be told, and is owed again, behind all others.
    pub fn owe_again(&mut self, owed: &Owed, now: u64) {
        let debt = self.next();
        let Some(entry) = self.entries.get_mut(&owed.key) else { return };
        if entry.owe_again(owed, now) {
            self.by_debt.remove(&entry.debt);
            entry.debt = debt;
            self.by_debt.insert(debt, owed.key.clone());
        }
    }

    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Takes a key out, with all that is known of it.
    fn unlist(&mut self, key: &str) -> (Arc<str>, Entry) {
        let Some((name, entry)) = self.entries.remove_entry(key) else { return (key.into(), Entry::default()) };
        self.by_age.remove(&entry.age);
        self.by_end.remove(&(entry.end, entry.age));
        self.by_debt.remove(&entry.debt);
        self.bytes -= entry.bytes;
        (name, entry)
    }

    fn list(&mut self, name: Arc<str>, mut entry: Entry, now: u64) {
        let Some(left) = entry.drop_spent(now) else { return };
        entry.bytes = entry.weight(&name);
        while !self.entries.is_empty() && (self.entries.len() >= self.max || self.bytes + entry.bytes > self.max_bytes)
        {
            self.forget_one(now);
        }
        entry.end = now.saturating_add(left);
        entry.age = self.next();
        // One that owed already keeps its place.
        entry.debt = match entry.debt {
            _ if !entry.owes() => 0,
            0 => self.next(),
            debt => debt,
        };
        self.bytes += entry.bytes;
        self.by_end.insert((entry.end, entry.age));
        self.by_age.insert(entry.age, name.clone());
        if entry.debt > 0 {
            self.by_debt.insert(entry.debt, name.clone());
        }
        self.entries.insert(name, entry);
    }

    fn forget_one(&mut self, now: u64) {
        let spent = self.by_end.first().filter(|(end, _)| *end <= now).map(|(_, age)| *age);
        let age = spent.or_else(|| self.by_age.first_key_value().map(|(age, _)| *age));
        if let Some(name) = age.and_then(|age| self.by_age.get(&age).cloned()) {
            self.unlist(&name);
        }
    }
}
