//! Where other processes reach this one: they publish a word to its channel, and whoever waits for that word here is woken. Behind a space may be said
//! what the word is about.
//!
//! Nothing is kept for a mailbox that is away. Whenever something may have been missed, all who wait are woken, and have to look for themselves.

use super::bells::{Bells, Watch};
use super::beside::{Keeper, Unmade, connect, silence};
use super::link::Link;
use super::messages::{Heard, Messages};
use super::options::ClientOptions;
use super::reply::Reply;
use super::route::Route;
use super::session::Session;
use super::slots::slot_of;
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

/// What stands before the address in the name of the channel.
const CHANNEL: &str = "redwright:wake:";

/// How many messages may wait until they are heard. When more come, everybody is woken, which is what most of them are about.
const BACKLOG: usize = 512;

/// Where the subscription stands.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// It may come, or come again.
    #[default]
    Away,
    Standing,
    /// The server does not let us hear the channel.
    Refused,
    Closed,
}

/// The mailbox of a client: one subscription, beside an ordinary connection to any primary. What is published to one node of a cluster goes
/// round all of it.
pub struct Mailbox {
    options: Arc<ClientOptions>,
    route: Route,
    address: Bytes,
    channel: String,
    bells: Arc<Bells>,
    state: watch::Sender<State>,
    /// Whether somebody has begun to keep it.
    kept: AtomicBool,
    closing: Notify,
}

impl Mailbox {
    pub(super) fn new(options: Arc<ClientOptions>, route: Route) -> Arc<Self> {
        let address = format!("{:016x}", fastrand::u64(..));
        Arc::new(Mailbox {
            options,
            route,
            channel: format!("{CHANNEL}{address}"),
            address: address.into(),
            bells: Arc::default(),
            state: watch::Sender::default(),
            kept: AtomicBool::new(false),
            closing: Notify::new(),
        })
    }

    /// 16 hexadecimal digits, behind `redwright:wake:` in the name of the channel.
    pub fn address(&self) -> &Bytes {
        &self.address
    }

    /// Waits for a word, to be made before the word can be sent. Who waits needs a timer besides: a word may be lost with the server that
    /// should have passed it on.
    pub fn expect(&self, word: &Bytes) -> Watch {
        self.bells.watch(word)
    }

    /// Begins the subscription, where that has not been asked for yet, and waits until it stands. `false` when it does not in time, or the
    /// server does not let us; it may come later all the same.
    pub async fn stands(self: &Arc<Self>, within: Duration) -> bool {
        if !self.kept.swap(true, Ordering::Relaxed) {
            tokio::spawn(self.clone().keep());
        }
        let mut state = self.state.subscribe();
        let decided = timeout(within, state.wait_for(|state| *state != State::Away)).await;
        matches!(decided, Ok(Ok(state)) if *state == State::Standing)
    }

    /// Ends the subscription for good, and wakes all who wait.
    pub(super) async fn close(&self) {
        self.closing.notify_one();
        if self.kept.swap(true, Ordering::Relaxed) {
            // The sender is ours, so it cannot have gone.
            let _ = self.state.subscribe().wait_for(|state| *state == State::Closed).await;
        } else {
            self.enter(State::Closed);
        }
    }

    async fn keep(self: Arc<Self>) {
        let _ended = Ended(&self);
        tokio::select! {
            () = self.closing.notified() => {}
            () = self.stand() => {}
        }
    }

    /// What was published before it stood nobody has heard, nor what is when it stands no more.
    fn enter(&self, state: State) {
        if self.state.send_replace(state) != state {
            self.bells.ring_all();
        }
    }

    /// Returns when nothing more will come.
    async fn hear(&self, messages: &mut Messages) {
        loop {
            match messages.next().await {
                Heard::Message(Reply::Bytes(said)) => match said.iter().position(|byte| *byte == b' ') {
                    None => self.bells.ring(&said),
                    Some(end) => self.bells.ring_with(&said[..end], Some(said.slice(end + 1..))),
                },
                // Anybody may publish to the channel.
                Heard::Message(_) => {}
                Heard::Missed => self.bells.ring_all(),
                Heard::End => return,
            }
        }
    }
}

impl Keeper for Mailbox {
    fn options(&self) -> &ClientOptions {
        &self.options
    }

    async fn ordinary(&self) -> Option<(Arc<Link>, Session)> {
        self.enter(State::Away);
        self.route.any_primary(slot_of(self.channel.as_bytes())).await
    }

    async fn attempt(&self, link: &Link) -> Result<(), Unmade> {
        let endpoint = link.endpoint().ok_or(Unmade::Failed)?;
        // As messages of RESP2 all that is published comes, and `PING` is answered as to a subscriber.
        let options = ClientOptions { resp3: false, backlog: BACKLOG, ..(*self.options).clone() };
        let (session, mut connection) = connect(&options, &endpoint).await?;
        let subscribing = timeout(options.connect_timeout, session.subscribe(&self.channel));
        let mut messages = subscribing.await.map_err(|_| Unmade::Failed)??;
        self.enter(State::Standing);
        // Who subscribes cannot present other credentials; should the server mind, it hangs up.
        tokio::select! {
            _ = connection.ended() => {}
            _ = session.outlived() => {}
            () = self.hear(&mut messages) => {}
            () = silence(&options, link, [&session]) => {}
        }
        Ok(())
    }

    fn leave(&self, is_refused: bool) {
        self.enter(if is_refused { State::Refused } else { State::Away });
    }
}

/// Lets nobody wait any more, however the keeping ends.
struct Ended<'mailbox>(&'mailbox Mailbox);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.enter(State::Closed);
    }
}
