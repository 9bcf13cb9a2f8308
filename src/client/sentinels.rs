//! Asks the sentinels who is the master (Redis documentation, "Guidelines for Redis clients with support for Redis Sentinel").

use super::command::Command;
use super::credentials::Credentials;
use super::error::{Error, ErrorKind};
use super::options::{Address, ClientOptions, Endpoint, Topology};
use super::reply::Reply;
use super::send_error::SendError;
use super::session::Session;
use super::tls_probe;
use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How long one sentinel may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long one may take before the next is asked too.
const HEAD_START: Duration = Duration::from_millis(250);

pub struct Sentinels {
    /// How sentinels are connected to: with their own credentials, and no database.
    options: ClientOptions,
    name: Bytes,
    /// Those that are known; the one that answered last comes first.
    known: Mutex<Vec<Address>>,
}

impl Sentinels {
    /// `None` for options of another topology.
    pub fn new(options: &ClientOptions) -> Option<Self> {
        let Topology::Sentinel { sentinels, name, username, password } = &options.topology else { return None };
        let options = ClientOptions {
            credentials: Credentials::fixed(username.clone(), password.clone()),
            db: 0,
            connect_timeout: options.connect_timeout.min(PATIENCE),
            ..options.clone()
        };
        Some(Sentinels { options, name: name.clone().into(), known: Mutex::new(sentinels.clone()) })
    }

    /// The master's address, from the first sentinel that tells it. One after another is asked, and none is waited for alone.
    pub async fn master(&self) -> Result<Address, Error> {
        let mut left = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone().into_iter();
        let mut asked = FuturesUnordered::new();
        let mut last = Error::new(ErrorKind::Unavailable, "no sentinel is known");
        loop {
            match left.next() {
                Some(sentinel) => asked.push(self.ask(sentinel)),
                None if asked.is_empty() => return Err(last),
                None => {}
            }
            tokio::select! {
                Some((sentinel, answer)) = asked.next() => match answer {
                    Ok((master, others)) => {
                        self.remember(sentinel, others);
                        return Ok(master);
                    }
                    Err(error) => last = self.options.told(error, &format!("sentinel {sentinel}")),
                },
                () = sleep(HEAD_START), if left.len() > 0 => {}
            }
        }
    }

    async fn ask(&self, sentinel: Address) -> (Address, Result<(Address, Vec<Address>), Error>) {
        let endpoint = Endpoint::Tcp(sentinel.clone());
        let answer = timeout(self.options.connect_timeout + PATIENCE, self.question(&endpoint)).await;
        match answer.unwrap_or_else(|_| Err(Error::no_answer())) {
            Err(error) => (sentinel, Err(tls_probe::explained(error, &self.options, &endpoint).await)),
            answer => (sentinel, answer),
        }
    }

    async fn question(&self, sentinel: &Endpoint) -> Result<(Address, Vec<Address>), Error> {
        let (session, _connection) = Session::connect(&self.options, sentinel).await?;
        let master = Command::new("SENTINEL").word("GET-MASTER-ADDR-BY-NAME").arg(self.name.clone());
        let others = Command::new("SENTINEL").word("SENTINELS").arg(self.name.clone());
        let (master, others) = tokio::join!(session.send(master), session.send(others));
        let master = match master {
            Ok(reply) => address(&reply.into_array()),
            Err(SendError::Refused(error)) => return Err(error),
            Err(_) => return Err(Error::hung_up()),
        };
        let unknown = || {
            let name = String::from_utf8_lossy(&self.name);
            Error::new(ErrorKind::Unavailable, format!("knows no master of the name '{name}'"))
        };
        Ok((master.ok_or_else(unknown)?, others.map(sentinels).unwrap_or_default()))
    }

    /// Whoever answers is asked first the next time, and those that it knows may be asked too.
    fn remember(&self, answered: Address, others: Vec<Address>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::take(&mut *known);
        for address in [answered].into_iter().chain(before).chain(others) {
            if !known.contains(&address) {
                known.push(address);
            }
        }
    }
}

/// `[host, port]`, both as text.
fn address(parts: &[Reply]) -> Option<Address> {
    let [host, port] = parts else { return None };
    let port = port.text().parse().ok().filter(|port| *port > 0)?;
    Some(Address { host: Some(host.text().into_owned()).filter(|host| !host.is_empty())?, port })
}

/// Each sentinel as a map, or as a list of names and values.
fn sentinels(reply: Reply) -> Vec<Address> {
    let field = |of: &Reply, name: &str| match of {
        Reply::Map(pairs) => pairs.iter().find(|(key, _)| key.text() == name).map(|(_, value)| value.clone()),
        Reply::Array(flat) => flat.chunks_exact(2).find(|pair| pair[0].text() == name).map(|pair| pair[1].clone()),
        _ => None,
    };
    let one = |of: Reply| address(&[field(&of, "ip")?, field(&of, "port")?]);
    reply.into_array().into_iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &'static str) -> Reply {
        Reply::Bytes(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn an_address_is_a_host_and_a_port() {
        let expected = Address { host: "10.0.0.1".into(), port: 6379 };
        assert_eq!(address(&[text("10.0.0.1"), text("6379")]), Some(expected));
        for parts in
            [vec![], vec![text("a")], vec![text("a"), text("x")], vec![text("a"), text("0")], vec![text(""), text("1")]]
        {
            assert_eq!(address(&parts), None);
        }
    }

    #[test]
    fn other_sentinels_come_as_maps_or_as_lists() {
        let flat = Reply::Array(vec![text("name"), text("x"), text("ip"), text("a"), text("port"), text("1")]);
        let map = Reply::Map(vec![(text("port"), text("2")), (text("ip"), text("b"))]);
        let found = sentinels(Reply::Array(vec![flat, map, Reply::Nil]));
        assert_eq!(found, [Address { host: "a".into(), port: 1 }, Address { host: "b".into(), port: 2 }]);
    }
}
