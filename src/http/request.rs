//! What a request's own `Cache-Control` asks of a kept response (RFC 9111 5.2.1).

use super::directives::{Directives, LONGEST};
use super::semantics;
use std::time::Duration;

/// What may be done with a kept response for one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is fresh, and fresh enough.
    Fresh,
    /// It is stale, and the request asks for nothing that decides: the response's own terms do.
    Stale,
    /// It is stale, and the request takes it so.
    StaleAllowed,
    /// It is to be validated first.
    Validate,
}

/// A kept response, as far as a request has a say.
pub struct Kept {
    pub fresh_ms: f64,
    /// At the time of the request.
    pub age_ms: f64,
    pub must_revalidate: bool,
    pub no_cache: bool,
}

/// The wishes of a request. `Pragma` counts only where there is no `Cache-Control` (RFC 9111 5.4).
pub fn wishes(cache_control: Option<&str>, pragma: Option<&str>) -> Directives {
    match cache_control {
        Some(field) => Directives::parse(field),
        None => Directives {
            no_cache: pragma.is_some_and(|pragma| Directives::parse(pragma).no_cache),
            ..Directives::default()
        },
    }
}

pub fn judge(asked: &Directives, kept: &Kept) -> Verdict {
    if kept.no_cache {
        return Verdict::Validate;
    }
    let is_stale = kept.age_ms >= kept.fresh_ms;
    let demands = asked.no_cache || asked.max_age.seconds().is_some() || asked.min_fresh.seconds().is_some();
    if semantics::satisfies(asked, kept.must_revalidate, span(kept.fresh_ms), span(kept.age_ms)) {
        if is_stale { Verdict::StaleAllowed } else { Verdict::Fresh }
    } else if demands {
        Verdict::Validate
    } else if is_stale {
        Verdict::Stale
    } else {
        Verdict::Fresh
    }
}

/// A time as it came from JavaScript, held to what can be counted.
fn span(ms: f64) -> Duration {
    const MOST: f64 = LONGEST as f64 * 1000.0;
    // A NaN is no time at all.
    Duration::from_millis(ms.clamp(0.0, MOST) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Of a response that is fresh for 100 s.
    fn verdict(field: &str, age_seconds: f64, must_revalidate: bool) -> Verdict {
        let kept = Kept { fresh_ms: 100_000.0, age_ms: age_seconds * 1000.0, must_revalidate, no_cache: false };
        judge(&wishes(Some(field), None), &kept)
    }

    #[test]
    fn a_request_that_asks_for_nothing_gets_what_the_response_allows() {
        for field in ["nothing-to-see-here", "", "max-age=a", "min-fresh=-1", "no-store", "only-if-cached"] {
            assert_eq!(verdict(field, 10.0, false), Verdict::Fresh, "{field}");
            assert_eq!(verdict(field, 100.0, false), Verdict::Stale, "{field}");
        }
    }

    #[test]
    fn it_may_insist() {
        for field in ["no-cache", "No-Cache", "max-age=9", "max-age=0", "min-fresh=91"] {
            assert_eq!(verdict(field, 10.0, false), Verdict::Validate, "{field}");
        }
        for field in ["max-age=10", "min-fresh=90"] {
            assert_eq!(verdict(field, 10.0, false), Verdict::Fresh, "{field}");
            // Without max-stale it wants nothing stale, whatever the response would allow.
            assert_eq!(verdict(field, 110.0, false), Verdict::Validate, "{field}");
        }
    }

    #[test]
    fn it_may_take_what_is_stale_unless_the_response_forbids() {
        for field in ["max-stale", "max-stale=11", "max-stale=99999999999", "max-age=200, max-stale=60"] {
            assert_eq!(verdict(field, 110.0, false), Verdict::StaleAllowed, "{field}");
            assert_ne!(verdict(field, 110.0, true), Verdict::StaleAllowed, "{field}");
        }
        assert_eq!(verdict("max-stale=9", 110.0, false), Verdict::Stale);
    }

    #[test]
    fn pragma_counts_where_there_is_nothing_better() {
        assert!(wishes(None, Some("no-cache")).no_cache);
        assert!(!wishes(None, Some("foo")).no_cache);
        assert!(!wishes(Some("foo"), Some("no-cache")).no_cache);
    }

    #[test]
    fn what_is_always_validated_is() {
        let kept = Kept { fresh_ms: 100_000.0, age_ms: 0.0, must_revalidate: false, no_cache: true };
        assert_eq!(judge(&wishes(Some("max-stale"), None), &kept), Verdict::Validate);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(field in ".*", number in any::<u64>(), fresh_ms in any::<f64>(), age_ms in any::<f64>()) {
            for field in [field, format!("max-age={number}, max-stale={number}"), format!("max-stale={number}, min-fresh={number}")] {
                judge(&wishes(Some(&field), None), &Kept { fresh_ms, age_ms, must_revalidate: false, no_cache: false });
            }
        }
    }
}
