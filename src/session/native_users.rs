//! The native half of sessions: what concerns a user.

use super::ask::split;
use super::create::{Draft, Owner, bind, create};
use super::native::{NativeSessions, Payload, payload};
use super::told::{Told, code, number};
use super::users::{User, fresh};
use crate::bridge::Outcome;
use bytes::Bytes;
use napi::bindgen_prelude::{Env, Result};
use napi_derive::napi;

/// `indexes` with a NUL between two, the present one first.
fn user(indexes: &str, most: u32, evicts: bool) -> User {
    let mut all = split(indexes);
    User { index: all.next().unwrap_or_default(), older: all.collect(), most, evicts }
}

/// What is told of each.
pub(super) fn list(all: Vec<(Told, Bytes)>) -> Outcome {
    Outcome::List(all.into_iter().map(|(told, name)| told.outcome(name)).collect())
}

#[napi]
impl NativeSessions {
    /// A session under a name that nobody knows yet; `idle` in milliseconds, `most` 0 for any number.
    #[allow(clippy::too_many_arguments, reason = "flat arguments cross, never objects")]
    #[napi(catch_unwind)]
    pub fn create(
        &self,
        env: Env,
        ticket: u32,
        name: String,
        idle: f64,
        data: Payload<'_>,
        id: Payload<'_>,
        meta: Payload<'_>,
        indexes: String,
        most: u32,
        evicts: bool,
    ) -> Result<u32> {
        let user = user(&indexes, most, evicts);
        let draft = Draft {
            name: name.into(),
            version: fresh(),
            idle: number(idle),
            data: payload(&env, data)?,
            user: payload(&env, id)?,
            meta: payload(&env, meta)?,
        };
        Ok(self.submit(ticket, move |given| async move {
            let name = draft.name.clone();
            Ok(create(&given.whole(), &user, draft).await?.outcome(name))
        }))
    }

    /// As `create`, of a session that is there.
    #[allow(clippy::too_many_arguments, reason = "flat arguments cross, never objects")]
    #[napi(catch_unwind)]
    pub fn bind(
        &self,
        env: Env,
        ticket: u32,
        name: String,
        id: Payload<'_>,
        meta: Payload<'_>,
        indexes: String,
        most: u32,
        evicts: bool,
    ) -> Result<u32> {
        let user = user(&indexes, most, evicts);
        let owner = Owner { id: payload(&env, id)?, meta: payload(&env, meta)? };
        let name = Bytes::from(name);
        Ok(self.submit(ticket, move |given| async move {
            Ok(bind(&given.whole(), &user, &name, owner).await?.outcome(name))
        }))
    }

    /// All of a user, as `read` tells each.
    #[napi(catch_unwind)]
    pub fn list_user(&self, ticket: u32, indexes: String) -> u32 {
        self.submit_steps(ticket, move |given| async move {
            let indexes: Vec<Bytes> = split(&indexes).collect();
            Ok(list(given.steps().list_user(&indexes).await?))
        })
    }

    /// Ends all of a user but those of some names; how many that were.
    #[napi(catch_unwind)]
    pub fn destroy_user(&self, ticket: u32, indexes: String, except: String) -> u32 {
        self.submit_steps(ticket, move |given| async move {
            let (indexes, except): (Vec<Bytes>, Vec<Bytes>) = (split(&indexes).collect(), split(&except).collect());
            Ok(Outcome::Number(given.steps().destroy_user(&indexes, &except).await?.into()))
        })
    }

    /// Ends one by its name, where it is the user's; whether it was.
    #[napi(catch_unwind)]
    pub fn destroy_listed(&self, ticket: u32, indexes: String, name: String) -> u32 {
        self.submit(ticket, move |given| async move {
            let (work, name) = (given.whole(), Bytes::from(name));
            let mut count = 0;
            for index in split(&indexes) {
                count += work.destroy_all(&index, vec![name.clone()]).await?;
            }
            Ok(Outcome::Flag(i64::from(count) >= code::DONE))
        })
    }
}
