//! Scripts whose writes are waited for until replicas have them, too.
//!
//! `WAIT` tells of the writes of its own connection. On another, or a later one, it answers at once that all replicas have everything, which is
//! true of nothing that the caller meant. So the two go over one connection, or the call fails.

use super::command::Command;
use super::error::{Error, ErrorKind};
use super::handle::{Client, answer_by};
use super::link::Link;
use super::options::Address;
use super::reply::Reply;
use super::script::Script;
use super::send_error::SendError;
use super::session::Session;
use crate::common::Attempt;
use bytes::Bytes;
use futures_util::future::join;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::time::timeout_at;

/// A server looks at its timers ten times a second, so its answer may come so much after the time that it was given.
const LATE: Duration = Duration::from_millis(150);

/// How many replicas are to have a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replicas {
    Count(u32),
    /// So many that they and the master are more than half of all copies.
    Majority,
    All,
}

impl Replicas {
    /// As JavaScript writes it: how many, -1 for a majority, -2 for all.
    pub fn of(number: i32) -> Self {
        match number {
            -1 => Replicas::Majority,
            -2 => Replicas::All,
            count => Replicas::Count(count.unsigned_abs()),
        }
    }

    /// How many must acknowledge where there are so many replicas. Never none: a master alone is what nobody asked for.
    fn needed(self, replicas: u32) -> u32 {
        let needed = match self {
            Replicas::Count(count) => count,
            Replicas::Majority => replicas.div_ceil(2),
            Replicas::All => replicas,
        };
        needed.max(1)
    }
}

/// How many replicas have a write, and how many were to have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Durability {
    pub acknowledged: u32,
    /// At least 1.
    pub needed: u32,
}

impl Durability {
    pub fn is_reached(self) -> bool {
        self.acknowledged >= self.needed
    }
}

/// What a script's writes are waited for.
#[derive(Clone, Copy)]
pub struct Durably {
    pub replicas: Replicas,
    pub within: Duration,
    /// Whether a script that answered so has written anything: otherwise nothing is waited for.
    pub has_written: fn(&Reply) -> bool,
}

/// The greatest number of replicas that was seen at each node of a cluster, or at whatever else there is. A master that is cut off from its
/// replicas has none, and must not be believed that none are needed.
#[derive(Default)]
pub struct Copies(Mutex<HashMap<Option<Address>, u32>>);

impl Copies {
    /// Takes note of how many a node has now; tells how many it has had.
    fn saw(&self, node: Option<&Address>, replicas: u32) -> u32 {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(node.cloned()) {
            Entry::Occupied(mut most) => {
                let most = most.get_mut();
                *most = replicas.max(*most);
                *most
            }
            Entry::Vacant(new) => *new.insert(replicas),
        }
    }

    /// How many a node has had, where it was asked before.
    fn of(&self, node: Option<&Address>) -> Option<u32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&node.cloned()).copied()
    }
}

impl Client {
    /// Runs a script, and then waits until replicas have what it wrote, `within` or a little longer at the most; the attempt should allow for
    /// that. What was reached is told, and judging it is the caller's: what the script has written stays written.
    ///
    /// An error of an attempt that may have been executed says that the script may have, too, and that nothing is known of replicas: the
    /// connection was lost in between, or the server was made a replica. The script is not run again then, idempotent or not: a second run
    /// that finds its work done and writes nothing would be told of at once, as if all had it. For the same reason the script must write whenever
    /// its caller believes in the number.
    ///
    /// Everything else on the connection waits meanwhile. So this is for clients whose only use it is.
    pub async fn run_durably(
        &self,
        attempt: &Attempt,
        script: &Script,
        keys: Vec<Bytes>,
        args: Vec<Bytes>,
        wanted: Durably,
    ) -> Result<(Reply, Durability), Error> {
        let (reply, link, session) = Box::pin(self.run_somewhere(attempt, &script.once(), keys, args)).await?;
        let Durably { replicas, within, has_written } = wanted;
        if !has_written(&reply) {
            return Ok((reply, Durability { acknowledged: 0, needed: 1 }));
        }
        // From here on, what fails leaves the script executed and its copies unknown.
        attempt.sent();
        let now = Instant::now();
        let left = answer_by(attempt).saturating_duration_since(now);
        let end = now + within.min(left.saturating_sub(LATE).max(left / 2));
        let replicating = Replicating { client: self, link: &link, session: &session, end };
        let durability = timeout_at(attempt.deadline.into(), Box::pin(replicating.reach(replicas)));
        let durability = durability.await.unwrap_or_else(|_| Err(Error::no_answer()))?;
        attempt.settled();
        Ok((reply, durability))
    }
}

/// Waiting for replicas, on the connection that has written.
struct Replicating<'run> {
    client: &'run Client,
    link: &'run Link,
    session: &'run Session,
    end: Instant,
}

