//! Keys that are known to be refused for a while, by all threads of the process.

use super::plan::{Ask, Group, Named};
use bytes::Bytes;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a refusal is taken on trust at most: in another process the key may have been set free.
const TRUSTED: Duration = Duration::from_secs(1);
/// How many keys are remembered at most.
const MOST: usize = 65_536;
/// Longer keys are always asked for, so that nobody fills the memory with them.
const LONGEST: usize = 512;
/// With each key that comes so many are looked at whether they can leave.
const SWEPT: usize = 2;

/// What a caller was told: whether it was refused or blocked, and the numbers of each policy.
struct Refusal {
    policies: Arc<[Named]>,
    ask: Ask,
    told: Box<[f64]>,
    at: Instant,
    until: Instant,
}

/// By the key of the block, which stands for the id.
#[derive(Default)]
pub struct Refused {
    known: HashMap<Bytes, Refusal>,
    /// The same keys, each once, in the order in which they are to be looked at.
    queue: VecDeque<Bytes>,
}

impl Refused {
    /// Tells each caller of a group what is known, so that the server need not be asked; whether they are known to be refused.
    pub fn tell(
        &self,
        key: &Bytes,
        group: &Group<'_>,
        policies: &[Named],
        now: Instant,
        numbers: &mut Vec<f64>,
    ) -> bool {
        let Some(refusal) = self.known.get(key).filter(|refusal| refusal.until > now) else { return false };
        if *refusal.policies != *policies || group.asks.iter().any(|ask| *ask != refusal.ask) {
            return false;
        }
        let passed = now.duration_since(refusal.at).as_millis() as f64;
        let sooner = |ms: f64| if ms > 0.0 { (ms - passed).max(1.0) } else { ms };
        let Some((verdict, each)) = refusal.told.split_first() else { return false };
        for _ in group.asks {
            numbers.push(*verdict);
            for standing in each.chunks_exact(3) {
                numbers.extend([standing[0], sooner(standing[1]), sooner(standing[2])]);
            }
        }
        true
    }

    /// A caller was told this.
    pub fn learn(&mut self, key: &Bytes, policies: &Arc<[Named]>, ask: Ask, told: &[f64], now: Instant) {
        let [verdict, each @ ..] = told else { return };
        // Who only looked, or was allowed, or asked for a key of somebody else's, says nothing of the next.
        if key.len() > LONGEST || !ask.takes || !matches!(*verdict, 0.0 | -1.0) {
            return;
        }
        // What each policy says by itself holds no longer than it said.
        let retries = each.chunks_exact(3).map(|standing| standing[1]).filter(|retry| *retry > 0.0);
        let Some(retry) = retries.min_by(f64::total_cmp) else { return };
        let until = now + TRUSTED.min(Duration::from_millis(retry as u64));
        let refusal = Refusal { policies: policies.clone(), ask, told: told.into(), at: now, until };
        if let Some(known) = self.known.get_mut(key) {
            *known = refusal;
        } else {
            // It may be a part of something larger, which would be kept with it.
            let key = Bytes::copy_from_slice(key);
            self.known.insert(key.clone(), refusal);
            self.queue.push_back(key);
            self.sweep(now);
        }
    }

    /// It stays in its place until that is looked at.
    pub fn forget(&mut self, key: &Bytes) {
        if let Some(refusal) = self.known.get_mut(key) {
            refusal.until = refusal.at;
        }
    }

    /// Looks at those that were not looked at for the longest, so that what is over leaves in the course of as many more keys as there are.
    fn sweep(&mut self, now: Instant) {
        for _ in 0..SWEPT {
            let Some(key) = self.queue.pop_front() else { return };
            let is_over = self.known.get(&key).is_none_or(|refusal| refusal.until <= now);
            if is_over || self.queue.len() >= MOST {
                self.known.remove(&key);
            } else {
                self.queue.push_back(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::plan::Plan;

    const ASK: Ask = Ask { cost: 1, takes: true };
    /// Refused for half a second by a policy.
    const TOLD: [f64; 4] = [0.0, 0.0, 500.0, 900.0];

    fn plan() -> Plan {
        Plan::read(&[1.0, 1.0, 0.0, 10.0, 1000.0, 1.0, 1.0, 2.0, 1.0, 1.0], "f:1000", "a").expect("sound")
    }

    fn learn(refused: &mut Refused, key: &Bytes, now: Instant) {
        refused.learn(key, &plan().sets()[0].policies, ASK, &TOLD, now);
    }

    fn told(refused: &Refused, key: &Bytes, now: Instant) -> Vec<f64> {
        let (plan, mut numbers) = (plan(), vec![]);
        let is_told = refused.tell(key, &plan.group(0), &plan.sets()[0].policies, now, &mut numbers);
        assert_eq!(is_told, !numbers.is_empty());
        numbers
    }

    fn key(number: usize) -> Bytes {
        number.to_string().into()
    }

    #[test]
    fn a_refusal_is_told_to_each_caller_until_it_is_over_or_forgotten() {
        let (mut refused, now) = (Refused::default(), Instant::now());
        let after = |ms| now + Duration::from_millis(ms);
        assert!(told(&refused, &key(1), now).is_empty());
        learn(&mut refused, &key(1), now);
        assert_eq!(told(&refused, &key(1), after(100)), [0.0, 0.0, 400.0, 800.0, 0.0, 0.0, 400.0, 800.0]);
        assert!(told(&refused, &key(1), after(500)).is_empty());
        learn(&mut refused, &key(1), after(500));
        refused.forget(&key(1));
        assert!(told(&refused, &key(1), after(501)).is_empty());
        learn(&mut refused, &key(1), after(502));
        assert!(!told(&refused, &key(1), after(503)).is_empty());
        assert_eq!((refused.known.len(), refused.queue.len()), (1, 1));
    }

    #[test]
    fn what_is_over_leaves_while_others_come() {
        let (mut refused, now) = (Refused::default(), Instant::now());
        for number in 0..1000 {
            learn(&mut refused, &key(number), now);
        }
        assert_eq!(refused.known.len(), 1000);
        for number in 1000..2000 {
            learn(&mut refused, &key(number), now + Duration::from_millis(600));
        }
        assert_eq!((refused.known.len(), refused.queue.len()), (1000, 1000));
    }

    #[test]
    fn neither_more_keys_than_it_may_are_remembered_nor_long_ones() {
        let (mut refused, now) = (Refused::default(), Instant::now());
        learn(&mut refused, &Bytes::from(vec![b'a'; LONGEST + 1]), now);
        assert!(refused.known.is_empty());
        for number in 0..MOST + 1000 {
            learn(&mut refused, &key(number), now);
        }
        assert_eq!((refused.known.len(), refused.queue.len()), (MOST, MOST));
        assert!(!told(&refused, &key(MOST + 999), now).is_empty(), "the last one is known");
    }
}
