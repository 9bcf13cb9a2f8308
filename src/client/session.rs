//! One connection, from its handshake to its end. It never reconnects: the link makes a new one.

use super::command::{Command, Verb};
use super::error::{Error, ErrorKind};
use super::guard::Guard;
use super::options::{ClientOptions, Endpoint};
use super::reply::Reply;
use super::send_error::SendError;
use bytes::Bytes;
use fred::bytes_utils::Str;
use fred::clients::Client as FredClient;
use fred::error::Error as FredError;
use fred::interfaces::{ClientLike, KeysInterface};
use fred::types::{ClusterHash, CustomCommand, Expiration, Value};
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
}

/// fred's task that owns the socket; it ends when the connection does.
pub struct Connection(JoinHandle<Result<(), FredError>>);

impl Session {
    /// Connects and shakes hands, in the version of the protocol that the server knows.
    pub async fn connect(options: &ClientOptions, endpoint: &Endpoint) -> Result<(Session, Connection), Error> {
        match Session::open(options, endpoint, options.resp3).await {
            Err(error) if options.resp3 && lacks_resp3(&error) => Session::open(options, endpoint, false).await,
            opened => opened,
        }
    }

    async fn open(options: &ClientOptions, endpoint: &Endpoint, resp3: bool) -> Result<(Session, Connection), Error> {
        let config = options.config(endpoint, resp3);
        let fred = FredClient::new(config, Some(options.performance()), Some(options.connection()), None);
        let connection = Connection(fred.connect());
        let shared = Shared {
            born: Instant::now(),
            task: connection.0.abort_handle(),
            guard: Guard::new(),
            renewal: Notify::new(),
        };
        match timeout(options.connect_timeout, fred.wait_for_connect()).await {
            Ok(Ok(())) => Ok((Session { fred, shared: Arc::new(shared) }, connection)),
            Ok(Err(error)) => Err(Error::from_connect(&error)),
            Err(_) => Err(Error::no_answer()),
        }
    }

    /// Whether both are handles of the same connection.
    pub fn is(&self, other: &Session) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
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
            () = self.shared.guard.broken() => "a reply was taken for a published message",
        };
        Error::new(ErrorKind::Unavailable, why)
    }

    /// Whether the replies that are still to come can be trusted.
    pub fn is_sound(&self) -> bool {
        self.shared.guard.is_sound()
    }

    /// Waits for the replies that are still to come, and says good-bye.
    pub async fn quit(&self) {
        let _ = self.fred.quit().await;
    }

    pub async fn send(&self, command: Command) -> Result<Reply, SendError> {
        // What is handed to fred when its task has ended is never answered.
        if self.shared.task.is_finished() {
            return Err(SendError::NotSent);
        }
        let Command { verb, args, guarded, .. } = command;
        // fred's futures are 11 KB each; boxed here, they are not moved on with ours.
        let answer = match verb {
            Verb::Other(name) if guarded => self.send_guarded(name, args).await,
            Verb::Other(name) => Box::pin(self.send_custom(name, args)).await,
            verb => Box::pin(self.send_known(verb, args)).await.map_err(|error| SendError::from(&error)),
        };
        match answer {
            Ok(_) | Err(SendError::Refused(_)) if !self.shared.guard.trusts().await => Err(SendError::Lost),
            answer => answer,
        }
    }

    async fn send_custom(&self, name: Str, args: Vec<Bytes>) -> Result<Reply, SendError> {
        let kind = CustomCommand::new(name, ClusterHash::FirstKey, false);
        let frame = self.fred.custom_raw(kind, args).await.map_err(|error| SendError::from(&error))?;
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

    /// Sends a command behind `ASKING`, to a node that does not have the slot yet.
    pub async fn send_asking(&self, command: Command) -> Result<Reply, SendError> {
        // `join` polls in this order, so the two leave in this order, and with nothing between.
        let (_, answer) = Box::pin(join(self.send(Command::new("ASKING")), self.send(command))).await;
        answer
    }

    /// Sends commands that fred knows in one go, which takes much less memory than one by one.
    pub async fn send_all(&self, commands: Vec<Command>) -> Vec<Result<Reply, SendError>> {
        let asked: Vec<Option<usize>> = commands.iter().map(|command| values(&command.verb, &command.args)).collect();
        let unsent = || asked.iter().map(|_| Err(SendError::NotSent)).collect();
        if self.shared.task.is_finished() {
            return unsent();
        }
        let answers = Box::pin(async {
            let pipeline = self.fred.pipeline();
            for Command { verb, args, .. } in commands {
                queue(&pipeline, verb, args).await?;
            }
            Ok::<_, FredError>(pipeline.try_all::<Value>().await)
        });
        match answers.await {
            Ok(answers) if answers.len() == asked.len() && self.shared.guard.trusts().await => {
                let read = |(answer, asked): (Result<Value, FredError>, &Option<usize>)| match answer {
                    Ok(value) => Ok(Reply::from_value(value).cut(*asked)),
                    Err(error) => Err(SendError::from(&error)),
                };
                answers.into_iter().zip(&asked).map(read).collect()
            }
            // The connection was lost, and how far they had come nobody knows.
            Ok(_) => asked.iter().map(|_| Err(SendError::Lost)).collect(),
            Err(_) => unsent(),
        }
    }

    async fn send_known(&self, verb: Verb, args: Vec<Bytes>) -> Result<Reply, FredError> {
        let asked = values(&verb, &args);
        queue(&self.fred, verb, args).await.map(|value| Reply::from_value(value).cut(asked))
    }
}

/// How many values of the reply were asked for; `None` where that is not to be looked at.
fn values(verb: &Verb, args: &[Bytes]) -> Option<usize> {
    matches!(verb, Verb::MGet).then_some(args.len())
}

/// Hands a command over to a client of fred, or to a pipeline of its.
async fn queue(to: &impl KeysInterface, verb: Verb, args: Vec<Bytes>) -> Result<Value, FredError> {
    match verb {
        Verb::Pttl => to.pttl(first(args)).await,
        Verb::Incr => to.incr(first(args)).await,
        Verb::MGet => to.mget(lengthened(args)).await,
        Verb::Exists => to.exists(args).await,
        Verb::Unlink => to.unlink(args).await,
        Verb::Set { px } => {
            let mut args = args.into_iter();
            let (key, value) = (args.next().unwrap_or_default(), args.next().unwrap_or_default());
            let life = px.map(|ms| Expiration::PX(ms.min(i64::MAX as u64) as i64));
            to.set(key, value, life, None, false).await
        }
        Verb::Get => to.get(first(args)).await,
        Verb::Other(_) => unreachable!("sent by `send_custom`"),
    }
}

/// A short list of values could look like a published message (see `guard`), so more are asked for.
fn lengthened(mut keys: Vec<Bytes>) -> Vec<Bytes> {
    const LONGEST_MESSAGE: usize = 5;
    if (3..=LONGEST_MESSAGE).contains(&keys.len()) {
        keys.resize(LONGEST_MESSAGE + 1, keys[0].clone());
    }
    keys
}

/// Servers before Redis 6 and some proxies do not know `HELLO`, or not version 3.
fn lacks_resp3(error: &Error) -> bool {
    error.server_code() == "NOPROTO" || (error.message.contains("unknown command") && error.message.contains("HELLO"))
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