impl Replicating<'_> {
    async fn reach(&self, replicas: Replicas) -> Result<Durability, Error> {
        let known = match (replicas, self.client.copies().of(self.link.address())) {
            (Replicas::Count(_), _) => return self.wait(replicas.needed(0)).await,
            (_, None) => return self.wait(replicas.needed(self.count().await?)).await,
            (_, Some(known)) => known,
        };
        // There may be more of them than were known, which is asked on the way.
        let (now, durability) = join(self.count(), self.wait(replicas.needed(known))).await;
        let needed = replicas.needed(now?);
        let Durability { acknowledged, needed: awaited } = durability?;
        if acknowledged >= needed || awaited == needed {
            return Ok(Durability { acknowledged, needed });
        }
        self.wait(needed).await
    }

    /// How many replicas the server has, or has had.
    async fn count(&self) -> Result<u32, Error> {
        let info = self.ask(Command::new("INFO").word("replication").idempotent()).await?;
        let unsaid = || Error::new(ErrorKind::Protocol, "the server does not say how many replicas it has");
        let replicas = replicas_in(&info.text()).ok_or_else(unsaid)?;
        Ok(self.client.copies().saw(self.link.address(), replicas))
    }

    /// Waits in turns that are short beside the watchdog's: a server answers nothing else on the connection meanwhile.
    async fn wait(&self, needed: u32) -> Result<Durability, Error> {
        let turn = self.link.patience() / 2;
        loop {
            let left = self.end.saturating_duration_since(Instant::now());
            // 0 would be for ever.
            let millis = left.min(turn).as_millis().max(1) as u64;
            let wait = Command::new("WAIT").number(needed.into()).number(millis);
            let Reply::Integer(acknowledged) = self.ask(wait).await? else {
                return Err(Error::new(ErrorKind::Protocol, "the server does not say how many replicas have a write"));
            };
            let durability = Durability { acknowledged: u32::try_from(acknowledged).unwrap_or(0), needed };
            if durability.is_reached() || left <= turn {
                return Ok(durability);
            }
        }
    }

    async fn ask(&self, command: Command) -> Result<Reply, Error> {
        let answer = self.session.send(command).await;
        if matches!(answer, Ok(_) | Err(SendError::Refused(_))) {
            self.link.replies.fetch_add(1, Ordering::Relaxed);
        }
        answer.map_err(|error| match error {
            SendError::Refused(error) => error,
            SendError::Unreadable(why) => Error::new(ErrorKind::Protocol, why),
            SendError::NotSent | SendError::Lost => {
                Error::new(ErrorKind::Unavailable, "the connection was lost before replicas were known to have it")
            }
        })
    }
}

/// How many replicas a server says it has, whatever their state. Who only fetches a copy, as `redis-cli --rdb` does, names no port and is not
/// kept up to date: none, or backups would raise for good what `Copies` remembers.
fn replicas_in(info: &str) -> Option<u32> {
    let field = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    let connected: u32 = field("connected_slaves")?.parse().ok()?;
    let passing = |line: &&str| is_of_replica(line) && line.contains(",port=0,") && !line.contains(",state=online");
    Some(connected.saturating_sub(info.lines().filter(passing).count() as u32))
}

/// `slave0:ip=…`
fn is_of_replica(line: &str) -> bool {
    let number = line.strip_prefix("slave").and_then(|rest| rest.split(':').next());
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_majority_is_more_than_half_of_all_copies() {
        let majorities: Vec<u32> = (0..=6).map(|replicas| Replicas::Majority.needed(replicas)).collect();
        assert_eq!(majorities, [1, 1, 1, 2, 2, 3, 3]);
        for replicas in 1..100 {
            let copies = Replicas::Majority.needed(replicas) + 1;
            assert!(2 * copies > replicas + 1 && 2 * (copies - 1) <= replicas + 1);
        }
    }

    #[test]
    fn a_master_alone_is_never_enough() {
        for replicas in [Replicas::Count(0), Replicas::Majority, Replicas::All] {
            let needed = replicas.needed(0);
            assert_eq!(needed, 1);
            assert!(!Durability { acknowledged: 0, needed }.is_reached());
        }
        assert_eq!((Replicas::Count(3).needed(1), Replicas::All.needed(3)), (3, 3));
    }

    #[test]
    fn who_is_cut_off_does_not_lower_what_is_needed() {
        let (copies, node) = (Copies::default(), Address { host: "a".into(), port: 1 });
        assert_eq!(copies.of(None), None);
        assert_eq!([2, 0, 3, 1].map(|replicas| copies.saw(None, replicas)), [2, 2, 3, 3]);
        assert_eq!((copies.of(Some(&node)), copies.saw(Some(&node), 0)), (None, 0));
        assert_eq!((copies.of(None), copies.of(Some(&node))), (Some(3), Some(0)));
    }

    #[test]
    fn replicas_are_counted_and_backups_are_not() {
        let info = "# Replication\r\nrole:master\r\nconnected_slaves:4\r\n\
            slave0:ip=127.0.0.1,port=7001,state=online,offset=1,lag=0\r\n\
            slave1:ip=127.0.0.1,port=0,state=wait_bgsave,offset=0,lag=0\r\n\
            slave2:ip=127.0.0.1,port=7002,state=send_bulk,offset=0,lag=0\r\n\
            slave3:ip=127.0.0.1,port=0,state=online,offset=1,lag=0\r\nslave_read_repl_offset:0,port=0,\r\n";
        assert_eq!(replicas_in(info), Some(3));
        assert_eq!(replicas_in("role:master\r\nconnected_slaves:0\r\n"), Some(0));
        assert_eq!(replicas_in("role:slave\r\n"), None);
        assert_eq!(replicas_in("connected_slaves:many"), None);
    }
}
