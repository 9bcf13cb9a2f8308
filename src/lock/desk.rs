//! What all operations of one lock object have in common.

use super::batch::Batch;
use super::call::Call;
use super::claim::{Claim, Kind};
use super::keys::Prefix;
use super::policy::{Votes, of_one_server};
use super::scripts::{FREE, KEEP, RENEW, TAKE};
use crate::bridge::Port;
use crate::client::{Client, Error};
use crate::common::Attempt;
use bytes::Bytes;
use std::ptr::eq;
use std::sync::Arc;
use std::time::Duration;

/// One server, or one cluster, with what waits to be sent to it.
pub struct Server {
    pub client: Client,
    /// Whose connection waits for replicas, and nobody else with it.
    pub beside: Option<Client>,
    take: Arc<Batch>,
    free: Arc<Batch>,
    renew: Arc<Batch>,
    keep: Arc<Batch>,
}

impl Server {
    fn new(client: Client, beside: Option<Client>) -> Self {
        /// For so many locks one call may renew them: nobody waits for that.
        const RENEWALS: usize = 128;
        let [renew, keep] = [(); 2].map(|()| Arc::new(Batch::of(RENEWALS)));
        Server { client, beside, take: Arc::default(), free: Arc::default(), renew, keep }
    }

    /// Asks, together with others where that can be.
    pub async fn ask(&self, attempt: &Arc<Attempt>, call: Call) -> Result<Vec<i64>, Error> {
        let scripts = [&*TAKE, &*FREE, &*RENEW, &*KEEP];
        match scripts.into_iter().position(|script| eq(script, call.script)) {
            // Who holds many has a call to himself.
            Some(place) if call.keys.len() <= OF_ONE => {
                self.leave_about(&call.keys[0], place);
                self.batches()[place].ask(&self.client, attempt, call).await
            }
            _ => {
                self.leave();
                Box::pin(call.ask(&self.client, attempt)).await
            }
        }
    }

    /// Asks behind all tries that were sent before.
    pub async fn ask_behind(&self, attempt: &Arc<Attempt>, call: Call) -> Result<Vec<i64>, Error> {
        match &self.beside {
            Some(beside) => call.ask(beside, attempt).await,
            None => self.ask(attempt, call).await,
        }
    }

    fn batches(&self) -> [&Arc<Batch>; 4] {
        [&self.take, &self.free, &self.renew, &self.keep]
    }

    /// Sends what waits about a key in other batches: a batch that is full leaves before others that wait for longer.
    fn leave_about(&self, key: &Bytes, place: usize) {
        let others =
            self.batches().into_iter().enumerate().filter(|(other, batch)| *other != place && batch.concerns(key));
        others.for_each(|(_, batch)| batch.leave(&self.client));
    }

    /// Sends what waits for others, so that what is asked next comes behind it.
    pub fn leave(&self) {
        self.batches().into_iter().for_each(|batch| batch.leave(&self.client));
    }
}

/// So many keys a call about one lock has at most, of those that may be put into a batch.
const OF_ONE: usize = 4;

pub struct Desk {
    /// One, or independent ones of which most must agree.
    pub servers: Vec<Server>,
    /// How long a server may take to answer.
    pub each: Duration,
    pub prefix: Prefix,
    pub port: Arc<Port>,
    /// Whom of the environment to tell of what was lost.
    pub source: u32,
    /// How long the environment may be stuck before its locks are left to end.
    pub stall: Duration,
}

impl Desk {
    /// `beside`: the client whose connection waits for replicas, of a single server.
    pub fn new(
        clients: Vec<Client>,
        beside: Option<Client>,
        each: Duration,
        prefix: &str,
        port: Arc<Port>,
        source: u32,
        stall: Duration,
    ) -> Arc<Self> {
        let servers = clients.into_iter().map(|client| Server::new(client, beside.clone())).collect();
        Arc::new(Desk { servers, each, prefix: Prefix::new(prefix), port, source, stall })
    }

    pub fn votes(&self) -> Votes {
        Votes::of(self.servers.len())
    }

    pub fn is_quorum(&self) -> bool {
        self.servers.len() > 1
    }

    /// Whether one script call, at one server, is all that a claim takes.
    pub fn is_one_call(&self, claim: &Claim) -> bool {
        !self.is_quorum() && (claim.names.len() == 1 || self.servers[0].client.is_one_unit())
    }

    /// Whether nothing is left of a claim of which a part is lost.
    pub fn is_one_key(&self, claim: &Claim) -> bool {
        !self.is_quorum() && claim.names.len() == 1
    }

    /// How long one server may take for a claim with this TTL.
    pub fn limit(&self, ttl: Duration) -> Duration {
        if self.is_quorum() { of_one_server(ttl, self.each) } else { self.each }
    }

    /// `resources`: with a NUL between two, in order.
    pub fn claim(&self, kind: Kind, resources: &str, token: String, permits: u32) -> Claim {
        let names = resources.split('\0').map(|resource| self.prefix.of(resource)).collect();
        Claim { kind, names, token: Bytes::from(token), permits }
    }
}
