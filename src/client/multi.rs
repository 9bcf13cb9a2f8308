//! Operations on many keys: grouped by where the keys are, and sent at once.

use super::command::Command;
use super::error::Error;
use super::handle::Client;
use super::link::Link;
use super::reply::Reply;
use super::route::Route;
use super::send_error::SendError;
use super::session::Session;
use crate::common::Attempt;
use bytes::Bytes;
use futures_util::stream::{StreamExt, iter};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How many keys one command names, so that none holds the server up.
const BATCH: usize = 1000;

/// How many commands are handed over to one connection together, and how many such parts are under way: enough to fill a link, and few
/// enough that one caller neither holds up the others nor takes much memory.
const PART: usize = 512;
const PARTS: usize = 8;

/// How many commands that have to be sent again are under way at once.
const AGAIN: usize = 256;

/// Keys that go into one command, with their places among all.
#[derive(Default)]
struct Group {
    keys: Vec<Bytes>,
    places: Vec<u32>,
}

type Answer = Result<Reply, Error>;

impl Client {
    /// What is stored under each key, nil for none.
    pub async fn mget(&self, attempt: &Attempt, keys: Vec<Bytes>) -> Result<Vec<Reply>, Error> {
        let mut values = vec![Reply::Nil; keys.len()];
        for (group, reply) in self.of_keys(attempt, keys, Command::mget).await {
            for (place, value) in group.places.into_iter().zip(reply?.into_array()) {
                values[place as usize] = value;
            }
        }
        Ok(values)
    }

    /// How many of the keys were there.
    pub async fn unlink(&self, attempt: &Attempt, keys: Vec<Bytes>) -> Result<i64, Error> {
        let mut deleted = 0;
        for (_, reply) in self.of_keys(attempt, keys, Command::unlink).await {
            deleted += reply?.as_integer();
        }
        Ok(deleted)
    }

    /// The places of keys that go together into one script: all of them over one connection, those of a connection in a pool, so that what
    /// concerns a key stays in order, and those of a slot in a cluster. In the same order for everybody.
    pub fn by_unit(&self, keys: &[Bytes]) -> Vec<Vec<usize>> {
        let mut groups: BTreeMap<Option<u16>, Vec<usize>> = BTreeMap::new();
        for (place, key) in keys.iter().enumerate() {
            groups.entry(self.route().group(key)).or_default().push(place);
        }
        groups.into_values().collect()
    }

    /// Whether all keys go together: what `by_unit` would find out for each of them.
    pub fn is_one_unit(&self) -> bool {
        self.route().group(&[]).is_none()
    }

    /// Whether keys may live on different servers.
    pub fn is_cluster(&self) -> bool {
        matches!(self.route(), Route::Cluster(_))
    }

    /// One command for each group of keys.
    async fn of_keys(
        &self,
        attempt: &Attempt,
        keys: Vec<Bytes>,
        make: fn(Vec<Bytes>) -> Command,
    ) -> Vec<(Group, Answer)> {
        let groups = self.grouped(keys);
        let answers = self.pipeline(attempt, groups.iter().map(|group| make(group.keys.clone())).collect()).await;
        let mut answered = Vec::with_capacity(groups.len());
        for (group, answer) in groups.into_iter().zip(answers) {
            match answer {
                // Some of its keys have moved on and some have not: each goes by itself.
                Err(error) if group.keys.len() > 1 && error.server_code() == "TRYAGAIN" => {
                    let singles = group.keys.iter().map(|key| make(vec![key.clone()])).collect();
                    let answers = self.pipeline(attempt, singles).await;
                    let single = |(key, place)| Group { keys: vec![key], places: vec![place] };
                    answered.extend(group.keys.into_iter().zip(group.places).map(single).zip(answers));
                }
                answer => answered.push((group, answer)),
            }
        }
        answered
    }

