//! What a client needs to know, and how fred is told.

use fred::socket2::TcpKeepalive;
use fred::types::RespVersion;
use fred::types::config::{
    Config, ConnectionConfig, PerformanceConfig, Server, ServerConfig, TcpConfig, UnresponsiveConfig,
};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Clone)]
pub enum Endpoint {
    Tcp { host: String, port: u16 },
    Unix(PathBuf),
}

/// Checked already; no `Debug`, because it holds the password.
#[derive(Clone)]
pub struct ClientOptions {
    pub endpoint: Endpoint,
    pub username: Option<String>,
    pub password: Option<String>,
    pub db: u8,
    pub name: Option<String>,
    pub resp3: bool,
    pub connect_timeout: Duration,
    pub reconnect_min: Duration,
    pub reconnect_max: Duration,
    pub watchdog: Duration,
    pub keep_alive: Duration,
}

impl ClientOptions {
    pub(super) fn config(&self, resp3: bool) -> Config {
        Config {
            fail_fast: true,
            server: match &self.endpoint {
                Endpoint::Tcp { host, port } => ServerConfig::Centralized { server: Server::new(host.as_str(), *port) },
                Endpoint::Unix(path) => ServerConfig::Unix { path: path.clone() },
            },
            username: self.username.clone(),
            password: self.password.clone(),
            database: (self.db != 0).then_some(self.db),
            version: if resp3 { RespVersion::RESP3 } else { RespVersion::RESP2 },
            ..Config::default()
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
        PerformanceConfig { broadcast_channel_capacity: 64, ..PerformanceConfig::default() }
    }
}
