//! Being told by the servers what of that which was read has changed (Redis documentation, "Client-side caching reference").

mod hub;
mod invalidation;
mod pair;
mod read;
mod tracker;

pub use hub::Hub;
pub use read::Tracked;
pub use tracker::Tracker;
