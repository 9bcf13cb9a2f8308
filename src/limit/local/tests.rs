use super::{Local, MAX_BYTES, MAX_KEYS, Owed};
use crate::limit::plan::{Plan, policies};
use proptest::prelude::*;
use std::collections::HashMap;

const BEGIN: u64 = 1_000_000_000_000;
/// On the server's clock, which is for the answer only.
const SERVER: u64 = 1_700_000_000_000;

type Numbers = (u8, u64, u64, u64);

const FIXED: Numbers = (0, 10, 1000, 1);
const LOG: Numbers = (1, 10, 1000, 1);
const COUNTER: Numbers = (2, 10, 1000, 1);
const GCRA: Numbers = (3, 10, 100, 1);

/// One set, its policies with the suffixes `p0`, `p1` and so on; keys with the costs of their callers.
fn plan(policies: &[Numbers], groups: &[(&str, &[i32])]) -> Plan {
    let mut numbers = vec![1.0, policies.len() as f64];
    for (kind, limit, span, rate) in policies {
        numbers.extend([f64::from(*kind), *limit as f64, *span as f64, *rate as f64]);
    }
    numbers.push(groups.len() as f64);
    for (_, costs) in groups {
        numbers.push(costs.len() as f64);
        numbers.extend(costs.iter().copied().map(f64::from));
    }
    let names: Vec<String> = (0..policies.len()).map(|index| format!("p{index}")).collect();
    let keys: Vec<&str> = groups.iter().map(|(key, _)| *key).collect();
    Plan::read(&numbers, &names.join("\0"), &keys.join("\0")).expect("sound")
}

/// What one caller is told: allowed, then what is told of each policy.
fn ask(local: &mut Local, policies: &[Numbers], key: &str, cost: i32, instances: u32, now: u64) -> Vec<f64> {
    let answer = local.decide(&plan(policies, &[(key, &[cost])]), instances, now, SERVER, true).numbers().to_vec();
    assert_eq!(answer[..2], [0.0, SERVER as f64]);
    answer[2..].to_vec()
}

fn is_allowed(local: &mut Local, policy: Numbers, key: &str, now: u64) -> bool {
    ask(local, &[policy], key, 1, 1, now)[0] == 1.0
}

/// Takes all that is owed: the key, the units and the span by which they are to be counted.
fn owed(local: &mut Local, now: u64) -> Vec<(String, u64, u64)> {
    let told = local.take_owed(usize::MAX, now);
    told.iter().map(|owed| (owed.key.to_string(), owed.units, owed.policy(now).span)).collect()
}

fn of(told: &[(&str, u64, u64)]) -> Vec<(String, u64, u64)> {
    told.iter().map(|(key, units, span)| (key.to_string(), *units, *span)).collect()
}

const ALL: [(&str, Numbers); 4] = [("f", FIXED), ("l", LOG), ("c", COUNTER), ("g", GCRA)];

#[test]
fn callers_of_a_key_are_decided_one_after_the_other_on_what_those_before_left() {
    let mut local = Local::default();
    let plan = plan(&[LOG], &[("a", &[6, 6, -4, 3, 1, -2]), ("b", &[0, 10]), ("a", &[1])]);
    let answer = local.decide(&plan, 1, BEGIN, SERVER, true).numbers().to_vec();
    let callers: [&[f64]; 12] = [
        &[0.0, SERVER as f64],
        &[1.0, 4.0, 0.0, 1000.0],
        &[0.0, 4.0, 1000.0, 1000.0],
        &[1.0, 4.0, 0.0, 1000.0],
        &[1.0, 1.0, 0.0, 1000.0],
        &[1.0, 0.0, 0.0, 1000.0],
        &[0.0, 0.0, 1000.0, 1000.0],
        &[0.0, SERVER as f64],
        &[1.0, 10.0, 0.0, 0.0],
        &[1.0, 0.0, 0.0, 1000.0],
        &[0.0, SERVER as f64],
        &[0.0, 0.0, 1000.0, 1000.0],
    ];
    assert_eq!(answer, callers.concat());
}

