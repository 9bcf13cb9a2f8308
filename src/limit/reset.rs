//! Forgetting keys.

use super::shared::Shared;
use crate::bridge::Outcome;
use crate::client::{Client, Command, Error};
use crate::common::Attempt;
use bytes::Bytes;
use std::collections::HashSet;
use std::sync::Arc;

/// Forgets what was counted for a key under the policies that any process has told of, and those in `names`, with a NUL between two.
pub async fn reset(
    client: Client,
    attempt: Arc<Attempt>,
    shared: Arc<Shared>,
    key: String,
    names: String,
) -> Result<Outcome, Error> {
    let known = Command::new("SMEMBERS").arg(shared.keys.policies.clone()).idempotent();
    let known = client.call(&attempt, known).await?.into_array();
    let of_id = shared.keys.of(&key);
    let mut suffixes: HashSet<String> = names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    suffixes.extend(known.iter().map(|name| name.text().into_owned()));
    let mut keys: Vec<Bytes> = suffixes.iter().map(|suffix| of_id.policy(suffix)).collect();
    keys.push(of_id.block());
    shared.locally(|local, _| local.forget(&key));
    shared.free(&of_id);
    let gone = client.unlink(&attempt, keys).await;
    shared.free(&of_id);
    gone.map(|_| Outcome::Done)
}
