//! Whatever a server answers becomes a reply or an error, and no more of it than can be walked.

use super::error::Error;
use super::reply::Reply;
use bytes::Bytes;
use fred::types::{Resp3Frame as Frame, Value};
use proptest::prelude::*;

fn bytes() -> impl Strategy<Value = Bytes> {
    prop::collection::vec(any::<u8>(), 0..24).prop_map(Bytes::from)
}

fn leaf() -> impl Strategy<Value = Frame> {
    let attributes = None;
    prop_oneof![
        Just(Frame::Null),
        any::<bool>().prop_map(|data| Frame::Boolean { data, attributes: None }),
        any::<i64>().prop_map(|data| Frame::Number { data, attributes: None }),
        any::<f64>().prop_map(|data| Frame::Double { data, attributes: None }),
        bytes().prop_map(|data| Frame::BlobString { data, attributes: None }),
        bytes().prop_map(|data| Frame::SimpleString { data, attributes: None }),
        bytes().prop_map(|data| Frame::BigNumber { data, attributes: None }),
        bytes().prop_map(|data| Frame::BlobError { data, attributes: None }),
        bytes().prop_map(Frame::ChunkedString),
        ".{0,60}".prop_map(|text: String| Frame::SimpleError { data: text.into(), attributes: None }),
        Just(Frame::Array { data: Vec::new(), attributes }),
    ]
}

fn frame() -> impl Strategy<Value = Frame> {
    leaf().prop_recursive(12, 128, 8, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..8);
        prop_oneof![
            list.clone().prop_map(|data| Frame::Array { data, attributes: None }),
            list.prop_map(|data| Frame::Push { data, attributes: None }),
            prop::collection::vec(leaf(), 0..8).prop_map(|items| {
                let data = items.into_iter().filter(|item| !matches!(item, Frame::Array { .. })).collect();
                Frame::Set { data, attributes: None }
            }),
            prop::collection::vec((bytes(), inner), 0..8).prop_map(|pairs| {
                let key = |data| Frame::BlobString { data, attributes: None };
                let data = pairs.into_iter().map(|(data, value)| (key(data), value)).collect();
                Frame::Map { data, attributes: None }
            }),
        ]
    })
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        Just(Value::Queued),
        any::<bool>().prop_map(Value::Boolean),
        any::<i64>().prop_map(Value::Integer),
        any::<f64>().prop_map(Value::Double),
        bytes().prop_map(Value::Bytes),
        any::<String>().prop_map(|text| Value::String(text.into())),
    ];
    leaf.prop_recursive(12, 128, 8, |inner| prop::collection::vec(inner, 0..8).prop_map(Value::Array))
}

fn depth(reply: &Reply) -> usize {
    1 + match reply {
        Reply::Array(items) => items.iter().map(depth).max().unwrap_or(0),
        Reply::Map(pairs) => pairs.iter().map(|(key, value)| depth(key).max(depth(value))).max().unwrap_or(0),
        _ => 0,
    }
}

/// What a frame says beside its errors, to see that nothing is lost on the way.
fn leaves_of_frame(frame: &Frame) -> usize {
    match frame {
        Frame::Array { data, .. } | Frame::Push { data, .. } => data.iter().map(leaves_of_frame).sum(),
        Frame::Set { data, .. } => data.iter().map(leaves_of_frame).sum(),
        Frame::Map { data, .. } => data.iter().map(|(k, v)| leaves_of_frame(k) + leaves_of_frame(v)).sum(),
        _ => 1,
    }
}

fn leaves(reply: &Reply) -> usize {
    match reply {
        Reply::Array(items) => items.iter().map(leaves).sum(),
        Reply::Map(pairs) => pairs.iter().map(|(k, v)| leaves(k) + leaves(v)).sum(),
        _ => 1,
    }
}

fn is_tellable(error: &Error) -> bool {
    !error.message.chars().any(char::is_control)
        && error.message.chars().count() < 600
        && error.server_code().len() <= 32
}

proptest! {
    #[test]
    fn any_frame_is_a_reply_or_an_error(frame in frame()) {
        let (count, is_error) = (leaves_of_frame(&frame), matches!(frame, Frame::SimpleError { .. } | Frame::BlobError { .. }));
        match Reply::from_frame(frame) {
            Ok(reply) => prop_assert!(!is_error && leaves(&reply) == count),
            Err(error) => prop_assert!(is_error && is_tellable(&error)),
        }
    }

    #[test]
    fn any_value_is_a_reply(value in value()) {
        let reply = Reply::from_value(value);
        prop_assert!(depth(&reply) <= 14);
        let _ = (reply.as_integer(), reply.text().len());
    }

    #[test]
    fn any_error_reply_can_be_told(text: String, place: String, password: Option<String>, args: Vec<String>) {
        let args: Vec<Bytes> = args.into_iter().map(Bytes::from).collect();
        let error = Error::from_reply(&text);
        prop_assert!(is_tellable(&error));
        let _ = error.without(&args).at(&place, password.as_deref());
    }

    #[test]
    fn a_password_that_is_repeated_is_taken_out(before in "[a-z ]{0,600}", password in "[A-Z0-9]{4,40}", after in "[a-z ]{0,300}") {
        let told = Error::from_reply(&format!("ERR {before}{password}{after}")).at("host:1", Some(&password));
        prop_assert!(!told.message.contains(&password[..4]));
    }
}

#[test]
fn a_frame_of_any_depth_is_cut_where_it_is_too_deep() {
    let deep =
        |levels: usize| (0..levels).fold(Frame::Null, |data, _| Frame::Array { data: vec![data], attributes: None });
    // As deep as the I/O thread lets it come; its stack is the same.
    let walk = move || {
        for levels in [510, 511, 512, 513, 20_000] {
            let reply = Reply::from_frame(deep(levels)).expect("a list");
            assert_eq!(depth(&reply), (levels + 1).min(513));
        }
    };
    std::thread::Builder::new().stack_size(64 << 20).spawn(walk).expect("a thread").join().expect("no panic");
}
