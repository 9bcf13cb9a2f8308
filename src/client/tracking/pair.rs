//! Two connections to one server: what is read on one of them and changes is told on the other.
//!
//! On one connection alone fred would have to speak RESP3 and know of tracking; it then forgets the message of `FLUSHALL`. As messages of
//! RESP2, on a connection of their own, all of them come.

use super::super::beside::{Unmade, connect, silence};
use super::super::command::Command;
use super::super::link::Link;
use super::super::messages::{Heard, Messages};
use super::super::options::{ClientOptions, Endpoint};
use super::super::renewal;
use super::super::reply::Reply;
use super::super::send_error::SendError;
use super::super::session::{Connection, Session};
use super::super::target::Target;
use super::hub::Hub;
use super::invalidation::{CHANNEL, Invalidation};
use tokio::time::timeout;

/// How many messages may wait until they are heard. fred makes eight channels of that length; a pair takes 1.6 MB (measured).
const BACKLOG: usize = 2048;

pub struct Pair {
    /// What is read here is told of when it changes.
    pub reader: Session,
    subscriber: Session,
    messages: Messages,
    read: Connection,
    subscribed: Connection,
}

impl Pair {
    /// Both connections go where the ordinary one does.
    pub async fn open(options: &ClientOptions, target: &Target, endpoint: &Endpoint) -> Result<Self, Unmade> {
        // A reader of RESP3 would be pushed that its subscriber is gone, which fred gives to whoever waits for a reply.
        let reading = ClientOptions { resp3: false, ..options.clone() };
        let hearing = ClientOptions { backlog: BACKLOG, ..reading.clone() };
        let both = async { tokio::try_join!(connect(&reading, endpoint), connect(&hearing, endpoint)) };
        let ((reader, read), (subscriber, subscribed)) = both.await?;
        let introducing = async {
            target.admit(&reader).await?;
            let (id, there, here) = tokio::try_join!(id_of(&subscriber), server_of(&subscriber), server_of(&reader))?;
            if there != here {
                // Something in between leads every connection elsewhere, so that the one cannot tell of the other.
                return Err(Unmade::Refused);
            }
            let hearing = async { subscriber.subscribe(CHANNEL).await.map_err(Unmade::from) };
            let (messages, ()) = tokio::try_join!(hearing, track(&reader, id))?;
            Ok(messages)
        };
        let messages = timeout(options.connect_timeout, introducing).await.map_err(|_| Unmade::Failed)??;
        Ok(Pair { reader, subscriber, messages, read, subscribed })
    }

    /// Passes on what is told until something is amiss with either connection.
    pub async fn stand(&mut self, options: &ClientOptions, link: &Link, hub: &Hub) {
        let Pair { reader, subscriber, messages, read, subscribed } = self;
        tokio::select! {
            _ = read.ended() => {}
            _ = subscribed.ended() => {}
            _ = reader.outlived() => {}
            _ = subscriber.outlived() => {}
            () = hear(messages, hub) => {}
            () = silence(options, link, [reader, subscriber]) => {}
            // Who subscribes cannot present other credentials; should the server mind, it hangs up.
            never = renewal::keep(&options.credentials, reader, |_| {}) => match never {},
        }
    }
}

async fn id_of(session: &Session) -> Result<u64, Unmade> {
    match session.send(Command::new("CLIENT").word("ID").idempotent()).await? {
        Reply::Integer(id) => u64::try_from(id).map_err(|_| Unmade::Refused),
        _ => Err(Unmade::Refused),
    }
}

/// Has the server tell the subscriber of what is read here.
async fn track(reader: &Session, subscriber: u64) -> Result<(), Unmade> {
    let tracking = Command::new("CLIENT").word("TRACKING").word("ON").word("REDIRECT").number(subscriber);
    match reader.send(tracking).await {
        Ok(_) => Ok(()),
        // The subscriber has been lost meanwhile.
        Err(SendError::Refused(error)) if error.message.contains("redirect to does not exist") => Err(Unmade::Failed),
        Err(error) => Err(error.into()),
    }
}

/// What tells a run of a server from all others; `None` for one that does not say.
async fn server_of(session: &Session) -> Result<Option<String>, Unmade> {
    match session.send(Command::new("INFO").word("server").idempotent()).await {
        Ok(info) => Ok(info.text().lines().find_map(|line| line.strip_prefix("run_id:")).map(str::to_owned)),
        Err(SendError::Refused(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Returns when something came that cannot be understood, or nothing more will come.
async fn hear(messages: &mut Messages, hub: &Hub) {
    loop {
        match messages.next().await {
            Heard::Message(message) => match Invalidation::parse(message) {
                Some(Invalidation::Keys(keys)) => keys.iter().for_each(|key| hub.invalidate(key)),
                Some(Invalidation::All) => hub.gap(),
                None => return,
            },
            // The connections are sound: to make them anew under such a load would only make it worse.
            Heard::Missed => hub.gap(),
            Heard::End => return,
        }
    }
}
