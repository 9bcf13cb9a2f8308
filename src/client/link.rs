//! Keeps one connection standing: connects, watches, reconnects, and tells what happened.

use super::command::Command;
use super::error::{Error, ErrorKind};
use super::gate::{Gate, State};
use super::options::ClientOptions;
use super::renewal;
use super::server::ServerInfo;
use super::session::{Connection, Session};
use super::tls_probe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// What happens to a link.
#[derive(Clone, Debug)]
pub enum Event {
    Connecting,
    Connected { attempt: u32 },
    Ready(ServerInfo),
    Reconnecting { attempt: u32, delay: Duration },
    Failed(Error),
    Gap(&'static str),
}

/// Told of everything that happens to a link, on the I/O thread.
pub trait Observer: Send + Sync + 'static {
    fn observe(&self, event: Event);
}

/// Plain counters since the link was made.
#[derive(Default)]
pub struct LinkCounters {
    pub connections: AtomicU64,
    pub connect_failures: AtomicU64,
    pub watchdog_trips: AtomicU64,
}

pub(super) struct Link {
    pub options: ClientOptions,
    pub gate: Gate,
    pub counters: LinkCounters,
    /// Replies so far, so that the watchdog knows a living link from a silent one.
    pub replies: AtomicU64,
    /// Whether somebody has begun to keep the link.
    pub kept: AtomicBool,
    observer: Arc<dyn Observer>,
    closing: Notify,
}

/// A connection younger than this is not given up for a `READONLY`: the failover may not be over.
const RENEW_AFTER: Duration = Duration::from_secs(1);

impl Link {
    pub fn new(options: ClientOptions, observer: Arc<dyn Observer>) -> Self {
        Link {
            options,
            gate: Gate::default(),
            counters: LinkCounters::default(),
            replies: AtomicU64::new(0),
            kept: AtomicBool::new(false),
            observer,
            closing: Notify::new(),
        }
    }

    fn tell(&self, event: Event) {
        self.observer.observe(event);
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

    /// Gives up a connection whose server no longer takes writes, so that the next one may reach one that does.
    pub fn renew(&self, session: &Session) {
        if session.born().elapsed() >= RENEW_AFTER {
            session.renew();
        }
    }

    /// Keeps the link until it is closed.
    pub async fn keep(self: Arc<Self>) {
        tokio::select! {
            () = self.closing.notified() => {}
            () = self.stand() => {}
        }
        self.gate.enter(State::Closed);
    }

    async fn stand(&self) {
        let mut resp3 = self.options.resp3;
        // Attempts since a connection stood for a while.
        let mut attempt = 0;
        loop {
            attempt += 1;
            self.tell(Event::Connecting);
            match self.attempt(attempt, resp3).await {
                Ok(stood_for) => {
                    if stood_for > self.options.reconnect_max {
                        attempt = 0;
                    }
                }
                Err(error) if resp3 && lacks_resp3(&error) => {
                    resp3 = false;
                    attempt -= 1;
                    continue;
                }
                Err(error) => {
                    self.counters.connect_failures.fetch_add(1, Ordering::Relaxed);
                    self.fail(tls_probe::explained(error, &self.options).await);
                }
            }
            // The next server at this address may be another one.
            resp3 = self.options.resp3;
            let delay = self.delay(attempt);
            self.tell(Event::Reconnecting { attempt: attempt + 1, delay });
            sleep(delay).await;
        }
    }

    /// One connection, from its beginning to its end; tells how long it stood.
    async fn attempt(&self, attempt: u32, resp3: bool) -> Result<Duration, Error> {
        let (session, mut connection) = Session::open(&self.options, resp3).await?;
        let server = self.introduce(&session).await?;
        self.counters.connections.fetch_add(1, Ordering::Relaxed);
        self.tell(Event::Connected { attempt });
        self.gate.enter(State::Ready(session.clone()));
        self.tell(Event::Ready(server));
        let stood = Instant::now();
        let why = self.watch(session, &mut connection).await;
        let stood_for = stood.elapsed();
        drop(connection);
        self.tell(Event::Gap("the connection was lost"));
        self.fail(why);
        Ok(stood_for)
    }

    fn fail(&self, error: Error) {
        let error = self.options.told(error);
        self.gate.enter(State::Down(error.clone()));
        self.tell(Event::Failed(error));
    }

    /// Doubles from the least to the most, and draws between half of it and the whole.
    fn delay(&self, attempt: u32) -> Duration {
        let doubled = self.options.reconnect_min.saturating_mul(1 << attempt.saturating_sub(1).min(16));
        doubled.min(self.options.reconnect_max).mul_f64(0.5 + 0.5 * fastrand::f64())
    }

    /// Names the connection and asks the server what it is.
    async fn introduce(&self, session: &Session) -> Result<ServerInfo, Error> {
        let naming = async {
            if let Some(name) = &self.options.name {
                let _ = session.send(Command::new("CLIENT").word("SETNAME").arg(name.clone().into())).await;
            }
        };
        let asking = timeout(self.options.connect_timeout, async { tokio::join!(naming, ServerInfo::ask(session)).1 });
        asking.await.unwrap_or_else(|_| Err(Error::no_answer()))
    }

    /// Returns when the connection has ended, was silent for too long, or is to be made anew.
    async fn watch(&self, session: Session, connection: &mut Connection) -> Error {
        let why = tokio::select! {
            why = connection.ended() => return why,
            () = self.silence(&session) => {
                self.counters.watchdog_trips.fetch_add(1, Ordering::Relaxed);
                return Error::new(ErrorKind::Unavailable, "the connection was silent for too long");
            }
            why = session.outlived() => why,
            never = renewal::keep(&self.options.credentials, &session, |error| self.tell(Event::Failed(self.options.told(error)))) => match never {},
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
    async fn silence(&self, session: &Session) {
        loop {
            let before = self.replies.load(Ordering::Relaxed);
            sleep(self.options.watchdog).await;
            if self.replies.load(Ordering::Relaxed) != before {
                continue;
            }
            let ping = session.send(Command::ping());
            if timeout(self.options.watchdog, ping).await.is_err() && self.replies.load(Ordering::Relaxed) == before {
                return;
            }
        }
    }
}

/// Servers before Redis 6 and some proxies do not know `HELLO`, or not version 3.
fn lacks_resp3(error: &Error) -> bool {
    error.server_code() == "NOPROTO" || (error.message.contains("unknown command") && error.message.contains("HELLO"))
}
