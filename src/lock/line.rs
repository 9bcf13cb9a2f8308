//! Waiting to be called up.

use super::claim::Claim;
use super::desk::Desk;
use crate::client::Watch;
use bytes::Bytes;
use futures_util::future::{join_all, select_all};
use std::time::Duration;

/// How somebody stands in line, at each server.
pub struct Line {
    waiters: Vec<Bytes>,
    watches: Vec<Watch>,
    /// Whether what he waits for may be given to him there.
    is_handed: bool,
}

/// What was given to one who waits, as `pass_on.lua` says it.
#[derive(Debug, PartialEq, Eq)]
pub struct Handed {
    pub fence: u64,
    /// Until when, in ms of the server: when he would have counted as dead.
    pub ends: u64,
}

impl Handed {
    /// Anybody may publish to the channel.
    fn read(note: &[u8]) -> Option<Self> {
        let (fence, ends) = std::str::from_utf8(note).ok()?.split_once(' ')?;
        Some(Handed { fence: fence.parse().ok()?, ends: ends.parse().ok()? })
    }
}

impl Line {
    /// Before he stands in line: who is called up before that can be heard is called up in vain. `handed`: it may be given to him, for this TTL.
    pub async fn begin(desk: &Desk, claim: &Claim, handed: Option<Duration>, within: Duration) -> Self {
        let mailboxes = || desk.servers.iter().map(|server| server.client.mailbox());
        let (kind, word) = claim.word(handed);
        let waiter = |address: &Bytes| {
            let parts: [&[u8]; 4] = [address, b"/", kind.as_bytes(), &word];
            parts.concat().into()
        };
        let waiters = mailboxes().map(|mailbox| waiter(mailbox.address())).collect();
        let watches = mailboxes().map(|mailbox| mailbox.expect(&word)).collect();
        join_all(mailboxes().map(|mailbox| mailbox.stands(within))).await;
        Line { waiters, watches, is_handed: handed.is_some() }
    }

    pub fn is_handed(&self) -> bool {
        self.is_handed
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

    /// Returns when he is called up, or may have been; with what was given to him, if it was.
    pub async fn called_up(&mut self) -> Option<Handed> {
        let (.., place, _) = select_all(self.watches.iter_mut().map(|watch| Box::pin(watch.changed()))).await;
        self.watches[place].note().and_then(|note| Handed::read(&note))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_is_read_and_nothing_else_is() {
        assert_eq!(
            Handed::read(b"1700000000000001 1700000003000"),
            Some(Handed { fence: 1_700_000_000_000_001, ends: 1_700_000_003_000 })
        );
        for other in ["", "1", "1 ", " 1", "1 2 3", "-1 2", "1 2.5", "a b", "1 99999999999999999999"] {
            assert_eq!(Handed::read(other.as_bytes()), None, "{other:?}");
        }
        assert_eq!(Handed::read(b"1 \xff"), None);
    }
}
