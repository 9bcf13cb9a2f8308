//! The rules, as JavaScript asks for them: texts and numbers in, one line out.

use super::date;
use super::request::{self, Kept};
use super::response;
use super::terms::{Case, Terms};
use napi_derive::napi;

/// What is known of a response, in one number.
mod known {
    pub const GET: u32 = 1;
    pub const BY_HTTP: u32 = 2;
    pub const MAY_GUESS: u32 = 4;
    pub const ASKED_STATUS: u32 = 8;
    pub const AUTHORIZED: u32 = 16;
    pub const COOKIES: u32 = 32;
    pub const VALIDATORS: u32 = 64;
}

/// What the terms say, in one number.
mod says {
    pub const EXPLICIT: u32 = 1;
    pub const MUST_REVALIDATE: u32 = 2;
    pub const NO_CACHE: u32 = 4;
    pub const OPEN: u32 = 8;
}

/// `ttl` in ms, below 0 for none; `what`: which of `known`; `fields` in the order of `lib/http/policy.js`.
///
/// Gives `reason flags fresh age swr sie vary`, times in ms, with `-` for no reason, and the names of `vary` between commas.
#[napi(catch_unwind)]
pub fn judge_http_response(now: f64, status: u32, ttl: f64, what: u32, fields: Vec<Option<String>>) -> String {
    let field = |index: usize| fields.get(index).and_then(Option::as_deref);
    let terms = response::judge(&Case {
        now_ms: now,
        status: u16::try_from(status).unwrap_or(0),
        is_get: what & known::GET != 0,
        by_http: what & known::BY_HTTP != 0,
        may_guess: what & known::MAY_GUESS != 0,
        is_asked: what & known::ASKED_STATUS != 0,
        is_authorized: what & known::AUTHORIZED != 0,
        has_cookies: what & known::COOKIES != 0,
        has_validators: what & known::VALIDATORS != 0,
        ttl_ms: (ttl >= 0.0).then_some(ttl),
        request_cache_control: field(0),
        cache_control: field(1),
        targeted: [field(2), field(3)],
        pragma: field(4),
        expires: field(5),
        date: field(6),
        age: field(7),
        last_modified: field(8),
        vary: field(9),
        content_encoding: field(10),
    });
    line(&terms)
}

fn line(terms: &Terms) -> String {
    let flags = [
        (terms.explicit, says::EXPLICIT),
        (terms.must_revalidate, says::MUST_REVALIDATE),
        (terms.no_cache, says::NO_CACHE),
        (terms.open, says::OPEN),
    ];
    let flags = flags.into_iter().filter(|(is_set, _)| *is_set).fold(0, |sum, (_, flag)| sum | flag);
    let Terms { fresh_ms, age_ms, swr_ms, sie_ms, .. } = terms;
    let reason = terms.reason.unwrap_or("-");
    format!("{reason} {flags} {fresh_ms} {age_ms} {swr_ms} {sie_ms} {}", terms.vary.join(","))
}

/// What a request's own fields ask of a kept response; `flags`: 1 for must-revalidate, 2 for no-cache; `age` is that at the request.
///
/// Gives 0 for fresh, 1 for stale, 2 for stale and taken so, 3 for to be validated; and 4 more for only-if-cached, 8 more for no-store.
#[napi(catch_unwind)]
pub fn judge_http_request(
    cache_control: Option<String>,
    pragma: Option<String>,
    fresh: f64,
    age: f64,
    flags: u32,
) -> u32 {
    let wishes = request::wishes(cache_control.as_deref(), pragma.as_deref());
    let kept = Kept { fresh_ms: fresh, age_ms: age, must_revalidate: flags & 1 != 0, no_cache: flags & 2 != 0 };
    let verdict = request::judge(&wishes, &kept) as u32;
    verdict + if wishes.only_if_cached { 4 } else { 0 } + if wishes.no_store { 8 } else { 0 }
}

/// The time of a date of HTTP in ms since 1970; NaN for what is none.
#[napi(catch_unwind)]
pub fn parse_http_date(text: String, now: f64) -> f64 {
    date::parse(&text, (now / 1000.0).floor() as i64).map_or(f64::NAN, |seconds| seconds as f64 * 1000.0)
}
