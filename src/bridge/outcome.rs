//! What an operation can end in, in the few shapes that cross to JavaScript.

use bytes::Bytes;

/// The result of an operation.
#[derive(Debug)]
pub enum Outcome {
    Nil,
    /// Done, with nothing to tell: JavaScript sees `undefined`.
    Done,
    Flag(bool),
    Number(f64),
    /// An integer that may not fit a double.
    Integer(i64),
    /// Bytes that are known to be UTF-8.
    Text(Bytes),
    /// A `Uint8Array`.
    Binary(Bytes),
    /// A `Buffer`.
    Buffer(Bytes),
    List(Vec<Outcome>),
    Map(Vec<(Outcome, Outcome)>),
    Failure(Box<Failure>),
}

/// The stable codes of `RedwrightError`, without their `ERR_`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    Timeout,
    Unavailable,
    Busy,
    Server,
    Auth,
    Tls,
    Protocol,
    Closed,
    Cancelled,
    Internal,
}

impl Code {
    pub fn as_str(self) -> &'static str {
        match self {
            Code::Timeout => "ERR_TIMEOUT",
            Code::Unavailable => "ERR_UNAVAILABLE",
            Code::Busy => "ERR_BUSY",
            Code::Server => "ERR_SERVER",
            Code::Auth => "ERR_AUTH",
            Code::Tls => "ERR_TLS",
            Code::Protocol => "ERR_PROTOCOL",
            Code::Closed => "ERR_CLOSED",
            Code::Cancelled => "ERR_CANCELLED",
            Code::Internal => "ERR_INTERNAL",
        }
    }
}

/// Why an operation failed. The message never holds a password or a value.
#[derive(Clone, Debug)]
pub struct Failure {
    pub code: Code,
    pub message: String,
    /// The same call may succeed later.
    pub retryable: bool,
    /// It was sent and no reply came back.
    pub maybe_executed: bool,
    /// The first word of the server's own error, or empty.
    pub server_code: String,
}

impl Failure {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let retryable = matches!(code, Code::Timeout | Code::Unavailable | Code::Busy);
        Failure { code, message: message.into(), retryable, maybe_executed: false, server_code: String::new() }
    }

    #[must_use]
    pub fn maybe_executed(mut self, sent: bool) -> Self {
        self.maybe_executed = sent;
        self
    }
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        Outcome::Failure(Box::new(failure))
    }
}

impl Outcome {
    /// Bytes as text where they are UTF-8, else as they are.
    pub fn from_bytes(bytes: Bytes) -> Self {
        if std::str::from_utf8(&bytes).is_ok() { Outcome::Text(bytes) } else { Outcome::Binary(bytes) }
    }

    /// Roughly what turning it into JavaScript values costs, in bytes.
    pub(super) fn weight(&self) -> usize {
        const ENTRY: usize = 32;
        match self {
            Outcome::Text(bytes) | Outcome::Binary(bytes) | Outcome::Buffer(bytes) => ENTRY + bytes.len(),
            Outcome::List(items) => items.iter().map(Outcome::weight).sum::<usize>() + ENTRY,
            Outcome::Map(pairs) => pairs.iter().map(|(k, v)| k.weight() + v.weight()).sum::<usize>() + ENTRY,
            _ => ENTRY,
        }
    }
}
