//! Walks the keys that match a glob, on every primary, without ever blocking a server for long.

use super::command::Command;
use super::error::Error;
use super::handle::Client;
use super::reply::Reply;
use super::session::Session;
use super::slots::SlotSet;
use super::way::Way;
use crate::common::Attempt;
use bytes::Bytes;

/// How many keys the server looks at in one step.
const STEP: u64 = 1000;

/// A walk over the keys of a server or a cluster.
///
/// A cursor means something to one server only, and that server tells of its own slots only. So the walk is made of stretches, each over
/// one connection from its first step to its last; what it has seen for good are the slots that the server had throughout. A stretch whose
/// connection ends is begun anew, and slots that have moved away are looked for where they went.
pub struct Scan {
    glob: Bytes,
    /// Slots that have not been seen for good.
    left: SlotSet,
    stretch: Option<Stretch>,
}

struct Stretch {
    cursor: Bytes,
    session: Session,
    /// What the server had at the beginning.
    slots: SlotSet,
}

impl Scan {
    pub fn new(glob: Bytes) -> Self {
        Scan { glob, left: SlotSet::all(), stretch: None }
    }

    /// The keys of the next step, of which there may be none, and some of which may have been told before; `None` at the end.
    pub async fn next(&mut self, client: &Client, attempt: &Attempt) -> Result<Option<Vec<Bytes>>, Error> {
        let Some(slot) = self.left.first() else { return Ok(None) };
        let slots = client.route().slots_beside(slot);
        let cursor = self.stretch.as_ref().map_or(Bytes::from_static(b"0"), |stretch| stretch.cursor.clone());
        let command = Command::new("SCAN").arg(cursor).word("MATCH").arg(self.glob.clone());
        let command = command.word("COUNT").number(STEP).idempotent();
        let (reply, session) = client.exchange(attempt, command, Way { slot: Some(slot), read: false }).await?;
        let mut parts = reply.into_array().into_iter();
        let cursor = match parts.next() {
            Some(Reply::Bytes(cursor)) => cursor,
            _ => Bytes::from_static(b"0"),
        };
        let slots = match self.stretch.take() {
            // The connection has changed, and the cursor was another server's.
            Some(stretch) if !stretch.session.is(&session) => return Ok(Some(Vec::new())),
            Some(stretch) => stretch.slots,
            None => slots,
        };
        if cursor.as_ref() == b"0" {
            self.seen(slots, client.route().slots_beside(slot));
        } else {
            self.stretch = Some(Stretch { cursor, session, slots });
        }
        let keys = parts.next().map(Reply::into_array).unwrap_or_default().into_iter();
        Ok(Some(keys.filter_map(|key| if let Reply::Bytes(key) = key { Some(key) } else { None }).collect()))
    }

    fn seen(&mut self, before: SlotSet, after: SlotSet) {
        let mut throughout = before;
        throughout.keep(&after);
        self.left.remove(&throughout);
    }
}
