//! The client as JavaScript sees it, and the one way in which every pattern hands operations to the bridge.

mod circuit;
mod dispatch;
mod events;
mod health;
mod metrics;
mod native;
mod options;
mod outcome;

pub use dispatch::{Dispatch, Status, gathered};
pub use native::NativeRedis;
pub use outcome::answer;
