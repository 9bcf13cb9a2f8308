//! Where a handshake leads nowhere: whether one end speaks TLS, and the other does not. Neither would say so by itself.

use super::error::{Error, ErrorKind};
use super::options::{Address, ClientOptions, Endpoint};
use super::tls::Tls;
use fred::rustls::Error as TlsError;
use fred::rustls::pki_types::ServerName;
use fred::types::config::{TlsConfig, TlsConnector};
use std::future::pending;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// A handshake that takes longer than this is looked into, and looking into one takes no longer than this.
const SOON: Duration = Duration::from_millis(500);

fn soon(options: &ClientOptions) -> Duration {
    SOON.min(options.connect_timeout / 2)
}

/// Ends with an error when a server without TLS stands where TLS is tried. Such a server takes our first words for the beginning of a command,
/// and waits for its end.
pub(super) async fn plain_server(options: &ClientOptions, endpoint: &Endpoint) -> Error {
    let (Some(_), Endpoint::Tcp(Address { host, port })) = (&options.tls, endpoint) else { return pending().await };
    sleep(soon(options)).await;
    match timeout(soon(options), answers_plainly(host, *port)).await {
        Ok(Some(())) => Error::new(ErrorKind::Tls, "the server at that port does not speak TLS"),
        _ => pending().await,
    }
}

async fn answers_plainly(host: &str, port: u16) -> Option<()> {
    let mut socket = TcpStream::connect((host, port)).await.ok()?;
    socket.write_all(b"PING\r\n").await.ok()?;
    // Whether it says `PONG` or wants a password.
    matches!(socket.read_u8().await.ok()?, b'+' | b'-').then_some(())
}

/// Says what it was, where a connection failed because the server speaks TLS and the client was not told to.
pub(super) async fn explained(error: Error, options: &ClientOptions, endpoint: &Endpoint) -> Error {
    let (None, Endpoint::Tcp(Address { host, port })) = (&options.tls, endpoint) else { return error };
    let may_be_tls = error.kind == ErrorKind::Protocol || error.is_hang_up();
    if may_be_tls && timeout(soon(options), answers_in_tls(host, *port)).await == Ok(Some(())) {
        return Error::new(ErrorKind::Tls, "the server at that port speaks TLS: rediss:// or the option tls");
    }
    error
}

async fn answers_in_tls(host: &str, port: u16) -> Option<()> {
    // Who trusts nobody refuses every certificate, so nothing is said behind the handshake.
    let TlsConfig { connector: TlsConnector::Rustls(connector), .. } =
        Tls::new(Some(vec![]), None, None).config().ok()?;
    let name = ServerName::try_from(host.to_owned()).ok()?;
    let socket = TcpStream::connect((host, port)).await.ok()?;
    let refusal = connector.connect(name, socket).await.err()?;
    let refusal = refusal.get_ref()?.downcast_ref::<TlsError>()?;
    matches!(refusal, TlsError::InvalidCertificate(_) | TlsError::AlertReceived(_) | TlsError::PeerIncompatible(_))
        .then_some(())
}
