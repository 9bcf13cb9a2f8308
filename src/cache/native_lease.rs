//! The native half of the caches: leases, and invalidation by tags.

use super::invalidate::{Fate, Invalidation, invalidate};
use super::lease::{self, Ask, Mode};
use super::native::NativeCache;
use super::tag_keys::{self, TagKeys};
use napi::JsString;
use napi::bindgen_prelude::{Env, Result};
use napi_derive::napi;
use std::time::Duration;

fn mode(word: u32) -> Mode {
    match word {
        0 => Mode::Miss,
        1 => Mode::Refresh,
        2 => Mode::Force,
        _ => Mode::Stale,
    }
}

fn millis(ms: f64) -> Duration {
    Duration::from_millis(ms as u64)
}

#[napi]
impl NativeCache {
    fn ask(&self, token: f64, word: u32, wait_ms: f64, is_tagged: bool) -> Ask {
        let epoch = is_tagged.then(|| tag_keys::epoch(&self.prefix));
        Ask { token: token as u64, mode: mode(word), lease: self.lease, wait: millis(wait_ms), epoch }
    }

    /// Asks for the right to load. `is_tagged`: what is loaded may have tags.
    #[allow(clippy::too_many_arguments, reason = "flat arguments cross, never objects")]
    #[napi(catch_unwind)]
    pub fn lease(
        &self,
        env: Env,
        ticket: u32,
        id: JsString<'_>,
        token: f64,
        word: u32,
        wait_ms: f64,
        is_tagged: bool,
        namespace: Option<String>,
    ) -> Result<u32> {
        let key = self.key(&env, &id, namespace)?;
        let (ask, each) = (self.ask(token, word, wait_ms, is_tagged), self.each());
        Ok(self.submit_steps(ticket, move |client, attempt| lease::lease(client, attempt, each, key, ask)))
    }

    #[napi(catch_unwind)]
    pub fn lease_many(
        &self,
        ticket: u32,
        ids: String,
        token: f64,
        word: u32,
        is_tagged: bool,
        namespace: Option<String>,
    ) -> u32 {
        let keys = self.keys(&ids, namespace);
        let (ask, each) = (self.ask(token, word, 0.0, is_tagged), self.each());
        self.submit_steps(ticket, move |client, attempt| lease::lease_many(client, attempt, each, keys, ask))
    }

    /// Gives leases back without values.
    #[napi(catch_unwind)]
    pub fn abandon(&self, ticket: u32, ids: String, token: f64, rest_ms: f64, namespace: Option<String>) -> u32 {
        let keys = self.keys(&ids, namespace);
        let each = self.each();
        let run = move |client, attempt| lease::abandon(client, attempt, each, keys, token as u64, millis(rest_ms));
        self.submit_steps(ticket, run)
    }

    /// `all`: only what carries all of the tags; `expire`: values stay for loads that fail.
    #[napi(catch_unwind)]
    pub fn invalidate(&self, ticket: u32, tags: String, all: bool, expire: bool) -> u32 {
        let fate = if expire { Fate::Expire } else { Fate::Delete };
        let tags = tags.split('\0').map(|tag| TagKeys::new(&self.prefix, tag)).collect();
        let what = Invalidation { prefix: self.prefix.to_string(), tags, all, fate };
        let each = self.each();
        self.submit_steps(ticket, move |client, attempt| invalidate(client, attempt, each, what))
    }
}
