//! Keeps what is held, off the event loop: a process that computes does not lose its locks, and one that is stuck does not keep them for ever.

use super::held::{Due, Held};
use super::renew::renew;
use super::table::kept;
use crate::bridge::Port;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::time::sleep;

static WOKEN: Notify = Notify::const_new();
/// When the watch looks next, while somebody is on watch.
static NEXT: Mutex<Option<Instant>> = Mutex::new(None);

fn next() -> MutexGuard<'static, Option<Instant>> {
    NEXT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has it looked at when that is due, where it is kept. I/O thread only.
pub fn watch(held: &Held) {
    let Some(at) = held.next() else { return };
    let mut next = next();
    match *next {
        Some(known) if known <= at => {}
        Some(_) => {
            *next = Some(at);
            WOKEN.notify_one();
        }
        None => {
            *next = Some(at);
            tokio::spawn(keep_watch());
        }
    }
}

/// Says that nobody is on watch, however the watch ends.
struct OnWatch;

impl Drop for OnWatch {
    fn drop(&mut self) {
        *next() = None;
    }
}

/// One for all locks of the process. Ends when there is none to keep.
async fn keep_watch() {
    let _on_watch = OnWatch;
    loop {
        let Some(at) = *next() else { return };
        tokio::select! {
            () = sleep(at.saturating_duration_since(Instant::now())) => {}
            // It may be sooner.
            () = WOKEN.notified() => continue,
        }
        let Some(at) = look(Instant::now()) else { return };
        *next() = Some(at);
    }
}

/// Begins what is due, and tells when to look again.
fn look(now: Instant) -> Option<Instant> {
    let mut next: Option<Instant> = None;
    let mut stuck: HashMap<*const Port, Duration> = HashMap::new();
    for held in kept() {
        let port = &held.desk.port;
        let at = match held.due(now) {
            Due::Done => continue,
            Due::Wait(at) => at,
            Due::Renew(ttl) => {
                let span = *stuck.entry(Arc::as_ptr(port)).or_insert_with(|| stuck_for(port));
                if span >= held.desk.stall {
                    held.put_off(now);
                    match held.due(now) {
                        Due::Wait(at) => at,
                        _ => continue,
                    }
                } else {
                    begin(held, ttl);
                    now + ttl / 3
                }
            }
        };
        next = Some(next.map_or(at, |next| next.min(at)));
    }
    next
}

/// How long an environment has not come, for ever where it has ended. It is asked to come, so that this is known the next time.
fn stuck_for(port: &Arc<Port>) -> Duration {
    if port.is_closed() {
        return Duration::MAX;
    }
    let span = port.stuck_for().unwrap_or_default();
    port.beckon();
    span
}

fn begin(held: Arc<Held>, ttl: Duration) {
    tokio::spawn(async move {
        // So that another try follows while there is time.
        let limit = (ttl / 4).min(held.desk.each);
        // What becomes of it is noted, and tried again soon where that is not known.
        let _ = renew(&held, ttl, limit).await;
    });
}
