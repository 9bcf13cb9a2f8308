//! Reads whose changes are told.

use super::super::bells::Watch;
use super::super::command::Command;
use super::super::error::Error;
use super::super::handle::{Client, answer_by};
use super::super::reply::Reply;
use super::super::send_error::SendError;
use super::super::session::Session;
use crate::common::{Attempt, Words};
use bytes::Bytes;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// How long the very first reads wait for the pair, a quarter of their time at the most.
const MOMENT: Duration = Duration::from_millis(100);

/// What was read.
pub struct Tracked {
    /// A string, or nil.
    pub value: Reply,
    /// As `PTTL` says it, where it was asked for.
    pub pttl: Option<i64>,
    /// The key's word, and its generation from before the read was sent.
    pub slot: u32,
    pub generation: u32,
    /// Whether the word is certain to change when the key does. Otherwise the copy is good for its life only.
    pub tracked: bool,
}

type Answer = (Reply, Option<i64>);

impl Client {
    /// The generations of all keys, for all that is read over this client.
    pub fn words(&self) -> &Arc<Words> {
        self.hub().words()
    }

    /// Waits for changes of a key, to be made before the read that arms it.
    pub fn watch(&self, key: &Bytes) -> Watch {
        self.hub().watch(key)
    }

    /// `GET`, and `PTTL` behind it where asked, on the connection whose reads are tracked; on the ordinary one where there is none. On
    /// another connection than writes, it is not in order with those that have not been answered yet.
    pub async fn read_tracked(&self, attempt: &Attempt, key: Bytes, with_pttl: bool) -> Result<Tracked, Error> {
        let slot = Words::slot_of(&key);
        let reader = self.reader(attempt, &key).await;
        // Before anything is sent: a change that comes later changes it, whichever of the two messages is the first.
        let generation = self.words().get(slot);
        if let Some(reader) = reader {
            attempt.sent();
            let answer = ask(&reader, &key, with_pttl).await;
            attempt.settled();
            // Whatever it was (lost, moved, refused), the ordinary route knows what to do.
            if let Ok((value, pttl)) = answer {
                return Ok(Tracked { value, pttl, slot, generation, tracked: true });
            }
        }
        let (value, pttl) = Box::pin(self.read_untracked(attempt, key, with_pttl)).await?;
        Ok(Tracked { value, pttl, slot, generation, tracked: false })
    }

    async fn read_untracked(&self, attempt: &Attempt, key: Bytes, with_pttl: bool) -> Result<Answer, Error> {
        let get = self.call(attempt, Command::get(key.clone()));
        if !with_pttl {
            return get.await.map(|value| (value, None));
        }
        let (value, pttl) = tokio::try_join!(get, self.call(attempt, Command::pttl(key)))?;
        Ok((value, Some(pttl.as_integer())))
    }

    async fn reader(&self, attempt: &Attempt, key: &[u8]) -> Option<Session> {
        let tracker = self.route().tracker(key);
        if let Some(tracker) = &tracker
            && !tracker.is_new()
        {
            return tracker.reader();
        }
        let left = answer_by(attempt).saturating_duration_since(Instant::now());
        let waiting = async {
            self.route().known().await.ok()?;
            let tracker = self.route().tracker(key)?;
            tracker.tried().await;
            tracker.reader()
        };
        timeout(MOMENT.min(left / 4), Box::pin(waiting)).await.ok()?
    }
}

async fn ask(reader: &Session, key: &Bytes, with_pttl: bool) -> Result<Answer, SendError> {
    let get = reader.send(Command::get(key.clone()));
    if !with_pttl {
        return get.await.map(|value| (value, None));
    }
    // `join` polls in this order, so the two leave in this order.
    let (value, pttl) = futures_util::future::join(get, reader.send(Command::pttl(key.clone()))).await;
    Ok((value?, Some(pttl?.as_integer())))
}
