//! Which server stands behind `embedded://`: one for the whole process, whichever of its threads asks first.

use std::sync::Arc;

use super::process::Process;

/// Names one attempt to start the shared server, so that a late clean-up cannot undo somebody else's.
pub type Claim = u32;

#[derive(Default)]
pub struct Shared {
    last: Claim,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Absent,
    Starting(Claim),
    Ready(Claim, String, Life),
}

/// What a published server lives as long as.
pub enum Life {
    /// Its own process.
    Process(Arc<Process>),
    /// The thread that published it.
    Thread,
}

impl Shared {
    /// Where the server is. A server that has ended is forgotten.
    pub fn url(&mut self) -> Option<&str> {
        if let State::Ready(_, _, Life::Process(process)) = &self.state
            && process.ended().is_some()
        {
            self.state = State::Absent;
        }
        match &self.state {
            State::Ready(_, url, _) => Some(url),
            _ => None,
        }
    }

    /// The right and the duty to start the server; `None` while another has it, or when there is nothing to start.
    pub fn claim(&mut self) -> Option<Claim> {
        if !matches!(self.state, State::Absent) {
            return None;
        }
        self.last = self.last.wrapping_add(1);
        self.state = State::Starting(self.last);
        Some(self.last)
    }

    /// Fulfils the claim that is open.
    pub fn publish(&mut self, url: String, life: Life) {
        if let State::Starting(claim) = self.state {
            self.state = State::Ready(claim, url, life);
        }
    }

    /// Gives up the claim that is open.
    pub fn abandon(&mut self) {
        if let State::Starting(_) = self.state {
            self.state = State::Absent;
        }
    }

    /// The thread that held this claim has ended, and all that lived by it.
    pub fn thread_ended(&mut self, ended: Claim) {
        match self.state {
            State::Starting(claim) | State::Ready(claim, _, Life::Thread) if claim == ended => {
                self.state = State::Absent;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_starts_and_the_others_find_it() {
        let mut shared = Shared::default();
        assert_eq!(shared.url(), None);
        assert!(shared.claim().is_some());
        assert_eq!(shared.claim(), None);
        assert_eq!(shared.url(), None);
        shared.publish("redis://x".into(), Life::Thread);
        assert_eq!(shared.claim(), None);
        assert_eq!(shared.url(), Some("redis://x"));
    }

    #[test]
    fn a_failed_start_leaves_the_next_one_free_to_try() {
        let mut shared = Shared::default();
        assert!(shared.claim().is_some());
        shared.abandon();
        assert!(shared.claim().is_some());
    }

    #[test]
    fn a_thread_takes_only_what_lives_by_it_along() {
        let mut shared = Shared::default();
        let first = shared.claim().unwrap();
        shared.thread_ended(first);
        let second = shared.claim().unwrap();
        shared.thread_ended(first);
        assert_eq!(shared.claim(), None);
        shared.publish("redis://x".into(), Life::Thread);
        shared.thread_ended(first);
        assert_eq!(shared.url(), Some("redis://x"));
        shared.thread_ended(second);
        assert_eq!(shared.url(), None);
    }
}
