//! Lua scripts, which the server knows by their hash.

use super::command::Command;
use super::error::Error;
use super::handle::Client;
use super::link::Link;
use super::reply::Reply;
use super::session::Session;
use crate::common::Attempt;
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A pattern's script of parts that lie in `lua/` beside the file that names them, and what is known of it.
macro_rules! script {
    ($($part:literal),+ $(; $($also:ident),+)?) => {
        std::sync::LazyLock::new(|| {
            $crate::client::Script::ours(concat!($(include_str!(concat!("lua/", $part, ".lua"))),+))$($(.$also())+)?
        })
    };
}
pub(crate) use script;

#[derive(Clone, Debug)]
pub struct Script {
    source: Bytes,
    sha: Bytes,
    /// Nothing is known of its replies.
    guarded: bool,
    idempotent: bool,
    /// One call for each of its keys does the same.
    divisible: bool,
}

impl Script {
    /// A script of the user's.
    pub fn new(source: String) -> Self {
        let sha = fred::util::sha1_hash(&source).into();
        Script { source: source.into(), sha, guarded: true, idempotent: false, divisible: false }
    }

    /// A script of a pattern, whose replies are numbers, or lists that begin with one: nobody takes them for a published message.
    pub fn ours(source: &str) -> Self {
        Script { guarded: false, ..Script::new(source.to_owned()) }
    }

    /// Run twice it does what run once it does, so it may be sent again when the link is lost on the way.
    #[must_use]
    pub fn idempotent(self) -> Self {
        Script { idempotent: true, ..self }
    }

    /// One call for each of its keys does the same: where some of them have moved to another node and some have not, the caller is told so at
    /// once (`TRYAGAIN`), and is to do that.
    #[must_use]
    pub fn divisible(self) -> Self {
        Script { divisible: true, ..self }
    }

    /// As it is where running it twice would not do.
    #[must_use]
    pub(super) fn once(&self) -> Self {
        Script { idempotent: false, ..self.clone() }
    }

    /// By its hash, which a server may not know.
    fn command(&self, keys: Vec<Bytes>, args: Vec<Bytes>) -> Command {
        let count = Bytes::from(keys.len().to_string());
        let args = [self.sha.clone(), count].into_iter().chain(keys).chain(args).collect();
        let command = Command::script("EVALSHA", args, self.guarded, self.divisible);
        if self.idempotent { command.idempotent() } else { command }
    }

    /// The same with its text.
    fn in_full(&self, command: Command) -> Command {
        command.with_first("EVAL", self.source.clone())
    }
}

/// Which scripts a server is known to know: by the script and the link to it, with the number of connections that there had been.
#[derive(Default)]
pub struct Learnt(Mutex<HashMap<(Bytes, usize), u64>>);

impl Learnt {
    fn lock(&self) -> MutexGuard<'_, HashMap<(Bytes, usize), u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Client {
    /// Runs a script on the node of its first key. A node that does not know the script yet is sent its text, in the same call.
    pub async fn run(
        &self,
        attempt: &Attempt,
        script: &Script,
        keys: Vec<Bytes>,
        args: Vec<Bytes>,
    ) -> Result<Reply, Error> {
        self.run_somewhere(attempt, script, keys, args).await.map(|(reply, ..)| reply)
    }

    /// As `run`; tells the link and the connection, too.
    pub(super) async fn run_somewhere(
        &self,
        attempt: &Attempt,
        script: &Script,
        keys: Vec<Bytes>,
        args: Vec<Bytes>,
    ) -> Result<(Reply, Arc<Link>, Session), Error> {
        let by_hash = script.command(keys, args);
        let way = self.route().way(&by_hash);
        match self.exchange(attempt, &by_hash, way).await {
            Err(error) if error.server_code() == "NOSCRIPT" => {
                self.exchange(attempt, &script.in_full(by_hash), way).await
            }
            answer => answer,
        }
    }

    /// As `run`, so that what is sent next comes behind it: a server that does not know the hash would be sent the text behind that. So the text is
    /// sent until the server is known to know it, and again over later connections, which may lead to another.
    pub async fn run_in_order(
        &self,
        attempt: &Attempt,
        script: &Script,
        keys: Vec<Bytes>,
        args: Vec<Bytes>,
    ) -> Result<Reply, Error> {
        let by_hash = script.command(keys, args);
        let way = self.route().way(&by_hash);
        let known = (script.sha.clone(), self.route().standing(way).map_or(0, |(link, _)| Arc::as_ptr(&link) as usize));
        let connections = self.counters().connections.load(Ordering::Relaxed);
        if self.learnt().lock().get(&known) == Some(&connections) {
            let answer = self.exchange(attempt, &by_hash, way).await.map(|(reply, ..)| reply);
            if !answer.as_ref().is_err_and(|error| error.server_code() == "NOSCRIPT") {
                return answer;
            }
            // Somebody has had the server forget it.
            self.learnt().lock().remove(&known);
        }
        let answer = self.exchange(attempt, &script.in_full(by_hash), way).await.map(|(reply, ..)| reply);
        if answer.is_ok() {
            self.learnt().lock().insert(known, connections);
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_run_twice_need_not_be() {
        let script = Script::ours("return 1").idempotent();
        let is_idempotent = |script: &Script| script.command(vec![], vec![]).idempotent;
        assert!(is_idempotent(&script) && !is_idempotent(&script.once()));
    }
}
