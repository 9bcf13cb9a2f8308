//! Giving back what is held, and saying truthfully what became of it.

use super::claim::Claim;
use super::desk::{Desk, Server};
use super::policy::Decision;
use super::undo::{self, Undo, is_final};
use crate::client::Error;
use crate::common::Attempt;
use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// What became of it. JavaScript has the same numbers.
pub mod what {
    pub const RELEASED: i64 = 1;
    pub const EXPIRED: i64 = 0;
    pub const STOLEN: i64 = -1;
    pub const UNKNOWN: i64 = 2;
}

/// Before the bridge says that nobody answered.
const MARGIN: Duration = Duration::from_millis(10);

/// Releases. What is not answered in time is `UNKNOWN`, and goes on until it must have ended by itself, for `ttl` at most.
pub async fn release(desk: &Arc<Desk>, whole: &Arc<Attempt>, claim: &Claim, ttl: Duration) -> Result<i64, Error> {
    let mut undo = Undo::new(desk, claim, ttl);
    undo.arm();
    let deadline = whole.deadline - MARGIN.min(desk.each / 4);
    // What hardly ever runs is boxed, so that what runs always is not moved about with it.
    let what = if desk.is_quorum() {
        Box::pin(of_most(desk, claim, ttl, deadline)).await
    } else {
        let server = &desk.servers[0];
        match all_parts(server, whole, claim).await {
            Ok(what) => Outcome { what, is_settled: true },
            Err(error) => Box::pin(again(server, whole, claim, deadline, error)).await?,
        }
    };
    if what.is_settled {
        undo.disarm();
    }
    Ok(what.what)
}

struct Outcome {
    what: i64,
    /// Whether all servers have said so.
    is_settled: bool,
}

/// As soon as most servers have it released. Who has not answered by then is heard all the same.
async fn of_most(desk: &Arc<Desk>, claim: &Claim, ttl: Duration, deadline: Instant) -> Outcome {
    let places = 0..desk.servers.len();
    let mut asked: FuturesUnordered<_> = places.map(|place| at(desk.clone(), place, claim.clone(), deadline)).collect();
    let mut votes = desk.votes();
    let (mut stolen, mut expired, mut is_settled) = (0, 0, true);
    while let Some(answer) = asked.next().await {
        let what = answer.map_or(what::UNKNOWN, |answer| answer.what);
        votes.count(what == what::RELEASED);
        stolen += usize::from(what == what::STOLEN);
        expired += usize::from(what == what::EXPIRED);
        is_settled &= what != what::UNKNOWN;
        if votes.decision() == Decision::Won {
            let (desk, claim) = (desk.clone(), claim.clone());
            tokio::spawn(async move {
                while let Some(answer) = asked.next().await {
                    is_settled &= answer.is_ok_and(|answer| answer.is_settled);
                }
                if !is_settled {
                    undo::begin(&desk, &claim, &[], ttl);
                }
            });
            return Outcome { what: what::RELEASED, is_settled: true };
        }
    }
    let what = match stolen {
        1.. if stolen + expired >= votes.quorum() => what::STOLEN,
        _ if expired >= votes.quorum() => what::EXPIRED,
        _ => what::UNKNOWN,
    };
    Outcome { what, is_settled }
}

async fn at(desk: Arc<Desk>, place: usize, claim: Claim, deadline: Instant) -> Result<Outcome, Error> {
    let first = Arc::new(Attempt::new(deadline.saturating_duration_since(Instant::now())));
    let server = &desk.servers[place];
    match all_parts(server, &first, &claim).await {
        Ok(what) => Ok(Outcome { what, is_settled: true }),
        Err(error) => again(server, &first, &claim, deadline, error).await,
    }
}

/// Releases at one server where the first try failed. What is not there any more may have been released by one that was not answered.
async fn again(
    server: &Server,
    first: &Arc<Attempt>,
    claim: &Claim,
    deadline: Instant,
    mut error: Error,
) -> Result<Outcome, Error> {
    const PAUSE: Duration = Duration::from_millis(20);
    let (mut attempt, mut is_doubtful) = (first.clone(), claim.names.len() > 1);
    loop {
        if is_final(&error) {
            return Err(error);
        }
        is_doubtful |= attempt.maybe_executed();
        if Instant::now() + PAUSE >= deadline {
            return Ok(Outcome { what: what::UNKNOWN, is_settled: false });
        }
        sleep(PAUSE).await;
        attempt = Arc::new(Attempt::new(deadline.saturating_duration_since(Instant::now())));
        match all_parts(server, &attempt, claim).await {
            Ok(what) => {
                let is_known = !is_doubtful || what == what::RELEASED;
                return Ok(Outcome { what: if is_known { what } else { what::UNKNOWN }, is_settled: true });
            }
            Err(failed) => error = failed,
        }
    }
}

async fn all_parts(server: &Server, attempt: &Arc<Attempt>, claim: &Claim) -> Result<i64, Error> {
    if claim.names.len() == 1 {
        return Ok(server.ask(attempt, claim.free(None)).await?[0]);
    }
    Box::pin(each_part(server, attempt, claim)).await
}

async fn each_part(server: &Server, attempt: &Arc<Attempt>, claim: &Claim) -> Result<i64, Error> {
    let parts = claim.parts(&server.client);
    let answers = join_all(parts.iter().map(|part| server.ask(attempt, part.free(None)))).await;
    let answers: Vec<_> = answers.into_iter().collect::<Result<_, _>>()?;
    Ok(answers.into_iter().flatten().min().unwrap_or(what::EXPIRED))
}
