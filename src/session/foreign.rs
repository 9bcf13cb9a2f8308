//! Sessions that another store has left, under keys and in a form of its own.

use super::scripts::{ADOPT, LOOK_UP, READ};
use super::told::{Told, code, word};
use super::work::Work;
use crate::client::{Error, Reply};
use bytes::Bytes;

/// It is not what it was when it was read.
const CHANGED: i64 = 5;
/// Another has made it a session.
const CONFLICT: i64 = 3;

/// A session that is to be made of what was read.
pub struct Adoption {
    pub name: Bytes,
    pub key: Bytes,
    /// What was read.
    pub text: Bytes,
    pub version: Bytes,
    pub idle: Bytes,
    pub data: Bytes,
    pub cookie: Bytes,
}

/// Answers as `lua/adopt.lua`, with the version behind it where it is made. In a cluster the new one is made first: ended in the middle, it is the one
/// that is found.
pub async fn adopt(work: &Work<'_>, adoption: Adoption) -> Result<Told, Error> {
    let Adoption { name, key, text, version, idle, data, cookie } = adoption;
    let session = work.desk.keys.session(&name);
    let args = vec![work.desk.absolute.clone(), text.clone(), version.clone(), idle, data, cookie];
    let mut told = if work.client.is_cluster() {
        let told = in_steps(work, session, &key, text, args).await?;
        if told.code == code::DONE {
            work.client.unlink(work.whole, vec![key]).await?;
        }
        told
    } else {
        work.run(&ADOPT, vec![session, key], args).await?
    };
    if told.code == code::DONE {
        told.rest.push(Reply::Bytes(version));
    }
    Ok(told)
}

async fn in_steps(work: &Work<'_>, session: Bytes, key: &Bytes, text: Bytes, args: Vec<Bytes>) -> Result<Told, Error> {
    let found = work.run_keys(&LOOK_UP, vec![key.clone()], &[]).await?;
    let found = Told::read(found.into_iter().next().unwrap_or(Reply::Nil))?;
    if found.code != code::DONE {
        // Another may have made it a session meanwhile.
        let told = work.run(&READ, vec![session], vec![work.desk.absolute.clone(), word("0")]).await?;
        return Ok(if told.code == code::DONE { Told { code: CONFLICT, ..told } } else { told });
    }
    if found.bytes(0) != text {
        return Ok(Told { code: CHANGED, rest: Vec::new() });
    }
    work.run(&ADOPT, vec![session], args).await
}
