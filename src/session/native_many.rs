//! The native half of sessions: what concerns all of them, and those that another store has left.

use super::foreign::{Adoption, adopt};
use super::native::{Given, NativeSessions, Payload, payload};
use super::native_users::list;
use super::scripts::LOOK_UP;
use super::told::{Told, number};
use super::users::fresh;
use super::work::Desk;
use crate::bridge::Outcome;
use crate::client::{NO_DEADLINE, Reply, Scan};
use crate::common::keys::escape_glob;
use crate::redis::Dispatch;
use bytes::Bytes;
use napi::bindgen_prelude::{Env, Result};
use napi_derive::napi;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// A walk over all sessions, or over the keys of another store.
#[napi]
pub struct NativeSessionWalk {
    dispatch: Arc<Dispatch>,
    desk: Arc<Desk>,
    each: Duration,
    scan: Arc<Mutex<Scan>>,
    is_foreign: bool,
}

#[napi]
impl NativeSessionWalk {
    /// What is told of each session of the next step, `null` at the end; of another store: the text and when it ends, by the key.
    #[napi(catch_unwind)]
    pub fn next(&self, ticket: u32) -> u32 {
        let (scan, desk, each, is_foreign) = (self.scan.clone(), self.desk.clone(), self.each, self.is_foreign);
        let run = move |client, attempt| async move {
            let given = Given { client, attempt, desk, each };
            let mut scan = scan.lock().await;
            let work = given.steps();
            let found =
                if is_foreign { work.walk_foreign(&mut scan, each).await } else { work.walk_on(&mut scan, each).await };
            Ok(found?.map_or(Outcome::Nil, list))
        };
        self.dispatch.submit(ticket, Some(NO_DEADLINE), run) as u32
    }
}

fn glob(prefix: &str) -> Bytes {
    (escape_glob(prefix) + "*").into()
}

#[napi]
impl NativeSessions {
    /// `prefix` of another store; without it, those of our own.
    #[napi(catch_unwind)]
    pub fn walk(&self, prefix: Option<String>) -> NativeSessionWalk {
        let is_foreign = prefix.is_some();
        let glob = prefix.map_or_else(|| self.desk.keys.glob(), |prefix| glob(&prefix));
        NativeSessionWalk {
            dispatch: self.dispatch.clone(),
            desk: self.desk.clone(),
            each: self.each(),
            scan: Arc::new(Mutex::new(Scan::new(glob))),
            is_foreign,
        }
    }

    #[napi(catch_unwind)]
    pub fn count(&self, ticket: u32) -> u32 {
        self.submit_steps(
            ticket,
            |given| async move { Ok(Outcome::Number(given.steps().count(given.each).await? as f64)) },
        )
    }

    /// Deletes all keys; `prefix` of another store, without it those of our own.
    #[napi(catch_unwind)]
    pub fn clear(&self, ticket: u32, prefix: Option<String>) -> u32 {
        self.submit_steps(ticket, move |given| async move {
            let glob = prefix.map_or_else(|| given.desk.keys.glob(), |prefix| glob(&prefix));
            given.client.unlink_matching(&given.attempt, given.each, glob).await.map(|_| Outcome::Done)
        })
    }

    /// What another store has under a key.
    #[napi(catch_unwind)]
    pub fn look_up(&self, ticket: u32, key: String) -> u32 {
        self.submit(ticket, move |given| async move {
            let key = Bytes::from(key);
            let told = given.whole().run_keys(&LOOK_UP, vec![key.clone()], &[]).await?;
            Ok(Told::read(told.into_iter().next().unwrap_or(Reply::Nil))?.outcome(key))
        })
    }

    /// Makes a session of what another store had under a key when it was read.
    #[allow(clippy::too_many_arguments, reason = "flat arguments cross, never objects")]
    #[napi(catch_unwind)]
    pub fn adopt(
        &self,
        env: Env,
        ticket: u32,
        name: String,
        key: String,
        text: String,
        idle: f64,
        data: Payload<'_>,
        cookie: String,
    ) -> Result<u32> {
        let adoption = Adoption {
            name: name.into(),
            key: key.into(),
            text: text.into(),
            version: fresh(),
            idle: number(idle),
            data: payload(&env, data)?,
            cookie: cookie.into(),
        };
        Ok(self.submit(ticket, move |given| async move {
            let name = adoption.name.clone();
            Ok(adopt(&given.whole(), adoption).await?.outcome(name))
        }))
    }

    /// Deletes what another store has under a key; whether it was there.
    #[napi(catch_unwind)]
    pub fn forget_foreign(&self, ticket: u32, key: String) -> u32 {
        self.submit(ticket, move |given| async move {
            Ok(Outcome::Flag(given.client.unlink(&given.attempt, vec![key.into()]).await? > 0))
        })
    }
}