    fn grouped(&self, keys: Vec<Bytes>) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let mut open: HashMap<Option<u16>, usize> = HashMap::new();
        let mut last = None;
        for (place, key) in keys.into_iter().enumerate() {
            let unit = self.route().group(&key);
            // Over one connection all keys are of one unit, and none of them need be looked up.
            let index = match last {
                Some((same, index)) if same == unit => index,
                _ => open.get(&unit).copied().unwrap_or(usize::MAX),
            };
            let index = if groups.get(index).is_some_and(|group| group.keys.len() < BATCH) {
                index
            } else {
                groups.push(Group::default());
                open.insert(unit, groups.len() - 1);
                groups.len() - 1
            };
            groups[index].keys.push(key);
            groups[index].places.push(place as u32);
            last = Some((unit, index));
        }
        groups
    }

    /// Sends commands together and awaits all replies. Those for one connection leave in their order.
    pub async fn pipeline(&self, attempt: &Attempt, commands: Vec<Command>) -> Vec<Answer> {
        if let [_] = commands[..] {
            return vec![self.call(attempt, commands.into_iter().next().unwrap_or_else(Command::ping)).await];
        }
        let mut answers: Vec<Option<Answer>> = commands.iter().map(|_| None).collect();
        let progress = Progress::new(attempt);
        let parts = self.parts(&commands);
        let mut under_way = iter(parts).map(|part| send_part(&progress, part)).buffered(PARTS);
        while let Some(answered) = under_way.next().await {
            for (place, answer) in answered {
                answers[place] = answer;
            }
        }
        // The rest had no connection, or has to be sent again.
        let mut all = Vec::with_capacity(commands.len());
        let again = commands.into_iter().zip(answers);
        let again = again.map(|(command, answer)| self.unless_answered(&progress, command, answer));
        let mut again = iter(again).buffered(AGAIN);
        while let Some(answer) = again.next().await {
            all.push(answer);
        }
        progress.end(&all);
        all
    }

    async fn unless_answered(&self, progress: &Progress<'_>, command: Command, answer: Option<Answer>) -> Answer {
        match answer {
            Some(answer) => answer,
            None => {
                let changes = !command.idempotent;
                let answer = self.call(progress.attempt, command).await;
                progress.note(changes, &answer);
                answer
            }
        }
    }

    /// Those commands whose connection stands, in parts for one connection each.
    fn parts(&self, commands: &[Command]) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        let mut open: HashMap<*const Link, usize> = HashMap::new();
        for (place, command) in commands.iter().enumerate() {
            let Some((link, session)) = self.route().standing(self.route().way(command)) else { continue };
            let index = open.entry(Arc::as_ptr(&link)).or_insert(usize::MAX);
            if parts.get(*index).is_none_or(|part| part.commands.len() == PART) {
                *index = parts.len();
                parts.push(Part { link, session, places: Vec::new(), commands: Vec::new() });
            }
            parts[*index].places.push(place);
            parts[*index].commands.push(command.clone());
        }
        parts
    }
}

/// How far many commands have come: once one has been executed, the operation as a whole may have been, until all have.
struct Progress<'attempt> {
    attempt: &'attempt Attempt,
    is_begun: AtomicBool,
}

impl<'attempt> Progress<'attempt> {
    fn new(attempt: &'attempt Attempt) -> Self {
        Progress { attempt, is_begun: AtomicBool::new(false) }
    }

    /// Told of each answer when it comes: the deadline may be next.
    fn note(&self, changes: bool, answer: &Answer) {
        if changes && answer.is_ok() && !self.is_begun.swap(true, Ordering::Relaxed) {
            self.attempt.sent();
        }
    }

    fn end(&self, answers: &[Answer]) {
        if self.is_begun.load(Ordering::Relaxed) && answers.iter().all(Result::is_ok) {
            self.attempt.settled();
        }
    }
}

/// Commands for one connection, with their places among all.
struct Part {
    link: Arc<Link>,
    session: Session,
    places: Vec<usize>,
    commands: Vec<Command>,
}

/// Answers by place; `None` for a command that `call` has to take care of.
async fn send_part(progress: &Progress<'_>, part: Part) -> Vec<(usize, Option<Answer>)> {
    let Part { link, session, places, commands } = part;
    progress.attempt.sent();
    let answers = session.send_all(commands.clone()).await;
    let mut is_lost = false;
    let answers = answers.into_iter().zip(commands).map(|(answer, command)| match answer {
        Ok(reply) => {
            link.replies.fetch_add(1, Ordering::Relaxed);
            let answer = Ok(reply);
            progress.note(!command.idempotent, &answer);
            Some(answer)
        }
        Err(SendError::Refused(error)) => {
            link.replies.fetch_add(1, Ordering::Relaxed);
            let is_for_call = error.is_redirection() || error.is_passing() && !command.is_to_be_split(&error);
            (!is_for_call).then(|| Err(error.without(&command.args)))
        }
        Err(SendError::NotSent) => None,
        Err(_) if command.idempotent => None,
        Err(_) => {
            is_lost = true;
            Some(Err(Error::lost()))
        }
    });
    let answers = places.into_iter().zip(answers).collect();
    if !is_lost {
        progress.attempt.settled();
    }
    answers
}
