//! Makes one client's state and events of those of its links.

use super::event::{Event, Observer};
use super::server::ServerInfo;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The links of a client, as far as its user is concerned: ready when all that are needed are.
pub struct Crowd {
    outer: Arc<dyn Observer>,
    last_id: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Links that are needed and do not stand.
    missing: HashSet<u64>,
    server: Option<ServerInfo>,
}

/// A link's way to tell the crowd.
pub struct Member {
    crowd: Arc<Crowd>,
    id: u64,
    /// Whether the client is not ready without it.
    needed: AtomicBool,
    /// It has been given up, and what it still says concerns nobody.
    gone: AtomicBool,
}

impl Crowd {
    pub fn new(outer: Arc<dyn Observer>) -> Arc<Self> {
        Arc::new(Crowd { outer, last_id: AtomicU64::new(0), state: Mutex::default() })
    }

    pub fn enter(self: &Arc<Self>, needed: bool) -> Arc<Member> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed);
        if needed {
            self.lock().missing.insert(id);
        }
        Arc::new(Member { crowd: self.clone(), id, needed: AtomicBool::new(needed), gone: AtomicBool::new(false) })
    }

    /// Whether a link that is needed does not stand.
    pub fn is_missing_some(&self) -> bool {
        !self.lock().missing.is_empty()
    }

    /// Something of the client as a whole.
    pub fn tell(&self, event: Event) {
        self.outer.observe("", event);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a link as standing; tells what the server is when that was the last one that was missing.
    fn found(&self, id: u64, server: Option<&ServerInfo>) -> Option<ServerInfo> {
        let mut state = self.lock();
        if let Some(server) = server {
            state.server = Some(server.clone());
        }
        (state.missing.remove(&id) && state.missing.is_empty()).then(|| state.server.clone())?
    }
}

impl Member {
    /// The link has been given up for good.
    pub fn leave(&self) {
        self.gone.store(true, Ordering::Relaxed);
        self.spare();
    }

    /// From now on the client is not ready without it.
    pub fn need(&self, is_standing: bool) {
        if !self.needed.swap(true, Ordering::Relaxed) && !is_standing {
            self.crowd.lock().missing.insert(self.id);
        }
    }

    /// From now on the client does without it.
    pub fn spare(&self) {
        self.needed.store(false, Ordering::Relaxed);
        if let Some(server) = self.crowd.found(self.id, None) {
            self.crowd.tell(Event::Ready(server));
        }
    }
}

impl Observer for Member {
    fn observe(&self, node: &str, event: Event) {
        if self.gone.load(Ordering::Relaxed) {
            return;
        }
        let needed = self.needed.load(Ordering::Relaxed);
        match &event {
            Event::Ready(server) => {
                if let Some(server) = self.crowd.found(self.id, Some(server)) {
                    self.crowd.outer.observe(node, Event::Ready(server));
                }
                return;
            }
            Event::Gap(_) if needed => {
                self.crowd.lock().missing.insert(self.id);
            }
            // The client has what it needs.
            Event::Reconnecting { .. } if !needed => return,
            _ => {}
        }
        self.crowd.outer.observe(node, event);
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::{Error, ErrorKind};
    use super::*;

    #[derive(Default)]
    struct Log(Mutex<Vec<String>>);

    impl Observer for Log {
        fn observe(&self, node: &str, event: Event) {
            let name = match event {
                Event::Ready(_) => "ready",
                Event::Gap(_) => "gap",
                Event::Failed(_) => "failed",
                _ => "other",
            };
            self.0.lock().unwrap().push(format!("{name} {node}"));
        }
    }

    #[test]
    fn a_client_is_ready_when_all_links_that_it_needs_are() {
        let log = Arc::new(Log::default());
        let crowd = Crowd::new(log.clone());
        let (a, b, spare) = (crowd.enter(true), crowd.enter(true), crowd.enter(false));
        let said = || std::mem::take(&mut *log.0.lock().unwrap());
        let ready = || Event::Ready(ServerInfo::default());
        a.observe("a", ready());
        spare.observe("s", ready());
        assert_eq!(said(), Vec::<String>::new());
        b.observe("b", ready());
        assert_eq!(said(), ["ready b"]);
        spare.observe("s", Event::Failed(Error::new(ErrorKind::Unavailable, "gone")));
        // Something else failed, and the connection stands.
        a.observe("a", Event::Failed(Error::new(ErrorKind::Auth, "not renewed")));
        assert!(!crowd.is_missing_some());
        b.observe("b", Event::Gap("lost"));
        assert!(crowd.is_missing_some());
        b.leave();
        assert_eq!(said(), ["failed s", "failed a", "gap b", "ready "]);
    }
}
