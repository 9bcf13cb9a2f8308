mod models;

use super::{Kind, MAX_LIMIT, MAX_RATE, MAX_SPAN, Policy, Retry, Standing, State};
use models::Model;
use proptest::prelude::*;
use std::fmt;

const KINDS: [Kind; 4] = [Kind::FixedWindow, Kind::SlidingWindow, Kind::SlidingCounter, Kind::Gcra];

/// A key with a clock that stands until it is moved.
struct Key {
    policy: Policy,
    state: State,
    now: u64,
}

impl Key {
    fn new(kind: Kind, limit: u64, span: u64, rate: u64) -> Self {
        let policy = Policy::new(kind, limit, span, rate).expect("sound");
        Key { policy, state: State::new(kind), now: 1_000_000 }
    }

    fn after(&mut self, ms: u64) -> &mut Self {
        self.now += ms;
        self
    }

    fn look(&self, cost: u64) -> Standing {
        self.state.standing(&self.policy, cost, self.now)
    }

    /// As a caller does it: what is told, after taking if it was taken.
    fn ask(&mut self, cost: u64) -> (Retry, u64, u64) {
        let retry = self.look(cost).retry;
        if retry == Retry::Fits {
            self.take(cost);
        }
        let Standing { remaining, reset, .. } = self.look(0);
        (retry, remaining, reset)
    }

    fn take(&mut self, units: u64) -> &mut Self {
        self.state.take(&self.policy, units, self.now);
        self
    }

    fn give_back(&mut self, units: u64) -> &mut Self {
        self.state.give_back(&self.policy, units, self.now);
        self
    }
}

use Retry::{After, Fits, Never};

#[test]
fn a_fixed_window_begins_with_the_first_unit() {
    let mut key = Key::new(Kind::FixedWindow, 3, 1000, 1);
    assert_eq!(key.ask(2), (Fits, 1, 1000));
    assert_eq!(key.after(400).ask(2), (After(600), 1, 600));
    assert_eq!(key.ask(1), (Fits, 0, 600));
    assert_eq!(key.ask(4), (Never, 0, 600));
    assert_eq!(key.after(599).ask(1), (After(1), 0, 1));
    assert_eq!(key.after(1).ask(0), (Fits, 3, 0));
    assert_eq!(key.after(5000).ask(1), (Fits, 2, 1000));
}

#[test]
fn a_fixed_window_from_which_all_was_given_back_goes_on_to_its_end() {
    let mut key = Key::new(Kind::FixedWindow, 3, 1000, 1);
    assert_eq!(key.give_back(5).ask(0), (Fits, 3, 0));
    key.take(2).after(300).give_back(5);
    assert_eq!(key.ask(0), (Fits, 3, 700));
    assert_eq!(key.take(9).ask(0), (After(700), 0, 700));
    assert_eq!(key.after(700).ask(0), (Fits, 3, 0));
}

#[test]
fn a_unit_in_the_log_counts_for_a_span() {
    let mut key = Key::new(Kind::SlidingWindow, 3, 1000, 1);
    assert_eq!(key.ask(1), (Fits, 2, 1000));
    assert_eq!(key.after(500).ask(2), (Fits, 0, 1000));
    assert_eq!(key.after(100).ask(1), (After(400), 0, 900));
    assert_eq!(key.ask(2), (After(900), 0, 900));
    assert_eq!(key.after(399).ask(1), (After(1), 0, 501));
    assert_eq!(key.after(1).ask(1), (Fits, 0, 1000));
    // The newest go first: the one of now, and one of the two of half a second ago.
    assert_eq!(key.give_back(2).ask(0), (Fits, 2, 500));
    assert_eq!(key.after(500).ask(0), (Fits, 3, 0));
    assert_eq!(key.give_back(1).ask(3), (Fits, 0, 1000));
}

