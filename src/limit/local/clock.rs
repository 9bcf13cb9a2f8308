//! The server's clock, as far as a process knows it, and the one of the process itself.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

/// What the server's clock showed when. Before anything is known of it, it is the system's.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    learnt: Option<(u64, Instant)>,
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Clock {
    /// What the server said, and when it was heard.
    pub fn learn(&mut self, server_now_ms: u64, at: Instant) {
        self.learnt = Some((server_now_ms, at));
    }

    /// Ms since 1970.
    pub fn now(&self, at: Instant) -> u64 {
        match self.learnt {
            Some((server, then)) if at >= then => server.saturating_add(ms(at - then)),
            Some((server, then)) => server.saturating_sub(ms(then - at)),
            None => SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, ms),
        }
    }
}

/// The clock of what is decided without the server, in ms: no clock that is set, be it the system's or the server's, moves it. What it shows means
/// nothing to anybody else.
pub fn local_now() -> u64 {
    /// Far enough from 0 for all that is reckoned back.
    const BEGIN: u64 = 1 << 40;
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    BEGIN + ms(BEGUN.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_from_what_the_server_said_last() {
        let mut clock = Clock::default();
        let begin = Instant::now();
        let after = |ms| begin + Duration::from_millis(ms);
        clock.learn(5000, after(1000));
        assert_eq!(clock.now(after(1000)), 5000);
        assert_eq!(clock.now(after(1250)), 5250);
        assert_eq!(clock.now(after(900)), 4900);
        clock.learn(4000, after(2000));
        assert_eq!(clock.now(after(2001)), 4001);
        assert_eq!(clock.now(begin), 2000);
    }

    #[test]
    fn before_anything_is_known_it_is_the_systems() {
        let system = || ms(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap());
        let (before, told, after) = (system(), Clock::default().now(Instant::now()), system());
        assert!((before..=after).contains(&told));
    }

    #[test]
    fn the_local_clock_goes_on_and_is_nobody_elses() {
        let first = local_now();
        std::thread::sleep(Duration::from_millis(2));
        assert!(local_now() > first);
        assert!((1 << 40..1_200_000_000_000).contains(&first), "{first}");
    }
}
