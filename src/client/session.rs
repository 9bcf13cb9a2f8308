//! One connection, from its handshake to its end. It never reconnects: the link makes a new one.

use super::command::{Command, Verb};
use super::credentials::Identity;
use super::error::{Error, ErrorKind};
use super::guard::Guard;
use super::known::{queue, reply_of};
use super::messages::Messages;
use super::options::{ClientOptions, Endpoint};
use super::reply::Reply;
use super::send_error::{MISFIT, SendError};
use super::shape::Shape;
use super::tls_probe;
use crate::common::Allowance;
use bytes::Bytes;
use fred::bytes_utils::Str;
use fred::clients::Client as FredClient;
use fred::error::Error as FredError;
use fred::interfaces::{ClientLike, EventInterface, PubsubInterface};
use fred::types::{ClusterHash, CustomCommand, Resp3Frame, Value};
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
    /// Whom the server took us for when the connection was made.
    identity: Arc<Identity>,
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
    /// Connects and shakes hands, in the version of the protocol that the server knows.
    pub async fn connect(options: &ClientOptions, endpoint: &Endpoint) -> Result<(Session, Connection), Error> {
        match Session::open(options, endpoint, options.resp3).await {
            Err(error) if options.resp3 && lacks_resp3(&error) => Session::open(options, endpoint, false).await,
            opened => opened,
        }
    }

    /// Credentials that the server no longer takes are asked for anew, once.
    async fn open(options: &ClientOptions, endpoint: &Endpoint, resp3: bool) -> Result<(Session, Connection), Error> {
        let credentials = &options.credentials;
        if let Some(identity) = credentials.known() {
            match Session::open_as(options, endpoint, identity.clone(), resp3).await {
                Err(error) if error.kind == ErrorKind::Auth && credentials.refused(&identity) => {}
                opened => return opened,
            }
        }
        let identity = credentials.current().await?;
        let opened = Session::open_as(options, endpoint, identity.clone(), resp3).await;
        if opened.as_ref().is_err_and(|error| error.kind == ErrorKind::Auth) {
            credentials.refused(&identity);
        }
        opened
    }

    async fn open_as(
        options: &ClientOptions,
        endpoint: &Endpoint,
        identity: Arc<Identity>,
        resp3: bool,
    ) -> Result<(Session, Connection), Error> {
        let config = options.config(endpoint, &identity, resp3)?;
        let fred = FredClient::new(config, Some(options.performance()), Some(options.connection()), None);
        let connection = Connection(fred.connect());
        let shared = Shared {
            born: Instant::now(),
            task: connection.0.abort_handle(),
            guard: Guard::new(),
            renewal: Notify::new(),
            allowance: Allowance::of(connection.0.abort_handle()),
            identity,
        };
        let connected = tokio::select! {
            connected = timeout(options.connect_timeout, fred.wait_for_connect()) => connected,
            error = tls_probe::plain_server(options, endpoint) => return Err(error),
        };
        match connected {
            Ok(Ok(())) => Ok((Session { fred, shared: Arc::new(shared) }, connection)),
            Ok(Err(error)) => Err(Error::from_connect(&error).without_password(shared.identity.password.as_deref())),
            Err(_) => Err(shared.overdrawn().unwrap_or_else(Error::no_answer)),
        }
    }

    /// Whether both are handles of the same connection.
    pub fn is(&self, other: &Session) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
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

    /// Names the connection, where it is to have a name and the server lets us.
    pub async fn name(&self, options: &ClientOptions) {
        if let Some(name) = &options.name {
            let _ = self.send(Command::new("CLIENT").word("SETNAME").arg(name.clone().into())).await;
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
        // fred's futures are 7 KB each; boxed here, they are not moved on with ours.
        let answer = match verb {
            Verb::Other(name) if guarded => self.send_guarded(name, args).await,
            Verb::Other(name) => Box::pin(self.send_custom(name, args)).await,
            verb => reply_of(Box::pin(queue(&self.fred, verb, args)).await, shape),
        };
        self.shared.allowance.renew();
        match answer {
            Ok(_) | Err(SendError::Refused(_)) if !self.shared.guard.trusts().await => Err(SendError::Lost),
            Err(SendError::Unreadable(why)) => Err(self.shared.guard.mistrust(why)),
            answer => self.fitting(answer?, shape),
        }
    }

    /// A reply, where it can be that of the command.
    fn fitting(&self, reply: Reply, shape: Shape) -> Result<Reply, SendError> {
        let is_stray = shape != Shape::OurWord && self.shared.guard.is_ours(&reply);
        if shape.fits(&reply) && !is_stray { Ok(reply) } else { Err(self.shared.guard.mistrust(MISFIT)) }
    }

    /// Asks for a word of our own, to see that the connection lives and that replies still go to those who asked.
    pub async fn check(&self) -> Result<(), SendError> {
        let word = Command::new("PING").arg(self.shared.guard.word());
        let answer = self.exchange(word, Shape::OurWord).await;
        self.shared.guard.checked(&answer);
        answer.map(|_| ())
    }

    /// Has what is published to a channel sent here, from now on; over RESP2 only, where nothing else can be asked any more.
    pub async fn subscribe(&self, channel: &str) -> Result<Messages, SendError> {
        let messages = self.fred.message_rx();
        self.fred.subscribe(channel.to_owned()).await.map_err(|error| SendError::from(&error))?;
        // fred hands the answer to nobody, and a refusal to whoever asks next. A server answers `PING` with a list to subscribers only.
        let word = Command::new("PING").arg(self.shared.guard.word());
        match self.exchange(word, Shape::OurWord).await? {
            reply @ Reply::Array(_) if self.shared.guard.is_ours(&reply) => Ok(Messages::new(messages, self.clone())),
            _ => Err(SendError::Unreadable(MISFIT)),
        }
    }

    /// Something has come that nobody asked for.
    pub(super) fn heard(&self) {
        self.shared.allowance.renew();
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

    /// Sends a command behind `ASKING`, to a node that does not have the slot yet.
    pub async fn send_asking(&self, command: Command) -> Result<Reply, SendError> {
        // `join` polls in this order, so the two leave in this order, and with nothing between.
        let (_, answer) = Box::pin(join(self.send(Command::new("ASKING")), self.send(command))).await;
        answer
    }

    /// Sends commands that fred knows in one go, which takes much less memory than one by one.
    pub async fn send_all(&self, commands: Vec<Command>) -> Vec<Result<Reply, SendError>> {
        let shapes: Vec<Shape> = commands.iter().map(Shape::of).collect();
        let unsent = || shapes.iter().map(|_| Err(SendError::NotSent)).collect();
        if self.shared.task.is_finished() || !self.is_sound() {
            return unsent();
        }
        let answers = Box::pin(async {
            let pipeline = self.fred.pipeline();
            for Command { verb, args, .. } in commands {
                queue(&pipeline, verb, args).await?;
            }
            Ok::<_, FredError>(pipeline.try_all::<Value>().await)
        });
        let Ok(answers) = answers.await else { return unsent() };
        self.shared.allowance.renew();
        if answers.len() == shapes.len() && self.shared.guard.trusts().await {
            let answers = answers.into_iter().zip(&shapes);
            return answers.map(|(answer, shape)| self.fitting(reply_of(answer, *shape)?, *shape)).collect();
        }
        // The connection was lost, and how far they had come nobody knows.
        shapes.iter().map(|_| Err(SendError::Lost)).collect()
    }
}

/// Servers before Redis 6 and some proxies do not know `HELLO`, or not version 3.
fn lacks_resp3(error: &Error) -> bool {
    error.server_code() == "NOPROTO" || (error.message.contains("unknown command") && error.message.contains("HELLO"))
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
