use super::*;
use crate::bridge::Port;
use crate::lock::claim::Kind;

const TTL: Duration = Duration::from_secs(10);

fn held(kept: Option<Duration>) -> Held {
    let desk = Desk::new(vec![], None, TTL, "lock", Port::unheard(), 0, TTL);
    let claim = desk.claim(Kind::Lock, "a", "token".into(), 0);
    Held::new(&desk, &claim, Instant::now(), TTL, kept.map(|at_most| Renewal { at_most }))
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() < 1000.0
}

#[test]
fn what_is_held_is_valid_until_the_deadline_of_the_last_renewal() {
    let held = held(None);
    assert!(held.is_valid() && close(held.remaining(), 9_898.0) && held.reason().is_none());
    let sent = held.begin_renewal(2 * TTL);
    assert!(close(held.remaining(), 9_898.0), "a longer time counts once it is granted");
    assert!(!held.end_renewal(sent, 2 * TTL, Ok(())));
    assert!(close(held.remaining(), 19_798.0));
}

#[test]
fn a_shorter_time_counts_as_soon_as_it_is_asked_for() {
    let held = held(None);
    let sent = held.begin_renewal(TTL / 5);
    assert!(close(held.remaining(), 1_978.0));
    held.end_renewal(sent, TTL / 5, Err(None));
    assert!(close(held.remaining(), 1_978.0), "the server may have heard it");
}

#[test]
fn a_longer_time_that_is_granted_does_not_undo_a_shorter_one_that_may_be_heard_behind_it() {
    let held = held(None);
    let (longer, shorter) = (held.begin_renewal(6 * TTL), held.begin_renewal(TTL / 10));
    held.end_renewal(longer, 6 * TTL, Ok(()));
    assert!(held.remaining() < 1_000.0 || longer == shorter);
    held.end_renewal(shorter, TTL / 10, Err(None));
    assert!(held.remaining() < 1_000.0 || longer == shorter, "nobody has said that it was not heard");
    let last = held.begin_renewal(TTL);
    held.end_renewal(last, TTL, Ok(()));
    assert!(close(held.remaining(), 9_898.0));
}

/// Two renewals that differ by when they were sent.
fn two(held: &Held, older: Duration, newer: Duration) -> (Instant, Instant) {
    let first = held.begin_renewal(older);
    while Instant::now() == first {}
    (first, held.begin_renewal(newer))
}

#[test]
fn one_that_is_answered_behind_a_newer_one_may_have_been_heard_behind_it() {
    let held = held(None);
    let (older, newer) = two(&held, TTL, 3 * TTL);
    held.end_renewal(newer, 3 * TTL, Ok(()));
    assert!(close(held.remaining(), 9_898.0), "the other is under way");
    held.end_renewal(older, TTL, Ok(()));
    assert!(close(held.remaining(), 9_898.0));
    let last = held.begin_renewal(3 * TTL);
    held.end_renewal(last, 3 * TTL, Ok(()));
    assert!(close(held.remaining(), 29_698.0));
}

#[test]
fn one_that_was_given_up_was_heard_before_a_newer_one_or_never_will_be() {
    let held = held(None);
    let (older, newer) = two(&held, TTL, 3 * TTL);
    held.end_renewal(older, TTL, Err(None));
    assert!(close(held.remaining(), 9_898.0));
    held.end_renewal(newer, 3 * TTL, Ok(()));
    assert!(close(held.remaining(), 29_698.0));
}

#[test]
fn what_was_given_for_a_short_time_is_completed_until_somebody_says_otherwise() {
    let given = held(Some(2 * TTL));
    let sent = given.begin_completion(3 * TTL);
    given.end_renewal(sent, 3 * TTL, Err(None));
    let Due::Renew(ttl) = given.due(Instant::now() + TTL / 2) else { panic!("it is not renewed") };
    assert!(close(ttl.as_secs_f64() * 1000.0, 15_000.0), "the watchdog knows, as far as it may");
    let (again, ttl) = given.begin_completion_again().expect("it lasts for a short time only");
    given.end_renewal(again, ttl, Ok(()));
    assert!(close(given.remaining(), 29_698.0) && given.begin_completion_again().is_none());

    let extended = held(None);
    let sent = extended.begin_completion(3 * TTL);
    extended.end_renewal(sent, 3 * TTL, Err(None));
    extended.begin_renewal(TTL);
    assert!(extended.begin_completion_again().is_none());
}

#[test]
fn a_loss_is_told_once_and_why() {
    let held = held(None);
    let sent = held.begin_renewal(TTL);
    assert!(held.end_renewal(sent, TTL, Err(Some(Reason::Stolen))));
    assert!(!held.end_renewal(sent, TTL, Err(Some(Reason::Expired))));
    assert!(!held.is_valid());
}

#[test]
fn it_is_kept_while_that_is_allowed_and_no_longer() {
    let now = Instant::now();
    assert_eq!(held(None).due(now), Due::Done);
    let held = held(Some(2 * TTL));
    assert!(matches!(held.due(now), Due::Wait(at) if at > now));
    assert_eq!(held.due(now + TTL / 3), Due::Renew(TTL));
    let Due::Renew(last) = held.due(now + TTL * 9 / 10) else { panic!("it is not renewed") };
    assert_eq!(last, TTL);
    assert_eq!(held.due(now + TTL), Due::Done, "its time is over");
}

#[test]
fn the_last_renewal_does_not_outlast_what_is_allowed() {
    let held = held(Some(TTL + TTL / 5));
    let Due::Renew(ttl) = held.due(Instant::now() + TTL / 2) else { panic!("it is not renewed") };
    assert!(ttl <= TTL * 7 / 10 + Duration::from_millis(1));
}
