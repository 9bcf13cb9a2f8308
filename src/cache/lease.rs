//! The right to load.

use super::read::given;
use super::scripts::{ABANDON, LEASE};
use crate::bridge::Outcome;
use crate::client::{Client, Command, Error, Reply, Steps};
use crate::common::Attempt;
use bytes::Bytes;
use futures_util::stream::{StreamExt, TryStreamExt, iter};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::sleep_until;

type Run = Result<Outcome, Error>;

/// What `lease.lua` says; `lib/store.js` has the same table, and `VAIN` for what was waited for in vain.
mod what {
    pub const BUSY: i64 = 2;
    pub const VAIN: i64 = 5;
}

/// Who asks for a lease, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// There should be no fresh value.
    Miss,
    /// Whatever is there is to be replaced.
    Refresh,
    /// The same, and whoever holds a lease loses it.
    Force,
    /// There should be no fresh value, and what is there is known.
    Stale,
}

impl Mode {
    fn word(self) -> &'static str {
        match self {
            Mode::Miss => "miss",
            Mode::Refresh => "refresh",
            Mode::Force => "force",
            Mode::Stale => "stale",
        }
    }
}

/// What a caller wants.
#[derive(Clone, Debug)]
pub struct Ask {
    pub token: u64,
    pub mode: Mode,
    pub lease: Duration,
    /// How long to wait while another loads.
    pub wait: Duration,
    /// The key of the epoch, where what is loaded may have tags.
    pub epoch: Option<Bytes>,
}

/// What the server says of one key.
struct Answer {
    what: i64,
    value: Outcome,
}

impl Answer {
    fn of(reply: Reply) -> Self {
        let mut items = reply.into_each().into_iter();
        let what = items.next().map_or(what::VAIN, |what| what.as_integer());
        let value = match (items.next(), items.next()) {
            (Some(Reply::Bytes(stored)), Some(pttl)) => given(stored, pttl.as_integer()),
            _ => Outcome::Nil,
        };
        Answer { what, value }
    }

    /// `[what, value, epoch, whether it was waited for]`.
    fn outcome(self, epoch: u64, waited: bool) -> Outcome {
        let numbers = [Outcome::Integer(epoch as i64), Outcome::Flag(waited)];
        Outcome::List([Outcome::Integer(self.what), self.value].into_iter().chain(numbers).collect())
    }
}

async fn ask(client: &Client, steps: Steps<'_>, keys: Vec<Bytes>, ask: &Ask) -> Result<Vec<Answer>, Error> {
    let span = ask.lease.as_millis().to_string().into();
    let word = Bytes::from_static(ask.mode.word().as_bytes());
    let args = vec![ask.token.to_be_bytes().to_vec().into(), span, word];
    let replies = steps.run_divided(client, &LEASE, keys, args).await?;
    Ok(replies.into_iter().flat_map(Reply::into_each).map(Answer::of).collect())
}

/// The epoch before a load. Where none is known, one is begun, so that it is later than all that were.
async fn snapshot(client: &Client, steps: Steps<'_>, epoch: Option<&Bytes>) -> Result<u64, Error> {
    let Some(key) = epoch else { return Ok(0) };
    let attempt = Attempt::new(steps.each);
    let reply = steps.within(&attempt, client.call(&attempt, Command::get(key.clone()))).await?;
    match reply.text().parse() {
        Ok(epoch) => Ok(epoch),
        Err(_) => super::invalidate::begin(client, steps, key.clone()).await,
    }
}

/// Asks for a lease, and while another holds it waits until it need not be asked for any more.
pub async fn lease(client: Client, whole: Arc<Attempt>, each: Duration, key: Bytes, mut wanted: Ask) -> Run {
    let steps = Steps { whole: &whole, each };
    let patience = Instant::now() + wanted.wait;
    let (mut waited, mut unseen) = (false, 0);
    let mut pauses = Pauses::default();
    loop {
        let asking = async { Ok::<_, Error>(ask(&client, steps, vec![key.clone()], &wanted).await?.pop()) };
        let (answer, epoch) = tokio::join!(asking, snapshot(&client, steps, wanted.epoch.as_ref()));
        if answer.is_ok() && epoch.is_err() {
            // It may have been granted.
            whole.sent();
        }
        let (answer, epoch) = (answer?, epoch?);
        let answer = answer.unwrap_or(Answer { what: what::VAIN, value: Outcome::Nil });
        if answer.what != what::BUSY || wanted.wait.is_zero() {
            return Ok(answer.outcome(epoch, waited));
        }
        if Instant::now() >= patience {
            return Ok(Answer { what: what::VAIN, ..answer }.outcome(epoch, waited));
        }
        waited = true;
        // Watched before it is looked at, so that no change between the two is missed.
        let mut watch = client.watch(&key);
        let before = holder(&client, steps, key.clone()).await?;
        let is_same = before.is_some()
            && tokio::select! {
                () = watch.changed() => false,
                () = sleep_until(pauses.next(patience).into()) => {
                    wanted.mode == Mode::Miss || before == holder(&client, steps, key.clone()).await?
                }
            };
        if !is_same {
            // Whoever was waited for has replaced it.
            wanted.mode = Mode::Miss;
        }
        if before.is_none() {
            // As a rule it is there now. Where a replica is asked that knows less than its primary, that goes on for a while.
            unseen += 1;
            if unseen > 1 {
                sleep_until(pauses.next(patience).into()).await;
            }
        }
    }
}

