//! The one way in which every pattern hands an operation to the bridge: counted, limited, with its client.

use super::circuit::Circuit;
use super::metrics::Metrics;
use super::outcome::failure;
use crate::breaker::Stamp;
use crate::bridge::{Caller, Course, GroupSubmission, Lease, Ledger, Outcome, Place, Port, Submission};
use crate::client::{Client, Error};
use crate::common::Attempt;
use futures_util::FutureExt;
use std::future::Future;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::time::timeout;

/// What a native method tells JavaScript at once. `lib/calls.js` has the same table.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Status {
    /// Handed over; it leaves when the turn ends.
    Taken = 0,
    /// Handed over, and the turn it opened must be ended.
    OpensTurn = 1,
    /// Too much is pending; nothing was sent.
    Busy = 2,
    /// The client is closed; nothing was sent.
    Closed = 3,
    /// The circuit is open; nothing was sent.
    Open = 4,
}

/// What became of operations that were gathered: so many, from the first, were handed over; and what becomes of the rest.
pub struct Taken {
    pub count: usize,
    pub rest: Status,
}

impl Taken {
    /// As it crosses: what becomes of the rest stands above 16 bits.
    pub fn word(&self) -> u32 {
        self.count as u32 | (self.rest as u32) << 16
    }
}

/// The tickets of operations that were gathered, and a word of each, as they stand in turns in what crosses.
pub fn gathered(slots: &[u32], count: u32) -> (Vec<u32>, Vec<u32>) {
    slots.as_chunks().0.iter().take(count as usize).map(|[ticket, word]| (*ticket, *word)).unzip()
}

/// What is told of every outcome.
pub struct Books {
    pub metrics: Metrics,
    pub circuit: Arc<Circuit>,
}

impl Ledger for Books {
    fn settled(&self, outcome: &Outcome, course: &Course) {
        self.circuit.settled(outcome, course);
        self.metrics.settled(outcome, course);
    }
}

/// A client's share of the bridge; every pattern object over that client holds it.
pub struct Dispatch {
    pub client: Client,
    pub books: Arc<Books>,
    pub port: Arc<Port>,
    pub timeout: Duration,
    most_pending: usize,
    /// Taken when the client closes, so that the I/O thread can end while objects of JavaScript still live.
    lease: RwLock<Option<Lease>>,
}

impl Dispatch {
    pub fn new(
        client: Client,
        circuit: Arc<Circuit>,
        port: Arc<Port>,
        lease: Lease,
        timeout: Duration,
        most_pending: usize,
    ) -> Arc<Self> {
        let books = Arc::new(Books { metrics: Metrics::default(), circuit });
        Arc::new(Dispatch { client, books, port, timeout, most_pending, lease: RwLock::new(Some(lease)) })
    }

