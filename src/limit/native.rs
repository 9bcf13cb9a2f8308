//! The native half of `RateLimiter`: arguments in, request out.

use super::decide::{self, numbers};
use super::plan::{Named, Plan, arguments, policies, to_bytes};
use super::reset;
use super::scripts::{ACQUIRE, APPLY, BEAT, COUNT, RENEW, RESERVE, SETTLE};
use super::shared::{Shared, WORDS};
use crate::bridge::{Outcome, share_words};
use crate::client::{Client, Command, Error, NO_DEADLINE, Script};
use crate::common::{Attempt, keys};
use crate::redis::{Dispatch, NativeRedis};
use bytes::Bytes;
use napi::bindgen_prelude::{Env, Float64Array, Result, Uint8Array, Unknown};
use napi_derive::napi;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

/// The limits of a prefix, over a client.
#[napi]
pub struct NativeRateLimiter {
    dispatch: Arc<Dispatch>,
    shared: Arc<Shared>,
    timeout: Duration,
}

/// Whatever many threads and limiters it has, a process is one.
static PROCESS: LazyLock<Bytes> = LazyLock::new(|| format!("{}-{:016x}", std::process::id(), fastrand::u64(..)).into());

fn malformed() -> napi::Error {
    napi::Error::from_reason("a plan that is none")
}

fn number(number: f64) -> Bytes {
    number.to_string().into()
}

fn read(numbers: &[f64], names: &str) -> Result<Vec<Named>> {
    policies(numbers, names).ok_or_else(malformed)
}

impl NativeRateLimiter {
    fn submit<F, Fut>(&self, ticket: u32, run: F) -> u32
    where
        F: FnOnce(Client, Arc<Attempt>) -> Fut + Send + 'static,
        Fut: Future<Output = std::result::Result<Outcome, Error>> + Send + 'static,
    {
        self.submit_within(ticket, self.timeout, run)
    }

    fn submit_within<F, Fut>(&self, ticket: u32, timeout: Duration, run: F) -> u32
    where
        F: FnOnce(Client, Arc<Attempt>) -> Fut + Send + 'static,
        Fut: Future<Output = std::result::Result<Outcome, Error>> + Send + 'static,
    {
        self.dispatch.submit(ticket, Some(timeout), run) as u32
    }

    /// Runs a script whose reply is numbers. `frees`: what is remembered of the key is not so any more.
    fn run(
        &self,
        ticket: u32,
        script: &'static Script,
        keys: Vec<Bytes>,
        args: Vec<Bytes>,
        frees: Option<String>,
    ) -> u32 {
        let shared = self.shared.clone();
        self.submit(ticket, move |client, attempt| async move {
            let free = || frees.iter().for_each(|key| shared.free(&shared.keys.of(key)));
            free();
            let answer = client.run(&attempt, script, keys, args).await;
            free();
            Ok(Outcome::Binary(to_bytes(&numbers(answer?)?)))
        })
    }
}

impl Drop for NativeRateLimiter {
    fn drop(&mut self) {
        self.shared.leave();
    }
}

#[napi]
impl NativeRateLimiter {
    /// `realm` names the server; `timeout` in milliseconds.
    #[napi(constructor, catch_unwind)]
    pub fn new(redis: &NativeRedis, realm: String, prefix: String, timeout: u32) -> Self {
        let timeout = Duration::from_millis(timeout.into());
        NativeRateLimiter { dispatch: redis.dispatch(), shared: Shared::of(&realm, &prefix), timeout }
    }

