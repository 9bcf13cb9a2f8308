//! The limiter's Lua scripts. Each `lua/*.lua` states its contract.

use crate::client::Script;
use std::sync::LazyLock;

macro_rules! script {
    ($($part:literal),+) => {
        LazyLock::new(|| Script::ours(concat!($(include_str!(concat!("lua/", $part, ".lua"))),+)))
    };
}

/// A script that counts, behind all that it counts with.
macro_rules! counting {
    ($name:literal $(; $also:ident)?) => {
        LazyLock::new(|| {
            Script::ours(concat!(
                include_str!("lua/clock.lua"),
                include_str!("lua/kinds.lua"),
                include_str!("lua/fixed.lua"),
                include_str!("lua/log.lua"),
                include_str!("lua/counter.lua"),
                include_str!("lua/gcra.lua"),
                include_str!("lua/policies.lua"),
                include_str!(concat!("lua/", $name, ".lua")),
            ))$(.$also())?
        })
    };
}

/// Keys of several ids are independent of each other.
pub static DECIDE: LazyLock<Script> = counting!("decide"; divisible);
pub static APPLY: LazyLock<Script> = counting!("apply");
pub static RESERVE: LazyLock<Script> = counting!("reserve");
pub static SETTLE: LazyLock<Script> = counting!("settle");
pub static ACQUIRE: LazyLock<Script> = script!("clock", "acquire");
pub static RENEW: LazyLock<Script> = script!("clock", "renew");
pub static BEAT: LazyLock<Script> = script!("clock", "beat");
pub static COUNT: LazyLock<Script> = script!("count");
