//! Locks of one turn that are asked for or given back: they cross together, and each is answered by itself.

use super::acquire::{Ask, try_once};
use super::claim::Claim;
use super::desk::Desk;
use super::held::Held;
use super::release::{release, what};
use crate::bridge::{Caller, Outcome};
use crate::redis::answer;
use std::sync::Arc;

/// Tries each once, in order.
pub async fn take(desk: Arc<Desk>, wanted: impl Iterator<Item = (Caller, Claim, Ask)>) {
    for (caller, claim, ask) in wanted {
        let (desk, attempt) = (desk.clone(), caller.attempt().clone());
        caller.begin(|caller| async move { answer(caller, try_once(desk, attempt, claim, ask).await) }).await;
    }
}

/// Gives back what is held, in order; nothing where it was forgotten.
pub async fn give_back(desk: Arc<Desk>, all: impl Iterator<Item = (Caller, Option<Arc<Held>>)>) {
    let number = |what: i64| Outcome::Number(what as f64);
    for (caller, held) in all {
        let Some(held) = held else {
            caller.answer(number(what::EXPIRED));
            continue;
        };
        let (desk, attempt) = (desk.clone(), caller.attempt().clone());
        let work = |caller| async move {
            answer(caller, release(&desk, &attempt, &held.claim, held.longest()).await.map(number));
        };
        caller.begin(work).await;
    }
}
