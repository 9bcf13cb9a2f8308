//! A link's events on their way to JavaScript.

use super::outcome::describe;
use crate::bridge::{Outcome, Port};
use crate::client::{Event, Observer};
use bytes::Bytes;
use std::sync::Arc;

/// Sends events up as `[source, name, node, …]`; `lib/redis.js` takes them apart.
pub struct Events {
    pub port: Arc<Port>,
    /// Which `Redis` object of that environment they are for.
    pub source: u32,
}

fn text(text: &str) -> Outcome {
    Outcome::Text(Bytes::copy_from_slice(text.as_bytes()))
}

impl Events {
    fn send(&self, name: &str, node: &str, details: Vec<Outcome>) {
        let mut fields = vec![Outcome::Number(self.source.into()), text(name), text(node)];
        fields.extend(details);
        self.port.notify(Outcome::List(fields));
    }

    /// Asks for credentials; `NativeRedis::give_credentials` and its sibling take the answer under this number.
    pub fn ask_credentials(&self, question: u32) {
        self.send("credentials", "", vec![Outcome::Number(question.into())]);
    }
}

impl Observer for Events {
    fn observe(&self, node: &str, event: Event) {
        let (name, details) = match event {
            Event::Connecting => ("connecting", vec![]),
            Event::Connected { attempt } => ("connect", vec![Outcome::Number(attempt.into())]),
            Event::Ready(server) => ("ready", vec![text(server.product.as_str()), text(&server.version)]),
            Event::Reconnecting { attempt, delay } => {
                ("reconnecting", vec![Outcome::Number(attempt.into()), Outcome::Number(delay.as_millis() as f64)])
            }
            Event::Failed(error) => ("error", vec![describe(&error, false).into()]),
            Event::Gap(reason) => ("gap", vec![text(reason)]),
        };
        self.send(name, node, details);
    }
}
