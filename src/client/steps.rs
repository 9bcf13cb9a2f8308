//! Operations of several steps, each with a deadline of its own.

use super::error::{Error, ErrorKind};
use super::handle::Client;
use super::reply::Reply;
use super::script::Script;
use crate::common::Attempt;
use bytes::Bytes;
use futures_util::future::join_all;
use std::future::Future;
use std::time::Duration;

/// The time that the bridge gives an operation whose steps keep their own deadlines.
pub const NO_DEADLINE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// An operation of several steps.
#[derive(Clone, Copy)]
pub struct Steps<'operation> {
    pub whole: &'operation Attempt,
    /// How long each may take.
    pub each: Duration,
}

impl Steps<'_> {
    /// Does one. A step that fails leaves its uncertainty to the whole.
    pub async fn within<T>(self, attempt: &Attempt, step: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let late = |_| Err(Error::new(ErrorKind::Timeout, "a step was not answered in time"));
        let result = tokio::time::timeout_at(attempt.deadline.into(), step).await.unwrap_or_else(late);
        if result.is_err() && attempt.maybe_executed() {
            self.whole.sent();
        }
        result
    }

    /// Runs a script as a step.
    pub async fn run(
        self,
        client: &Client,
        script: &Script,
        keys: Vec<Bytes>,
        args: Vec<Bytes>,
    ) -> Result<Reply, Error> {
        let attempt = Attempt::new(self.each);
        self.within(&attempt, client.run(&attempt, script, keys, args)).await
    }

    /// Runs a divisible script as a step, or as one for each key where some of them have moved to another node and some have not. The reply to
    /// all, or to each in order; none is given up for another that failed.
    pub async fn run_divided(
        self,
        client: &Client,
        script: &Script,
        keys: Vec<Bytes>,
        args: Vec<Bytes>,
    ) -> Result<Vec<Reply>, Error> {
        match self.run(client, script, keys.clone(), args.clone()).await {
            Err(error) if keys.len() > 1 && error.server_code() == "TRYAGAIN" => {
                let each = keys.into_iter().map(|key| self.run(client, script, vec![key], args.clone()));
                join_all(each).await.into_iter().collect()
            }
            answer => answer.map(|reply| vec![reply]),
        }
    }
}
