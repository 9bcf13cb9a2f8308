//! The native half of `TypeSafeCache` and `RedisRepository`: arguments in, request out.

use super::format::encode_bytes;
use super::run::{self, Life};
use crate::bridge::{Outcome, append_utf8};
use crate::client::{Client, Error};
use crate::common::{Attempt, keys};
use crate::redis::{Dispatch, NativeRedis};
use bytes::Bytes;
use napi::JsString;
use napi::bindgen_prelude::{Either, Env, Result, Uint8Array};
use napi_derive::napi;
use std::sync::Arc;
use std::time::Duration;

/// The room for an id that costs no second look at the string.
const USUAL_ID: usize = 120;

/// A life of no end, as JavaScript says it.
const ENDLESS: f64 = -1.0;

/// JSON text, or bytes of which the last argument says whether they are a `Buffer`.
type Stored<'a> = Either<JsString<'a>, Uint8Array>;

/// A key space over a client.
#[napi]
pub struct NativeCache {
    dispatch: Arc<Dispatch>,
    prefix: String,
    space: String,
    timeout: Option<Duration>,
}

fn life(ttl_ms: f64) -> Life {
    if ttl_ms == ENDLESS { Life::Endless } else { Life::Millis(ttl_ms as u64) }
}

fn stored(env: &Env, value: Stored<'_>, is_buffer: bool) -> Result<Bytes> {
    Ok(match value {
        Either::A(json) => {
            let mut text = Vec::with_capacity(512);
            append_utf8(env, &json, &mut text)?;
            text.into()
        }
        Either::B(bytes) => encode_bytes(&bytes, is_buffer),
    })
}

#[napi]
impl NativeCache {
    /// `timeout` in milliseconds, 0 for the client's own.
    #[napi(constructor, catch_unwind)]
    pub fn new(redis: &NativeRedis, prefix: String, namespace: String, timeout: u32) -> Self {
        let timeout = (timeout > 0).then(|| Duration::from_millis(timeout.into()));
        NativeCache { dispatch: redis.dispatch(), space: keys::space(&prefix, &namespace), prefix, timeout }
    }

    /// The key of an id; without a namespace, that of this object.
    fn key(&self, env: &Env, id: &JsString<'_>, namespace: Option<String>) -> Result<Bytes> {
        let other = namespace.map(|namespace| keys::space(&self.prefix, &namespace));
        let space = other.as_deref().unwrap_or(&self.space);
        let mut key = Vec::with_capacity(space.len() + USUAL_ID);
        key.extend_from_slice(space.as_bytes());
        append_utf8(env, id, &mut key)?;
        Ok(key.into())
    }

    /// The keys of ids that cross in one string, with a NUL between two: no id holds one.
    fn keys(&self, ids: &str, namespace: Option<String>) -> Vec<Bytes> {
        let other = namespace.map(|namespace| keys::space(&self.prefix, &namespace));
        let space = other.as_deref().unwrap_or(&self.space);
        ids.split('\0').map(|id| Bytes::from([space, id].concat())).collect()
    }

    fn submit<F, Fut>(&self, ticket: u32, run: F) -> u32
    where
        F: FnOnce(Client, Arc<Attempt>) -> Fut + Send + 'static,
        Fut: Future<Output = std::result::Result<Outcome, Error>> + Send + 'static,
    {
        self.dispatch.submit(ticket, self.timeout, run) as u32
    }

    #[napi(catch_unwind)]
    pub fn get(&self, env: Env, ticket: u32, id: JsString<'_>, namespace: Option<String>) -> Result<u32> {
        let key = self.key(&env, &id, namespace)?;
        Ok(self.submit(ticket, |client, attempt| run::get(client, attempt, key)))
    }

    #[napi(catch_unwind)]
    pub fn lookup(&self, env: Env, ticket: u32, id: JsString<'_>, namespace: Option<String>) -> Result<u32> {
        let key = self.key(&env, &id, namespace)?;
        Ok(self.submit(ticket, |client, attempt| run::lookup(client, attempt, key)))
    }

    #[napi(catch_unwind)]
    pub fn exists(&self, env: Env, ticket: u32, id: JsString<'_>, namespace: Option<String>) -> Result<u32> {
        let key = self.key(&env, &id, namespace)?;
        Ok(self.submit(ticket, |client, attempt| run::exists(client, attempt, key)))
    }

    #[allow(clippy::too_many_arguments, reason = "flat arguments cross, never objects")]
    #[napi(catch_unwind)]
    pub fn set(
        &self,
        env: Env,
        ticket: u32,
        id: JsString<'_>,
        value: Stored<'_>,
        ttl_ms: f64,
        is_buffer: bool,
        namespace: Option<String>,
    ) -> Result<u32> {
        let key = self.key(&env, &id, namespace)?;
        let value = stored(&env, value, is_buffer)?;
        Ok(self.submit(ticket, move |client, attempt| run::set(client, attempt, key, value, life(ttl_ms))))
    }

    #[napi(catch_unwind)]
    pub fn get_many(&self, ticket: u32, ids: String, namespace: Option<String>) -> u32 {
        let keys = self.keys(&ids, namespace);
        self.submit(ticket, |client, attempt| run::get_many(client, attempt, keys))
    }

    /// `values` holds JSON texts with a NUL between two, which no JSON text holds; in the place of bytes stands
    /// `bytes` or `buffer`, which no JSON text is either, for the next of `binaries`.
    #[napi(catch_unwind)]
    pub fn set_many(
        &self,
        ticket: u32,
        ids: String,
        values: String,
        binaries: Vec<Uint8Array>,
        ttls_ms: Vec<f64>,
        namespace: Option<String>,
    ) -> u32 {
        let mut binaries = binaries.iter();
        let values = values.split('\0').map(|value| match value {
            "bytes" | "buffer" => encode_bytes(binaries.next().map_or(&[], |bytes| bytes), value == "buffer"),
            json => Bytes::copy_from_slice(json.as_bytes()),
        });
        let keys = self.keys(&ids, namespace).into_iter();
        let entries = keys.zip(values).zip(ttls_ms).map(|((key, value), ttl_ms)| (key, value, life(ttl_ms))).collect();
        self.submit(ticket, |client, attempt| run::set_many(client, attempt, entries))
    }

    #[napi(catch_unwind)]
    pub fn delete(&self, ticket: u32, ids: String, namespace: Option<String>) -> u32 {
        let keys = self.keys(&ids, namespace);
        self.submit(ticket, |client, attempt| run::delete(client, attempt, keys))
    }

    /// Its ticket has no deadline of its own; every step of the walk has.
    #[napi(catch_unwind)]
    pub fn delete_matching(&self, ticket: u32, glob: String, namespace: Option<String>) -> u32 {
        const NO_DEADLINE: Duration = Duration::from_secs(365 * 24 * 60 * 60);
        let space = namespace.map_or_else(|| self.space.clone(), |namespace| keys::space(&self.prefix, &namespace));
        let glob = Bytes::from(keys::escape_glob(&space) + &glob);
        let step = self.timeout.unwrap_or(self.dispatch.timeout);
        let run = move |client, attempt| run::delete_matching(client, attempt, step, glob);
        self.dispatch.submit(ticket, Some(NO_DEADLINE), run) as u32
    }
}
