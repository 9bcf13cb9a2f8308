//! One script for an id, which may have several names.

use super::scripts::MARK;
use super::told::{Told, code, number, word};
use super::work::Work;
use crate::client::{Error, Reply, Script};
use bytes::Bytes;

/// The names that an id may have, the present one first.
pub struct Names(Vec<Bytes>);

impl Names {
    /// As they cross: with a NUL between two.
    pub fn read(names: &str) -> Self {
        Names(split(names).collect())
    }

    /// The name, where there is no other.
    pub fn only(&self) -> Option<&Bytes> {
        if let [name] = &self.0[..] { Some(name) } else { None }
    }
}

/// Names that cross in one string.
pub fn split(names: &str) -> impl Iterator<Item = Bytes> + '_ {
    names.split('\0').filter(|name| !name.is_empty()).map(|name| Bytes::copy_from_slice(name.as_bytes()))
}

/// What a call wants of an id.
pub struct Ask {
    pub script: &'static Script,
    pub names: Names,
    pub args: Vec<Bytes>,
    /// Which argument says, by 1, that it may make something under the first name where there is nothing.
    pub makes: Option<usize>,
}

impl Ask {
    /// Runs the script with the keys of all names; in a cluster, where they have slots of their own, name by name until one has something. Tells
    /// the name that it was found under.
    pub async fn run(self, work: &Work<'_>) -> Result<(Told, Bytes), Error> {
        let Ask { script, names: Names(names), args, makes } = self;
        let keys: Vec<Bytes> = names.iter().map(|name| work.desk.keys.session(name)).collect();
        if keys.len() == 1 || !work.client.is_cluster() {
            let told = work.run(script, keys, args).await?;
            let place = told.integer(0).clamp(1, names.len() as i64);
            return Ok((told, names[place as usize - 1].clone()));
        }
        let mut only_looks = args.clone();
        if let Some(makes) = makes {
            only_looks[makes] = word("0");
        }
        let mut nothing = Told::nothing();
        for (key, name) in keys.iter().zip(&names) {
            let told = work.run(script, vec![key.clone()], only_looks.clone()).await?;
            match told.code {
                code::NONE if told.bytes(2).is_empty() => {}
                code::BAD => nothing = told,
                _ => return Ok((told, name.clone())),
            }
        }
        if makes.is_some_and(|makes| args[makes] == "1") {
            nothing = work.run(script, vec![keys[0].clone()], args).await?;
        }
        Ok((nothing, names[0].clone()))
    }
}

/// Where a reply tells the name of an index, when the session ends, and until when the index has to know it before.
#[derive(Clone, Copy)]
pub struct Life {
    pub index: usize,
    pub ends: usize,
    pub due: usize,
}

pub const OF_READ: Life = Life { index: 5, ends: 10, due: 11 };
pub const OF_WRITE: Life = Life { index: 1, ends: 2, due: 3 };

/// Tells the index of its user that a session lives on, and then has it do so: never the other way round. Where that fails, the session ends when the
/// index has it end, or when it is seen again.
pub async fn live_on(work: &Work<'_>, told: &mut Told, name: &Bytes, life: Life) {
    let due = told.integer(life.due);
    if told.code != code::DONE || due <= 0 {
        return;
    }
    let (index, due) = (told.bytes(life.index), number(due as f64));
    if work.enlist(&index, name, due.clone()).await.is_err() {
        return;
    }
    let args = vec![work.desk.absolute.clone(), index, due];
    if let Ok(marked) = work.run(&MARK, vec![work.desk.keys.session(name)], args).await
        && marked.code == code::DONE
    {
        told.rest[life.ends] = Reply::Integer(marked.integer(0));
    }
}