    /// Hands over an operation with the client's deadline, or with its own.
    pub fn submit<F, Fut>(&self, ticket: u32, timeout: Option<Duration>, run: F) -> Status
    where
        F: FnOnce(Client, Arc<Attempt>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Outcome, Error>> + Send + 'static,
    {
        self.submit_many(ticket, timeout, 1, run)
    }

    /// As `submit`, for an operation that is worth so many.
    pub fn submit_many<F, Fut>(&self, ticket: u32, timeout: Option<Duration>, operations: usize, run: F) -> Status
    where
        F: FnOnce(Client, Arc<Attempt>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Outcome, Error>> + Send + 'static,
    {
        self.hand_over(ticket, timeout, operations, run, |lease| self.books.circuit.enter(lease))
    }

    /// As `submit`, for an operation that asks whether the server is well: an open circuit lets it through.
    pub fn observe<F, Fut>(&self, ticket: u32, timeout: Option<Duration>, run: F) -> Status
    where
        F: FnOnce(Client, Arc<Attempt>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Outcome, Error>> + Send + 'static,
    {
        self.hand_over(ticket, timeout, 1, run, |_| Some(self.books.circuit.observer()))
    }

    fn hand_over<F, Fut>(
        &self,
        ticket: u32,
        timeout: Option<Duration>,
        operations: usize,
        run: F,
        enter: impl FnOnce(&Lease) -> Option<Stamp>,
    ) -> Status
    where
        F: FnOnce(Client, Arc<Attempt>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Outcome, Error>> + Send + 'static,
    {
        let lease = self.lease.read().unwrap_or_else(PoisonError::into_inner);
        let Some(lease) = lease.as_ref() else { return Status::Closed };
        let Stamp(stamp) = match self.admit(|| enter(lease)) {
            Ok(stamp) => stamp,
            Err(status) => return status,
        };
        let client = self.client.clone();
        let timeout = timeout.unwrap_or(self.timeout);
        let (port, ledger) = (self.port.clone(), self.books.clone());
        let submission = Submission { port, ticket, timeout, ledger, stamp, operations };
        let opens_turn = lease.submit(submission, |attempt| {
            run(client, attempt.clone()).map(move |done| done.unwrap_or_else(|error| failure(&error, &attempt)))
        });
        if opens_turn { Status::OpensTurn } else { Status::Taken }
    }

    /// Hands over operations that were gathered in the middle of a turn.
    pub fn submit_group<F, Fut>(&self, tickets: &[u32], timeout: Option<Duration>, run: F) -> Taken
    where
        F: FnOnce(Client, Vec<Caller>) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.hand_over_group(tickets, timeout, run, |lease| self.books.circuit.enter(lease))
    }

    /// As `submit_group`, for operations that an open circuit lets through.
    pub fn observe_group<F, Fut>(&self, tickets: &[u32], timeout: Option<Duration>, run: F) -> Taken
    where
        F: FnOnce(Client, Vec<Caller>) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.hand_over_group(tickets, timeout, run, |_| Some(self.books.circuit.observer()))
    }

    fn hand_over_group<F, Fut>(
        &self,
        tickets: &[u32],
        timeout: Option<Duration>,
        run: F,
        enter: impl Fn(&Lease) -> Option<Stamp>,
    ) -> Taken
    where
        F: FnOnce(Client, Vec<Caller>) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let lease = self.lease.read().unwrap_or_else(PoisonError::into_inner);
        let Some(lease) = lease.as_ref() else { return Taken { count: 0, rest: Status::Closed } };
        let mut places = Vec::with_capacity(tickets.len());
        let mut rest = Status::Taken;
        for &ticket in tickets {
            match self.admit(|| enter(lease)) {
                Ok(Stamp(stamp)) => places.push(Place { ticket, stamp }),
                Err(refused) => {
                    rest = refused;
                    self.refuse_more(tickets.len() - places.len() - 1, refused);
                    break;
                }
            }
        }
        let count = places.len();
        if count > 0 {
            let (client, timeout) = (self.client.clone(), timeout.unwrap_or(self.timeout));
            let submission = GroupSubmission { port: self.port.clone(), places, timeout, ledger: self.books.clone() };
            lease.submit_group(submission, |callers| run(client, callers));
        }
        Taken { count, rest }
    }

    /// Counts those that are refused with another.
    fn refuse_more(&self, count: usize, status: Status) {
        match status {
            Status::Busy => drop(self.books.metrics.refused.fetch_add(count as u64, Relaxed)),
            _ => self.books.circuit.reject(count as u64),
        }
    }

    /// Counts an operation that is about to begin, where there is room for it and the circuit lets it through.
    fn admit(&self, enter: impl FnOnce() -> Option<Stamp>) -> Result<Stamp, Status> {
        let metrics = &self.books.metrics;
        if metrics.pending.fetch_add(1, Relaxed) >= self.most_pending {
            metrics.pending.fetch_sub(1, Relaxed);
            metrics.refused.fetch_add(1, Relaxed);
            return Err(Status::Busy);
        }
        // Last, because a probe that is let through must begin.
        let Some(stamp) = enter() else {
            metrics.pending.fetch_sub(1, Relaxed);
            return Err(Status::Open);
        };
        metrics.operations.fetch_add(1, Relaxed);
        Ok(stamp)
    }

    /// Runs something on the I/O thread that nobody waits for, and nothing counts; nothing where the client is closed.
    pub fn aside(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Some(lease) = self.lease.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            lease.spawn(work);
        }
    }

    pub fn cancel(&self, ticket: u32) {
        if let Some(lease) = self.lease.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            lease.cancel(&self.port, ticket);
        }
    }

    /// Takes no more operations, waits for those that are pending, ends the connection and lets go of the I/O thread. `false` when that has
    /// been asked for already; then the ticket is not answered.
    pub fn close(&self, ticket: u32, within: Duration) -> bool {
        /// What is pending when the connection ends fails at once; this is for a machine that stands still.
        const GRACE: Duration = Duration::from_secs(1);

        let (client, books, port) = (self.client.clone(), self.books.clone(), self.port.clone());
        self.leave(async move {
            let _ = timeout(within, books.metrics.drained()).await;
            let _ = timeout(GRACE, client.close()).await;
            let _ = timeout(GRACE, books.metrics.drained()).await;
            let ledger: Arc<dyn Ledger> = books;
            port.end_all_of(&ledger);
            port.complete(ticket, Outcome::Done);
        })
    }

    /// Runs a farewell on the I/O thread and then lets go of it.
    fn leave(&self, farewell: impl Future<Output = ()> + Send + 'static) -> bool {
        let taken = self.lease.write().unwrap_or_else(PoisonError::into_inner).take();
        let Some(lease) = taken.map(Arc::new) else { return false };
        let held = lease.clone();
        lease.spawn(async move {
            farewell.await;
            drop(held);
        });
        true
    }
}

impl Drop for Dispatch {
    fn drop(&mut self) {
        let (client, books) = (self.client.clone(), self.books.clone());
        // A client that JavaScript no longer holds may have calls that somebody awaits.
        self.leave(async move {
            books.metrics.drained().await;
            client.close().await;
        });
    }
}
