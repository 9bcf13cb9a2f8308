//! Where a link stands, and the calls that wait for it.

use super::error::Error;
use super::line::{Line, Place, Turn};
use super::session::Session;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::time::timeout;

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
    /// Calls that wait for a connection.
    line: Line,
}

impl Default for Gate {
    fn default() -> Self {
        Gate { state: watch::Sender::new(State::default()), line: Line::default() }
    }
}

/// How long a connection that has just failed a call may go on to be taken for standing.
const SOON: Duration = Duration::from_millis(100);

impl Gate {
    /// Tells where it stood before.
    pub fn enter(&self, state: State) -> State {
        let before = self.state.send_replace(state);
        match &*self.state.borrow() {
            State::Ready(_) => self.line.call_first(),
            State::Down(error) if error.is_lasting() => self.line.call_all(),
            State::Closed => self.line.call_all(),
            State::Waiting | State::Down(_) => {}
        }
        before
    }

    /// The standing connection, if there is one and nobody waits for it.
    pub fn standing(&self) -> Option<Session> {
        match &*self.state.borrow() {
            State::Ready(session) if self.line.is_empty() => Some(session.clone()),
            _ => None,
        }
    }

    /// Keeps a call's place among those that wait, so that nobody who came later goes before it while it rests.
    pub fn hold(&self, turn: Turn) -> Place<'_> {
        self.line.join(turn)
    }

    /// Closes, so that nobody begins on the standing connection, and gives it.
    pub fn leave(&self) -> Option<Session> {
        if let State::Ready(session) = self.enter(State::Closed) { Some(session) } else { None }
    }

    pub fn is_standing(&self) -> bool {
        matches!(&*self.state.borrow(), State::Ready(_))
    }

    /// The standing connection, awaited for as long as the next attempt may bring it. Calls get it in the order of their turns. `failed` is
    /// the connection on which the call has just failed: it is about to be found out, and another is waited for.
    pub async fn session(&self, turn: Turn, failed: Option<&Session>) -> Result<Session, Error> {
        let place = self.line.join(turn);
        let begun = Instant::now();
        let has_failed = |session: &Session| failed.is_some_and(|failed| failed.is(session)) && begun.elapsed() < SOON;
        loop {
            match &*self.state.borrow() {
                State::Ready(session) if place.is_first() && !has_failed(session) => return Ok(session.clone()),
                State::Closed => return Err(Error::closed()),
                State::Down(error) if error.is_lasting() => return Err(error.clone()),
                _ => {}
            }
            if failed.is_some() {
                let _ = timeout(SOON, place.called()).await;
            } else {
                place.called().await;
            }
        }
    }

    /// Waits until the state is as asked, and tells it.
    pub async fn until(&self, asked: impl FnMut(&State) -> bool) -> State {
        // The sender is ours, so it cannot have gone.
        self.state.subscribe().wait_for(asked).await.map_or(State::Closed, |state| state.clone())
    }

    /// The standing connection, awaited without a place among the calls; `None` when there will be none any more.
    pub async fn ready(&self) -> Option<Session> {
        match self.until(|state| matches!(state, State::Ready(_) | State::Closed)).await {
            State::Ready(session) => Some(session),
            _ => None,
        }
    }

    /// Returns when the standing connection is no longer this one.
    pub async fn lost(&self, session: &Session) {
        self.until(|state| !matches!(state, State::Ready(standing) if standing.is(session))).await;
    }

    /// Why the last attempt to connect failed, where it did.
    pub fn why_down(&self) -> Option<Error> {
        if let State::Down(error) = &*self.state.borrow() { Some(error.clone()) } else { None }
    }
}
