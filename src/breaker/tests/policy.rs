use crate::breaker::policy::{Evidence, Permit, Policy, State};
use crate::breaker::settings::{Rate, Settings};
use proptest::prelude::*;
use std::time::Duration;

const OPEN: u64 = 1000;
const PROBE: u64 = 2000;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn policy(threshold: Option<u32>, rate: Option<Rate>) -> Policy {
    Policy::new(Settings { threshold, rate, open: ms(OPEN), probe: ms(PROBE) }, fastrand::Rng::with_seed(7))
}

fn rated(share: f64, minimum: u32) -> Policy {
    policy(None, Some(Rate { share, window: ms(10_000), minimum }))
}

/// Begins an operation that must be let through, and ends it at once.
fn run(policy: &mut Policy, evidence: Evidence, now: u64) -> Option<State> {
    let permit = policy.permit(ms(now)).expect("let through");
    policy.settle(permit.generation, evidence, ms(now))
}

fn opened() -> Policy {
    let mut policy = policy(Some(1), None);
    assert_eq!(run(&mut policy, Evidence::Failure, 0), Some(State::Open));
    policy
}

#[test]
fn failures_in_a_row_open_it() {
    let mut policy = policy(Some(3), None);
    for evidence in [Evidence::Failure, Evidence::Failure, Evidence::Success, Evidence::Failure, Evidence::Failure] {
        assert_eq!(run(&mut policy, evidence, 0), None);
    }
    assert_eq!(run(&mut policy, Evidence::LoneFailure, 0), None);
    assert_eq!(run(&mut policy, Evidence::Nothing, 0), None);
    assert_eq!(run(&mut policy, Evidence::Failure, 0), Some(State::Open));
    assert_eq!(policy.state(ms(0)), State::Open);
}

#[test]
fn a_rate_opens_it_once_there_are_calls_enough() {
    let mut policy = rated(0.5, 4);
    for evidence in [Evidence::Failure, Evidence::Failure, Evidence::Success] {
        assert_eq!(run(&mut policy, evidence, 0), None);
    }
    assert_eq!(run(&mut policy, Evidence::LoneFailure, 0), Some(State::Open));
}

#[test]
fn a_rate_below_its_share_never_opens_it() {
    let mut policy = rated(0.5, 4);
    for now in 0..1000 {
        let evidence = if now % 5 < 2 { Evidence::Failure } else { Evidence::Success };
        // The first few are a share of their own.
        let evidence = if now < 5 { Evidence::Success } else { evidence };
        assert_eq!(run(&mut policy, evidence, now), None, "at {now}");
    }
}

#[test]
fn failures_older_than_the_window_count_no_more() {
    let mut policy = rated(0.5, 4);
    for now in [0, 0, 0, 10_000] {
        assert_eq!(run(&mut policy, Evidence::Failure, now), None);
    }
    assert_eq!(run(&mut policy, Evidence::Failure, 10_001), None);
}

#[test]
fn a_row_and_a_rate_open_it_whichever_comes_first() {
    let mut policy = policy(Some(2), Some(Rate { share: 1.0, window: ms(10_000), minimum: 100 }));
    assert_eq!(run(&mut policy, Evidence::Failure, 0), None);
    assert_eq!(run(&mut policy, Evidence::Failure, 0), Some(State::Open));
}

#[test]
fn it_stays_open_for_four_fifths_of_its_time_at_least_and_not_longer_than_all_of_it() {
    let mut policy = opened();
    assert_eq!(policy.permit(ms(OPEN * 4 / 5 - 1)), None);
    assert_eq!(policy.state(ms(OPEN)), State::HalfOpen);
    assert!(policy.permit(ms(OPEN)).is_some_and(|permit| permit.turned));
}

#[test]
fn breakers_that_opened_together_do_not_probe_in_step() {
    let first_probe = |seed| {
        let settings = Settings { threshold: Some(1), rate: None, open: ms(OPEN), probe: ms(PROBE) };
        let mut policy = Policy::new(settings, fastrand::Rng::with_seed(seed));
        run(&mut policy, Evidence::Failure, 0);
        (0..=OPEN).find(|now| policy.state(ms(*now)) == State::HalfOpen).expect("it probes")
    };
    let mut times: Vec<_> = (0..50).map(first_probe).collect();
    times.sort_unstable();
    assert!(times[49] - times[0] > OPEN / 10, "{times:?}");
}

#[test]
fn one_probe_passes_and_its_success_closes() {
    let mut policy = opened();
    let probe = policy.permit(ms(OPEN)).expect("a probe");
    assert_eq!(policy.permit(ms(OPEN)), None);
    assert_eq!(policy.permit(ms(OPEN + PROBE - 1)), None);
    assert_eq!(policy.settle(probe.generation, Evidence::Success, ms(OPEN + 5)), Some(State::Closed));
    assert!(policy.permit(ms(OPEN + 5)).is_some_and(|permit| !permit.turned));
}

#[test]
fn a_probe_that_fails_opens_it_again() {
    let mut policy = opened();
    let probe = policy.permit(ms(OPEN)).expect("a probe");
    assert_eq!(policy.settle(probe.generation, Evidence::Failure, ms(OPEN + 5)), Some(State::Open));
    assert_eq!(policy.permit(ms(OPEN + 5)), None);
    assert!(policy.permit(ms(2 * OPEN + 5)).is_some());
}

