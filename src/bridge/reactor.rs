//! The I/O thread: one a process, shared by the main thread and all worker threads, alive while a client is.

use super::deadlines::Deadlines;
use super::group::{Caller, Group, GroupSubmission};
use super::job::{Job, Submission};
use super::outcome::Outcome;
use super::patience::Patience;
use super::port::Port;
use crate::common::Attempt;
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;

/// The rest of a turn leaves when it ends, and whenever this many wait, so that both threads work at the same time. A call that is worth as many leaves
/// at once, before the next begins.
const MANY: usize = 16;

/// Replies are decoded by recursion, a few KB of stack a level, and a script may nest them deep. Only what is used is ever touched.
const STACK: usize = 64 * 1024 * 1024;

enum Message {
    Start(Job),
    StartGroup(Group),
    Cancel(Arc<Port>, u32),
    Abandon(Arc<Port>),
    Spawn(Pin<Box<dyn Future<Output = ()> + Send>>),
    Stop,
}

impl Message {
    fn operations(&self) -> usize {
        match self {
            Message::Start(job) => job.operations(),
            Message::StartGroup(group) => group.len(),
            _ => 1,
        }
    }

    /// Whether it is one call that keeps the server busy for a while. Groups may be many calls, which cost less where they leave together.
    fn leaves_alone(&self) -> bool {
        matches!(self, Message::Start(job) if job.operations() >= MANY)
    }
}

/// The way down to the I/O thread.
#[derive(Default)]
struct Reactor {
    inbox: Mutex<Vec<Message>>,
    /// Whether there is something in the inbox, for whoever only looks: its lock would be taken from those who fill it.
    filled: AtomicBool,
    bell: Notify,
    /// The thread looks into the inbox by itself; nobody has to ring.
    looking: AtomicBool,
}

impl Reactor {
    fn inbox(&self) -> MutexGuard<'_, Vec<Message>> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many wait then.
    fn put(&self, message: Message) -> usize {
        let mut inbox = self.inbox();
        inbox.push(message);
        self.filled.store(true, Ordering::Release);
        inbox.len()
    }

    /// Swaps the inbox for an empty one.
    fn take(&self, batch: &mut Vec<Message>) {
        let mut inbox = self.inbox();
        std::mem::swap(&mut *inbox, batch);
        self.filled.store(false, Ordering::Release);
    }

    fn ring(&self) {
        // Whoever rings has filled the inbox before; the thread looks into it once more, under its lock, after it has cleared this flag.
        if !self.looking.load(Ordering::SeqCst) {
            self.bell.notify_one();
        }
    }

    /// Looks out for messages for a short while, and meanwhile serves the sockets. Returns whether one came.
    async fn look_out(&self, patience: &mut Patience) -> bool {
        let Some(window) = patience.look_out() else { return false };
        let begun = Instant::now();
        let mut until = begun + window;
        self.looking.store(true, Ordering::SeqCst);
        if !patience.has_many() {
            // A single operation is sent at once. Many do better where those that come with them are gathered first.
            tokio::task::yield_now().await;
            wake_all();
        }
        while !self.filled.load(Ordering::Acquire) && Instant::now() < until {
            // Whoever waits for this processor goes first: a server on the same machine, or the thread that asks.
            std::thread::yield_now();
            tokio::task::yield_now().await;
            // Whoever has been answered may ask again: for that the time begins anew. What comes up without end must not hold up the deadlines.
            if wake_all() {
                until = (Instant::now() + window).min(begun + 2 * window);
            }
        }
        self.looking.store(false, Ordering::SeqCst);
        // Under the lock of the inbox, which the flag cannot stand for: what was put there before is found, and whoever puts something there later sees
        // that nobody looks, and rings.
        let came = !self.inbox().is_empty();
        // A processor that was given away for longer is wanted by others.
        patience.learn(came && Instant::now() < until);
        came
    }

    fn post(&self, message: Message) {
        self.put(message);
        self.ring();
    }
}

/// A share in the I/O thread; the thread ends with the last one.
pub struct Lease(Arc<Reactor>);

impl Drop for Lease {
    fn drop(&mut self) {
        let mut current = current();
        let Some(shared) = current.as_mut() else { return };
        shared.leases -= 1;
        if shared.leases == 0 {
            *current = None;
            self.0.post(Message::Stop);
        }
    }
}

