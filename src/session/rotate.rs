//! A session under another name.

use super::scripts::{MOVE_IN, MOVE_OUT, READ, ROTATE};
use super::told::{Told, code, number, word};
use super::work::Work;
use crate::client::{Error, Reply};
use bytes::Bytes;

/// The session has changed since it was read.
const CHANGED: i64 = 3;

/// From which name to which, as what was read.
pub struct Rotation {
    pub old: Bytes,
    pub new: Bytes,
    pub version: Bytes,
    /// Of its user; empty for none.
    pub index: Bytes,
    /// How long the old name leads to the new one, in ms.
    pub grace: Bytes,
    pub data: Bytes,
    pub user: Bytes,
    pub meta: Bytes,
}

pub async fn rotate(work: &Work<'_>, rotation: Rotation) -> Result<Told, Error> {
    if work.client.is_cluster() { in_steps(work, rotation).await } else { at_once(work, rotation).await }
}

async fn at_once(work: &Work<'_>, rotation: Rotation) -> Result<Told, Error> {
    let Rotation { old, new, version, index, grace, data, user, meta } = rotation;
    let mut keys = vec![work.desk.keys.session(&old), work.desk.keys.session(&new)];
    if !index.is_empty() {
        keys.push(work.desk.keys.index(&index));
    }
    let (absolute, tombstone) = (work.desk.absolute.clone(), work.desk.tombstone.clone());
    work.run(&ROTATE, keys, vec![absolute, version, index, new, grace, tombstone, data, user, meta, old]).await
}

/// The two have slots of their own. Nobody knows the new one before the old one leads there, and the index knows it before that.
async fn in_steps(work: &Work<'_>, rotation: Rotation) -> Result<Told, Error> {
    let Rotation { old, new, version, index, grace, data, user, meta } = rotation;
    let (from, to) = (work.desk.keys.session(&old), work.desk.keys.session(&new));
    let (absolute, tombstone) = (work.desk.absolute.clone(), work.desk.tombstone.clone());
    let read = work.run(&READ, vec![from.clone()], vec![absolute.clone(), word("0")]).await?;
    if read.code != code::DONE {
        return Ok(read);
    }
    if read.bytes(1) != version || read.bytes(5) != index {
        return Ok(Told { code: CHANGED, rest: Vec::new() });
    }
    let (cookie, since, idle) = (read.bytes(3), number(read.integer(7) as f64), number(read.integer(9) as f64));
    let fields = vec![absolute.clone(), version.clone(), data, cookie, user, index.clone(), meta, since, idle];
    let moved = work.run(&MOVE_IN, vec![to.clone()], fields).await?;
    if !index.is_empty() {
        work.enlist(&index, &new, number(moved.integer(1) as f64)).await?;
    }
    let mut told =
        work.run(&MOVE_OUT, vec![from], vec![absolute, version, index.clone(), new.clone(), grace, tombstone]).await?;
    let rest = if told.code == code::DONE {
        told.rest = [moved.integer(0), moved.integer(2)].map(Reply::Integer).into();
        old
    } else {
        work.client.unlink(work.whole, vec![to]).await?;
        new
    };
    if !index.is_empty() {
        work.forget(&index, vec![rest]).await;
    }
    Ok(told)
}
