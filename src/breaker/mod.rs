//! The circuit breaker: when to stop asking what does not answer, and when to ask again.

mod native;
mod policy;
mod settings;
mod shared;
#[cfg(test)]
mod tests;
mod window;

pub use native::NativeBreakerOptions;
pub use policy::{Evidence, State};
pub use shared::{Breaker, Entry, Stamp};
