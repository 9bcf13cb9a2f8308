//! Whether the server is well, or the nodes of the cluster are.

use super::outcome::describe;
use crate::bridge::Outcome;
use crate::client::{Checkup, Client, Error};
use crate::common::Attempt;
use std::sync::Arc;
use std::time::Duration;

/// A list for each node: `[address, role, latencyMs, usedBytes, maxBytes, policy, error]`, with nil for what is not known.
pub async fn health(client: Client, attempt: Arc<Attempt>) -> Result<Outcome, Error> {
    let nodes = client.check_up(&attempt).await?;
    Ok(Outcome::List(nodes.into_iter().map(|node| Outcome::List(fields(node))).collect()))
}

fn fields(Checkup { node, result, took }: Checkup) -> Vec<Outcome> {
    let ms = |duration: Duration| Outcome::Number(duration.as_secs_f64() * 1000.0);
    let mut fields = vec![Outcome::Text(node.address.into()), Outcome::Text(node.role.as_str().into())];
    match result {
        Ok((latency, memory)) => {
            fields.push(ms(latency));
            fields.extend(memory_fields(&memory.unwrap_or_default()));
            fields.push(Outcome::Nil);
        }
        Err(error) => {
            fields.extend([ms(took), Outcome::Nil, Outcome::Nil, Outcome::Nil, describe(&error, false).into()]);
        }
    }
    fields
}

fn memory_fields(info: &str) -> [Outcome; 3] {
    let field = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    let number = |name: &str| Outcome::Number(field(name).and_then(|text| text.parse().ok()).unwrap_or(0.0));
    match field("maxmemory_policy") {
        Some(policy) => [number("used_memory"), number("maxmemory"), Outcome::Text(policy.to_owned().into())],
        None => [Outcome::Nil, Outcome::Nil, Outcome::Nil],
    }
}
