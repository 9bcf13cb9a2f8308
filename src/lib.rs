//! The native core of Redwright. `docs/design.md` is the map.

// What only JavaScript calls is not called in the build for `cargo test`.
#![cfg_attr(test, allow(dead_code))]

mod breaker;
mod bridge;
mod cache;
mod client;
mod common;
mod embedded;
mod http;
mod limit;
mod lock;
mod redis;
mod session;

#[global_allocator]
static ALLOCATOR: bridge::Allocator = bridge::Allocator;
