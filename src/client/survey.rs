//! Asks the nodes of a cluster for its map.

use super::cluster_replies::{Shard, parse};
use super::command::Command;
use super::error::{Error, ErrorKind};
use super::node::Node;
use super::options::{Address, ClientOptions, Endpoint};
use super::send_error::SendError;
use super::session::Session;
use super::tls_probe;
use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How many members are asked at once.
const ASKED: usize = 3;
/// How long a member may take: one that hangs must not hold back what the others know.
const PATIENCE: Duration = Duration::from_millis(500);
/// How many strangers are asked at once.
const STRANGERS: usize = 4;

/// Asks some of those that we are connected to. Whoever has seen the latest epoch is right: a node that was cut off may still believe in an
/// earlier one. `None` when nobody answers.
pub async fn of_members(mut members: Vec<(Address, Arc<Node>)>) -> Option<Vec<Shard>> {
    fastrand::shuffle(&mut members);
    members.truncate(ASKED);
    let asked = members.iter().map(async |(address, node)| {
        let session = node.lane(None).gate.standing()?;
        let (epoch, shards) =
            timeout(PATIENCE, async { tokio::join!(epoch(&session), shards(&session, address)) }).await.ok()?;
        shards.ok().map(|shards| (epoch, shards))
    });
    join_all(asked).await.into_iter().flatten().max_by_key(|(epoch, _)| *epoch).map(|(_, shards)| shards)
}

/// Connects to nodes only to ask them; whoever answers first is believed.
pub async fn of_strangers(options: &ClientOptions, mut strangers: Vec<Address>) -> Result<Vec<Shard>, Error> {
    fastrand::shuffle(&mut strangers);
    let mut last = Error::new(ErrorKind::Unavailable, "no node is known");
    for some in strangers.chunks(STRANGERS) {
        let mut asked: FuturesUnordered<_> = some.iter().map(|address| ask_stranger(options, address)).collect();
        while let Some(answer) = asked.next().await {
            match answer {
                Ok(shards) => return Ok(shards),
                Err(error) => last = error,
            }
        }
    }
    Err(last)
}

async fn ask_stranger(options: &ClientOptions, address: &Address) -> Result<Vec<Shard>, Error> {
    let endpoint = Endpoint::Tcp(address.clone());
    let asked = async {
        let (session, _connection) = Session::connect(options, &endpoint).await?;
        shards(&session, address).await
    };
    let answer = timeout(options.connect_timeout, asked).await.unwrap_or_else(|_| Err(Error::no_answer()));
    match answer {
        Err(error) => {
            let error = tls_probe::explained(error, options, &endpoint).await;
            Err(options.told(error, &address.to_string()))
        }
        answer => answer,
    }
}

async fn shards(session: &Session, asked: &Address) -> Result<Vec<Shard>, Error> {
    match session.send(Command::new("CLUSTER").word("SLOTS").idempotent()).await {
        Ok(reply) => {
            parse(reply, asked).ok_or_else(|| Error::new(ErrorKind::Unavailable, "the node knows of no slots"))
        }
        Err(SendError::Refused(error)) => Err(error),
        Err(_) => Err(Error::hung_up()),
    }
}

/// The latest epoch that a node has seen; 0 where it does not say.
async fn epoch(session: &Session) -> u64 {
    let info = session.send(Command::new("CLUSTER").word("INFO").idempotent()).await;
    let info = info.map(|reply| reply.text().into_owned()).unwrap_or_default();
    let epoch = info.lines().find_map(|line| line.strip_prefix("cluster_current_epoch:"));
    epoch.and_then(|epoch| epoch.trim().parse().ok()).unwrap_or(0)
}
