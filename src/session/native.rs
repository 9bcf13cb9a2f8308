//! The native half of sessions: what concerns one id.

use super::ask::{Ask, Life, Names, OF_READ, OF_WRITE, live_on};
use super::keys::Keys;
use super::plain;
use super::rotate::{Rotation, rotate};
use super::scripts::{DESTROY, READ, TOUCH, WRITE};
use super::told::{code, flag, number};
use super::users::fresh;
use super::work::{Desk, Work};
use crate::bridge::{Outcome, append_utf8};
use crate::client::{Client, Error, NO_DEADLINE, Reply};
use crate::common::Attempt;
use crate::redis::{Dispatch, NativeRedis};
use bytes::Bytes;
use napi::JsString;
use napi::bindgen_prelude::{Either, Env, Result, Uint8Array};
use napi_derive::napi;
use std::sync::Arc;
use std::time::Duration;

/// Text, or bytes where it is sealed.
pub(super) type Payload<'a> = Either<JsString<'a>, Uint8Array>;

pub(super) fn payload(env: &Env, value: Payload<'_>) -> Result<Bytes> {
    Ok(match value {
        Either::A(text) => {
            let mut bytes = Vec::with_capacity(512);
            append_utf8(env, &text, &mut bytes)?;
            bytes.into()
        }
        Either::B(bytes) => Bytes::copy_from_slice(&bytes),
    })
}

/// A span in milliseconds; 0 is said by nothing.
fn span(ms: f64) -> Bytes {
    if ms > 0.0 { number(ms) } else { Bytes::new() }
}

/// The sessions of a namespace, over a client.
#[napi]
pub struct NativeSessions {
    pub(super) dispatch: Arc<Dispatch>,
    pub(super) desk: Arc<Desk>,
    timeout: Option<Duration>,
}

/// What `submit` gives to whom it calls.
pub(super) struct Given {
    pub client: Client,
    pub attempt: Arc<Attempt>,
    pub desk: Arc<Desk>,
    pub each: Duration,
}

impl Given {
    /// An operation whose deadline is that of the whole.
    pub fn whole(&self) -> Work<'_> {
        Work { client: &self.client, desk: &self.desk, whole: &self.attempt, each: None }
    }

    /// One whose steps have deadlines of their own.
    pub fn steps(&self) -> Work<'_> {
        Work { client: &self.client, desk: &self.desk, whole: &self.attempt, each: Some(self.each) }
    }
}

impl NativeSessions {
    pub(super) fn each(&self) -> Duration {
        self.timeout.unwrap_or(self.dispatch.timeout)
    }

    pub(super) fn submit<F, Fut>(&self, ticket: u32, run: F) -> u32
    where
        F: FnOnce(Given) -> Fut + Send + 'static,
        Fut: Future<Output = std::result::Result<Outcome, Error>> + Send + 'static,
    {
        self.submit_within(ticket, self.timeout, run)
    }

    /// As `submit`, for an operation of steps.
    pub(super) fn submit_steps<F, Fut>(&self, ticket: u32, run: F) -> u32
    where
        F: FnOnce(Given) -> Fut + Send + 'static,
        Fut: Future<Output = std::result::Result<Outcome, Error>> + Send + 'static,
    {
        self.submit_within(ticket, Some(NO_DEADLINE), run)
    }

    fn submit_within<F, Fut>(&self, ticket: u32, timeout: Option<Duration>, run: F) -> u32
    where
        F: FnOnce(Given) -> Fut + Send + 'static,
        Fut: Future<Output = std::result::Result<Outcome, Error>> + Send + 'static,
    {
        let (desk, each) = (self.desk.clone(), self.each());
        self.dispatch.submit(ticket, timeout, move |client, attempt| run(Given { client, attempt, desk, each })) as u32
    }

    /// Asks, and has what was seen live on. `version`: what the session becomes by that is told behind the rest.
    fn see(&self, ticket: u32, ask: Ask, life: Life, version: Option<Bytes>) -> u32 {
        self.submit(ticket, move |given| async move {
            let work = given.whole();
            let (mut told, name) = ask.run(&work).await?;
            Box::pin(live_on(&work, &mut told, &name, life)).await;
            if told.code == code::DONE {
                told.rest.extend(version.map(Reply::Bytes));
            }
            Ok(told.outcome(name))
        })
    }
}

