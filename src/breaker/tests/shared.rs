use crate::breaker::policy::{Evidence, State};
use crate::breaker::settings::{Rate, Settings};
use crate::breaker::shared::{Breaker, Entry, Stamp};
use std::time::{Duration, Instant};

/// So long that no test sees it pass.
const HOUR: Duration = Duration::from_secs(3600);

fn breaker(threshold: u32, open: Duration) -> Breaker {
    Breaker::new(Settings { threshold: Some(threshold), rate: None, open, probe: HOUR })
}

fn enter(breaker: &Breaker) -> Stamp {
    match breaker.enter() {
        Entry::Pass(stamp) | Entry::Turned(stamp) => stamp,
        Entry::Refused => panic!("refused"),
    }
}

/// The times of operations that follow one another.
struct Clock(Instant);

impl Clock {
    fn new() -> Self {
        Clock(Instant::now())
    }

    fn next(&mut self) -> (Instant, Instant) {
        (self.tick(), self.tick())
    }

    /// A time that is later than every one before.
    fn tick(&mut self) -> Instant {
        let before = self.0;
        while self.0 <= before {
            self.0 = Instant::now();
        }
        self.0
    }
}

fn run(breaker: &Breaker, clock: &mut Clock, evidence: Evidence) -> Option<State> {
    let (begun, ended) = clock.next();
    breaker.settle(enter(breaker), evidence, begun, ended)
}

#[test]
fn failures_in_a_row_open_it_and_what_comes_then_is_refused_and_counted() {
    let (breaker, mut clock) = (breaker(2, HOUR), Clock::new());
    for evidence in [Evidence::Failure, Evidence::Success, Evidence::Failure] {
        assert_eq!(run(&breaker, &mut clock, evidence), None);
    }
    assert_eq!(run(&breaker, &mut clock, Evidence::Failure), Some(State::Open));
    assert_eq!([breaker.enter(), breaker.enter()], [Entry::Refused; 2]);
    assert_eq!((breaker.state(), breaker.counts()), (State::Open, (1, 2)));
}

#[test]
fn operations_that_end_together_are_no_row_while_others_succeeded() {
    let (breaker, mut clock) = (breaker(2, HOUR), Clock::new());
    let slow: Vec<_> = (0..10).map(|_| enter(&breaker)).collect();
    let (begun, _) = clock.next();
    assert_eq!(run(&breaker, &mut clock, Evidence::Success), None);
    let (_, ended) = clock.next();
    for stamp in slow {
        assert_eq!(breaker.settle(stamp, Evidence::Failure, begun, ended), None);
    }
    assert_eq!(run(&breaker, &mut clock, Evidence::Failure), None);
    assert_eq!(run(&breaker, &mut clock, Evidence::Failure), Some(State::Open));
}

#[test]
fn with_a_rate_every_call_counts() {
    let rate = Some(Rate { share: 0.5, window: HOUR, minimum: 4 });
    let breaker = Breaker::new(Settings { threshold: None, rate, open: HOUR, probe: HOUR });
    let mut clock = Clock::new();
    let (begun, ended) = clock.next();
    for _ in 0..10 {
        assert_eq!(breaker.settle(breaker.observer(), Evidence::Success, begun, ended), None);
    }
    for evidence in [Evidence::Success, Evidence::Failure, Evidence::Success] {
        assert_eq!(run(&breaker, &mut clock, evidence), None);
    }
    assert_eq!(run(&breaker, &mut clock, Evidence::Failure), Some(State::Open));
}

#[test]
fn an_observer_passes_in_any_state_and_its_success_closes() {
    let (breaker, mut clock) = (breaker(1, HOUR), Clock::new());
    let early = breaker.observer();
    let (begun, ended) = clock.next();
    assert_eq!(breaker.settle(breaker.observer(), Evidence::Failure, begun, ended), None);
    assert_eq!(run(&breaker, &mut clock, Evidence::Failure), Some(State::Open));
    let observer = breaker.observer();
    let (begun, ended) = clock.next();
    assert_eq!(breaker.settle(early, Evidence::Success, begun, ended), None);
    assert_eq!(breaker.settle(observer, Evidence::Failure, begun, ended), None);
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(breaker.settle(observer, Evidence::Success, begun, ended), Some(State::Closed));
    assert!(matches!(breaker.enter(), Entry::Pass(_)));
}

#[test]
fn an_observer_that_fails_does_not_take_the_place_of_the_probe() {
    let (breaker, mut clock) = (breaker(1, Duration::ZERO), Clock::new());
    assert_eq!(run(&breaker, &mut clock, Evidence::Failure), Some(State::Open));
    assert!(matches!(breaker.enter(), Entry::Turned(_)));
    let (begun, ended) = clock.next();
    for evidence in [Evidence::Failure, Evidence::Nothing] {
        assert_eq!(breaker.settle(breaker.observer(), evidence, begun, ended), None);
    }
    assert_eq!(breaker.enter(), Entry::Refused);
}

#[test]
fn one_probe_decides() {
    let (breaker, mut clock) = (breaker(1, Duration::ZERO), Clock::new());
    assert_eq!(run(&breaker, &mut clock, Evidence::Failure), Some(State::Open));
    let Entry::Turned(probe) = breaker.enter() else { panic!("no probe") };
    assert_eq!((breaker.enter(), breaker.state()), (Entry::Refused, State::HalfOpen));
    let (begun, ended) = clock.next();
    assert_eq!(breaker.settle(probe, Evidence::Nothing, begun, ended), None);
    let Entry::Pass(probe) = breaker.enter() else { panic!("no second probe") };
    assert_eq!(breaker.settle(probe, Evidence::Success, begun, ended), Some(State::Closed));
    assert!(matches!(breaker.enter(), Entry::Pass(_)));
}

#[test]
fn it_can_be_closed_from_outside() {
    let (breaker, mut clock) = (breaker(1, HOUR), Clock::new());
    assert_eq!(breaker.close(), None);
    let late = enter(&breaker);
    run(&breaker, &mut clock, Evidence::Failure);
    assert_eq!(breaker.close(), Some(State::Closed));
    let (begun, ended) = clock.next();
    assert_eq!(breaker.settle(late, Evidence::Failure, begun, ended), None);
    assert_eq!(breaker.state(), State::Closed);
}
