//! How long the I/O thread looks out for the next event before it goes to sleep.
//!
//! Going to sleep and being woken costs more than a whole round trip on the same machine, so a caller that sends one
//! operation at a time would pay for it twice an operation. Looking out pays only where the next event is near: the thread does so only
//! while little is in flight, for a short time, and only as long as that has lately been worth it.

use std::time::Duration;

/// How long a look-out is, and how long it goes on behind an answer. A script that stores or decides is answered within it on slow machines too: with
/// 60 µs those took twice as long for one operation at a time, and no less CPU time.
const LOOK_OUT: Duration = Duration::from_micros(150);
/// Successes that are remembered at the most; each failure takes as many away as `COST`.
const MOST: u32 = 64;
const COST: u32 = 4;
/// After this many sleeps without looking out, it is tried again.
const RETRY: u32 = 32;

/// Learns from each look-out.
#[derive(Debug, Default)]
pub struct Patience {
    credit: u32,
    slept: u32,
}

impl Patience {
    /// How long to look out now.
    pub fn look_out(&mut self) -> Option<Duration> {
        if self.credit > 0 {
            return Some(LOOK_OUT);
        }
        self.slept += 1;
        self.slept.is_multiple_of(RETRY).then_some(LOOK_OUT)
    }

    /// Something came before the time was over, or nothing did.
    pub fn learn(&mut self, came: bool) {
        self.credit = if came { (self.credit + 1).min(MOST) } else { self.credit.saturating_sub(COST) };
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
}