#[test]
fn the_window_before_counts_with_its_share() {
    let mut key = Key::new(Kind::SlidingCounter, 10, 1000, 1);
    assert_eq!(key.ask(10), (Fits, 0, 2000));
    assert_eq!(key.after(999).ask(1), (After(101), 0, 1001));
    assert_eq!(key.after(1).ask(1), (After(100), 0, 1000));
    assert_eq!(key.after(100).ask(1), (Fits, 0, 1900));
    assert_eq!(key.after(150).ask(1), (Fits, 0, 1750));
    assert_eq!(key.ask(1), (After(50), 0, 1750));
    assert_eq!(key.give_back(100).ask(0), (Fits, 2, 750));
    assert_eq!(key.after(750).ask(0), (Fits, 10, 0));
}

#[test]
fn a_debt_drains_and_what_fits_below_the_limit_is_allowed() {
    // 7 in a second, at most 7 at once.
    let mut key = Key::new(Kind::Gcra, 7, 1000, 7);
    assert_eq!(key.ask(7), (Fits, 0, 1000));
    assert_eq!(key.ask(1), (After(143), 0, 1000));
    assert_eq!(key.after(142).ask(1), (After(1), 0, 858));
    assert_eq!(key.after(1).ask(1), (Fits, 0, 1000));
    // The remainder of a ms is kept: two units are there after 2/7 s, and not after 286 ms twice.
    assert_eq!(key.after(142).ask(1), (After(1), 0, 858));
    assert_eq!(key.after(1).ask(1), (Fits, 0, 1000));
    assert_eq!(key.give_back(100).ask(8), (Never, 7, 0));
}

#[test]
fn a_limit_of_0_allows_nothing_and_never_will() {
    for kind in KINDS {
        let mut key = Key::new(kind, 0, 1000, 1);
        assert_eq!(key.ask(1), (Never, 0, 0), "{kind:?}");
        assert_eq!(key.ask(0), (Fits, 0, 0), "{kind:?}");
        assert!(matches!(key.take(1).ask(0).0, After(_)), "{kind:?}");
        assert_eq!(key.ask(1).0, Never, "{kind:?}");
    }
}

#[test]
fn to_take_or_give_back_nothing_changes_nothing() {
    for kind in KINDS {
        let mut key = Key::new(kind, 3, 1000, 1);
        key.take(0).give_back(0).give_back(7);
        assert!(key.state.is_spent(&key.policy, key.now), "{kind:?}");
    }
}

#[test]
fn penalties_without_end_end_in_a_refusal() {
    for kind in KINDS {
        for (span, rate) in [(1, 1), (1, MAX_RATE), (MAX_SPAN, 1), (MAX_SPAN, MAX_RATE)] {
            let mut key = Key::new(kind, MAX_LIMIT, span, rate);
            for step in 0..300u64 {
                key.take(u64::MAX >> (step % 3)).after(step % 2);
                assert_eq!(key.ask(MAX_LIMIT + 1).0, Never);
                key.give_back(step);
                assert!(matches!(key.take(u64::MAX).ask(1), (After(_), 0, 1..)), "{:?}", key.policy);
            }
        }
    }
}

#[test]
fn a_clock_that_goes_back_lets_nothing_through_that_was_used() {
    for kind in KINDS {
        let mut key = Key::new(kind, 3, 1000, 1);
        key.take(3).now -= 300;
        assert!(matches!(key.ask(1), (After(_), 0, _)), "{kind:?}");
        key.take(1);
        key.now += 200;
        assert!(matches!(key.ask(1), (After(_), 0, _)), "{kind:?}");
        key.now += 10_000;
        assert_eq!(key.ask(3).0, Fits, "{kind:?}");
    }
}

#[test]
fn a_share_is_never_more_than_a_limit_divided_and_never_0_but_of_0() {
    let policy = |kind, limit| Policy::new(kind, limit, 1000, 7).expect("sound");
    assert_eq!(policy(Kind::FixedWindow, 10).share(3), policy(Kind::FixedWindow, 3));
    assert_eq!(policy(Kind::SlidingWindow, 2).share(3), policy(Kind::SlidingWindow, 1));
    assert_eq!(policy(Kind::SlidingCounter, 0).share(3), policy(Kind::SlidingCounter, 0));
    assert_eq!(policy(Kind::Gcra, 10).share(3), Policy { kind: Kind::Gcra, limit: 3, span: 3000, rate: 7 });
    for kind in KINDS {
        assert_eq!(policy(kind, 10).share(0), policy(kind, 10));
        assert_eq!(policy(kind, 10).share(1), policy(kind, 10));
        let least = Policy::new(kind, MAX_LIMIT, MAX_SPAN, 1).expect("sound").share(u32::MAX);
        let mut state = State::new(kind);
        assert_eq!(state.standing(&least, 1, 5).retry, Fits);
        state.take(&least, u64::MAX, 5);
        assert!(matches!(state.standing(&least, 1, 6).retry, After(_)));
    }
}

