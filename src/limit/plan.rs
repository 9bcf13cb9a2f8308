//! What is to be decided, as it crosses from JavaScript, and the answer, as it crosses back.

#[cfg(test)]
mod tests;

use super::policy::{Kind, Policy, Retry, Standing};
use bytes::Bytes;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// The largest cost: whole numbers cross exactly up to it.
const MAX_COST: f64 = (1u64 << 53) as f64;

/// A policy, and what the keys that are counted by it end in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub policy: Policy,
    pub suffix: String,
}

/// Policies of which all must allow a cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// At least one. Whoever is refused by them is remembered with them.
    pub policies: Arc<[Named]>,
    /// Which groups it decides.
    pub groups: Range<usize>,
}

/// What a caller asks for. As text it is as it crosses: negative where nothing is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    pub cost: u64,
    pub takes: bool,
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.takes || self.cost == 0 { "" } else { "-" })?;
        self.cost.fmt(f)
    }
}

/// The callers of one key, in the order of their coming.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// Which set decides it.
    pub set: usize,
    pub key: &'a str,
    pub asks: &'a [Ask],
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    set: usize,
    key: Range<usize>,
    asks: Range<usize>,
}

/// What is to be decided together: those of one set one after the other, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    sets: Vec<Set>,
    groups: Vec<Parts>,
    keys: String,
    asks: Vec<Ask>,
}

/// Whatever is claimed, nothing is allotted before it was read.
struct Numbers<'a>(std::slice::Iter<'a, f64>);

impl Numbers<'_> {
    fn signed(&mut self) -> Option<f64> {
        self.0.next().copied().filter(|number| number.fract() == 0.0 && number.abs() <= MAX_COST)
    }

    fn whole(&mut self) -> Option<u64> {
        self.signed().filter(|number| *number >= 0.0).map(|number| number as u64)
    }

    fn policy(&mut self) -> Option<Policy> {
        Policy::new(Kind::from_number(self.whole()?)?, self.whole()?, self.whole()?, self.whole()?)
    }

    /// How many, and what each is. At least one.
    fn policies<'a>(&mut self, names: &mut impl Iterator<Item = (Range<usize>, &'a str)>) -> Option<Vec<Named>> {
        let mut policies = Vec::new();
        for _ in 0..self.whole()? {
            let suffix = names.next()?.1.to_owned();
            policies.push(Named { policy: self.policy()?, suffix });
        }
        (!policies.is_empty()).then_some(policies)
    }

    fn ask(&mut self) -> Option<Ask> {
        self.signed().map(|number| Ask { cost: number.abs() as u64, takes: number > 0.0 })
    }
}

/// Policies by themselves, as those of a set in a plan.
pub fn policies(numbers: &[f64], names: &str) -> Option<Vec<Named>> {
    let (mut numbers, mut names) = (Numbers(numbers.iter()), pieces(names));
    let policies = numbers.policies(&mut names)?;
    (numbers.0.next().is_none() && names.next().is_none()).then_some(policies)
}

/// Policies as scripts take them.
pub fn arguments<'a>(policies: impl ExactSizeIterator<Item = &'a Policy>) -> Vec<Bytes> {
    let mut args = Vec::with_capacity(1 + 4 * policies.len());
    args.push(policies.len().to_string().into());
    for Policy { kind, limit, span, rate } in policies {
        args.extend([*kind as u64, *limit, *span, *rate].map(|number| Bytes::from(number.to_string())));
    }
    args
}

