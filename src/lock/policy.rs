//! Spans and votes: what follows from the times that are given, without I/O.

use std::time::{Duration, Instant};

/// How long a fence outlives its lock: who was held up for so long and writes all the same meets nobody's fence.
pub const FENCE_OUTLIVES: Duration = Duration::from_secs(60 * 60);

/// How long one who waits counts as alive without being heard of. He is heard of each time he tries, which is more often.
pub const LEASE: Duration = Duration::from_secs(3);

/// The longest that one who waits does not try, whatever he is told.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What clocks that run at different speeds may differ by, and what it takes to be woken ("Distributed Locks with Redis", Redis documentation:
/// a hundredth of the TTL and 2 ms).
fn margin(ttl: Duration) -> Duration {
    (ttl / 100 + Duration::from_millis(2)).min(ttl / 2)
}

/// Until when a lock is certain to be held: the server counts its TTL from a later time than that at which it was asked.
pub fn deadline(sent: Instant, ttl: Duration) -> Instant {
    sent + (ttl - margin(ttl))
}

/// When a lock is renewed that was asked for at that time: so that two renewals may fail.
pub fn renewal(sent: Instant, ttl: Duration) -> Instant {
    sent + ttl / 3
}

/// How soon it is tried again where a renewal failed.
pub fn renewal_again(ttl: Duration) -> Duration {
    (ttl / 10).clamp(Duration::from_millis(20), Duration::from_secs(1))
}

/// How long one of several servers may take to answer (as in redsync): one that hangs must not use up the time for which the others' votes hold.
pub fn of_one_server(ttl: Duration, most: Duration) -> Duration {
    (ttl / 20).max(Duration::from_millis(50)).min(most)
}

/// A span that is up to a quarter longer at random, so that those who wait for the same do not all come at once.
pub fn jittered(span: Duration) -> Duration {
    span.mul_f64(1.0 + 0.25 * fastrand::f64())
}

/// Votes of several servers. Of one it is what that says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Votes {
    pub servers: usize,
    pub yes: usize,
    pub no: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Won,
    Lost,
    Open,
}

impl Votes {
    pub fn of(servers: usize) -> Self {
        Votes { servers, yes: 0, no: 0 }
    }

    /// More than half.
    pub fn quorum(&self) -> usize {
        self.servers / 2 + 1
    }

    pub fn count(&mut self, yes: bool) {
        if yes { self.yes += 1 } else { self.no += 1 }
    }

    pub fn decision(&self) -> Decision {
        if self.yes >= self.quorum() {
            Decision::Won
        } else if self.servers - self.no < self.quorum() {
            Decision::Lost
        } else {
            Decision::Open
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_lock_counts_as_held_a_little_shorter_than_the_server_keeps_it() {
        let sent = Instant::now();
        for (ttl, held) in [(10_000, 9_898), (1_000, 988), (100, 97), (2, 1)] {
            assert_eq!(deadline(sent, ms(ttl)), sent + ms(held), "{ttl} ms");
        }
    }

    #[test]
    fn two_renewals_may_fail_before_the_deadline() {
        let sent = Instant::now();
        for ttl in [300, 1_000, 30_000] {
            let second = renewal(renewal(sent, ms(ttl)), ms(ttl));
            assert!(second < deadline(sent, ms(ttl)));
        }
    }

    #[test]
    fn one_of_several_servers_has_a_twentieth_of_the_ttl() {
        assert_eq!(of_one_server(ms(10_000), ms(5_000)), ms(500));
        assert_eq!(of_one_server(ms(100), ms(5_000)), ms(50));
        assert_eq!(of_one_server(ms(1_000_000), ms(5_000)), ms(5_000));
    }

    proptest! {
        #[test]
        fn no_two_can_both_win_and_all_votes_decide(servers in 1usize..12, mine in 0usize..12) {
            let mine = mine.min(servers);
            let (mut one, mut other) = (Votes::of(servers), Votes::of(servers));
            for server in 0..servers {
                one.count(server < mine);
                other.count(server >= mine);
            }
            prop_assert!(one.decision() != Decision::Open && other.decision() != Decision::Open);
            prop_assert!(one.decision() == Decision::Lost || other.decision() == Decision::Lost);
        }

        #[test]
        fn what_is_decided_stays_decided(votes: Vec<bool>) {
            let mut counted = Votes::of(votes.len());
            let mut decided = None;
            for vote in votes {
                counted.count(vote);
                match decided {
                    Some(decision) => prop_assert_eq!(counted.decision(), decision),
                    None if counted.decision() != Decision::Open => decided = Some(counted.decision()),
                    None => {}
                }
            }
        }

        #[test]
        fn a_jittered_span_is_about_as_long(span in 1u64..10_000) {
            let jittered = jittered(ms(span));
            prop_assert!(jittered >= ms(span) && jittered <= ms(span).mul_f64(1.25));
        }
    }
}
