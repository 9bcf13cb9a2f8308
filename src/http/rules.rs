//! The directives that hold for a response, and what follows from them alone.

use super::date;
use super::dictionary;
use super::directives::{Directives, LONGEST, Span};
use super::terms::{Case, Terms};

/// The directives that hold, and whether they are those of a targeted field, next to which `Expires` counts for nothing (RFC 9213 2.2).
pub struct Rules {
    pub directives: Directives,
    is_targeted: bool,
}

impl Rules {
    pub fn of(case: &Case<'_>) -> Rules {
        if let Some(directives) = case.targeted.into_iter().flatten().find_map(dictionary::parse) {
            return Rules { directives, is_targeted: true };
        }
        let directives = match (case.cache_control, case.pragma) {
            (Some(field), _) => Directives::parse(field),
            // No standard says what it means in a response, and all who send it mean the same.
            (None, Some(pragma)) => {
                Directives { no_cache: Directives::parse(pragma).no_cache, ..Directives::default() }
            }
            (None, None) => Directives::default(),
        };
        Rules { directives, is_targeted: false }
    }

    /// Whether `Expires`, if there is one, tells how long the response is fresh.
    pub fn leaves_it_to_expires(&self) -> bool {
        !self.is_targeted && !self.tells_lifetime()
    }

    fn tells_lifetime(&self) -> bool {
        let Directives { max_age, s_maxage, is_broken, .. } = self.directives;
        is_broken || max_age.is_present() || s_maxage.is_present()
    }

    pub fn terms(&self, case: &Case<'_>) -> Terms {
        let directives = &self.directives;
        let is_shared = directives.s_maxage.seconds().is_some();
        let forbids_stale = directives.must_revalidate || directives.proxy_revalidate || directives.no_cache;
        // With s-maxage alone, staleness that the same response grants is granted.
        let granted = |span: Span| if forbids_stale { 0.0 } else { f64::from(span.seconds().unwrap_or(0)) * 1000.0 };
        Terms {
            explicit: self.tells_lifetime() || (self.leaves_it_to_expires() && case.expires.is_some()),
            must_revalidate: directives.must_revalidate
                || directives.proxy_revalidate
                || directives.s_maxage.is_present(),
            no_cache: directives.no_cache,
            open: directives.public || is_shared || directives.must_revalidate,
            age_ms: age(case) * 1000.0,
            swr_ms: granted(directives.stale_while_revalidate),
            sie_ms: granted(directives.stale_if_error),
            ..Terms::default()
        }
    }
}

/// The age of a response as it arrives, in seconds (RFC 9111 4.2.3).
fn age(case: &Case<'_>) -> f64 {
    let now = seconds(case.now_ms);
    // Of several values the first counts, and what is no number does not (RFC 9111 5.1).
    let first = case.age.and_then(|field| field.split(',').next()).map_or("", |value| value.trim_matches([' ', '\t']));
    let told = Span::read(first).seconds().unwrap_or(0);
    let apparent = case.date.and_then(|text| date::parse(text, now)).map_or(0, |date| now.saturating_sub(date));
    f64::from(told).max(apparent.clamp(0, LONGEST.into()) as f64)
}

/// The second of a time; what is no time is 1970.
pub fn seconds(ms: f64) -> i64 {
    (ms / 1000.0).floor() as i64
}
