//! Where a link connects to, and what it does to belong there.

use super::command::Command;
use super::error::{Error, ErrorKind};
use super::options::{Address, Endpoint};
use super::reply::Reply;
use super::send_error::SendError;
use super::sentinels::Sentinels;
use super::session::Session;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;

/// What a link connects to.
pub enum Target {
    Fixed(Endpoint),
    /// The master that the sentinels name.
    Master(Arc<Sentinels>),
    /// A node of a cluster, whose map is asked for anew when `doubt` is rung.
    Member {
        address: Address,
        reads_replicas: bool,
        doubt: Arc<Notify>,
    },
}

/// How long to wait until a node, or the sentinels, are asked again.
const AGAIN: Duration = Duration::from_millis(100);
const ASK_SENTINELS_AGAIN: Duration = Duration::from_millis(500);

impl Target {
    pub async fn find(&self) -> Result<Endpoint, Error> {
        match self {
            Target::Fixed(endpoint) => Ok(endpoint.clone()),
            Target::Member { address, .. } => Ok(Endpoint::Tcp(address.clone())),
            Target::Master(sentinels) => sentinels.master().await.map(Endpoint::Tcp),
        }
    }

    /// As it is for a connection that has nothing to do with replicas.
    #[must_use]
    pub fn of_masters(self) -> Self {
        match self {
            Target::Member { address, doubt, .. } => Target::Member { address, reads_replicas: false, doubt },
            other => other,
        }
    }

    /// What a fresh connection must pass before operations flow. It may wait; its caller has a time limit.
    pub async fn admit(&self, session: &Session) -> Result<(), Error> {
        match self {
            Target::Fixed(_) => Ok(()),
            Target::Master(_) => is_master(session).await,
            Target::Member { reads_replicas, .. } => {
                if *reads_replicas {
                    session.send(Command::new("READONLY")).await.map_err(refusal)?;
                }
                cluster_is_up(session).await
            }
        }
    }

    /// Told that a connection is lost, or could not be made.
    pub fn lost(&self) {
        if let Target::Member { doubt, .. } = self {
            doubt.notify_one();
        }
    }

    /// Told that a connection is silent; returns when it is known that another endpoint has taken over.
    pub async fn replaced(&self, endpoint: &Endpoint) {
        self.lost();
        self.overtaken(endpoint).await;
    }

    /// Returns when it is known that another endpoint has taken over from one that is being connected to.
    pub async fn overtaken(&self, endpoint: &Endpoint) {
        if !matches!(self, Target::Master(_)) {
            pending().await
        }
        loop {
            sleep(ASK_SENTINELS_AGAIN).await;
            if !self.is_current(endpoint).await {
                return;
            }
        }
    }

    /// Whether nobody who can be asked names another endpoint.
    pub async fn is_current(&self, endpoint: &Endpoint) -> bool {
        let Target::Master(sentinels) = self else { return true };
        sentinels.master().await.map_or(true, |address| Endpoint::Tcp(address) == *endpoint)
    }
}

fn refusal(error: SendError) -> Error {
    match error {
        SendError::Refused(error) => error,
        _ => Error::hung_up(),
    }
}

/// Sentinels may still name a master that has just lost its office. A server that does not let us ask is believed.
async fn is_master(session: &Session) -> Result<(), Error> {
    match session.send(Command::new("ROLE").idempotent()).await {
        Ok(reply) => match reply.into_array().first() {
            Some(role) if role.text() == "master" => Ok(()),
            _ => Err(Error::new(ErrorKind::Unavailable, "the sentinels name a server that is not a master")),
        },
        Err(SendError::Refused(_)) => Ok(()),
        Err(_) => Err(Error::hung_up()),
    }
}

/// Waits until the node takes its cluster for whole: fred ends a connection on which `CLUSTERDOWN` is answered. A server that does not let us
/// ask is believed.
async fn cluster_is_up(session: &Session) -> Result<(), Error> {
    loop {
        match session.send(Command::new("CLUSTER").word("INFO").idempotent()).await {
            Ok(reply @ Reply::Bytes(_)) if reply.text().contains("cluster_state:fail") => sleep(AGAIN).await,
            Ok(_) => return Ok(()),
            Err(SendError::Refused(error)) if error.message.contains("cluster support disabled") => return Err(error),
            Err(SendError::Refused(_)) => return Ok(()),
            Err(_) => return Err(Error::hung_up()),
        }
    }
}
