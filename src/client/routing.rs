//! Which key a command is about, and whether a replica may answer it.

use super::command::{Command, Verb, is_script};
use super::slots::slot_of;

/// Commands that are about no key, so that any node may answer them.
const KEYLESS: &str = "
    ACL AUTH BGREWRITEAOF BGSAVE CLIENT CLUSTER COMMAND CONFIG DBSIZE ECHO FAILOVER FLUSHALL FLUSHDB FUNCTION HELLO INFO
    KEYS LASTSAVE LATENCY LOLWUT MODULE PING PSYNC PUBLISH PUBSUB RANDOMKEY READONLY READWRITE REPLICAOF ROLE SAVE SCAN
    SCRIPT SHUTDOWN SLAVEOF SLOWLOG SWAPDB TIME";

/// Commands that begin with the number of their keys.
const NUMBERED: &str = "LMPOP MSETEX SINTERCARD ZDIFF ZINTER ZINTERCARD ZMPOP ZUNION";

/// Commands whose first key is behind a word of theirs.
const SECOND: &str = "BITOP DEBUG MEMORY OBJECT PFDEBUG XGROUP XINFO";

/// Commands that change nothing, beside those that [`Verb`] knows.
const READS: &str = "
    BITCOUNT BITPOS DUMP EVALSHA_RO EVAL_RO EXPIRETIME FCALL_RO GEODIST GEOHASH GEOPOS GEOSEARCH GETBIT GETRANGE HEXISTS
    HGET HGETALL HKEYS HLEN HMGET HRANDFIELD HSCAN HSTRLEN HVALS LINDEX LLEN LPOS LRANGE PEXPIRETIME PFCOUNT SCARD SDIFF
    SINTER SISMEMBER SMEMBERS SMISMEMBER SRANDMEMBER SSCAN STRLEN SUNION TTL TYPE XLEN XRANGE XREVRANGE ZCARD ZRANGE
    ZRANK ZSCORE";

fn is_one_of(name: &str, names: &str) -> bool {
    names.split_ascii_whitespace().any(|known| name.eq_ignore_ascii_case(known))
}

impl Command {
    /// The slot of the first key; `None` for a command without one. What is not known is taken for a command whose first argument is a key:
    /// should that be wrong, the server says where it belongs.
    pub(super) fn slot(&self) -> Option<u16> {
        self.first_key().map(slot_of)
    }

    fn first_key(&self) -> Option<&[u8]> {
        let arg = |i: usize| self.args.get(i).map(AsRef::as_ref);
        let Verb::Other(name) = &self.verb else { return arg(0) };
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is_one_of(name, KEYLESS) {
            return None;
        }
        let behind_count = |at: usize| if arg(at) == Some(b"0") { None } else { arg(at + 1) };
        if is_one_of(name, NUMBERED) {
            return behind_count(0);
        }
        // Behind the script, or its name.
        if is_script(name) {
            return behind_count(1);
        }
        if is("XREAD") || is("XREADGROUP") {
            let streams = self.args.iter().position(|word| word.eq_ignore_ascii_case(b"STREAMS"))?;
            return arg(streams + 1);
        }
        arg(usize::from(is_one_of(name, SECOND)))
    }

    /// Whether it changes nothing, so that a replica may answer it.
    pub(super) fn is_read(&self) -> bool {
        match &self.verb {
            Verb::Get | Verb::MGet | Verb::HMGet | Verb::Exists | Verb::Pttl | Verb::GetRange { .. } => true,
            Verb::Set { .. } | Verb::Unlink | Verb::Incr => false,
            Verb::Other(name) => is_one_of(name, READS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn key(line: &str) -> Option<String> {
        let mut words = line.split(' ').map(str::to_owned);
        let name = words.next().unwrap();
        let command = Command::named(name, words.map(Bytes::from).collect());
        command.first_key().map(|key| String::from_utf8(key.to_vec()).unwrap())
    }

    #[test]
    fn the_first_key_of_a_command() {
        for line in [
            "GET k",
            "set k v",
            "MGET k b",
            "UNLINK k",
            "HSET k f v",
            "EVAL return 1 k",
            "evalsha 00 2 k b",
            "FCALL f 1 k",
            "ZUNION 2 k b",
            "XREAD COUNT 1 STREAMS k 0",
            "XREADGROUP GROUP g c streams k >",
            "OBJECT ENCODING k",
            "XGROUP CREATE k g $",
            "BITOP AND k a",
            "ZUNIONSTORE k 1 a",
            "UNHEARD k",
            "MEMORY USAGE k",
        ] {
            let line = line.replace("return 1", "return_1 1");
            assert_eq!(key(&line).as_deref(), Some("k"), "{line}");
        }
    }

    #[test]
    fn commands_without_a_key() {
        for line in [
            "PING",
            "info server",
            "DBSIZE",
            "SCAN 0",
            "EVAL return_1 0",
            "EVALSHA 00 0 arg",
            "XREAD COUNT 1",
            "TIME",
            "GET",
        ] {
            assert_eq!(key(line), None, "{line}");
        }
    }

    #[test]
    fn only_what_changes_nothing_is_read_from_a_replica() {
        let read = |name: &str| Command::named(name.to_owned(), vec![Bytes::from_static(b"k")]).is_read();
        assert!(["GET", "get", "MGET", "HGETALL", "ttl", "EVAL_RO"].into_iter().all(read));
        assert!(!["SET", "INCR", "EVAL", "GETDEL", "GETEX", "UNHEARD", "PFADD"].into_iter().any(read));
    }
}