#[test]
fn a_probe_that_says_nothing_makes_room_for_the_next() {
    let mut policy = opened();
    let probe = policy.permit(ms(OPEN)).expect("a probe");
    assert_eq!(policy.settle(probe.generation, Evidence::Nothing, ms(OPEN)), None);
    assert_eq!(policy.permit(ms(OPEN)), Some(Permit { generation: probe.generation, turned: false }));
}

#[test]
fn a_probe_that_never_ends_makes_room_for_the_next() {
    let mut policy = opened();
    let first = policy.permit(ms(OPEN)).expect("a probe");
    let second = policy.permit(ms(OPEN + PROBE)).expect("another");
    assert!(!second.turned);
    assert_eq!(policy.permit(ms(OPEN + PROBE)), None);
    assert_eq!(policy.settle(first.generation, Evidence::Success, ms(OPEN + PROBE)), Some(State::Closed));
}

#[test]
fn operations_of_an_earlier_state_say_nothing_of_this_one() {
    let mut policy = policy(Some(1), None);
    let [first, slow, slower] = [(); 3].map(|()| policy.permit(ms(0)).expect("closed").generation);
    assert_eq!(policy.settle(first, Evidence::Failure, ms(0)), Some(State::Open));
    assert_eq!(policy.settle(slow, Evidence::Success, ms(10)), None);
    assert_eq!(policy.state(ms(10)), State::Open);
    assert_eq!(policy.settle(slower, Evidence::Failure, ms(OPEN - 1)), None);
    assert!(policy.permit(ms(OPEN)).is_some(), "the time that it stays open has not grown");
    assert_eq!(policy.settle(slow, Evidence::Failure, ms(OPEN)), None);
    assert_eq!(policy.close(), Some(State::Closed));
    assert_eq!(policy.settle(slow, Evidence::Failure, ms(OPEN)), None);
    assert_eq!(policy.state(ms(OPEN)), State::Closed);
}

#[test]
fn it_can_be_closed_from_outside_once() {
    let mut policy = opened();
    assert_eq!(policy.close(), Some(State::Closed));
    assert_eq!(policy.close(), None);
    assert_eq!(run(&mut policy, Evidence::Success, 0), None);
}

#[derive(Clone, Debug)]
enum Step {
    Begin,
    /// One of those that run, by its place.
    End(usize, Evidence),
    Close,
    Pause(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let evidence = prop::sample::select(vec![
        Evidence::Success,
        Evidence::Failure,
        Evidence::Failure,
        Evidence::LoneFailure,
        Evidence::Nothing,
    ]);
    prop_oneof![
        4 => Just(Step::Begin),
        4 => (any::<usize>(), evidence).prop_map(|(which, evidence)| Step::End(which, evidence)),
        1 => Just(Step::Close),
        2 => (0u64..1500).prop_map(Step::Pause),
    ]
}

proptest! {
    /// Whatever happens: nothing passes while it is open, one probe at a time while it is half-open, and it is never stuck.
    #[test]
    fn it_keeps_its_promises(steps in prop::collection::vec(step(), 0..200), has_rate in any::<bool>()) {
        let rate = Rate { share: 0.5, window: ms(1000), minimum: 3 };
        let mut policy = policy(Some(3), has_rate.then_some(rate));
        let mut now = 0;
        let mut running: Vec<u32> = Vec::new();
        let mut probe: Option<(u32, u64)> = None;
        for step in steps {
            match step {
                Step::Pause(pause) => now += pause,
                Step::Close => drop(policy.close()),
                Step::Begin => {
                    let before = policy.state(ms(now));
                    let permit = policy.permit(ms(now));
                    match before {
                        State::Closed => prop_assert!(permit.is_some()),
                        State::Open => prop_assert_eq!(permit, None),
                        State::HalfOpen => {
                            if let (Some(permit), Some((generation, since))) = (permit, probe) {
                                prop_assert!(permit.generation != generation || now - since >= PROBE, "two probes");
                            }
                            probe = permit.map(|permit| (permit.generation, now)).or(probe);
                        }
                    }
                    running.extend(permit.map(|permit| permit.generation));
                }
                Step::End(which, evidence) if !running.is_empty() => {
                    let generation = running.swap_remove(which % running.len());
                    let before = policy.state(ms(now));
                    let is_stale = generation != policy.generation();
                    let turned = policy.settle(generation, evidence, ms(now));
                    prop_assert!(!is_stale || turned.is_none());
                    prop_assert_eq!(policy.state(ms(now)), turned.unwrap_or(before));
                    if !is_stale && evidence == Evidence::Nothing {
                        probe = None;
                    }
                }
                Step::End(..) => {}
            }
        }
        prop_assert!(policy.permit(ms(now + OPEN.max(PROBE))).is_some());
    }

    /// Without a row of failures as long as the threshold it stays closed, and with one it opens.
    #[test]
    fn a_row_is_counted_as_a_list_would(outcomes in prop::collection::vec(any::<bool>(), 0..100), threshold in 1u32..5) {
        let mut policy = policy(Some(threshold), None);
        let mut row = 0;
        for failed in outcomes {
            row = if failed { row + 1 } else { 0 };
            let evidence = if failed { Evidence::Failure } else { Evidence::Success };
            let turned = run(&mut policy, evidence, 0);
            prop_assert_eq!(turned, (row == threshold).then_some(State::Open));
            if turned.is_some() {
                break;
            }
        }
    }
}
