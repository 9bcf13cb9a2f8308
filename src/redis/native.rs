//! The native half of `Redis`.

use super::circuit::Circuit;
use super::dispatch::Dispatch;
use super::events::{Events, Voice};
use super::health::health;
use super::options::{NativeOptions, millis};
use super::outcome::{durable, outcome, tracked};
use crate::breaker::{Breaker, NativeBreakerOptions};
use crate::bridge::{NativePort, Outcome, append_utf8, lease, share_words};
use crate::client::{Client, Command, Credentials, Durably, Identity, NodeInfo, Replicas, Script};
use bytes::Bytes;
use napi::JsString;
use napi::bindgen_prelude::{Either, Env, Result, Uint8Array, Unknown};
use napi_derive::napi;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// A script of the user's, hashed once.
#[napi]
pub struct NativeScript(Script);

#[napi]
impl NativeScript {
    #[napi(constructor, catch_unwind)]
    pub fn new(source: String) -> Self {
        NativeScript(Script::new(source))
    }
}

fn argument(arg: Either<String, Uint8Array>) -> Bytes {
    match arg {
        Either::A(text) => Bytes::from(text),
        Either::B(bytes) => Bytes::copy_from_slice(&bytes),
    }
}

#[napi]
pub struct NativeRedis {
    dispatch: Arc<Dispatch>,
    credentials: Arc<Credentials>,
}

impl NativeRedis {
    pub fn dispatch(&self) -> Arc<Dispatch> {
        self.dispatch.clone()
    }
}

