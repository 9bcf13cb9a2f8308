//! Waiting for a word: a key that has changed, or what somebody has sent.

use bytes::Bytes;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// One for each word that somebody waits for.
#[derive(Default)]
struct Bell {
    rung: AtomicUsize,
    notify: Notify,
    /// What was said with the word last.
    note: Mutex<Option<Bytes>>,
}

impl Bell {
    fn note(&self) -> MutexGuard<'_, Option<Bytes>> {
        // Nothing panics while it holds this lock.
        self.note.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) {
        self.rung.fetch_add(1, Ordering::Relaxed);
        self.notify.notify_waiters();
    }
}

#[derive(Default)]
pub struct Bells {
    /// By word.
    bells: Mutex<HashMap<Bytes, Arc<Bell>>>,
    /// How many they are, to be read without the lock.
    count: AtomicUsize,
}

impl Bells {
    fn bells(&self) -> MutexGuard<'_, HashMap<Bytes, Arc<Bell>>> {
        // Nothing panics while it holds this lock.
        self.bells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn watch(self: &Arc<Self>, word: &Bytes) -> Watch {
        let mut all = self.bells();
        let bell = all.entry(word.clone()).or_default().clone();
        self.count.store(all.len(), Ordering::Relaxed);
        drop(all);
        let seen = bell.rung.load(Ordering::Relaxed);
        Watch { bells: self.clone(), word: word.clone(), bell, seen }
    }

    pub fn ring(&self, word: &[u8]) {
        self.ring_with(word, None);
    }

    /// With something to be told to whoever waits for the word.
    pub fn ring_with(&self, word: &[u8], note: Option<Bytes>) {
        if self.count.load(Ordering::Relaxed) > 0
            && let Some(bell) = self.bells().get(word)
        {
            if note.is_some() {
                *bell.note() = note;
            }
            bell.ring();
        }
    }

    /// Something may have been missed.
    pub fn ring_all(&self) {
        self.bells().values().for_each(|bell| bell.ring());
    }
}

/// Waits for a word from when it was made. It is to be made before what has others say the word: a read whose changes the server tells, or an
/// entry in a queue.
pub struct Watch {
    bells: Arc<Bells>,
    word: Bytes,
    bell: Arc<Bell>,
    /// How often the bell had been rung.
    seen: usize,
}

impl Watch {
    /// Returns when the word was said, or may have been, since the watch was made or last returned. Whoever is to say it may not: of changes of
    /// a key nobody tells without a tracked read.
    pub async fn changed(&mut self) {
        loop {
            let notified = self.bell.notify.notified();
            let rung = self.bell.rung.load(Ordering::Relaxed);
            if rung != self.seen {
                self.seen = rung;
                return;
            }
            notified.await;
        }
    }

    /// What was said with the word, once.
    pub fn note(&self) -> Option<Bytes> {
        self.bell.note().take()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        /// The map's own, and ours.
        const LAST: usize = 2;

        let mut all = self.bells.bells();
        if Arc::strong_count(&self.bell) == LAST {
            all.remove(&self.word);
            self.bells.count.store(all.len(), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn is_told(watch: &mut Watch) -> bool {
        watch.changed().now_or_never().is_some()
    }

    #[test]
    fn a_change_is_told_once_to_each_who_watched_before_it() {
        let bells = Arc::new(Bells::default());
        let key = Bytes::from_static(b"k");
        bells.ring(&key);
        let (mut a, mut b) = (bells.watch(&key), bells.watch(&key));
        let mut other = bells.watch(&Bytes::from_static(b"other"));
        assert!(!is_told(&mut a));
        bells.ring(&key);
        let mut late = bells.watch(&key);
        assert!(is_told(&mut a) && is_told(&mut b) && !is_told(&mut late) && !is_told(&mut other));
        assert!(!is_told(&mut a));
        bells.ring_all();
        assert!(is_told(&mut a) && is_told(&mut late) && is_told(&mut other));
    }

    #[test]
    fn what_is_said_with_a_word_is_told_once_to_who_waits_for_it() {
        let bells = Arc::new(Bells::default());
        let (mut watch, other) = (bells.watch(&Bytes::from_static(b"k")), bells.watch(&Bytes::from_static(b"other")));
        bells.ring_with(b"k", Some(Bytes::from_static(b"note")));
        bells.ring(b"k");
        assert!(is_told(&mut watch));
        assert_eq!((watch.note(), watch.note(), other.note()), (Some(Bytes::from_static(b"note")), None, None));
    }

    #[test]
    fn nothing_is_left_of_watches_that_were_dropped() {
        let bells = Arc::new(Bells::default());
        let key = Bytes::from_static(b"k");
        let (a, b) = (bells.watch(&key), bells.watch(&key));
        drop(a);
        assert_eq!((bells.bells().len(), bells.count.load(Ordering::Relaxed)), (1, 1));
        drop(b);
        assert_eq!((bells.bells().len(), bells.count.load(Ordering::Relaxed)), (0, 0));
    }

    #[tokio::test]
    async fn who_waits_is_woken() {
        let bells = Arc::new(Bells::default());
        let mut watch = bells.watch(&Bytes::from_static(b"k"));
        let waiting = tokio::spawn(async move { watch.changed().await });
        tokio::task::yield_now().await;
        bells.ring(b"k");
        assert!(waiting.await.is_ok());
    }
}