/// The I/O thread that runs now. There is one as long as there is a lease, and every lease is of that one.
struct Shared {
    reactor: Arc<Reactor>,
    /// Counted here, under the lock, because a count of references is lowered only after a lease's `drop` has returned.
    leases: usize,
}

fn current() -> MutexGuard<'static, Option<Shared>> {
    static CURRENT: Mutex<Option<Shared>> = Mutex::new(None);
    CURRENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A lease of the running I/O thread, or of a new one.
pub fn lease() -> std::io::Result<Lease> {
    let mut current = current();
    if let Some(shared) = current.as_mut() {
        shared.leases += 1;
        return Ok(Lease(shared.reactor.clone()));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_park(|| {
            wake_all();
        })
        .build()?;
    let reactor = Arc::new(Reactor::default());
    let worker = reactor.clone();
    std::thread::Builder::new()
        .name("redwright-io".into())
        .stack_size(STACK)
        .spawn(move || runtime.block_on(run(worker)))?;
    *current = Some(Shared { reactor: reactor.clone(), leases: 1 });
    Ok(Lease(reactor))
}

impl Lease {
    /// Hands an operation over. Returns whether it opened a turn: then the environment must call `end_turn` when the turn ends.
    ///
    /// The first operation of a turn leaves at once, so that one at a time waits for nothing; the rest leave in groups, which saves a
    /// wake-up and a write for each.
    pub fn submit<F, Fut>(&self, submission: Submission, run: F) -> bool
    where
        F: FnOnce(Arc<Attempt>) -> Fut + Send + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        let opens_turn = submission.port.opens_turn();
        let is_large = submission.operations >= MANY;
        let waiting = self.0.put(Message::Start(Job::new(submission, run)));
        if opens_turn || is_large || waiting.is_multiple_of(MANY) {
            self.0.ring();
        }
        opens_turn
    }

    /// As `submit`, for operations that were gathered while their turn went on: they are in its middle, and whoever gathers ends it.
    pub fn submit_group<F, Fut>(&self, submission: GroupSubmission, run: F)
    where
        F: FnOnce(Vec<Caller>) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let group = Group::new(submission, run);
        let is_large = group.len() >= MANY;
        self.0.put(Message::StartGroup(group));
        if is_large {
            self.0.ring();
        }
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
    if let Some(Shared { reactor, .. }) = &*current()
        && !reactor.inbox().is_empty()
    {
        reactor.ring();
    }
}

/// Ends the operations of an environment that has ended.
pub(super) fn abandon(port: Arc<Port>) {
    if let Some(Shared { reactor, .. }) = &*current() {
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

/// Whether any was woken.
pub(super) fn wake_all() -> bool {
    UNWOKEN.with_borrow_mut(|ports| ports.drain(..).map(|port| port.wake()).count() > 0)
}

/// What the I/O thread does between its birth and its end.
async fn run(reactor: Arc<Reactor>) {
    let mut deadlines = Deadlines::default();
    let mut patience = Patience::default();
    let mut batch = Vec::new();
    loop {
        if !reactor.look_out(&mut patience).await {
            tokio::select! {
                () = reactor.bell.notified() => {}
                () = deadlines.next() => {}
            }
        }
        // Here and not above: while looking out is worth it, nothing above is reached.
        let mut now = Instant::now();
        deadlines.expire(now);
        // One environment that keeps this thread busy must not hold back the answers of another until the thread parks.
        wake_all();
        reactor.take(&mut batch);
        patience.took(batch.iter().map(Message::operations).sum());
        for message in batch.drain(..) {
            let leaves_alone = message.leaves_alone();
            match message {
                Message::Start(job) => job.start(now, &mut deadlines),
                Message::StartGroup(group) => group.start(now, &mut deadlines),
                Message::Cancel(port, ticket) => port.cancel(ticket),
                Message::Abandon(port) => port.abandon(),
                Message::Spawn(future) => drop(tokio::spawn(future)),
                Message::Stop => {
                    // Every client has closed, and its last outcomes may wait here.
                    wake_all();
                    return;
                }
            }
            // It is on its way before the next begins, so that the server works on it meanwhile: what that reads together it answers together.
            if leaves_alone {
                tokio::task::yield_now().await;
                wake_all();
                now = Instant::now();
            }
        }
    }
}
