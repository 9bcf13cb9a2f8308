//! Whether each node is well: one round trip, to all of them at once.

use super::command::Command;
use super::error::{Error, ErrorKind};
use super::handle::{Client, answer_by};
use super::line::Turn;
use super::node::{Node, NodeInfo, Role};
use super::reply::Reply;
use super::send_error::SendError;
use super::session::Session;
use crate::common::Attempt;
use futures_util::future::join_all;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::time::timeout_at;

pub struct Checkup {
    pub node: NodeInfo,
    /// How long a `PING` took, and what `INFO memory` says, where that may be asked.
    pub result: Result<(Duration, Option<String>), Error>,
    /// Since it was begun.
    pub took: Duration,
}

impl Client {
    /// Asks every node that it connects to; fails when no master is well.
    pub async fn check_up(&self, attempt: &Attempt) -> Result<Vec<Checkup>, Error> {
        let known = timeout_at(answer_by(attempt).into(), self.route().known()).await;
        known.unwrap_or_else(|_| Err(Error::no_connection(None)))?;
        let nodes = self.route().describe();
        let mut checkups = join_all(nodes.into_iter().map(|(info, node)| check_up(attempt, info, node))).await;
        // Those that have left the cluster meanwhile are nobody's concern.
        let has_left = |checkup: &Checkup| checkup.result.as_ref().is_err_and(|error| error.kind == ErrorKind::Closed);
        checkups.retain(|checkup| !has_left(checkup));
        let mut masters = checkups.iter().filter(|checkup| checkup.node.role == Role::Master);
        if masters.any(|checkup| checkup.result.is_ok()) {
            return Ok(checkups);
        }
        let sick = checkups.iter().position(|checkup| checkup.node.role == Role::Master);
        let error = sick.and_then(|sick| checkups.swap_remove(sick).result.err());
        Err(error.unwrap_or_else(|| Error::no_connection(None)))
    }
}

async fn check_up(attempt: &Attempt, info: NodeInfo, node: Arc<Node>) -> Checkup {
    let link = node.lane(None);
    let result = match timeout_at(answer_by(attempt).into(), link.gate.session(Turn::next(), None)).await {
        Ok(Ok(session)) => {
            // Should the bridge give up first, it says that the server is there and silent.
            attempt.sent();
            let asked = timeout_at(answer_by(attempt).into(), question(&session, &link.replies)).await;
            attempt.settled();
            asked.unwrap_or_else(|_| Err(Error::no_answer()))
        }
        Ok(Err(error)) => Err(error),
        Err(_) => Err(Error::no_connection(link.gate.why_down())),
    };
    Checkup { node: info, result, took: attempt.begun.elapsed() }
}

async fn question(session: &Session, replies: &AtomicU64) -> Result<(Duration, Option<String>), Error> {
    let memory = session.send(Command::new("INFO").word("memory").idempotent());
    let (latency, memory) = tokio::join!(ping(session), memory);
    replies.fetch_add(1, Ordering::Relaxed);
    let memory = memory.ok().filter(|reply| matches!(reply, Reply::Bytes(_))).map(|reply| reply.text().into_owned());
    latency.map(|latency| (latency, memory))
}

async fn ping(session: &Session) -> Result<Duration, Error> {
    let begun = Instant::now();
    match session.send(Command::ping()).await {
        Ok(_) => Ok(begun.elapsed()),
        Err(SendError::Refused(error)) => Err(error),
        Err(_) => Err(Error::lost()),
    }
}
