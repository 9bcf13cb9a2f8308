//! Deletes all keys that match a glob.

use super::error::Error;
use super::handle::Client;
use super::scan::Scan;
use super::steps::Steps;
use crate::common::Attempt;
use bytes::Bytes;
use std::time::Duration;

/// How many bytes of keys a walk gathers before it deletes them.
const MOST_FOUND: usize = 4 << 20;

impl Client {
    /// How many there were. Each step has a deadline of its own.
    ///
    /// It deletes behind the walk, not during it: Redis promises that no key is missed whatever happens meanwhile, but imitations whose
    /// cursor is a position (`js-redis-server`) pass over as many keys as are taken away before it.
    pub async fn unlink_matching(&self, whole: &Attempt, each: Duration, glob: Bytes) -> Result<i64, Error> {
        let steps = Steps { whole, each };
        let mut scan = Scan::new(glob);
        let (mut found, mut bytes) = (Vec::new(), 0);
        let mut deleted = 0;
        loop {
            let attempt = Attempt::new(each);
            let more = steps.within(&attempt, scan.next(self, &attempt)).await?;
            let done = more.is_none();
            for key in more.into_iter().flatten() {
                bytes += key.len();
                found.push(key);
            }
            if done || bytes > MOST_FOUND {
                let attempt = Attempt::new(each);
                let before = deleted;
                deleted += steps.within(&attempt, self.unlink_known(&attempt, std::mem::take(&mut found))).await?;
                bytes = 0;
                if before == 0 && deleted > 0 {
                    // Should a later step fail, a part was done.
                    whole.sent();
                }
            }
            if done {
                return Ok(deleted);
            }
        }
    }

    /// Copies of them in the memory of this process are old.
    async fn unlink_known(&self, attempt: &Attempt, keys: Vec<Bytes>) -> Result<i64, Error> {
        keys.iter().for_each(|key| self.words().bump(key));
        let deleted = self.unlink(attempt, keys.clone()).await;
        keys.iter().for_each(|key| self.words().bump(key));
        deleted
    }
}
