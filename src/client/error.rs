//! What can go wrong between here and the server.

use super::redact::{hide, plain, redact};
use super::tls_error;
use bytes::Bytes;
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
    /// The two ends cannot agree on an encrypted connection.
    Tls,
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
    server_code: String,
}

/// How an operating system says that the peer has closed the connection.
const CLOSED: [&str; 4] =
    ["kind: ConnectionReset", "kind: ConnectionAborted", "kind: BrokenPipe", "kind: UnexpectedEof"];

const HUNG_UP: &str = "the connection was closed during the handshake";

/// What a command was refused for within a script. Redis 6.2 puts it behind the place in the script, where later ones begin with it.
fn within_script(text: &str) -> &str {
    if !text.starts_with("ERR Error running script") {
        return text;
    }
    match text.rsplit_once(": -") {
        Some((_, refusal)) if is_code(refusal.split(' ').next().unwrap_or_default()) => refusal,
        _ => text,
    }
}

impl Error {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error { kind, message: message.into(), server_code: String::new() }
    }

    pub(super) fn not_redis() -> Self {
        Error::new(ErrorKind::Protocol, "what answers there does not speak the Redis protocol")
    }

    pub(super) fn hung_up() -> Self {
        Error::new(ErrorKind::Unavailable, HUNG_UP)
    }

    pub(super) fn is_hang_up(&self) -> bool {
        self.message == HUNG_UP
    }

    pub(super) fn closed() -> Self {
        Error::new(ErrorKind::Closed, "the client was closed")
    }

    pub(super) fn lost() -> Self {
        Error::new(ErrorKind::Unavailable, "the connection was lost before the reply came")
    }

    /// None stood in time, and why, where that is known.
    pub(super) fn no_connection(why: Option<Error>) -> Self {
        let why = why.map(|error| format!(": {error}")).unwrap_or_default();
        Error::new(ErrorKind::Unavailable, format!("no connection in time{why}"))
    }

    pub(super) fn no_answer() -> Self {
        Error::new(ErrorKind::Timeout, "nothing answers in time")
    }

    /// An error reply. Redis ends some of them with the arguments that it was sent, which may be values: they are cut.
    pub fn from_reply(text: &str) -> Self {
        const ECHO: &str = ", with args beginning with";
        let text = within_script(text);
        let message = plain(text.find(ECHO).map_or(text, |end| &text[..end]));
        let code = text.split(' ').next().filter(|word| is_code(word)).unwrap_or_default();
        let kind = if matches!(code, "NOAUTH" | "WRONGPASS") { ErrorKind::Auth } else { ErrorKind::Server };
        Error { server_code: code.to_owned(), ..Error::new(kind, message) }
    }

    /// The first word of the server's error, where it is one of its codes.
    pub fn server_code(&self) -> &str {
        &self.server_code
    }

    /// Takes out what the server quotes of a command's arguments, which may be keys and values.
    #[must_use]
    pub(super) fn without(mut self, args: &[Bytes]) -> Self {
        self.message = redact(&self.message, args);
        self
    }

    /// Says what to do, where that is not plain.
    #[must_use]
    pub(super) fn explained(mut self) -> Self {
        if self.is_redirection() {
            self.message +=
                " (the server is a node of a cluster: connect with redis+cluster:// or the option `cluster`)";
        }
        self
    }

    /// Takes out the password, which some servers repeat.
    #[must_use]
    pub(super) fn without_password(mut self, password: Option<&str>) -> Self {
        self.message = hide(&self.message, password.unwrap_or_default());
        self
    }

    /// Says where, and takes out the password.
    #[must_use]
    pub(super) fn at(self, place: &str, password: Option<&str>) -> Self {
        let mut error = self.without_password(password);
        if !place.is_empty() {
            error.message = format!("{place}: {}", error.message);
        }
        error
    }

    /// Whether the server refused the command for a state that passes, without executing it.
    pub fn is_passing(&self) -> bool {
        matches!(self.server_code(), "LOADING" | "READONLY" | "MASTERDOWN" | "TRYAGAIN" | "CLUSTERDOWN")
    }

    /// Whether the server refuses whatever it is asked.
    pub(super) fn is_of_all_commands(&self) -> bool {
        matches!(self.server_code(), "LOADING" | "MASTERDOWN" | "CLUSTERDOWN")
    }

    /// Whether a node of a cluster says that the command belongs to another.
    pub(super) fn is_redirection(&self) -> bool {
        matches!(self.server_code(), "MOVED" | "ASK")
    }

    /// Whether trying to connect again is unlikely to help until somebody mends something.
    pub fn is_lasting(&self) -> bool {
        matches!(self.kind, ErrorKind::Auth | ErrorKind::Tls | ErrorKind::Protocol)
    }

    /// What fred says of a failed attempt to connect.
    pub(super) fn from_connect(error: &fred_error::Error) -> Self {
        use fred_error::ErrorKind as Fred;
        let details = error.details();
        if let Some(error) = tls_error::from_details(details) {
            return error;
        }
        match error.kind() {
            Fred::Tls => {
                Error::new(ErrorKind::Tls, "the server's certificate cannot be for this name: it is no name of a host")
            }
            // What fred says when the peer hangs up instead of answering `AUTH`.
            Fred::Protocol if details == "Expected string." => Error::hung_up(),
            Fred::IO if CLOSED.iter().any(|kind| details.contains(kind)) => Error::hung_up(),
            Fred::Protocol | Fred::Parse => Error::not_redis(),
            Fred::Timeout => Error::no_answer(),
            Fred::Auth | Fred::Cluster | Fred::InvalidArgument => Error::from_reply(details),
            Fred::Unknown if details.split(' ').next().is_some_and(is_code) => Error::from_reply(details),
            _ => Error::new(ErrorKind::Unavailable, plain(plain_io(details))),
        }
    }
}

