//! Where a link stands, and the calls that wait for it.

use super::error::Error;
use super::session::Session;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Notify, watch};

/// Where a link stands.
#[derive(Clone, Default)]
pub enum State {
    /// Connecting, for the first time or again.
    #[default]
    Waiting,
    Ready(Session),
    /// The last attempt failed; the next one comes by itself.
    Down(Error),
    Closed,
}

/// Lets calls through while a connection stands.
pub struct Gate {
    state: watch::Sender<State>,
    /// Rung at every change. Unlike those of `state`, whoever waits here is woken in the order of coming.
    changed: Notify,
    /// Calls that wait for a connection.
    waiting: AtomicUsize,
}

impl Default for Gate {
    fn default() -> Self {
        Gate { state: watch::Sender::new(State::default()), changed: Notify::new(), waiting: AtomicUsize::new(0) }
    }
}

impl Gate {
    pub fn enter(&self, state: State) {
        self.state.send_replace(state);
        self.changed.notify_waiters();
    }

    /// The standing connection, if there is one and nobody waits for it.
    pub fn standing(&self) -> Option<Session> {
        match &*self.state.borrow() {
            State::Ready(session) if self.waiting.load(Ordering::Relaxed) == 0 => Some(session.clone()),
            _ => None,
        }
    }

    /// Closes, so that nobody begins on the standing connection, and gives it.
    pub fn leave(&self) -> Option<Session> {
        let before = self.state.send_replace(State::Closed);
        self.changed.notify_waiters();
        if let State::Ready(session) = before { Some(session) } else { None }
    }

    pub fn is_standing(&self) -> bool {
        matches!(&*self.state.borrow(), State::Ready(_))
    }

    /// The standing connection, awaited for as long as the next attempt may bring it. Calls get it in the order in which they came.
    pub async fn session(&self) -> Result<Session, Error> {
        let _here = Waiting::new(&self.waiting);
        if matches!(&*self.state.borrow(), State::Ready(_)) {
            // Those who waited have been woken, and are before us.
            tokio::task::yield_now().await;
        }
        loop {
            let changed = pin!(self.changed.notified());
            match &*self.state.borrow() {
                State::Ready(session) => return Ok(session.clone()),
                State::Closed => return Err(Error::closed()),
                State::Down(error) if error.is_lasting() => return Err(error.clone()),
                State::Down(_) | State::Waiting => {}
            }
            changed.await;
        }
    }

    /// Waits until the state is as asked, and tells it.
    pub async fn until(&self, asked: impl FnMut(&State) -> bool) -> State {
        // The sender is ours, so it cannot have gone.
        self.state.subscribe().wait_for(asked).await.map_or(State::Closed, |state| state.clone())
    }

    /// Why the last attempt to connect failed, where it did.
    pub fn why_down(&self) -> Option<Error> {
        if let State::Down(error) = &*self.state.borrow() { Some(error.clone()) } else { None }
    }
}

/// Counts a call that waits.
pub struct Waiting<'count>(&'count AtomicUsize);

impl<'count> Waiting<'count> {
    pub fn new(count: &'count AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Waiting(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
