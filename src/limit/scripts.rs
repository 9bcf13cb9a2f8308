//! The limiter's Lua scripts. Each `lua/*.lua` states its contract.

use crate::client::Script;
use std::sync::LazyLock;

macro_rules! script {
    ($($part:literal),+) => {
        LazyLock::new(|| Script::ours(concat!($(include_str!(concat!("lua/", $part, ".lua"))),+)))
    };
}

/// Keys of several ids are independent of each other.
pub static DECIDE: LazyLock<Script> = LazyLock::new(|| {
    Script::ours(concat!(include_str!("lua/policies.lua"), include_str!("lua/decide.lua"))).divisible()
});
pub static APPLY: LazyLock<Script> = script!("policies", "apply");
pub static RESERVE: LazyLock<Script> = script!("policies", "reserve");
pub static SETTLE: LazyLock<Script> = script!("policies", "settle");
pub static ACQUIRE: LazyLock<Script> = script!("acquire");
pub static RENEW: LazyLock<Script> = script!("renew");
pub static BEAT: LazyLock<Script> = script!("beat");
pub static COUNT: LazyLock<Script> = script!("count");
