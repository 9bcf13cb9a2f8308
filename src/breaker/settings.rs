//! What a breaker is told when it is made.

use std::time::Duration;

/// Checked by `lib/breaker-options.js`.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Failures in a row that open it; `None` where only the rate counts.
    pub threshold: Option<u32>,
    pub rate: Option<Rate>,
    /// How long it stays open. A random fifth is taken off, so that a fleet does not probe in step.
    pub open: Duration,
    /// How long a probe keeps its place: one that never comes to an end must not keep the circuit half-open for ever.
    pub probe: Duration,
}

/// A share of failures that opens it.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Above 0, up to 1.
    pub share: f64,
    pub window: Duration,
    /// Fewer calls than this in the window say nothing.
    pub minimum: u32,
}
