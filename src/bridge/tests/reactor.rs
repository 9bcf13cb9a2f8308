use super::*;
use crate::bridge::reactor::{Lease, abandon, end_turn, lease};
use crate::common::Attempt;
use std::future::{Future, Ready, pending};
use std::sync::mpsc::channel;
use std::time::Instant;

fn submit<F, Fut>(lease: &Lease, env: &Environment, ticket: u32, timeout: Duration, run: F)
where
    F: FnOnce(Arc<Attempt>) -> Fut + Send + 'static,
    Fut: Future<Output = Outcome> + Send + 'static,
{
    lease.submit(env.submission(ticket, timeout), run);
    end_turn(&env.port);
}

async fn never(_: Arc<Attempt>) -> Outcome {
    pending().await
}

#[test]
fn every_operation_of_many_threads_is_answered() {
    let threads: Vec<_> = (0..4)
        .map(|_| {
            std::thread::spawn(|| {
                let (lease, env) = (lease().expect("a thread"), Environment::new());
                for round in 0..200 {
                    // One at a time and many at a time, so that a lost wake-up would be noticed in either.
                    let count = if round % 2 == 0 { 1 } else { 50 };
                    (0..count).for_each(|ticket| submit(&lease, &env, ticket, LONG, |_| async { Outcome::Done }));
                    assert_eq!(env.receive(count as usize).len(), count as usize);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
}

#[test]
fn only_the_first_operation_of_a_turn_opens_it() {
    let (lease, env) = (lease().expect("a thread"), Environment::new());
    for _ in 0..3 {
        let opened: Vec<_> =
            (0..4).map(|ticket| lease.submit(env.submission(ticket, LONG), |_| async { Outcome::Done })).collect();
        assert_eq!(opened, [true, false, false, false]);
        end_turn(&env.port);
        assert_eq!(env.receive(4).len(), 4);
    }
}

#[test]
fn what_is_worth_many_is_on_its_way_before_the_next_begins() {
    let (lease, env) = (lease().expect("a thread"), Environment::new());
    // All are there when the thread comes to them: it is held up until they are.
    let (go, held) = channel::<()>();
    let (hold, is_held) = channel();
    submit(&lease, &env, 0, LONG, move |_| async move {
        let _ = hold.send(());
        let _ = held.recv();
        Outcome::Done
    });
    is_held.recv().expect("it begins");
    let seen = Arc::new(Mutex::new(Vec::new()));
    for (ticket, operations) in [(1, 1), (2, 1), (3, 16), (4, 16)] {
        let seen = seen.clone();
        lease.submit(Submission { operations, ..env.submission(ticket, LONG) }, move |_| async move {
            seen.lock().expect("no panic").push(("begun", ticket));
            // As the connection does, which sends when it is polled.
            let _ = tokio::spawn(async move { seen.lock().expect("no panic").push(("sent", ticket)) }).await;
            Outcome::Done
        });
    }
    go.send(()).expect("it waits");
    end_turn(&env.port);
    assert_eq!(env.receive(5).len(), 5);
    let order =
        [("begun", 1), ("begun", 2), ("begun", 3), ("sent", 1), ("sent", 2), ("sent", 3), ("begun", 4), ("sent", 4)];
    assert_eq!(*seen.lock().expect("no panic"), order);
}

#[test]
fn a_panic_ends_its_own_operation_only() {
    let (lease, env) = (lease().expect("a thread"), Environment::new());
    submit(&lease, &env, 0, LONG, |_| async { panic!("in the middle, on purpose") });
    submit(&lease, &env, 1, LONG, |_| -> Ready<Outcome> { panic!("before there is a future, on purpose") });
    submit(&lease, &env, 2, LONG, |_| async { Outcome::Done });
    let mut received = env.receive(3);
    received.sort();
    assert_eq!(received, [failed(0, Code::Internal), failed(1, Code::Internal), done(2)]);
    assert_eq!(env.settled(), 3);
}

#[test]
fn a_deadline_passes_and_says_whether_anything_was_sent() {
    let (lease, env) = (lease().expect("a thread"), Environment::new());
    let soon = Duration::from_millis(20);
    submit(&lease, &env, 0, soon, never);
    submit(&lease, &env, 1, soon, |attempt| async move {
        attempt.sent();
        pending().await
    });
    submit(&lease, &env, 2, LONG, |_| async { Outcome::Done });
    let mut received = env.receive(3);
    received.sort();
    assert_eq!(received, [failed(0, Code::Unavailable), (1, "ERR_TIMEOUT, maybe executed".to_owned()), done(2)]);
}

#[test]
fn a_deadline_passes_although_the_next_operation_is_always_there_already() {
    /// Hands over the next one before it ends, so that the I/O thread never finds its inbox empty; counts those that are too many.
    fn go_on(lease: Arc<Lease>, env: Arc<Environment>, late: Instant, overtime: Arc<AtomicUsize>) {
        if Instant::now() > late {
            overtime.fetch_add(1, Ordering::SeqCst);
        }
        if env.settled() == 0 {
            let next = lease.clone();
            lease.spawn(async move { go_on(next, env, late, overtime) });
        }
    }

    let (lease, env) = (Arc::new(lease().expect("a thread")), Arc::new(Environment::new()));
    let (timeout, overtime) = (Duration::from_millis(100), Arc::default());
    let (next, environment, counter) = (lease.clone(), env.clone(), Arc::clone(&overtime));
    submit(&lease, &env, 0, timeout, move |attempt| {
        go_on(next, environment, attempt.deadline + timeout, counter);
        never(attempt)
    });
    assert_eq!(env.receive(1), [failed(0, Code::Unavailable)]);
    // Whenever the thread came to run, it had one look at the deadlines a turn.
    assert!(overtime.load(Ordering::SeqCst) <= 10, "{overtime:?} more turns");
}

#[test]
fn a_turn_that_is_long_does_not_eat_up_the_deadline() {
    let (lease, env) = (lease().expect("a thread"), Environment::new());
    let (short, begun) = (Duration::from_millis(500), Instant::now());
    let jobs = (0..20).map(|ticket| lease.submit(env.submission(ticket, short), |_| async { Outcome::Done }));
    assert_eq!(jobs.filter(|opened| *opened).count(), 1);
    // What the event loop does meanwhile.
    while begun.elapsed() < 2 * short {
        std::hint::spin_loop();
    }
    end_turn(&env.port);
    let received = env.receive(20);
    assert!(received.iter().all(|(_, outcome)| outcome == "Done"), "{received:?}");
}

#[test]
fn a_cancelled_operation_is_dropped_and_its_ticket_can_be_used_again() {
    let (lease, env) = (lease().expect("a thread"), Environment::new());
    let held = Arc::new(());
    for _ in 0..100 {
        let holder = held.clone();
        submit(&lease, &env, 0, LONG, |attempt| async move {
            let outcome = never(attempt).await;
            drop(holder);
            outcome
        });
        lease.cancel(&env.port, 0);
        assert_eq!(env.receive(1), [failed(0, Code::Cancelled)]);
        submit(&lease, &env, 0, LONG, |_| async { Outcome::Done });
        assert_eq!(env.receive(1), [done(0)]);
    }
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn the_operations_of_an_environment_that_ends_end_with_it() {
    let (lease, env, other) = (lease().expect("a thread"), Environment::new(), Environment::new());
    (0..100).for_each(|ticket| submit(&lease, &env, ticket, LONG, never));
    env.port.close();
    abandon(env.port.clone());
    submit(&lease, &other, 0, LONG, |_| async { Outcome::Done });
    assert_eq!(other.receive(1), [done(0)]);
    assert_eq!((env.settled(), env.wakes()), (100, 0));
}
