//! A command to the server, as patterns write it.

use bytes::Bytes;
use fred::bytes_utils::Str;
use fred::types::{ClusterHash, CustomCommand, Value};

/// A command with its arguments.
#[derive(Clone, Debug)]
pub struct Command {
    pub(super) name: Str,
    pub(super) args: Vec<Value>,
    /// Sending it twice does what sending it once does, so it may be sent again when the link is lost on the way.
    pub(super) idempotent: bool,
}

impl Command {
    pub fn new(name: &'static str) -> Self {
        Command { name: Str::from_static(name), args: Vec::with_capacity(4), idempotent: false }
    }

    pub fn named(name: String) -> Self {
        Command { name: name.into(), args: Vec::new(), idempotent: false }
    }

    /// A read, or anything else that may be sent again.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    #[must_use]
    pub fn arg(mut self, arg: Bytes) -> Self {
        self.args.push(Value::Bytes(arg));
        self
    }

    #[must_use]
    pub fn word(self, word: &'static str) -> Self {
        self.arg(Bytes::from_static(word.as_bytes()))
    }

    #[must_use]
    pub fn number(self, number: u64) -> Self {
        self.arg(number.to_string().into())
    }

    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = Bytes>) -> Self {
        self.args.extend(args.into_iter().map(Value::Bytes));
        self
    }

    pub(super) fn kind(&self) -> CustomCommand {
        CustomCommand::new(self.name.clone(), ClusterHash::FirstKey, false)
    }
}
