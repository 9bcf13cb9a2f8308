//! The limiter's Lua scripts. Each `lua/*.lua` states its contract.

use crate::client::{Script, script};
use std::sync::LazyLock;

/// A script that counts, behind all that it counts with, and, where one is named, another script before the windows.
macro_rules! counting {
    ($name:literal $(behind $before:literal)? $(; $also:ident)?) => {
        script!("clock", "kinds", $($before,)? "fixed", "log", "counter", "gcra", "policies", $name $(; $also)?)
    };
}

/// Keys of several ids are independent of each other.
pub static DECIDE: LazyLock<Script> = counting!("decide" behind "quick"; divisible);
pub static APPLY: LazyLock<Script> = counting!("apply");
pub static RESERVE: LazyLock<Script> = counting!("reserve");
pub static SETTLE: LazyLock<Script> = counting!("settle");
pub static ACQUIRE: LazyLock<Script> = script!("clock", "acquire");
pub static RENEW: LazyLock<Script> = script!("clock", "renew");
pub static BEAT: LazyLock<Script> = script!("clock", "beat");
pub static COUNT: LazyLock<Script> = script!("count");
