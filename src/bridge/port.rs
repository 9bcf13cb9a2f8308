//! One JavaScript environment's end of the bridge: its running operations, and the queue of outcomes that wait for its thread.

use super::job::{Ledger, Running};
use super::outcome::{Code, Failure, Outcome};
use super::reactor;
use crate::common::Attempt;
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::AbortHandle;

/// The ticket under which events travel; no operation has it.
pub(super) const EVENT: u32 = u32::MAX;

/// A wake is put off until the I/O thread has nothing else to do, or this many outcomes wait.
const WAKE_AFTER: usize = 16;

/// An outcome on its way up.
pub(super) struct Completion {
    pub ticket: u32,
    pub outcome: Outcome,
}

/// Calls the environment's thread once; given up when the environment ends.
pub(super) type Waker = Box<dyn Fn() + Send>;

#[derive(Default)]
struct Up {
    queue: VecDeque<Completion>,
    /// Since when the environment has not come for what waits: a wake has been asked for, and it has not emptied the queue since.
    waking: Option<Instant>,
    /// Nobody comes for outcomes any more.
    closed: bool,
}

/// Shared by one environment and the I/O thread.
pub struct Port {
    running: Mutex<Vec<Option<Running>>>,
    up: Mutex<Up>,
    waker: Mutex<Option<Waker>>,
    /// Set while a turn of the event loop gathers its operations; touched by the environment's thread only.
    gathering: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while it holds one of these locks; a poisoned one still holds whole data.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Port {
    pub(super) fn new(waker: Waker) -> Arc<Self> {
        Arc::new(Port {
            running: Mutex::default(),
            up: Mutex::default(),
            waker: Mutex::new(Some(waker)),
            gathering: AtomicBool::new(false),
        })
    }

    /// One whose environment never comes.
    #[cfg(test)]
    pub fn unheard() -> Arc<Self> {
        Port::new(Box::new(|| {}))
    }

    /// Whether this submission is the first of its turn and must leave at once; the rest follow at the turn's end.
    pub(super) fn opens_turn(&self) -> bool {
        !self.gathering.swap(true, Ordering::Relaxed)
    }

    pub(super) fn set_gathering(&self, gathering: bool) {
        self.gathering.store(gathering, Ordering::Relaxed);
    }

    /// Enters a started operation. I/O thread only.
    pub(super) fn enter(&self, ticket: u32, operation: Running) {
        let mut running = lock(&self.running);
        let slot = ticket as usize;
        if running.len() <= slot {
            running.resize_with(slot + 1, || None);
        }
        running[slot] = Some(operation);
    }

    /// Has work end with its operation, which it is for alone. I/O thread only.
    pub(super) fn end_with(&self, ticket: u32, attempt: &Arc<Attempt>, work: AbortHandle) {
        match lock(&self.running).get_mut(ticket as usize) {
            Some(Some(operation)) if Arc::ptr_eq(&operation.attempt, attempt) => operation.abort = Some(work),
            _ => work.abort(),
        }
    }

    /// Ends an operation with its outcome, unless it has ended already. I/O thread only.
    pub(super) fn settle(self: &Arc<Self>, ticket: u32, attempt: &Arc<Attempt>, outcome: Outcome) {
        let operation = {
            let mut running = lock(&self.running);
            match running.get_mut(ticket as usize) {
                Some(slot) if slot.as_ref().is_some_and(|op| Arc::ptr_eq(&op.attempt, attempt)) => slot.take(),
                _ => None,
            }
        };
        if let Some(operation) = operation {
            self.finish(ticket, &operation, outcome);
        }
    }

    /// Ends an operation because its caller no longer waits. I/O thread only.
    pub(super) fn cancel(self: &Arc<Self>, ticket: u32) {
        let operation = lock(&self.running).get_mut(ticket as usize).and_then(Option::take);
        if let Some(operation) = operation {
            operation.abort();
            self.finish(ticket, &operation, operation.cancelled());
        }
    }

    /// Ends every operation whose deadline has passed and tells the next deadline. I/O thread only.
    pub(super) fn expire(self: &Arc<Self>, now: Instant) -> Option<Instant> {
        let mut next: Option<Instant> = None;
        let is_late = |operation: &Running| {
            let deadline = operation.attempt.deadline;
            if deadline > now {
                next = Some(next.map_or(deadline, |earliest| earliest.min(deadline)));
            }
            deadline <= now
        };
        self.end(is_late, Running::expired);
        next
    }

    /// Ends what is left of a client that has closed, so that no caller waits for ever. I/O thread only.
    pub fn end_all_of(self: &Arc<Self>, ledger: &Arc<dyn Ledger>) {
        self.end(|operation| Arc::ptr_eq(&operation.ledger, ledger), Running::closed);
    }

    fn end(self: &Arc<Self>, mut which: impl FnMut(&Running) -> bool, outcome: impl Fn(&Running) -> Outcome) {
        let mut ended = Vec::new();
        for (ticket, slot) in lock(&self.running).iter_mut().enumerate() {
            if let Some(operation) = slot.take_if(|operation| which(operation)) {
                ended.push((ticket as u32, operation));
            }
        }
        for (ticket, operation) in ended {
            operation.abort();
            self.finish(ticket, &operation, outcome(&operation));
        }
    }

    fn finish(self: &Arc<Self>, ticket: u32, operation: &Running, outcome: Outcome) {
        let course = operation.course();
        self.push(ticket, outcome, |outcome| operation.ledger.settled(outcome, &course));
    }

    /// Sends an event up. It does not keep the process alive.
    pub fn notify(self: &Arc<Self>, event: Outcome) {
        self.push(EVENT, event, |_| {});
    }

    /// Answers a ticket that was never entered. I/O thread only.
    pub fn complete(self: &Arc<Self>, ticket: u32, outcome: Outcome) {
        self.push(ticket, outcome, |_| {});
    }

    /// `count` runs under the lock, so that whoever sees what it counted finds the outcome in the queue.
    fn push(self: &Arc<Self>, ticket: u32, outcome: Outcome, count: impl FnOnce(&Outcome)) {
        let mut up = lock(&self.up);
        count(&outcome);
        if up.closed {
            return;
        }
        up.queue.push_back(Completion { ticket, outcome });
        let waiting = up.queue.len();
        let first = up.waking.is_none();
        if first {
            up.waking = Some(Instant::now());
        }
        drop(up);
        if first {
            reactor::wake_later(self);
        } else if waiting == WAKE_AFTER {
            self.wake();
        }
    }

    /// Asks the environment's thread to drain.
    pub(super) fn wake(&self) {
        if let Some(waker) = lock(&self.waker).as_ref() {
            waker();
        }
    }

    /// Takes up to a budget of outcomes; `true` when more are left, and then the environment comes again by itself.
    pub(super) fn take(&self, most: usize, most_bytes: usize, into: &mut Vec<Completion>) -> bool {
        let mut up = lock(&self.up);
        let mut bytes = 0;
        while into.len() < most && bytes < most_bytes {
            let Some(completion) = up.queue.pop_front() else { break };
            bytes += completion.outcome.weight();
            into.push(completion);
        }
        // Who takes something lives, though more is left.
        up.waking = (!up.queue.is_empty()).then(Instant::now);
        up.waking.is_some()
    }

    /// How long the environment has not come for what waits for it; `None` when nothing waits, or nobody comes any more.
    pub fn stuck_for(&self) -> Option<Duration> {
        lock(&self.up).waking.map(|since| since.elapsed())
    }

    /// Has the environment come, if nothing else does, so that `stuck_for` tells whether it lives. I/O thread only.
    pub fn beckon(self: &Arc<Self>) {
        /// An event for nobody: `lib/calls.js` numbers its sources from 1.
        const NOBODY: f64 = 0.0;

        // Only what this thread pushes could come between, and then it is the environment's second reason to come.
        if self.stuck_for().is_none() {
            self.notify(Outcome::List(vec![Outcome::Number(NOBODY), Outcome::Text(Bytes::from_static(b"beckon"))]));
        }
    }

    /// The environment has ended: nothing wakes it any more. Its operations are ended on the I/O thread.
    pub(super) fn close(&self) {
        lock(&self.waker).take();
        let mut up = lock(&self.up);
        up.closed = true;
        up.queue.clear();
        up.waking = None;
    }

    pub fn is_closed(&self) -> bool {
        lock(&self.waker).is_none()
    }

    /// Drops every operation of an environment that has ended. I/O thread only.
    pub(super) fn abandon(&self) {
        for operation in lock(&self.running).drain(..).flatten() {
            operation.abort();
            let gone = Failure::new(Code::Cancelled, "the environment has ended").into();
            operation.ledger.settled(&gone, &operation.course());
        }
    }
}
