//! What HTTP says of a response that could be kept for others: RFC 9111, 9213 and 5861, as pure rules. No I/O.

mod date;
mod dictionary;
mod directives;
mod native;
mod request;
mod response;
mod rules;
mod semantics;
mod terms;
mod vary;
