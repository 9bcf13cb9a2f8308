//! The native half of what is asked for, or given back, in the middle of a turn.

use super::acquire::Ask;
use super::native::{NativeLock, millis, renewal};
use super::{table, together};
use crate::bridge::Caller;
use crate::client::Client;
use crate::redis::{Status, gathered};
use napi::bindgen_prelude::{Float64ArraySlice, Uint32ArraySlice};
use napi_derive::napi;
use std::time::Duration;

/// How many numbers say how one is asked for.
const TERMS: usize = 5;

#[napi]
impl NativeLock {
    /// `acquire` of one resource each, at a single server, by whoever does not wait. `slots`: of each its ticket; `resources` and `tokens` have a NUL
    /// between two; `terms`: of each its TTL, mode, flags, how long it may be held, and permits. How many were taken; and above 16 bits what becomes of
    /// the rest.
    #[napi(catch_unwind)]
    pub fn acquire_together(
        &self,
        slots: Uint32ArraySlice<'_>,
        count: u32,
        resources: String,
        tokens: String,
        terms: Float64ArraySlice<'_>,
    ) -> u32 {
        let each = resources.split('\0').zip(tokens.split('\0')).zip(terms.as_chunks::<TERMS>().0);
        let wanted = each.map(|((resource, token), &[ttl, mode, flags, at_most, permits])| {
            let claim = self.desk.claim(self.kind(mode as u32), resource, token.to_owned(), permits as u32);
            let renewal = renewal(flags as u32, at_most);
            (claim, Ask { ttl: millis(ttl), wait: Duration::ZERO, fair: false, renewal, durable: None })
        });
        let (wanted, desk): (Vec<_>, _) = (wanted.take(count as usize).collect(), self.desk.clone());
        let run = move |_: Client, callers: Vec<Caller>| {
            together::take(desk, callers.into_iter().zip(wanted).map(|(caller, (claim, ask))| (caller, claim, ask)))
        };
        self.dispatch.submit_group(&gathered(&slots, count).0, Some(self.desk.each), run).word()
    }

    /// `release` of several, by their ids. As `acquire_together`.
    #[napi(catch_unwind)]
    pub fn release_together(&self, slots: Uint32ArraySlice<'_>, count: u32, ids: Float64ArraySlice<'_>) -> u32 {
        let held: Vec<_> = ids.iter().take(count as usize).map(|id| table::remove(*id as u64)).collect();
        let (all, desk) = (held.clone(), self.desk.clone());
        let run = move |_: Client, callers: Vec<Caller>| together::give_back(desk, callers.into_iter().zip(all));
        // Also where the circuit is open: somebody waits for it.
        let taken = self.dispatch.observe_group(&gathered(&slots, count).0, Some(self.desk.each), run);
        if taken.rest == Status::Busy {
            held.iter()
                .skip(taken.count)
                .flatten()
                .for_each(|held| self.give_back_aside(held.claim.clone(), held.longest()));
        }
        taken.word()
    }
}
