//! The cache's native half: keys, the value format, leases, tags, and what is sent.

mod batch;
mod compression;
mod draft;
mod format;
mod invalidate;
mod lease;
mod native;
mod native_lease;
mod native_store;
mod policy;
mod read;
mod scripts;
mod store;
mod tag_keys;
mod together;
mod traffic;
mod write;