struct Step<'a>(&'a Key, u64, u64);

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}, cost {}, {:?}, at {}, {:?}", self.2, self.1, self.0.policy, self.0.now, self.0.state)
    }
}

/// Holds every word of a standing against the model, and against what comes true.
fn hold(key: &Key, model: &Model, cost: u64, seed: u64) {
    let step = Step(key, cost, seed);
    let Key { policy, state, now } = key;
    let Standing { retry, remaining, reset } = state.standing(policy, cost, *now);
    let at = |cost, now| state.standing(policy, cost, now).retry;
    assert_eq!(remaining, model.remaining(*now), "remaining: {step}");
    match retry {
        Fits => assert!(model.fits(cost, *now), "fits: {step}"),
        Never => assert!(cost > policy.limit, "never: {step}"),
        // Longer than can be said, and than anybody can wait.
        After(u64::MAX) => assert!(!model.fits(cost, u64::MAX >> 1), "does not fit: {step}"),
        After(ms) => {
            assert!(ms > 0 && cost <= policy.limit && !model.fits(cost, *now), "does not fit: {step}");
            assert!(model.fits(cost, now + ms) && at(cost, now + ms) == Fits, "fits in {ms}: {step}");
            assert!(!model.fits(cost, now + ms - 1) && at(cost, now + ms - 1) == After(1), "not sooner: {step}");
        }
    }
    if reset == u64::MAX {
        return assert!(model.used(u64::MAX >> 1) > 0, "no reset: {step}");
    }
    let is_untouched = |now| model.used(now) == 0 && !model.is_open(now);
    assert!(is_untouched(now + reset) && state.is_spent(policy, now + reset), "reset in {reset}: {step}");
    assert!(reset == 0 || !is_untouched(now + reset - 1), "reset not sooner than in {reset}: {step}");
}

fn pick<T: Copy>(random: &mut fastrand::Rng, from: &[T]) -> T {
    from[random.usize(..from.len())]
}

fn any_policy(random: &mut fastrand::Rng, kind: Kind) -> Policy {
    let limit = pick(random, &[0, 1, 2, 3, 10, 100, 12_345, MAX_LIMIT - 1, MAX_LIMIT]);
    let any = random.u64(1..5000);
    let span = pick(random, &[1, 2, 3, 7, 10, 250, 999, 1000, 60_000, 1_000_000_000, MAX_SPAN, any]);
    let any = random.u64(1..=MAX_RATE);
    let rate = pick(random, &[1, 1, 2, 3, 7, 1000, 999_983, MAX_RATE, any]);
    Policy::new(kind, limit, span, if kind == Kind::Gcra { rate } else { 1 }).expect("sound")
}

/// How far the clock goes: mostly not, or by what is near to something that matters.
fn jump(random: &mut fastrand::Rng, key: &Key, cost: u64) -> u64 {
    let Standing { retry, reset, .. } = key.look(cost);
    let wait = if let After(ms) = retry { ms } else { 1 };
    let part = random.u64(0..=key.policy.span);
    let near = pick(
        random,
        &[0, 0, 0, 1, 2, part / 8, part / 2, part, wait, wait - 1, wait / 2, reset, reset.saturating_add(1)],
    );
    near.min(1 << 45)
}

