//! Waiting to be called up.

use super::claim::Kind;
use super::desk::Desk;
use crate::client::Watch;
use bytes::Bytes;
use futures_util::future::{join_all, select_all};
use std::time::Duration;

/// How somebody stands in line, at each server.
pub struct Line {
    waiters: Vec<Bytes>,
    watches: Vec<Watch>,
}

impl Line {
    /// Before he stands in line: who is called up before that can be heard is called up in vain. `word` is his alone.
    pub async fn begin(desk: &Desk, kind: Kind, word: &Bytes, within: Duration) -> Self {
        let mailboxes = || desk.servers.iter().map(|server| server.client.mailbox());
        let waiter = |address: &Bytes| {
            let parts: [&[u8]; 4] = [address, b"/", kind.letter().as_bytes(), word];
            parts.concat().into()
        };
        let waiters = mailboxes().map(|mailbox| waiter(mailbox.address())).collect();
        let watches = mailboxes().map(|mailbox| mailbox.expect(word)).collect();
        join_all(mailboxes().map(|mailbox| mailbox.stands(within))).await;
        Line { waiters, watches }
    }

    /// Whether all servers can call him up now.
    pub async fn is_heard(&self, desk: &Desk) -> bool {
        let mailboxes = desk.servers.iter().map(|server| server.client.mailbox());
        join_all(mailboxes.map(|mailbox| mailbox.stands(Duration::ZERO))).await.into_iter().all(|stands| stands)
    }

    /// What he is called at a server.
    pub fn waiter(&self, server: usize) -> &Bytes {
        &self.waiters[server]
    }

    /// Returns when he is called up, or may have been.
    pub async fn called_up(&mut self) {
        select_all(self.watches.iter_mut().map(|watch| Box::pin(watch.changed()))).await;
    }
}
