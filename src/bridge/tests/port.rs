use super::*;
use crate::bridge::job::Running;
use crate::bridge::port::EVENT;
use crate::bridge::reactor::wake_all;
use crate::common::Attempt;
use bytes::Bytes;
use std::time::Instant;

fn text(length: usize) -> Outcome {
    Outcome::Text(Bytes::from(vec![b'x'; length]))
}

fn taken(port: &Arc<Port>, most: usize, most_bytes: usize) -> (Vec<u32>, bool) {
    let mut batch = Vec::new();
    let more = port.take(most, most_bytes, &mut batch);
    (batch.iter().map(|completion| completion.ticket).collect(), more)
}

#[test]
fn one_wake_serves_all_that_was_answered_together() {
    let env = Environment::new();
    (0..10).for_each(|ticket| env.port.complete(ticket, Outcome::Done));
    assert_eq!(env.wakes(), 0);
    wake_all();
    assert_eq!(env.wakes(), 1);
    assert_eq!(taken(&env.port, 512, usize::MAX), ((0..10).collect(), false));
}

#[test]
fn a_long_burst_wakes_before_its_end() {
    let env = Environment::new();
    (0..200).for_each(|ticket| env.port.complete(ticket, Outcome::Done));
    assert_eq!(env.wakes(), 1);
    wake_all();
}

#[test]
fn what_comes_after_a_drain_wakes_again() {
    let env = Environment::new();
    for round in 1..=3 {
        env.port.complete(round, Outcome::Done);
        wake_all();
        assert_eq!(env.wakes(), round as usize);
        assert_eq!(taken(&env.port, 512, usize::MAX), (vec![round], false));
    }
}

#[test]
fn a_budget_of_outcomes_leaves_the_rest_and_says_so() {
    let env = Environment::new();
    (0..5).for_each(|ticket| env.port.complete(ticket, Outcome::Done));
    wake_all();
    assert_eq!(taken(&env.port, 2, usize::MAX), (vec![0, 1], true));
    // The environment comes again by itself: nobody wakes it for what joins the rest.
    env.port.complete(5, Outcome::Done);
    wake_all();
    assert_eq!(env.wakes(), 1);
    assert_eq!(taken(&env.port, 512, usize::MAX), (vec![2, 3, 4, 5], false));
}

#[test]
fn a_budget_of_bytes_ends_behind_the_outcome_that_uses_it_up() {
    let env = Environment::new();
    (0..4).for_each(|ticket| env.port.complete(ticket, text(400)));
    assert_eq!(taken(&env.port, 512, 500), (vec![0, 1], true));
    env.port.complete(4, Outcome::List(vec![text(400), text(400)]));
    assert_eq!(taken(&env.port, 512, 1_000), (vec![2, 3, 4], false));
    // What is bigger than the budget by itself is not stuck.
    env.port.complete(5, text(10_000));
    assert_eq!(taken(&env.port, 512, 500), (vec![5], false));
    wake_all();
}

#[test]
fn an_environment_that_has_ended_is_not_woken_and_holds_nothing() {
    let env = Environment::new();
    env.port.complete(1, Outcome::Done);
    env.port.close();
    env.port.notify(Outcome::Done);
    wake_all();
    assert_eq!(env.wakes(), 0);
    assert_eq!(taken(&env.port, 512, usize::MAX), (vec![], false));
    assert!(env.port.is_closed());
}

#[test]
fn an_environment_is_stuck_since_it_has_not_come_for_what_waits() {
    let (env, moment) = (Environment::new(), Duration::from_millis(20));
    assert_eq!(env.port.stuck_for(), None);
    let begun = Instant::now();
    env.port.complete(0, Outcome::Done);
    std::thread::sleep(moment);
    env.port.complete(1, Outcome::Done);
    assert!(env.port.stuck_for().is_some_and(|stuck| stuck >= moment && stuck <= begun.elapsed()));
    // Who takes something lives, though more is left.
    let came = Instant::now();
    assert_eq!(taken(&env.port, 1, usize::MAX), (vec![0], true));
    assert!(env.port.stuck_for().is_some_and(|stuck| stuck <= came.elapsed()));
    assert_eq!(taken(&env.port, 1, usize::MAX), (vec![1], false));
    assert_eq!(env.port.stuck_for(), None);
    env.port.complete(2, Outcome::Done);
    wake_all();
    env.port.close();
    assert_eq!(env.port.stuck_for(), None);
}