#[napi]
impl NativeSessions {
    /// Spans in milliseconds; `timeout` 0 for the client's own, `absolute` 0 for any.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        redis: &NativeRedis,
        prefix: String,
        namespace: String,
        timeout: u32,
        absolute: f64,
        tombstone: f64,
    ) -> Self {
        let timeout = (timeout > 0).then(|| Duration::from_millis(timeout.into()));
        let keys = Keys::new(&prefix, &namespace);
        let desk =
            Desk { keys, absolute: number(absolute), absolute_ms: absolute as i64, tombstone: number(tombstone) };
        NativeSessions { dispatch: redis.dispatch(), desk: Arc::new(desk), timeout }
    }

    /// `names` with a NUL between two; `sees`: it lives on by that.
    #[napi(catch_unwind)]
    pub fn read(&self, ticket: u32, names: String, sees: bool) -> u32 {
        let args = vec![self.desk.absolute.clone(), flag(sees)];
        let ask = Ask { script: &READ, names: Names::read(&names), args, makes: None };
        if sees {
            return self.see(ticket, ask, OF_READ, None);
        }
        self.submit(ticket, move |given| async move {
            let work = given.whole();
            if let Some(name) = ask.names.only()
                && let Some(told) = plain::read(&work, name).await?
            {
                return Ok(told.outcome(name.clone()));
            }
            let (told, name) = Box::pin(ask.run(&work)).await?;
            Ok(told.outcome(name))
        })
    }

    /// `idle` in milliseconds, 0 for as before.
    #[napi(catch_unwind)]
    pub fn touch(&self, ticket: u32, names: String, version: String, idle: f64, cookie: Option<String>) -> u32 {
        let given = flag(cookie.is_some());
        let args =
            vec![self.desk.absolute.clone(), span(idle), given, cookie.unwrap_or_default().into(), version.into()];
        let ask = Ask { script: &TOUCH, names: Names::read(&names), args, makes: None };
        self.see(ticket, ask, OF_WRITE, None)
    }

    /// `version` that was read, empty for a new one, which is made where `makes` says so; `idle` in milliseconds, 0 for as before. Tells the new
    /// version at the end.
    #[allow(clippy::too_many_arguments, reason = "flat arguments cross, never objects")]
    #[napi(catch_unwind)]
    pub fn write(
        &self,
        env: Env,
        ticket: u32,
        names: String,
        version: String,
        makes: bool,
        idle: f64,
        data: Payload<'_>,
        cookie: String,
    ) -> Result<u32> {
        const MAKES: usize = 6;
        let (data, next) = (payload(&env, data)?, fresh());
        let absolute = self.desk.absolute.clone();
        let args = vec![absolute, version.into(), next.clone(), span(idle), data, cookie.into(), flag(makes)];
        let ask = Ask { script: &WRITE, names: Names::read(&names), args, makes: Some(MAKES) };
        Ok(self.see(ticket, ask, OF_WRITE, Some(next)))
    }

    /// `buries`: leaves a tombstone also where there is nothing.
    #[napi(catch_unwind)]
    pub fn destroy(&self, ticket: u32, names: String, buries: bool) -> u32 {
        const BURIES: usize = 3;
        let args = vec![self.desk.absolute.clone(), self.desk.tombstone.clone(), fresh(), flag(buries)];
        let ask = Ask { script: &DESTROY, names: Names::read(&names), args, makes: Some(BURIES) };
        self.submit(ticket, move |given| async move {
            let (told, name) = ask.run(&given.whole()).await?;
            let index = told.bytes(1);
            if told.code == code::DONE && !index.is_empty() {
                let gone = name.clone();
                // Nobody waits for it: who looks into the index finds that it is no session any more.
                tokio::spawn(async move {
                    let attempt = Arc::new(Attempt::new(given.each));
                    Given { attempt, ..given }.whole().forget(&index, vec![gone]).await;
                });
            }
            Ok(told.outcome(name))
        })
    }

    /// From a name to another, as what was read of it; `index` of its user, empty for none; `grace` in milliseconds.
    #[allow(clippy::too_many_arguments, reason = "flat arguments cross, never objects")]
    #[napi(catch_unwind)]
    pub fn rotate(
        &self,
        env: Env,
        ticket: u32,
        from: String,
        to: String,
        version: String,
        index: String,
        grace: f64,
        data: Payload<'_>,
        user: Payload<'_>,
        meta: Payload<'_>,
    ) -> Result<u32> {
        let rotation = Rotation {
            old: from.into(),
            new: to.into(),
            version: version.into(),
            index: index.into(),
            grace: number(grace),
            data: payload(&env, data)?,
            user: payload(&env, user)?,
            meta: payload(&env, meta)?,
        };
        Ok(self.submit(ticket, move |given| async move {
            let name = rotation.new.clone();
            Ok(rotate(&given.whole(), rotation).await?.outcome(name))
        }))
    }
}