fn is_code(word: &str) -> bool {
    (2..=32).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_uppercase())
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
    fn what_a_script_was_refused_for_is_found_in_the_words_of_redis_6() {
        let old = "ERR Error running script (call to f_00): @user_script:7: @user_script: 7: -READONLY You can't write against a read only replica.";
        let error = Error::from_reply(old);
        assert_eq!(error.server_code(), "READONLY");
        assert!(error.message.starts_with("READONLY You can't"));
        let own =
            Error::from_reply("ERR Error running script (call to f_00): @user_script:7: attempt to call a nil value");
        assert_eq!(own.server_code(), "ERR");
    }

    #[test]
    fn a_code_is_a_word_of_capitals() {
        assert_eq!(Error::from_reply("WRONGTYPE Operation against a key").server_code(), "WRONGTYPE");
        assert_eq!(Error::from_reply("something else").server_code(), "");
        assert_eq!(Error::new(ErrorKind::Unavailable, "ERR not a reply").server_code(), "");
    }

    #[test]
    fn what_the_server_quotes_of_the_arguments_is_taken_out() {
        let args = ["long-secret", "group"].map(Bytes::from);
        let error = Error::from_reply("NOGROUP No such key 'long-sec' or consumer group 'group' in 'XREADGROUP'");
        assert_eq!(error.without(&args).message, "NOGROUP No such key '…' or consumer group '…' in 'XREADGROUP'");
        let error = Error::from_reply("ERR you can't use 'group'").without(&args);
        assert_eq!((error.message.as_str(), error.server_code()), ("ERR you can't use '…'", "ERR"));
    }

    #[test]
    fn an_error_says_where_and_hides_the_password() {
        let error = Error::from_reply("ERR unknown command 'HELLO 3 AUTH default pw'").at("host:1", Some("pw"));
        assert_eq!(error.message, "host:1: ERR unknown command 'HELLO 3 AUTH default …'");
        assert_eq!(error.server_code(), "ERR");
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
