//! The cache's native half: keys, the value format, and what is sent.

mod format;
mod native;
mod run;
