//! Why a command got no reply, which decides whether it may be sent again.

use super::error::Error;
use fred::error::{Error as FredError, ErrorKind as FredErrorKind};

/// Why a command of a session got no reply.
pub enum SendError {
    /// It never left this process.
    NotSent,
    /// The connection ended, and the command may have been executed.
    Lost,
    /// The reply cannot be told from a published message.
    Unreadable,
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
