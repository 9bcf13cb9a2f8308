//! The options of a client as JavaScript hands them over: checked and complete.

use crate::client::{ClientOptions, Endpoint};
use napi_derive::napi;
use std::time::Duration;

/// `lib/options.js` makes it; durations are whole milliseconds.
#[napi(object, object_to_js = false)]
pub struct NativeOptions {
    pub host: String,
    pub port: u16,
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

impl From<&NativeOptions> for ClientOptions {
    fn from(options: &NativeOptions) -> Self {
        let endpoint = if options.path.is_empty() {
            Endpoint::Tcp { host: options.host.clone(), port: options.port }
        } else {
            Endpoint::Unix(options.path.clone().into())
        };
        ClientOptions {
            endpoint,
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
