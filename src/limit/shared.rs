//! What all limiters of a process share that count the same keys on the same server.

use super::keys::{Keys, KeysOf};
use super::local::{Clock, Local, local_now};
use super::reconcile::Debt;
use super::refused::Refused;
use crate::common::Words;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

/// By the server and the prefix: those that a limiter has, and those that owe something, until another limiter pays it.
type All = HashMap<(String, String), Arc<Shared>>;

fn all() -> MutexGuard<'static, All> {
    static ALL: LazyLock<Mutex<All>> = LazyLock::new(Mutex::default);
    lock(&ALL)
}

/// What the place of a word stands for in a mark, above the word itself.
const SLOT: f64 = (1u64 << 32) as f64;

pub struct Shared {
    pub keys: Keys,
    refused: Mutex<Refused>,
    local: Mutex<Local>,
    pub debt: Debt,
    clock: Mutex<Clock>,
}

/// The generations of keys that are refused from memory, of all limiters: a thread of JavaScript remembers a refusal for as long as the word of
/// its key stays.
pub static WORDS: LazyLock<Arc<Words>> = LazyLock::new(Arc::default);

impl Shared {
    /// `realm` names the server.
    pub fn of(realm: &str, prefix: &str) -> Arc<Shared> {
        let mut all = all();
        all.retain(|_, shared| Arc::strong_count(shared) > 1 || shared.owes_still());
        let name = (realm.to_owned(), prefix.to_owned());
        let new = || {
            let (refused, local, debt, clock) = Default::default();
            Arc::new(Shared { keys: Keys::new(prefix), refused, local, debt, clock })
        };
        all.entry(name).or_insert_with(new).clone()
    }

    /// A limiter, which has it still, lets go of it. A worker that ends leaves what it owes to the other threads.
    pub fn leave(self: &Arc<Self>) {
        let mut all = all();
        let is_last = Arc::strong_count(self) <= 2;
        if is_last && !self.owes_still() {
            all.retain(|_, shared| !Arc::ptr_eq(shared, self));
        }
    }

    fn owes_still(&self) -> bool {
        self.locally(|local, now| local.owes_at(now))
    }

    pub fn refused(&self) -> MutexGuard<'_, Refused> {
        lock(&self.refused)
    }

    /// Does something with what is known without the server. It is told the time of the local clock.
    pub fn locally<T>(&self, act: impl FnOnce(&mut Local, u64) -> T) -> T {
        let mut local = lock(&self.local);
        // Under the lock, so that no time is before one that was told.
        let done = act(&mut local, local_now());
        self.debt.note(local.owes());
        done
    }

    pub fn clock(&self) -> MutexGuard<'_, Clock> {
        lock(&self.clock)
    }

    /// Whoever knows a key to be refused has to ask again.
    pub fn free(&self, keys: &KeysOf) {
        let block = keys.block();
        // In this order: who learns of a refusal looks at the word while it holds the lock, and is either too late or forgotten.
        WORDS.bump(&block);
        self.refused().forget(&block);
    }
}

/// Whether the generation of a mark is the present one.
pub fn is_current(mark: f64) -> bool {
    mark_at((mark / SLOT) as u32) == mark
}

/// Where a word is, and its generation, as one number that crosses.
pub fn mark_at(slot: u32) -> f64 {
    f64::from(slot) * SLOT + f64::from(WORDS.get(slot))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while it holds one of these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::plan::policies;

    fn is_kept(shared: &Arc<Shared>) -> bool {
        all().values().any(|other| Arc::ptr_eq(other, shared))
    }

    #[test]
    fn who_lets_go_leaves_what_is_owed() {
        let named = policies(&[1.0, 0.0, 10.0, 60_000.0, 1.0], "f:60000").expect("sound");
        let shared = Shared::of("server", "leaves");
        shared.locally(|local, now| local.apply("a", &named, 3, 1, now));
        shared.leave();
        assert!(is_kept(&shared));
        drop(shared);
        let shared = Shared::of("server", "leaves");
        assert_eq!(shared.locally(|local, now| local.take_owed(1, now))[0].units, 3);
        shared.leave();
        assert!(!is_kept(&shared));
    }

    #[test]
    fn a_mark_is_current_until_the_key_is_set_free() {
        let shared = Shared::of("server", "marks");
        let keys = shared.keys.of("a");
        let mark_of = |key: &[u8]| mark_at(Words::slot_of(key));
        let mark = mark_of(&keys.block());
        assert!(is_current(mark));
        shared.free(&keys);
        assert!(!is_current(mark));
        assert!(is_current(mark_of(&keys.block())));
    }
}
