//! The servers of this process: started here rather than by Node's `child_process`, so that they belong to no single thread of it.

mod native;
mod process;
mod shared;
