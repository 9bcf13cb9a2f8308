//! One connection, from its handshake to its end. It never reconnects: the link makes a new one.

use super::command::{Command, Verb};
use super::error::{Error, ErrorKind};
use super::guard::Guard;
use super::options::ClientOptions;
use super::reply::Reply;
use super::send_error::{MISFIT, SendError};
use super::shape::Shape;
use crate::common::Allowance;
use bytes::Bytes;
use fred::bytes_utils::Str;
use fred::clients::Client as FredClient;
use fred::error::Error as FredError;
use fred::interfaces::{ClientLike, KeysInterface};
use fred::types::{ClusterHash, CustomCommand, Expiration, Resp3Frame};
use futures_util::future::join;
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::timeout;

/// A cheap handle of a connection.
#[derive(Clone)]
pub struct Session {
    fred: FredClient,
    shared: Arc<Shared>,
}

struct Shared {
    born: Instant,
    task: AbortHandle,
    guard: Guard,
    renewal: Notify,
    allowance: Allowance,
}

impl Shared {
    /// Why the connection was ended, where it was for a reply that took too much memory.
    fn overdrawn(&self) -> Option<Error> {
        let error = || Error::new(ErrorKind::Unavailable, "a reply took more than 768 MiB of memory");
        self.allowance.is_spent().then(error)
    }
}

/// fred's task that owns the socket; it ends when the connection does.
pub struct Connection(JoinHandle<Result<(), FredError>>);

impl Session {
    /// Connects and shakes hands, once.
    pub async fn open(options: &ClientOptions, resp3: bool) -> Result<(Session, Connection), Error> {
        let fred =
            FredClient::new(options.config(resp3), Some(options.performance()), Some(options.connection()), None);
        let connection = Connection(fred.connect());
        let shared = Shared {
            born: Instant::now(),
            task: connection.0.abort_handle(),
            guard: Guard::new(),
            renewal: Notify::new(),
            allowance: Allowance::of(connection.0.abort_handle()),
        };
        match timeout(options.connect_timeout, fred.wait_for_connect()).await {
            Ok(Ok(())) => Ok((Session { fred, shared: Arc::new(shared) }, connection)),
            Ok(Err(error)) => Err(Error::from_connect(&error)),
            Err(_) => Err(shared.overdrawn().unwrap_or_else(Error::no_answer)),
        }
    }

    pub fn born(&self) -> Instant {
        self.shared.born
    }

    /// Asks the link to make the connection anew.
    pub fn renew(&self) {
        self.shared.renewal.notify_one();
    }

    /// Waits until the connection is to be made anew, and says why.
    pub async fn outlived(&self) -> Error {
        let why = tokio::select! {
            () = self.shared.renewal.notified() => "the server no longer takes writes",
            () = self.shared.guard.broken() => "replies no longer went to those who asked",
        };
        Error::new(ErrorKind::Unavailable, why)
    }

    /// Why the connection has ended, `why` where nothing better is known.
    pub fn ended(&self, why: Error) -> Error {
        self.shared.overdrawn().unwrap_or(why)
    }

    /// Whether the replies that are still to come can be trusted.
    pub fn is_sound(&self) -> bool {
        self.shared.guard.is_sound()
    }

    /// Waits for the replies that are still to come, and says good-bye.
    pub async fn quit(&self) {
        let _ = self.fred.quit().await;
    }

    pub fn send(&self, command: Command) -> impl Future<Output = Result<Reply, SendError>> + Send {
        let shape = Shape::of(&command);
        self.exchange(command, shape)
    }