#[test]
fn it_says_what_the_definition_says_and_that_comes_true() {
    const STEPS: u64 = 60;
    for episode in 0..2000 {
        let mut random = fastrand::Rng::with_seed(episode);
        let policy = any_policy(&mut random, KINDS[episode as usize % 4]);
        let mut key = Key { policy, state: State::new(policy.kind), now: 1_700_000_000_000 };
        let mut model = Model::new(policy);
        for _ in 0..STEPS {
            let any = random.u64(0..=policy.limit.min(40) + 1);
            let cost = pick(&mut random, &[0, 1, 1, 1, 2, any, policy.limit / 3, policy.limit, policy.limit + 1]);
            key.now += jump(&mut random, &key, cost);
            hold(&key, &model, cost, episode);
            let is_back = match random.u32(..20) {
                0..=1 => true,
                // A penalty, whatever the limit is.
                2 => false,
                _ if key.look(cost).retry == Fits => false,
                _ => continue,
            };
            if is_back {
                key.give_back(cost);
                model.give_back(cost, key.now);
            } else {
                key.take(cost);
                model.take(cost, key.now);
            }
            hold(&key, &model, cost, episode);
        }
    }
}

/// What a caller gets who asks as much and as often as he can: when, and how many units.
fn hammered(policy: Policy, random: &mut fastrand::Rng) -> Vec<(u64, u64)> {
    let mut key = Key { policy, state: State::new(policy.kind), now: 1_700_000_000_000 };
    let mut got = Vec::new();
    for _ in 0..150 {
        let cost = 1 + random.u64(0..policy.limit.clamp(1, 12));
        key.now += jump(random, &key, cost);
        // All that is left, or a part of it, and then once more than there is.
        for cost in [cost, key.look(cost).remaining, 1] {
            if key.ask(cost).0 == Fits && cost > 0 {
                got.push((key.now, cost));
            }
        }
    }
    got
}

#[test]
fn nobody_gets_more_than_is_promised_in_any_span() {
    for episode in 0..120 {
        let mut random = fastrand::Rng::with_seed(episode);
        let policy = any_policy(&mut random, KINDS[episode as usize % 4]);
        let Policy { kind, limit, span, rate } = policy;
        let got = hammered(policy, &mut random);
        for (first, (begin, _)) in got.iter().enumerate() {
            let mut sum = 0u128;
            for (at, units) in &got[first..] {
                sum += u128::from(*units);
                let ms = at - begin;
                let most = u128::from(limit);
                let is_kept = match kind {
                    Kind::SlidingWindow => ms >= span || sum <= most,
                    Kind::FixedWindow | Kind::SlidingCounter => ms >= span || sum <= 2 * most,
                    Kind::Gcra => sum * u128::from(span) <= most * u128::from(span) + u128::from(rate) * u128::from(ms),
                };
                assert!(is_kept, "seed {episode}: {sum} in {ms} ms of {policy:?}");
            }
        }
    }
}

proptest! {
    #[test]
    fn nothing_is_too_large(
        kind in 0usize..4,
        (limit, span, rate) in (0..=MAX_LIMIT, 1..=MAX_SPAN, 1..=MAX_RATE),
        instances: u32,
        steps in prop::collection::vec((any::<u64>(), any::<u64>(), any::<bool>()), 1..20),
    ) {
        let policy = Policy::new(KINDS[kind], limit, span, rate).expect("sound").share(instances);
        let mut state = State::new(KINDS[kind]);
        for (units, now, is_back) in steps {
            if is_back { state.give_back(&policy, units, now) } else { state.take(&policy, units, now) }
            let standing = state.standing(&policy, units % (limit + 2), now);
            prop_assert!(standing.remaining <= policy.limit);
        }
    }

    #[test]
    fn the_more_it_costs_the_later_it_fits(
        kind in 0usize..4, limit in 1u64..50, span in 1u64..2000, rate in 1u64..9,
        taken in prop::collection::vec((0u64..20, 0u64..700), 0..20),
    ) {
        let mut key = Key::new(KINDS[kind], limit, span, rate);
        for (units, ms) in taken {
            key.after(ms).take(units);
        }
        let wait = |cost| match key.look(cost).retry { Fits => 0, After(ms) => ms, Never => u64::MAX };
        for cost in 0..=limit {
            prop_assert!(wait(cost) <= wait(cost + 1));
            prop_assert_eq!(wait(cost) == 0, cost <= key.look(0).remaining && wait(0) == 0);
        }
    }
}
