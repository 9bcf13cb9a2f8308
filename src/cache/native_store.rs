//! The native half of the caches: what stores.

use super::draft::{Draft, Life, Terms};
use super::format::codec;
use super::native::NativeCache;
use super::store::{self, Storing};
use super::tag_keys::TagKeys;
use super::write;
use crate::bridge::{Caller, Outcome, append_utf8};
use crate::client::{Client, Error, NO_DEADLINE};
use crate::common::Attempt;
use crate::redis::gathered;
use bytes::Bytes;
use napi::JsString;
use napi::bindgen_prelude::{Either, Env, Float64ArraySlice, Result, Uint8Array, Uint32ArraySlice};
use napi_derive::napi;
use std::sync::Arc;
use std::time::Duration;

/// A life of no end, as JavaScript says it.
const ENDLESS: f64 = -1.0;

/// The room for a text that costs no second look at the string.
const USUAL_TEXT: usize = 512;

/// Text, or bytes.
type Payload<'a> = Either<JsString<'a>, Uint8Array>;

/// What is stored with values, besides their lives, and on what terms.
struct Manner {
    stale: f64,
    load: u32,
    negative: bool,
    terms: Terms,
}

impl Manner {
    /// `stale`: in ms, the last part of the life; `load`: how long the load took, in ms; `token`: who must hold the lease, 0 for whatever is
    /// there; `snapshot`: the epoch since which no tag may have been invalidated, -1 for whenever.
    fn new(stale: f64, load: u32, negative: bool, token: f64, snapshot: f64) -> Self {
        let token = (token > 0.0).then_some(token as u64);
        let snapshot = (snapshot >= 0.0).then_some(snapshot as u64);
        Manner { stale, load, negative, terms: Terms { token, snapshot } }
    }
}

fn life(ttl_ms: f64) -> Life {
    if ttl_ms == ENDLESS { Life::Endless } else { Life::Millis(ttl_ms as u64) }
}

fn payload(env: &Env, value: Payload<'_>) -> Result<Bytes> {
    Ok(match value {
        Either::A(text) => {
            let mut bytes = Vec::with_capacity(512);
            append_utf8(env, &text, &mut bytes)?;
            bytes.into()
        }
        Either::B(bytes) => Bytes::copy_from_slice(&bytes),
    })
}

/// The codecs and payloads of many values. `texts` has a NUL between two, which no text holds; a codec with its highest bit set says that the
/// next of `binaries` stands in the place of its text.
fn payloads<'a>(
    texts: &'a str,
    binaries: &'a [Uint8Array],
    codecs: &'a [u8],
) -> impl Iterator<Item = (u32, Bytes)> + 'a {
    const BINARY: u8 = 0x80;
    let mut binaries = binaries.iter();
    texts.split('\0').zip(codecs).map(move |(text, codec)| {
        let payload = match codec & BINARY {
            0 => Bytes::copy_from_slice(text.as_bytes()),
            _ => binaries.next().map_or_else(Bytes::new, |bytes| Bytes::copy_from_slice(bytes)),
        };
        ((codec & !BINARY).into(), payload)
    })
}

#[napi]
impl NativeCache {
    /// A value that has nothing but a life.
    #[allow(clippy::too_many_arguments, reason = "flat arguments cross, never objects")]
    #[napi(catch_unwind)]
    pub fn set(
        &self,
        env: Env,
        ticket: u32,
        id: JsString<'_>,
        value: Payload<'_>,
        codec: u32,
        ttl_ms: f64,
        namespace: Option<String>,
    ) -> Result<u32> {
        let key = self.key(&env, &id, namespace)?;
        let draft = self.plain(codec, payload(&env, value)?, life(ttl_ms));
        let traffic = self.traffic.clone();
        Ok(self.submit(ticket, move |client, attempt| {
            let stored = traffic.sending(draft.stored());
            write::set(client, attempt, key, stored, draft.life)
        }))
    }

    fn plain(&self, codec: u32, payload: Bytes, life: Life) -> Draft {
        let (stale, load, negative, tags) = (0, 0, false, Arc::default());
        Draft { codec: codec as u8, payload, life, stale, load, negative, tags, compress_from: self.compress_from }
    }

    /// Without its tags, which the I/O thread makes keys of.
    fn draft(&self, codec: u32, payload: Bytes, life: Life, manner: &Manner) -> Draft {
        let Manner { stale, load, negative, .. } = *manner;
        Draft { stale: stale as u64, load, negative, ..self.plain(codec, payload, life) }
    }

    fn storing(&self) -> Storing {
        Storing { batch: self.batch.clone(), traffic: self.traffic.clone(), each: self.each(), lease: self.lease }
    }

    /// A write with tags takes several steps in a cluster.
    fn timeout_of_store(&self, is_tagged: bool) -> Option<Duration> {
        if is_tagged && self.dispatch.client.is_cluster() { Some(NO_DEADLINE) } else { self.timeout }
    }

    fn submit_store<F, Fut>(&self, ticket: u32, is_tagged: bool, run: F) -> u32
    where
        F: FnOnce(Client, Arc<Attempt>) -> Fut + Send + 'static,
        Fut: Future<Output = std::result::Result<Outcome, Error>> + Send + 'static,
    {
        self.dispatch.submit(ticket, self.timeout_of_store(is_tagged), run) as u32
    }