#[test]
fn what_one_policy_refuses_no_other_takes() {
    let mut local = Local::default();
    let policies = [FIXED, (1, 3, 1000, 1)];
    assert_eq!(ask(&mut local, &policies, "a", 2, 1, BEGIN), [1.0, 8.0, 0.0, 1000.0, 1.0, 0.0, 1000.0]);
    assert_eq!(ask(&mut local, &policies, "a", 2, 1, BEGIN), [0.0, 8.0, 0.0, 1000.0, 1.0, 1000.0, 1000.0]);
    assert_eq!(ask(&mut local, &policies, "a", 4, 1, BEGIN), [0.0, 8.0, 0.0, 1000.0, 1.0, -1.0, 1000.0]);
    assert_eq!(ask(&mut local, &policies, "a", 1, 1, BEGIN), [1.0, 7.0, 0.0, 1000.0, 0.0, 0.0, 1000.0]);
}

#[test]
fn every_process_may_use_its_share() {
    for policy in [FIXED, LOG, COUNTER, GCRA] {
        let mut local = Local::default();
        assert_eq!(ask(&mut local, &[policy], "a", 3, 3, BEGIN)[..3], [1.0, 0.0, 0.0]);
        assert_eq!(ask(&mut local, &[policy], "a", 1, 3, BEGIN)[0], 0.0);
    }
    // A burst of 3, and one in 300 ms.
    let mut local = Local::default();
    ask(&mut local, &[GCRA], "a", 3, 3, BEGIN);
    assert_eq!(ask(&mut local, &[GCRA], "a", 1, 3, BEGIN + 1), [0.0, 0.0, 299.0, 899.0]);
    assert_eq!(ask(&mut local, &[GCRA], "a", 1, 3, BEGIN + 300), [1.0, 0.0, 0.0, 900.0]);
}

#[test]
fn a_limit_that_cannot_be_divided_is_1_for_each_and_0_stays_0() {
    let mut local = Local::default();
    let few = (0, 2, 1000, 1);
    assert_eq!(ask(&mut local, &[few], "a", 1, 5, BEGIN), [1.0, 0.0, 0.0, 1000.0]);
    assert_eq!(ask(&mut local, &[few], "a", 1, 5, BEGIN), [0.0, 0.0, 1000.0, 1000.0]);
    assert_eq!(ask(&mut local, &[(0, 0, 1000, 1)], "b", 1, 5, BEGIN), [0.0, 0.0, -1.0, 0.0]);
}

#[test]
fn what_is_above_the_share_only_is_not_told_that_it_never_fits() {
    let mut local = Local::default();
    assert_eq!(ask(&mut local, &[FIXED], "a", 6, 2, BEGIN), [0.0, 5.0, 1000.0, 0.0]);
    assert_eq!(ask(&mut local, &[GCRA], "a", 6, 2, BEGIN), [0.0, 5.0, 600.0, 0.0]);
    assert_eq!(ask(&mut local, &[GCRA], "a", 11, 2, BEGIN), [0.0, 5.0, -1.0, 0.0]);
}

#[test]
fn only_keys_of_which_something_was_allowed_take_a_place() {
    let mut local = Local::default();
    ask(&mut local, &[FIXED], "a", 11, 1, BEGIN);
    ask(&mut local, &[FIXED], "b", 0, 1, BEGIN);
    ask(&mut local, &[FIXED], "c", -5, 1, BEGIN);
    assert!(local.entries.is_empty());
    ask(&mut local, &[FIXED], "d", 1, 1, BEGIN);
    assert_eq!(local.entries.len(), 1);
    ask(&mut local, &[FIXED], "d", 0, 1, BEGIN + 1000);
    assert!(local.entries.is_empty());
}

#[test]
fn when_it_is_full_a_spent_key_leaves_first() {
    let mut local = Local::new(3, MAX_BYTES);
    let (long, short) = ((0, 1, 60_000, 1), (0, 1, 100, 1));
    assert!(is_allowed(&mut local, long, "old", BEGIN));
    assert!(is_allowed(&mut local, short, "short", BEGIN + 1));
    assert!(is_allowed(&mut local, long, "long", BEGIN + 2));
    assert!(is_allowed(&mut local, long, "new", BEGIN + 101));
    assert_eq!(local.entries.len(), 3);
    for key in ["old", "long", "new"] {
        assert!(!is_allowed(&mut local, long, key, BEGIN + 102), "{key} is remembered");
    }
}

