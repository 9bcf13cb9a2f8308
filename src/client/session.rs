//! One connection, from its handshake to its end. It never reconnects: the link makes a new one.

use super::command::{Command, Verb};
use super::credentials::Identity;
use super::error::{Error, ErrorKind};
use super::guard::Guard;
use super::options::ClientOptions;
use super::reply::Reply;
use super::send_error::SendError;
use super::tls_probe;
use bytes::Bytes;
use fred::bytes_utils::Str;
use fred::clients::Client as FredClient;
use fred::error::Error as FredError;
use fred::interfaces::{ClientLike, KeysInterface};
use fred::types::{ClusterHash, CustomCommand, Expiration};
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
    /// Whom the server took us for when the connection was made.
    identity: Arc<Identity>,
}

/// fred's task that owns the socket; it ends when the connection does.
pub struct Connection(JoinHandle<Result<(), FredError>>);

impl Session {
    /// Connects and shakes hands. Credentials that the server no longer takes are asked for anew, once.
    pub async fn open(options: &ClientOptions, resp3: bool) -> Result<(Session, Connection), Error> {
        let credentials = &options.credentials;
        if let Some(identity) = credentials.known() {
            match Session::open_as(options, identity.clone(), resp3).await {
                Err(error) if error.kind == ErrorKind::Auth && credentials.refused(&identity) => {}
                opened => return opened,
            }
        }
        let identity = credentials.current().await?;
        let opened = Session::open_as(options, identity.clone(), resp3).await;
        if opened.as_ref().is_err_and(|error| error.kind == ErrorKind::Auth) {
            credentials.refused(&identity);
        }
        opened
    }

    async fn open_as(
        options: &ClientOptions,
        identity: Arc<Identity>,
        resp3: bool,
    ) -> Result<(Session, Connection), Error> {
        let config = options.config(&identity, resp3)?;
        let fred = FredClient::new(config, Some(options.performance()), Some(options.connection()), None);
        let connection = Connection(fred.connect());
        let shared = Shared {
            born: Instant::now(),
            task: connection.0.abort_handle(),
            guard: Guard::new(),
            renewal: Notify::new(),
            identity,
        };
        let connected = tokio::select! {
            connected = timeout(options.connect_timeout, fred.wait_for_connect()) => connected,
            error = tls_probe::plain_server(options) => return Err(error),
        };
        match connected {
            Ok(Ok(())) => Ok((Session { fred, shared: Arc::new(shared) }, connection)),
            Ok(Err(error)) => Err(Error::from_connect(&error).without_password(shared.identity.password.as_deref())),
            Err(_) => Err(Error::no_answer()),
        }
    }

    /// Whom the server took us for when the connection was made.
    pub fn identity(&self) -> Arc<Identity> {
        self.shared.identity.clone()
    }

    /// Tells the server of a standing connection who we are from now on.
    pub async fn authenticate(&self, identity: &Identity) -> Result<(), Error> {
        let words = [&identity.username, &identity.password].into_iter().flatten();
        let auth = words.fold(Command::new("AUTH"), |auth, word| auth.arg(Bytes::from(word.clone())));
        match self.send(auth).await {
            Err(SendError::Refused(error)) => Err(error.without_password(identity.password.as_deref())),
            // A connection that is lost is another's concern.
            _ => Ok(()),
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
        let why = (&mut self.0).await.ok().and_then(Result::err).map(|error| Error::from_connect(&error));
        let why = why.filter(|error| !error.is_hang_up()).map(|error| error.message);
        // Whatever it was, the next connection may be sound.
        Error::new(ErrorKind::Unavailable, why.unwrap_or_else(|| "the connection was closed".to_owned()))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // A fred client that is merely dropped leaks its connection and its task.
        self.0.abort();
    }
}
