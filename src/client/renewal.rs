//! Keeps a standing connection authenticated while credentials change.

use super::credentials::Credentials;
use super::error::Error;
use super::session::Session;
use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Instant;
use tokio::time::sleep_until;

/// Asks for other credentials before those known end their life, and presents others to the server when they come. What fails is told; the
/// connection stands as it is.
pub(super) async fn keep(credentials: &Credentials, session: &Session, tell: impl Fn(Error)) -> Infallible {
    let Some(answers) = credentials.answers() else { return pending().await };
    let mut presented = session.identity();
    loop {
        let answered = answers.notified();
        let (identity, renew_at) = credentials.plan();
        if !Arc::ptr_eq(&identity, &presented) {
            presented = identity;
            if let Err(error) = session.authenticate(&presented).await {
                credentials.refused(&presented);
                tell(error);
            }
            continue;
        }
        tokio::select! {
            biased;
            () = answered => {}
            () = until(renew_at) => {
                if let Err(error) = credentials.renew().await {
                    tell(error);
                }
            }
        }
    }
}

async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant.into()).await,
        None => pending().await,
    }
}