#[test]
fn when_none_is_spent_the_one_leaves_that_nobody_has_asked_for_the_longest() {
    let mut local = Local::new(3, MAX_BYTES);
    let policy = (1, 1, 60_000, 1);
    for key in ["a", "b", "c"] {
        assert!(is_allowed(&mut local, policy, key, BEGIN));
    }
    // It is refused, but somebody asked.
    assert!(!is_allowed(&mut local, policy, "a", BEGIN + 1));
    assert!(is_allowed(&mut local, policy, "d", BEGIN + 2));
    assert_eq!(local.entries.len(), 3);
    let keys: Vec<String> = owed(&mut local, BEGIN + 3).into_iter().map(|owed| owed.0).collect();
    // In the order in which they began to owe.
    assert_eq!(keys, ["a", "c", "d"]);
}

#[test]
fn it_never_remembers_more_keys_than_it_may() {
    let mut local = Local::default();
    let keys: Vec<String> = (0..MAX_KEYS + 2000).map(|index| format!("key{index}")).collect();
    for keys in keys.chunks(1000) {
        let groups: Vec<(&str, &[i32])> = keys.iter().map(|key| (key.as_str(), &[1][..])).collect();
        local.decide(&plan(&[GCRA], &groups), 1, BEGIN, SERVER, true);
    }
    assert_eq!(local.entries.len(), MAX_KEYS);
    assert_eq!((local.by_age.len(), local.by_end.len(), local.by_debt.len()), (MAX_KEYS, MAX_KEYS, MAX_KEYS));
    assert_eq!(local.take_owed(MAX_KEYS + 1, BEGIN).len(), MAX_KEYS);
}

#[test]
fn long_keys_and_long_logs_leave_before_they_fill_the_memory() {
    let mut local = Local::new(MAX_KEYS, 1 << 20);
    for index in 0..100 {
        assert!(is_allowed(&mut local, (1, 1, 60_000, 1), &format!("{index:060000}"), BEGIN));
        assert!(local.bytes <= 1 << 20);
    }
    assert_eq!(local.entries.len(), (1 << 20) / 61_000);
    // One that is too large by itself leaves no other.
    for ms in 0..100_000 {
        ask(&mut local, &[(1, 100_000, 200_000, 1)], "log", 1, 1, BEGIN + ms);
    }
    assert_eq!(local.entries.len(), 1);
    local.forget("log");
    assert_eq!((local.bytes, local.entries.len()), (0, 0));
}

#[test]
fn what_was_allowed_and_matters_still_is_told_once_and_limits_on() {
    let mut local = Local::default();
    for (key, policy) in ALL {
        ask(&mut local, &[policy], key, 4, 2, BEGIN);
        ask(&mut local, &[policy], key, 1, 2, BEGIN + 300);
        ask(&mut local, &[policy], key, 9, 2, BEGIN + 301);
    }
    assert!(local.owes() && local.owes_at(BEGIN + 310) && !local.owes_at(BEGIN + 5000));
    // Of the debt, three units of 100 ms have drained: as Redis would have it, not as a share of it drains. Of the window, 690 ms are left.
    let told = of(&[("f", 5, 690), ("l", 5, 1000), ("c", 5, 1000), ("g", 2, 100)]);
    assert_eq!(owed(&mut local, BEGIN + 310), told);
    assert!(!local.owes() && owed(&mut local, BEGIN + 310).is_empty());
    for (key, policy) in [("f", FIXED), ("l", LOG), ("c", COUNTER)] {
        assert!(ask(&mut local, &[policy], key, 1, 2, BEGIN + 310)[0] == 0.0, "{key} is limited on");
    }
    assert!(!local.owes(), "who was refused owes nothing");
}

