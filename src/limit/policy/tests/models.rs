//! The kinds by their definitions: a plain list of what happened, which every question goes through from the beginning.

use crate::limit::policy::{Kind, Policy};

pub struct Model {
    policy: Policy,
    /// When, and how many units: negative ones were given back.
    events: Vec<(u64, i128)>,
}

impl Model {
    pub fn new(policy: Policy) -> Self {
        Model { policy, events: Vec::new() }
    }

    pub fn take(&mut self, units: u64, now: u64) {
        self.events.push((now, units.into()));
    }

    pub fn give_back(&mut self, units: u64, now: u64) {
        self.events.push((now, -i128::from(units)));
    }

    /// How much counts, in units and 1 / `scale` of them.
    pub fn used(&self, now: u64) -> i128 {
        match self.policy.kind {
            Kind::FixedWindow => self.window(now).map_or(0, |(_, used)| used),
            Kind::SlidingWindow => self.log(now).iter().map(|(_, units)| units).sum(),
            Kind::SlidingCounter => {
                let span = self.policy.span;
                let before = (now / span).checked_sub(1).map_or(0, |which| self.in_window(which));
                before * i128::from(span - now % span) + self.in_window(now / span) * self.scale()
            }
            Kind::Gcra => self.debt(now),
        }
    }

    pub fn scale(&self) -> i128 {
        match self.policy.kind {
            Kind::FixedWindow | Kind::SlidingWindow => 1,
            Kind::SlidingCounter | Kind::Gcra => self.policy.span.into(),
        }
    }

    pub fn fits(&self, cost: u64, now: u64) -> bool {
        self.used(now) + i128::from(cost) * self.scale() <= i128::from(self.policy.limit) * self.scale()
    }

    pub fn remaining(&self, now: u64) -> u64 {
        let left = i128::from(self.policy.limit) * self.scale() - self.used(now);
        left.div_euclid(self.scale()).max(0).try_into().unwrap()
    }

    /// Whether a fixed window is open, be it that all was given back.
    pub fn is_open(&self, now: u64) -> bool {
        self.policy.kind == Kind::FixedWindow && self.window(now).is_some()
    }

    /// When the window began that is open, and what was used of it.
    fn window(&self, now: u64) -> Option<(u64, i128)> {
        let mut open: Option<(u64, i128)> = None;
        for (at, units) in &self.events {
            open = open.filter(|(begin, _)| *at < begin + self.policy.span);
            open = match open {
                Some((begin, used)) => Some((begin, (used + units).max(0))),
                None => (*units > 0).then_some((*at, *units)),
            };
        }
        open.filter(|(begin, _)| now < begin + self.policy.span)
    }

    /// What is in the log, one entry a unit or many.
    fn log(&self, now: u64) -> Vec<(u64, i128)> {
        let mut log: Vec<(u64, i128)> = Vec::new();
        let counts = |at: u64, now: u64| now < at + self.policy.span;
        for (at, units) in &self.events {
            log.retain(|(taken, _)| counts(*taken, *at));
            let mut back = -units;
            if *units > 0 {
                log.push((*at, *units));
            }
            while back > 0 {
                let Some((_, newest)) = log.last_mut() else { break };
                let part = back.min(*newest);
                *newest -= part;
                back -= part;
                if *newest == 0 {
                    log.pop();
                }
            }
        }
        log.retain(|(taken, _)| counts(*taken, now));
        log
    }

    fn in_window(&self, which: u64) -> i128 {
        let inside = self.events.iter().filter(|(at, _)| at / self.policy.span == which);
        inside.fold(0, |count, (_, units)| (count + units).max(0))
    }

    fn debt(&self, now: u64) -> i128 {
        let drained = |debt: i128, ms: u64| (debt - i128::from(ms) * i128::from(self.policy.rate)).max(0);
        let (debt, last) = self.events.iter().fold((0, 0), |(debt, last), (at, units)| {
            ((drained(debt, at - last) + units * i128::from(self.policy.span)).max(0), *at)
        });
        drained(debt, now - last)
    }
}