impl Plan {
    /// Reads `[sets, then for each: policies, (kind, limit, span, rate) of each, groups, then for each: callers, cost of each]`, the suffixes of all
    /// policies and the keys of all groups with a NUL between two. A cost of 0 takes nothing, and neither does a negative one. `None` for anything
    /// else, also for a key of which nobody asks.
    pub fn read(numbers: &[f64], names: &str, keys: &str) -> Option<Plan> {
        let mut numbers = Numbers(numbers.iter());
        let mut names = pieces(names);
        let mut spans = pieces(keys);
        let mut plan = Plan { sets: Vec::new(), groups: Vec::new(), keys: keys.to_owned(), asks: Vec::new() };
        for set in 0..numbers.whole()? as usize {
            let policies = numbers.policies(&mut names)?;
            let first = plan.groups.len();
            for _ in 0..numbers.whole()? {
                let begin = plan.asks.len();
                for _ in 0..numbers.whole()? {
                    plan.asks.push(numbers.ask()?);
                }
                // Nobody who asks would be written as costs that are not told.
                if plan.asks.len() == begin {
                    return None;
                }
                plan.groups.push(Parts { set, key: spans.next()?.0, asks: begin..plan.asks.len() });
            }
            plan.sets.push(Set { policies: policies.into(), groups: first..plan.groups.len() });
        }
        let is_all = numbers.0.next().is_none()
            && is_read(names, plan.sets.is_empty())
            && is_read(spans, plan.groups.is_empty());
        is_all.then_some(plan)
    }

    pub fn sets(&self) -> &[Set] {
        &self.sets
    }

    /// In the order of the sets.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = Group<'_>> {
        (0..self.groups.len()).map(|place| self.group(place))
    }

    /// One of them, by its place.
    pub fn group(&self, place: usize) -> Group<'_> {
        let Parts { set, key, asks } = &self.groups[place];
        Group { set: *set, key: &self.keys[key.clone()], asks: &self.asks[asks.clone()] }
    }
}

/// The pieces between NULs, with where they are.
fn pieces(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    text.split('\0').scan(0, |begin, piece| {
        let range = *begin..*begin + piece.len();
        *begin = range.end + 1;
        Some((range, piece))
    })
}

/// Whether nothing is left. Where nothing was to be read, an empty text is not a piece.
fn is_read<'a>(mut pieces: impl Iterator<Item = (Range<usize>, &'a str)>, is_none: bool) -> bool {
    match pieces.next() {
        None => true,
        Some((_, piece)) => is_none && piece.is_empty() && pieces.next().is_none(),
    }
}

/// What a caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    Refused,
    /// Nobody could say: the fallback has to.
    Undecided,
}

/// Numbers as they cross to JavaScript: for each group its mark and the time, then for each of its callers the verdict, and for each policy what is
/// left, when the cost fits, and when all is there again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    numbers: Vec<f64>,
}

impl Answer {
    /// Begins a group. `now` is in ms since 1970, on the clock of the server that was asked.
    pub fn group(&mut self, mark: f64, now: u64) {
        self.numbers.extend([mark, now as f64]);
    }

    /// Tells the next caller of the group, with a standing for each policy of its set.
    pub fn caller(&mut self, verdict: Verdict, standings: impl IntoIterator<Item = Standing>) {
        self.numbers.push(match verdict {
            Verdict::Allowed => 1.0,
            Verdict::Refused => 0.0,
            Verdict::Undecided => -2.0,
        });
        for Standing { retry, remaining, reset } in standings {
            let retry = match retry {
                Retry::Fits => 0.0,
                Retry::After(ms) => ms as f64,
                Retry::Never => -1.0,
            };
            self.numbers.extend([remaining as f64, retry, reset as f64]);
        }
    }

    /// Tells the callers of the group what the server has said of them.
    pub fn told(&mut self, numbers: &[f64]) {
        self.numbers.extend_from_slice(numbers);
    }

    /// Tells the next caller that nothing was decided.
    pub fn undecided(&mut self, policies: usize) {
        let standing = Standing { retry: Retry::Fits, remaining: 0, reset: 0 };
        self.caller(Verdict::Undecided, std::iter::repeat_n(standing, policies));
    }

    #[cfg(test)]
    pub fn numbers(&self) -> &[f64] {
        &self.numbers
    }

    pub fn into_bytes(self) -> Bytes {
        to_bytes(&self.numbers)
    }
}

/// Numbers as the memory of a `Float64Array`.
pub fn to_bytes(numbers: &[f64]) -> Bytes {
    numbers.iter().flat_map(|number| number.to_ne_bytes()).collect()
}
