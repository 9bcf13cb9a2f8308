//! A link's events on their way to JavaScript.

use super::circuit::Circuit;
use super::outcome::describe;
use crate::breaker::State;
use crate::bridge::{Failure, Outcome, Port};
use crate::client::{Event, Observer};
use bytes::Bytes;
use std::sync::Arc;

/// Sends events up as `[source, name, node, …]`; `lib/redis.js` takes them apart. I/O thread only.
#[derive(Clone)]
pub struct Voice {
    pub port: Arc<Port>,
    /// Which `Redis` object of that environment they are for.
    pub source: u32,
}

impl Voice {
    fn tell(&self, name: &str, node: &str, details: Vec<Outcome>) {
        let mut fields = vec![Outcome::Number(self.source.into()), text(name), text(node)];
        fields.extend(details);
        self.port.notify(Outcome::List(fields));
    }

    /// The circuit has turned, and what made it open.
    pub fn turned(&self, state: State, why: Option<Failure>) {
        let why = why.filter(|_| state == State::Open).map_or(Outcome::Nil, Outcome::from);
        self.tell("breaker", "", vec![text(state.as_str()), why]);
    }

    /// Asks for credentials; `NativeRedis::give_credentials` and its sibling take the answer under this number.
    pub fn ask_credentials(&self, question: u32) {
        self.tell("credentials", "", vec![Outcome::Number(question.into())]);
    }
}

/// What a link reports.
pub struct Events {
    pub voice: Voice,
    pub circuit: Arc<Circuit>,
}

fn text(text: &str) -> Outcome {
    Outcome::Text(Bytes::copy_from_slice(text.as_bytes()))
}

impl Observer for Events {
    fn observe(&self, node: &str, event: Event) {
        if let Event::Ready(_) = event {
            self.circuit.ready();
        }
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
        self.voice.tell(name, node, details);
    }
}