#[test]
fn what_is_allowed_after_it_was_told_is_owed_alone() {
    let mut local = Local::default();
    for (key, policy) in ALL {
        ask(&mut local, &[policy], key, 3, 1, BEGIN);
    }
    assert_eq!(owed(&mut local, BEGIN), of(&[("f", 3, 1000), ("l", 3, 1000), ("c", 3, 1000), ("g", 3, 100)]));
    for (key, policy) in ALL {
        ask(&mut local, &[policy], key, 2, 1, BEGIN + 10);
    }
    assert_eq!(owed(&mut local, BEGIN + 10), of(&[("f", 2, 990), ("l", 2, 1000), ("c", 2, 1000), ("g", 2, 100)]));
    // What was owed of a window that has ended is not owed of the next one.
    ask(&mut local, &[FIXED], "w", 7, 1, BEGIN);
    ask(&mut local, &[FIXED], "w", 2, 1, BEGIN + 1000);
    assert_eq!(owed(&mut local, BEGIN + 1000), of(&[("w", 2, 1000)]));
}

#[test]
fn what_is_given_back_is_not_owed() {
    let mut local = Local::default();
    let named = policies(&[1.0, 0.0, 10.0, 1000.0, 1.0], "p0").expect("sound");
    local.apply("f", &named, 4, 1, BEGIN);
    local.apply("f", &named, -3, 1, BEGIN);
    assert_eq!(owed(&mut local, BEGIN), of(&[("f", 1, 1000)]));
    local.apply("f", &named, -5, 1, BEGIN);
    local.apply("f", &named, 2, 1, BEGIN);
    assert_eq!(owed(&mut local, BEGIN), of(&[("f", 2, 1000)]));
}

#[test]
fn what_could_not_be_told_is_owed_again_behind_all_others() {
    let mut local = Local::default();
    let long = (0, 10, 60_000, 1);
    for key in ["a", "b"] {
        ask(&mut local, &[long], key, 2, 1, BEGIN);
    }
    let first: Vec<Owed> = local.take_owed(1, BEGIN);
    assert_eq!((&*first[0].key, first[0].units), ("a", 2));
    ask(&mut local, &[long], "a", 1, 1, BEGIN + 1);
    local.owe_again(&first[0], BEGIN + 2);
    assert_eq!(owed(&mut local, BEGIN + 2), of(&[("b", 2, 59_998), ("a", 3, 59_998)]));
    // Of what is forgotten or over nothing is owed again, and never more than counts.
    local.owe_again(&first[0], BEGIN + 2);
    local.owe_again(&first[0], BEGIN + 2);
    assert_eq!(owed(&mut local, BEGIN + 2), of(&[("a", 3, 59_998)]));
    ask(&mut local, &[long], "a", 1, 1, BEGIN + 60_000);
    owed(&mut local, BEGIN + 60_000);
    local.owe_again(&first[0], BEGIN + 60_000);
    local.forget("a");
    local.owe_again(&first[0], BEGIN + 2);
    assert!(!local.owes());
}

#[test]
fn what_matters_no_longer_is_not_told() {
    let after = |ms| {
        let mut local = Local::default();
        for (key, policy) in ALL {
            ask(&mut local, &[policy], key, 2, 2, BEGIN);
            ask(&mut local, &[policy], key, 1, 2, BEGIN + 400);
        }
        let told = local.take_owed(usize::MAX, BEGIN + ms);
        told.into_iter().map(|owed| (owed.key.to_string(), owed.units)).collect::<Vec<_>>()
    };
    let keys = |told: &[(&str, u64)]| told.iter().map(|(key, units)| (key.to_string(), *units)).collect::<Vec<_>>();
    assert_eq!(after(400), keys(&[("f", 3), ("l", 3), ("c", 3), ("g", 1)]));
    assert_eq!(after(999), keys(&[("f", 3), ("l", 3), ("c", 3)]));
    assert_eq!(after(1000), keys(&[("l", 1), ("c", 3)]));
    assert_eq!(after(1400), keys(&[("c", 2)]));
    assert_eq!(after(2000), keys(&[]));
}

