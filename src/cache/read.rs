//! Reads, and what they make of what is stored.

use super::format::{HEAD, Head, Stored, parse, value};
use super::policy::{Standing, fresh_left, is_early, standing};
use super::traffic::Traffic;
use crate::bridge::Outcome;
use crate::client::{Client, Command, Error, Reply};
use crate::common::Attempt;
use bytes::Bytes;
use std::sync::Arc;

type Run = Result<Outcome, Error>;

/// Where reads come from, and what counts them.
#[derive(Clone)]
pub struct From {
    pub client: Client,
    pub traffic: Arc<Traffic>,
}

/// What a list says that is no value: its first element. `lib/store.js` has the same table.
pub mod kind {
    /// `[kind, token]`: nothing is there, and somebody loads it.
    pub const LEASED: i64 = -1;
    /// `[kind, value, token, is invalidated]`.
    pub const STALE: i64 = -2;
    /// `[kind, value]`: fresh, and this reader is to load it again.
    pub const EARLY: i64 = -3;
    /// `[kind, value, slot, generation, tracked, fresh ms left, bytes]`.
    pub const NEAR: i64 = -4;
}

/// What a read wants to know beside the value.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// Ask for the life together with the value, since it will be needed.
    pub life: bool,
    /// What is left of values whose `ttl` is over.
    pub stale: bool,
    /// How early it is loaded again; 0 for not at all.
    pub beta: f64,
}

fn left_of(pttl: i64) -> Option<u64> {
    // -1 says that there is no end, -2 that it has come.
    (pttl != -1).then(|| pttl.max(0) as u64)
}

/// Whether how an entry stands cannot be said without its life.
pub(super) fn is_timed(stored: &Stored, wish: Wish) -> bool {
    matches!(stored, Stored::Entry(head, _) if head.stale > 0 || wish.beta > 0.0 && head.load > 0)
}

type Found = (Option<Stored>, Option<i64>);

/// The stored value and, where it matters, what is left of its life. What is seldom is boxed: a future is moved on as a whole, with all that it
/// may ever hold.
async fn fetch(from: &From, attempt: &Attempt, key: Bytes, wish: Wish) -> Result<Found, Error> {
    if wish.life {
        return Box::pin(fetch_both(from, attempt, key)).await;
    }
    let reply = from.client.call(attempt, Command::get(key.clone())).await?;
    let stored = from.traffic.received(reply).map(parse);
    match &stored {
        Some(known) if is_timed(known, wish) => {
            let pttl = Box::pin(from.client.call(attempt, Command::pttl(key))).await?.as_integer();
            Ok((stored, Some(pttl)))
        }
        _ => Ok((stored, None)),
    }
}

async fn fetch_both(from: &From, attempt: &Attempt, key: Bytes) -> Result<Found, Error> {
    let get = from.client.call(attempt, Command::get(key.clone()));
    let (reply, pttl) = tokio::try_join!(get, from.client.call(attempt, Command::pttl(key)))?;
    Ok((from.traffic.received(reply).map(parse), Some(pttl.as_integer())))
}

/// What a reader gets of what is stored.
pub(super) fn judged(stored: Option<Stored>, pttl: Option<i64>, wish: Wish) -> Outcome {
    let (head, payload) = match stored {
        None => return Outcome::Nil,
        Some(Stored::Plain(text)) => return Outcome::Text(text),
        Some(Stored::Unreadable) => return Outcome::Flag(false),
        Some(Stored::Lease(token)) if wish.stale => return list(kind::LEASED, [Outcome::Integer(token as i64)]),
        Some(Stored::Lease(_)) => return Outcome::Nil,
        Some(Stored::Entry(head, payload)) => (head, payload),
    };
    let left = pttl.map_or(Some(u64::MAX), left_of);
    match standing(left, head.stale, head.invalidated) {
        Standing::Fresh if is_early(head.load, wish.beta, fresh_left(left, head.stale), random()) => {
            list(kind::EARLY, [value(&head, payload)])
        }
        Standing::Fresh => value(&head, payload),
        standing if wish.stale => {
            let token = Outcome::Integer((head.token & i64::MAX as u64) as i64);
            list(kind::STALE, [value(&head, payload), token, Outcome::Flag(standing == Standing::Invalidated)])
        }
        _ => Outcome::Nil,
    }
}

/// From (0, 1].
fn random() -> f64 {
    1.0 - fastrand::f64()
}

fn list<const N: usize>(kind: i64, rest: [Outcome; N]) -> Outcome {
    Outcome::List(std::iter::once(Outcome::Integer(kind)).chain(rest).collect())
}

pub async fn get(from: From, attempt: Arc<Attempt>, key: Bytes, wish: Wish) -> Run {
    let (stored, pttl) = fetch(&from, &attempt, key, wish).await?;
    Ok(judged(stored, pttl, wish))
}

