//! A line of calls that wait, each with its turn.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// When a call came, among all calls. It keeps its turn when it has to wait again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn(u64);

impl Turn {
    pub fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Turn(LAST.fetch_add(1, Ordering::Relaxed))
    }
}

/// Only the first in line is let through, so that one wake-up is enough for each.
#[derive(Default)]
pub struct Line {
    places: Mutex<BTreeMap<Turn, Arc<Notify>>>,
    /// How many they are, to be read without the lock.
    count: AtomicUsize,
}

/// A call's place in the line, until it is dropped.
pub struct Place<'line> {
    line: &'line Line,
    turn: Turn,
    bell: Arc<Notify>,
}

impl Line {
    fn places(&self) -> MutexGuard<'_, BTreeMap<Turn, Arc<Notify>>> {
        // Nothing panics while it holds this lock.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn is_empty(&self) -> bool {
        self.count.load(Ordering::Relaxed) == 0
    }

    /// Joins where one's turn is: behind those who came before, and before those who came later.
    pub fn join(&self, turn: Turn) -> Place<'_> {
        let bell = Arc::new(Notify::new());
        let mut places = self.places();
        places.insert(turn, bell.clone());
        self.count.store(places.len(), Ordering::Relaxed);
        Place { line: self, turn, bell }
    }

    pub fn call_first(&self) {
        if let Some((_, bell)) = self.places().first_key_value() {
            bell.notify_one();
        }
    }

    pub fn call_all(&self) {
        self.places().values().for_each(|bell| bell.notify_one());
    }
}

impl Place<'_> {
    pub fn is_first(&self) -> bool {
        self.line.places().first_key_value().is_some_and(|(turn, _)| *turn == self.turn)
    }

    /// Waits until it is called. A call that came before is not missed.
    pub async fn called(&self) {
        self.bell.notified().await;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut places = self.line.places();
        places.remove(&self.turn);
        self.line.count.store(places.len(), Ordering::Relaxed);
        drop(places);
        self.line.call_first();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn a_turn_is_kept_and_the_next_is_called_when_the_first_leaves() {
        let line = Line::default();
        let (early, late) = (Turn::next(), Turn::next());
        assert!(line.is_empty());
        let second = line.join(late);
        assert!(second.is_first());
        // It came before, and has to wait again.
        let first = line.join(early);
        assert!(first.is_first() && !second.is_first() && !line.is_empty());
        assert_eq!(second.called().now_or_never(), None);
        drop(first);
        assert!(second.is_first());
        assert_eq!(second.called().now_or_never(), Some(()));
        drop(second);
        assert!(line.is_empty());
    }

    #[test]
    fn whoever_leaves_without_having_been_let_through_holds_up_nobody() {
        let line = Line::default();
        let places: Vec<Place<'_>> = (0..3).map(|_| line.join(Turn::next())).collect();
        let [first, second, third] = <[Place<'_>; 3]>::try_from(places).ok().expect("three");
        line.call_first();
        drop(first);
        drop(second);
        assert!(third.is_first());
        assert_eq!(third.called().now_or_never(), Some(()));
    }
}
