//! Reads of many callers in one command.
//!
//! `MGET` costs client and server a fraction of what as many `GET`s do. It says less: nil for nothing and for what is no string. So where reads
//! mostly find something, those that find nothing are asked for once more by themselves; and where they do not, the keys are counted along, and
//! nothing is asked for again unless one is there that has no value.

use super::format::{Stored, parse};
use super::read::{From, Wish, get, is_timed, judged};
use crate::bridge::{Caller, Outcome};
use crate::client::{Command, Error, ErrorKind, Reply};
use crate::common::{Attempt, begin};
use crate::redis::answer;
use bytes::Bytes;
use futures_util::future::join;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use tokio::time::timeout_at;

/// About how many bytes the reply to one command may have, so that no reader waits long for the values of others.
const MOST_BYTES: usize = 64 * 1024;

/// A read under way.
pub struct Read {
    pub key: Bytes,
    pub wish: Wish,
    pub caller: Caller,
}

/// What one object has learnt from its reads.
#[derive(Default)]
pub struct Learnt {
    /// The server, or what stands before it, does not let us ask for several keys.
    alone: AtomicBool,
    /// Some of the latest found nothing.
    misses: AtomicBool,
}

/// How many keys one command may name.
fn most(Reading { from, learnt }: &Reading) -> usize {
    if learnt.alone.load(Relaxed) {
        return 1;
    }
    match (MOST_BYTES / from.traffic.usual().max(1)).max(1) {
        // The client asks for six where three to five are asked for (see `lengthened`).
        3..=5 => 2,
        most => most,
    }
}

/// What they share.
#[derive(Clone)]
pub struct Reading {
    pub from: From,
    pub learnt: Arc<Learnt>,
}

/// Sends the reads in the order of asking, in as few commands as may be.
pub async fn read(reading: Reading, mut reads: Vec<Read>) {
    let client = &reading.from.client;
    let most = most(&reading);
    if client.is_one_unit() {
        while reads.len() > most {
            let rest = reads.split_off(most);
            begin(part(reading.clone(), std::mem::replace(&mut reads, rest))).await;
        }
        return part(reading, reads).await;
    }
    let keys: Vec<Bytes> = reads.iter().map(|read| read.key.clone()).collect();
    let mut reads: Vec<Option<Read>> = reads.into_iter().map(Some).collect();
    for unit in client.by_unit(&keys) {
        for places in unit.chunks(most) {
            let reads = places.iter().filter_map(|place| reads[*place].take()).collect();
            begin(part(reading.clone(), reads)).await;
        }
    }
}

/// Those that go into one command.
async fn part(reading: Reading, mut reads: Vec<Read>) {
    if reads.len() > 1 {
        return Box::pin(many(reading, reads)).await;
    }
    if let Some(read) = reads.pop() {
        alone(reading, read).await;
    }
}

/// One command for all of them.
async fn many(reading: Reading, reads: Vec<Read>) {
    let attempt = Attempt::of_all(reads.iter().map(|read| read.caller.attempt().clone()).collect());
    let keys = reads.iter().map(|read| read.key.clone()).collect();
    let asked = ask(&reading, &attempt, keys);
    let error = match timeout_at(attempt.deadline.into(), asked).await {
        Ok(Ok((replies, there))) => return told(&reading, reads, replies, there).await,
        Ok(Err(error)) => Some(error),
        Err(_) => None,
    };
    match error {
        Some(error) if is_of_several(&error) => {
            reading.learnt.alone.fetch_or(is_for_good(&error), Relaxed);
            for read in reads {
                begin(alone(reading.clone(), read)).await;
            }
        }
        error => {
            // It may have been too much of an answer: the next asks for half of it.
            if error.as_ref().is_none_or(|error| error.kind == ErrorKind::Unavailable) {
                reading.from.traffic.usually(2 * MOST_BYTES / reads.len());
            }
            for Read { caller, .. } in reads {
                match &error {
                    Some(error) => answer(caller, Err(error.clone())),
                    None => caller.expire(),
                }
            }
        }
    }
}

/// Whether who refuses several keys may take one, and then says of each what is the matter: rights that are missing, a proxy that knows no such command, a slot of which some
/// keys have moved.
fn is_of_several(error: &Error) -> bool {
    error.kind == ErrorKind::Server && matches!(error.server_code(), "NOPERM" | "ERR" | "CROSSSLOT" | "TRYAGAIN" | "")
}

/// Whether that will be so the next time: it is not about these very keys.
fn is_for_good(error: &Error) -> bool {
    match error.server_code() {
        "TRYAGAIN" => false,
        "NOPERM" => error.message.contains("command"),
        _ => true,
    }
}

/// What is stored under each key; and how many of them are there, where that is likely to matter.
async fn ask(reading: &Reading, attempt: &Attempt, keys: Vec<Bytes>) -> Result<(Vec<Reply>, Option<i64>), Error> {
    let client = &reading.from.client;
    if !reading.learnt.misses.load(Relaxed) {
        return Ok((client.call(attempt, Command::mget(keys)).await?.into_array(), None));
    }
    // Both are awaited, whatever becomes of one: what is on its way is known.
    let values = client.call(attempt, Command::mget(keys.clone()));
    let (values, there) = join(values, client.call(attempt, Command::count(keys))).await;
    Ok((values?.into_array(), Some(there?.as_integer())))
}

/// Tells each caller; those of whom more is to be known are asked for it by themselves.
async fn told(reading: &Reading, reads: Vec<Read>, replies: Vec<Reply>, there: Option<i64>) {
    let found = replies.iter().filter(|reply| !matches!(reply, Reply::Nil)).count();
    reading.learnt.misses.store(found < replies.len(), Relaxed);
    let is_clear = there.is_some_and(|there| there <= found as i64);
    for (read, reply) in reads.into_iter().zip(replies) {
        if matches!(reply, Reply::Nil) && !is_clear {
            begin(explained(reading.clone(), read)).await;
            continue;
        }
        let stored = reading.from.traffic.received(reply).map(parse);
        match stored {
            Some(stored) if is_timed(&stored, read.wish) => {
                begin(timed(reading.clone(), read, stored)).await;
            }
            stored => read.caller.answer(judged(stored, None, read.wish)),
        }
    }
}

/// Why there is no value: nothing is there, or an error says what is. What came to be there since is none of this read's, which was asked for before.
async fn explained(reading: Reading, Read { key, caller, .. }: Read) {
    let attempt = caller.attempt().clone();
    let explained = async { reading.from.client.call(&attempt, Command::get(key)).await.map(|_| Outcome::Nil) };
    in_time(caller, explained).await;
}

async fn alone(reading: Reading, Read { key, wish, caller }: Read) {
    let attempt = caller.attempt().clone();
    in_time(caller, get(reading.from, attempt, key, wish)).await;
}

/// As `alone`, for one whose life only is to be asked for.
async fn timed(reading: Reading, Read { key, wish, caller }: Read, stored: Stored) {
    let attempt = caller.attempt().clone();
    let judged = async {
        let life = reading.from.client.call(&attempt, Command::pttl(key)).await?;
        Ok(judged(Some(stored), Some(life.as_integer()), wish))
    };
    in_time(caller, judged).await;
}

async fn in_time(caller: Caller, work: impl Future<Output = Result<Outcome, Error>>) {
    match timeout_at(caller.attempt().deadline.into(), work).await {
        Ok(done) => answer(caller, done),
        Err(_) => caller.expire(),
    }
}
