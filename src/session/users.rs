//! Whose sessions are: the index of a user, and how many he may have.

use super::scripts::{DESTROY_ALL, ENLIST, MEMBERS, READ_ALL, RELINK, SEEN, TAKE_OVER};
use super::told::{Told, code, number, word};
use super::work::Work;
use crate::client::{Error, Reply, Script};
use bytes::Bytes;
use std::collections::HashSet;

/// A user, and how many sessions he may have.
pub struct User {
    /// The name of his index.
    pub index: Bytes,
    /// Those that it had by keys from before.
    pub older: Vec<Bytes>,
    /// 0 for any number.
    pub most: u32,
    /// Whether none is refused, and another has to go.
    pub evicts: bool,
}

/// A script that enters a session into an index, and its arguments but for those that say how.
pub struct Entry {
    pub script: &'static Script,
    pub keys: Vec<Bytes>,
    pub args: Vec<Bytes>,
}

/// How often what a session has become is followed, as in `lib/session/link.js`.
const MOST_MOVES: usize = 32;

/// A word that no other call has made up.
pub fn fresh() -> Bytes {
    format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..)).into()
}

/// What `admit` of `lua/index.lua` is told.
fn admission(name: &Bytes, most: u32, how: &'static str, dead: Vec<Bytes>, order: Vec<Bytes>) -> Vec<Bytes> {
    let head = [name.clone(), number(most.into()), word(how), number(dead.len() as f64)];
    head.into_iter().chain(dead).chain(order).collect()
}

impl Work<'_> {
    /// Enters a session into an index that may have any number.
    pub async fn enlist(&self, index: &[u8], name: &Bytes, until: Bytes) -> Result<Told, Error> {
        let args = std::iter::once(until).chain(admission(name, 0, "ask", vec![], vec![])).collect();
        self.run(&ENLIST, vec![self.desk.keys.index(index)], args).await
    }

    /// Has a session admitted. Where the user has as many as he may have, it is looked which of them live, and asked again.
    pub async fn admit(&self, user: &User, name: &Bytes, entry: Entry) -> Result<Told, Error> {
        if user.most > 0 {
            for older in &user.older {
                self.take_over(older, &user.index).await?;
            }
        }
        let told = self.enter(&entry, admission(name, user.most, "ask", vec![], vec![])).await?;
        if told.code != code::FULL {
            return Ok(told);
        }
        let names = told.names(0);
        let args = [self.desk.absolute.clone(), user.index.clone()];
        let seen = self.run_all(&SEEN, &names, &args).await?;
        let mut all: Vec<(i64, Bytes)> = seen.iter().map(Reply::as_integer).zip(names).collect();
        // Who was seen last goes last.
        all.sort();
        let (dead, order): (Vec<_>, Vec<_>) = all.into_iter().partition(|(seen, _)| *seen < 0);
        let names_of = |some: Vec<(i64, Bytes)>| some.into_iter().map(|(_, name)| name).collect();
        let how = if user.evicts { "evict" } else { "refuse" };
        self.enter(&entry, admission(name, user.most, how, names_of(dead), names_of(order))).await
    }

    async fn enter(&self, entry: &Entry, admission: Vec<Bytes>) -> Result<Told, Error> {
        let args = entry.args.iter().cloned().chain(admission).collect();
        self.run(entry.script, entry.keys.clone(), args).await
    }

    /// Ends those that have to go; how many that were.
    pub async fn evict(&self, user: &User, doomed: Vec<Bytes>) -> Result<u32, Error> {
        if doomed.is_empty() { Ok(0) } else { self.destroy_all(&user.index, doomed).await }
    }

    /// Ends sessions of a user for good, and what they have become; how many of them were there.
    pub async fn destroy_all(&self, index: &Bytes, names: Vec<Bytes>) -> Result<u32, Error> {
        let desk = self.desk;
        let args = [desk.absolute.clone(), desk.tombstone.clone(), fresh(), index.clone()];
        let (mut count, mut gone, mut left) = (0, Vec::new(), names);
        // What two names have become is one.
        let mut asked: HashSet<Bytes> = left.iter().cloned().collect();
        for _ in 0..=MOST_MOVES {
            if left.is_empty() {
                break;
            }
            let mut next = Vec::new();
            for (told, name) in self.run_all(&DESTROY_ALL, &left, &args).await?.into_iter().zip(left) {
                match told {
                    Reply::Bytes(to) if asked.insert(to.clone()) => next.push(to),
                    Reply::Integer(1) => count += 1,
                    // Another's stays: he may be about to be its user.
                    Reply::Integer(2) => continue,
                    _ => {}
                }
                gone.push(name);
            }
            left = next;
        }
        self.forget(index, gone).await;
        Ok(count)
    }

    /// The names in an index, each with whether it has to go.
    async fn members(&self, index: &[u8]) -> Result<Vec<(Bytes, Bytes)>, Error> {
        let told = self.run(&MEMBERS, vec![self.desk.keys.index(index)], vec![]).await?;
        let flat = told.names(0);
        Ok(flat.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect())
    }

    /// Ends all sessions of a user for good, but for some; how many that were.
    pub async fn destroy_user(&self, indexes: &[Bytes], except: &[Bytes]) -> Result<u32, Error> {
        let mut count = 0;
        for index in indexes {
            let names = self.members(index).await?.into_iter().map(|(name, _)| name);
            let names: Vec<Bytes> = names.filter(|name| !except.contains(name)).collect();
            count += self.destroy_all(index, names).await?;
        }
        Ok(count)
    }

    /// All sessions of a user, each with its name.
    pub async fn list_user(&self, indexes: &[Bytes]) -> Result<Vec<(Told, Bytes)>, Error> {
        let mut all = Vec::new();
        for index in indexes {
            let (doomed, names): (Vec<_>, Vec<_>) =
                self.members(index).await?.into_iter().partition(|(_, until)| until.starts_with(b"-"));
            // Who began to end them did not come to it.
            self.destroy_all(index, doomed.into_iter().map(|(name, _)| name).collect()).await?;
            let names: Vec<Bytes> = names.into_iter().map(|(name, _)| name).collect();
            let mut gone = Vec::new();
            for (told, name) in self.read_all(&names, index).await? {
                if told.code == code::NONE {
                    gone.push(name);
                } else {
                    all.push((told, name));
                }
            }
            self.forget(index, gone).await;
        }
        Ok(all)
    }

    /// What is told of many sessions, each with its name; `index`: of the user whose they are to be, empty for anybody's.
    pub async fn read_all(&self, names: &[Bytes], index: &Bytes) -> Result<Vec<(Told, Bytes)>, Error> {
        let args = [self.desk.absolute.clone(), index.clone()];
        let told = self.run_all(&READ_ALL, names, &args).await?;
        told.into_iter().map(Told::read).zip(names).map(|(told, name)| Ok((told?, name.clone()))).collect()
    }

    /// What an index of before has is in the present one from now on. Ended in the middle, it is in both.
    async fn take_over(&self, older: &Bytes, index: &Bytes) -> Result<(), Error> {
        let members = self.members(older).await?;
        if members.is_empty() {
            return Ok(());
        }
        let args = members.iter().flat_map(|(name, until)| [name.clone(), until.clone()]).collect();
        self.run(&TAKE_OVER, vec![self.desk.keys.index(index)], args).await?;
        let names: Vec<Bytes> = members.into_iter().map(|(name, _)| name).collect();
        self.run_all(&RELINK, &names, &[self.desk.absolute.clone(), older.clone(), index.clone()]).await?;
        self.forget(older, names).await;
        Ok(())
    }
}
