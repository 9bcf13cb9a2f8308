//! Sessions: what was destroyed stays so, and whose they are is known.

mod ask;
mod create;
mod foreign;
mod keys;
mod native;
mod native_many;
mod native_users;
mod plain;
mod rotate;
mod scripts;
mod told;
mod users;
mod walk;
mod work;
