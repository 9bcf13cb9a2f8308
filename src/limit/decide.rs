//! Decisions of many callers, in as few script calls as may be.

use super::keys::Laid;
use super::plan::{Answer, Ask, Group, Named, Plan, arguments};
use super::policy::{Kind, Policy};
use super::reconcile;
use super::scripts::DECIDE;
use super::shared::{Shared, is_current, mark_at};
use crate::bridge::Outcome;
use crate::client::{Client, Error, ErrorKind, Reply, Steps};
use crate::common::{Attempt, Words};
use bytes::Bytes;
use futures_util::future::join_all;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// No script call decides about more keys, so that none holds up the server.
const MOST: usize = 128;

/// What the script says of a key that holds something else.
const FOREIGN: f64 = -2.0;

/// An id of a plan on its way.
struct Asked {
    /// Its place in the plan.
    place: usize,
    /// Its block, then its key under each policy.
    keys: Range<usize>,
}

/// What is known of the ids of a plan, by their places.
struct Known {
    /// The keys of all.
    keys: Vec<Bytes>,
    /// Of each the mark: where its word is, and the generation of that before the key was asked for; and the time of the server that was asked.
    marks: Vec<(f64, u64)>,
    /// Where in `numbers` that is what the callers of each are told.
    told: Vec<Option<Range<usize>>>,
    numbers: Vec<f64>,
}

/// Those that could not be decided are marked as such, unless all are: then the error says why. So the breaker hears of a server that does not
/// answer at all; a cluster that answers for some keys serves, as far as it is concerned. The plan is read here, so that the thread of JavaScript
/// need not.
pub async fn decide(
    client: Client,
    attempt: Arc<Attempt>,
    shared: Arc<Shared>,
    plan: impl FnOnce() -> Option<Plan>,
) -> Result<Outcome, Error> {
    let plan = plan().ok_or_else(|| Error::new(ErrorKind::Protocol, "a plan that is none"))?;
    let (mut known, asked) = remembered(&shared, &plan);
    let mut failed = None;
    let parts = parts(&client, &known.keys, asked);
    let within = (parts.len() > 1).then(|| of_part(&attempt));
    let parts = parts.into_iter().map(|part| ask(&client, &attempt, within, &plan, &known.keys, part));
    let answers = join_all(parts).await;
    for part in answers.into_iter().flatten() {
        match part {
            Ok((part, numbers)) => {
                take(&shared, &plan, part, &numbers, &mut known);
                reconcile::begin(&client, &attempt, &shared);
            }
            Err(error) => failed = Some(error),
        }
    }
    match failed {
        Some(error) if known.told.iter().all(Option::is_none) => Err(error),
        _ => Ok(Outcome::Binary(answer(&plan, known).into_bytes())),
    }
}

/// How long each of several parts may take: a little less than all of it, so that one which is not answered does not take the answers of the others
/// with it.
fn of_part(attempt: &Attempt) -> Duration {
    const LEAST: Duration = Duration::from_millis(1);
    const MOST: Duration = Duration::from_millis(50);
    let given = attempt.deadline - attempt.begun;
    given.saturating_sub((given / 10).clamp(LEAST, MOST)).max(LEAST)
}

fn answer(plan: &Plan, known: Known) -> Answer {
    let mut answer = Answer::default();
    for ((group, (mark, now)), told) in plan.groups().zip(known.marks).zip(known.told) {
        answer.group(mark, now);
        match told {
            Some(range) => answer.told(&known.numbers[range]),
            None => group.asks.iter().for_each(|_| answer.undecided(plan.sets()[group.set].policies.len())),
        }
    }
    answer
}

