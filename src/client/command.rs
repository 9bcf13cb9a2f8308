//! A command to the server, as patterns write it.

use super::error::Error;
use bytes::Bytes;
use fred::bytes_utils::Str;

/// Which command.
///
/// The common ones have a name of their own here because fred knows them and lets many leave in one write; behind every command
/// that it does not know, and behind every script, it flushes the socket.
#[derive(Clone, Debug)]
pub(super) enum Verb {
    Get,
    MGet,
    HMGet,
    Set { px: Option<u64> },
    Exists,
    Unlink,
    Pttl,
    GetRange { first: usize, last: usize },
    Incr,
    Other(Str),
}

/// A command with its arguments.
#[derive(Clone, Debug)]
pub struct Command {
    pub(super) verb: Verb,
    pub(super) args: Vec<Bytes>,
    /// Sending it twice does what sending it once does, so it may be sent again when the link is lost on the way.
    pub(super) idempotent: bool,
    /// The reply may be a short list of any strings, which fred could take for a published message.
    pub(super) guarded: bool,
    /// The reply is neither a list nor a map.
    pub(super) scalar: bool,
    /// An error reply may come after a part of it was executed.
    pub(super) partial: bool,
    /// One command for each of its keys does the same.
    pub(super) divisible: bool,
}

/// Commands whose reply is never a list of strings, so that none of the users' own needs a guard.
const SINGLE: [&str; 46] = [
    "APPEND",
    "DBSIZE",
    "DECR",
    "DECRBY",
    "DEL",
    "ECHO",
    "EXPIRE",
    "EXPIREAT",
    "GETDEL",
    "GETEX",
    "GETRANGE",
    "GETSET",
    "HDEL",
    "HEXISTS",
    "HGET",
    "HINCRBY",
    "HLEN",
    "HSET",
    "HSETNX",
    "INCRBY",
    "INCRBYFLOAT",
    "INFO",
    "LINDEX",
    "LLEN",
    "LPUSH",
    "LSET",
    "PERSIST",
    "PEXPIRE",
    "PING",
    "PUBLISH",
    "RPUSH",
    "SADD",
    "SCARD",
    "SET",
    "SETEX",
    "SISMEMBER",
    "SREM",
    "STRLEN",
    "TTL",
    "TYPE",
    "XADD",
    "XLEN",
    "ZADD",
    "ZCARD",
    "ZREM",
    "ZSCORE",
];

/// Scripts can write and then answer with any error.
const SCRIPTS: [&str; 6] = ["EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO"];

pub(super) fn is_script(name: &str) -> bool {
    SCRIPTS.iter().any(|known| name.eq_ignore_ascii_case(known))
}

impl Command {
    fn known(verb: Verb, args: Vec<Bytes>, idempotent: bool) -> Self {
        let (guarded, scalar, partial, divisible) = (false, false, false, false);
        Command { verb, args, idempotent, guarded, scalar, partial, divisible }
    }

    fn of_keys(verb: Verb, keys: impl IntoIterator<Item = Bytes>, idempotent: bool) -> Self {
        Command::known(verb, keys.into_iter().collect(), idempotent)
    }

    pub fn get(key: Bytes) -> Self {
        Command::of_keys(Verb::Get, [key], true)
    }

    pub fn mget(keys: Vec<Bytes>) -> Self {
        Command { divisible: true, ..Command::known(Verb::MGet, keys, true) }
    }

    /// `px`: the life in milliseconds, none for no end.
    pub fn set(key: Bytes, value: Bytes, px: Option<u64>) -> Self {
        Command::of_keys(Verb::Set { px }, [key, value], false)
    }

    pub fn exists(key: Bytes) -> Self {
        Command::of_keys(Verb::Exists, [key], true)
    }

    /// How many of the keys are there; one that comes twice counts twice.
    pub fn count(keys: Vec<Bytes>) -> Self {
        Command { divisible: true, ..Command::known(Verb::Exists, keys, true) }
    }

    pub fn unlink(keys: Vec<Bytes>) -> Self {
        Command { divisible: true, ..Command::known(Verb::Unlink, keys, false) }
    }

    pub fn pttl(key: Bytes) -> Self {
        Command::of_keys(Verb::Pttl, [key], true)
    }

    /// Fields of a hash: six or more, since a shorter list could look like a published message (see `guard`).
    pub fn hmget(key: Bytes, fields: &[&'static str]) -> Self {
        let fields = fields.iter().map(|field| Bytes::from_static(field.as_bytes()));
        Command::of_keys(Verb::HMGet, std::iter::once(key).chain(fields), true)
    }

    /// The bytes from `first` to `last`, both included.
    pub fn get_range(key: Bytes, first: usize, last: usize) -> Self {
        Command::of_keys(Verb::GetRange { first, last }, [key], true)
    }

    pub fn ping() -> Self {
        Command::new("PING").idempotent()
    }

    pub fn new(name: &'static str) -> Self {
        Command::known(Verb::Other(Str::from_static(name)), Vec::with_capacity(4), false)
    }

    /// `guarded`: nothing is known of the reply, nor of what was done before an error. Ours are refused before their first write, or as a whole.
    pub(super) fn script(name: &'static str, args: Vec<Bytes>, guarded: bool, divisible: bool) -> Self {
        let verb = Verb::Other(Str::from_static(name));
        Command { guarded, partial: guarded, divisible, ..Command::known(verb, args, false) }
    }

    /// Another command in its place, with the same arguments but for the first.
    pub(super) fn with_first(mut self, name: &'static str, first: Bytes) -> Self {
        self.verb = Verb::Other(Str::from_static(name));
        self.args[0] = first;
        self
    }

    /// Whether the server wants it in parts: some of its keys have moved on and some have not.
    pub(super) fn is_to_be_split(&self, error: &Error) -> bool {
        self.divisible && self.args.len() > 1 && error.server_code() == "TRYAGAIN"
    }

    /// A command of the user's. Nothing is known of it, so it is never sent twice.
    pub fn named(name: String, args: Vec<Bytes>) -> Self {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        let verb = match args.len() {
            1 if is("GET") => Verb::Get,
            1 if is("INCR") => Verb::Incr,
            1 if is("PTTL") => Verb::Pttl,
            2 if is("SET") => Verb::Set { px: None },
            1.. if is("MGET") => Verb::MGet,
            1.. if is("EXISTS") => Verb::Exists,
            1.. if is("UNLINK") => Verb::Unlink,
            // Only these are looked up: the common ones above are on the hot path.
            _ => {
                let (scalar, partial) = (SINGLE.iter().any(|known| is(known)), is_script(&name));
                let verb = Verb::Other(name.into());
                return Command { guarded: !scalar, scalar, partial, ..Command::known(verb, args, false) };
            }
        };
        Command::known(verb, args, false)
    }

    /// A read, or anything else that may be sent again.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    #[must_use]
    pub fn arg(mut self, arg: Bytes) -> Self {
        self.args.push(arg);
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
}
