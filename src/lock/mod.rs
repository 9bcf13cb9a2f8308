//! Locks that one or several may hold, with a queue for those who wait, and a watchdog that keeps them.

mod acquire;
mod batch;
mod call;
mod claim;
mod desk;
mod held;
mod keys;
mod line;
mod native;
mod native_together;
mod policy;
mod release;
mod renew;
mod scripts;
mod table;
mod together;
mod undo;
mod vote;
mod watchdog;
