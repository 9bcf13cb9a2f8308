//! The native core of Redwright. `docs/design.md` is the map.

// What only JavaScript calls is not called in the build for `cargo test`.
#![cfg_attr(test, allow(dead_code))]

mod breaker;
mod bridge;
mod cache;
mod client;
mod common;
mod embedded;
mod redis;

/// Every operation crosses two threads, which costs the system's allocator twice what it costs this one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
