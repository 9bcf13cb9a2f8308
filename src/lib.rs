//! The native core of Redwright. `docs/design.md` is the map.

mod bridge;
mod cache;
mod client;
mod common;
mod embedded;
mod redis;