/// Answers what is remembered, and gives the rest.
fn remembered(shared: &Shared, plan: &Plan) -> (Known, Vec<Asked>) {
    let now = Instant::now();
    let server_now = shared.clock().now(now);
    let count = plan.groups().len();
    let policies_of = |group: &Group| &plan.sets()[group.set].policies;
    let mut laid = Laid::default();
    for group in plan.groups() {
        laid.add(&shared.keys, group.key, policies_of(&group).iter().map(|named| named.suffix.as_str()));
    }
    let keys = laid.into_keys();
    let of_group = |end: &mut usize, group: Group| {
        let begin = std::mem::replace(end, *end + 1 + policies_of(&group).len());
        Some(begin..*end)
    };
    let ranges: Vec<Range<usize>> = plan.groups().scan(0, of_group).collect();
    let slots: Vec<u32> = ranges.iter().map(|range| Words::slot_of(&keys[range.start])).collect();
    // Before they are asked, so that what frees a key meanwhile is not missed. All at once: these words are seldom in the cache of the processor, which
    // waits for many no longer than for one.
    let marks = slots.into_iter().map(|slot| (mark_at(slot), server_now)).collect();
    let mut known = Known { keys, marks, told: Vec::with_capacity(count), numbers: Vec::new() };
    let mut asked = Vec::with_capacity(count);
    let refused = shared.refused();
    for ((place, group), keys) in plan.groups().enumerate().zip(ranges) {
        let begin = known.numbers.len();
        let is_told = refused.tell(&known.keys[keys.start], &group, policies_of(&group), now, &mut known.numbers);
        known.told.push(is_told.then_some(begin..known.numbers.len()));
        if !is_told {
            asked.push(Asked { place, keys });
        }
    }
    (known, asked)
}

/// Those that go together into a script call.
fn parts(client: &Client, keys: &[Bytes], mut asked: Vec<Asked>) -> Vec<Vec<Asked>> {
    if asked.len() <= 1 || client.is_one_unit() {
        let mut parts = Vec::with_capacity(asked.len().div_ceil(MOST));
        while asked.len() > MOST {
            let rest = asked.split_off(MOST);
            parts.push(std::mem::replace(&mut asked, rest));
        }
        // Nothing is asked where all is remembered.
        parts.extend((!asked.is_empty()).then_some(asked));
        return parts;
    }
    let blocks: Vec<Bytes> = asked.iter().map(|asked| keys[asked.keys.start].clone()).collect();
    let mut asked: Vec<Option<Asked>> = asked.into_iter().map(Some).collect();
    let units = client.by_unit(&blocks);
    let parts = units.iter().flat_map(|places| places.chunks(MOST));
    parts.map(|places| places.iter().filter_map(|place| asked[*place].take()).collect()).collect()
}

type Answered = Result<(Vec<Asked>, Vec<f64>), Error>;

/// One by one where some of the keys have moved to another node and some have not.
async fn ask(
    client: &Client,
    attempt: &Attempt,
    within: Option<Duration>,
    plan: &Plan,
    keys: &[Bytes],
    part: Vec<Asked>,
) -> Vec<Answered> {
    match ask_once(client, attempt, within, plan, keys, &part).await {
        Err(error) if part.len() > 1 && error.server_code() == "TRYAGAIN" => {
            let within = Some(of_part(attempt));
            let singles = part.into_iter().map(|one| async {
                let part = vec![one];
                ask_once(client, attempt, within, plan, keys, &part).await.map(|numbers| (part, numbers))
            });
            join_all(singles).await
        }
        answer => vec![answer.map(|numbers| (part, numbers))],
    }
}

async fn ask_once(
    client: &Client,
    attempt: &Attempt,
    within: Option<Duration>,
    plan: &Plan,
    keys: &[Bytes],
    part: &[Asked],
) -> Result<Vec<f64>, Error> {
    let (keys, args) = told(plan, keys, part);
    let reply = match within {
        None => client.run(attempt, &DECIDE, keys, args).await?,
        Some(each) => {
            let own = Attempt::since(attempt.begun, each);
            Steps { whole: attempt, each }.within(&own, client.run(&own, &DECIDE, keys, args)).await?
        }
    };
    numbers(reply)
}

