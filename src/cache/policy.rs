//! When an entry is fresh, stale, or to be loaded again before it is stale. Values and arithmetic, no I/O and no clock: what is left of a
//! life is what the server says.

/// How an entry may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Fresh,
    /// It has outlived its `ttl`.
    Stale,
    /// One of its tags was invalidated.
    Invalidated,
}

/// How an entry stands that has `left` ms to live (`None` for no end), of which the last `stale` ms are stale.
pub fn standing(left: Option<u64>, stale: u64, is_invalidated: bool) -> Standing {
    match left {
        _ if is_invalidated => Standing::Invalidated,
        Some(left) if stale > 0 && left <= stale => Standing::Stale,
        _ => Standing::Fresh,
    }
}

/// What is left before it is stale, in ms; `None` for no end.
pub fn fresh_left(left: Option<u64>, stale: u64) -> Option<u64> {
    left.map(|left| left.saturating_sub(stale))
}

/// Whether a reader is to load a fresh entry again: the sooner, the less is left and the longer its load took, so that of many readers one
/// or a few do. Optimal probabilistic early expiration (Vattani, Chierichetti and Lowenstein, "Optimal Probabilistic Cache Stampede
/// Prevention", VLDB 2015): `load · beta · -ln(random) >= left`. `random` is from (0, 1].
pub fn is_early(load: u32, beta: f64, fresh_left: Option<u64>, random: f64) -> bool {
    match fresh_left {
        Some(left) if beta > 0.0 && load > 0 => f64::from(load) * beta * -random.ln() >= left as f64,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A server's clock that stands until it is moved, and an entry whose life it measures.
    struct Entry {
        now: u64,
        end: u64,
        stale: u64,
    }

    impl Entry {
        fn stored(ttl: u64, stale: u64) -> Self {
            Entry { now: 0, end: ttl + stale, stale }
        }

        fn after(&mut self, ms: u64) -> Option<Standing> {
            self.now += ms;
            let left = self.end.checked_sub(self.now).filter(|left| *left > 0)?;
            Some(standing(Some(left), self.stale, false))
        }
    }

    #[test]
    fn an_entry_is_fresh_for_its_ttl_then_stale_then_gone() {
        let mut entry = Entry::stored(1000, 500);
        assert_eq!(entry.after(0), Some(Standing::Fresh));
        assert_eq!(entry.after(999), Some(Standing::Fresh));
        assert_eq!(entry.after(1), Some(Standing::Stale));
        assert_eq!(entry.after(499), Some(Standing::Stale));
        assert_eq!(entry.after(1), None);
    }

    #[test]
    fn one_without_a_stale_life_is_fresh_to_its_end() {
        let mut entry = Entry::stored(1000, 0);
        assert_eq!(entry.after(999), Some(Standing::Fresh));
        assert_eq!(entry.after(1), None);
    }

    #[test]
    fn an_invalidated_entry_is_never_fresh_whatever_is_left() {
        assert_eq!(standing(Some(1000), 0, true), Standing::Invalidated);
        assert_eq!(standing(None, 0, true), Standing::Invalidated);
    }

    #[test]
    fn an_entry_without_an_end_is_neither_stale_nor_early() {
        assert_eq!(standing(None, 500, false), Standing::Fresh);
        assert!(!is_early(1000, 1.0, fresh_left(None, 0), f64::MIN_POSITIVE));
    }

    proptest! {
        #[test]
        fn early_is_likelier_with_less_left_and_a_longer_load(
            load in 1u32..10_000, beta in 0.1f64..10.0, left in 1u64..100_000, random in 0.000_001f64..=1.0,
        ) {
            if is_early(load, beta, Some(left), random) {
                prop_assert!(is_early(load, beta, Some(left / 2), random));
                prop_assert!(is_early(load * 2, beta, Some(left), random));
                prop_assert!(is_early(load, beta, Some(left), random / 2.0));
            }
        }

        #[test]
        fn the_share_of_early_readers_is_that_of_the_paper(load in 1u32..1000, left in 1u64..5000) {
            // P(load · -ln(u) >= left) = e^(-left / load); `random` takes every value once.
            const STEPS: u32 = 2000;
            let early = (1..=STEPS).filter(|i| is_early(load, 1.0, Some(left), f64::from(*i) / f64::from(STEPS))).count();
            let expected = (-(left as f64) / f64::from(load)).exp();
            prop_assert!((early as f64 / f64::from(STEPS) - expected).abs() < 0.002);
        }

        #[test]
        fn nobody_is_early_without_beta_or_a_measured_load(left: u64, random in 0.0f64..=1.0) {
            prop_assert!(!is_early(0, 1.0, Some(left), random.max(f64::MIN_POSITIVE)));
            prop_assert!(!is_early(1000, 0.0, Some(left), random.max(f64::MIN_POSITIVE)));
        }
    }
}
