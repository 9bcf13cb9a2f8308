//! From a command to the connection that it takes, in each topology.

use super::cluster::Cluster;
use super::command::Command;
use super::counters::LinkCounters;
use super::crowd::Crowd;
use super::error::Error;
use super::line::Turn;
use super::link::Link;
use super::node::{Node, NodeInfo, Role};
use super::options::{ClientOptions, Topology};
use super::sentinels::Sentinels;
use super::session::Session;
use super::target::Target;
use super::tracking::{Hub, Tracker};
use super::way::Way;
use futures_util::future::join_all;
use std::sync::Arc;

#[derive(Clone)]
pub enum Route {
    /// One server, wherever it is found.
    Direct(Arc<Node>),
    Cluster(Arc<Cluster>),
}

impl Route {
    pub fn new(options: &Arc<ClientOptions>, totals: &Arc<LinkCounters>, crowd: &Arc<Crowd>, hub: &Arc<Hub>) -> Self {
        if let Some(cluster) = Cluster::new(options, totals.clone(), crowd.clone(), hub.clone()) {
            return Route::Cluster(cluster);
        }
        let sentinels = Sentinels::new(options).map(Arc::new);
        let target = || match (&options.topology, &sentinels) {
            (Topology::Single(endpoint), _) => Target::Fixed(endpoint.clone()),
            (_, Some(sentinels)) => Target::Master(sentinels.clone()),
            _ => unreachable!("a cluster has its own route"),
        };
        Route::Direct(Node::new(options, target, totals, crowd, hub, true))
    }

    /// How many keys go together into one command, and by what: `None` where all may, else what tells the groups apart.
    pub fn group(&self, key: &[u8]) -> Option<u16> {
        match self {
            Route::Direct(node) => node.lane_count().map(|lanes| super::slots::slot_of(key) % lanes),
            Route::Cluster(_) => Some(super::slots::slot_of(key)),
        }
    }

    pub fn way(&self, command: &Command) -> Way {
        match self {
            Route::Direct(node) if node.lane_count().is_none() => Way::default(),
            Route::Direct(_) => Way { slot: command.slot(), read: false },
            Route::Cluster(cluster) => {
                Way { slot: command.slot(), read: cluster.reads_from_replicas() && command.is_read() }
            }
        }
    }

    /// Who is told of changes of a key; `None` while nobody is known to have it.
    pub fn tracker(&self, key: &[u8]) -> Option<Arc<Tracker>> {
        match self {
            Route::Direct(node) => Some(node.tracker().clone()),
            Route::Cluster(cluster) => cluster.tracker(super::slots::slot_of(key)),
        }
    }

    /// A standing connection to a primary, whichever it is, awaited; that of a slot where it stands already. `None` when the client has been
    /// closed.
    pub async fn any_primary(&self, slot: u16) -> Option<(Arc<Link>, Session)> {
        self.begin();
        match self {
            Route::Direct(node) => {
                let link = node.lane(Some(slot));
                link.gate.ready().await.map(|session| (link.clone(), session))
            }
            Route::Cluster(cluster) => cluster.any_primary(slot).await,
        }
    }

    pub fn begin(&self) {
        match self {
            Route::Direct(node) => node.begin(),
            Route::Cluster(cluster) => cluster.begin(),
        }
    }

    /// Connects now, and tells how the first attempt went.
    pub async fn connect(&self) -> Result<(), Error> {
        self.begin();
        match self {
            Route::Direct(node) => {
                let tried = join_all(node.links().map(|link| link.tried())).await;
                tried.into_iter().collect()
            }
            Route::Cluster(cluster) => cluster.connect().await,
        }
    }

    pub async fn close(&self) {
        match self {
            Route::Direct(node) => node.close().await,
            Route::Cluster(cluster) => cluster.close().await,
        }
    }

    /// The standing connection for a way, if nobody waits for one.
    pub fn standing(&self, way: Way) -> Option<(Arc<Link>, Session)> {
        match self {
            Route::Direct(node) => {
                let link = node.lane(way.slot);
                link.gate.standing().map(|session| (link.clone(), session))
            }
            Route::Cluster(cluster) => cluster.standing(way),
        }
    }

    /// As `standing`, awaited.
    pub async fn reach(&self, way: Way, turn: Turn, failed: Option<&Session>) -> Result<(Arc<Link>, Session), Error> {
        match self {
            Route::Direct(node) => {
                let link = node.lane(way.slot);
                link.gate.session(turn, failed).await.map(|session| (link.clone(), session))
            }
            Route::Cluster(cluster) => cluster.reach(way, turn, failed).await,
        }
    }

    pub fn why_down(&self, way: Way) -> Option<Error> {
        match self {
            Route::Direct(node) => node.lane(way.slot).gate.why_down(),
            Route::Cluster(cluster) => cluster.why_down(way),
        }
    }

    /// Has the map of a cluster asked for anew.
    pub fn doubt(&self) {
        if let Route::Cluster(cluster) = self {
            cluster.doubt();
        }
    }

    /// Waits until it is known which nodes there are.
    pub async fn known(&self) -> Result<(), Error> {
        self.begin();
        match self {
            Route::Direct(_) => Ok(()),
            Route::Cluster(cluster) => cluster.known().await,
        }
    }

    pub fn describe(&self) -> Vec<(NodeInfo, Arc<Node>)> {
        match self {
            Route::Direct(node) => vec![(node.describe(node.place(), Role::Master, 0), node.clone())],
            Route::Cluster(cluster) => cluster.describe(),
        }
    }
}