#[test]
fn an_environment_is_beckoned_where_nothing_else_has_it_come() {
    let env = Environment::new();
    env.port.beckon();
    env.port.beckon();
    wake_all();
    assert_eq!(env.wakes(), 1);
    assert!(env.port.stuck_for().is_some());
    let nobody = "List([Number(0.0), Text(b\"beckon\")])";
    assert_eq!(env.receive(1), [(EVENT, nobody.to_owned())]);
    env.port.complete(0, Outcome::Done);
    env.port.beckon();
    wake_all();
    assert_eq!(env.receive(1), [done(0)]);
    env.port.close();
    env.port.beckon();
    assert_eq!((env.port.stuck_for(), taken(&env.port, 512, usize::MAX)), (None, (vec![], false)));
}

/// Enters an operation that never ends by itself.
fn enter(env: &Environment, ticket: u32, timeout: Duration) -> Arc<Attempt> {
    let attempt = Arc::new(Attempt::new(timeout));
    let abort = tokio::spawn(std::future::pending::<()>()).abort_handle();
    env.port
        .enter(ticket, Running { attempt: attempt.clone(), ledger: env.ledger.clone(), stamp: 0, abort: Some(abort) });
    attempt
}

#[tokio::test]
async fn an_operation_ends_once_whatever_comes_second() {
    let env = Environment::new();
    let settled = enter(&env, 0, LONG);
    env.port.settle(0, &settled, Outcome::Done);
    env.port.cancel(0);
    let cancelled = enter(&env, 1, LONG);
    env.port.cancel(1);
    env.port.settle(1, &cancelled, Outcome::Done);
    let late = enter(&env, 2, Duration::ZERO);
    env.port.expire(Instant::now());
    env.port.settle(2, &late, Outcome::Done);
    env.port.cancel(2);
    env.port.cancel(99);
    wake_all();
    assert_eq!(env.receive(3), [done(0), failed(1, Code::Cancelled), failed(2, Code::Unavailable)]);
    assert_eq!(env.settled(), 3);
}

#[tokio::test]
async fn a_late_end_does_not_reach_the_next_user_of_its_ticket() {
    let env = Environment::new();
    let first = enter(&env, 7, LONG);
    env.port.cancel(7);
    let second = enter(&env, 7, LONG);
    env.port.settle(7, &first, Outcome::Nil);
    env.port.settle(7, &second, Outcome::Done);
    wake_all();
    assert_eq!(env.receive(2), [failed(7, Code::Cancelled), done(7)]);
}

#[tokio::test]
async fn expiry_ends_what_is_late_and_tells_the_next_deadline() {
    let env = Environment::new();
    let soon = enter(&env, 0, Duration::from_secs(10));
    enter(&env, 1, LONG);
    enter(&env, 2, Duration::ZERO).sent();
    enter(&env, 3, Duration::ZERO);
    assert_eq!(env.port.expire(Instant::now()), Some(soon.deadline));
    wake_all();
    assert_eq!(env.receive(2), [(2, "ERR_TIMEOUT, maybe executed".to_owned()), failed(3, Code::Unavailable)]);
    assert_eq!(env.port.expire(Instant::now() + LONG), None);
    assert_eq!(env.settled(), 4);
}

#[tokio::test]
async fn a_closed_client_takes_its_own_operations_with_it_only() {
    let env = Environment::new();
    let other: Arc<dyn Ledger> = Arc::new(Count::default());
    enter(&env, 0, LONG).sent();
    enter(&env, 1, LONG);
    env.port.end_all_of(&other);
    assert_eq!(env.settled(), 0);
    let own: Arc<dyn Ledger> = env.ledger.clone();
    env.port.end_all_of(&own);
    wake_all();
    assert_eq!(env.receive(2), [(0, "ERR_CLOSED, maybe executed".to_owned()), failed(1, Code::Closed)]);
}

#[tokio::test]
async fn an_abandoned_environment_s_operations_are_counted_and_dropped() {
    let env = Environment::new();
    let held = Arc::new(());
    let holder = held.clone();
    let task = tokio::spawn(async move {
        std::future::pending::<()>().await;
        drop(holder);
    });
    let (attempt, ledger, abort) = (Arc::new(Attempt::new(LONG)), env.ledger.clone(), task.abort_handle());
    env.port.enter(0, Running { attempt, ledger, stamp: 0, abort: Some(abort) });
    env.port.close();
    env.port.abandon();
    assert!(task.await.is_err_and(|error| error.is_cancelled()));
    assert_eq!((env.settled(), Arc::strong_count(&held)), (1, 1));
}
