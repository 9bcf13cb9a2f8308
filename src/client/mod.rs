//! The only place that knows fred: options, topologies, connections, the watchdog, events, replies.

mod checkup;
mod cluster;
mod cluster_replies;
mod command;
mod crowd;
mod error;
mod gate;
mod guard;
mod handle;
mod link;
mod multi;
mod node;
mod options;
mod redact;
mod reply;
#[cfg(test)]
mod reply_tests;
mod route;
mod routing;
mod scan;
mod script;
mod send_error;
mod sentinels;
mod server;
mod session;
mod shape;
mod slot_map;
mod slots;
mod survey;
mod target;
mod way;

pub use checkup::Checkup;
pub use command::Command;
pub use error::{Error, ErrorKind};
pub use handle::Client;
pub use link::{Event, Observer};
pub use node::NodeInfo;
pub use options::{Address, ClientOptions, Endpoint, ScaleReads, Topology};
pub use reply::Reply;
pub use scan::Scan;
pub use script::Script;
