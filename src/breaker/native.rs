//! The native half of `CircuitBreaker`, and the options of every breaker.

use super::policy::{Evidence, Policy, State};
use super::settings::{Rate, Settings};
use napi_derive::napi;
use std::time::Duration;

/// `lib/breaker-options.js` makes it; durations are whole milliseconds.
#[napi(object, object_to_js = false)]
pub struct NativeBreakerOptions {
    /// 0 where only the rate counts.
    pub threshold: u32,
    /// 0 where only failures in a row count.
    pub error_rate: f64,
    pub window: u32,
    pub minimum_calls: u32,
    pub open: u32,
}

impl NativeBreakerOptions {
    /// A probe keeps its place for as long as the circuit stays open, or for `probe` if that is longer.
    pub fn settings(&self, probe: Duration) -> Settings {
        let open = millis(self.open);
        let rate = Rate { share: self.error_rate, window: millis(self.window), minimum: self.minimum_calls };
        Settings {
            threshold: (self.threshold > 0).then_some(self.threshold),
            rate: (self.error_rate > 0.0).then_some(rate),
            open,
            probe: open.max(probe),
        }
    }
}

fn millis(ms: u32) -> Duration {
    Duration::from_millis(ms.into())
}

/// What `permit` answers when nothing may begin; no permit looks like it.
const REFUSED: u32 = u32::MAX;

/// A policy for operations of JavaScript. The time comes from there, in milliseconds since any one moment.
#[napi]
pub struct NativeCircuitBreaker {
    policy: Policy,
}

fn since_origin(now_ms: f64) -> Duration {
    Duration::try_from_secs_f64(now_ms / 1000.0).unwrap_or_default()
}

#[napi]
impl NativeCircuitBreaker {
    #[napi(constructor, catch_unwind)]
    pub fn new(options: NativeBreakerOptions) -> Self {
        NativeCircuitBreaker { policy: Policy::new(options.settings(Duration::ZERO), fastrand::Rng::new()) }
    }

    /// A permit for one operation, odd if it made the circuit half-open; `lib/circuit-breaker.js` knows the number that refuses.
    #[napi(catch_unwind)]
    pub fn permit(&mut self, now_ms: f64) -> u32 {
        self.policy
            .permit(since_origin(now_ms))
            .map_or(REFUSED, |permit| permit.generation << 1 | u32::from(permit.turned))
    }

    /// The state that the end of an operation brought about, where it did.
    #[napi(catch_unwind)]
    pub fn settle(&mut self, permit: u32, failed: bool, now_ms: f64) -> Option<String> {
        let evidence = if failed { Evidence::Failure } else { Evidence::Success };
        self.policy.settle(permit >> 1, evidence, since_origin(now_ms)).map(|state| state.as_str().to_owned())
    }

    #[napi(catch_unwind)]
    pub fn state(&self, now_ms: f64) -> String {
        let state: State = self.policy.state(since_origin(now_ms));
        state.as_str().to_owned()
    }
}
