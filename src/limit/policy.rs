//! How many units of a key a policy allows. Values and arithmetic, no I/O and no clock: whoever asks tells the time, in whole ms.
//!
//! `lua/fixed.lua` and its siblings do the same arithmetic on the server. Everything is a whole number; what would be too large stays at the largest there is.

mod counter;
mod fixed;
mod gcra;
mod log;
#[cfg(test)]
mod tests;

use counter::Counter;
use fixed::Window;
use gcra::Debt;
use log::Log;

/// The numbers are those that cross from JavaScript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A window that begins with the first unit.
    FixedWindow = 0,
    /// Every unit counts for as long as the window is.
    SlidingWindow = 1,
    /// Two windows of the clock, of which the one before counts with its share.
    SlidingCounter = 2,
    /// A debt that drains: the generic cell rate algorithm (ITU-T I.371), which is the token bucket seen from the other side.
    Gcra = 3,
}

impl Kind {
    pub fn from_number(number: u64) -> Option<Self> {
        [Kind::FixedWindow, Kind::SlidingWindow, Kind::SlidingCounter, Kind::Gcra]
            .into_iter()
            .nth(number.try_into().ok()?)
    }
}

const MAX_LIMIT: u64 = 1 << 31;
const MAX_SPAN: u64 = 366 * 24 * 60 * 60 * 1000;
const MAX_RATE: u64 = 1 << 53;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub kind: Kind,
    /// Units a window; those of a full bucket.
    pub limit: u64,
    /// The length of the window in ms; what one unit adds to the debt. At least 1.
    pub span: u64,
    /// What drains from the debt in a ms. At least 1; windows do not use it.
    pub rate: u64,
}

impl Policy {
    pub fn new(kind: Kind, limit: u64, span: u64, rate: u64) -> Option<Self> {
        let is_sound = limit <= MAX_LIMIT && (1..=MAX_SPAN).contains(&span) && (1..=MAX_RATE).contains(&rate);
        is_sound.then_some(Policy { kind, limit, span, rate })
    }

    /// What one of so many processes may use. A limit that is too small to be divided is 1 for each of them; 0 stays 0.
    pub fn share(&self, instances: u32) -> Policy {
        let instances = u64::from(instances.max(1));
        let limit = (self.limit / instances).max(self.limit.min(1));
        // A unit that costs more drains more slowly, and a rate that is divided would not stay whole.
        let span = if self.kind == Kind::Gcra { self.span.saturating_mul(instances) } else { self.span };
        Policy { limit, span, ..*self }
    }

    /// In how many ms so many units come in anew.
    pub fn time_of(&self, units: u64) -> u64 {
        match self.kind {
            Kind::Gcra => clamp((u128::from(units) * u128::from(self.span)).div_ceil(self.rate.into())),
            _ => self.span,
        }
    }
}

/// When a cost fits if nothing else comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    Fits,
    /// In so many ms, and not sooner.
    After(u64),
    /// It is more than the limit.
    Never,
}

/// How a key stands under a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub retry: Retry,
    /// Units that fit now.
    pub remaining: u64,
    /// In how many ms all of the limit is there again if nothing else comes.
    pub reset: u64,
}

/// What has been taken of one key under one policy.
#[derive(Clone, Debug)]
pub enum State {
    Fixed(Window),
    Log(Log),
    Counter(Counter),
    Gcra(Debt),
}

/// How a kind counts. Of costs it is told those only that are not above the limit, and of units more than none.
trait Count {
    /// In how many ms the cost fits if nothing else comes; 0 if it does now.
    fn wait(&self, policy: &Policy, cost: u64, now: u64) -> u64;
    /// Units that count now, a part of one as a whole one.
    fn counted(&self, policy: &Policy, now: u64) -> u64;
    /// In how many ms nothing counts any more if nothing else comes.
    fn reset(&self, policy: &Policy, now: u64) -> u64;
    fn take(&mut self, policy: &Policy, units: u64, now: u64);
    fn give_back(&mut self, policy: &Policy, units: u64, now: u64);
}

impl State {
    pub fn new(kind: Kind) -> Self {
        match kind {
            Kind::FixedWindow => State::Fixed(Window::default()),
            Kind::SlidingWindow => State::Log(Log::default()),
            Kind::SlidingCounter => State::Counter(Counter::default()),
            Kind::Gcra => State::Gcra(Debt::default()),
        }
    }

    #[cfg(test)]
    pub fn kind(&self) -> Kind {
        match self {
            State::Fixed(_) => Kind::FixedWindow,
            State::Log(_) => Kind::SlidingWindow,
            State::Counter(_) => Kind::SlidingCounter,
            State::Gcra(_) => Kind::Gcra,
        }
    }

    pub fn standing(&self, policy: &Policy, cost: u64, now: u64) -> Standing {
        let retry = if cost > policy.limit {
            Retry::Never
        } else {
            match self.count().wait(policy, cost, now) {
                0 => Retry::Fits,
                ms => Retry::After(ms),
            }
        };
        let remaining = policy.limit.saturating_sub(self.counted(policy, now));
        Standing { retry, remaining, reset: self.reset(policy, now) }
    }

    /// Takes units, whatever the limit is.
    pub fn take(&mut self, policy: &Policy, units: u64, now: u64) {
        if units > 0 {
            self.count_mut().take(policy, units, now);
        }
    }

    /// Gives units back, and no more than count now.
    pub fn give_back(&mut self, policy: &Policy, units: u64, now: u64) {
        if units > 0 {
            self.count_mut().give_back(policy, units, now);
        }
    }

    /// Units that count now, a part of one as a whole one.
    pub fn counted(&self, policy: &Policy, now: u64) -> u64 {
        self.count().counted(policy, now)
    }

    /// In how many ms it is spent if nothing else comes.
    pub fn reset(&self, policy: &Policy, now: u64) -> u64 {
        self.count().reset(policy, now)
    }

    /// Whether it says no more than a new one, and may be forgotten.
    pub fn is_spent(&self, policy: &Policy, now: u64) -> bool {
        self.reset(policy, now) == 0
    }

    /// How much memory it takes beside itself.
    pub fn heap(&self) -> usize {
        match self {
            State::Log(log) => log.heap(),
            _ => 0,
        }
    }

    fn count(&self) -> &dyn Count {
        match self {
            State::Fixed(window) => window,
            State::Log(log) => log,
            State::Counter(counter) => counter,
            State::Gcra(debt) => debt,
        }
    }

    fn count_mut(&mut self) -> &mut dyn Count {
        match self {
            State::Fixed(window) => window,
            State::Log(log) => log,
            State::Counter(counter) => counter,
            State::Gcra(debt) => debt,
        }
    }
}

fn clamp(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}
