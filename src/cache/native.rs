//! The native half of the caches and the repository: arguments in, request out.

use super::batch::Batch;
use super::read::{self, From, Wish};
use super::together::{self, Learnt, Reading};
use super::traffic::Traffic;
use super::write;
use crate::bridge::{Caller, Outcome, append_utf8};
use crate::client::{Client, Error, NO_DEADLINE};
use crate::common::{Attempt, keys};
use crate::redis::{Dispatch, NativeRedis, gathered};
use bytes::Bytes;
use napi::JsString;
use napi::bindgen_prelude::{Env, Result, Uint32ArraySlice};
use napi_derive::napi;
use std::sync::Arc;
use std::time::Duration;

/// The room for an id that costs no second look at the string.
const USUAL_ID: usize = 120;

/// What a read wishes for, as JavaScript says it.
mod wish {
    pub const LIFE: u32 = 1;
    pub const STALE: u32 = 2;
    pub const NEAR: u32 = 4;
}

/// A key space over a client.
#[napi]
pub struct NativeCache {
    pub(super) dispatch: Arc<Dispatch>,
    pub(super) batch: Arc<Batch>,
    pub(super) traffic: Arc<Traffic>,
    learnt: Arc<Learnt>,
    pub(super) prefix: Arc<str>,
    pub(super) space: String,
    pub(super) timeout: Option<Duration>,
    pub(super) lease: Duration,
    pub(super) compress_from: usize,
}
#[napi]
impl NativeCache {
    /// `timeout` in milliseconds, 0 for the client's own; `lease` too; `compress_from` in bytes, 0 for never.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        redis: &NativeRedis,
        prefix: String,
        namespace: String,
        timeout: u32,
        lease: u32,
        compress_from: u32,
    ) -> Self {
        let timeout = (timeout > 0).then(|| Duration::from_millis(timeout.into()));
        NativeCache {
            dispatch: redis.dispatch(),
            batch: Arc::default(),
            traffic: Arc::default(),
            learnt: Arc::default(),
            space: keys::space(&prefix, &namespace),
            prefix: prefix.into(),
            timeout,
            lease: Duration::from_millis(lease.into()),
            compress_from: if compress_from == 0 { usize::MAX } else { compress_from as usize },
        }
    }

    /// The key of an id; without a namespace, that of this object.
    pub(super) fn key(&self, env: &Env, id: &JsString<'_>, namespace: Option<String>) -> Result<Bytes> {
        let other = namespace.map(|namespace| keys::space(&self.prefix, &namespace));
        let space = other.as_deref().unwrap_or(&self.space);
        let mut key = Vec::with_capacity(space.len() + USUAL_ID);
        key.extend_from_slice(space.as_bytes());
        append_utf8(env, id, &mut key)?;
        Ok(key.into())
    }

    /// The keys of ids that cross in one string, with a NUL between two: no id holds one.
    pub(super) fn keys(&self, ids: &str, namespace: Option<String>) -> Vec<Bytes> {
        let other = namespace.map(|namespace| keys::space(&self.prefix, &namespace));
        let space = other.as_deref().unwrap_or(&self.space);
        ids.split('\0').map(|id| Bytes::from([space, id].concat())).collect()
    }

    /// The time of a step of an operation that has several.
    pub(super) fn each(&self) -> Duration {
        self.timeout.unwrap_or(self.dispatch.timeout)
    }

    pub(super) fn submit<F, Fut>(&self, ticket: u32, run: F) -> u32
    where
        F: FnOnce(Client, Arc<Attempt>) -> Fut + Send + 'static,
        Fut: Future<Output = std::result::Result<Outcome, Error>> + Send + 'static,
    {
        self.submit_within(ticket, self.timeout, run)
    }

    /// As `submit`, for an operation of steps that have deadlines of their own.
    pub(super) fn submit_steps<F, Fut>(&self, ticket: u32, run: F) -> u32
    where
        F: FnOnce(Client, Arc<Attempt>) -> Fut + Send + 'static,
        Fut: Future<Output = std::result::Result<Outcome, Error>> + Send + 'static,
    {
        self.submit_within(ticket, Some(NO_DEADLINE), run)
    }

    pub(super) fn submit_within<F, Fut>(&self, ticket: u32, timeout: Option<Duration>, run: F) -> u32
    where
        F: FnOnce(Client, Arc<Attempt>) -> Fut + Send + 'static,
        Fut: Future<Output = std::result::Result<Outcome, Error>> + Send + 'static,
    {
        let batch = self.batch.clone();
        let behind = move |client: Client, attempt: Arc<Attempt>| async move {
            // What was asked for before leaves before.
            if batch.is_filled() {
                Box::pin(batch.leave(&client)).await;
            }
            run(client, attempt).await
        };
        self.dispatch.submit(ticket, timeout, behind) as u32
    }

    /// `what`: which of `wish`; `beta`: how early a value is loaded again, 0 for not at all.
    #[napi(catch_unwind)]
    pub fn get(
        &self,
        env: Env,
        ticket: u32,
        id: JsString<'_>,
        what: u32,
        beta: f64,
        namespace: Option<String>,
    ) -> Result<u32> {
        let key = self.key(&env, &id, namespace)?;
        let traffic = self.traffic.clone();
        let wished = Wish { life: what & wish::LIFE != 0, stale: what & wish::STALE != 0, beta };
        Ok(if what & wish::NEAR != 0 {
            self.submit(ticket, move |client, attempt| read::get_near(From { client, traffic }, attempt, key, wished))
        } else {
            self.submit(ticket, move |client, attempt| read::get(From { client, traffic }, attempt, key, wished))
        })
    }

    /// `get` of ids of this object's namespace, with a NUL between two, that were gathered in the middle of a turn. `slots`: of each its ticket and
    /// what it wishes for. How many were taken; and above 16 bits what becomes of the rest.
    #[napi(catch_unwind)]
    pub fn get_together(&self, env: Env, slots: Uint32ArraySlice<'_>, count: u32, ids: JsString<'_>) -> Result<u32> {
        let mut text = Vec::with_capacity(USUAL_ID * count as usize);
        append_utf8(&env, &ids, &mut text)?;
        let (tickets, wishes) = gathered(&slots, count);
        let (space, batch) = (self.space.clone(), self.batch.clone());
        let (traffic, learnt) = (self.traffic.clone(), self.learnt.clone());
        let run = move |client: Client, callers: Vec<Caller>| async move {
            // What was asked for before leaves before.
            if batch.is_filled() {
                Box::pin(batch.leave(&client)).await;
            }
            let ids = text.split(|byte| *byte == 0);
            let reads = callers.into_iter().zip(ids).zip(wishes).map(|((caller, id), wish)| together::Read {
                key: Bytes::from([space.as_bytes(), id].concat()),
                wish: Wish { stale: wish & wish::STALE != 0, ..Wish::default() },
                caller,
            });
            let reading = Reading { from: From { client, traffic }, learnt };
            together::read(reading, reads.collect()).await;
        };
        Ok(self.dispatch.submit_group(&tickets, self.timeout, run).word())
    }

    #[napi(catch_unwind)]
    pub fn lookup(&self, env: Env, ticket: u32, id: JsString<'_>, namespace: Option<String>) -> Result<u32> {
        let key = self.key(&env, &id, namespace)?;
        let traffic = self.traffic.clone();
        Ok(self.submit(ticket, |client, attempt| read::lookup(From { client, traffic }, attempt, key)))
    }

    /// Bytes read and written.
    #[napi(catch_unwind)]
    pub fn traffic(&self) -> Vec<f64> {
        self.traffic.numbers().map(|bytes| bytes as f64).to_vec()
    }

    #[napi(catch_unwind)]
    pub fn exists(&self, env: Env, ticket: u32, id: JsString<'_>, namespace: Option<String>) -> Result<u32> {
        let key = self.key(&env, &id, namespace)?;
        Ok(self.submit(ticket, |client, attempt| read::exists(client, attempt, key)))
    }

    #[napi(catch_unwind)]
    pub fn get_many(&self, ticket: u32, ids: String, namespace: Option<String>) -> u32 {
        let keys = self.keys(&ids, namespace);
        let traffic = self.traffic.clone();
        self.submit(ticket, |client, attempt| read::get_many(From { client, traffic }, attempt, keys))
    }

    #[napi(catch_unwind)]
    pub fn delete(&self, ticket: u32, ids: String, namespace: Option<String>) -> u32 {
        let keys = self.keys(&ids, namespace);
        self.submit(ticket, |client, attempt| write::delete(client, attempt, keys))
    }

    /// Its ticket has no deadline of its own; every step of the walk has.
    #[napi(catch_unwind)]
    pub fn delete_matching(&self, ticket: u32, glob: String, namespace: Option<String>) -> u32 {
        let space = namespace.map_or_else(|| self.space.clone(), |namespace| keys::space(&self.prefix, &namespace));
        let glob = Bytes::from(keys::escape_glob(&space) + &glob);
        let each = self.each();
        self.submit_steps(ticket, move |client, attempt| write::delete_matching(client, attempt, each, glob))
    }
}
