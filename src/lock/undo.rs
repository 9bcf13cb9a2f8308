//! Giving back what nobody waits for any more.

use super::claim::Claim;
use super::desk::{Desk, Server};
use crate::client::{Error, ErrorKind};
use crate::common::Attempt;
use bytes::Bytes;
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::time::sleep;

/// What may have been taken, and the places in line, until it is known what became of them. Dropped before, they are given back.
pub struct Undo {
    desk: Arc<Desk>,
    claim: Claim,
    waiters: Vec<Bytes>,
    ttl: Duration,
    is_armed: bool,
    /// Whether something was sent and not answered: then it may be taken at any later time.
    is_doubtful: bool,
}

/// How long what was taken in vain is given back, while it is tried again.
const BRIEFLY: Duration = Duration::from_secs(2);

impl Undo {
    pub fn new(desk: &Arc<Desk>, claim: &Claim, ttl: Duration) -> Self {
        Undo { desk: desk.clone(), claim: claim.clone(), waiters: Vec::new(), ttl, is_armed: false, is_doubtful: false }
    }

    /// Something may be held from now on.
    pub fn arm(&mut self) {
        self.is_armed = true;
    }

    /// He stands in line from now on, by these names.
    pub fn stands_in_line(&mut self, waiters: Vec<Bytes>) {
        self.waiters = waiters;
        self.is_armed = true;
    }

    /// A server has said that nothing was taken.
    pub fn nothing_held(&mut self) {
        self.is_armed = self.is_doubtful || !self.waiters.is_empty();
    }

    /// A server has not said what it did.
    pub fn doubt(&mut self) {
        self.is_doubtful = true;
    }

    /// What was taken is somebody's.
    pub fn disarm(&mut self) {
        self.is_armed = false;
    }

    /// Gives back now what may have been taken; the places in line too where he `leaves`. What is claimed next has another token, so that what is given
    /// back late does not take it away.
    pub fn give_back(&mut self, token: Bytes, leaves: bool) {
        let waiters = if leaves { std::mem::take(&mut self.waiters) } else { Vec::new() };
        // A server that does not answer in that time keeps it until it ends there: with each try there would be more to give back.
        begin(&self.desk, &self.claim, &waiters, self.ttl.min(BRIEFLY));
        self.claim.token = token;
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        if self.is_armed {
            begin(&self.desk, &self.claim, &self.waiters, self.ttl);
        }
    }
}

/// Begins to give back a claim. It goes on until each server has answered, or what was taken has ended. `waiters`: his names in the lines, if any.
pub fn begin(desk: &Arc<Desk>, claim: &Claim, waiters: &[Bytes], ttl: Duration) {
    // There is none when the I/O thread ends, and nothing is sent any more then.
    let Ok(runtime) = Handle::try_current() else { return };
    let (desk, claim, waiters) = (desk.clone(), claim.clone(), waiters.to_vec());
    runtime.spawn(async move {
        let until = Instant::now() + ttl;
        let parts = desk.servers.iter().enumerate().flat_map(|(place, server)| {
            let waiter = waiters.get(place).cloned();
            claim.parts(&server.client).into_iter().map(move |part| (server, part, waiter.clone()))
        });
        let each = desk.limit(ttl);
        join_all(parts.map(|(server, part, waiter)| free(server, part, waiter, each, until))).await;
    });
}

async fn free(server: &Server, part: Claim, waiter: Option<Bytes>, each: Duration, until: Instant) {
    const FIRST: Duration = Duration::from_millis(50);
    const LONGEST: Duration = Duration::from_secs(1);
    let mut pause = FIRST;
    loop {
        let attempt = Arc::new(Attempt::new(each));
        let asking = server.ask_behind(&attempt, part.free(waiter.as_ref()));
        let answer = tokio::time::timeout_at(attempt.deadline.into(), asking).await;
        let is_over = match &answer {
            Ok(Ok(_)) => true,
            Ok(Err(error)) => is_final(error),
            Err(_) => false,
        };
        if is_over || Instant::now() + pause >= until {
            return;
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST);
    }
}

/// Whether to ask again is of no use: anything else may pass, also what a server says of its memory, its disk or its replicas.
pub fn is_final(error: &Error) -> bool {
    match error.kind {
        ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Auth => false,
        ErrorKind::Server => matches!(error.server_code(), "NOPERM" | "WRONGTYPE" | "ERR" | "NOSCRIPT" | ""),
        ErrorKind::Tls | ErrorKind::Protocol | ErrorKind::Closed => true,
    }
}
