//! Which node has which slots, with the nodes themselves.

use super::cluster_replies;
use super::link::Link;
use super::node::{Node, NodeInfo, Role};
use super::options::{Address, ScaleReads};
use super::slots::SLOTS;
use super::way::Way;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A primary and its replicas, as nodes.
struct Shard {
    primary: Arc<Node>,
    replicas: Vec<Arc<Node>>,
}

const MOST_NODES: usize = 2000;

/// No shard has the slot.
const NOBODY: u16 = u16::MAX;

pub struct SlotMap {
    /// By slot, the index of its shard.
    owners: Box<[u16]>,
    shards: Vec<Shard>,
    nodes: HashMap<Address, Arc<Node>>,
    /// Emptied for good.
    is_closed: bool,
    /// Counts choices, so that nodes that are as good take turns.
    turn: usize,
}

impl Default for SlotMap {
    fn default() -> Self {
        let owners = vec![NOBODY; usize::from(SLOTS)].into();
        SlotMap { owners, shards: Vec::new(), nodes: HashMap::new(), is_closed: false, turn: 0 }
    }
}

impl SlotMap {
    /// Takes what the cluster says for the whole truth. Nodes that are new are opened; those that have left are given back, with whether
    /// a slot has gone from one node to another.
    pub fn replace(
        &mut self,
        shards: impl Iterator<Item = cluster_replies::Shard>,
        with_replicas: bool,
        open: impl Fn(&Address) -> Arc<Node>,
    ) -> (Vec<Arc<Node>>, bool) {
        let owners = self.owners.clone();
        let before = std::mem::take(&mut self.shards);
        self.owners.fill(NOBODY);
        let mut primaries: HashMap<Address, u16> = HashMap::new();
        let mut members: HashSet<Address> = HashSet::new();
        for shard in shards {
            let index = match primaries.get(&shard.primary) {
                Some(index) => *index,
                // See `node_told`.
                None if self.shards.len() >= MOST_NODES => continue,
                None => {
                    let index = self.shards.len() as u16;
                    let replicas = if with_replicas { &shard.replicas[..] } else { &[] };
                    members.extend([&shard.primary].into_iter().chain(replicas).cloned());
                    let primary = self.node(&shard.primary, &open);
                    let replicas = replicas.iter().map(|replica| self.node(replica, &open)).collect();
                    self.shards.push(Shard { primary, replicas });
                    primaries.insert(shard.primary, index);
                    index
                }
            };
            self.owners[usize::from(shard.slots.start)..usize::from(shard.slots.end)].fill(index);
        }
        let left: Vec<Address> = self.nodes.keys().filter(|address| !members.contains(address)).cloned().collect();
        let left = left.iter().filter_map(|address| self.nodes.remove(address)).collect();
        // Those that are needed first, lest nothing seems to be missing in between.
        for needed in [true, false] {
            let concerned = self.nodes.iter().filter(|(address, _)| primaries.contains_key(*address) == needed);
            concerned.for_each(|(_, node)| node.set_needed(needed));
        }
        let has_moved = (0..SLOTS).any(|slot| {
            let had = before.get(usize::from(owners[usize::from(slot)])).map(|shard| &shard.primary);
            had.is_some_and(|had| !self.primary(slot).is_some_and(|has| Arc::ptr_eq(had, has)))
        });
        (left, has_moved)
    }

    /// Gives a slot to a node, whoever had it; tells whether that was another.
    pub fn moved(&mut self, slot: u16, to: &Address, open: impl Fn(&Address) -> Arc<Node>) -> bool {
        let Some(node) = self.node_told(to, open) else { return false };
        let is_moved = self.primary(slot).is_some_and(|had| !Arc::ptr_eq(had, &node));
        let index = self.shards.iter().position(|shard| Arc::ptr_eq(&shard.primary, &node)).unwrap_or_else(|| {
            self.shards.push(Shard { primary: node, replicas: Vec::new() });
            self.shards.len() - 1
        });
        self.owners[usize::from(slot)] = index as u16;
        is_moved
    }

