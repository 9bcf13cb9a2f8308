//! The commands that fred knows, by its own calls.

use super::command::Verb;
use super::reply::Reply;
use super::send_error::SendError;
use super::shape::Shape;
use bytes::Bytes;
use fred::error::Error as FredError;
use fred::interfaces::{HashesInterface, KeysInterface};
use fred::types::{Expiration, Value};

/// Hands a command over to a client of fred, or to a pipeline of its.
pub async fn queue(
    to: &(impl KeysInterface + HashesInterface),
    verb: Verb,
    args: Vec<Bytes>,
) -> Result<Value, FredError> {
    match verb {
        Verb::Pttl => to.pttl(first_of(args)).await,
        Verb::GetRange { first, last } => to.getrange(first_of(args), first, last).await,
        Verb::Incr => to.incr(first_of(args)).await,
        Verb::MGet => to.mget(lengthened(args)).await,
        Verb::HMGet => {
            let mut fields = args;
            let key = fields.remove(0);
            to.hmget(key, fields).await
        }
        Verb::Exists => to.exists(args).await,
        Verb::Unlink => to.unlink(args).await,
        Verb::Set { px } => {
            let mut args = args.into_iter();
            let (key, value) = (args.next().unwrap_or_default(), args.next().unwrap_or_default());
            let life = px.map(|ms| Expiration::PX(ms.min(i64::MAX as u64) as i64));
            to.set(key, value, life, None, false).await
        }
        Verb::Get => to.get(first_of(args)).await,
        Verb::Other(_) => unreachable!("sent by `send_custom`"),
    }
}

/// A short list of values could look like a published message (see `guard`), so more are asked for.
fn lengthened(mut keys: Vec<Bytes>) -> Vec<Bytes> {
    const LONGEST_MESSAGE: usize = 5;
    if (3..=LONGEST_MESSAGE).contains(&keys.len()) {
        keys.resize(LONGEST_MESSAGE + 1, keys[0].clone());
    }
    keys
}

/// What fred gave for a command.
pub fn reply_of(answer: Result<Value, FredError>, shape: Shape) -> Result<Reply, SendError> {
    let value = answer.map_err(|error| SendError::from(&error))?;
    Ok(Reply::from_value(value).cut(shape.length()))
}

fn first_of(args: Vec<Bytes>) -> Bytes {
    args.into_iter().next().unwrap_or_default()
}
