//! The Lua scripts of sessions. Each `lua/*.lua` states its contract.

use crate::client::{Script, script};
use std::sync::LazyLock;

// All are safe to be sent again: what a call writes carries a word that it has made up, and what it says is the same the second time.

// Of one id.
pub static READ: LazyLock<Script> = script!("clock", "record", "read"; idempotent);
pub static TOUCH: LazyLock<Script> = script!("clock", "record", "touch"; idempotent);
pub static WRITE: LazyLock<Script> = script!("clock", "record", "make", "write"; idempotent);
pub static DESTROY: LazyLock<Script> = script!("clock", "record", "bury", "destroy"; idempotent);
pub static ADOPT: LazyLock<Script> = script!("clock", "record", "make", "adopt"; idempotent);
pub static ROTATE: LazyLock<Script> = script!("clock", "record", "index", "bury", "plant", "rotate"; idempotent);
pub static MOVE_IN: LazyLock<Script> = script!("clock", "record", "plant", "move_in"; idempotent);
pub static MOVE_OUT: LazyLock<Script> = script!("clock", "record", "bury", "move_out"; idempotent);

// Of a user.
pub static CREATE: LazyLock<Script> = script!("clock", "record", "index", "make", "create"; idempotent);
pub static BIND: LazyLock<Script> = script!("clock", "record", "index", "bind"; idempotent);
pub static MARK: LazyLock<Script> = script!("clock", "record", "mark"; idempotent);
pub static ENLIST: LazyLock<Script> = script!("clock", "record", "index", "enlist"; idempotent);
pub static MEMBERS: LazyLock<Script> = script!("clock", "record", "index", "members"; idempotent);
pub static TAKE_OVER: LazyLock<Script> = script!("clock", "record", "index", "take_over"; idempotent);

// Of many.
pub static READ_ALL: LazyLock<Script> = script!("clock", "record", "read_all"; idempotent, divisible);
pub static SEEN: LazyLock<Script> = script!("clock", "record", "seen"; idempotent, divisible);
pub static LIVING: LazyLock<Script> = script!("clock", "record", "living"; idempotent, divisible);
pub static DESTROY_ALL: LazyLock<Script> = script!("clock", "record", "bury", "destroy_all"; idempotent, divisible);
pub static RELINK: LazyLock<Script> = script!("clock", "record", "relink"; idempotent, divisible);
pub static LOOK_UP: LazyLock<Script> = script!("clock", "look_up"; idempotent, divisible);
