//! Finds out that replies no longer go to those who asked.
//!
//! fred drops every array of three to five strings that begins like a message of pub/sub (`message`, `subscribe`, …),
//! whoever asked for it, and the replies behind it would go to the wrong callers. So a command whose reply may look like
//! that is followed by a `PING` with a word of our own: when the word comes as the answer to the command, its reply is lost.
//! The same word is asked for now and then, since a server that answers once too often or too rarely shifts all that follows too;
//! and a reply that is none of its command's says so at once.

use super::error::Error;
use super::reply::Reply;
use super::send_error::SendError;
use crate::common::give_way;
use bytes::Bytes;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use tokio::sync::Notify;

pub struct Guard {
    word: Bytes,
    /// Guarded commands without an answer.
    open: AtomicUsize,
    /// A reply was lost, so none that is still to come can be trusted.
    confused: AtomicBool,
    bell: Notify,
}

/// A guarded command under way.
pub struct Watch<'guard>(&'guard Guard);

impl Guard {
    pub fn new() -> Self {
        let word = format!("redwright-{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..)).into();
        Guard { word, open: AtomicUsize::new(0), confused: AtomicBool::new(false), bell: Notify::new() }
    }

    pub fn word(&self) -> Bytes {
        self.word.clone()
    }

    pub fn watch(&self) -> Watch<'_> {
        self.open.fetch_add(1, Relaxed);
        Watch(self)
    }

    /// Whether an answer that has just come is its command's own.
    pub async fn trusts(&self) -> bool {
        // A guarded command that was sent before and lost its reply was woken before us, and looks at its answer first.
        if self.open.load(Relaxed) > 0 {
            give_way().await;
        }
        self.is_sound()
    }

    pub fn is_sound(&self) -> bool {
        !self.confused.load(Relaxed)
    }

    /// The answer is not its command's own, and those behind it may not be either.
    pub fn mistrust(&self, why: &'static str) -> SendError {
        self.confuse();
        SendError::Unreadable(why)
    }

    /// Looks at the answer to a word that was asked for by itself.
    pub fn checked(&self, check: &Result<Reply, SendError>) {
        if check.is_ok() && !self.is_word(check) {
            self.confuse();
        }
    }

    /// Waits until a reply was lost.
    pub async fn broken(&self) {
        self.bell.notified().await;
    }

    fn confuse(&self) {
        self.confused.store(true, Relaxed);
        self.bell.notify_one();
    }

    /// Whether it is the answer to our word, which nobody but us has asked for.
    pub fn is_ours(&self, reply: &Reply) -> bool {
        match reply {
            Reply::Bytes(bytes) => *bytes == self.word,
            // So it is answered to those who subscribe to something.
            Reply::Array(parts) => {
                matches!(&parts[..], [Reply::Bytes(pong), Reply::Bytes(word)] if pong == "pong" && *word == self.word)
            }
            _ => false,
        }
    }

    fn is_word(&self, answer: &Result<Reply, SendError>) -> bool {
        answer.as_ref().is_ok_and(|reply| self.is_ours(reply))
    }
}

impl Watch<'_> {
    /// Looks at the answer to the command, at once.
    pub fn answered(&self, answer: Result<Reply, SendError>) -> Result<Reply, SendError> {
        // Some servers refuse our `PING`.
        let is_of_ping = |error: &Error| error.message.to_ascii_lowercase().contains("'ping'");
        if self.0.is_word(&answer) || matches!(&answer, Err(SendError::Refused(error)) if is_of_ping(error)) {
            return Err(self.lost());
        }
        answer
    }

    /// Looks at the answer to the word.
    pub fn checked(&self, check: &Result<Reply, SendError>) -> Result<(), SendError> {
        if check.is_ok() && !self.0.is_word(check) { Err(self.lost()) } else { Ok(()) }
    }

    fn lost(&self) -> SendError {
        self.0.mistrust("the reply begins like a published message and cannot be told from one")
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}
