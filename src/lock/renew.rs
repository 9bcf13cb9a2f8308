//! Keeping what is held.

use super::held::{Held, Reason};
use super::policy::Decision;
use super::undo::{self, is_final};
use super::watchdog;
use crate::client::{Error, ErrorKind};
use crate::common::Attempt;
use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, Stream, StreamExt};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Renews it for a time from now on. Whether it is held still; an error where that is not known.
pub async fn renew(held: &Arc<Held>, ttl: Duration, limit: Duration) -> Result<bool, Error> {
    renew_since(held, held.begin_renewal(ttl), ttl, limit).await
}

/// As `renew`, of what was begun.
async fn renew_since(held: &Arc<Held>, sent: Instant, ttl: Duration, limit: Duration) -> Result<bool, Error> {
    let answer = ask(held, ttl, limit).await;
    let outcome = match &answer {
        Ok(None) => Ok(()),
        Ok(lost) => Err(*lost),
        Err(_) => Err(None),
    };
    let is_lost_now = held.end_renewal(sent, ttl, outcome);
    watchdog::watch(held);
    if let Ok(Some(reason)) = answer {
        if !held.desk.is_one_key(&held.claim) {
            // What is left of it would last for another TTL.
            undo::begin(&held.desk, &held.claim, &[], ttl);
        }
        if is_lost_now {
            held.tell(reason);
        }
    }
    answer.map(|lost| lost.is_none())
}

/// Has what was given for a short time last for its TTL. Its first step asks for that; and it is asked again beside what is not answered, until it is known to
/// be so, or over, or somebody has said how long it is to last.
pub async fn complete(held: Arc<Held>, ttl: Duration) {
    const PACE: Duration = Duration::from_millis(500);
    let ask_since = |sent, ttl| {
        let limit = Duration::from_secs_f64(held.remaining() / 1000.0).min(held.desk.each);
        renew_since(&held, sent, ttl, limit)
    };
    let mut tries = FuturesUnordered::from_iter([ask_since(held.begin_completion(ttl), ttl)]);
    loop {
        let pause = sleep(PACE);
        tokio::pin!(pause);
        let is_known = loop {
            tokio::select! {
                Some(answer) = tries.next() => match answer {
                    Err(error) if !is_final(&error) => {}
                    _ => break true,
                },
                () = &mut pause => break false,
            }
        };
        if is_known || !held.is_valid() {
            break;
        }
        let Some((sent, ttl)) = held.begin_completion_again() else { break };
        tries.push(ask_since(sent, ttl));
    }
    // Those that are not answered are under way until they end.
    while tries.next().await.is_some() {}
}

/// Why it is lost, `None` where it is held.
async fn ask(held: &Arc<Held>, ttl: Duration, limit: Duration) -> Result<Option<Reason>, Error> {
    let desk = &held.desk;
    let mut votes = desk.votes();
    let (mut stolen, mut lacking) = (0, Vec::new());
    let mut error = None;
    let places = 0..desk.servers.len();
    let mut asked: FuturesUnordered<_> = places.map(|place| at(held.clone(), place, ttl, limit, false)).collect();
    while let Some((place, answer)) = asked.next().await {
        match answer {
            Ok(what) => {
                votes.count(what == 1);
                stolen += usize::from(what == -1);
                lacking.extend((what == 0).then_some(place));
            }
            // It may be held there: that server is asked again before the time is over.
            Err(failed) if desk.is_quorum() || !is_final(&failed) => error = Some(failed),
            Err(failed) => return Err(failed),
        }
        match votes.decision() {
            Decision::Won if desk.is_quorum() => {
                tokio::spawn(give_again(held.clone(), lacking, asked, ttl, limit));
                return Ok(None);
            }
            Decision::Won => return Ok(None),
            Decision::Lost if stolen > 0 => return Ok(Some(Reason::Stolen)),
            Decision::Lost => return Ok(Some(Reason::Expired)),
            Decision::Open => {}
        }
    }
    Err(error.unwrap_or_else(late))
}

/// Has servers that do not have it take it again, once most have said that it is held: otherwise a quorum would wear off.
async fn give_again(
    held: Arc<Held>,
    mut lacking: Vec<usize>,
    mut asked: impl Stream<Item = (usize, Result<i64, Error>)> + Unpin,
    ttl: Duration,
    limit: Duration,
) {
    while let Some((place, answer)) = asked.next().await {
        lacking.extend(matches!(answer, Ok(0)).then_some(place));
    }
    if lacking.is_empty() || held.is_lost() {
        return;
    }
    join_all(lacking.into_iter().map(|place| at(held.clone(), place, ttl, limit, true))).await;
    if held.is_lost() {
        // It was given back meanwhile, and they may have taken this for a new one.
        undo::begin(&held.desk, &held.claim, &[], ttl);
    }
}

fn late() -> Error {
    Error::new(ErrorKind::Timeout, "no reply in time")
}

/// A server's place, and 1 where all of it is held still there, 0 where it has ended, -1 where it is another's. `retake`: what nobody holds is taken.
async fn at(
    held: Arc<Held>,
    place: usize,
    ttl: Duration,
    limit: Duration,
    retake: bool,
) -> (usize, Result<i64, Error>) {
    let server = &held.desk.servers[place];
    let attempt = Arc::new(Attempt::new(limit));
    let parts = held.claim.parts(&server.client);
    let asking = join_all(parts.iter().map(|part| server.ask(&attempt, part.renew(ttl, retake))));
    let answers = match tokio::time::timeout_at(attempt.deadline.into(), asking).await {
        Ok(answers) => answers.into_iter().collect::<Result<Vec<_>, _>>(),
        Err(_) => Err(late()),
    };
    (place, answers.map(|answers| answers.into_iter().flatten().min().unwrap_or(1)))
}
