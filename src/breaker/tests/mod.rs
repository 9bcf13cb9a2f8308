//! The policy by the clock of the test, and the breaker that threads share.

mod policy;
mod shared;
