//! A reply, free of fred's types.

use super::error::{Error, ErrorKind};
use bytes::Bytes;
use fred::types::{Resp3Frame as Frame, Value};

/// How deep a reply may be nested; what lies deeper is an error in its place. JavaScript and we walk it by recursion.
const DEEPEST: usize = 512;

#[derive(Clone, Debug)]
pub enum Reply {
    Nil,
    Bool(bool),
    Integer(i64),
    Double(f64),
    Bytes(Bytes),
    Array(Vec<Reply>),
    Map(Vec<(Reply, Reply)>),
    /// An error inside an array, such as one command of a transaction.
    Error(Error),
}

impl Reply {
    /// An error reply becomes an error; errors inside arrays stay where they are.
    pub(super) fn from_frame(frame: Frame) -> Result<Reply, Error> {
        match Reply::nested(frame, DEEPEST) {
            Reply::Error(error) => Err(error),
            reply => Ok(reply),
        }
    }

    /// `levels`: how many more may follow.
    fn nested(frame: Frame, levels: usize) -> Reply {
        let Some(below) = levels.checked_sub(1) else {
            return Reply::Error(Error::new(ErrorKind::Protocol, "the reply is nested too deep"));
        };
        let list = |data: Vec<Frame>| Reply::Array(data.into_iter().map(|item| Reply::nested(item, below)).collect());
        match frame {
            Frame::Null => Reply::Nil,
            Frame::Boolean { data, .. } => Reply::Bool(data),
            Frame::Number { data, .. } => Reply::Integer(data),
            Frame::Double { data, .. } => Reply::Double(data),
            Frame::BlobString { data, .. }
            | Frame::SimpleString { data, .. }
            | Frame::BigNumber { data, .. }
            | Frame::VerbatimString { data, .. }
            | Frame::ChunkedString(data) => Reply::Bytes(data),
            Frame::SimpleError { data, .. } => Reply::Error(Error::from_reply(&data)),
            Frame::BlobError { data, .. } => Reply::Error(Error::from_reply(&String::from_utf8_lossy(&data))),
            Frame::Array { data, .. } | Frame::Push { data, .. } => list(data),
            Frame::Set { data, .. } => list(data.into_iter().collect()),
            Frame::Map { data, .. } => {
                let pair = |(key, value)| (Reply::nested(key, below), Reply::nested(value, below));
                Reply::Map(data.into_iter().map(pair).collect())
            }
            Frame::Hello { .. } => Reply::Error(Error::not_redis()),
        }
    }

    /// As [`Reply::from_frame`], for the replies of commands that fred knows.
    pub(super) fn from_value(value: Value) -> Reply {
        match value {
            Value::Boolean(flag) => Reply::Bool(flag),
            Value::Integer(integer) => Reply::Integer(integer),
            Value::Double(double) => Reply::Double(double),
            Value::String(text) => Reply::Bytes(text.into_inner()),
            Value::Bytes(bytes) => Reply::Bytes(bytes),
            Value::Queued => Reply::Bytes(Bytes::from_static(b"QUEUED")),
            Value::Array(items) => Reply::Array(items.into_iter().map(Reply::from_value).collect()),
            Value::Null => Reply::Nil,
            // None of them answers with a map.
            Value::Map(_) => Reply::Map(Vec::new()),
        }
    }

    /// Without what a list has more than was asked for.
    #[must_use]
    pub(super) fn cut(mut self, asked: Option<usize>) -> Reply {
        if let (Reply::Array(items), Some(asked)) = (&mut self, asked) {
            items.truncate(asked);
        }
        self
    }

    pub fn into_array(self) -> Vec<Reply> {
        match self {
            Reply::Array(items) => items,
            _ => Vec::new(),
        }
    }

    /// What a script says of each of its keys; of a single one a number may stand alone, which costs the server less than a list.
    pub fn into_each(self) -> Vec<Reply> {
        match self {
            Reply::Integer(_) => vec![self],
            list => list.into_array(),
        }
    }

    pub fn as_integer(&self) -> i64 {
        match self {
            Reply::Integer(integer) => *integer,
            _ => 0,
        }
    }

    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        match self {
            Reply::Bytes(bytes) => String::from_utf8_lossy(bytes),
            _ => "".into(),
        }
    }
}
