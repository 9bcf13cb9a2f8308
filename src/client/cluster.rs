//! A cluster: the map of its slots, kept up to date, and the nodes behind it.

use super::cluster_replies::Shard;
use super::counters::LinkCounters;
use super::crowd::Crowd;
use super::error::{Error, ErrorKind};
use super::event::Event;
use super::line::{Line, Turn};
use super::link::Link;
use super::node::{Node, NodeInfo};
use super::options::{Address, ClientOptions, ScaleReads, Topology};
use super::session::Session;
use super::slot_map::SlotMap;
use super::survey;
use super::target::Target;
use super::tracking::{Hub, Tracker};
use super::way::Way;
use crate::common::give_way;
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use std::collections::HashMap;
use std::future::pending;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, sleep_until};

/// How far the cluster is known.
#[derive(Clone)]
pub enum Known {
    Not,
    /// Nobody could be asked; asking goes on.
    Failed(Error),
    Yes,
    Closed,
}

pub struct Cluster {
    options: Arc<ClientOptions>,
    seeds: Vec<Address>,
    scale_reads: ScaleReads,
    nat: HashMap<Address, Address>,
    totals: Arc<LinkCounters>,
    crowd: Arc<Crowd>,
    hub: Arc<Hub>,
    map: Mutex<SlotMap>,
    known: watch::Sender<Known>,
    /// Rung when the map may be out of date.
    doubt: Arc<Notify>,
    /// Rung when it has changed.
    changed: Notify,
    /// Calls that wait for a node.
    line: Line,
    kept: AtomicBool,
    closing: Notify,
}

/// Many doubts in so short a time are one.
const PAUSE: Duration = Duration::from_millis(100);
/// How often the map is asked for while a primary is away, and while all is well.
const ANXIOUS: Duration = Duration::from_secs(1);
const CALM: Duration = Duration::from_secs(60);

impl Cluster {
    /// `None` for options of another topology.
    pub fn new(
        options: &Arc<ClientOptions>,
        totals: Arc<LinkCounters>,
        crowd: Arc<Crowd>,
        hub: Arc<Hub>,
    ) -> Option<Arc<Self>> {
        let Topology::Cluster { seeds, scale_reads, nat } = &options.topology else { return None };
        Some(Arc::new(Cluster {
            options: options.clone(),
            seeds: seeds.clone(),
            scale_reads: *scale_reads,
            nat: nat.clone(),
            totals,
            crowd,
            hub,
            map: Mutex::default(),
            known: watch::Sender::new(Known::Not),
            doubt: Arc::default(),
            changed: Notify::new(),
            line: Line::default(),
            kept: AtomicBool::new(false),
            closing: Notify::new(),
        }))
    }

    pub fn reads_from_replicas(&self) -> bool {
        self.scale_reads != ScaleReads::Master
    }

    fn map(&self) -> MutexGuard<'_, SlotMap> {
        // Nothing panics while it holds this lock.
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn begin(self: &Arc<Self>) {
        if !self.kept.swap(true, Ordering::Relaxed) {
            tokio::spawn(self.clone().keep());
        }
    }

    /// Learns the map and connects; tells how the first attempt went. One node that stands is enough.
    pub async fn connect(self: &Arc<Self>) -> Result<(), Error> {
        self.begin();
        self.known().await?;
        let nodes = self.map().primaries();
        let links: Vec<Arc<Link>> = nodes.iter().flat_map(|node| node.links().cloned()).collect();
        let results = join_all(links.iter().map(|link| link.tried())).await;
        let all_failed = results.iter().all(Result::is_err);
        results.into_iter().find(|result| result.is_err() == all_failed).unwrap_or(Ok(()))
    }

    /// Waits until the map is known, or could not be had.
    pub async fn known(&self) -> Result<(), Error> {
        // The sender is ours, so it cannot have gone.
        match self.known.subscribe().wait_for(|known| !matches!(known, Known::Not)).await.as_deref() {
            Ok(Known::Yes) => Ok(()),
            Ok(Known::Failed(error)) => Err(error.clone()),
            _ => Err(Error::closed()),
        }
    }

