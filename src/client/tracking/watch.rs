//! Waiting for a change of a key.

use bytes::Bytes;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// One for each key that somebody watches.
#[derive(Default)]
struct Bell {
    rung: AtomicUsize,
    notify: Notify,
}

impl Bell {
    fn ring(&self) {
        self.rung.fetch_add(1, Ordering::Relaxed);
        self.notify.notify_waiters();
    }
}

#[derive(Default)]
pub struct Bells {
    bells: Mutex<HashMap<Bytes, Arc<Bell>>>,
    /// How many they are, to be read without the lock.
    count: AtomicUsize,
}

impl Bells {
    fn bells(&self) -> MutexGuard<'_, HashMap<Bytes, Arc<Bell>>> {
        // Nothing panics while it holds this lock.
        self.bells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn ring(&self, key: &[u8]) {
        if self.count.load(Ordering::Relaxed) > 0
            && let Some(bell) = self.bells().get(key)
        {
            bell.ring();
        }
    }

    pub fn ring_all(&self) {
        self.bells().values().for_each(|bell| bell.ring());
    }
}

/// Waits for changes of a key from when it was made. It is to be made before the read that has the server tell of them.
pub struct Watch {
    bells: Arc<Bells>,
    key: Bytes,
    bell: Arc<Bell>,
    /// What has been told of.
    seen: usize,
}

impl Watch {
    pub(super) fn new(bells: &Arc<Bells>, key: &Bytes) -> Self {
        let mut all = bells.bells();
        let bell = all.entry(key.clone()).or_default().clone();
        bells.count.store(all.len(), Ordering::Relaxed);
        drop(all);
        let seen = bell.rung.load(Ordering::Relaxed);
        Watch { bells: bells.clone(), key: key.clone(), bell, seen }
    }

    /// Returns when the key has changed, or may have, since the watch was made or last returned. Without a tracked read nobody may tell.
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
}

impl Drop for Watch {
    fn drop(&mut self) {
        /// The map's own, and ours.
        const LAST: usize = 2;

        let mut all = self.bells.bells();
        if Arc::strong_count(&self.bell) == LAST {
            all.remove(&self.key);
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
        let (mut a, mut b) = (Watch::new(&bells, &key), Watch::new(&bells, &key));
        let mut other = Watch::new(&bells, &Bytes::from_static(b"other"));
        assert!(!is_told(&mut a));
        bells.ring(&key);
        let mut late = Watch::new(&bells, &key);
        assert!(is_told(&mut a) && is_told(&mut b) && !is_told(&mut late) && !is_told(&mut other));
        assert!(!is_told(&mut a));
        bells.ring_all();
        assert!(is_told(&mut a) && is_told(&mut late) && is_told(&mut other));
    }

    #[test]
    fn nothing_is_left_of_watches_that_were_dropped() {
        let bells = Arc::new(Bells::default());
        let key = Bytes::from_static(b"k");
        let (a, b) = (Watch::new(&bells, &key), Watch::new(&bells, &key));
        drop(a);
        assert_eq!((bells.bells().len(), bells.count.load(Ordering::Relaxed)), (1, 1));
        drop(b);
        assert_eq!((bells.bells().len(), bells.count.load(Ordering::Relaxed)), (0, 0));
    }

    #[tokio::test]
    async fn who_waits_is_woken() {
        let bells = Arc::new(Bells::default());
        let mut watch = Watch::new(&bells, &Bytes::from_static(b"k"));
        let waiting = tokio::spawn(async move { watch.changed().await });
        tokio::task::yield_now().await;
        bells.ring(b"k");
        assert!(waiting.await.is_ok());
    }
}
