//! What a link tells.

use super::error::Error;
use super::server::ServerInfo;
use std::time::Duration;

/// What happens to a link.
#[derive(Clone, Debug)]
pub enum Event {
    Connecting,
    Connected { attempt: u32 },
    Ready(ServerInfo),
    Reconnecting { attempt: u32, delay: Duration },
    Failed(Error),
    Gap(&'static str),
}

/// Told of everything that happens to a link, on the I/O thread. `node` is where it leads, where that is known.
pub trait Observer: Send + Sync + 'static {
    fn observe(&self, node: &str, event: Event);
}