    /// The generations of keys; `null` where the engine allows no memory but its own.
    #[napi(catch_unwind, ts_return_type = "Uint32Array | null")]
    pub fn words<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        share_words(env, &WORDS)
    }

    /// Decides about `count` keys. `lib/limit/plan.js` says what crosses, and what comes back.
    #[napi(catch_unwind)]
    pub fn decide(&self, ticket: u32, count: u32, plan: Float64Array, names: String, keys: String) -> u32 {
        let (plan, shared) = (plan.to_vec(), self.shared.clone());
        let read = move || Plan::read(&plan, &names, &keys);
        let decide = move |client, attempt| decide::decide(client, attempt, shared, read);
        self.dispatch.submit_many(ticket, Some(self.timeout), count as usize, decide) as u32
    }

    /// As `decide`, at once and without the server: against limits divided by `instances`.
    #[napi(catch_unwind)]
    pub fn decide_locally(
        &self,
        plan: Float64Array,
        names: String,
        keys: String,
        instances: u32,
        owes: bool,
    ) -> Result<Uint8Array> {
        let plan = Plan::read(&plan, &names, &keys).ok_or_else(malformed)?;
        let server_now = self.now();
        let answer = self.shared.locally(|local, now| local.decide(&plan, instances, now, server_now, owes));
        Ok(answer.into_bytes().to_vec().into())
    }

    /// As `apply`, at once and without the server.
    #[napi(catch_unwind)]
    pub fn apply_locally(
        &self,
        key: String,
        units: f64,
        policies: Float64Array,
        names: String,
        instances: u32,
    ) -> Result<()> {
        let policies = read(&policies, &names)?;
        self.shared.locally(|local, now| local.apply(&key, &policies, units as i64, instances, now));
        Ok(())
    }

    /// The server's clock, in ms since the epoch, or that of this machine until a server has told.
    #[napi(catch_unwind)]
    pub fn server_now(&self) -> f64 {
        self.now() as f64
    }

    fn now(&self) -> u64 {
        self.shared.clock().now(Instant::now())
    }

    /// Takes units of a key, or gives them back. `policies` and `names` as those of a plan.
    #[napi(catch_unwind)]
    pub fn apply(&self, ticket: u32, key: String, units: f64, policies: Float64Array, names: String) -> Result<u32> {
        let policies = read(&policies, &names)?;
        let of_id = self.shared.keys.of(&key);
        let mut keys = vec![of_id.block()];
        keys.extend(policies.iter().map(|named| of_id.policy(&named.suffix)));
        let mut args = vec![number(units)];
        args.extend(arguments(policies.iter().map(|named| &named.policy)));
        Ok(self.run(ticket, &APPLY, keys, args, Some(key)))
    }

    /// `lease` in milliseconds.
    #[allow(clippy::too_many_arguments, reason = "flat arguments cross, never objects")]
    #[napi(catch_unwind)]
    pub fn reserve(
        &self,
        ticket: u32,
        key: String,
        id: String,
        cost: f64,
        lease: f64,
        policies: Float64Array,
        names: String,
    ) -> Result<u32> {
        let policies = read(&policies, &names)?;
        let of_id = self.shared.keys.of(&key);
        let mut keys = vec![of_id.reservation(&id), of_id.block()];
        keys.extend(policies.iter().map(|named| of_id.policy(&named.suffix)));
        let mut args = vec![number(cost), number(lease)];
        args.extend(arguments(policies.iter().map(|named| &named.policy)));
        Ok(self.run(ticket, &RESERVE, keys, args, None))
    }

    #[napi(catch_unwind)]
    pub fn settle(
        &self,
        ticket: u32,
        key: String,
        id: String,
        actual: f64,
        policies: Float64Array,
        names: String,
    ) -> Result<u32> {
        let policies = read(&policies, &names)?;
        let of_id = self.shared.keys.of(&key);
        let mut keys = vec![of_id.reservation(&id)];
        keys.extend(policies.iter().map(|named| of_id.policy(&named.suffix)));
        let mut args = vec![number(actual)];
        args.extend(arguments(policies.iter().map(|named| &named.policy)));
        Ok(self.run(ticket, &SETTLE, keys, args, Some(key)))
    }

    #[napi(catch_unwind)]
    pub fn block(&self, ticket: u32, key: String, ms: f64) -> u32 {
        let shared = self.shared.clone();
        self.submit(ticket, move |client, attempt| async move {
            let of_id = shared.keys.of(&key);
            let set = Command::new("SET").arg(of_id.block()).word("").word("PX").number(ms as u64);
            shared.free(&of_id);
            let done = client.call(&attempt, set.idempotent()).await;
            shared.free(&of_id);
            done.map(|_| Outcome::Done)
        })
    }

    /// Forgets what was counted for a key.
    #[napi(catch_unwind)]
    pub fn reset(&self, ticket: u32, key: String, names: String) -> u32 {
        let shared = self.shared.clone();
        self.submit(ticket, move |client, attempt| reset::reset(client, attempt, shared, key, names))
    }

    /// Says that this process is alive and which policies it uses, by `names`; how many processes there are. Spans in milliseconds.
    #[napi(catch_unwind)]
    pub fn beat(&self, ticket: u32, alive: f64, keep: f64, names: String) -> u32 {
        let keys = vec![self.shared.keys.processes.clone(), self.shared.keys.policies.clone()];
        let mut args = vec![PROCESS.clone(), number(alive), number(keep)];
        args.extend(names.split('\0').filter(|name| !name.is_empty()).map(|name| Bytes::from(name.to_owned())));
        self.submit(ticket, move |client, attempt| async move {
            let reply = client.run(&attempt, &BEAT, keys, args).await?;
            Ok(Outcome::Number(reply.as_integer() as f64))
        })
    }

    /// Counts hits without a limit; `key` is the whole key.
    #[napi(catch_unwind)]
    pub fn count(&self, ticket: u32, key: String, units: f64, window: f64) -> u32 {
        self.run(ticket, &COUNT, vec![key.into()], vec![number(units), number(window)], None)
    }

    #[napi(catch_unwind)]
    pub fn forget_count(&self, ticket: u32, key: String) -> u32 {
        self.submit(ticket, move |client, attempt| async move {
            client.unlink(&attempt, vec![key.into()]).await.map(|_| Outcome::Done)
        })
    }

    /// All whose keys begin so. The deadline holds for each step.
    #[napi(catch_unwind)]
    pub fn forget_counts(&self, ticket: u32, prefix: String) -> u32 {
        let (each, glob) = (self.timeout, Bytes::from(keys::escape_glob(&prefix) + "*"));
        self.submit_within(ticket, NO_DEADLINE, move |client, attempt| async move {
            client.unlink_matching(&attempt, each, glob).await.map(|_| Outcome::Done)
        })
    }

    #[napi(catch_unwind)]
    pub fn acquire(&self, ticket: u32, key: String, limit: f64, lease: f64, token: String) -> u32 {
        let keys = vec![self.shared.keys.of(&key).places()];
        self.run(ticket, &ACQUIRE, keys, vec![number(limit), number(lease), token.into()], None)
    }

    /// Keeps the places of tokens, with a NUL between two; how many of them were held still.
    #[napi(catch_unwind)]
    pub fn renew(&self, ticket: u32, key: String, lease: f64, tokens: String) -> u32 {
        let keys = vec![self.shared.keys.of(&key).places()];
        let tokens = tokens.split('\0').map(|token| Bytes::from(token.to_owned()));
        let args = std::iter::once(number(lease)).chain(tokens).collect();
        self.submit(ticket, move |client, attempt| async move {
            let reply = client.run(&attempt, &RENEW, keys, args).await?;
            Ok(Outcome::Number(reply.as_integer() as f64))
        })
    }

    /// Whether the place was held still.
    #[napi(catch_unwind)]
    pub fn release(&self, ticket: u32, key: String, token: String) -> u32 {
        let places = self.shared.keys.of(&key).places();
        self.submit(ticket, move |client, attempt| async move {
            let remove = Command::new("ZREM").arg(places).arg(Bytes::from(token));
            client.call(&attempt, remove).await.map(|reply| Outcome::Flag(reply.as_integer() == 1))
        })
    }
}
