//! The cache's Lua scripts. Each `lua/*.lua` states its contract.

use crate::client::{Script, script};
use std::sync::LazyLock;

pub static LEASE: LazyLock<Script> = script!("cold", "clock", "head", "lease"; idempotent, divisible);
pub static ABANDON: LazyLock<Script> = script!("clock", "head", "abandon"; idempotent, divisible);
pub static STORE: LazyLock<Script> = script!("clock", "index", "single", "head", "store"; divisible);
pub static REGISTER: LazyLock<Script> = script!("clock", "head", "index", "register");
pub static EPOCH: LazyLock<Script> = script!("epoch"; idempotent);
pub static DOOM: LazyLock<Script> = script!("doom");
pub static DRAIN: LazyLock<Script> = script!("drain");
pub static BREAK: LazyLock<Script> = script!("clock", "head", "break"; divisible);
