//! The only place that knows fred: options, connections, the watchdog, events, replies.

mod command;
mod error;
mod gate;
mod guard;
mod handle;
mod link;
mod options;
mod redact;
mod reply;
#[cfg(test)]
mod reply_tests;
mod scan;
mod send_error;
mod server;
mod session;
mod shape;

pub use command::Command;
pub use error::{Error, ErrorKind};
pub use handle::Client;
pub use link::{Event, Observer};
pub use options::{ClientOptions, Endpoint};
pub use reply::Reply;
pub use scan::Scan;
