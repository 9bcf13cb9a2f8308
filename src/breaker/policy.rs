//! When a circuit opens, probes and closes: a plain value that is told the time.
//!
//! The three states are those of Nygard's "Release It!" (2007) and Fowler's "CircuitBreaker" (2014).

use super::settings::Settings;
use super::window::Window;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Everything passes.
    Closed,
    /// Nothing passes.
    Open,
    /// One probe passes, and its outcome decides.
    HalfOpen,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            State::Closed => "closed",
            State::Open => "open",
            State::HalfOpen => "half-open",
        }
    }
}

/// What the end of an operation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    Success,
    Failure,
    /// It failed, but others have succeeded since it began: it counts for the rate, and for no row.
    LoneFailure,
    /// Nothing: it was cancelled, or failed for a reason of its own.
    Nothing,
}

/// Generations have 31 bits, so that whoever carries one has a bit to spare.
const GENERATIONS: u32 = u32::MAX >> 1;

/// Leave for one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    /// To be shown with the outcome. What began in an earlier state says nothing of this one.
    pub generation: u32,
    /// Whether this operation made the circuit half-open.
    pub turned: bool,
}

#[derive(Debug)]
enum Phase {
    Closed { in_row: u32, window: Option<Window> },
    Open { until: Duration },
    HalfOpen { probing_until: Option<Duration> },
}

/// Times are spans since any one moment that never goes back.
#[derive(Debug)]
pub struct Policy {
    settings: Settings,
    random: fastrand::Rng,
    /// Grows with every change of state.
    generation: u32,
    phase: Phase,
}

fn closed(settings: &Settings) -> Phase {
    Phase::Closed { in_row: 0, window: settings.rate.map(|rate| Window::new(rate.window)) }
}

impl Policy {
    pub fn new(settings: Settings, random: fastrand::Rng) -> Self {
        Policy { phase: closed(&settings), settings, random, generation: 0 }
    }

    pub fn generation(&self) -> u32 {
        self.generation
    }

    pub fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed { .. })
    }

    /// An open circuit whose time has passed is half-open, though nobody has probed yet.
    pub fn state(&self, now: Duration) -> State {
        match self.phase {
            Phase::Closed { .. } => State::Closed,
            Phase::Open { until } if now < until => State::Open,
            Phase::Open { .. } | Phase::HalfOpen { .. } => State::HalfOpen,
        }
    }

    /// Asks whether an operation may begin.
    pub fn permit(&mut self, now: Duration) -> Option<Permit> {
        let probing_until = Some(now + self.settings.probe);
        let turned = match self.phase {
            Phase::Closed { .. } => false,
            Phase::Open { until } if now < until => return None,
            Phase::HalfOpen { probing_until: Some(until) } if now < until => return None,
            Phase::Open { .. } => {
                self.enter(Phase::HalfOpen { probing_until });
                true
            }
            Phase::HalfOpen { .. } => {
                self.phase = Phase::HalfOpen { probing_until };
                false
            }
        };
        Some(Permit { generation: self.generation, turned })
    }

    /// Tells how an operation ended, and which state that brought about.
    pub fn settle(&mut self, generation: u32, evidence: Evidence, now: Duration) -> Option<State> {
        if generation != self.generation {
            return None;
        }
        match (&mut self.phase, evidence) {
            (Phase::Closed { .. }, Evidence::Nothing) => None,
            (Phase::Closed { in_row, window }, _) => {
                let failed = evidence != Evidence::Success;
                match evidence {
                    Evidence::Success => *in_row = 0,
                    Evidence::Failure => *in_row = in_row.saturating_add(1),
                    Evidence::LoneFailure | Evidence::Nothing => {}
                }
                if let Some(window) = window {
                    window.count(now, failed);
                }
                (failed && self.is_too_much(now)).then(|| self.open(now))
            }
            (_, Evidence::Success) => self.close(),
            (Phase::HalfOpen { .. }, Evidence::Failure | Evidence::LoneFailure) => Some(self.open(now)),
            (Phase::HalfOpen { probing_until }, Evidence::Nothing) => {
                *probing_until = None;
                None
            }
            (Phase::Open { .. }, _) => None,
        }
    }

    /// Closes it, because what it guards is known to be well again.
    pub fn close(&mut self) -> Option<State> {
        if self.is_closed() {
            return None;
        }
        self.enter(closed(&self.settings));
        Some(State::Closed)
    }

    fn open(&mut self, now: Duration) -> State {
        let until = now + self.settings.open.mul_f64(0.8 + 0.2 * self.random.f64());
        self.enter(Phase::Open { until });
        State::Open
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.generation = self.generation.wrapping_add(1) & GENERATIONS;
    }

    fn is_too_much(&self, now: Duration) -> bool {
        let Phase::Closed { in_row, window } = &self.phase else { return false };
        let is_row = self.settings.threshold.is_some_and(|threshold| *in_row >= threshold);
        let is_rate = self.settings.rate.zip(window.as_ref()).is_some_and(|(rate, window)| {
            let (calls, failures) = window.sum(now);
            calls >= rate.minimum.into() && failures as f64 / calls as f64 >= rate.share
        });
        is_row || is_rate
    }
}
