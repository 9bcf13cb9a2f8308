//! Taking what is free, and waiting for what is not.

use super::claim::{Claim, Kind};
use super::desk::Desk;
use super::held::{Held, Renewal};
use super::line::{Handed, Line};
use super::policy::{LEASE, LONGEST_PAUSE, jittered};
use super::renew::complete;
use super::table;
use super::undo::{Undo, is_final};
use super::vote::{Round, Terms, round};
use crate::bridge::Outcome;
use crate::client::{Error, ErrorKind, Replicas};
use crate::common::{Attempt, begin};
use bytes::Bytes;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How somebody wants to hold something.
pub struct Ask {
    pub ttl: Duration,
    /// How long to wait for it.
    pub wait: Duration,
    /// Whether nobody is overtaken who came before.
    pub fair: bool,
    pub renewal: Option<Renewal>,
    pub durable: Option<(Replicas, Duration)>,
}

impl Ask {
    /// Whether `try_once` does.
    pub fn is_simple(&self, desk: &Desk, claim: &Claim) -> bool {
        self.wait.is_zero() && !self.fair && self.durable.is_none() && !desk.is_quorum() && claim.names.len() == 1
    }
}

/// How long it is waited for that a server can call up who waits.
const HEARING: Duration = Duration::from_millis(250);

/// However little is left of the wait, a server has this time to answer.
const LEAST: Duration = Duration::from_millis(50);

/// How soon those try again who cannot be called up.
const UNHEARD: Duration = Duration::from_millis(100);

/// How soon those try again of whom none got most votes ("Distributed Locks with Redis": after a random delay, so that they do not meet again).
const SPLIT: Duration = Duration::from_millis(50);

/// A single try at a single server, which most are: without a timer, since the bridge keeps the deadline. Answers as `acquire`.
pub async fn try_once(desk: Arc<Desk>, whole: Arc<Attempt>, claim: Claim, ask: Ask) -> Result<Outcome, Error> {
    let mut undo = Undo::new(&desk, &claim, ask.ttl);
    undo.arm();
    let sent = Instant::now();
    let answer = desk.servers[0].ask(&whole, claim.take(ask.ttl)).await;
    let [what, number] = answer?[..] else { return Ok(busy(None)) };
    if what == 0 {
        undo.disarm();
        return Ok(Outcome::Number(number as f64));
    }
    let held = Held::new(&desk, &claim, sent, ask.ttl, ask.renewal);
    if !held.is_valid() {
        return Err(too_late());
    }
    undo.disarm();
    Ok(told(&table::enter(held), number as u64, 0, 0))
}

/// Answers `[id, fencing token, replicas that acknowledged, how often the token was changed]`, or the ms until it is worth another try, -1 where
/// that is not known.
pub async fn acquire(desk: Arc<Desk>, whole: Arc<Attempt>, claim: Claim, ask: Ask) -> Result<Outcome, Error> {
    let patience = Instant::now() + ask.wait;
    let mut seeking = Seeking {
        undo: Undo::new(&desk, &claim, ask.ttl),
        claim,
        rounds: 0,
        line: None,
        alive: None,
        unheard: Duration::ZERO,
    };
    let mut is_busy = false;
    if ask.fair && !ask.wait.is_zero() {
        seeking.stand_in_line(&desk, &ask, patience).await;
    }
    loop {
        let sent = Instant::now();
        let (again, error) = match seeking.attempt(&desk, &whole, &ask, patience).await {
            Round::Won { fence, acknowledged } => {
                let held = Held::new(&desk, &seeking.claim, sent, ask.ttl, ask.renewal);
                if held.is_valid() {
                    seeking.undo.disarm();
                    return Ok(told(&table::enter(held), fence, acknowledged, seeking.rounds));
                }
                seeking.change_token();
                (None, Some(too_late()))
            }
            Round::Lost { again, error, alive, .. } => {
                let told = |until| Alive { said: sent, took: sent.elapsed(), until };
                seeking.alive = alive.filter(|_| error.is_none()).map(told);
                (again, error)
            }
        };
        let is_over = error.as_ref().is_some_and(|error| is_final(error) || ask.durable.is_some());
        // Where others were just seen to hold it, and the end of the wait left hardly time for an answer, nothing has failed.
        let is_cut_short = is_busy && !is_over && patience.saturating_duration_since(sent) < 2 * LEAST;
        is_busy = error.is_none();
        let failure = error.filter(|_| !is_cut_short);
        if !is_over && Instant::now() < patience {
            if seeking.line.is_none() {
                seeking.stand_in_line(&desk, &ask, patience).await;
                continue;
            }
            let handed = seeking.pause(&desk, again, patience).await;
            if let Some((held, fence)) = handed.and_then(|handed| seeking.accept(&desk, &ask, handed)) {
                seeking.undo.disarm();
                let held = table::enter(held);
                // Asked for before anybody who is told of the lock can ask for anything else.
                begin(complete(held.clone(), ask.ttl)).await;
                return Ok(told(&held, fence, 0, seeking.rounds));
            }
        }
        if is_over || Instant::now() >= patience {
            return failure.map_or_else(|| Ok(busy(again)), Err);
        }
    }
}

/// It was granted, and took so long that it is about to end.
fn too_late() -> Error {
    Error::new(ErrorKind::Timeout, "the lock was given when its time was nearly over")
}

fn busy(again: Option<Duration>) -> Outcome {
    Outcome::Number(again.map_or(-1.0, |again| again.as_millis() as f64))
}

