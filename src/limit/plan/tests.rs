use super::*;
use proptest::prelude::*;

const TWO_SETS: [f64; 24] = [
    2.0, //
    2.0, 0.0, 10.0, 1000.0, 1.0, 3.0, 7.0, 1000.0, 7.0, //
    2.0, 2.0, 1.0, -3.0, 1.0, 0.0, //
    1.0, 1.0, 5.0, 60000.0, 1.0, //
    1.0, 1.0, 2.0,
];

fn read() -> Plan {
    Plan::read(&TWO_SETS, "f:1000\0g:burst\0s:1", "a\0ä\0").expect("sound")
}

#[test]
fn a_plan_is_read_as_it_crosses() {
    let plan = read();
    let [first, second] = plan.sets() else { panic!("two sets") };
    let names: Vec<&str> = first.policies.iter().map(|named| named.suffix.as_str()).collect();
    assert_eq!(names, ["f:1000", "g:burst"]);
    assert_eq!(first.policies[1].policy, Policy { kind: Kind::Gcra, limit: 7, span: 1000, rate: 7 });
    assert_eq!(second.policies[0].policy.kind, Kind::SlidingWindow);
    assert_eq!((first.groups.clone(), second.groups.clone()), (0..2, 2..3));
    let groups: Vec<(usize, &str, Vec<String>)> = plan
        .groups()
        .map(|group| (group.set, group.key, group.asks.iter().map(ToString::to_string).collect()))
        .collect();
    let costs = |costs: &[&str]| costs.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(groups, [(0, "a", costs(&["1", "-3"])), (0, "ä", costs(&["0"])), (1, "", costs(&["2"]))]);
}

#[test]
fn nothing_to_decide_is_a_plan() {
    let plan = Plan::read(&[0.0], "", "").expect("sound");
    assert_eq!((plan.sets().len(), plan.groups().len()), (0, 0));
    assert!(Plan::read(&[1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0], "f:1", "").is_some());
}

#[test]
fn what_is_not_a_plan_is_refused() {
    let names = "f:1000\0g:burst\0s:1";
    for (names, keys) in [("", "a\0b\0c"), (names, "a\0b"), (names, "a\0b\0c\0"), ("f\0g\0h\0i", "a\0b\0c")] {
        assert_eq!(Plan::read(&TWO_SETS, names, keys), None);
    }
    for end in 0..TWO_SETS.len() {
        assert_eq!(Plan::read(&TWO_SETS[..end], names, "a\0b\0c"), None);
    }
    assert_eq!(Plan::read(&[&TWO_SETS[..], &[1.0]].concat(), names, "a\0b\0c"), None);
    let one = |kind, limit, span, rate, cost| {
        Plan::read(&[1.0, 1.0, kind, limit, span, rate, 1.0, 1.0, cost], "f:1", "a").is_some()
    };
    // Of a key somebody asks.
    assert_eq!(Plan::read(&[1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0], "f:1", "a"), None);
    assert!(one(0.0, 2_147_483_648.0, 31_622_400_000.0, 1.0, 9_007_199_254_740_992.0));
    assert!(!one(4.0, 1.0, 1.0, 1.0, 1.0));
    assert!(!one(0.0, 2_147_483_649.0, 1.0, 1.0, 1.0));
    assert!(!one(0.0, 1.0, 0.0, 1.0, 1.0));
    assert!(!one(0.0, 1.0, 31_622_400_001.0, 1.0, 1.0));
    assert!(!one(3.0, 1.0, 1.0, 0.0, 1.0));
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.5, 1e300] {
        assert!(!one(0.0, 1.0, 1.0, 1.0, bad) && !one(0.0, bad, 1.0, 1.0, 1.0) && !one(bad, 1.0, 1.0, 1.0, 1.0));
    }
    for empty in [&[1.0, 0.0, 0.0][..], &[1e15][..], &[1.0, 1e15, 0.0][..], &[1.0, 0.0, 1e15][..]] {
        assert_eq!(Plan::read(empty, "", ""), None);
    }
}

