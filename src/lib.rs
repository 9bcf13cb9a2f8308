//! The native core of Redwright. `docs/design.md` is the map.

mod bridge;
mod cache;
mod client;
mod common;
mod embedded;
mod redis;

/// Every operation crosses two threads, which costs the system's allocator twice what it costs this one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