    pub async fn close(&self) {
        self.closing.notify_one();
        if self.kept.swap(true, Ordering::Relaxed) {
            let _ = self.known.subscribe().wait_for(|known| matches!(known, Known::Closed)).await;
        } else {
            self.known.send_replace(Known::Closed);
        }
    }

    async fn keep(self: Arc<Self>) {
        let _ended = Ended(&self);
        tokio::select! {
            () = self.closing.notified() => {}
            () = self.follow() => {}
        }
        let nodes = self.map().take();
        join_all(nodes.iter().map(|node| node.close())).await;
    }

    /// Learns the map, again and again.
    async fn follow(&self) {
        let mut attempt = 0;
        self.crowd.tell(Event::Connecting);
        loop {
            let begun = Instant::now();
            match self.learn().await {
                Ok(shards) => {
                    attempt = 0;
                    self.apply(shards);
                    self.known.send_replace(Known::Yes);
                    let unless_doubted = if self.crowd.is_missing_some() { ANXIOUS } else { CALM };
                    tokio::select! { () = self.doubt.notified() => {}, () = sleep(unless_doubted) => {} }
                    sleep_until((begun + PAUSE).into()).await;
                }
                Err(error) => {
                    attempt += 1;
                    let delay = self.options.reconnect_delay(attempt);
                    self.totals.connect_failures.fetch_add(1, Ordering::Relaxed);
                    // A map that is known is better than none.
                    self.known.send_if_modified(|known| {
                        let unknown = !matches!(known, Known::Yes);
                        if unknown {
                            *known = Known::Failed(error.clone());
                        }
                        unknown
                    });
                    self.changed.notify_waiters();
                    self.crowd.tell(Event::Failed(error));
                    // While all that is needed stands, nothing is being connected again.
                    if self.crowd.is_missing_some() || !matches!(&*self.known.borrow(), Known::Yes) {
                        self.crowd.tell(Event::Reconnecting { attempt: attempt + 1, delay });
                    }
                    sleep(delay).await;
                }
            }
        }
    }

    async fn learn(&self) -> Result<Vec<Shard>, Error> {
        let standing = self.map().standing();
        if let Some(shards) = survey::of_members(standing).await {
            return Ok(shards);
        }
        let mut strangers = self.map().addresses();
        strangers.extend(self.seeds.iter().filter(|seed| !strangers.contains(seed)).cloned().collect::<Vec<_>>());
        survey::of_strangers(&self.options, strangers).await
    }

    fn apply(&self, shards: Vec<Shard>) {
        let shards = shards.into_iter().map(|shard| Shard {
            primary: self.seen_from_here(shard.primary),
            replicas: shard.replicas.into_iter().map(|replica| self.seen_from_here(replica)).collect(),
            ..shard
        });
        let (left, has_moved) = self.map().replace(shards, self.reads_from_replicas(), |address| self.open(address));
        if has_moved {
            // Who had a slot before may tell no more of its keys.
            self.hub.gap();
        }
        for node in left {
            tokio::spawn(async move { node.retire().await });
        }
        self.changed.notify_waiters();
    }

    fn seen_from_here(&self, address: Address) -> Address {
        self.nat.get(&address).cloned().unwrap_or(address)
    }

    /// A node that is connected to, and that the client is not yet said to need.
    fn open(&self, address: &Address) -> Arc<Node> {
        let target = || Target::Member {
            address: address.clone(),
            reads_replicas: self.reads_from_replicas(),
            doubt: self.doubt.clone(),
        };
        let node = Node::new(&self.options, target, &self.totals, &self.crowd, &self.hub, false);
        node.begin();
        node
    }

