//! Keeps one connection standing: connects, watches, reconnects, and tells what happened.

use super::counters::LinkCounters;
use super::error::{Error, ErrorKind};
use super::event::{Event, Observer};
use super::gate::{Gate, State};
use super::options::{Address, ClientOptions, Endpoint};
use super::renewal;
use super::server::ServerInfo;
use super::session::{Connection, Session};
use super::target::Target;
use super::tls_probe;
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

pub(super) struct Link {
    options: Arc<ClientOptions>,
    target: Target,
    pub gate: Gate,
    pub counters: LinkCounters,
    /// Those of the client, for all its links together.
    totals: Arc<LinkCounters>,
    /// Replies so far, so that the watchdog knows a living link from a silent one.
    pub replies: AtomicU64,
    /// Whether somebody has begun to keep the link.
    kept: AtomicBool,
    /// Where the last attempt went.
    endpoint: Mutex<Option<Endpoint>>,
    observer: Arc<dyn Observer>,
    closing: Notify,
    /// Rung when the watchdog looks.
    looking: Notify,
}

/// A connection younger than this is not given up for a `READONLY`: the failover may not be over.
const RENEW_AFTER: Duration = Duration::from_secs(1);

/// An attempt to connect that took longer than this may have led to a server that was stopped.
const SUSPICIOUS: Duration = Duration::from_millis(100);

impl Link {
    pub fn new(
        options: Arc<ClientOptions>,
        target: Target,
        totals: Arc<LinkCounters>,
        observer: Arc<dyn Observer>,
    ) -> Arc<Self> {
        Arc::new(Link {
            options,
            target,
            gate: Gate::default(),
            counters: LinkCounters::default(),
            totals,
            replies: AtomicU64::new(0),
            kept: AtomicBool::new(false),
            endpoint: Mutex::default(),
            observer,
            closing: Notify::new(),
            looking: Notify::new(),
        })
    }

