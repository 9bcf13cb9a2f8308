//! One try to hold something, at all servers at once.

use super::call::{Call, integers};
use super::claim::{Claim, Place};
use super::desk::{Desk, Server};
use super::line::Line;
use super::policy::Decision;
use crate::client::{Durably, Error, ErrorKind, Replicas, Reply, Steps};
use crate::common::Attempt;
use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How a claim is made.
pub struct Terms<'ask> {
    pub ttl: Duration,
    /// How long a server may take.
    pub limit: Duration,
    /// Whether nobody may be overtaken.
    pub fair: bool,
    /// Where to stand in line.
    pub line: Option<&'ask Line>,
    /// Who has to acknowledge it, and within what time.
    pub durable: Option<(Replicas, Duration)>,
}

/// Who does not wait.
static NOBODY: Bytes = Bytes::new();

/// What a server says.
enum Vote {
    Taken {
        fence: u64,
        acknowledged: u32,
    },
    /// When it is worth another try, where that is known; and whether a part of it was taken all the same.
    Busy {
        again: Option<Duration>,
        holds: bool,
        /// Until when who waits there counts as alive, in ms of the server.
        alive: Option<u64>,
    },
}

/// What became of a try.
pub enum Round {
    Won {
        fence: u64,
        /// How many replicas acknowledged it.
        acknowledged: u32,
    },
    Lost {
        /// When it is worth another try, where that is known.
        again: Option<Duration>,
        /// Why, where it is not that others hold it.
        error: Option<Error>,
        /// Whether something may be held all the same.
        holds: bool,
        /// Until when who waits counts as alive, in ms of the server that said so last.
        alive: Option<u64>,
    },
}

/// Settles as soon as it is decided; who has not answered by then is not waited for.
pub async fn round(desk: &Desk, whole: &Attempt, claim: &Claim, terms: &Terms<'_>) -> Round {
    let mut votes = desk.votes();
    let begun = Instant::now();
    let (mut fence, mut most) = (0, 0);
    let (mut again, mut error, mut held, mut waits) = (None::<Duration>, None, false, None);
    let mut asked: FuturesUnordered<_> = (0..desk.servers.len()).map(|at| ask(desk, whole, at, claim, terms)).collect();
    while let Some(answer) = asked.next().await {
        votes.count(matches!(answer, Ok(Vote::Taken { .. })));
        match answer {
            Ok(Vote::Taken { fence: token, acknowledged }) => {
                held = true;
                fence = fence.max(token);
                most = most.max(acknowledged);
            }
            Ok(Vote::Busy { again: after, holds, alive }) => {
                again = [again, after].into_iter().flatten().min();
                held |= holds;
                waits = alive;
            }
            Err(failed) => {
                error = Some(failed);
                held = true;
            }
        }
        match votes.decision() {
            Decision::Won => break,
            Decision::Lost => {
                let holds = held || !asked.is_empty();
                return Round::Lost { again, error, holds, alive: waits };
            }
            Decision::Open => {}
        }
    }
    drop(asked);
    // A token that one quorum knows must be known to every other.
    if desk.is_quorum()
        && let Err(error) = publish(desk, whole, claim, fence, terms.ttl, left(begun, terms.limit)).await
    {
        return Round::Lost { again: None, error: Some(error), holds: true, alive: None };
    }
    Round::Won { fence, acknowledged: most }
}

/// What the votes have left of the time of a round; they were as quick as most servers are.
fn left(begun: Instant, limit: Duration) -> Duration {
    limit.saturating_sub(begun.elapsed()).max(limit / 4)
}

