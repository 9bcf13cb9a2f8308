//! Whether a response may be kept for others, and how long it is fresh (RFC 9111 3 and 4.2).

use super::date;
use super::directives::{Directives, LONGEST, Span};
use super::rules::{Rules, seconds};
use super::semantics::{self, Told};
use super::terms::{Case, Terms};
use super::vary::{self, Vary};

/// Statuses that have a meaning for the cache, so that `must-understand` says yes (RFC 9111 5.2.2.3).
const UNDERSTOOD: [u16; 27] = [
    200, 201, 202, 203, 204, 300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 406, 409, 410, 411, 414, 415, 451,
    500, 501, 502, 503,
];
/// Those that a lifetime of the route's own is meant for, without being asked.
const PLAIN: [u16; 6] = [200, 203, 204, 300, 301, 308];
/// Those that may be kept on a guess (RFC 9110 15.1).
const GUESSED: [u16; 11] = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];

/// The codings of `lib/http/vary.js`.
const CODINGS: [&str; 6] = ["identity", "br", "gzip", "x-gzip", "zstd", "deflate"];

pub fn judge(case: &Case<'_>) -> Terms {
    let rules = Rules::of(case);
    let mut terms = rules.terms(case);
    terms.reason = refusal(case, &rules, &terms);
    match vary::parse(case.vary.unwrap_or("")) {
        // Keys tell apart only who accepts which of the usual codings.
        Vary::By(names)
            if is_unusual_coding(case.content_encoding) && names.iter().any(|name| name == "accept-encoding") =>
        {
            terms.reason = terms.reason.or(Some("content-encoding"));
        }
        Vary::By(names) => terms.vary = names,
        Vary::Star => terms.reason = terms.reason.or(Some("vary-star")),
        Vary::Invalid => terms.reason = terms.reason.or(Some("vary-invalid")),
    }
    if terms.reason.is_none() {
        lifetime(case, &rules, &mut terms);
    }
    terms
}

/// Why a response may not be kept, whatever its lifetime.
fn refusal(case: &Case<'_>, rules: &Rules, terms: &Terms) -> Option<&'static str> {
    let directives = &rules.directives;
    let is_understood = directives.must_understand && UNDERSTOOD.contains(&case.status);
    let asked = case.request_cache_control.map(Directives::parse).unwrap_or_default();
    let checks = [
        (!case.is_get, "method"),
        (case.status == 206, "partial"),
        (!(200..=599).contains(&case.status) || case.status == 304, "status"),
        (case.has_cookies, "set-cookie"),
        (directives.no_store && !is_understood, "no-store"),
        (directives.private, "private"),
        (directives.must_understand && !is_understood, "status"),
        (case.is_authorized && !terms.open, "authorization"),
        (asked.no_store, "request-no-store"),
    ];
    checks.into_iter().find_map(|(holds, reason)| holds.then_some(reason))
}

/// How long it is fresh, or why it cannot be kept for want of that.
fn lifetime(case: &Case<'_>, rules: &Rules, terms: &mut Terms) {
    let is_error = case.status >= 400;
    let is_plain = case.is_asked || PLAIN.contains(&case.status);
    let may_guess = case.by_http && case.may_guess && (rules.directives.public || GUESSED.contains(&case.status));
    let is_eligible = if terms.explicit {
        case.is_asked || !is_error || case.by_http
    } else {
        is_plain || may_guess || (case.by_http && terms.no_cache && !is_error)
    };
    if !is_eligible {
        terms.reason = Some("status");
        return;
    }
    let read = |field: Option<&str>| field.and_then(|text| date::parse(text, seconds(case.now_ms)));
    // Where the response tells no lifetime, that of the route is as good as told.
    let by_route = case.ttl_ms.filter(|_| is_plain && !terms.explicit);
    let max_age = match by_route {
        Some(_) => Span::Of(0),
        None if rules.directives.is_broken => Span::Invalid,
        None => rules.directives.max_age,
    };
    let s_maxage = if rules.directives.is_broken { Span::Absent } else { rules.directives.s_maxage };
    let told = Told {
        status: case.status,
        directives: Directives { no_store: false, max_age, s_maxage, ..rules.directives },
        is_authorized: case.is_authorized,
        date: read(case.date).unwrap_or_else(|| seconds(case.now_ms)),
        // What is no date has passed (RFC 9111 5.3).
        expires: case.expires.filter(|_| rules.leaves_it_to_expires()).map(|text| read(Some(text)).unwrap_or(0)),
        last_modified: read(case.last_modified.filter(|_| may_guess)),
        is_heuristic: may_guess,
    };
    let Some(of_response) = semantics::lifetime(&told) else {
        terms.reason = Some("status");
        return;
    };
    let is_guess = !terms.explicit && by_route.is_none();
    terms.fresh_ms = by_route.unwrap_or(of_response as f64).min(f64::from(LONGEST) * 1000.0);
    terms.reason = if terms.no_cache {
        (!case.by_http || !case.has_validators).then_some("no-cache")
    } else if is_guess && terms.fresh_ms == 0.0 {
        Some("no-freshness")
    } else if terms.fresh_ms <= terms.age_ms && terms.swr_ms == 0.0 && terms.sie_ms == 0.0 {
        let never_was = !terms.explicit && terms.fresh_ms == 0.0;
        (!case.by_http || !case.has_validators).then_some(if never_was { "no-freshness" } else { "expired" })
    } else {
        None
    };
}

fn is_unusual_coding(content_encoding: Option<&str>) -> bool {
    let usual = |coding: &str| CODINGS.iter().any(|usual| usual.eq_ignore_ascii_case(coding.trim_matches([' ', '\t'])));
    content_encoding.is_some_and(|codings| !codings.split(',').all(usual))
}

#[cfg(test)]
mod tests;