    /// Where the last attempt went.
    pub fn endpoint(&self) -> Option<Endpoint> {
        self.endpoint.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_endpoint(&self, endpoint: Option<Endpoint>) {
        *self.endpoint.lock().unwrap_or_else(PoisonError::into_inner) = endpoint;
    }

    /// Where the last attempt went, in words.
    pub fn place(&self) -> String {
        self.endpoint().map(|endpoint| endpoint.to_string()).unwrap_or_default()
    }

    fn tell(&self, event: Event) {
        self.observer.observe(&self.place(), event);
    }

    fn count(&self, which: impl Fn(&LinkCounters) -> &AtomicU64) {
        for counters in [&self.counters, &*self.totals] {
            which(counters).fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Connects, where that has not been asked for yet, and keeps the link until it is closed.
    pub fn begin(self: &Arc<Self>) {
        if !self.kept.swap(true, Ordering::Relaxed) {
            tokio::spawn(self.clone().keep());
        }
    }

    /// Waits for the first attempt to end, and tells how it went.
    pub async fn tried(&self) -> Result<(), Error> {
        match self.gate.until(|state| !matches!(state, State::Waiting)).await {
            State::Ready(_) => Ok(()),
            State::Down(error) => Err(error),
            _ => Err(Error::closed()),
        }
    }

    /// The address of a node of a cluster.
    pub fn address(&self) -> Option<&Address> {
        if let Target::Member { address, .. } = &self.target { Some(address) } else { None }
    }

    /// How long the watchdog waits for an answer.
    pub fn patience(&self) -> Duration {
        self.options.watchdog
    }

    /// Waits until the watchdog of a standing connection looks: who has connections beside it looks at the same time, so that an idle
    /// process is woken no more often.
    pub async fn looks(&self) {
        self.looking.notified().await;
    }

    /// Ends the link and waits until it has ended.
    pub async fn close(&self) {
        self.closing.notify_one();
        if self.kept.swap(true, Ordering::Relaxed) {
            self.gate.until(|state| matches!(state, State::Closed)).await;
        } else {
            self.gate.enter(State::Closed);
        }
    }

    /// Ends the link when what was asked on it has been answered.
    pub async fn retire(&self) {
        if let Some(session) = self.gate.leave() {
            let _ = timeout(self.options.watchdog, session.quit()).await;
        }
        self.close().await;
    }

    /// Gives up a connection whose server no longer takes writes, so that the next one may reach one that does.
    pub fn renew(&self, session: &Session) {
        if session.born().elapsed() >= RENEW_AFTER {
            session.renew();
        }
    }

    async fn keep(self: Arc<Self>) {
        let _ended = Ended(&self);
        tokio::select! {
            () = self.closing.notified() => {}
            () = self.stand() => {}
        }
    }

    async fn stand(&self) {
        // Attempts since a connection stood for a while.
        let mut attempt = 0;
        loop {
            attempt += 1;
            self.tell(Event::Connecting);
            match self.attempt(attempt).await {
                Ok(stood_for) => {
                    if stood_for > self.options.reconnect_max {
                        attempt = 0;
                    }
                }
                Err(error) => {
                    self.count(|counters| &counters.connect_failures);
                    let error = match self.endpoint() {
                        Some(endpoint) => tls_probe::explained(error, &self.options, &endpoint).await,
                        None => error,
                    };
                    self.fail(error);
                }
            }
            let delay = self.options.reconnect_delay(attempt);
            self.tell(Event::Reconnecting { attempt: attempt + 1, delay });
            tokio::select! {
                () = sleep(delay) => {}
                () = self.moved_on() => {}
            }
        }
    }

    /// Returns when the next attempt would go elsewhere.
    async fn moved_on(&self) {
        match self.endpoint() {
            Some(endpoint) => self.target.replaced(&endpoint).await,
            None => pending().await,
        }
    }

    /// One connection, from its beginning to its end; tells how long it stood.
    async fn attempt(&self, attempt: u32) -> Result<Duration, Error> {
        self.set_endpoint(None);
        let endpoint = self.target.find().await?;
        self.set_endpoint(Some(endpoint.clone()));
        let (session, mut connection, server) = self.reach(&endpoint).await?;
        self.count(|counters| &counters.connections);
        self.tell(Event::Connected { attempt });
        self.gate.enter(State::Ready(session.clone()));
        self.tell(Event::Ready(server));
        let stood = Instant::now();
        let why = self.watch(session, &endpoint, &mut connection).await;
        let stood_for = stood.elapsed();
        drop(connection);
        self.tell(Event::Gap("the connection was lost"));
        self.fail(why);
        Ok(stood_for)
    }

    /// A connection on which operations may flow. Who was stopped answers at last, and may have lost its office meanwhile without knowing:
    /// what it would still acknowledge is lost.
    async fn reach(&self, endpoint: &Endpoint) -> Result<(Session, Connection, ServerInfo), Error> {
        let begun = Instant::now();
        let overtaken = || Error::new(ErrorKind::Unavailable, "another server has taken over");
        let reached = async {
            let (session, connection) = Session::connect(&self.options, endpoint).await?;
            let server = self.introduce(&session).await?;
            Ok((session, connection, server))
        };
        let reached = tokio::select! {
            reached = reached => reached?,
            () = self.target.overtaken(endpoint) => return Err(overtaken()),
        };
        if begun.elapsed() > SUSPICIOUS && !self.target.is_current(endpoint).await {
            return Err(overtaken());
        }
        Ok(reached)
    }

    fn fail(&self, error: Error) {
        let error = self.options.told(error, &self.place());
        self.gate.enter(State::Down(error.clone()));
        self.target.lost();
        self.tell(Event::Failed(error));
    }

    /// Names the connection and asks the server what it is.
    async fn introduce(&self, session: &Session) -> Result<ServerInfo, Error> {
        let asking = async {
            let ((), server) = tokio::join!(session.name(&self.options), ServerInfo::ask(session));
            self.target.admit(session).await?;
            server
        };
        timeout(self.options.connect_timeout, asking).await.unwrap_or_else(|_| Err(Error::no_answer()))
    }

    /// Returns when the connection has ended, was silent for too long, or is to be made anew.
    async fn watch(&self, session: Session, endpoint: &Endpoint, connection: &mut Connection) -> Error {
        let why = tokio::select! {
            why = connection.ended() => return session.ended(why),
            () = self.silence(&session, endpoint) => {
                self.count(|counters| &counters.watchdog_trips);
                return Error::new(ErrorKind::Unavailable, "the connection was silent for too long");
            }
            why = session.outlived() => why,
            never = renewal::keep(&self.options.credentials, &session, |error| self.tell(Event::Failed(self.options.told(error, &self.place())))) => match never {},
        };
        if session.is_sound() {
            // Nobody else begins on it, and what others have asked on it is answered first.
            self.gate.enter(State::Waiting);
            let _ = timeout(self.options.watchdog, session.quit()).await;
        }
        why
    }

    /// Returns when neither a reply nor the answer to a `PING` has come in time. Replies are counted, not writes, so traffic into
    /// a black hole does not look like life.
    async fn silence(&self, session: &Session, endpoint: &Endpoint) {
        loop {
            let before = self.replies.load(Ordering::Relaxed);
            sleep(self.options.watchdog).await;
            self.looking.notify_waiters();
            // Under traffic too: a server that lost count answers, and to the wrong callers.
            let answered = tokio::select! {
                _ = session.check() => true,
                () = self.suspicion(before, endpoint) => false,
                () = sleep(self.options.watchdog) => false,
            };
            if !answered && self.replies.load(Ordering::Relaxed) == before {
                return;
            }
        }
    }

    /// Returns when a link that was silent is known to lead to the wrong endpoint.
    async fn suspicion(&self, before: u64, endpoint: &Endpoint) {
        if self.replies.load(Ordering::Relaxed) != before {
            pending().await
        }
        self.target.replaced(endpoint).await;
    }
}

/// Lets nobody wait any more, however the keeping ends.
struct Ended<'link>(&'link Link);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.gate.enter(State::Closed);
    }
}
