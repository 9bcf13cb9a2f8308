//! What is published to a connection.

use super::reply::Reply;
use super::session::Session;
use fred::types::Message;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

pub struct Messages {
    messages: Receiver<Message>,
    session: Session,
}

/// What is heard next.
pub enum Heard {
    Message(Reply),
    /// More came than could wait, and some were lost. Those that follow are whole.
    Missed,
    /// Nothing more will come.
    End,
}

impl Messages {
    pub(super) fn new(messages: Receiver<Message>, session: Session) -> Self {
        Messages { messages, session }
    }

    pub async fn next(&mut self) -> Heard {
        let heard = self.messages.recv().await;
        // What fred holds for us is given back by us, so its task seems to hold ever more.
        self.session.heard();
        match heard {
            Ok(message) => Heard::Message(Reply::from_value(message.value)),
            Err(RecvError::Lagged(_)) => Heard::Missed,
            Err(RecvError::Closed) => Heard::End,
        }
    }
}
