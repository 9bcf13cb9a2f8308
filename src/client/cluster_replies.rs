//! What a cluster says of itself: which node has which slots.

use super::options::Address;
use super::reply::Reply;
use super::slots::SLOTS;
use std::ops::Range;

/// A primary with its replicas, and the slots that they have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shard {
    pub slots: Range<u16>,
    pub primary: Address,
    pub replicas: Vec<Address>,
}

/// Reads the reply to `CLUSTER SLOTS`. A node that does not know its own address leaves it out: it is `asked` then. `None` for what is no
/// such reply, and for a node that knows of no slots.
pub fn parse(reply: Reply, asked: &Address) -> Option<Vec<Shard>> {
    let shards: Vec<Option<Shard>> =
        reply.into_array().into_iter().map(|shard| parse_shard(shard, asked)).collect::<Option<_>>()?;
    let shards: Vec<Shard> = shards.into_iter().flatten().collect();
    (!shards.is_empty()).then_some(shards)
}

/// `Some(None)` for one whose primary nobody knows the address of.
fn parse_shard(shard: Reply, asked: &Address) -> Option<Option<Shard>> {
    let mut parts = shard.into_array().into_iter();
    let mut slot = || match parts.next()? {
        Reply::Integer(slot) => u16::try_from(slot).ok().filter(|slot| *slot < SLOTS),
        _ => None,
    };
    let slots = slot()?..slot()? + 1;
    if slots.is_empty() {
        return None;
    }
    let mut nodes = parts.map(|node| parse_node(node, asked));
    let primary = nodes.next()??;
    // A node whose address nobody knows is none that could be asked.
    let shard = |primary| Shard { slots, primary, replicas: nodes.flatten().flatten().collect() };
    Some(primary.map(shard))
}

/// `Some(None)` for one that has no address.
fn parse_node(node: Reply, asked: &Address) -> Option<Option<Address>> {
    let mut parts = node.into_array().into_iter();
    let host = parts.next()?;
    let Reply::Integer(port) = parts.next()? else { return None };
    let host = match host.text().as_ref() {
        "" => asked.host.clone(),
        "?" => return Some(None),
        host => host.to_owned(),
    };
    Some(Some(Address { host, port: u16::try_from(port).ok().filter(|port| *port > 0)? }))
}

/// Where the server says that a command belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redirection {
    /// For good.
    Moved { slot: u16, to: Address },
    /// This once: the slot is on its way.
    Ask { to: Address },
}

impl Redirection {
    /// Reads `MOVED slot host:port` and `ASK slot host:port`. Without a host it is the one that answered.
    pub fn parse(error: &str, answered: &Address) -> Option<Self> {
        let mut words = error.split(' ');
        let kind = words.next()?;
        if kind != "MOVED" && kind != "ASK" {
            return None;
        }
        let slot = words.next()?.parse().ok().filter(|slot| *slot < SLOTS)?;
        let (host, port) = words.next()?.rsplit_once(':')?;
        let host = if host.is_empty() { answered.host.clone() } else { host.to_owned() };
        let to = Address { host, port: port.parse().ok().filter(|port| *port > 0)? };
        Some(if kind == "MOVED" { Redirection::Moved { slot, to } } else { Redirection::Ask { to } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn address(host: &str, port: u16) -> Address {
        Address { host: host.to_owned(), port }
    }

    fn text(text: &'static str) -> Reply {
        Reply::Bytes(Bytes::from_static(text.as_bytes()))
    }

    fn node(host: Reply, port: i64) -> Reply {
        Reply::Array(vec![host, Reply::Integer(port), text("id"), Reply::Array(vec![])])
    }

    #[test]
    fn shards_with_and_without_addresses() {
        let asked = address("asked", 1);
        let slots = |from, to| [Reply::Integer(from), Reply::Integer(to)];
        let first = [slots(0, 100).to_vec(), vec![node(text("a"), 7000), node(text("?"), 7001), node(text("b"), 7002)]];
        let second = [slots(101, 16383).to_vec(), vec![node(Reply::Nil, 7003)]];
        let reply = Reply::Array(vec![Reply::Array(first.concat()), Reply::Array(second.concat())]);
        let shards = [
            Shard { slots: 0..101, primary: address("a", 7000), replicas: vec![address("b", 7002)] },
            Shard { slots: 101..16384, primary: address("asked", 7003), replicas: vec![] },
        ];
        assert_eq!(parse(reply, &asked), Some(shards.to_vec()));
    }

    #[test]
    fn what_is_no_map_of_slots() {
        let asked = address("asked", 1);
        for reply in [Reply::Nil, Reply::Array(vec![]), Reply::Array(vec![text("x")]), text("OK")] {
            assert_eq!(parse(reply, &asked), None);
        }
        let upside_down = vec![Reply::Integer(100), Reply::Integer(50), node(text("a"), 1)];
        assert_eq!(parse(Reply::Array(vec![Reply::Array(upside_down)]), &asked), None);
        let unknown = vec![Reply::Integer(0), Reply::Integer(50), node(text("?"), 1)];
        assert_eq!(parse(Reply::Array(vec![Reply::Array(unknown)]), &asked), None);
        let outside = vec![Reply::Integer(0), Reply::Integer(16384), node(text("a"), 1)];
        assert_eq!(parse(Reply::Array(vec![Reply::Array(outside)]), &asked), None);
    }

    #[test]
    fn redirections() {
        let here = address("here", 1);
        let parse = |text| Redirection::parse(text, &here);
        assert_eq!(parse("MOVED 5 a:7000"), Some(Redirection::Moved { slot: 5, to: address("a", 7000) }));
        assert_eq!(parse("ASK 5 ::1:7000"), Some(Redirection::Ask { to: address("::1", 7000) }));
        assert_eq!(parse("MOVED 5 :7000"), Some(Redirection::Moved { slot: 5, to: address("here", 7000) }));
        for text in ["MOVED", "MOVED 5", "MOVED x a:1", "MOVED 5 a", "MOVED 5 a:0", "MOVED 99999 a:1", "ERR 5 a:1", ""]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd_for_a_redirection(text in "(MOVED|ASK)?[ 0-9a-z:.-]{0,30}") {
            let _ = Redirection::parse(&text, &address("h", 1));
        }
    }
}
