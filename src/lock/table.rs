//! All that this process holds.

use super::desk::Desk;
use super::held::Held;
use super::watchdog;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

type All = HashMap<u64, Arc<Held>>;

#[derive(Default)]
struct Table {
    all: All,
    /// Those of them that the watchdog keeps.
    kept: All,
    /// How many there may be until those are looked for that nobody has released.
    most: usize,
}

fn table() -> MutexGuard<'static, Table> {
    static TABLE: LazyLock<Mutex<Table>> = LazyLock::new(Mutex::default);
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Enters what was just acquired. I/O thread only.
pub fn enter(held: Held) -> Arc<Held> {
    let held = Arc::new(held);
    let mut table = table();
    table.all.insert(held.id, held.clone());
    if held.is_kept() {
        table.kept.insert(held.id, held.clone());
    }
    if table.all.len() > table.most {
        let now = Instant::now();
        table.all.retain(|_, held| !held.is_forgotten(now));
        table.kept.retain(|_, held| !held.is_forgotten(now));
        table.most = 2 * table.all.len().max(512);
    }
    drop(table);
    watchdog::watch(&held);
    held
}

pub fn find(id: u64) -> Option<Arc<Held>> {
    table().all.get(&id).cloned()
}

/// Takes it out, to be given back.
pub fn remove(id: u64) -> Option<Arc<Held>> {
    let mut table = table();
    table.kept.remove(&id);
    let held = table.all.remove(&id);
    drop(table);
    held.inspect(|held| held.end())
}

/// How many of a desk are held.
pub fn count(desk: &Arc<Desk>) -> u32 {
    let table = table();
    table.all.values().filter(|held| Arc::ptr_eq(&held.desk, desk) && held.is_valid()).count() as u32
}

/// Those that the watchdog keeps.
pub fn kept() -> Vec<Arc<Held>> {
    table().kept.values().cloned().collect()
}
