//! What can go wrong between here and the server.

use fred::error as fred_error;
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// There is no connection, or it was lost before the reply came.
    Unavailable,
    /// A connection could not be made in time.
    Timeout,
    /// The server answered with an error.
    Server,
    /// The server refused the credentials, or wants some.
    Auth,
    /// The peer does not speak the protocol.
    Protocol,
    /// The client was closed.
    Closed,
}

/// An error with a message that holds neither a password nor a value.
#[derive(Clone, Debug)]
pub struct Error {
    pub kind: ErrorKind,
    pub message: String,
}

impl Error {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error { kind, message: message.into() }
    }

    /// An error reply. Redis ends some of them with the arguments that it was sent, which may be values: they are cut.
    pub fn from_reply(text: &str) -> Self {
        const ECHO: &str = ", with args beginning with";
        let message = text.find(ECHO).map_or(text, |end| &text[..end]);
        let kind = match text.split(' ').next() {
            Some("NOAUTH" | "WRONGPASS") => ErrorKind::Auth,
            _ if text.contains("without any password configured") => ErrorKind::Auth,
            _ => ErrorKind::Server,
        };
        Error::new(kind, message)
    }

    /// The first word of the server's error, where it is one of its codes.
    pub fn server_code(&self) -> &str {
        let word = self.message.split(' ').next().unwrap_or_default();
        let is_code = word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_uppercase());
        if is_code && matches!(self.kind, ErrorKind::Server | ErrorKind::Auth) { word } else { "" }
    }

    /// Whether the server refused the command for a state that passes, without executing it.
    pub fn is_passing(&self) -> bool {
        matches!(self.server_code(), "LOADING" | "READONLY" | "MASTERDOWN" | "TRYAGAIN" | "CLUSTERDOWN")
    }

    /// Whether trying to connect again is unlikely to help until somebody mends something.
    pub fn is_lasting(&self) -> bool {
        matches!(self.kind, ErrorKind::Auth | ErrorKind::Protocol)
    }

    /// What fred says of a failed attempt to connect.
    pub(super) fn from_connect(error: &fred_error::Error) -> Self {
        use fred_error::ErrorKind as Fred;
        let details = error.details();
        match error.kind() {
            Fred::Auth => Error::new(ErrorKind::Auth, details),
            Fred::Protocol | Fred::Parse => {
                Error::new(ErrorKind::Protocol, "what answers at this address does not speak the Redis protocol")
            }
            Fred::Timeout => Error::new(ErrorKind::Timeout, "the server accepts connections and does not answer"),
            Fred::IO | Fred::Canceled | Fred::Routing => Error::new(ErrorKind::Unavailable, plain_io(details)),
            _ => Error::from_reply(details),
        }
    }
}

/// `Os { code: 111, kind: ConnectionRefused, message: "Connection refused" }` as `Connection refused`.
fn plain_io(details: &str) -> &str {
    const MESSAGE: &str = "message: \"";
    let plain = details.find(MESSAGE).map(|start| &details[start + MESSAGE.len()..]);
    plain.and_then(|rest| rest.split('"').next()).unwrap_or(details)
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reply_is_cut_before_the_arguments_it_echoes() {
        let error = Error::from_reply("ERR unknown command 'FOO', with args beginning with: 'secret' ");
        assert_eq!(error.message, "ERR unknown command 'FOO'");
        assert_eq!(error.server_code(), "ERR");
    }

    #[test]
    fn a_code_is_a_word_of_capitals() {
        assert_eq!(Error::from_reply("WRONGTYPE Operation against a key").server_code(), "WRONGTYPE");
        assert_eq!(Error::from_reply("something else").server_code(), "");
        assert_eq!(Error::new(ErrorKind::Unavailable, "ERR not a reply").server_code(), "");
    }

    #[test]
    fn an_operating_system_error_reads_like_one() {
        assert_eq!(
            plain_io("Os { code: 111, kind: ConnectionRefused, message: \"Connection refused\" }"),
            "Connection refused"
        );
        assert_eq!(plain_io("Connection closed."), "Connection closed.");
    }
}
