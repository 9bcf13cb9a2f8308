//! All sessions, step by step.

use super::scripts::{LIVING, LOOK_UP};
use super::told::Told;
use super::work::Work;
use crate::client::{Error, Reply, Scan, Steps};
use crate::common::Attempt;
use bytes::Bytes;
use std::time::Duration;

impl Work<'_> {
    /// The keys of the next step of a walk that has any; `None` at the end.
    async fn next(&self, scan: &mut Scan, each: Duration) -> Result<Option<Vec<Bytes>>, Error> {
        loop {
            let attempt = Attempt::new(each);
            let steps = Steps { whole: self.whole, each };
            match steps.within(&attempt, scan.next(self.client, &attempt)).await? {
                Some(keys) if keys.is_empty() => {}
                found => return Ok(found),
            }
        }
    }

    /// The names of sessions among keys.
    fn names_of(&self, keys: &[Bytes]) -> Vec<Bytes> {
        keys.iter().filter_map(|key| self.desk.keys.name_of(key)).collect()
    }

    /// What is told of the sessions of the next step, each with its name.
    pub async fn walk_on(&self, scan: &mut Scan, each: Duration) -> Result<Option<Vec<(Told, Bytes)>>, Error> {
        let Some(keys) = self.next(scan, each).await? else { return Ok(None) };
        self.read_all(&self.names_of(&keys), &Bytes::new()).await.map(Some)
    }

    /// What another store has under the keys of the next step, each with its key.
    pub async fn walk_foreign(&self, scan: &mut Scan, each: Duration) -> Result<Option<Vec<(Told, Bytes)>>, Error> {
        let Some(keys) = self.next(scan, each).await? else { return Ok(None) };
        let told = self.run_keys(&LOOK_UP, keys.clone(), &[]).await?;
        let told: Result<Vec<(Told, Bytes)>, Error> =
            told.into_iter().map(Told::read).zip(keys).map(|(told, key)| Ok((told?, key))).collect();
        told.map(Some)
    }

    /// How many sessions there are.
    pub async fn count(&self, each: Duration) -> Result<i64, Error> {
        let mut scan = Scan::new(self.desk.keys.glob());
        let mut count = 0;
        while let Some(keys) = self.next(&mut scan, each).await? {
            let told = self.run_all(&LIVING, &self.names_of(&keys), std::slice::from_ref(&self.desk.absolute)).await?;
            count += told.iter().map(Reply::as_integer).sum::<i64>();
        }
        Ok(count)
    }
}
