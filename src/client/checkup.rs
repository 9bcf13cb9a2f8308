//! Whether each node is well: one round trip, to all of them at once.

use super::command::Command;
use super::error::Error;
use super::handle::{Client, answer_by};
use super::node::{Node, NodeInfo};
use super::reply::Reply;
use super::send_error::SendError;
use super::session::Session;
use crate::common::Attempt;
use futures_util::future::join_all;
use std::sync::Arc;
use std::sync::atomic::Ordering;
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
    /// Asks every node that it connects to; fails when none is known.
    pub async fn check_up(&self, attempt: &Attempt) -> Result<Vec<Checkup>, Error> {
        let known = timeout_at(answer_by(attempt).into(), self.route().known()).await;
        known.unwrap_or_else(|_| Err(Error::no_answer()))?;
        let nodes = self.route().describe();
        Ok(join_all(nodes.into_iter().map(|(info, node)| check_up(attempt, info, node))).await)
    }
}

async fn check_up(attempt: &Attempt, info: NodeInfo, node: Arc<Node>) -> Checkup {
    let link = node.lane(None);
    let asked = async {
        let session = link.gate.session().await?;
        let (latency, memory) =
            tokio::join!(ping(&session), session.send(Command::new("INFO").word("memory").idempotent()));
        link.replies.fetch_add(1, Ordering::Relaxed);
        let memory =
            memory.ok().filter(|reply| matches!(reply, Reply::Bytes(_))).map(|reply| reply.text().into_owned());
        latency.map(|latency| (latency, memory))
    };
    let result = timeout_at(answer_by(attempt).into(), asked).await;
    let result = result.unwrap_or_else(|_| Err(link.gate.why_down().unwrap_or_else(Error::no_answer)));
    Checkup { node: info, result, took: attempt.begun.elapsed() }
}

async fn ping(session: &Session) -> Result<Duration, Error> {
    let begun = Instant::now();
    match session.send(Command::ping()).await {
        Ok(_) => Ok(begun.elapsed()),
        Err(SendError::Refused(error)) => Err(error),
        Err(_) => Err(Error::lost()),
    }
}
