//! Lua scripts, which the server knows by their hash.

use super::command::Command;
use super::error::Error;
use super::handle::Client;
use super::reply::Reply;
use crate::common::Attempt;
use bytes::Bytes;

#[derive(Clone, Debug)]
pub struct Script {
    source: Bytes,
    sha: Bytes,
}

impl Script {
    pub fn new(source: String) -> Self {
        let sha = fred::util::sha1_hash(&source).into();
        Script { source: source.into(), sha }
    }

    fn command(&self, name: &'static str, script: &Bytes, keys: Vec<Bytes>, args: Vec<Bytes>) -> Command {
        let command = Command::script(name, script.clone()).number(keys.len() as u64);
        keys.into_iter().chain(args).fold(command, Command::arg)
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
        let by_hash = script.command("EVALSHA", &script.sha, keys.clone(), args.clone());
        match self.call(attempt, by_hash).await {
            Err(error) if error.server_code() == "NOSCRIPT" => {
                self.call(attempt, script.command("EVAL", &script.source, keys, args)).await
            }
            answer => answer,
        }
    }
}
