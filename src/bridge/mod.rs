//! The only place where JavaScript and the I/O thread meet: tickets go down, outcomes come up, one wake a batch.

mod allocator;
mod deadlines;
mod drain;
mod group;
mod job;
mod outcome;
mod patience;
mod port;
mod reactor;
mod shared_words;
#[cfg(test)]
mod tests;
mod text;

pub use allocator::Allocator;
pub use drain::NativePort;
pub use group::{Caller, GroupSubmission, Place};
pub use job::{Course, Ledger, Submission};
pub use outcome::{Code, Failure, Outcome};
pub use port::Port;
pub use reactor::{Lease, lease};
pub use shared_words::share_words;
pub use text::append_utf8;