#[test]
fn an_answer_has_the_same_width_for_every_caller() {
    let mut answer = Answer::default();
    answer.group(7.0, 1_700_000_000_000);
    answer.caller(Verdict::Allowed, [Standing { retry: Retry::Fits, remaining: 3, reset: 40 }]);
    answer.caller(Verdict::Refused, [Standing { retry: Retry::Never, remaining: 3, reset: 40 }]);
    answer.told(&[-1.0, 0.0, 500.0, 500.0]);
    answer.group(0.0, 1_700_000_000_001);
    answer.undecided(1);
    let first = [7.0, 1.7e12, 1.0, 3.0, 0.0, 40.0, 0.0, 3.0, -1.0, 40.0, -1.0, 0.0, 500.0, 500.0];
    assert_eq!(answer.numbers(), [&first[..], &[0.0, 1_700_000_000_001.0, -2.0, 0.0, 0.0, 0.0]].concat());
}

/// What the other side writes.
fn write(plan: &Plan) -> (Vec<f64>, String, String) {
    let (mut numbers, mut names, mut keys) = (vec![plan.sets().len() as f64], Vec::new(), Vec::new());
    for set in plan.sets() {
        numbers.push(set.policies.len() as f64);
        for Named { policy, suffix } in set.policies.iter() {
            let kind = policy.kind as u8;
            numbers.extend([f64::from(kind), policy.limit as f64, policy.span as f64, policy.rate as f64]);
            names.push(suffix.as_str());
        }
        numbers.push(set.groups.len() as f64);
        for group in plan.groups().skip(set.groups.start).take(set.groups.len()) {
            numbers.push(group.asks.len() as f64);
            numbers.extend(group.asks.iter().map(|ask| ask.to_string().parse::<f64>().unwrap()));
            keys.push(group.key);
        }
    }
    (numbers, names.join("\0"), keys.join("\0"))
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![8 => (0u8..4).prop_map(f64::from), 1 => any::<f64>(), 1 => Just(1e15), 1 => -3.0f64..3.0]
}

proptest! {
    #[test]
    fn whatever_comes_is_a_plan_or_none(numbers in prop::collection::vec(number(), 0..40), names in "[a\0]{0,4}", keys in "[aä\0]{0,4}") {
        if let Some(plan) = Plan::read(&numbers, &names, &keys) {
            let asks: usize = plan.groups().map(|group| group.asks.len()).sum();
            prop_assert!(plan.sets().len() + plan.groups().len() + asks <= numbers.len());
            let (again, names_again, keys_again) = write(&plan);
            prop_assert_eq!((again, names_again, keys_again), (numbers, names, keys));
        }
    }

    #[test]
    fn what_is_written_is_read(
        sets in prop::collection::vec((
            prop::collection::vec((0u64..4, 0u64..=1 << 31, 1u64..1000, 1u64..1000, "[a-z:]{0,3}"), 1..4),
            prop::collection::vec(("[a-zä]{0,3}", prop::collection::vec(-9i32..9, 1..4)), 0..4),
        ), 0..4),
    ) {
        let (mut numbers, mut names, mut keys) = (vec![sets.len() as f64], Vec::new(), Vec::new());
        for (policies, groups) in &sets {
            numbers.push(policies.len() as f64);
            for (kind, limit, span, rate, name) in policies {
                numbers.extend([*kind as f64, *limit as f64, *span as f64, *rate as f64]);
                names.push(name.as_str());
            }
            numbers.push(groups.len() as f64);
            for (key, costs) in groups {
                numbers.push(costs.len() as f64);
                numbers.extend(costs.iter().copied().map(f64::from));
                keys.push(key.as_str());
            }
        }
        let (names, keys) = (names.join("\0"), keys.join("\0"));
        let plan = Plan::read(&numbers, &names, &keys);
        prop_assert!(plan.is_some());
        prop_assert_eq!(plan.as_ref().map(write), Some((numbers, names, keys)));
    }
}
