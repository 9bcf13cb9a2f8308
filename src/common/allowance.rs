//! How much memory a connection may hold before a reply comes of it.
//!
//! fred gathers a reply until it is whole, however long it says it will be, and looks through what it has from the start whenever more
//! comes. Nobody outside sees that buffer but the allocator: it tells us of large blocks, and we know whose task asked for them.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Waker};
use tokio::task::coop::{consume_budget, has_budget_remaining};
use tokio::task::{AbortHandle, Id};

/// The blocks that are counted, in bytes: from the least that fred reads into.
pub const LARGE: usize = 8 << 10;

/// What one connection may hold, in bytes. Redis allows a string of 512 MiB, and a buffer that has to hold more takes 1 GiB, because it
/// doubles.
const MOST: usize = 768 << 20;

/// After so many bytes a connection gives way, so that none holds up the thread's others for long.
const TURN: usize = 4 << 20;

/// Counts replies and, on the thread that made it, what a task holds since the last of them.
pub struct Allowance {
    task: Id,
    replies: Arc<AtomicU64>,
    spent: Arc<AtomicBool>,
}

struct Account {
    task: AbortHandle,
    replies: Arc<AtomicU64>,
    spent: Arc<AtomicBool>,
    /// How many replies there were when it was last looked at.
    seen: u64,
    held: usize,
    most: usize,
    taken: usize,
}

thread_local! {
    /// Whether this thread has accounts: asked for every large block, on every thread.
    static KEPT: Cell<bool> = const { Cell::new(false) };
    static ACCOUNTS: RefCell<Vec<Account>> = const { RefCell::new(Vec::new()) };
}

impl Allowance {
    /// Ends the task when it holds too much. To be called on the thread that runs it.
    pub fn of(task: AbortHandle) -> Self {
        Allowance::limited(task, MOST)
    }

    fn limited(task: AbortHandle, most: usize) -> Self {
        let allowance = Allowance { task: task.id(), replies: Arc::default(), spent: Arc::default() };
        let (replies, spent) = (allowance.replies.clone(), allowance.spent.clone());
        let account = Account { task, replies, spent, seen: 0, held: 0, most, taken: 0 };
        ACCOUNTS.with_borrow_mut(|accounts| {
            // Those whose allowance was dropped on another thread.
            accounts.retain(|account| !account.task.is_finished());
            accounts.push(account);
        });
        KEPT.set(true);
        allowance
    }

    /// A reply has come: what the task holds is not one that never ends.
    pub fn renew(&self) {
        self.replies.fetch_add(1, Relaxed);
    }

    /// Whether the task was ended for it.
    pub fn is_spent(&self) -> bool {
        self.spent.load(Relaxed)
    }
}

impl Drop for Allowance {
    fn drop(&mut self) {
        // Dropped on another thread it closes nothing; the next to be opened does.
        let _ = ACCOUNTS.try_with(|accounts| {
            let closed = accounts.try_borrow_mut().map(|mut accounts| {
                let at = accounts.iter().position(|account| account.task.id() == self.task);
                at.map(|at| accounts.swap_remove(at))
            });
            drop(closed);
        });
    }
}

/// A block of this thread has become larger or smaller. Called by the allocator, so it must neither panic nor take a large block.
pub fn resized(from: usize, to: usize) {
    if !KEPT.try_with(Cell::get).unwrap_or(false) {
        return;
    }
    let Some(task) = tokio::task::try_id() else { return };
    let _ = ACCOUNTS.try_with(|accounts| {
        if let Ok(mut accounts) = accounts.try_borrow_mut()
            && let Some(account) = accounts.iter_mut().find(|account| account.task.id() == task)
        {
            account.resized(from, to);
        }
    });
}

impl Account {
    fn resized(&mut self, from: usize, to: usize) {
        let replies = self.replies.load(Relaxed);
        if self.seen != replies {
            self.seen = replies;
            self.held = 0;
        }
        self.held = self.held.saturating_add(to).saturating_sub(from);
        if self.held >= self.most {
            self.spent.store(true, Relaxed);
            // The task runs at this moment, so it is only marked, and ends when it gives way.
            self.task.abort();
        }
        self.taken = self.taken.saturating_add(to.saturating_sub(from));
        if self.taken >= TURN || self.held >= self.most {
            self.taken = 0;
            give_way();
        }
    }
}

/// Lets the task that runs go on to its next read, and no further, before others have had their turn.
fn give_way() {
    /// Tokio gives a task 128; one that is not limited has no end of them.
    const TRIES: usize = 256;
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..TRIES {
        if !has_budget_remaining() {
            return;
        }
        // It is ready while there is some left.
        let _ = pin!(consume_budget()).poll(&mut context);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::task::yield_now;

    const MIB: usize = 1 << 20;

    fn on_one_thread<T>(test: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(test)
    }

    /// A task that takes a block of a MiB at a time, and the most it may.
    fn greedy(most: usize) -> (tokio::task::JoinHandle<usize>, Allowance) {
        let task = tokio::spawn(async {
            let mut blocks = Vec::new();
            for _ in 0..64 {
                blocks.push(vec![0u8; MIB]);
                tokio::task::consume_budget().await;
            }
            blocks.len()
        });
        let allowance = Allowance::limited(task.abort_handle(), most);
        (task, allowance)
    }

    #[test]
    fn a_task_that_holds_too_much_is_ended() {
        on_one_thread(async {
            let (task, allowance) = greedy(16 * MIB);
            assert!(task.await.is_err_and(|error| error.is_cancelled()));
            assert!(allowance.is_spent());
        });
    }

    #[test]
    fn one_that_answers_meanwhile_is_not() {
        on_one_thread(async {
            let (task, allowance) = greedy(16 * MIB);
            while !task.is_finished() {
                allowance.renew();
                yield_now().await;
            }
            assert_eq!(task.await.ok(), Some(64));
            assert!(!allowance.is_spent());
        });
    }

    #[test]
    fn what_is_given_back_does_not_count_and_neither_do_others() {
        on_one_thread(async {
            let task = tokio::spawn(async {
                for _ in 0..64 {
                    drop(std::hint::black_box(vec![0u8; MIB]));
                    tokio::task::consume_budget().await;
                }
            });
            let allowance = Allowance::limited(task.abort_handle(), 16 * MIB);
            let mine: Vec<_> = (0..64).map(|_| vec![0u8; MIB]).collect();
            assert!(tokio::time::timeout(Duration::from_secs(30), task).await.is_ok_and(|ended| ended.is_ok()));
            assert!(!allowance.is_spent());
            drop(mine);
        });
    }

    #[test]
    fn a_task_gives_way_when_it_has_taken_a_lot() {
        on_one_thread(async {
            let (task, _allowance) = greedy(usize::MAX);
            yield_now().await;
            // Without giving way it would do all its 64 steps in one turn, which 128 are allowed for.
            assert!(!task.is_finished());
            assert_eq!(task.await.ok(), Some(64));
        });
    }

    #[test]
    fn an_account_is_closed_with_its_allowance() {
        on_one_thread(async {
            let (task, allowance) = greedy(16 * MIB);
            drop(allowance);
            assert_eq!(task.await.ok(), Some(64));
        });
    }
}
