//! The I/O thread: one a process, shared by the main thread and all worker threads, alive while a client is.

use super::job::{Job, Submission};
use super::outcome::Outcome;
use super::port::Port;
use crate::common::Attempt;
use std::cell::RefCell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::time::sleep_until;

/// Deadlines are checked no more often than this, so an operation may be told this much late.
const TICK: Duration = Duration::from_millis(5);

enum Message {
    Start(Job),
    Cancel(Arc<Port>, u32),
    Abandon(Arc<Port>),
    Spawn(Pin<Box<dyn Future<Output = ()> + Send>>),
    Stop,
}

/// The way down to the I/O thread.
struct Reactor {
    inbox: Mutex<Vec<Message>>,
    bell: Notify,
}

impl Reactor {
    fn inbox(&self) -> MutexGuard<'_, Vec<Message>> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn post(&self, message: Message) {
        self.inbox().push(message);
        self.bell.notify_one();
    }
}

/// A share in the I/O thread; the thread ends with the last one.
pub struct Lease(Arc<Reactor>);

impl Drop for Lease {
    fn drop(&mut self) {
        let mut current = current();
        // Under the lock no new lease can be given, so a count of one is this one.
        if Arc::strong_count(&self.0) == 2 && current.upgrade().is_some_and(|reactor| Arc::ptr_eq(&reactor, &self.0)) {
            *current = Weak::new();
            self.0.post(Message::Stop);
        }
    }
}

fn current() -> MutexGuard<'static, Weak<Reactor>> {
    static CURRENT: Mutex<Weak<Reactor>> = Mutex::new(Weak::new());
    CURRENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A lease of the running I/O thread, or of a new one.
pub fn lease() -> std::io::Result<Lease> {
    let mut current = current();
    if let Some(reactor) = current.upgrade() {
        return Ok(Lease(reactor));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().on_thread_park(wake_all).build()?;
    let reactor = Arc::new(Reactor { inbox: Mutex::default(), bell: Notify::new() });
    let worker = reactor.clone();
    std::thread::Builder::new().name("redwright-io".into()).spawn(move || runtime.block_on(run(worker)))?;
    *current = Arc::downgrade(&reactor);
    Ok(Lease(reactor))
}

impl Lease {
    /// Hands an operation over. Returns whether it opened a turn: then the environment must call [`Lease::end_turn`] when the turn ends.
    ///
    /// The first operation of a turn leaves at once, so that one at a time waits for nothing; the rest leave together,
    /// which saves a wake-up and a write for each.
    pub fn submit<F, Fut>(&self, submission: Submission, run: F) -> bool
    where
        F: FnOnce(Arc<Attempt>) -> Fut + Send + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        let opens_turn = submission.port.opens_turn();
        self.0.inbox().push(Message::Start(Job::new(submission, run)));
        if opens_turn {
            self.0.bell.notify_one();
        }
        opens_turn
    }

    pub fn cancel(&self, port: &Arc<Port>, ticket: u32) {
        self.0.post(Message::Cancel(port.clone(), ticket));
    }

    /// Runs a future on the I/O thread that no environment waits for.
    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.0.post(Message::Spawn(Box::pin(future)));
    }
}

/// Sends what a turn of an environment has gathered.
pub(super) fn end_turn(port: &Port) {
    port.set_gathering(false);
    if let Some(reactor) = current().upgrade()
        && !reactor.inbox().is_empty()
    {
        reactor.bell.notify_one();
    }
}

/// Ends the operations of an environment that has ended.
pub(super) fn abandon(port: Arc<Port>) {
    if let Some(reactor) = current().upgrade() {
        reactor.post(Message::Abandon(port));
    }
}

thread_local! {
    /// Ports with outcomes whose environment has not been woken yet.
    static UNWOKEN: RefCell<Vec<Arc<Port>>> = const { RefCell::new(Vec::new()) };
}

/// Wakes a port when the run queue is empty, so that one wake serves all that was answered together.
pub(super) fn wake_later(port: &Arc<Port>) {
    UNWOKEN.with_borrow_mut(|ports| ports.push(port.clone()));
}

fn wake_all() {
    UNWOKEN.with_borrow_mut(|ports| ports.drain(..).for_each(|port| port.wake()));
}

async fn run(reactor: Arc<Reactor>) {
    let mut ports: Vec<Arc<Port>> = Vec::new();
    let mut next: Option<Instant> = None;
    let mut batch = Vec::new();
    let mut timer = pin!(sleep_until(tokio::time::Instant::now()));
    loop {
        tokio::select! {
            () = reactor.bell.notified() => {}
            () = &mut timer, if next.is_some() => {
                let now = Instant::now();
                next = ports.iter().filter_map(|port| port.expire(now)).min();
                if let Some(deadline) = next {
                    timer.as_mut().reset(deadline.max(now + TICK).into());
                }
            }
        }
        std::mem::swap(&mut *reactor.inbox(), &mut batch);
        for message in batch.drain(..) {
            match message {
                Message::Start(job) => {
                    let deadline = job.attempt.deadline;
                    if next.is_none_or(|earliest| deadline < earliest) {
                        next = Some(deadline);
                        timer.as_mut().reset(deadline.into());
                    }
                    if !ports.iter().any(|port| Arc::ptr_eq(port, &job.port)) {
                        ports.retain(|port| !port.is_closed());
                        ports.push(job.port.clone());
                    }
                    job.start();
                }
                Message::Cancel(port, ticket) => port.cancel(ticket),
                Message::Abandon(port) => port.abandon(),
                Message::Spawn(future) => drop(tokio::spawn(future)),
                Message::Stop => {
                    // Every client has drained; should an operation be left all the same, its caller is not left waiting.
                    let end_of_days = Instant::now() + Duration::from_secs(u64::from(u32::MAX));
                    for port in &ports {
                        port.expire(end_of_days);
                    }
                    wake_all();
                    return;
                }
            }
        }
    }
}