    /// A value with a head, or with terms, as `Manner::new` has them. `tags` with a NUL between two. Whether the terms held.
    #[allow(clippy::too_many_arguments, reason = "flat arguments cross, never objects")]
    #[napi(catch_unwind)]
    pub fn put(
        &self,
        env: Env,
        ticket: u32,
        id: JsString<'_>,
        value: Payload<'_>,
        codec: u32,
        ttl_ms: f64,
        stale: f64,
        load: u32,
        negative: bool,
        tags: Option<String>,
        token: f64,
        snapshot: f64,
        namespace: Option<String>,
    ) -> Result<u32> {
        let key = self.key(&env, &id, namespace)?;
        let manner = Manner::new(stale, load, negative, token, snapshot);
        let draft = self.draft(codec, payload(&env, value)?, life(ttl_ms), &manner);
        let (storing, prefix) = (self.storing(), self.prefix.clone());
        Ok(self.submit_store(ticket, tags.is_some(), move |client, attempt| {
            let draft = Draft { tags: TagKeys::all(&prefix, tags.as_deref()), ..draft };
            store::put(client, attempt, storing, key, draft, manner.terms)
        }))
    }

    /// `put` of texts of JSON with tags, in this object's namespace and without terms, that were gathered in the middle of a turn. `slots`: of each its ticket
    /// and the number of its tags; `spans`: of each its life, and the last part of that in which it is stale; `ids`, `texts` and the `tags` of all have
    /// a NUL between two. How many were taken; and above 16 bits what becomes of the rest.
    #[allow(clippy::too_many_arguments, reason = "flat arguments cross, never objects")]
    #[napi(catch_unwind)]
    pub fn put_together(
        &self,
        env: Env,
        slots: Uint32ArraySlice<'_>,
        count: u32,
        ids: String,
        texts: JsString<'_>,
        spans: Float64ArraySlice<'_>,
        tags: String,
    ) -> Result<u32> {
        let mut values = Vec::with_capacity(count as usize * USUAL_TEXT);
        append_utf8(&env, &texts, &mut values)?;
        let (tickets, tag_counts) = gathered(&slots, count);
        let spans: Vec<[f64; 2]> = spans.as_chunks().0.iter().take(count as usize).copied().collect();
        let (storing, prefix, space) = (self.storing(), self.prefix.clone(), self.space.clone());
        let plain = self.plain(codec::JSON.into(), Bytes::new(), Life::Endless);
        let run = move |client: Client, callers: Vec<Caller>| {
            let mut tags = tags.split('\0');
            let values = Bytes::from(values);
            let entries = ids.split('\0').zip(values.split(|byte| *byte == 0)).zip(spans).zip(tag_counts);
            let puts = callers.into_iter().zip(entries).map(|(caller, (((id, text), [ms, stale]), count))| {
                let tags = tags.by_ref().take(count as usize).map(|tag| TagKeys::new(&prefix, tag)).collect();
                let (payload, life, stale) = (values.slice_ref(text), life(ms), stale as u64);
                (caller, Bytes::from([&space, id].concat()), Draft { payload, life, stale, tags, ..plain.clone() })
            });
            store::put_together(client, storing, puts.collect())
        };
        Ok(self.dispatch.submit_group(&tickets, self.timeout_of_store(true), run).word())
    }

    /// Values that have nothing but lives.
    #[allow(clippy::too_many_arguments, reason = "flat arguments cross, never objects")]
    #[napi(catch_unwind)]
    pub fn set_many(
        &self,
        ticket: u32,
        ids: String,
        values: String,
        binaries: Vec<Uint8Array>,
        codecs: Uint8Array,
        lives: Vec<f64>,
        namespace: Option<String>,
    ) -> u32 {
        let entries = self.keys(&ids, namespace).into_iter().zip(payloads(&values, &binaries, &codecs)).zip(lives);
        let drafts = entries.map(|((key, (codec, payload)), ms)| (key, self.plain(codec, payload, life(ms))));
        let (drafts, traffic) = (drafts.collect::<Vec<_>>(), self.traffic.clone());
        self.submit(ticket, move |client, attempt| {
            let entries = drafts.into_iter().map(|(key, draft)| (key, traffic.sending(draft.stored()), draft.life));
            write::set_many(client, attempt, entries.collect())
        })
    }

    /// As `put` for many values, all in the same manner. `tags` are those of all where `tag_counts` is empty; else as many of them as that says
    /// belong to each.
    #[allow(clippy::too_many_arguments, reason = "flat arguments cross, never objects")]
    #[napi(catch_unwind)]
    pub fn put_many(
        &self,
        ticket: u32,
        ids: String,
        values: String,
        binaries: Vec<Uint8Array>,
        codecs: Uint8Array,
        lives: Vec<f64>,
        stale: f64,
        load: u32,
        tags: Option<String>,
        tag_counts: Vec<u32>,
        token: f64,
        snapshot: f64,
        namespace: Option<String>,
    ) -> u32 {
        let manner = Manner::new(stale, load, false, token, snapshot);
        let split: Vec<&str> = tags.as_deref().map(|tags| tags.split('\0').collect()).unwrap_or_default();
        let mut rest = split.iter().copied();
        let mut counts = tag_counts.into_iter();
        let entries = self.keys(&ids, namespace).into_iter().zip(payloads(&values, &binaries, &codecs)).zip(lives);
        let entries: Vec<(Bytes, Draft)> = entries
            .map(|((key, (codec, payload)), life_ms)| {
                let own = match counts.next() {
                    None => tags.clone(),
                    Some(0) => None,
                    Some(count) => Some(rest.by_ref().take(count as usize).collect::<Vec<_>>().join("\0")),
                };
                let draft = self.draft(codec, payload, life(life_ms), &manner);
                (key, Draft { tags: TagKeys::all(&self.prefix, own.as_deref()), ..draft })
            })
            .collect();
        let storing = self.storing();
        self.submit_store(ticket, tags.is_some(), move |client, attempt| {
            store::put_many(client, attempt, storing, entries, manner.terms)
        })
    }
}