/// What the script is told: keys of one set stand together, as they do in the plan.
fn told(plan: &Plan, laid: &[Bytes], part: &[Asked]) -> (Vec<Bytes>, Vec<Bytes>) {
    let mut keys = Vec::with_capacity(part.len() * 2);
    let mut args = Vec::with_capacity(8);
    let set_of = |asked: &Asked| plan.group(asked.place).set;
    let runs = part.chunk_by(|one, next| set_of(one) == set_of(next));
    args.push(runs.clone().count().to_string().into());
    for run in runs {
        let policies = &plan.sets()[set_of(&run[0])].policies;
        args.extend(arguments(policies.iter().map(|named| &named.policy)));
        args.push(run.len().to_string().into());
        let asks_of = |asked: &Asked| plan.group(asked.place).asks;
        if run.iter().all(|asked| asks_of(asked) == asks_of(&run[0])) {
            args.push(costs(asks_of(&run[0])));
        } else {
            args.push(Bytes::new());
            args.extend(run.iter().map(|asked| costs(asks_of(asked))));
        }
        run.iter().for_each(|asked| keys.extend_from_slice(&laid[asked.keys.clone()]));
    }
    (keys, args)
}

fn costs(asks: &[Ask]) -> Bytes {
    match asks {
        [Ask { cost: 1, takes: true }] => Bytes::from_static(b"1"),
        asks => asks.iter().map(Ask::to_string).collect::<Vec<_>>().join(",").into(),
    }
}

/// A reply of numbers only.
pub fn numbers(reply: Reply) -> Result<Vec<f64>, Error> {
    let foreign = || Error::new(ErrorKind::Protocol, "the reply to a script was another's");
    let number = |reply| match reply {
        Reply::Integer(number) => Ok(number as f64),
        Reply::Error(error) => Err(error),
        _ => Err(foreign()),
    };
    reply.into_array().into_iter().map(number).collect()
}

/// Takes the numbers of a script call over, and learns who is refused.
fn take(shared: &Shared, plan: &Plan, part: Vec<Asked>, numbers: &[f64], known: &mut Known) {
    let now = Instant::now();
    let Some((server_now, rest)) = numbers.split_last() else { return };
    let server_now = *server_now as u64;
    shared.clock().learn(server_now, now);
    let policies_of = |asked: &Asked| &plan.sets()[plan.group(asked.place).set].policies;
    let first = part.iter().filter(|asked| is_quick(policies_of(asked))).count();
    let Some((quick, mut rest)) = rest.split_at_checked(2 * first) else { return };
    let mut quick = quick.chunks_exact(2);
    let mut refused = shared.refused();
    for asked in part {
        let policies = policies_of(&asked);
        let Asked { place, keys } = asked;
        let asks = plan.group(place).asks;
        let begin = known.numbers.len();
        if is_quick(policies)
            && let Some([left, reset]) = quick.next()
            && *left >= 0.0
        {
            known.numbers.extend([1.0, *left, 0.0, *reset]);
            known.marks[place].1 = server_now;
            known.told[place] = Some(begin..known.numbers.len());
            continue;
        }
        let width = 1 + 3 * policies.len();
        let Some((of_group, behind)) = rest.split_at_checked(width * asks.len()) else { return };
        rest = behind;
        known.numbers.extend_from_slice(of_group);
        if let (Some(ask), Some(last)) = (asks.last(), of_group.rchunks(width).next())
            // Who has been set free since it was asked is not known to be refused.
            && is_current(known.marks[place].0)
        {
            refused.learn(&known.keys[keys.start], policies, *ask, last, now);
        }
        known.marks[place].1 = server_now;
        // A key of somebody else's is left to the fallback.
        known.told[place] = (of_group.first() != Some(&FOREIGN)).then_some(begin..known.numbers.len());
    }
}

/// Whether `quick.lua` looks at keys of theirs, so that they come first in the reply, in a few numbers.
fn is_quick(policies: &[Named]) -> bool {
    matches!(policies, [Named { policy: Policy { kind: Kind::FixedWindow | Kind::Gcra, .. }, .. }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_ends_before_the_whole_and_has_time_all_the_same() {
        for (given, allowed) in [(1, 1), (2, 1), (20, 18), (100, 90), (30_000, 29_950)] {
            let attempt = Attempt::new(Duration::from_millis(given));
            assert_eq!(of_part(&attempt), Duration::from_millis(allowed), "{given} ms");
        }
    }
}
