//! One connection, from its handshake to its end. It never reconnects: the link makes a new one.

use super::command::Command;
use super::error::{Error, ErrorKind};
use super::options::ClientOptions;
use super::reply::Reply;
use fred::clients::Client as FredClient;
use fred::error::{Error as FredError, ErrorKind as FredErrorKind};
use fred::interfaces::ClientLike;
use std::time::Instant;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// A cheap handle of a connection.
#[derive(Clone)]
pub struct Session {
    fred: FredClient,
    pub born: Instant,
}

/// fred's task that owns the socket; it ends when the connection does.
pub struct Connection(JoinHandle<Result<(), FredError>>);

/// Why a command of a session got no reply.
pub enum SendError {
    /// It never left this process.
    NotSent,
    /// The connection ended, and the command may have been executed.
    Lost,
    /// The server refused it.
    Refused(Error),
}

impl Session {
    /// Connects and shakes hands, once.
    pub async fn open(options: &ClientOptions, resp3: bool) -> Result<(Session, Connection), Error> {
        let fred = FredClient::new(options.config(resp3), Some(options.performance()), Some(options.connection()), None);
        let connection = Connection(fred.connect());
        match timeout(options.connect_timeout, fred.wait_for_connect()).await {
            Ok(Ok(())) => Ok((Session { fred, born: Instant::now() }, connection)),
            Ok(Err(error)) => Err(Error::from_connect(&error)),
            Err(_) => {
                connection.0.abort();
                Err(Error::new(ErrorKind::Timeout, "the server accepts connections and does not answer"))
            }
        }
    }

    pub async fn send(&self, command: Command) -> Result<Reply, SendError> {
        match self.fred.custom_raw(command.kind(), command.args).await {
            Ok(frame) => Reply::from_frame(frame).map_err(SendError::Refused),
            Err(error) => Err(SendError::from(&error)),
        }
    }
}

impl Connection {
    /// Waits until the connection has ended; says why, where it is known.
    pub async fn ended(&mut self) -> Error {
        match (&mut self.0).await {
            Ok(Err(error)) => Error::from_connect(&error),
            _ => Error::new(ErrorKind::Unavailable, "the connection was closed"),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // A fred client that is merely dropped leaks its connection and its task.
        self.0.abort();
    }
}

impl From<&FredError> for SendError {
    fn from(error: &FredError) -> Self {
        match error.kind() {
            // fred answers so for what was still in its queue when the connection ended.
            FredErrorKind::Canceled => SendError::NotSent,
            FredErrorKind::Unknown if error.details().starts_with("Failed to send command to router") => SendError::NotSent,
            FredErrorKind::IO | FredErrorKind::Timeout | FredErrorKind::Protocol | FredErrorKind::Parse => SendError::Lost,
            // The router's task is gone, and the waiting end of its channel with it.
            FredErrorKind::Unknown if error.details() == "channel closed" => SendError::Lost,
            _ => SendError::Refused(Error::from_reply(error.details())),
        }
    }
}
