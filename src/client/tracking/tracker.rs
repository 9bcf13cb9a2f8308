//! Keeps a pair standing beside the ordinary connection to a server, once somebody has asked for it.

use super::super::beside::{Keeper, Unmade};
use super::super::gate::State as LinkState;
use super::super::link::Link;
use super::super::options::ClientOptions;
use super::super::session::Session;
use super::super::target::Target;
use super::hub::Hub;
use super::pair::Pair;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{Notify, watch};

/// Where the pair stands.
#[derive(Clone, Default)]
enum State {
    /// Not tried yet.
    #[default]
    New,
    Standing(Session),
    /// It may come, or come again.
    Away,
    Closed,
}

pub struct Tracker {
    options: Arc<ClientOptions>,
    target: Target,
    /// The ordinary connection. A pair is no older than that and does not outlive it, so that it always leads to the same server.
    link: Arc<Link>,
    hub: Arc<Hub>,
    state: watch::Sender<State>,
    /// Whether somebody has begun to keep it.
    kept: AtomicBool,
    closing: Notify,
}

impl Tracker {
    pub fn new(options: Arc<ClientOptions>, target: Target, link: Arc<Link>, hub: Arc<Hub>) -> Arc<Self> {
        let (state, kept, closing) = (watch::Sender::default(), AtomicBool::new(false), Notify::new());
        Arc::new(Tracker { options, target: target.of_masters(), link, hub, state, kept, closing })
    }

    /// The connection on which reads are told of when they change, if it stands.
    pub fn reader(&self) -> Option<Session> {
        if let State::Standing(reader) = &*self.state.borrow() { Some(reader.clone()) } else { None }
    }

    /// Whether nobody knows yet whether there will be a pair.
    pub fn is_new(&self) -> bool {
        matches!(&*self.state.borrow(), State::New)
    }

    /// Has the pair made, where that has not been asked for yet; returns when the first try has ended.
    pub async fn tried(self: &Arc<Self>) {
        if !self.kept.swap(true, Ordering::Relaxed) {
            tokio::spawn(self.clone().keep());
        }
        // The sender is ours, so it cannot have gone.
        let _ = self.state.subscribe().wait_for(|state| !matches!(state, State::New)).await;
    }

    /// Ends the pair for good.
    pub async fn close(&self) {
        self.closing.notify_one();
        if self.kept.swap(true, Ordering::Relaxed) {
            let _ = self.state.subscribe().wait_for(|state| matches!(state, State::Closed)).await;
        } else {
            self.state.send_replace(State::Closed);
        }
    }

    async fn keep(self: Arc<Self>) {
        let _ended = Ended(&self);
        tokio::select! {
            () = self.closing.notified() => {}
            () = self.stand() => {}
        }
    }

    /// Nobody begins on the pair any more, and nothing that was read on it is taken for known.
    fn part(&self) {
        if let State::Standing(_) = self.state.send_replace(State::Away) {
            self.hub.gap();
        }
    }
}

impl Keeper for Tracker {
    fn options(&self) -> &ClientOptions {
        &self.options
    }

    async fn ordinary(&self) -> Option<(Arc<Link>, Session)> {
        // While it is away, reads need not wait for the pair.
        if let LinkState::Down(_) = self.link.gate.until(|state| !matches!(state, LinkState::Waiting)).await {
            self.part();
        }
        self.link.gate.ready().await.map(|session| (self.link.clone(), session))
    }

    async fn attempt(&self, link: &Link) -> Result<(), Unmade> {
        let endpoint = link.endpoint().ok_or(Unmade::Failed)?;
        let mut pair = Pair::open(&self.options, &self.target, &endpoint).await?;
        self.state.send_replace(State::Standing(pair.reader.clone()));
        pair.stand(&self.options, link, &self.hub).await;
        Ok(())
    }

    fn leave(&self, _: bool) {
        self.part();
    }
}

/// Lets nobody wait any more, however the keeping ends.
struct Ended<'tracker>(&'tracker Tracker);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.part();
        self.0.state.send_replace(State::Closed);
    }
}
