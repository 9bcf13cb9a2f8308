//! Connections beside an ordinary one: they lead where it leads, are no older than it is, and do not outlive it. So whatever moves a client
//! from one server to another moves them, without a second opinion on where the master is.

use super::error::Error;
use super::link::Link;
use super::options::{ClientOptions, Endpoint};
use super::send_error::SendError;
use super::session::{Connection, Session};
use futures_util::future::join_all;
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;
use tokio::time::{sleep, timeout};

/// Why they do not stand.
pub enum Unmade {
    /// The server does not know what is asked of it, or does not let us: to ask again is of no use.
    Refused,
    /// They may the next time.
    Failed,
}

impl From<SendError> for Unmade {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Refused(error) if !error.is_passing() => Unmade::Refused,
            SendError::Unreadable(_) => Unmade::Refused,
            _ => Unmade::Failed,
        }
    }
}

impl From<Error> for Unmade {
    fn from(_: Error) -> Self {
        Unmade::Failed
    }
}

/// A connection with the name of the others.
pub async fn connect(options: &ClientOptions, endpoint: &Endpoint) -> Result<(Session, Connection), Error> {
    let (session, connection) = Session::connect(options, endpoint).await?;
    session.name(options).await;
    Ok((session, connection))
}

/// Returns when one of the connections has not answered in time. They are asked when the ordinary one is.
pub async fn silence<const COUNT: usize>(options: &ClientOptions, link: &Link, sessions: [&Session; COUNT]) {
    loop {
        link.looks().await;
        let answers = timeout(options.watchdog, join_all(sessions.map(|session| session.check()))).await;
        let lives = |answer: &Result<(), SendError>| matches!(answer, Ok(()) | Err(SendError::Refused(_)));
        if !answers.is_ok_and(|answers| answers.iter().all(lives)) {
            return;
        }
    }
}

/// Keeps connections standing beside ordinary ones.
pub trait Keeper: Sync {
    fn options(&self) -> &ClientOptions;

    /// The ordinary connection, awaited; `None` when there will be none any more.
    fn ordinary(&self) -> impl Future<Output = Option<(Arc<Link>, Session)>> + Send;

    /// Makes them, once, and returns when they have ended.
    fn attempt(&self, link: &Link) -> impl Future<Output = Result<(), Unmade>> + Send;

    /// Told that they do not stand, or no longer.
    fn leave(&self, is_refused: bool);

    /// Makes them again and again, with the pauses of every connection.
    fn stand(&self) -> impl Future<Output = ()> + Send {
        async move {
            // Attempts since they stood for a while.
            let mut attempt = 0;
            while let Some((link, ordinary)) = self.ordinary().await {
                attempt += 1;
                let begun = Instant::now();
                let ended = tokio::select! {
                    ended = self.attempt(&link) => ended,
                    () = link.gate.lost(&ordinary) => Ok(()),
                };
                let is_refused = matches!(ended, Err(Unmade::Refused));
                self.leave(is_refused);
                if is_refused {
                    // Another connection may lead to a server that lets us.
                    link.gate.lost(&ordinary).await;
                } else if begun.elapsed() > self.options().reconnect_max {
                    attempt = 0;
                }
                sleep(self.options().reconnect_delay(attempt)).await;
            }
        }
    }
}
