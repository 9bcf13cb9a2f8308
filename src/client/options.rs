//! What a client needs to know, and how fred is told.

use super::credentials::{Credentials, Identity};
use super::error::Error;
use super::tls::Tls;
use fred::socket2::TcpKeepalive;
use fred::types::RespVersion;
use fred::types::config::{
    Config, ConnectionConfig, PerformanceConfig, Server, ServerConfig, TcpConfig, UnresponsiveConfig,
};
use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    pub host: String,
    pub port: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Address { host, port } = self;
        if host.contains(':') { write!(formatter, "[{host}]:{port}") } else { write!(formatter, "{host}:{port}") }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    Tcp(Address),
    Unix(PathBuf),
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Tcp(address) => address.fmt(formatter),
            Endpoint::Unix(path) => path.display().fmt(formatter),
        }
    }
}

/// Which nodes of a cluster answer reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScaleReads {
    #[default]
    Master,
    Replica,
    All,
}

/// Where the server is, or the servers are; no `Debug`, because of the password.
#[derive(Clone)]
pub enum Topology {
    Single(Endpoint),
    Sentinel {
        sentinels: Vec<Address>,
        name: String,
        username: Option<String>,
        password: Option<String>,
    },
    /// `nat`: how an address that the nodes tell is reached from here.
    Cluster {
        seeds: Vec<Address>,
        scale_reads: ScaleReads,
        nat: HashMap<Address, Address>,
    },
}

/// Checked already. What is dear to make is shared by all that are cloned of them.
#[derive(Clone)]
pub struct ClientOptions {
    pub topology: Topology,
    /// Connections to each server.
    pub pool_size: usize,
    pub tls: Option<Tls>,
    pub credentials: Arc<Credentials>,
    pub db: u8,
    pub name: Option<String>,
    pub resp3: bool,
    pub connect_timeout: Duration,
    pub reconnect_min: Duration,
    pub reconnect_max: Duration,
    pub watchdog: Duration,
    pub keep_alive: Duration,
    /// How many published messages may wait for who hears them.
    pub backlog: usize,
}

impl ClientOptions {
    /// The pause before the next attempt to connect. Doubles from the least to the most, and is drawn between half of it and the whole.
    pub(super) fn reconnect_delay(&self, attempt: u32) -> Duration {
        let doubled = self.reconnect_min.saturating_mul(1 << attempt.saturating_sub(1).min(16));
        doubled.min(self.reconnect_max).mul_f64(0.5 + 0.5 * fastrand::f64())
    }

    /// An error as it is told: with the place, where it is known, and without the password, which some servers repeat.
    pub(super) fn told(&self, error: Error, place: &str) -> Error {
        error.at(place, self.credentials.password().as_deref())
    }

    pub(super) fn config(&self, endpoint: &Endpoint, identity: &Identity, resp3: bool) -> Result<Config, Error> {
        Ok(Config {
            fail_fast: true,
            server: self.server(endpoint),
            tls: self.tls.as_ref().map(Tls::config).transpose()?,
            username: identity.username.as_deref().map(|name| written(name, resp3)),
            password: identity.password.as_deref().map(|password| written(password, resp3)),
            database: (self.db != 0).then_some(self.db),
            version: if resp3 { RespVersion::RESP3 } else { RespVersion::RESP2 },
            ..Config::default()
        })
    }

    fn server(&self, endpoint: &Endpoint) -> ServerConfig {
        let server_name = self.tls.as_ref().and_then(|tls| tls.server_name.clone());
        match endpoint {
            Endpoint::Tcp(Address { host, port }) => {
                ServerConfig::Centralized { server: Server::new_with_tls(host.as_str(), *port, server_name) }
            }
            Endpoint::Unix(path) => ServerConfig::Unix { path: path.clone() },
        }
    }

    pub(super) fn connection(&self) -> ConnectionConfig {
        ConnectionConfig {
            connection_timeout: self.connect_timeout,
            internal_command_timeout: self.connect_timeout,
            // Nothing is ever sent twice behind our back: `Client::call` knows what may be.
            max_command_attempts: 1,
            disable_cluster_health_check: true,
            // fred's own check never fires under steady traffic; `link` has a watchdog that does.
            unresponsive: UnresponsiveConfig { max_timeout: None, ..UnresponsiveConfig::default() },
            tcp: TcpConfig {
                nodelay: Some(true),
                keepalive: Some(TcpKeepalive::new().with_time(self.keep_alive)),
                ..TcpConfig::default()
            },
            ..ConnectionConfig::default()
        }
    }

    pub(super) fn performance(&self) -> PerformanceConfig {
        PerformanceConfig { broadcast_channel_capacity: self.backlog, ..PerformanceConfig::default() }
    }
}

/// fred writes `HELLO` as a line of words, where a space ends a word, a quote begins a string, and an empty word is none: there anything but
/// plain letters is sent as a quoted string of escapes, which the server reads back.
fn written(text: &str, in_hello: bool) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !in_hello || (!text.is_empty() && text.bytes().all(is_plain)) {
        return text.to_owned();
    }
    let escape = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("\\x{byte:02x}") };
    format!("\"{}\"", text.bytes().map(escape).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_plain_is_escaped_and_only_in_hello() {
        assert_eq!(written("pass-word_1.0", true), "pass-word_1.0");
        assert_eq!(written("a \"b\"\r\nFLUSHALL", false), "a \"b\"\r\nFLUSHALL");
        assert_eq!(written("a b\n\\", true), "\"a\\x20b\\x0a\\x5c\"");
        assert_eq!(written("", true), "\"\"");
    }
}
