//! The options of a client as JavaScript hands them over: checked and complete.

use crate::client::{Address, ClientOptions, Endpoint, ScaleReads, Topology};
use napi_derive::napi;
use std::time::Duration;

/// `lib/options.js` makes it; durations are whole milliseconds.
#[napi(object, object_to_js = false)]
pub struct NativeOptions {
    /// `single`, `sentinel` or `cluster`.
    pub topology: String,
    /// `host:port` of the server, of the sentinels, or of nodes of the cluster.
    pub addresses: Vec<String>,
    /// What the sentinels call the master.
    pub master_name: String,
    pub sentinel_username: Option<String>,
    pub sentinel_password: Option<String>,
    /// `master`, `replica` or `all`.
    pub scale_reads: String,
    /// Pairs of `host:port`: as the nodes of a cluster say, and as it is reached from here.
    pub nat: Vec<String>,
    pub pool_size: u32,
    /// The path of a unix socket, or empty.
    pub path: String,
    pub username: Option<String>,
    pub password: Option<String>,
    pub db: u8,
    pub connection_name: Option<String>,
    pub protocol: u8,
    pub connect_timeout: u32,
    pub command_timeout: u32,
    pub max_pending: u32,
    pub reconnect_min: u32,
    pub reconnect_max: u32,
    pub watchdog: u32,
    pub keep_alive: u32,
}

pub fn millis(ms: u32) -> Duration {
    Duration::from_millis(ms.into())
}

/// `host:port`, where the host may be an IPv6 address.
fn address(text: &str) -> Address {
    let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
    Address { host: host.to_owned(), port: port.parse().unwrap_or_default() }
}

impl NativeOptions {
    fn topology(&self) -> Topology {
        let addresses = || self.addresses.iter().map(|text| address(text));
        match self.topology.as_str() {
            "sentinel" => Topology::Sentinel {
                sentinels: addresses().collect(),
                name: self.master_name.clone(),
                username: self.sentinel_username.clone(),
                password: self.sentinel_password.clone(),
            },
            "cluster" => Topology::Cluster {
                seeds: addresses().collect(),
                scale_reads: match self.scale_reads.as_str() {
                    "replica" => ScaleReads::Replica,
                    "all" => ScaleReads::All,
                    _ => ScaleReads::Master,
                },
                nat: self.nat.chunks_exact(2).map(|pair| (address(&pair[0]), address(&pair[1]))).collect(),
            },
            _ if self.path.is_empty() => {
                Topology::Single(Endpoint::Tcp(addresses().next().unwrap_or_else(|| address(""))))
            }
            _ => Topology::Single(Endpoint::Unix(self.path.clone().into())),
        }
    }
}

impl From<&NativeOptions> for ClientOptions {
    fn from(options: &NativeOptions) -> Self {
        ClientOptions {
            topology: options.topology(),
            pool_size: options.pool_size as usize,
            username: options.username.clone(),
            password: options.password.clone(),
            db: options.db,
            name: options.connection_name.clone(),
            resp3: options.protocol == 3,
            connect_timeout: millis(options.connect_timeout),
            reconnect_min: millis(options.reconnect_min),
            reconnect_max: millis(options.reconnect_max),
            watchdog: millis(options.watchdog),
            keep_alive: millis(options.keep_alive),
        }
    }
}
