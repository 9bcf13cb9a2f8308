//! Whether the server is well: one round trip.

use crate::bridge::Outcome;
use crate::client::{Client, Command, Error};
use crate::common::Attempt;
use std::sync::Arc;
use std::time::Instant;

/// `[latencyMs]`, or `[latencyMs, usedBytes, maxBytes, policy]` where the server tells its memory.
pub async fn health(client: Client, attempt: Arc<Attempt>) -> Result<Outcome, Error> {
    let ping = async {
        let begun = Instant::now();
        client.call(&attempt, Command::ping()).await.map(|_| begun.elapsed())
    };
    let memory = client.call(&attempt, Command::new("INFO").word("memory").idempotent());
    let (latency, memory) = tokio::join!(ping, memory);
    let mut fields = vec![Outcome::Number(latency?.as_secs_f64() * 1000.0)];
    if let Ok(reply) = memory {
        let info = reply.text().into_owned();
        let field =
            |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
        let number = |name: &str| Outcome::Number(field(name).and_then(|text| text.parse().ok()).unwrap_or(0.0));
        if let Some(policy) = field("maxmemory_policy") {
            fields.extend([number("used_memory"), number("maxmemory"), Outcome::Text(policy.to_owned().into())]);
        }
    }
    Ok(Outcome::List(fields))
}