    /// Takes note that a slot has moved for good.
    pub fn moved(&self, slot: u16, to: Address) {
        let to = self.seen_from_here(to);
        if self.map().moved(slot, &to, |address| self.open(address)) {
            self.hub.gap();
        }
        self.changed.notify_waiters();
        self.doubt.notify_one();
    }

    /// Who is told of changes of a slot's keys.
    pub fn tracker(&self, slot: u16) -> Option<Arc<Tracker>> {
        self.map().primary(slot).map(|node| node.tracker().clone())
    }

    pub fn doubt(&self) {
        self.doubt.notify_one();
    }

    /// The link to a node that has to be asked this once.
    pub fn link_to(&self, address: Address, slot: Option<u16>) -> Option<Arc<Link>> {
        let address = self.seen_from_here(address);
        Some(self.map().node_told(&address, |address| self.open(address))?.lane(slot).clone())
    }

    pub fn describe(&self) -> Vec<(NodeInfo, Arc<Node>)> {
        self.map().describe()
    }

    /// The standing connection for a way, if nobody waits for one.
    pub fn standing(&self, way: Way) -> Option<(Arc<Link>, Session)> {
        if !self.line.is_empty() {
            return None;
        }
        let link = self.map().link(way, self.scale_reads)?;
        link.gate.standing().map(|session| (link, session))
    }

    /// As `standing`, awaited for as long as the cluster may bring it. Whoever waits goes first, as at the gate of a link.
    pub async fn reach(&self, way: Way, turn: Turn, failed: Option<&Session>) -> Result<(Arc<Link>, Session), Error> {
        let _place = self.line.join(turn);
        // Those who wait may have been woken to go where we are going.
        give_way().await;
        loop {
            let mut changed = pin!(self.changed.notified());
            match &*self.known.borrow() {
                Known::Closed => return Err(Error::closed()),
                Known::Failed(error) if error.is_lasting() => return Err(error.clone()),
                _ => {}
            }
            let link = self.map().link(way, self.scale_reads);
            let session = async {
                let link = link?;
                match link.gate.session(turn, failed).await {
                    // The node has left the cluster, and the map is about to say so.
                    Err(error) if error.kind == ErrorKind::Closed => None,
                    session => Some(session.map(|session| (link, session))),
                }
            };
            tokio::select! {
                biased;
                Some(reached) = session => return reached,
                () = changed.as_mut() => {}
            }
        }
    }

    /// A standing connection to a primary, whichever it is, awaited; that of a slot where it stands already. `None` when the cluster has been
    /// left.
    pub async fn any_primary(&self, slot: u16) -> Option<(Arc<Link>, Session)> {
        loop {
            let changed = self.changed.notified();
            if matches!(&*self.known.borrow(), Known::Closed) {
                return None;
            }
            let nodes = {
                let map = self.map();
                map.primary(slot).cloned().into_iter().chain(map.primaries()).collect::<Vec<_>>()
            };
            let ready = |node: &Arc<Node>| {
                let link = node.lane(Some(slot)).clone();
                async move {
                    match link.gate.ready().await {
                        Some(session) => (link, session),
                        // The node has left the cluster, and the map is about to say so.
                        None => pending().await,
                    }
                }
            };
            let mut standing = nodes.iter().map(ready).collect::<FuturesUnordered<_>>();
            tokio::select! {
                biased;
                Some(reached) = standing.next() => return Some(reached),
                () = changed => {}
            }
        }
    }

    /// Why a way leads nowhere, where that is known.
    pub fn why_down(&self, way: Way) -> Option<Error> {
        if let Known::Failed(error) = &*self.known.borrow() {
            return Some(error.clone());
        }
        let link = self.map().link(way, ScaleReads::Master);
        match link {
            Some(link) => link.gate.why_down(),
            None => Some(Error::new(ErrorKind::Unavailable, "no node of the cluster has the slot")),
        }
    }
}

/// Lets nobody wait any more, however the keeping ends.
struct Ended<'cluster>(&'cluster Cluster);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.known.send_replace(Known::Closed);
        self.0.changed.notify_waiters();
    }
}