    async fn exchange(&self, command: Command, shape: Shape) -> Result<Reply, SendError> {
        // What is handed to fred when its task has ended is never answered, and what is answered here need not be this command's.
        if self.shared.task.is_finished() || !self.is_sound() {
            return Err(SendError::NotSent);
        }
        let Command { verb, args, guarded, .. } = command;
        // fred's futures are 11 KB each; boxed here, they are not moved on with ours.
        let answer = match verb {
            Verb::Other(name) if guarded => self.send_guarded(name, args).await,
            Verb::Other(name) => Box::pin(self.send_custom(name, args)).await,
            verb => Box::pin(self.send_known(verb, args)).await.map_err(|error| SendError::from(&error)),
        };
        self.shared.allowance.renew();
        match answer {
            Ok(_) | Err(SendError::Refused(_)) if !self.shared.guard.trusts().await => Err(SendError::Lost),
            Ok(reply) if !shape.fits(&reply) || (shape != Shape::OurWord && self.shared.guard.is_ours(&reply)) => {
                Err(self.shared.guard.mistrust(MISFIT))
            }
            Err(SendError::Unreadable(why)) => Err(self.shared.guard.mistrust(why)),
            answer => answer,
        }
    }

    /// Asks for a word of our own, to see that the connection lives and that replies still go to those who asked.
    pub async fn check(&self) -> Result<(), SendError> {
        let word = Command::new("PING").arg(self.shared.guard.word());
        let answer = self.exchange(word, Shape::OurWord).await;
        self.shared.guard.checked(&answer);
        answer.map(|_| ())
    }

    async fn send_custom(&self, name: Str, args: Vec<Bytes>) -> Result<Reply, SendError> {
        let kind = CustomCommand::new(name, ClusterHash::FirstKey, false);
        let frame = self.fred.custom_raw(kind, args).await.map_err(|error| SendError::from(&error))?;
        // Nobody here subscribes to anything, so fred takes what is pushed for the next reply.
        if matches!(frame, Resp3Frame::Push { .. }) {
            return Err(SendError::Unreadable(MISFIT));
        }
        Reply::from_frame(frame).map_err(SendError::Refused)
    }

    async fn send_guarded(&self, name: Str, args: Vec<Bytes>) -> Result<Reply, SendError> {
        let session = self.clone();
        let mut work = Box::pin(async move {
            let watch = session.shared.guard.watch();
            let answer = async { watch.answered(session.send_custom(name, args).await) };
            let word = vec![session.shared.guard.word()];
            // `join` polls in this order, so the two leave in this order, and with nothing between.
            let (answer, check) = join(answer, session.send_custom(Str::from_static("PING"), word)).await;
            watch.checked(&check).and(answer)
        });
        // The first poll sends, so that commands leave in the order in which they were given.
        if let Poll::Ready(answer) = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
            return answer;
        }
        // A task of its own sees to the end of it, should the caller not wait so long.
        tokio::spawn(work).await.unwrap_or(Err(SendError::Lost))
    }

    async fn send_known(&self, verb: Verb, args: Vec<Bytes>) -> Result<Reply, FredError> {
        let value = match verb {
            Verb::Pttl => self.fred.pttl(first(args)).await,
            Verb::Incr => self.fred.incr(first(args)).await,
            Verb::MGet => return self.mget(args).await,
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

    /// A short reply could look like a published message (see `guard`), so it is made longer.
    async fn mget(&self, mut keys: Vec<Bytes>) -> Result<Reply, FredError> {
        const LONGEST_MESSAGE: usize = 5;
        let asked = keys.len();
        if (3..=LONGEST_MESSAGE).contains(&asked) {
            keys.resize(LONGEST_MESSAGE + 1, keys[0].clone());
        }
        let mut reply = Reply::from_value(self.fred.mget(keys).await?);
        if let Reply::Array(values) = &mut reply {
            values.truncate(asked);
        }
        Ok(reply)
    }
}

fn first(args: Vec<Bytes>) -> Bytes {
    args.into_iter().next().unwrap_or_default()
}

impl Connection {
    /// Waits until the connection has ended; says why, where it is known.
    pub async fn ended(&mut self) -> Error {
        let why = match (&mut self.0).await {
            Ok(Err(error)) => Error::from_connect(&error).message,
            _ => "the connection was closed".to_owned(),
        };
        // Whatever it was, the next connection may be sound.
        Error::new(ErrorKind::Unavailable, why)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // A fred client that is merely dropped leaks its connection and its task.
        self.0.abort();
    }
}
