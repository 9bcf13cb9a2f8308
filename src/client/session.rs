//! One connection, from its handshake to its end. It never reconnects: the link makes a new one.

use super::command::{Command, Verb};
use super::error::{Error, ErrorKind};
use super::options::ClientOptions;
use super::reply::Reply;
use bytes::Bytes;
use fred::bytes_utils::Str;
use fred::clients::Client as FredClient;
use fred::error::{Error as FredError, ErrorKind as FredErrorKind};
use fred::interfaces::{ClientLike, KeysInterface};
use fred::types::{ClusterHash, CustomCommand, Expiration};
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
        let fred =
            FredClient::new(options.config(resp3), Some(options.performance()), Some(options.connection()), None);
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
        let Command { verb, args, .. } = command;
        // fred's futures are 11 KB each; boxed here, they are not moved on with ours.
        match verb {
            Verb::Other(name) => Box::pin(self.send_custom(name, args)).await,
            verb => Box::pin(self.send_known(verb, args)).await.map_err(|error| SendError::from(&error)),
        }
    }

    async fn send_custom(&self, name: Str, args: Vec<Bytes>) -> Result<Reply, SendError> {
        let kind = CustomCommand::new(name, ClusterHash::FirstKey, false);
        let frame = self.fred.custom_raw(kind, args).await.map_err(|error| SendError::from(&error))?;
        Reply::from_frame(frame).map_err(SendError::Refused)
    }

    async fn send_known(&self, verb: Verb, args: Vec<Bytes>) -> Result<Reply, FredError> {
        let value = match verb {
            Verb::Pttl => self.fred.pttl(first(args)).await,
            Verb::Incr => self.fred.incr(first(args)).await,
            Verb::MGet => self.fred.mget(args).await,
            Verb::Exists => self.fred.exists(args).await,
            Verb::Unlink => self.fred.unlink(args).await,
            Verb::Set { px } => {
                let mut args = args.into_iter();
                let (key, value) = (args.next().unwrap_or_default(), args.next().unwrap_or_default());
                let life = px.map(|ms| Expiration::PX(ms.min(i64::MAX as u64) as i64));
                self.fred.set(key, value, life, None, false).await
            }
            Verb::Get => self.fred.get(first(args)).await,
            Verb::Other(_) => unreachable!("sent by `send_custom`"),
        };
        value.map(Reply::from_value)
    }
}

fn first(args: Vec<Bytes>) -> Bytes {
    args.into_iter().next().unwrap_or_default()
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
            FredErrorKind::Unknown if error.details().starts_with("Failed to send command to router") => {
                SendError::NotSent
            }
            FredErrorKind::IO | FredErrorKind::Timeout | FredErrorKind::Protocol | FredErrorKind::Parse => {
                SendError::Lost
            }
            // The router's task is gone, and the waiting end of its channel with it.
            FredErrorKind::Unknown if error.details() == "channel closed" => SendError::Lost,
            _ => SendError::Refused(Error::from_reply(error.details())),
        }
    }
}