/// As `get`, for a copy in memory: read where invalidations of it will be heard.
pub async fn get_near(from: From, attempt: Arc<Attempt>, key: Bytes, wish: Wish) -> Run {
    let read = from.client.read_tracked(&attempt, key, true).await?;
    let Some(stored) = from.traffic.received(read.value) else { return Ok(Outcome::Nil) };
    let bytes = stored.len();
    let stored = parse(stored);
    let left = read.pttl.and_then(left_of);
    let fresh = match &stored {
        Stored::Entry(head, _) => fresh_left(left, head.stale),
        _ => left,
    };
    match judged(Some(stored), read.pttl, wish) {
        Outcome::List(items) if matches!(items.first(), Some(Outcome::Integer(..0))) => Ok(Outcome::List(items)),
        outcome @ (Outcome::Nil | Outcome::Flag(_)) => Ok(outcome),
        value => Ok(list(
            kind::NEAR,
            [
                value,
                Outcome::Integer(read.slot.into()),
                Outcome::Integer(read.generation.into()),
                Outcome::Flag(read.tracked),
                fresh.map_or(Outcome::Nil, |ms| Outcome::Number(ms as f64)),
                Outcome::Integer(bytes as i64),
            ],
        )),
    }
}

/// `[value, what is left of its life or -1, life, stale, is invalidated, has a head]`.
pub async fn lookup(from: From, attempt: Arc<Attempt>, key: Bytes) -> Run {
    let wish = Wish { life: true, ..Wish::default() };
    let (stored, pttl) = fetch(&from, &attempt, key, wish).await?;
    let left = Outcome::Integer(pttl.unwrap_or(-1));
    let known = |value, head: Option<&Head>| {
        let numbers = [head.map_or(0, |head| head.life), head.map_or(0, |head| head.stale)];
        let numbers = numbers.map(|number| Outcome::Integer(number as i64));
        let flags = [head.is_some_and(|head| head.invalidated), head.is_some()].map(Outcome::Flag);
        Outcome::List([value, left].into_iter().chain(numbers).chain(flags).collect())
    };
    Ok(match stored {
        None | Some(Stored::Lease(_)) => Outcome::Nil,
        Some(Stored::Unreadable) => Outcome::Flag(false),
        Some(Stored::Plain(text)) => known(Outcome::Text(text), None),
        Some(Stored::Entry(head, payload)) => known(value(&head, payload), Some(&head)),
    })
}

/// Whether `get` would find it; what cannot be read is there.
pub async fn exists(client: Client, attempt: Arc<Attempt>, key: Bytes) -> Run {
    // The head says of an entry what it is, and nothing of an empty string.
    let head = client.call(&attempt, Command::get_range(key.clone(), 0, HEAD - 1));
    let (head, exists) = tokio::try_join!(head, client.call(&attempt, Command::exists(key.clone())))?;
    let head = match head {
        Reply::Bytes(head) => Head::without_tags(&head),
        _ => None,
    };
    let Some(head) = head else { return Ok(Outcome::Flag(exists.as_integer() > 0)) };
    if head.is_lease() || head.invalidated {
        return Ok(Outcome::Flag(false));
    }
    if head.stale == 0 {
        return Ok(Outcome::Flag(true));
    }
    let pttl = client.call(&attempt, Command::pttl(key)).await?.as_integer();
    Ok(Outcome::Flag(standing(left_of(pttl), head.stale, false) == Standing::Fresh))
}

/// As `get` without a wish for each key. Those that have a stale life are asked for what is left of theirs.
pub async fn get_many(from: From, attempt: Arc<Attempt>, keys: Vec<Bytes>) -> Run {
    let From { client, traffic } = from;
    let replies = client.mget(&attempt, keys.clone()).await?;
    let stored: Vec<Option<Stored>> = replies.into_iter().map(|reply| traffic.received(reply).map(parse)).collect();
    let timed = |stored: &Option<Stored>| stored.as_ref().is_some_and(|stored| is_timed(stored, Wish::default()));
    let asked: Vec<Command> =
        keys.into_iter().zip(&stored).filter(|(_, stored)| timed(stored)).map(|(key, _)| Command::pttl(key)).collect();
    let lives = if asked.is_empty() { Vec::new() } else { client.pipeline(&attempt, asked).await };
    let mut lives = lives.into_iter();
    let mut values = Vec::with_capacity(stored.len());
    for stored in stored {
        let pttl = if timed(&stored) { lives.next().transpose()?.map(|life| life.as_integer()) } else { None };
        values.push(judged(stored, pttl, Wish::default()));
    }
    Ok(Outcome::List(values))
}

/// What `lease.lua` gave a caller in place of a lease.
pub fn given(stored: Bytes, pttl: i64) -> Outcome {
    judged(Some(parse(stored)), Some(pttl), Wish { life: true, stale: true, beta: 0.0 })
}
