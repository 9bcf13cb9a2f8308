//! Taking what is free, and waiting for what is not.

use super::claim::Claim;
use super::desk::Desk;
use super::held::{Held, Renewal};
use super::line::Line;
use super::policy::{LONGEST_PAUSE, jittered};
use super::table;
use super::undo::{Undo, is_final};
use super::vote::{Round, Terms, round};
use crate::bridge::Outcome;
use crate::client::{Error, ErrorKind, Replicas};
use crate::common::Attempt;
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
    let mut seeking =
        Seeking { undo: Undo::new(&desk, &claim, ask.ttl), claim, rounds: 0, line: None, unheard: Duration::ZERO };
    let mut is_busy = false;
    if ask.fair && !ask.wait.is_zero() {
        seeking.stand_in_line(&desk, patience).await;
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
            Round::Lost { again, error, .. } => (again, error),
        };
        let is_over = error.as_ref().is_some_and(|error| is_final(error) || ask.durable.is_some());
        // Where others were just seen to hold it, and the end of the wait left hardly time for an answer, nothing has failed.
        let is_cut_short = is_busy && !is_over && patience.saturating_duration_since(sent) < 2 * LEAST;
        is_busy = error.is_none();
        let failure = error.filter(|_| !is_cut_short);
        if !is_over && Instant::now() < patience {
            if seeking.line.is_none() {
                seeking.stand_in_line(&desk, patience).await;
                continue;
            }
            seeking.pause(&desk, again, patience).await;
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

/// Somebody who wants to hold something.
struct Seeking {
    claim: Claim,
    undo: Undo,
    rounds: u32,
    line: Option<Line>,
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
        self.undo.give_back(token);
    }

    async fn stand_in_line(&mut self, desk: &Desk, patience: Instant) {
        let left = patience.saturating_duration_since(Instant::now());
        let line = Line::begin(desk, self.claim.kind, &self.claim.token, HEARING.min(left)).await;
        self.undo.stands_in_line((0..desk.servers.len()).map(|place| line.waiter(place).clone()).collect());
        self.line = Some(line);
    }

    /// Waits until it is worth another try.
    async fn pause(&mut self, desk: &Desk, again: Option<Duration>, patience: Instant) {
        let Some(line) = &mut self.line else { return };
        let longest = if line.is_heard(desk).await {
            LONGEST_PAUSE
        } else {
            self.unheard = (2 * self.unheard).clamp(UNHEARD, LONGEST_PAUSE);
            self.unheard
        };
        let again = if desk.is_quorum() { Some(again.map_or(SPLIT, |again| again.min(longest))) } else { again };
        let pause = jittered(again.unwrap_or(longest).clamp(Duration::from_millis(1), longest));
        tokio::select! {
            () = line.called_up() => {}
            () = sleep(pause.min(patience.saturating_duration_since(Instant::now()))) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::Port;
    use crate::lock::claim::Kind;
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
