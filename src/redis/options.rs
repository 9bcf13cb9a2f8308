//! The options of a client as JavaScript hands them over: checked and complete.

use crate::client::{
    Address, ClientCertificate, ClientOptions, Credentials, Endpoint, Patience, ScaleReads, Tls, Topology,
};
use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;
use std::sync::Arc;
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
    pub tls: Option<NativeTls>,
    /// Whether the credentials are asked for by events; then there is neither of the two.
    pub asks_credentials: bool,
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

/// `lib/options/tls.js` makes it: checked, in DER.
#[napi(object, object_to_js = false)]
pub struct NativeTls {
    /// None for those of the system.
    pub ca: Option<Vec<Uint8Array>>,
    /// The client's certificate and its chain, or none.
    pub cert: Vec<Uint8Array>,
    /// PKCS #8, or empty.
    pub key: Uint8Array,
    pub servername: Option<String>,
}

pub fn millis(ms: u32) -> Duration {
    Duration::from_millis(ms.into())
}

/// `host:port`, where the host may be an IPv6 address.
fn address(text: &str) -> Address {
    let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
    Address { host: host.to_owned(), port: port.parse().unwrap_or_default() }
}

impl NativeTls {
    fn build(&self) -> Tls {
        let bytes =
            |certificates: &Vec<Uint8Array>| certificates.iter().map(|certificate| certificate.to_vec()).collect();
        let certificate = ClientCertificate { chain: bytes(&self.cert), key: self.key.to_vec() };
        let certificate = (!certificate.chain.is_empty()).then_some(certificate);
        Tls::new(self.ca.as_ref().map(bytes), certificate, self.servername.clone())
    }
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

    /// Options of the client; `ask` puts a question to the credentials callback, where there is one.
    pub fn client(&self, ask: impl Fn(u32) + Send + Sync + 'static) -> ClientOptions {
        ClientOptions {
            topology: self.topology(),
            pool_size: self.pool_size as usize,
            tls: self.tls.as_ref().map(NativeTls::build),
            credentials: self.credentials(ask),
            db: self.db,
            name: self.connection_name.clone(),
            resp3: self.protocol == 3,
            connect_timeout: millis(self.connect_timeout),
            reconnect_min: millis(self.reconnect_min),
            reconnect_max: millis(self.reconnect_max),
            watchdog: millis(self.watchdog),
            keep_alive: millis(self.keep_alive),
            // fred has a few channels of its own that nobody hears.
            backlog: 16,
        }
    }

    fn credentials(&self, ask: impl Fn(u32) + Send + Sync + 'static) -> Arc<Credentials> {
        if !self.asks_credentials {
            return Credentials::fixed(self.username.clone(), self.password.clone());
        }
        let patience = Patience {
            // So that an operation that gives up can say why.
            attempt: millis(self.connect_timeout.min(self.command_timeout)) / 2,
            question: millis(self.connect_timeout),
            retry: (millis(self.reconnect_min), millis(self.reconnect_max)),
        };
        Credentials::asked_for(ask, patience)
    }
}
