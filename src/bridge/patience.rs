//! How long the I/O thread looks out for the next event before it goes to sleep.
//!
//! Going to sleep and being woken costs more than a whole round trip on the same machine, so a caller that sends one
//! operation at a time would pay for it twice an operation. Looking out pays only where the next event is near: the thread does so for a short
//! time, and only as long as that has lately been worth it.

use std::time::Duration;

/// With no more operations at a time than this, whoever asks waits for each answer before he asks again.
const FEW: usize = 2;
/// One part in so many of what has come lately is forgotten each time.
const FADES: usize = 8;
/// A script that stores or decides is answered within it on slow machines too: with 60 µs those took twice as long for one operation at a time, and no
/// less CPU time.
const FOR_FEW: Duration = Duration::from_micros(150);
/// Between the calls of a busy client is little time. Longer only takes time of the processor.
const FOR_MANY: Duration = Duration::from_micros(40);
/// Successes that are remembered at the most; each failure takes as many away as `COST`.
const MOST: u32 = 64;
const COST: u32 = 4;
/// After this many sleeps without looking out, it is tried again.
const RETRY: u32 = 32;

/// What has been learnt of looking out while few operations come at a time, and while many do.
#[derive(Debug, Default)]
pub struct Patience {
    few: Credit,
    many: Credit,
    /// How many operations have come at a time lately: the most, and less with each time.
    lately: usize,
}

impl Patience {
    /// So many operations have come together. A thread that looks out takes the first of a turn by itself. To be woken for what has been taken already says
    /// nothing.
    pub fn took(&mut self, operations: usize) {
        if operations > 0 {
            self.lately = operations.max(self.lately - self.lately.div_ceil(FADES));
        }
    }

    /// Whether many operations come at a time.
    pub fn has_many(&self) -> bool {
        self.lately > FEW
    }

    /// How long to look out now, and how long to go on behind an answer.
    pub fn look_out(&mut self) -> Option<Duration> {
        let window = if self.has_many() { FOR_MANY } else { FOR_FEW };
        self.credit().is_worth_it().then_some(window)
    }

    /// Something came before the time was over, or nothing did.
    pub fn learn(&mut self, came: bool) {
        self.credit().learn(came);
    }

    fn credit(&mut self) -> &mut Credit {
        if self.has_many() { &mut self.many } else { &mut self.few }
    }
}

#[derive(Debug, Default)]
struct Credit {
    successes: u32,
    slept: u32,
}

impl Credit {
    fn is_worth_it(&mut self) -> bool {
        if self.successes > 0 {
            return true;
        }
        self.slept += 1;
        self.slept.is_multiple_of(RETRY)
    }

    fn learn(&mut self, came: bool) {
        self.successes = if came { (self.successes + 1).min(MOST) } else { self.successes.saturating_sub(COST) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sleeps_when_looking_out_is_not_worth_it() {
        let mut patience = Patience::default();
        let looks = (0..320).filter(|_| patience.look_out().inspect(|_| patience.learn(false)).is_some()).count();
        assert_eq!(looks, 10);
    }

    #[test]
    fn it_looks_out_while_that_is_worth_it() {
        let mut patience = Patience::default();
        patience.learn(true);
        let looks = (0..100).filter(|_| patience.look_out().inspect(|_| patience.learn(true)).is_some()).count();
        assert_eq!(looks, 100);
    }

    #[test]
    fn a_change_of_the_traffic_is_noticed_soon() {
        let mut patience = Patience::default();
        (0..1000).for_each(|_| patience.learn(true));
        (0..16).for_each(|_| patience.learn(false));
        assert!(patience.look_out().is_none());
    }

    #[test]
    fn what_is_learnt_of_many_says_nothing_of_few() {
        let mut patience = Patience::default();
        patience.took(64);
        (0..10).for_each(|_| patience.learn(true));
        assert_eq!(patience.look_out(), Some(FOR_MANY));
        (0..20).for_each(|_| patience.took(1));
        assert!(patience.look_out().is_none());
        patience.learn(true);
        assert_eq!(patience.look_out(), Some(FOR_FEW));
    }

    #[test]
    fn a_turn_that_is_taken_piece_by_piece_is_one_of_many_still() {
        let mut patience = Patience::default();
        for operations in [1, 60, 3, 1, 1, 60, 2, 1] {
            patience.took(operations);
        }
        patience.learn(true);
        assert_eq!(patience.look_out(), Some(FOR_MANY));
    }

    #[test]
    fn to_be_woken_for_nothing_says_nothing() {
        let mut patience = Patience::default();
        patience.took(3);
        patience.learn(true);
        (0..100).for_each(|_| patience.took(0));
        assert_eq!(patience.look_out(), Some(FOR_MANY));
    }
}
