//! What a failed TLS handshake says to a user.

use super::error::{Error, ErrorKind};

/// rustls's errors come to us inside an I/O error, of which fred keeps the debugging text only.
const WRAPPED: &str = "Custom { kind: InvalidData, error: ";

/// None where it is not about TLS.
pub(super) fn from_details(details: &str) -> Option<Error> {
    let error = details.strip_prefix(WRAPPED)?;
    let (name, inside) = error.split_once('(').unwrap_or((error, ""));
    let message = match name {
        "InvalidCertificate" => certificate(inside),
        "AlertReceived" => alert(inside),
        "InvalidMessage" | "PeerSentOversizedRecord" => "what answers there does not speak TLS".to_owned(),
        "PeerIncompatible" => "the server has no TLS version or cipher in common with this client".to_owned(),
        _ => format!("the TLS handshake failed: {}", word(error)),
    };
    Some(Error::new(ErrorKind::Tls, message))
}

/// What is wrong with the server's certificate.
fn certificate(why: &str) -> String {
    let plain = match word(why) {
        "Expired" | "ExpiredContext" => "has expired",
        "NotValidYet" | "NotValidYetContext" => "is not valid yet",
        "Revoked" => "was revoked",
        // The second when an authority of the same name, and with another key, is trusted.
        "UnknownIssuer" | "BadSignature" => {
            "was issued by an authority that is not trusted here; tls.ca names those that are"
        }
        "NotValidForName" | "NotValidForNameContext" => {
            "is for another name (in its subjectAltName); tls.servername says which to expect"
        }
        "InvalidPurpose" | "InvalidPurposeContext" => "is not for servers (its extendedKeyUsage says what it is for)",
        _ if why.contains("CaUsedAsEndEntity") => {
            "is that of an authority (CA:TRUE), which no server may use as its own"
        }
        _ => return format!("the server's certificate cannot be used: {}", innermost(why)),
    };
    format!("the server's certificate {plain}")
}

/// What the server says of the handshake.
fn alert(description: &str) -> String {
    let plain = match word(description) {
        "CertificateRequired" | "NoCertificate" => "the server wants a client certificate: tls.cert and tls.key",
        "CertificateExpired" => "the server refused the client certificate: it has expired",
        "CertificateRevoked" => "the server refused the client certificate: it was revoked",
        "UnknownCA" => "the server refused the client certificate: it does not trust who issued it",
        "BadCertificate" | "UnsupportedCertificate" | "CertificateUnknown" | "AccessDenied" | "DecryptError" => {
            "the server refused the client certificate"
        }
        // TLS 1.2 has no other word for a client certificate that is missing.
        "HandshakeFailure" => {
            "the server refused the handshake: it wants a client certificate, or has no TLS version or cipher in common with this client"
        }
        "ProtocolVersion" | "InsufficientSecurity" => {
            "the server has no TLS version or cipher in common with this client"
        }
        "UnrecognisedName" => "the server does not know itself by that name; tls.servername gives another",
        other => return format!("the server refused the handshake: {other}"),
    };
    plain.to_owned()
}

fn word(text: &str) -> &str {
    text.split(|character: char| !character.is_ascii_alphanumeric()).next().unwrap_or_default()
}

/// The name in the middle of `Other(OtherError(Name))`.
fn innermost(text: &str) -> &str {
    let end = text.find(')').unwrap_or(text.len());
    word(text[..end].rsplit('(').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use fred::error::Error as FredError;
    use fred::rustls::pki_types::{ServerName, UnixTime};
    use fred::rustls::{AlertDescription, CertificateError, Error as TlsError, InvalidMessage, OtherError};
    use std::io;

    /// By the way on which an error comes to us.
    fn message(error: TlsError) -> String {
        let error = FredError::from(io::Error::new(io::ErrorKind::InvalidData, error));
        let error = Error::from_connect(&error);
        assert_eq!(error.kind, ErrorKind::Tls);
        error.message
    }

    #[test]
    fn a_certificate_is_said_to_be_what_it_is() {
        let of = |error| message(TlsError::InvalidCertificate(error));
        let (time, name) = (UnixTime::now(), ServerName::try_from("other").expect("a name"));
        let expired = CertificateError::ExpiredContext { time, not_after: time };
        assert_eq!(of(expired), of(CertificateError::Expired));
        assert!(of(CertificateError::Expired).ends_with("has expired"));
        let early = CertificateError::NotValidYetContext { time, not_before: time };
        assert!(of(early).ends_with("is not valid yet"));
        assert!(of(CertificateError::UnknownIssuer).contains("not trusted"));
        assert!(of(CertificateError::BadSignature).contains("not trusted"));
        let named =
            CertificateError::NotValidForNameContext { expected: name, presented: vec!["DnsName(\"(a)\")".into()] };
        assert!(of(named).contains("another name"));
        #[derive(Debug)]
        struct CaUsedAsEndEntity;
        impl std::fmt::Display for CaUsedAsEndEntity {
            fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                Ok(())
            }
        }
        impl std::error::Error for CaUsedAsEndEntity {}
        let authority = CertificateError::Other(OtherError(std::sync::Arc::new(CaUsedAsEndEntity)));
        assert!(of(authority).contains("CA:TRUE"));
        assert!(of(CertificateError::BadEncoding).ends_with("cannot be used: BadEncoding"));
    }

    #[test]
    fn what_the_server_says_of_the_client_is_told() {
        let of = |alert| message(TlsError::AlertReceived(alert));
        assert!(of(AlertDescription::CertificateRequired).contains("wants a client certificate"));
        assert!(of(AlertDescription::UnknownCA).contains("refused the client certificate"));
        assert!(of(AlertDescription::HandshakeFailure).contains("or has no TLS version"));
        assert!(of(AlertDescription::InternalError).ends_with("refused the handshake: InternalError"));
    }

    #[test]
    fn a_peer_without_tls_is_one() {
        assert!(message(TlsError::InvalidMessage(InvalidMessage::InvalidContentType)).contains("does not speak TLS"));
        assert_eq!(message(TlsError::DecryptError), "the TLS handshake failed: DecryptError");
    }
}
