//! The only place that knows fred: options, connections, the watchdog, events, replies.

mod command;
mod credentials;
mod error;
mod gate;
mod guard;
mod handle;
mod link;
mod options;
mod renewal;
mod reply;
mod scan;
mod send_error;
mod server;
mod session;
mod tls;
mod tls_error;
mod tls_probe;

pub use command::Command;
pub use credentials::{Credentials, Identity, Patience};
pub use error::{Error, ErrorKind};
pub use handle::Client;
pub use link::{Event, Observer};
pub use options::{ClientOptions, Endpoint};
pub use reply::Reply;
pub use scan::Scan;
pub use tls::{ClientCertificate, Tls};
