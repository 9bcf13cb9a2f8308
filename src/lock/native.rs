//! The native half of locks, semaphores and read-write locks: arguments in, request out.

use super::acquire::{Ask, acquire, try_once};
use super::call::{Call, integers, number};
use super::claim::{Claim, Kind};
use super::desk::Desk;
use super::held::{Held, Reason, Renewal};
use super::keys::Names;
use super::release::{release, what};
use super::renew::renew;
use super::scripts::{COUNT, INSPECT, RESIZE};
use super::table;
use super::undo;
use crate::bridge::Outcome;
use crate::client::{Client, Error, ErrorKind, NO_DEADLINE, Replicas, Reply};
use crate::common::Attempt;
use crate::redis::{Dispatch, NativeRedis, Status};
use napi::bindgen_prelude::ClassInstance;
use napi_derive::napi;
use std::sync::Arc;
use std::time::Duration;

/// What a lock object is, as a number.
mod family {
    pub const LOCK: u32 = 0;
    pub const SEMAPHORE: u32 = 1;
}

mod flags {
    pub const FAIR: u32 = 1;
    pub const RENEWS: u32 = 2;
}

/// The locks of a prefix, over one client or several.
#[napi]
pub struct NativeLock {
    pub(super) dispatch: Arc<Dispatch>,
    pub(super) desk: Arc<Desk>,
    family: u32,
}

pub(super) fn millis(ms: f64) -> Duration {
    Duration::from_millis(ms as u64)
}

pub(super) fn renewal(flags: u32, at_most: f64) -> Option<Renewal> {
    (flags & flags::RENEWS != 0).then(|| Renewal { at_most: millis(at_most) })
}

type Answer = Result<Outcome, Error>;

impl NativeLock {
    /// `mode`: 1 for a reader.
    pub(super) fn kind(&self, mode: u32) -> Kind {
        match (self.family, mode) {
            (family::LOCK, _) => Kind::Lock,
            (family::SEMAPHORE, _) => Kind::Permit,
            (_, 1) => Kind::Reader,
            _ => Kind::Writer,
        }
    }

    /// For operations that keep deadlines of their own. `is_patient`: an open circuit does not refuse it.
    fn submit<F, Fut>(&self, ticket: u32, is_patient: bool, run: F) -> u32
    where
        F: FnOnce(Client, Arc<Attempt>) -> Fut + Send + 'static,
        Fut: Future<Output = Answer> + Send + 'static,
    {
        // Where several servers vote, one whose circuit is open does not refuse for all.
        let status = if is_patient || self.desk.is_quorum() {
            self.dispatch.observe(ticket, Some(NO_DEADLINE), run)
        } else {
            self.dispatch.submit(ticket, Some(NO_DEADLINE), run)
        };
        status as u32
    }

    /// Asks the first server.
    fn ask(&self, ticket: u32, call: impl FnOnce(&Desk) -> Call, told: fn(Reply) -> Answer) -> u32 {
        let Call { script, keys, args, .. } = call(&self.desk);
        let desk = self.desk.clone();
        let status = self.dispatch.submit(ticket, Some(self.desk.each), move |client, attempt| async move {
            desk.servers[0].leave();
            told(client.run(&attempt, script, keys, args).await?)
        });
        status as u32
    }

    fn release_claim(&self, ticket: u32, claim: Claim, ttl: Duration) -> u32 {
        let (desk, again) = (self.desk.clone(), claim.clone());
        let run = move |_, attempt: Arc<Attempt>| async move {
            release(&desk, &attempt, &claim, ttl).await.map(|what| Outcome::Number(what as f64))
        };
        // Also where the circuit is open: somebody waits for it.
        let status = self.dispatch.observe(ticket, Some(self.desk.each), run);
        if status == Status::Busy {
            self.give_back_aside(again, ttl);
        }
        status as u32
    }

    /// Gives back what nobody was let in to give back.
    pub(super) fn give_back_aside(&self, claim: Claim, ttl: Duration) {
        let desk = self.desk.clone();
        self.dispatch.aside(async move { undo::begin(&desk, &claim, &[], ttl) });
    }
}

