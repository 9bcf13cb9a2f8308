//! The calls of the last while, and how many of them failed.

use std::time::Duration;

/// The window moves on by a tenth of its length at a time.
const SLOTS: u64 = 10;

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// Which tenth since the beginning of time it counts.
    tenth: u64,
    calls: u32,
    failures: u32,
}

/// Counts in ten slots that are used in turn.
#[derive(Debug)]
pub struct Window {
    width: u64,
    slots: [Slot; SLOTS as usize],
}

impl Window {
    pub fn new(length: Duration) -> Self {
        Window { width: (length.as_nanos() as u64 / SLOTS).max(1), slots: Default::default() }
    }

    pub fn count(&mut self, now: Duration, failed: bool) {
        let tenth = now.as_nanos() as u64 / self.width;
        let slot = &mut self.slots[(tenth % SLOTS) as usize];
        if slot.tenth != tenth {
            *slot = Slot { tenth, ..Slot::default() };
        }
        slot.calls = slot.calls.saturating_add(1);
        slot.failures = slot.failures.saturating_add(failed.into());
    }

    /// Calls and failures of the last ten tenths, the one that has just begun among them.
    pub fn sum(&self, now: Duration) -> (u64, u64) {
        let tenth = now.as_nanos() as u64 / self.width;
        let recent = self.slots.iter().filter(|slot| tenth.abs_diff(slot.tenth) < SLOTS);
        recent.fold((0, 0), |(calls, failures), slot| {
            (calls + u64::from(slot.calls), failures + u64::from(slot.failures))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn what_is_older_than_the_window_no_longer_counts() {
        let mut window = Window::new(ms(1000));
        window.count(ms(50), true);
        window.count(ms(950), false);
        assert_eq!(window.sum(ms(999)), (2, 1));
        assert_eq!(window.sum(ms(1000)), (1, 0));
        assert_eq!(window.sum(ms(1899)), (1, 0));
        assert_eq!(window.sum(ms(1900)), (0, 0));
        window.count(ms(2050), true);
        assert_eq!(window.sum(ms(2050)), (1, 1));
    }

    #[test]
    fn a_window_of_a_millisecond_counts() {
        let mut window = Window::new(ms(1));
        window.count(ms(7), true);
        assert_eq!(window.sum(ms(7)), (1, 1));
        assert_eq!(window.sum(ms(8)), (0, 0));
    }

    proptest! {
        /// Between the last nine tenths of its length and its whole length, as told by a list of all calls.
        #[test]
        fn it_counts_as_a_list_would(calls in prop::collection::vec((0u64..400, any::<bool>()), 0..60)) {
            let mut window = Window::new(ms(1000));
            let (mut now, mut list) = (0, Vec::new());
            for (pause, failed) in calls {
                now += pause;
                window.count(ms(now), failed);
                list.push((now / 100, failed));
            }
            let recent: Vec<_> = list.iter().filter(|(tenth, _)| now / 100 - tenth < SLOTS).collect();
            let failures = recent.iter().filter(|(_, failed)| *failed).count() as u64;
            prop_assert_eq!(window.sum(ms(now)), (recent.len() as u64, failures));
        }
    }
}