/// Who holds the lease on a key, read where a change will be heard of.
async fn holder(client: &Client, steps: Steps<'_>, key: Bytes) -> Result<Option<u64>, Error> {
    /// While loads rest.
    const RESTING: u64 = u64::MAX;
    let attempt = Attempt::new(steps.each);
    let read = steps.within(&attempt, client.read_tracked(&attempt, key, false)).await?;
    let Reply::Bytes(stored) = read.value else { return Ok(None) };
    let token = super::format::Head::without_tags(&stored).map_or(0, |head| head.token);
    Ok((token != 0 && token != RESTING).then_some(token))
}

/// The timer behind the push: rare where pushes come, since the first is soon enough for a server that sends none.
#[derive(Default)]
struct Pauses(u32);

impl Pauses {
    fn next(&mut self, latest: Instant) -> Instant {
        const FIRST: Duration = Duration::from_millis(25);
        const LONGEST: Duration = Duration::from_millis(500);
        let pause = FIRST.saturating_mul(1 << self.0.min(8)).min(LONGEST);
        self.0 += 1;
        latest.min(Instant::now() + pause.mul_f64(0.75 + 0.5 * fastrand::f64()))
    }
}

/// How many script calls of one operation are under way at once.
const AT_ONCE: usize = 1024;

/// The places of keys that one script call may concern.
fn groups(client: &Client, keys: &[Bytes]) -> Vec<Vec<usize>> {
    /// No call concerns more.
    const MOST: usize = 128;
    let by_unit = client.by_unit(keys).into_iter();
    by_unit.flat_map(|group| group.chunks(MOST).map(<[usize]>::to_vec).collect::<Vec<_>>()).collect()
}

fn picked(keys: &[Bytes], groups: &[Vec<usize>]) -> Vec<Vec<Bytes>> {
    groups.iter().map(|places| places.iter().map(|place| keys[*place].clone()).collect()).collect()
}

/// Asks for leases on many keys, without waiting. A list of `[what, value, epoch, false]`.
pub async fn lease_many(client: Client, whole: Arc<Attempt>, each: Duration, keys: Vec<Bytes>, wanted: Ask) -> Run {
    let steps = Steps { whole: &whole, each };
    let groups = groups(&client, &keys);
    let asked = picked(&keys, &groups).into_iter().map(|keys| ask(&client, steps, keys, &wanted));
    let asking = iter(asked).buffered(AT_ONCE).try_collect::<Vec<_>>();
    let (answers, epoch) = tokio::try_join!(asking, snapshot(&client, steps, wanted.epoch.as_ref()))?;
    let mut outcomes: Vec<Outcome> = keys.iter().map(|_| Outcome::Nil).collect();
    for (place, answer) in groups.into_iter().flatten().zip(answers.into_iter().flatten()) {
        outcomes[place] = answer.outcome(epoch, false);
    }
    Ok(Outcome::List(outcomes))
}

/// Gives leases back; where a value is there, nobody loads it again for the time of `rest`. How many held.
pub async fn abandon(
    client: Client,
    whole: Arc<Attempt>,
    each: Duration,
    keys: Vec<Bytes>,
    token: u64,
    rest: Duration,
) -> Run {
    let steps = Steps { whole: &whole, each };
    let args: Vec<Bytes> = vec![token.to_be_bytes().to_vec().into(), rest.as_millis().to_string().into()];
    let groups = groups(&client, &keys);
    let giving =
        picked(&keys, &groups).into_iter().map(|keys| steps.run_divided(&client, &ABANDON, keys, args.clone()));
    // Whatever becomes of one, the others are given back.
    let counts: Vec<_> = iter(giving).buffered(AT_ONCE).collect().await;
    let counts: Vec<Vec<Reply>> = counts.into_iter().collect::<Result<_, _>>()?;
    Ok(Outcome::Integer(counts.into_iter().flatten().map(|count| count.as_integer()).sum()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_never_outlast_the_patience() {
        let mut pauses = Pauses::default();
        let soon = Instant::now() + Duration::from_millis(10);
        assert_eq!(pauses.next(soon), soon);
        let late = Instant::now() + Duration::from_secs(3600);
        let spans: Vec<Duration> = (0..8).map(|_| pauses.next(late) - Instant::now()).collect();
        assert!(spans[7] > spans[0] && spans[7] <= Duration::from_millis(625));
    }
}