    /// A node that another names. A cluster has at most about a thousand; what sends us to more of them only means to keep us busy.
    pub fn node_told(&mut self, address: &Address, open: impl Fn(&Address) -> Arc<Node>) -> Option<Arc<Node>> {
        let is_known = self.nodes.contains_key(address) || (self.nodes.len() < MOST_NODES && !self.is_closed);
        is_known.then(|| self.node(address, open))
    }

    fn node(&mut self, address: &Address, open: impl Fn(&Address) -> Arc<Node>) -> Arc<Node> {
        self.nodes.entry(address.clone()).or_insert_with(|| open(address)).clone()
    }

    /// Empties the map, and gives the nodes that were in it.
    pub fn take(&mut self) -> Vec<Arc<Node>> {
        let nodes = std::mem::take(self).nodes.into_values().collect();
        self.is_closed = true;
        nodes
    }

    pub fn addresses(&self) -> Vec<Address> {
        self.nodes.keys().cloned().collect()
    }

    pub fn primaries(&self) -> Vec<Arc<Node>> {
        self.shards.iter().map(|shard| shard.primary.clone()).collect()
    }

    /// The nodes that can be asked now.
    pub fn standing(&self) -> Vec<(Address, Arc<Node>)> {
        let standing = self.nodes.iter().filter(|(_, node)| node.is_standing());
        standing.map(|(address, node)| (address.clone(), node.clone())).collect()
    }

    fn shard(&self, slot: u16) -> Option<&Shard> {
        self.shards.get(usize::from(self.owners[usize::from(slot)]))
    }

    pub fn primary(&self, slot: u16) -> Option<&Arc<Node>> {
        self.shard(slot).map(|shard| &shard.primary)
    }

    pub fn link(&mut self, way: Way, reads: ScaleReads) -> Option<Arc<Link>> {
        self.turn = self.turn.wrapping_add(1);
        let turn = self.turn;
        let node = match way.slot {
            Some(slot) => {
                let shard = self.shard(slot)?;
                if way.read { shard.reader(reads, turn) } else { &shard.primary }
            }
            None => {
                let from = turn % self.shards.len().max(1);
                let in_turn = || self.shards[from..].iter().chain(&self.shards[..from]).map(|shard| &shard.primary);
                in_turn().find(|node| node.is_standing()).or_else(|| in_turn().next())?
            }
        };
        Some(node.lane(way.slot).clone())
    }

    fn slots_of(&self, shard: usize) -> usize {
        self.owners.iter().filter(|owner| usize::from(**owner) == shard).count()
    }

    pub fn describe(&self) -> Vec<(NodeInfo, Arc<Node>)> {
        let mut told: Vec<(NodeInfo, Arc<Node>)> = Vec::with_capacity(self.nodes.len());
        for (address, node) in &self.nodes {
            let shard = self.shards.iter().position(|shard| Arc::ptr_eq(&shard.primary, node));
            let slots = shard.map_or(0, |shard| self.slots_of(shard));
            let role = if shard.is_some() { Role::Master } else { Role::Replica };
            told.push((node.describe(address.to_string(), role, slots), node.clone()));
        }
        told.sort_by(|(a, _), (b, _)| a.address.cmp(&b.address));
        told
    }
}

impl Shard {
    /// Who answers a read: those that stand take turns, and without any it is the primary's.
    fn reader(&self, reads: ScaleReads, turn: usize) -> &Arc<Node> {
        let primary = (reads != ScaleReads::Replica).then_some(&self.primary);
        let able = || self.replicas.iter().chain(primary).filter(|node| node.is_standing());
        let count = able().count();
        if count == 0 { &self.primary } else { able().nth(turn % count).unwrap_or(&self.primary) }
    }
}
