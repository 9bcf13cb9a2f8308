//! The native half of `Redis`.

use super::circuit::Circuit;
use super::dispatch::Dispatch;
use super::events::{Events, Voice};
use super::health::health;
use super::options::{NativeOptions, millis};
use super::outcome::outcome;
use crate::breaker::{Breaker, NativeBreakerOptions};
use crate::bridge::{NativePort, Outcome, append_utf8, lease};
use crate::client::{Client, ClientOptions, Command};
use bytes::Bytes;
use napi::JsString;
use napi::bindgen_prelude::{Either, Env, Result, Uint8Array};
use napi_derive::napi;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

#[napi]
pub struct NativeRedis {
    dispatch: Arc<Dispatch>,
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
        let events = Arc::new(Events { voice, circuit: circuit.clone() });
        let client = Client::new(ClientOptions::from(&options), events);
        let dispatch = Dispatch::new(client, circuit, port, lease()?, timeout, options.max_pending as usize);
        Ok(NativeRedis { dispatch })
    }

    #[napi(catch_unwind)]
    pub fn connect(&self, ticket: u32, timeout: u32) -> u32 {
        let status = self.dispatch.observe(ticket, Some(millis(timeout)), |client, _| async move {
            client.connect().await.map(|()| Outcome::Done)
        });
        status as u32
    }

    #[napi(catch_unwind)]
    pub fn command(&self, ticket: u32, name: String, args: Vec<Either<String, Uint8Array>>) -> u32 {
        let args = args.into_iter().map(|arg| match arg {
            Either::A(text) => Bytes::from(text),
            Either::B(bytes) => Bytes::copy_from_slice(&bytes),
        });
        self.submit(ticket, Command::named(name, args.collect()))
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

    /// Panics, here or on the I/O thread, so that tests can see what becomes of a defect.
    #[napi(catch_unwind)]
    pub fn panic_for_test(&self, ticket: u32, on_io_thread: bool) -> u32 {
        assert!(on_io_thread, "asked to panic");
        self.dispatch.submit(ticket, None, |_, _| async { panic!("asked to panic") }) as u32
    }
}