#[napi]
impl NativeRedis {
    /// `source` comes back in every event. Without options for it there is no breaker.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        port: &NativePort,
        source: u32,
        options: NativeOptions,
        breaker: Option<NativeBreakerOptions>,
    ) -> Result<Self> {
        /// A probe's outcome comes a little after its deadline.
        const LATE: Duration = Duration::from_millis(100);

        let port = port.port();
        let timeout = millis(options.command_timeout);
        let breaker = breaker.map(|breaker| Breaker::new(breaker.settings(timeout + LATE)));
        let voice = Voice { port: port.clone(), source };
        let circuit = Arc::new(Circuit::new(breaker, voice.clone()));
        let asker = voice.clone();
        let client_options = options.client(move |question| asker.ask_credentials(question));
        let credentials = client_options.credentials.clone();
        let events = Arc::new(Events { voice, circuit: circuit.clone() });
        let client = Client::new(client_options, events);
        let dispatch = Dispatch::new(client, circuit, port, lease()?, timeout, options.max_pending as usize);
        Ok(NativeRedis { dispatch, credentials })
    }

    /// `patience`: how long to wait for credentials that are asked for, before the first attempt.
    #[napi(catch_unwind)]
    pub fn connect(&self, ticket: u32, timeout: u32, patience: u32) -> u32 {
        let credentials = self.credentials.clone();
        let status = self.dispatch.observe(ticket, Some(millis(timeout)), move |client, _| async move {
            credentials.current_within(millis(patience)).await?;
            client.connect().await.map(|()| Outcome::Done)
        });
        status as u32
    }

    /// The answer to a question for credentials; `ttl` in milliseconds.
    #[napi(catch_unwind)]
    pub fn give_credentials(&self, question: u32, username: Option<String>, password: String, ttl: Option<u32>) {
        let identity = Identity { username, password: Some(password) };
        self.credentials.give(question, identity, ttl.map(millis));
    }

    /// The answer that there are none, and why.
    #[napi(catch_unwind)]
    pub fn refuse_credentials(&self, question: u32, why: String) {
        self.credentials.fail(question, why);
    }

    #[napi(catch_unwind)]
    pub fn command(&self, ticket: u32, name: String, args: Vec<Either<String, Uint8Array>>) -> u32 {
        self.submit(ticket, Command::named(name, args.into_iter().map(argument).collect()))
    }

    /// Runs a script; the first `keys` of the arguments are its keys.
    #[napi(catch_unwind)]
    pub fn eval(&self, ticket: u32, script: &NativeScript, args: Vec<Either<String, Uint8Array>>, keys: u32) -> u32 {
        let script = script.0.clone();
        let mut keys_then_args = args.into_iter().map(argument);
        let keys: Vec<Bytes> = keys_then_args.by_ref().take(keys as usize).collect();
        let args = keys_then_args.collect();
        let status = self.dispatch.submit(ticket, None, |client, attempt| async move {
            client.run(&attempt, &script, keys, args).await.map(outcome)
        });
        status as u32
    }

    /// As `command`, for a name and texts that cross in one string, with a NUL between two.
    #[napi(catch_unwind)]
    pub fn command_line(&self, env: Env, ticket: u32, line: JsString<'_>) -> Result<u32> {
        let mut joined = Vec::with_capacity(256);
        append_utf8(&env, &line, &mut joined)?;
        let joined = Bytes::from(joined);
        let mut parts = joined.split(|byte| *byte == 0).map(|part| joined.slice_ref(part));
        let name = String::from_utf8_lossy(&parts.next().unwrap_or_default()).into_owned();
        Ok(self.submit(ticket, Command::named(name, parts.collect())))
    }

    #[napi(catch_unwind)]
    pub fn ping(&self, ticket: u32) -> u32 {
        let status = self.dispatch.observe(ticket, None, |client, attempt| async move {
            client.call(&attempt, Command::ping()).await.map(outcome)
        });
        status as u32
    }

    fn submit(&self, ticket: u32, command: Command) -> u32 {
        let status = self
            .dispatch
            .submit(ticket, None, |client, attempt| async move { client.call(&attempt, command).await.map(outcome) });
        status as u32
    }

    #[napi(catch_unwind)]
    pub fn health(&self, ticket: u32, timeout: u32) -> u32 {
        self.dispatch.observe(ticket, Some(millis(timeout)), health) as u32
    }

    /// `[connections, connectFailures, watchdogTrips, …]`; `lib/metrics.js` has the same order.
    #[napi(catch_unwind)]
    pub fn metrics(&self) -> Vec<f64> {
        let link = self.dispatch.client.counters();
        let counters = [&link.connections, &link.connect_failures, &link.watchdog_trips];
        let mut numbers: Vec<f64> = counters.iter().map(|counter| counter.load(Relaxed) as f64).collect();
        numbers.extend(self.dispatch.books.metrics.numbers());
        numbers
    }

    /// What is known of the nodes, eight fields each; `lib/nodes.js` has the same order.
    #[napi(catch_unwind)]
    pub fn nodes(&self) -> Vec<Either<String, f64>> {
        let fields = |node: NodeInfo| {
            let numbers = [node.slots as u64, node.standing as u64, node.connections, node.connect_failures];
            let numbers = numbers.into_iter().chain([node.watchdog_trips, node.replies]);
            let texts = [node.address, node.role.as_str().to_owned()].map(Either::A);
            texts.into_iter().chain(numbers.map(|number| Either::B(number as f64))).collect::<Vec<_>>()
        };
        self.dispatch.client.nodes().into_iter().flat_map(fields).collect()
    }

    /// How often the circuit has opened, and how many operations it has refused.
    #[napi(catch_unwind)]
    pub fn breaker_counts(&self) -> Vec<f64> {
        let (opened, rejected) = self.dispatch.books.circuit.counts();
        vec![opened as f64, rejected as f64]
    }

    #[napi(catch_unwind)]
    pub fn breaker_state(&self) -> String {
        self.dispatch.books.circuit.state().as_str().to_owned()
    }

    #[napi(catch_unwind)]
    pub fn cancel(&self, ticket: u32) {
        self.dispatch.cancel(ticket);
    }

    /// `false` when it is closing or closed already; the ticket is not answered then.
    #[napi(catch_unwind)]
    pub fn close(&self, ticket: u32, timeout: u32) -> bool {
        self.dispatch.close(ticket, millis(timeout))
    }

    /// The generations of the keys, which the I/O thread writes while JavaScript reads them; `null` where the engine does not allow that.
    #[napi(catch_unwind, ts_return_type = "Uint32Array | null")]
    pub fn words<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        share_words(env, self.dispatch.client.words())
    }

    /// `[value, PTTL or nil, slot, generation, whether it is tracked]`.
    #[napi(catch_unwind)]
    pub fn read_tracked(&self, ticket: u32, key: Either<String, Uint8Array>, with_pttl: bool) -> u32 {
        let key = argument(key);
        let status = self.dispatch.submit(ticket, None, move |client, attempt| async move {
            client.read_tracked(&attempt, key, with_pttl).await.map(tracked)
        });
        status as u32
    }

    /// Answered when the key has changed, as far as a tracked read has the server tell of it.
    #[napi(catch_unwind)]
    pub fn watch(&self, ticket: u32, key: Either<String, Uint8Array>) -> u32 {
        let key = argument(key);
        let status = self.dispatch.submit(ticket, None, move |client, _| async move {
            client.watch(&key).changed().await;
            Ok(Outcome::Done)
        });
        status as u32
    }

    /// 16 hexadecimal digits; what is published to `redwright:wake:` with them behind it comes here.
    #[napi(catch_unwind)]
    pub fn mailbox_address(&self) -> String {
        String::from_utf8_lossy(self.dispatch.client.mailbox().address()).into_owned()
    }

    /// Whether what is published to this client is heard, which is waited for.
    #[napi(catch_unwind)]
    pub fn hears(&self, ticket: u32, within: u32) -> u32 {
        let status = self.dispatch.submit(ticket, None, move |client, _| async move {
            Ok(Outcome::Flag(client.mailbox().stands(millis(within)).await))
        });
        status as u32
    }

    /// Answered when a word was sent to this client, or may have been.
    #[napi(catch_unwind)]
    pub fn expect(&self, ticket: u32, word: String) -> u32 {
        let status = self.dispatch.submit(ticket, None, move |client, _| async move {
            client.mailbox().expect(&word.into()).changed().await;
            Ok(Outcome::Done)
        });
        status as u32
    }

    /// Runs a script and waits for replicas; `replicas`: how many, -1 for a majority, -2 for all. `[reply, acknowledged, needed]`.
    #[napi(catch_unwind)]
    pub fn eval_durably(
        &self,
        ticket: u32,
        script: &NativeScript,
        keys: Vec<String>,
        replicas: i32,
        within: u32,
    ) -> u32 {
        let script = script.0.clone();
        let keys = keys.into_iter().map(Bytes::from).collect();
        let wanted = Durably { replicas: Replicas::of(replicas), within: millis(within), has_written: |_| true };
        let status = self.dispatch.submit(ticket, None, move |client, attempt| async move {
            client.run_durably(&attempt, &script, keys, vec![], wanted).await.map(durable)
        });
        status as u32
    }

    /// Panics, here or on the I/O thread, so that tests can see what becomes of a defect.
    #[napi(catch_unwind)]
    pub fn panic_for_test(&self, ticket: u32, on_io_thread: bool) -> u32 {
        assert!(on_io_thread, "asked to panic");
        self.dispatch.submit(ticket, None, |_, _| async { panic!("asked to panic") }) as u32
    }
}
