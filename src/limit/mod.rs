//! Rate limits.

mod decide;
mod keys;
mod local;
mod native;
mod plan;
mod policy;
mod reconcile;
mod refused;
mod reset;
mod scripts;
mod shared;
