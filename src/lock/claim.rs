//! What somebody wants to hold, or holds: a lock, several, or a place among those who hold one together.

use super::call::{Call, number, word};
use super::keys::Names;
use super::policy::{FENCE_OUTLIVES, LEASE};
use super::scripts::{ENTER, EXIT, FREE, KEEP, LEAVE, QUEUE_UP, RAISE, RENEW, TAKE, TAKE_ALL};
use crate::client::Client;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Lock,
    Permit,
    Reader,
    Writer,
}

impl Kind {
    pub fn letter(self) -> &'static str {
        match self {
            Kind::Lock => "x",
            Kind::Permit => "p",
            Kind::Reader => "r",
            Kind::Writer => "w",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Claim {
    pub kind: Kind,
    /// In order. Only locks are claimed several at once.
    pub names: Arc<[Names]>,
    /// The owner's.
    pub token: Bytes,
    /// How many permits there are, unless another number was set.
    pub permits: u32,
}

/// Who stands in line, nobody where that is empty, and whether those who did before may not be overtaken.
pub struct Place<'line> {
    pub waiter: &'line Bytes,
    pub fair: bool,
}

fn millis(span: Duration) -> Bytes {
    number(span.as_millis())
}

/// How long a fence is kept.
fn life(ttl: Duration) -> Bytes {
    millis(ttl + FENCE_OUTLIVES)
}

fn flag(flag: bool) -> Bytes {
    word(if flag { "1" } else { "0" })
}

impl Claim {
    /// The part of it that one script call can concern, of each: all of it, but in a cluster what shares a slot. In the order of the slots, which is
    /// the same for everybody, so that of two who want the same the one who is first at the first slot gets all.
    pub fn parts(&self, client: &Client) -> Vec<Claim> {
        if self.names.len() == 1 || client.is_one_unit() {
            return vec![self.clone()];
        }
        let locks: Vec<Bytes> = self.names.iter().map(Names::lock).collect();
        let part = |places: Vec<usize>| Claim {
            names: places.into_iter().map(|place| self.names[place].clone()).collect(),
            ..self.clone()
        };
        client.by_unit(&locks).into_iter().map(part).collect()
    }

    fn keys(&self, of: &[fn(&Names) -> Bytes]) -> Vec<Bytes> {
        self.names.iter().flat_map(|names| of.iter().map(|key| key(names))).collect()
    }

    /// For each name.
    fn tokens(&self) -> impl Iterator<Item = Bytes> {
        std::iter::repeat_n(self.token.clone(), self.names.len())
    }

    /// The kind and the token, as a holder is written.
    fn own(&self) -> Bytes {
        [self.kind.letter().as_bytes(), &self.token].concat().into()
    }

    /// Takes what is free, whoever waits for it. Answered with two integers, as `take.lua` says.
    pub fn take(&self, ttl: Duration) -> Call {
        if self.kind != Kind::Lock {
            return self.queue_up(ttl, &Place { waiter: &Bytes::new(), fair: false });
        }
        let keys = self.keys(&[Names::lock, Names::fence]);
        let args = vec![millis(ttl), life(ttl), self.token.clone()];
        let script = if self.names.len() == 1 { &TAKE } else { &TAKE_ALL };
        Call { script, keys, args, head: 2, width: 2 }
    }

    /// What is said to one who waits for it, to be his alone. `handed`: it may be given to him as he waits, for this TTL (`pass_on.lua`).
    pub fn word(&self, handed: Option<Duration>) -> (&'static str, Bytes) {
        match handed {
            None => (self.kind.letter(), self.token.clone()),
            Some(ttl) => ("g", [&millis(ttl), &life(ttl), &self.token].map(|part| &part[..]).join(&b':').into()),
        }
    }

    /// Takes what is free, and who cannot stands in line. Answered with three integers, as `queue_up.lua` says.
    pub fn queue_up(&self, ttl: Duration, place: &Place<'_>) -> Call {
        if self.kind != Kind::Lock {
            return self.enter(ttl, place);
        }
        let keys = self.keys(&[Names::lock, Names::fence, Names::queue, Names::waiting]);
        let waiter = place.waiter.clone();
        let args = vec![life(ttl), self.token.clone(), millis(ttl), waiter, millis(LEASE), flag(place.fair)];
        Call { script: &QUEUE_UP, keys, args, head: 0, width: 3 }
    }

    fn enter(&self, ttl: Duration, place: &Place<'_>) -> Call {
        let keys = self.keys(&[Names::lock, Names::fence, Names::queue, Names::waiting, Names::permits]);
        let (kind, permits) = (word(self.kind.letter()), number(self.permits.into()));
        let (waiter, fair) = (place.waiter.clone(), flag(place.fair));
        let args = vec![kind, permits, self.token.clone(), millis(ttl), life(ttl), waiter, millis(LEASE), fair];
        Call { script: &ENTER, keys, args, head: 0, width: 2 }
    }

    /// Gives back what is held, and leaves the line. Answered for each name with 1, 0 where it had ended, -1 where it is another's.
    pub fn free(&self, waiter: Option<&Bytes>) -> Call {
        if self.kind != Kind::Lock {
            let waiter = waiter.cloned().unwrap_or_default();
            let keys = self.keys(&[Names::lock, Names::queue, Names::waiting, Names::permits]);
            let args = vec![word(self.kind.letter()), number(self.permits.into()), self.token.clone(), waiter];
            return Call { script: &EXIT, keys, args, head: 0, width: 1 };
        }
        let keys = self.keys(&[Names::lock, Names::fence, Names::queue, Names::waiting]);
        let (script, head) = if waiter.is_some() { (&LEAVE, 1) } else { (&FREE, 0) };
        let args = waiter.cloned().into_iter().chain(self.tokens()).collect();
        Call { script, keys, args, head, width: self.names.len() }
    }

    /// Keeps what is held. `retake`: where nobody holds it, it is taken. Answered as `free`.
    pub fn renew(&self, ttl: Duration, retake: bool) -> Call {
        let keys = self.keys(&[Names::lock, Names::fence]);
        if self.kind != Kind::Lock {
            return Call { script: &KEEP, keys, args: vec![self.own(), millis(ttl), life(ttl)], head: 0, width: 1 };
        }
        let args = [flag(retake), millis(ttl), life(ttl)].into_iter().chain(self.tokens()).collect();
        Call { script: &RENEW, keys, args, head: 3, width: self.names.len() }
    }

    /// Tells of a fencing token that was given elsewhere. Answered with 1 where it is held.
    pub fn raise(&self, token: u64, ttl: Duration) -> Call {
        let keys = self.keys(&[Names::lock, Names::fence]);
        let args = vec![self.token.clone(), number(token.into()), life(ttl)];
        Call { script: &RAISE, keys, args, head: 0, width: 1 }
    }
}