fn told(held: &Held, fence: u64, acknowledged: u32, rounds: u32) -> Outcome {
    let numbers = [held.id as f64, fence as f64, acknowledged.into(), rounds.into()];
    Outcome::List(numbers.map(Outcome::Number).into())
}

/// That he waits, as a server knows it.
#[derive(Clone, Copy)]
struct Alive {
    /// When he said so.
    said: Instant,
    /// How long it took until he was answered.
    took: Duration,
    /// Until when he counts as alive, in ms of the server.
    until: u64,
}

/// Somebody who wants to hold something.
struct Seeking {
    claim: Claim,
    undo: Undo,
    rounds: u32,
    line: Option<Line>,
    /// As long as he has not asked again since.
    alive: Option<Alive>,
    /// How long he waited the last time that he could not be called up.
    unheard: Duration,
}

impl Seeking {
    async fn attempt(&mut self, desk: &Desk, whole: &Attempt, ask: &Ask, patience: Instant) -> Round {
        let left = patience.saturating_duration_since(Instant::now());
        let longest = match ask.wait {
            Duration::ZERO => Duration::MAX,
            wait => (left + wait / 10).max(LEAST),
        };
        let within = ask.durable.map_or(Duration::ZERO, |(_, within)| within);
        let limit = (desk.limit(ask.ttl) + within).min(longest);
        let line = self.line.as_ref();
        let terms = Terms { ttl: ask.ttl, limit, fair: ask.fair, line, durable: ask.durable };
        self.undo.arm();
        let result = round(desk, whole, &self.claim, &terms).await;
        match &result {
            Round::Lost { holds: false, .. } => self.undo.nothing_held(),
            // The next try finds it, where it is there.
            Round::Lost { .. } if desk.is_one_call(&self.claim) => self.undo.doubt(),
            Round::Lost { .. } => self.change_token(),
            Round::Won { .. } => {}
        }
        result
    }

    /// What may be held is given back.
    fn change_token(&mut self) {
        let base = self.claim.token.split(|byte| *byte == b'~').next().unwrap_or_default().to_vec();
        self.rounds += 1;
        let token = Bytes::from([&base[..], b"~", self.rounds.to_string().as_bytes()].concat());
        self.claim.token = token.clone();
        // What is given to him in line is under the old one.
        let handed = self.line.take_if(|line| line.is_handed());
        self.undo.give_back(token, handed.is_some());
    }

    async fn stand_in_line(&mut self, desk: &Desk, ask: &Ask, patience: Instant) {
        let left = patience.saturating_duration_since(Instant::now());
        // Of what is a lock at one server, and is held as soon as it is there.
        let is_handed = self.claim.kind == Kind::Lock && desk.is_one_key(&self.claim) && ask.durable.is_none();
        let line = Line::begin(desk, &self.claim, is_handed.then_some(ask.ttl), HEARING.min(left)).await;
        self.undo.stands_in_line((0..desk.servers.len()).map(|place| line.waiter(place).clone()).collect());
        self.line = Some(line);
    }

    /// What was given to him while he stood in line, and its fencing token. It counts from when he last said that he waits: the server gave it after
    /// that, and until the very time that it told him then. Otherwise, and where hardly any of it is left, he has to ask.
    fn accept(&self, desk: &Arc<Desk>, ask: &Ask, handed: Handed) -> Option<(Held, u64)> {
        let Alive { said, took, until } = self.alive?;
        let ttl = ask.ttl.min(LEASE);
        let renewal = ask.renewal.map(|renewal| Renewal { at_most: renewal.at_most + said.elapsed() });
        let held = Held::new(desk, &self.claim, said, ttl, renewal);
        // In what is left he must have his whole TTL, and be told of it.
        let least = (ttl / 3).max(3 * took).as_secs_f64() * 1000.0;
        let is_worth_it = handed.ends == until && held.remaining() >= least;
        is_worth_it.then_some((held, handed.fence))
    }

    /// Waits until it is worth another try, or something was given to him.
    async fn pause(&mut self, desk: &Desk, again: Option<Duration>, patience: Instant) -> Option<Handed> {
        let line = self.line.as_mut()?;
        let longest = if line.is_heard(desk).await {
            LONGEST_PAUSE
        } else {
            self.unheard = (2 * self.unheard).clamp(UNHEARD, LONGEST_PAUSE);
            self.unheard
        };
        let again = if desk.is_quorum() { Some(again.map_or(SPLIT, |again| again.min(longest))) } else { again };
        let pause = jittered(again.unwrap_or(longest).clamp(Duration::from_millis(1), longest));
        tokio::select! {
            handed = line.called_up() => handed,
            () = sleep(pause.min(patience.saturating_duration_since(Instant::now()))) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::Port;
    use crate::lock::release::release;

    /// A task's future is moved when it is made, by whoever hands it on.
    #[test]
    fn what_runs_always_is_small() {
        let each = Duration::from_secs(1);
        let desk = Desk::new(vec![], None, each, "lock", Port::unheard(), 0, each);
        let claim = desk.claim(Kind::Lock, "a", "token".into(), 0);
        let attempt = Arc::new(Attempt::new(each));
        let ask = Ask { ttl: each, wait: Duration::ZERO, fair: false, renewal: None, durable: None };
        let releasing = size_of_val(&release(&desk, &attempt, &claim, each));
        let trying = size_of_val(&try_once(desk.clone(), attempt.clone(), claim.clone(), ask));
        assert!(trying <= 1024 && releasing <= 1024, "{trying} and {releasing} bytes");
    }
}
