//! Invalidation by tags. `docs/design.md` has the protocol and why it holds.

use super::scripts::{BREAK, DOOM, DRAIN, EPOCH};
use super::tag_keys::{self, TagKeys};
use super::write::bump;
use crate::bridge::Outcome;
use crate::client::{Client, Command, Error, ErrorKind, Reply, Steps};
use crate::common::Attempt;
use bytes::Bytes;
use futures_util::stream::{StreamExt, TryStreamExt, iter};
use std::sync::Arc;
use std::time::Duration;

/// How many keys one step concerns: enough to be fast, and few enough that no step holds up the server.
const BATCH: usize = 128;
/// How many script calls are under way at once, in a cluster.
const AT_ONCE: usize = 32;
/// How long an epoch is kept, and how long the last invalidation of a tag: longer than any lease may last.
const KEEP_EPOCH: Duration = Duration::from_secs(24 * 60 * 60);
pub const KEEP_LAST: Duration = Duration::from_secs(60 * 60);

/// What becomes of the entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Delete,
    /// They stay as they are for those whose load fails.
    Expire,
}

#[derive(Clone, Debug)]
pub struct Invalidation {
    pub prefix: String,
    pub tags: Vec<TagKeys>,
    /// Only entries that carry all of the tags.
    pub all: bool,
    pub fate: Fate,
}

/// Counts the epoch up.
pub async fn begin(client: &Client, steps: Steps<'_>, epoch: Bytes) -> Result<u64, Error> {
    let keep = KEEP_EPOCH.as_millis().to_string().into();
    let reply = steps.run(client, &EPOCH, vec![epoch], vec![keep]).await?;
    reply.text().parse().map_err(|_| Error::new(ErrorKind::Protocol, "an epoch that is no number"))
}

/// How many entries were invalidated.
pub async fn invalidate(
    client: Client,
    whole: Arc<Attempt>,
    each: Duration,
    what: Invalidation,
) -> Result<Outcome, Error> {
    let steps = Steps { whole: &whole, each };
    let epoch = begin(&client, steps, tag_keys::epoch(&what.prefix)).await?;
    // Until all is done, a part may have been.
    whole.sent();
    let work = Work { client: &client, steps, what: &what, epoch: epoch.to_string().into() };
    let mut count = 0;
    if what.all {
        // Whoever carries all of them is in the index of the first; the others are told too, for loads whose tags are not known yet.
        let Some((first, others)) = what.tags.split_first() else { return Ok(Outcome::Integer(0)) };
        for tag in others {
            work.doom(tag, false).await?;
        }
        count += work.walk(first).await?;
    } else {
        for tag in &what.tags {
            count += match what.fate {
                Fate::Delete => work.sweep(tag).await?,
                Fate::Expire => work.walk(tag).await?,
            };
        }
    }
    whole.settled();
    Ok(Outcome::Integer(count))
}

struct Work<'work> {
    client: &'work Client,
    steps: Steps<'work>,
    what: &'work Invalidation,
    epoch: Bytes,
}

impl Work<'_> {
    /// Makes the invalidation known to loads under way; `aside`: and sets the keys aside. `false` where an earlier one's are still there.
    async fn doom(&self, tag: &TagKeys, aside: bool) -> Result<bool, Error> {
        let keys = vec![tag.index.clone(), tag.last.clone(), tag.doomed.clone()];
        let keep = KEEP_LAST.as_millis().to_string().into();
        let args = vec![self.epoch.clone(), keep, Bytes::from_static(if aside { b"1" } else { b"0" })];
        Ok(self.steps.run(self.client, &DOOM, keys, args).await?.as_integer() == 1)
    }

    /// Deletes all entries that carry a tag.
    async fn sweep(&self, tag: &TagKeys) -> Result<i64, Error> {
        let mut count = 0;
        while !self.doom(tag, true).await? {
            count += self.drain(tag).await?;
        }
        Ok(count + self.drain(tag).await?)
    }

    /// Deletes the entries whose keys are set aside, until none are: those of an invalidation that goes on elsewhere, or has ended in the
    /// middle, too. A key leaves behind its entry.
    async fn drain(&self, tag: &TagKeys) -> Result<i64, Error> {
        let mut count = 0;
        let (mut which, mut gone) = (Bytes::new(), Vec::new());
        loop {
            let args = [BATCH.to_string().into(), which].into_iter().chain(gone).collect();
            let reply = self.steps.run(self.client, &DRAIN, vec![tag.doomed.clone()], args).await?;
            let mut members = reply.into_array().into_iter().skip(1);
            which = members.next().map(|which| Bytes::from(which.text().into_owned())).unwrap_or_default();
            gone = self.keys_of(members);
            if gone.is_empty() {
                return Ok(count);
            }
            count += self.break_all(&gone, Fate::Delete, &[tag.mark]).await?;
        }
    }

    /// Invalidates entries whose keys stay in the index, since their values may stay. A walk of `SCAN`'s kind returns whatever is there from its
    /// beginning to its end.
    async fn walk(&self, tag: &TagKeys) -> Result<i64, Error> {
        self.doom(tag, false).await?;
        let marks: Vec<u32> =
            if self.what.all { self.what.tags.iter().map(|tag| tag.mark).collect() } else { vec![tag.mark] };
        let mut count = 0;
        let mut cursor = Bytes::from_static(b"0");
        loop {
            let scan = Command::new("ZSCAN").arg(tag.index.clone()).arg(cursor).word("COUNT").number(BATCH as u64);
            let mut reply = self.call(scan.idempotent()).await?.into_array().into_iter();
            cursor = reply.next().map(|next| Bytes::from(next.text().into_owned())).unwrap_or_default();
            // Members and their scores in turn.
            let members = reply.next().map(|list| list.into_array()).unwrap_or_default().into_iter().step_by(2);
            let keys = self.keys_of(members);
            count += self.break_all(&keys, self.what.fate, &marks).await?;
            if cursor.is_empty() || cursor == "0" {
                break;
            }
        }
        // What another has set aside meanwhile, or before, must be gone too when this one ends.
        Ok(count + self.drain(tag).await?)
    }

    /// The entries among the members of an index.
    fn keys_of(&self, members: impl IntoIterator<Item = Reply>) -> Vec<Bytes> {
        members
            .into_iter()
            .filter_map(|member| match member {
                Reply::Bytes(key) => Some(key),
                _ => None,
            })
            .collect()
    }

    async fn break_all(&self, keys: &[Bytes], fate: Fate, marks: &[u32]) -> Result<i64, Error> {
        bump(self.client, keys);
        let word: &'static [u8] = match fate {
            Fate::Delete => b"delete",
            Fate::Expire => b"expire",
        };
        let marks = marks.iter().map(|mark| Bytes::from(mark.to_be_bytes().to_vec()));
        let args: Vec<Bytes> = std::iter::once(Bytes::from_static(word)).chain(marks).collect();
        let groups = self.client.by_unit(keys).into_iter().map(|places| {
            let keys: Vec<Bytes> = places.into_iter().map(|place| keys[place].clone()).collect();
            self.steps.run_divided(self.client, &BREAK, keys, args.clone())
        });
        let counts: Vec<Vec<Reply>> = iter(groups).buffer_unordered(AT_ONCE).try_collect().await?;
        bump(self.client, keys);
        Ok(counts.into_iter().flatten().map(|count| count.as_integer()).sum())
    }

    async fn call(&self, command: Command) -> Result<Reply, Error> {
        let attempt = Attempt::new(self.steps.each);
        self.steps.within(&attempt, self.client.call(&attempt, command)).await
    }
}