#[napi]
impl NativeLock {
    /// `beside` is another client of a single server, on which nobody minds waiting for replicas; `source` comes back in every event; `stall` in
    /// milliseconds.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        redis: Vec<ClassInstance<'_, NativeRedis>>,
        beside: Option<&NativeRedis>,
        source: u32,
        family: u32,
        prefix: String,
        stall: f64,
    ) -> napi::Result<Self> {
        let dispatches: Vec<Arc<Dispatch>> = redis.iter().map(|redis| redis.dispatch()).collect();
        let Some(dispatch) = dispatches.first().cloned() else { return Err(napi::Error::from_reason("no client")) };
        let clients = dispatches.iter().map(|dispatch| dispatch.client.clone()).collect();
        let beside = beside.map(|redis| redis.dispatch().client.clone());
        let desk = Desk::new(clients, beside, dispatch.timeout, &prefix, dispatch.port.clone(), source, millis(stall));
        Ok(NativeLock { dispatch, desk, family })
    }

    /// `resources` in order, with a NUL between two; `mode`: 1 for a reader; `flags`: 1 nobody is overtaken, 2 it is renewed; `replicas`: so many, 0
    /// for none, -1 for most, -2 for all; spans in milliseconds. `[id, fencing token, replicas that acknowledged, how often the token was
    /// changed]`, or the ms until it is worth another try, -1 where that is not known.
    #[allow(clippy::too_many_arguments, reason = "flat arguments cross, never objects")]
    #[napi(catch_unwind)]
    pub fn acquire(
        &self,
        ticket: u32,
        resources: String,
        token: String,
        ttl: f64,
        wait: f64,
        mode: u32,
        flags: u32,
        at_most: f64,
        replicas: i32,
        replica_timeout: f64,
        permits: u32,
    ) -> u32 {
        let claim = self.desk.claim(self.kind(mode), &resources, token, permits);
        let ask = Ask {
            ttl: millis(ttl),
            wait: millis(wait),
            fair: flags & flags::FAIR != 0,
            renewal: renewal(flags, at_most),
            durable: (replicas != 0).then(|| (Replicas::of(replicas), millis(replica_timeout))),
        };
        let desk = self.desk.clone();
        if ask.is_simple(&desk, &claim) {
            let each = Some(desk.each);
            return self.dispatch.submit(ticket, each, move |_, attempt| try_once(desk, attempt, claim, ask)) as u32;
        }
        // Who waits is not in a hurry: the circuit may close again meanwhile. Nor is it the server's fault where replicas do not answer.
        let is_patient = !ask.wait.is_zero() || ask.durable.is_some();
        self.submit(ticket, is_patient, move |_, attempt| acquire(desk, attempt, claim, ask))
    }

    /// Milliseconds until the deadline; 0 where it is over, lost, released or forgotten.
    #[napi(catch_unwind)]
    pub fn remaining(&self, id: f64) -> f64 {
        table::find(id as u64).map_or(0.0, |held| held.remaining())
    }

    /// 0 while it is held, 1 expired, 2 stolen, 3 expired while no server answered.
    #[napi(catch_unwind)]
    pub fn reason(&self, id: f64) -> u32 {
        table::find(id as u64).map_or(Some(Reason::Expired), |held| held.reason()).map_or(0, |reason| reason as u32)
    }

    #[napi(catch_unwind)]
    pub fn extend(&self, ticket: u32, id: f64, ttl: f64) -> u32 {
        let (held, ttl) = (table::find(id as u64), millis(ttl));
        self.submit(ticket, false, move |_, attempt| async move {
            let Some(held) = held.filter(|held| held.is_valid()) else { return Ok(Outcome::Flag(false)) };
            let limit = held.desk.limit(ttl).max(held.desk.each / 4);
            let renewed = renew(&held, ttl, limit).await;
            if renewed.is_err() {
                attempt.sent();
            }
            renewed.map(Outcome::Flag)
        })
    }

    /// 1 released, 0 expired, -1 stolen, 2 unknown. From now on it is not held any more.
    #[napi(catch_unwind)]
    pub fn release(&self, ticket: u32, id: f64) -> u32 {
        match table::remove(id as u64) {
            Some(held) => self.release_claim(ticket, held.claim.clone(), held.longest()),
            None => {
                let expired = |_, _| async { Ok(Outcome::Number(what::EXPIRED as f64)) };
                self.dispatch.observe(ticket, None, expired) as u32
            }
        }
    }

    /// How many are held at this moment.
    #[napi(catch_unwind)]
    pub fn held(&self) -> u32 {
        table::count(&self.desk)
    }

    /// As `release`, for whoever has the token only.
    #[napi(catch_unwind)]
    pub fn release_token(&self, ticket: u32, resources: String, mode: u32, token: String, permits: u32) -> u32 {
        let claim = self.desk.claim(self.kind(mode), &resources, token, permits);
        // How long it may live still is not known, and need not be: whoever asks is told where it is not known what became of it.
        self.release_claim(ticket, claim, Duration::ZERO)
    }

    /// As `extend`, for whoever has the token only.
    #[napi(catch_unwind)]
    pub fn extend_token(&self, ticket: u32, resources: String, mode: u32, token: String, ttl: f64) -> u32 {
        let claim = self.desk.claim(self.kind(mode), &resources, token, 0);
        let (desk, ttl) = (self.desk.clone(), millis(ttl));
        self.submit(ticket, false, move |_, attempt| async move {
            let held = Arc::new(Held::new(&desk, &claim, std::time::Instant::now(), ttl, None));
            let renewed = renew(&held, ttl, desk.limit(ttl).max(desk.each / 4)).await;
            if renewed.is_err() {
                attempt.sent();
            }
            renewed.map(Outcome::Flag)
        })
    }

    /// Of a lock `[owner's token or nil, ms until it ends, fencing token]`; otherwise `[permits or readers, writers, how many wait, how many permits
    /// there are]`.
    #[napi(catch_unwind)]
    pub fn inspect(&self, ticket: u32, resource: String, permits: u32) -> u32 {
        if self.family == family::LOCK {
            let call = |desk: &Desk| {
                let names = desk.prefix.of(&resource);
                let keys = vec![names.lock(), names.fence()];
                Call { script: &INSPECT, keys, args: vec![], head: 0, width: 2 }
            };
            return self.ask(ticket, call, holder);
        }
        let call = |desk: &Desk| {
            let names = desk.prefix.of(&resource);
            let keys = vec![names.lock(), names.waiting(), names.permits()];
            Call { script: &COUNT, keys, args: vec![number(permits.into())], head: 0, width: 4 }
        };
        self.ask(ticket, call, |reply| {
            let numbers = integers(reply, 4)?;
            Ok(Outcome::List(numbers.into_iter().map(|number| Outcome::Number(number as f64)).collect()))
        })
    }

    /// Sets how many permits there are.
    #[napi(catch_unwind)]
    pub fn resize(&self, ticket: u32, resource: String, permits: u32) -> u32 {
        let call = |desk: &Desk| {
            let names: Names = desk.prefix.of(&resource);
            let keys = vec![names.lock(), names.queue(), names.waiting(), names.permits()];
            Call { script: &RESIZE, keys, args: vec![number(permits.into())], head: 0, width: 1 }
        };
        self.ask(ticket, call, |reply| integers(reply, 1).map(|_| Outcome::Done))
    }
}

/// `[ms, fencing token, owner's token where there is one]`.
fn holder(reply: Reply) -> Answer {
    let mut items = reply.into_array().into_iter();
    match (items.next(), items.next()) {
        (Some(Reply::Integer(ttl)), Some(Reply::Integer(fence))) => {
            let owner = match items.next() {
                Some(Reply::Bytes(token)) => Outcome::from_bytes(token),
                _ => Outcome::Nil,
            };
            Ok(Outcome::List(vec![owner, Outcome::Number(ttl as f64), Outcome::Number(fence as f64)]))
        }
        _ => Err(Error::new(ErrorKind::Protocol, "the reply to a script was another's")),
    }
}
