//! Sessions that are somebody's: made so, or said to be so later.

use super::scripts::{BIND, CREATE, ENLIST, READ};
use super::told::{Told, code, number, word};
use super::users::{Entry, User};
use super::work::Work;
use crate::client::{Error, Reply};
use bytes::Bytes;

/// A session that is to be made.
pub struct Draft {
    pub name: Bytes,
    pub version: Bytes,
    pub idle: Bytes,
    pub data: Bytes,
    pub user: Bytes,
    pub meta: Bytes,
}

/// Answers the version, when it was made, when it ends, and how many others had to go; or that the user may have no more.
pub async fn create(work: &Work<'_>, user: &User, draft: Draft) -> Result<Told, Error> {
    let Draft { name, version, idle, data, user: id, meta } = draft;
    let (session, index) = (work.desk.keys.session(&name), work.desk.keys.index(&user.index));
    let args = vec![work.desk.absolute.clone(), version.clone(), idle, data, id, user.index.clone(), meta];
    let (told, doomed) = if work.client.is_cluster() {
        // Nobody knows its id before the index knows it.
        let told = work.run(&CREATE, vec![session.clone()], args).await?;
        let admitted = work.admit(user, &name, enlisting(index, told.integer(2))).await?;
        if admitted.code != code::DONE {
            work.client.unlink(work.whole, vec![session]).await?;
            return Ok(admitted);
        }
        (told, admitted.names(0))
    } else {
        let entry = Entry { script: &CREATE, keys: vec![session, index], args };
        let told = work.admit(user, &name, entry).await?;
        if told.code != code::DONE {
            return Ok(told);
        }
        let doomed = told.names(3);
        (told, doomed)
    };
    let evicted = work.evict(user, doomed).await?;
    let numbers = [told.integer(0), told.integer(1), evicted.into()].map(Reply::Integer);
    let rest = std::iter::once(Reply::Bytes(version)).chain(numbers).collect();
    Ok(Told { code: code::DONE, rest })
}

fn enlisting(index: Bytes, until: i64) -> Entry {
    Entry { script: &ENLIST, keys: vec![index], args: vec![number(until as f64)] }
}

/// Whose a session is to be.
pub struct Owner {
    pub id: Bytes,
    pub meta: Bytes,
}

/// Answers how many others had to go; or why it is not his.
pub async fn bind(work: &Work<'_>, user: &User, name: &Bytes, owner: Owner) -> Result<Told, Error> {
    let (session, index) = (work.desk.keys.session(name), work.desk.keys.index(&user.index));
    let mut args = vec![work.desk.absolute.clone(), owner.id, user.index.clone(), owner.meta];
    let (told, doomed) = if work.client.is_cluster() {
        let read = work.run(&READ, vec![session.clone()], vec![work.desk.absolute.clone(), word("1")]).await?;
        if read.code != code::DONE {
            return Ok(read);
        }
        // As `horizon` of `lua/record.lua`.
        let (seen, idle) = (read.integer(8), read.integer(9));
        let until = seen + idle + idle / 2;
        let admitted = work.admit(user, name, enlisting(index, until)).await?;
        if admitted.code != code::DONE {
            return Ok(admitted);
        }
        args.push(number(until as f64));
        (work.run(&BIND, vec![session], args).await?, admitted.names(0))
    } else {
        args.push(Bytes::new());
        let entry = Entry { script: &BIND, keys: vec![session, index], args };
        let told = work.admit(user, name, entry).await?;
        let doomed = told.names(1);
        (told, doomed)
    };
    if told.code != code::DONE {
        return Ok(told);
    }
    let before = told.bytes(0);
    if !before.is_empty() && before != user.index {
        work.forget(&before, vec![name.clone()]).await;
    }
    let evicted = work.evict(user, doomed).await?;
    Ok(Told { code: code::DONE, rest: vec![Reply::Integer(evicted.into())] })
}
