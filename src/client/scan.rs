//! Walks the keys that match a glob, on every primary, without ever blocking a server for long.

use super::command::Command;
use super::error::Error;
use super::handle::Client;
use super::reply::Reply;
use super::route::Route;
use super::session::Session;
use super::slots::{OwnSlots, SlotSet};
use super::way::Way;
use crate::common::Attempt;
use bytes::Bytes;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How many keys the server looks at in one step.
const STEP: u64 = 1000;

/// How long slots that are on their way may hold up a walk, and how long it rests before it looks at them again.
const PATIENCE: Duration = Duration::from_secs(10);
const REST: Duration = Duration::from_millis(50);

/// A walk over the keys of a server or a cluster.
///
/// A cursor means something to one server only, and that server tells of its own slots only. So the walk is made of stretches, each over
/// one connection from its first step to its last. What it has seen for good are the slots that the server had from beginning to end, none
/// of whose keys were on their way. A stretch whose connection ends is begun anew, and slots that have moved are looked for where they went.
pub struct Scan {
    glob: Bytes,
    /// Slots that have not been seen for good.
    left: SlotSet,
    stretch: Option<Stretch>,
    progress: Instant,
}

struct Stretch {
    cursor: Bytes,
    session: Session,
    /// What the server had at the beginning.
    own: OwnSlots,
}

impl Scan {
    pub fn new(glob: Bytes) -> Self {
        Scan { glob, left: SlotSet::all(), stretch: None, progress: Instant::now() }
    }

    /// The keys of the next step, of which there may be none, and some of which may have been told before; `None` at the end.
    pub async fn next(&mut self, client: &Client, attempt: &Attempt) -> Result<Option<Vec<Bytes>>, Error> {
        let Some(slot) = self.left.first() else { return Ok(None) };
        let way = Way { slot: Some(slot), read: false };
        let stretch = match self.stretch.take() {
            Some(stretch) => stretch,
            None => {
                let (_, session) = client.reach(attempt, way).await?;
                let own = own_slots(client.route(), &session).await;
                Stretch { cursor: Bytes::from_static(b"0"), session, own }
            }
        };
        let command = Command::new("SCAN").arg(stretch.cursor.clone()).word("MATCH").arg(self.glob.clone());
        let command = command.word("COUNT").number(STEP).idempotent();
        let (reply, session) = client.exchange(attempt, command, way).await?;
        if !stretch.session.is(&session) {
            return Ok(Some(Vec::new()));
        }
        let mut parts = reply.into_array().into_iter();
        match parts.next() {
            Some(Reply::Bytes(cursor)) if cursor.as_ref() != b"0" => self.stretch = Some(Stretch { cursor, ..stretch }),
            _ => self.end(client.route(), stretch).await,
        }
        let keys = parts.next().map(Reply::into_array).unwrap_or_default().into_iter();
        Ok(Some(keys.filter_map(|key| if let Reply::Bytes(key) = key { Some(key) } else { None }).collect()))
    }

    async fn end(&mut self, route: &Route, stretch: Stretch) {
        let own = own_slots(route, &stretch.session).await;
        let before = self.left.len();
        self.left.remove_both(&stretch.own.settled, &own.settled);
        if self.left.len() < before {
            self.progress = Instant::now();
        } else if self.progress.elapsed() < PATIENCE {
            // It may have been the wrong node.
            route.doubt();
            sleep(REST).await;
        } else {
            // Somebody has left them half way. What is there has been told.
            self.left.remove_both(&stretch.own.all, &own.all);
        }
    }
}

/// What a server has, as it says itself.
async fn own_slots(route: &Route, session: &Session) -> OwnSlots {
    if let Route::Direct(_) = route {
        return OwnSlots::every();
    }
    // One that does not answer has nothing, and the stretch counts for nothing.
    match session.send(Command::new("CLUSTER").word("NODES").idempotent()).await {
        Ok(reply) => OwnSlots::parse(&reply.text()),
        Err(_) => OwnSlots::none(),
    }
}
