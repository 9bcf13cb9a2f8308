//! The small room that the bridge, the client and the patterns share.

pub mod allowance;
pub mod attempt;
mod begin;
mod give_way;
pub mod keys;
mod words;

pub use allowance::Allowance;
pub use attempt::Attempt;
pub use begin::begin;
pub use give_way::give_way;
pub use words::Words;
