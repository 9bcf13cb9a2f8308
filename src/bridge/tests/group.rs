use super::*;
use crate::bridge::group::{Caller, GroupSubmission, Place};
use crate::bridge::reactor::{end_turn, lease};
use std::future::{Future, pending};
use std::sync::mpsc::{Sender, channel};

fn group(env: &Environment, count: u32, timeout: Duration) -> GroupSubmission {
    let places = (0..count).map(|ticket| Place { ticket, stamp: 0 }).collect();
    GroupSubmission { port: env.port.clone(), places, timeout, ledger: env.ledger.clone() }
}

/// Submits a group, and gives what its callers are told.
fn told<F, Fut>(count: u32, timeout: Duration, run: F) -> (Vec<(u32, String)>, usize)
where
    F: FnOnce(Vec<Caller>) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let (lease, env) = (lease().expect("a thread"), Environment::new());
    lease.submit_group(group(&env, count, timeout), run);
    end_turn(&env.port);
    let mut told = env.receive(count as usize);
    told.sort();
    (told, env.settled())
}

#[test]
fn each_of_a_group_is_answered_by_itself() {
    let answered = told(3, LONG, |mut callers| async move {
        callers.swap_remove(1).answer(Outcome::Nil);
        callers.into_iter().for_each(|caller| caller.answer(Outcome::Done));
    });
    assert_eq!(answered, (vec![done(0), (1, "Nil".to_owned()), done(2)], 3));
}

#[test]
fn who_is_forgotten_is_told_that_the_work_failed() {
    let forgotten = |ticket| failed(ticket, Code::Internal);
    let answered = told(3, LONG, |callers| async move { drop(callers) });
    assert_eq!(answered, ((0..3).map(forgotten).collect(), 3));
    let panicked = told(2, LONG, |callers| async move {
        let _callers = callers;
        panic!("in the middle, on purpose")
    });
    assert_eq!(panicked, ((0..2).map(forgotten).collect(), 2));
}

#[test]
fn a_deadline_ends_those_who_wait_and_not_the_work() {
    let answered = told(3, Duration::from_millis(20), |mut callers| async move {
        callers.pop().into_iter().for_each(|caller| caller.answer(Outcome::Done));
        callers[1].attempt().sent();
        pending::<()>().await;
    });
    assert_eq!(answered.0, [failed(0, Code::Unavailable), (1, "ERR_TIMEOUT, maybe executed".to_owned()), done(2)]);
    assert_eq!(answered.1, 3);
}

/// Says that it is dropped.
struct Dropped(Sender<()>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

#[test]
fn work_for_one_of_a_group_ends_where_that_one_has_given_up() {
    let (sender, dropped) = channel();
    let (lease, env) = (lease().expect("a thread"), Environment::new());
    lease.submit_group(group(&env, 2, Duration::from_millis(20)), |callers| async move {
        for caller in callers {
            let witness = Dropped(sender.clone());
            let work = |caller| async move {
                let _both = (caller, witness);
                pending().await
            };
            caller.begin(work).await;
        }
    });
    end_turn(&env.port);
    let mut told = env.receive(2);
    told.sort();
    assert_eq!(told, [failed(0, Code::Unavailable), failed(1, Code::Unavailable)]);
    (0..2).for_each(|_| dropped.recv_timeout(LONG).expect("it goes on"));
}

#[test]
fn work_that_is_done_in_its_first_step_answers() {
    let answered = told(2, LONG, |callers| async move {
        for caller in callers {
            caller.begin(|caller| async move { caller.answer(Outcome::Done) }).await;
        }
    });
    assert_eq!(answered, (vec![done(0), done(1)], 2));
}
