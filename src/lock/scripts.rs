//! The Lua scripts of locks. Each `lua/*.lua` states its contract.

use crate::client::{Script, script};
use std::sync::LazyLock;

pub static TAKE: LazyLock<Script> = script!("time", "fence", "holder", "locks", "take"; idempotent);
pub static TAKE_ALL: LazyLock<Script> = script!("time", "fence", "holder", "locks", "take_all"; idempotent);
pub static QUEUE_UP: LazyLock<Script> =
    script!("time", "fence", "holder", "locks", "queue", "pass_on", "queue_up"; idempotent);
pub static FREE: LazyLock<Script> = script!("looked", "quiet", "time", "fence", "queue", "pass_on", "release", "free");
pub static LEAVE: LazyLock<Script> = script!("looked", "time", "fence", "queue", "pass_on", "release", "leave");
pub static RENEW: LazyLock<Script> = script!("holder", "renew"; idempotent);
pub static RAISE: LazyLock<Script> = script!("raise"; idempotent);
pub static INSPECT: LazyLock<Script> = script!("inspect"; idempotent);
pub static ENTER: LazyLock<Script> = script!("time", "fence", "queue", "places", "enter"; idempotent);
pub static EXIT: LazyLock<Script> = script!("time", "queue", "places", "exit");
pub static KEEP: LazyLock<Script> = script!("time", "keep"; idempotent);
pub static RESIZE: LazyLock<Script> = script!("time", "queue", "places", "resize"; idempotent);
pub static COUNT: LazyLock<Script> = script!("time", "count"; idempotent);
