//! An operation on sessions: what it knows, and how it asks.

use super::keys::Keys;
use super::told::{Told, code, foreign};
use crate::client::{Client, Command, Error, Reply, Script, Steps};
use crate::common::Attempt;
use bytes::Bytes;
use futures_util::stream::{StreamExt, TryStreamExt, iter};
use std::time::Duration;

/// How many sessions one call concerns: enough to be fast, and few enough that none holds up the server.
const BATCH: usize = 128;
/// How many such calls are under way at once.
const AT_ONCE: usize = 32;

/// What all operations know.
pub struct Desk {
    pub keys: Keys,
    /// The longest life, in ms; 0 for any.
    pub absolute: Bytes,
    /// The same as a number.
    pub absolute_ms: i64,
    /// How long a tombstone stays, in ms.
    pub tombstone: Bytes,
}

pub struct Work<'work> {
    pub client: &'work Client,
    pub desk: &'work Desk,
    pub whole: &'work Attempt,
    /// How long each step may take, where the whole has no deadline.
    pub each: Option<Duration>,
}

impl Work<'_> {
    pub async fn run(&self, script: &Script, keys: Vec<Bytes>, args: Vec<Bytes>) -> Result<Told, Error> {
        let reply = match self.each {
            None => self.client.run(self.whole, script, keys, args).await,
            Some(each) => Steps { whole: self.whole, each }.run(self.client, script, keys, args).await,
        };
        Told::read(reply?)
    }

    async fn call(&self, command: Command) -> Result<Reply, Error> {
        match self.each {
            None => self.client.call(self.whole, command).await,
            Some(each) => {
                let attempt = Attempt::new(each);
                Steps { whole: self.whole, each }.within(&attempt, self.client.call(&attempt, command)).await
            }
        }
    }

    /// Runs a divisible script on many sessions: what is told of each, in order.
    pub async fn run_all(&self, script: &Script, names: &[Bytes], args: &[Bytes]) -> Result<Vec<Reply>, Error> {
        self.run_keys(script, names.iter().map(|name| self.desk.keys.session(name)).collect(), args).await
    }

    /// As `run_all`, of any keys.
    pub async fn run_keys(&self, script: &Script, keys: Vec<Bytes>, args: &[Bytes]) -> Result<Vec<Reply>, Error> {
        let mut calls = Vec::new();
        for unit in self.client.by_unit(&keys) {
            for places in unit.chunks(BATCH) {
                let part = places.iter().map(|place| keys[*place].clone()).collect();
                calls.push(self.run_part(script, places.to_vec(), part, args));
            }
        }
        let told: Vec<(Vec<usize>, Vec<Reply>)> = iter(calls).buffer_unordered(AT_ONCE).try_collect().await?;
        let mut all = vec![Reply::Nil; keys.len()];
        for (places, replies) in told {
            for (place, reply) in places.into_iter().zip(replies) {
                all[place] = reply;
            }
        }
        Ok(all)
    }

    async fn run_part(
        &self,
        script: &Script,
        places: Vec<usize>,
        keys: Vec<Bytes>,
        args: &[Bytes],
    ) -> Result<(Vec<usize>, Vec<Reply>), Error> {
        let count = keys.len();
        let told = match self.run(script, keys.clone(), args.to_vec()).await {
            // Some of its keys have moved on and some have not: each goes by itself.
            Err(error) if count > 1 && error.server_code() == "TRYAGAIN" => {
                let mut told = Told { code: code::DONE, rest: Vec::with_capacity(count) };
                for key in keys {
                    told.rest.extend(self.run(script, vec![key], args.to_vec()).await?.rest);
                }
                told
            }
            told => told?,
        };
        if told.rest.len() == count { Ok((places, told.rest)) } else { Err(foreign()) }
    }

    /// Takes names out of an index. Where that fails they are found to be nothing by whoever comes next.
    pub async fn forget(&self, index: &[u8], names: Vec<Bytes>) {
        for names in names.chunks(BATCH) {
            let command = Command::new("ZREM").arg(self.desk.keys.index(index));
            let command = names.iter().cloned().fold(command, Command::arg);
            let _ = self.call(command.idempotent()).await;
        }
    }
}
