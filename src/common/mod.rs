//! The small room that the bridge, the client and the patterns share.

pub mod attempt;
pub mod keys;

pub use attempt::Attempt;
