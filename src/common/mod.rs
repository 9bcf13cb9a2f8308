//! The small room that the bridge, the client and the patterns share.

pub mod allowance;
pub mod attempt;
pub mod keys;

pub use allowance::Allowance;
pub use attempt::Attempt;
