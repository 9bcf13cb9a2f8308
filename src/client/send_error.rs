//! Why a command got no reply, which decides whether it may be sent again.

use super::error::Error;
use fred::error::{Error as FredError, ErrorKind as FredErrorKind};

/// What is said of a reply that cannot be the command's own.
pub const MISFIT: &str = "what came is no reply to this command";

/// Why a command of a session got no reply.
pub enum SendError {
    /// It never left this process.
    NotSent,
    /// The connection ended, and the command may have been executed.
    Lost,
    /// What came is not this command's reply, or cannot be known for it.
    Unreadable(&'static str),
    /// The server refused it.
    Refused(Error),
}

impl From<&FredError> for SendError {
    fn from(error: &FredError) -> Self {
        match error.kind() {
            // fred answers so for what was still in its queue when the connection ended.
            FredErrorKind::Canceled => SendError::NotSent,
            FredErrorKind::Unknown if error.details().starts_with("Failed to send command to router") => {
                SendError::NotSent
            }
            // A reply that fred cannot turn into a value; the connection goes on.
            FredErrorKind::Protocol if error.details() == "Invalid response frame type." => {
                SendError::Unreadable(MISFIT)
            }
            FredErrorKind::InvalidArgument if !is_of_server(error.details()) => SendError::Unreadable(MISFIT),
            FredErrorKind::IO | FredErrorKind::Timeout | FredErrorKind::Protocol | FredErrorKind::Parse => {
                SendError::Lost
            }
            // One such reply ends the connection, and fred gives it to everybody who waits.
            FredErrorKind::Cluster if error.details().starts_with("CLUSTERDOWN") => SendError::Lost,
            // The router's task is gone, and the waiting end of its channel with it.
            FredErrorKind::Unknown if error.details() == "channel closed" => SendError::Lost,
            _ => SendError::Refused(Error::from_reply(error.details())),
        }
    }
}

/// fred calls so what servers refuse for its type, and what it cannot convert itself.
fn is_of_server(details: &str) -> bool {
    details.starts_with("WRONGTYPE") || details.starts_with("Invalid ")
}
