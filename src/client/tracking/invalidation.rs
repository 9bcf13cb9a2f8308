//! What a server says when something has changed.

use super::super::reply::Reply;
use bytes::Bytes;

/// The channel on which a server tells those of an older protocol.
pub const CHANNEL: &str = "__redis__:invalidate";

#[derive(Debug, PartialEq, Eq)]
pub enum Invalidation {
    Keys(Vec<Bytes>),
    /// The database was emptied.
    All,
}

impl Invalidation {
    /// `None` for what no server says: anybody may publish to that channel.
    pub fn parse(message: Reply) -> Option<Self> {
        let key = |reply| if let Reply::Bytes(key) = reply { Some(key) } else { None };
        match message {
            Reply::Nil => Some(Invalidation::All),
            Reply::Array(keys) => keys.into_iter().map(key).collect::<Option<_>>().map(Invalidation::Keys),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_keys_or_nothing_at_all() {
        let binary = Bytes::from_static(b"\xff\0\r\n");
        let keys = vec![Reply::Bytes(binary.clone()), Reply::Bytes("b".into())];
        assert_eq!(Invalidation::parse(Reply::Array(keys)), Some(Invalidation::Keys(vec![binary, "b".into()])));
        assert_eq!(Invalidation::parse(Reply::Nil), Some(Invalidation::All));
        for stray in [Reply::Bytes("a".into()), Reply::Integer(1), Reply::Array(vec![Reply::Nil])] {
            assert_eq!(Invalidation::parse(stray), None);
        }
    }
}
