//! Encryption of connections, by rustls: made once a client, for whatever servers it connects to.

use super::error::{Error, ErrorKind};
use fred::rustls::crypto::ring;
use fred::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use fred::rustls::{ClientConfig, RootCertStore};
use fred::rustls_native_certs::load_native_certs;
use fred::types::config::{TlsConfig, TlsConnector};
use std::sync::{Arc, OnceLock};

/// A certificate of the client, its chain behind it, and its key (PKCS #8). All in DER; no `Debug`, because of the key.
pub struct ClientCertificate {
    pub chain: Vec<Vec<u8>>,
    pub key: Vec<u8>,
}

#[derive(Clone)]
pub struct Tls {
    connector: Result<TlsConnector, Error>,
    /// The name that the server's certificate must hold; by default the host that is connected to.
    pub(super) server_name: Option<String>,
}

impl Tls {
    /// Trusts `authorities`, in DER, or those of the system. What is wrong is told by each attempt to connect.
    pub fn new(
        authorities: Option<Vec<Vec<u8>>>,
        certificate: Option<ClientCertificate>,
        server_name: Option<String>,
    ) -> Self {
        let connector = authorities.map_or_else(of_system, |certificates| given(certificates).map(Arc::new));
        let connector = connector.and_then(|roots| connector_of(roots, certificate));
        Tls { connector, server_name }
    }

    pub(super) fn config(&self) -> Result<TlsConfig, Error> {
        self.connector.clone().map(TlsConfig::from)
    }
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Tls, message)
}

fn given(certificates: Vec<Vec<u8>>) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(CertificateDer::from(certificate)).map_err(|_| wrong("a certificate of tls.ca cannot be used"))?;
    }
    Ok(roots)
}

/// The system's certificates, read once a process.
fn of_system() -> Result<Arc<RootCertStore>, Error> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    if let Some(roots) = ROOTS.get() {
        return Ok(roots.clone());
    }
    let mut roots = RootCertStore::empty();
    // Systems come with certificates that are old and odd; those that can be read count.
    let (usable, _) = roots.add_parsable_certificates(load_native_certs().certs);
    if usable == 0 {
        return Err(wrong(
            "this system has no certificates of authorities to trust; install them (ca-certificates), or give tls.ca",
        ));
    }
    Ok(ROOTS.get_or_init(|| Arc::new(roots)).clone())
}

fn connector_of(roots: Arc<RootCertStore>, certificate: Option<ClientCertificate>) -> Result<TlsConnector, Error> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().map_err(|_| wrong("no version of TLS can be used"))?;
    let config = config.with_root_certificates(roots);
    let config = match certificate {
        None => config.with_no_client_auth(),
        Some(ClientCertificate { chain, key }) => {
            let chain = chain.into_iter().map(CertificateDer::from).collect();
            let config = config.with_client_auth_cert(chain, PrivatePkcs8KeyDer::from(key).into());
            config.map_err(|_| wrong("tls.cert and tls.key cannot be used"))?
        }
    };
    Ok(config.into())
}