#[test]
fn a_name_with_another_kind_begins_anew_and_with_another_limit_goes_on() {
    let mut local = Local::default();
    assert_eq!(ask(&mut local, &[FIXED], "a", 10, 1, BEGIN)[0], 1.0);
    assert_eq!(ask(&mut local, &[(0, 12, 1000, 1)], "a", 3, 1, BEGIN), [0.0, 2.0, 1000.0, 1000.0]);
    assert_eq!(ask(&mut local, &[LOG], "a", 1, 1, BEGIN), [1.0, 9.0, 0.0, 1000.0]);
    assert_eq!(ask(&mut local, &[FIXED], "a", 1, 1, BEGIN)[0], 0.0);
}

#[test]
fn processes_with_a_share_each_allow_no_more_than_one_with_all() {
    for seed in 0..40 {
        let mut random = fastrand::Rng::with_seed(seed);
        let instances = random.u32(1..6);
        let limit = u64::from(instances) * random.u64(1..5) + random.u64(0..u64::from(instances));
        let policy = [(1, limit, 500, 1), (3, limit, 70, 3)][seed as usize % 2];
        let mut processes: Vec<Local> = (0..instances).map(|_| Local::default()).collect();
        let (mut now, mut got) = (BEGIN, Vec::new());
        for _ in 0..300 {
            now += random.u64(..20);
            let process = random.usize(..processes.len());
            let cost = random.i32(1..3);
            if ask(&mut processes[process], &[policy], "a", cost, instances, now)[0] == 1.0 {
                got.push((now, cost as u64));
            }
        }
        for (first, (begin, _)) in got.iter().enumerate() {
            let mut sum = 0;
            for (at, units) in &got[first..] {
                sum += units;
                let (span, ms) = (policy.2, at - begin);
                let is_kept =
                    if policy.0 == 1 { ms >= span || sum <= limit } else { sum * span <= limit * span + 3 * ms };
                assert!(is_kept, "seed {seed}: {sum} in {ms} ms");
            }
        }
    }
}

proptest! {
    /// What is remembered is told from what is forgotten by a plain map.
    #[test]
    fn its_lists_agree_whatever_is_asked(
        max in 1usize..6,
        steps in prop::collection::vec((0u8..9, 0u64..400, 0u8..4, -2i32..5, 0u32..4), 1..80),
    ) {
        let mut local = Local::new(max, MAX_BYTES);
        let mut now = BEGIN;
        for (key, ms, kind, cost, instances) in steps {
            now += ms;
            let (key, policy) = (format!("k{key}"), [FIXED, LOG, COUNTER, GCRA][usize::from(kind)]);
            ask(&mut local, &[policy, LOG], &key, cost, instances, now);
            prop_assert!(local.entries.len() <= max);
            let ends: HashMap<u64, u64> = local.by_end.iter().map(|(end, age)| (*age, *end)).collect();
            prop_assert_eq!((local.by_age.len(), ends.len(), local.by_end.len()), (local.entries.len(), local.entries.len(), local.entries.len()));
            for (age, name) in &local.by_age {
                let entry = &local.entries[name];
                prop_assert_eq!((entry.age, entry.end), (*age, ends[age]));
                prop_assert_eq!(local.by_debt.get(&entry.debt), entry.owes().then_some(name));
            }
            prop_assert_eq!(local.by_debt.len(), local.entries.values().filter(|entry| entry.owes()).count());
            prop_assert_eq!(local.bytes, local.entries.values().map(|entry| entry.bytes).sum::<usize>());
            let Some(one) = local.take_owed(usize::from(instances == 3), now).pop() else { continue };
            local.owe_again(&one, now);
        }
        let told: u64 = local.take_owed(usize::MAX, now).iter().map(|owed| owed.units).sum();
        prop_assert!(told <= 20 * max as u64 * 5);
    }
}

#[test]
fn what_redis_may_know_already_limits_and_is_not_owed() {
    let mut local = Local::default();
    local.decide(&plan(&[LOG], &[("a", &[6])]), 1, BEGIN, SERVER, false);
    local.decide(&plan(&[LOG], &[("a", &[3])]), 1, BEGIN, SERVER, true);
    assert_eq!(owed(&mut local, BEGIN), of(&[("a", 3, 1000)]));
    assert!(!is_allowed(&mut local, LOG, "a", BEGIN) || !is_allowed(&mut local, LOG, "a", BEGIN));
}