/// Asks one server, part after part.
async fn ask(desk: &Desk, whole: &Attempt, at: usize, claim: &Claim, terms: &Terms<'_>) -> Result<Vote, Error> {
    let server = &desk.servers[at];
    let attempt = Arc::new(Attempt::new(terms.limit));
    let parts = claim.parts(&server.client);
    let asking = async {
        let (mut fence, mut least) = (0, None);
        for (place, part) in parts.iter().enumerate() {
            let holds = place > 0;
            let call = match terms.line {
                None if !terms.fair => part.take(terms.ttl),
                line => {
                    let waiter = line.map_or(&NOBODY, |line| line.waiter(at));
                    part.queue_up(terms.ttl, &Place { waiter, fair: terms.fair })
                }
            };
            let (answer, acknowledged) = match terms.durable {
                None => (server.ask(&attempt, call).await?, 0),
                Some((replicas, within)) => durably(server, &attempt, call, replicas, within).await?,
            };
            match answer[..] {
                [0, again, ref alive @ ..] => {
                    let again = u64::try_from(again).ok().map(Duration::from_millis);
                    let alive = alive.first().and_then(|alive| u64::try_from(*alive).ok());
                    return Ok(Vote::Busy { again, holds, alive });
                }
                [_, token, ..] => fence = fence.max(token as u64),
                _ => {}
            }
            least = Some(least.map_or(acknowledged, |least: u32| least.min(acknowledged)));
        }
        if parts.len() > 1 {
            raise(server, &attempt, &parts, fence, terms.ttl).await?;
        }
        Ok(Vote::Taken { fence, acknowledged: least.unwrap_or(0) })
    };
    Steps { whole, each: terms.limit }.within(&attempt, asking).await
}

async fn durably(
    server: &Server,
    attempt: &Attempt,
    call: Call,
    replicas: Replicas,
    within: Duration,
) -> Result<(Vec<i64>, u32), Error> {
    let client = server.beside.as_ref().unwrap_or(&server.client);
    let (reply, durability) = client
        .run_durably(attempt, call.script, call.keys, call.args, Durably { replicas, within, has_written: is_taken })
        .await?;
    let answer = integers(reply, call.width)?;
    if answer[0] != 0 && !durability.is_reached() {
        // The server is well, which the circuit need not doubt.
        attempt.sent();
        let why = format!("{} of {} replicas acknowledged in time", durability.acknowledged, durability.needed);
        return Err(Error::new(ErrorKind::Unavailable, why));
    }
    Ok((answer, durability.acknowledged))
}

/// Who got nothing need not wait for anybody to have it.
fn is_taken(reply: &Reply) -> bool {
    matches!(reply, Reply::Array(items) if items.first().is_some_and(|what| what.as_integer() != 0))
}

/// Has all parts know of the greatest token of any.
async fn raise(
    server: &Server,
    attempt: &Arc<Attempt>,
    parts: &[Claim],
    fence: u64,
    ttl: Duration,
) -> Result<(), Error> {
    let raised = join_all(parts.iter().map(|part| server.ask(attempt, part.raise(fence, ttl)))).await;
    let all: Vec<_> = raised.into_iter().collect::<Result<_, _>>()?;
    let held = all.iter().all(|answer| answer[..] == [1]);
    held.then_some(()).ok_or_else(|| Error::new(ErrorKind::Unavailable, "a part of it was lost at once"))
}

/// Has most servers know of a token, so that every later quorum gives a greater one.
async fn publish(
    desk: &Desk,
    whole: &Attempt,
    claim: &Claim,
    fence: u64,
    ttl: Duration,
    limit: Duration,
) -> Result<(), Error> {
    let mut votes = desk.votes();
    let mut asked: FuturesUnordered<_> = desk
        .servers
        .iter()
        .map(|server| async {
            let attempt = Arc::new(Attempt::new(limit));
            let parts = claim.parts(&server.client);
            let raising = raise(server, &attempt, &parts, fence, ttl);
            Steps { whole, each: limit }.within(&attempt, raising).await.is_ok()
        })
        .collect();
    while let Some(raised) = asked.next().await {
        votes.count(raised);
        match votes.decision() {
            Decision::Won => return Ok(()),
            Decision::Lost => break,
            Decision::Open => {}
        }
    }
    Err(Error::new(ErrorKind::Unavailable, "most servers did not keep it"))
}
