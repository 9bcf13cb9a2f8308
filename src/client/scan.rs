//! Walks the keys that match a glob, on every primary, without ever blocking a server for long.

use super::command::Command;
use super::error::{Error, ErrorKind};
use super::handle::Client;
use super::line::Turn;
use super::reply::Reply;
use super::route::Route;
use super::send_error::{MISFIT, SendError};
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

/// How often in a row a stretch may lose its connection before the walk is given up: where connections do not last, it would never end.
const MOST_LOST: u32 = 10;

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
    /// Since when no slot has been seen.
    stuck_since: Option<Instant>,
    /// How many stretches in a row have lost their connection.
    lost: u32,
}

struct Stretch {
    cursor: Bytes,
    session: Session,
    /// What the server had at the beginning.
    own: OwnSlots,
}

impl Scan {
    pub fn new(glob: Bytes) -> Self {
        Scan { glob, left: SlotSet::all(), stretch: None, stuck_since: None, lost: 0 }
    }

    /// The keys of the next step, of which there may be none, and some of which may have been told before; `None` at the end.
    pub async fn next(&mut self, client: &Client, attempt: &Attempt) -> Result<Option<Vec<Bytes>>, Error> {
        let Some(slot) = self.left.first() else { return Ok(None) };
        let way = Way { slot: Some(slot), read: false };
        let stretch = match self.stretch.take() {
            Some(stretch) => stretch,
            None => {
                let (_, session) = client.reach(attempt, way, Turn::next(), None).await?;
                let own = own_slots(client.route(), &session).await?;
                Stretch { cursor: Bytes::from_static(b"0"), session, own }
            }
        };
        let command = Command::new("SCAN").arg(stretch.cursor.clone()).word("MATCH").arg(self.glob.clone());
        let command = command.word("COUNT").number(STEP).idempotent();
        let (reply, _, session) = client.exchange(attempt, &command, way).await?;
        let (cursor, keys) = step(reply).ok_or_else(|| Error::new(ErrorKind::Protocol, MISFIT))?;
        if !stretch.session.is(&session) {
            self.lost += 1;
            if self.lost == MOST_LOST {
                return Err(Error::new(
                    ErrorKind::Unavailable,
                    "the connection ended again and again during a walk over the keys",
                ));
            }
            return Ok(Some(Vec::new()));
        }
        if cursor.as_ref() == b"0" {
            self.end(client.route(), stretch).await?;
        } else {
            self.stretch = Some(Stretch { cursor, ..stretch });
        }
        Ok(Some(keys))
    }

    async fn end(&mut self, route: &Route, stretch: Stretch) -> Result<(), Error> {
        self.lost = 0;
        let own = own_slots(route, &stretch.session).await?;
        if self.see(&stretch.own.settled, &own.settled) {
            self.stuck_since = None;
            return Ok(());
        }
        if self.stuck_since.get_or_insert_with(Instant::now).elapsed() < PATIENCE {
            // It may have been the wrong node.
            route.doubt();
            sleep(REST).await;
            return Ok(());
        }
        self.stuck_since = None;
        // Somebody has left them half way. What is there has been told.
        if self.see(&stretch.own.all, &own.all) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Unavailable, "the cluster does not agree on who has which slots"))
    }

    /// Whether slots have been seen for good that had not been before.
    fn see(&mut self, before: &SlotSet, after: &SlotSet) -> bool {
        let left = self.left.len();
        self.left.remove_both(before, after);
        self.left.len() < left
    }
}

/// What a server has, as it says itself.
async fn own_slots(route: &Route, session: &Session) -> Result<OwnSlots, Error> {
    if let Route::Direct(_) = route {
        return Ok(OwnSlots::every());
    }
    match session.send(Command::new("CLUSTER").word("NODES").idempotent()).await {
        Ok(reply) => Ok(OwnSlots::parse(&reply.text())),
        Err(SendError::Refused(error)) => Err(error),
        // The connection has ended, and the stretch counts for nothing.
        Err(_) => Ok(OwnSlots::none()),
    }
}

/// The cursor and the keys of one step. A reply that is none must not look like the end of the walk, or like no step at all.
fn step(reply: Reply) -> Option<(Bytes, Vec<Bytes>)> {
    let bytes = |reply: Reply| if let Reply::Bytes(bytes) = reply { Some(bytes) } else { None };
    let Reply::Array(parts) = reply else { return None };
    let [cursor, Reply::Array(keys)] = <[Reply; 2]>::try_from(parts).ok()? else { return None };
    let cursor = bytes(cursor).filter(|cursor| !cursor.is_empty() && cursor.iter().all(u8::is_ascii_digit))?;
    Some((cursor, keys.into_iter().map(bytes).collect::<Option<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: Vec<Reply>) -> Reply {
        Reply::Array(items)
    }

    fn bytes(text: &'static str) -> Reply {
        Reply::Bytes(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn a_step_is_a_cursor_and_keys() {
        let reply = list(vec![bytes("17"), list(vec![bytes("a"), bytes("b")])]);
        assert_eq!(step(reply), Some(("17".into(), vec!["a".into(), "b".into()])));
        assert_eq!(step(list(vec![bytes("0"), list(vec![])])), Some(("0".into(), vec![])));
    }

    #[test]
    fn what_is_no_step_is_not_the_end_of_a_walk() {
        let keys = || list(vec![]);
        let none = [
            Reply::Nil,
            keys(),
            bytes("0"),
            list(vec![bytes("0")]),
            list(vec![bytes("0"), Reply::Nil]),
            list(vec![bytes(""), keys()]),
            list(vec![bytes("-1"), keys()]),
            list(vec![Reply::Integer(0), keys()]),
            list(vec![bytes("0"), keys(), keys()]),
            list(vec![bytes("0"), list(vec![bytes("a"), Reply::Nil])]),
        ];
        assert!(none.into_iter().all(|reply| step(reply).is_none()));
    }
}
