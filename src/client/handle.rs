//! The client that patterns hold.

use super::command::Command;
use super::error::{Error, ErrorKind};
use super::gate::State;
use super::link::{Link, LinkCounters, Observer};
use super::options::ClientOptions;
use super::reply::Reply;
use super::send_error::SendError;
use super::session::Session;
use crate::common::Attempt;
use futures_util::stream::{StreamExt, iter};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout_at};

/// How many commands of one pipeline are under way at once: enough to fill a link, and few enough that one caller neither holds up the
/// others nor takes much memory.
const TOGETHER: usize = 256;

/// How long to leave a server alone that refused a command for a state that passes.
const PASSING: Duration = Duration::from_millis(50);

/// When to give up, a little before the bridge does: it knows the deadline, and here it is known why.
fn answer_by(attempt: &Attempt) -> Instant {
    const MARGIN: Duration = Duration::from_millis(5);
    let given = attempt.deadline - attempt.begun;
    attempt.deadline - MARGIN.min(given / 4)
}

/// A client of one server. Everything but [`Client::new`] and [`Client::counters`] belongs on the I/O thread.
#[derive(Clone)]
pub struct Client(Arc<Link>);

impl Client {
    /// Connects on first use.
    pub fn new(options: ClientOptions, observer: Arc<dyn Observer>) -> Self {
        Client(Arc::new(Link::new(options, observer)))
    }

    pub fn counters(&self) -> &LinkCounters {
        &self.0.counters
    }

    fn begin(&self) {
        if !self.0.kept.swap(true, Ordering::Relaxed) {
            tokio::spawn(self.0.clone().keep());
        }
    }

    /// Connects now, and tells how the first attempt went.
    pub async fn connect(&self) -> Result<(), Error> {
        self.begin();
        match self.0.gate.until(|state| !matches!(state, State::Waiting)).await {
            State::Ready(_) => Ok(()),
            State::Down(error) => Err(error),
            _ => Err(Error::new(ErrorKind::Closed, "the client was closed")),
        }
    }

    /// Ends the connection. Commands without a reply fail.
    pub async fn close(&self) {
        self.0.close().await;
    }

    /// Sends a command and awaits its reply, within the attempt's deadline.
    ///
    /// A command is sent again only when it is known not to have been executed, or when it is idempotent.
    pub async fn call(&self, attempt: &Attempt, command: Command) -> Result<Reply, Error> {
        loop {
            let session = self.session(attempt).await?;
            attempt.sent();
            match session.send(command.clone()).await {
                Ok(reply) => {
                    self.0.replies.fetch_add(1, Ordering::Relaxed);
                    attempt.settled();
                    return Ok(reply);
                }
                Err(SendError::Refused(error)) => {
                    self.0.replies.fetch_add(1, Ordering::Relaxed);
                    attempt.settled();
                    let may_pass = error.is_passing() && !command.partial;
                    // Another try must have time enough to be answered, or the caller would not be told why.
                    if !may_pass || Instant::now() + 2 * PASSING >= answer_by(attempt) {
                        return Err(error.without(&command.args));
                    }
                    if error.server_code() == "READONLY" {
                        self.0.renew(&session);
                    }
                    sleep(PASSING).await;
                }
                Err(SendError::Unreadable(why)) => return Err(Error::new(ErrorKind::Protocol, why)),
                Err(SendError::NotSent) => attempt.settled(),
                Err(SendError::Lost) if command.idempotent => attempt.settled(),
                Err(SendError::Lost) => {
                    return Err(Error::new(ErrorKind::Unavailable, "the connection was lost before the reply came"));
                }
            }
            // The link is about to see that the connection has ended.
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// Sends commands together on one connection and awaits all replies.
    pub async fn pipeline(&self, attempt: &Attempt, commands: Vec<Command>) -> Vec<Result<Reply, Error>> {
        iter(commands).map(|command| self.call(attempt, command)).buffered(TOGETHER).collect().await
    }

    /// The standing connection; when there is none, it is awaited until the deadline.
    async fn session(&self, attempt: &Attempt) -> Result<Session, Error> {
        match self.0.gate.standing() {
            Some(session) => Ok(session),
            None => Box::pin(self.standing(attempt)).await,
        }
    }

    async fn standing(&self, attempt: &Attempt) -> Result<Session, Error> {
        self.begin();
        timeout_at(answer_by(attempt).into(), self.0.gate.session()).await.unwrap_or_else(|_| Err(self.unreachable()))
    }

    fn unreachable(&self) -> Error {
        let why = self.0.gate.why_down().map(|error| format!(": {error}"));
        Error::new(ErrorKind::Unavailable, format!("no connection in time{}", why.unwrap_or_default()))
    }
}
