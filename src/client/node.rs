//! One server, with as many connections as the client is to have to each.

use super::counters::LinkCounters;
use super::crowd::{Crowd, Member};
use super::link::Link;
use super::options::ClientOptions;
use super::target::Target;
use super::tracking::{Hub, Tracker};
use futures_util::future::join_all;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Master,
    Replica,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Master => "master",
            Role::Replica => "replica",
        }
    }
}

/// What is known of a node, without asking it.
pub struct NodeInfo {
    pub address: String,
    pub role: Role,
    /// How many slots of a cluster it has.
    pub slots: usize,
    /// Connections that stand.
    pub standing: usize,
    /// Since the node was known.
    pub connections: u64,
    pub connect_failures: u64,
    pub watchdog_trips: u64,
    pub replies: u64,
}

pub struct Node {
    lanes: Vec<(Arc<Link>, Arc<Member>)>,
    next: AtomicUsize,
    tracker: Arc<Tracker>,
}

impl Node {
    /// `needed`: the client is not ready without it.
    pub fn new(
        options: &Arc<ClientOptions>,
        target: impl Fn() -> Target,
        totals: &Arc<LinkCounters>,
        crowd: &Arc<Crowd>,
        hub: &Arc<Hub>,
        needed: bool,
    ) -> Arc<Self> {
        let lane = || {
            let member = crowd.enter(needed);
            (Link::new(options.clone(), target(), totals.clone(), member.clone()), member)
        };
        let lanes: Vec<_> = (0..options.pool_size).map(|_| lane()).collect();
        let tracker = Tracker::new(options.clone(), target(), lanes[0].0.clone(), hub.clone());
        Arc::new(Node { lanes, next: AtomicUsize::new(0), tracker })
    }

    /// The link for a slot: always the same, so that what is asked about one key is answered in the order of asking. Without a slot the
    /// links take turns.
    pub fn lane(&self, slot: Option<u16>) -> &Arc<Link> {
        let lane = match self.lanes.len() {
            1 => 0,
            lanes => slot.map_or_else(|| self.next.fetch_add(1, Ordering::Relaxed), usize::from) % lanes,
        };
        &self.lanes[lane].0
    }

    /// The pair of connections that tells what of this server changes.
    pub fn tracker(&self) -> &Arc<Tracker> {
        &self.tracker
    }

    /// How many lanes there are to choose from; `None` for a single one.
    pub fn lane_count(&self) -> Option<u16> {
        (self.lanes.len() > 1).then_some(self.lanes.len() as u16)
    }

    /// Where it was last connected to.
    pub fn place(&self) -> String {
        self.lanes[0].0.place()
    }

    pub fn links(&self) -> impl Iterator<Item = &Arc<Link>> {
        self.lanes.iter().map(|(link, _)| link)
    }

    pub fn is_standing(&self) -> bool {
        self.links().any(|link| link.gate.is_standing())
    }

    pub fn describe(&self, address: String, role: Role, slots: usize) -> NodeInfo {
        let sum = |of: fn(&Link) -> &AtomicU64| self.links().map(|link| of(link).load(Ordering::Relaxed)).sum();
        NodeInfo {
            address,
            role,
            slots,
            standing: self.links().filter(|link| link.gate.is_standing()).count(),
            connections: sum(|link| &link.counters.connections),
            connect_failures: sum(|link| &link.counters.connect_failures),
            watchdog_trips: sum(|link| &link.counters.watchdog_trips),
            replies: sum(|link| &link.replies),
        }
    }

    pub fn begin(&self) {
        self.links().for_each(Link::begin);
    }

    /// Says whether the client is ready without it.
    pub fn set_needed(&self, needed: bool) {
        for (link, member) in &self.lanes {
            if needed { member.need(link.gate.is_standing()) } else { member.spare() }
        }
    }

    /// Ends its links. Commands without a reply fail.
    pub async fn close(&self) {
        self.tracker.close().await;
        join_all(self.links().map(|link| link.close())).await;
    }

    /// Ends its links when what was asked on them has been answered, and tells that nobody needs it any more.
    pub async fn retire(&self) {
        for (_, member) in &self.lanes {
            member.leave();
        }
        self.tracker.close().await;
        join_all(self.links().map(|link| link.retire())).await;
    }
}
