//! What the server says it is.

use super::command::Command;
use super::error::Error;
use super::reply::Reply;
use super::send_error::SendError;
use super::session::Session;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Product {
    Redis,
    Valkey,
    #[default]
    Unknown,
}

impl Product {
    pub fn as_str(self) -> &'static str {
        match self {
            Product::Redis => "redis",
            Product::Valkey => "valkey",
            Product::Unknown => "unknown",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerInfo {
    pub product: Product,
    pub version: String,
}

const LONGEST_VERSION: usize = 32;

impl ServerInfo {
    /// Asks the server. One that refuses `INFO` (renamed, forbidden) is unknown, and no worse for it. What hangs up or talks of
    /// something else was never a server of ours: fred's handshake does not notice either.
    pub(super) async fn ask(session: &Session) -> Result<Self, Error> {
        match session.send(Command::new("INFO").word("server").idempotent()).await {
            Ok(reply @ Reply::Bytes(_)) => Ok(ServerInfo::parse(&reply.text())),
            Err(SendError::Refused(_)) => Ok(ServerInfo::default()),
            Ok(_) => Err(Error::not_redis()),
            Err(_) => Err(Error::hung_up()),
        }
    }

    /// Valkey reports a `redis_version` for old clients, so its own fields are looked at first.
    fn parse(info: &str) -> Self {
        let field =
            |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
        let product = match field("server_name") {
            Some("valkey") => Product::Valkey,
            _ if field("valkey_version").is_some() => Product::Valkey,
            _ if field("redis_version").is_some() => Product::Redis,
            _ => Product::Unknown,
        };
        let version = field("valkey_version").or_else(|| field("redis_version")).unwrap_or_default();
        // It is shown and logged, so it is not whatever a server may send.
        let is_plain = |character: &char| character.is_ascii_graphic();
        ServerInfo { product, version: version.chars().take_while(is_plain).take(LONGEST_VERSION).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn valkey_is_not_taken_for_the_redis_it_imitates() {
        let info = "# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.2\r\n";
        assert_eq!(ServerInfo::parse(info), ServerInfo { product: Product::Valkey, version: "9.1.2".into() });
    }

    proptest! {
        #[test]
        fn whatever_a_server_says_its_version_can_be_shown(info: String, version: String) {
            ServerInfo::parse(&info);
            let parsed = ServerInfo::parse(&format!("{info}\nredis_version:{version}"));
            prop_assert!(parsed.version.len() <= LONGEST_VERSION && parsed.version.bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }

    #[test]
    fn redis_and_the_unknown() {
        assert_eq!(ServerInfo::parse("redis_version:7.0.15\r\n").product, Product::Redis);
        assert_eq!(ServerInfo::parse("what:ever"), ServerInfo::default());
    }
}
