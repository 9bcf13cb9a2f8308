//! The client's replies and errors as outcomes of the bridge.

use crate::bridge::{Caller, Code, Failure, Outcome};
use crate::client::{Durability, Error, ErrorKind, Reply, Tracked};
use crate::common::Attempt;

/// `[value, PTTL or nil, slot, generation, whether it is tracked]`.
pub fn tracked(read: Tracked) -> Outcome {
    let number = |number: u32| Outcome::Integer(number.into());
    let pttl = read.pttl.map_or(Outcome::Nil, Outcome::Integer);
    let flag = Outcome::Flag(read.tracked);
    Outcome::List(vec![outcome(read.value), pttl, number(read.slot), number(read.generation), flag])
}

/// `[reply, acknowledged, needed]`.
pub fn durable((reply, durability): (Reply, Durability)) -> Outcome {
    let Durability { acknowledged, needed } = durability;
    let numbers = [acknowledged, needed].map(|number| Outcome::Integer(number.into()));
    Outcome::List([outcome(reply)].into_iter().chain(numbers).collect())
}

/// A reply of any command.
pub fn outcome(reply: Reply) -> Outcome {
    match reply {
        Reply::Nil => Outcome::Nil,
        Reply::Bool(flag) => Outcome::Flag(flag),
        Reply::Integer(integer) => Outcome::Integer(integer),
        Reply::Double(double) => Outcome::Number(double),
        Reply::Bytes(bytes) => Outcome::from_bytes(bytes),
        Reply::Array(items) => Outcome::List(items.into_iter().map(outcome).collect()),
        Reply::Map(pairs) => Outcome::Map(pairs.into_iter().map(|(k, v)| (outcome(k), outcome(v))).collect()),
        Reply::Error(error) => describe(&error, false).into(),
    }
}

/// An error of an operation.
pub fn failure(error: &Error, attempt: &Attempt) -> Outcome {
    describe(error, attempt.maybe_executed()).into()
}

/// Tells one caller of a group.
pub fn answer(caller: Caller, answer: Result<Outcome, Error>) {
    let outcome = answer.unwrap_or_else(|error| failure(&error, caller.attempt()));
    caller.answer(outcome);
}

pub(super) fn describe(error: &Error, maybe_executed: bool) -> Failure {
    let code = match error.kind {
        ErrorKind::Unavailable => Code::Unavailable,
        ErrorKind::Timeout => Code::Timeout,
        ErrorKind::Server => Code::Server,
        ErrorKind::Auth => Code::Auth,
        ErrorKind::Tls => Code::Tls,
        ErrorKind::Protocol => Code::Protocol,
        ErrorKind::Closed => Code::Closed,
    };
    let mut failure = Failure::new(code, error.message.clone()).maybe_executed(maybe_executed);
    failure.server_code = error.server_code().to_owned();
    failure.retryable |= error.is_passing() || matches!(error.server_code(), "OOM" | "BUSY" | "MISCONF");
    failure
}
