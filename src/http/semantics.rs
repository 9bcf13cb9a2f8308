//! The door to `http-cache-semantics`, which knows storability, lifetimes and what requests ask for.
//!
//! It reads fields loosely, so it only sees fields that were read here before and are written anew: names in lower case, numbers in
//! range, dates that are dates. Nothing from outside reaches it as it came.

use super::date;
use super::directives::{Directives, LONGEST, Span};
use ::http::header::{AUTHORIZATION, CACHE_CONTROL, DATE, EXPIRES, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED};
use ::http::{Request, Response, StatusCode};
use http_cache_semantics::{BeforeRequest, CacheOptions, CachePolicy};
use std::fmt::Write;
use std::time::{Duration, SystemTime};

/// The statuses that it takes as they are. Others are kept for what their fields say, and shown to it as 200.
const KNOWN: [u16; 14] = [200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501];

/// A response as it is told. Times are seconds since 1970.
#[derive(Default)]
pub struct Told {
    pub status: u16,
    pub directives: Directives,
    pub is_authorized: bool,
    pub date: i64,
    /// Where no directive tells the lifetime.
    pub expires: Option<i64>,
    /// Where a lifetime may be guessed.
    pub last_modified: Option<i64>,
    pub is_heuristic: bool,
}

/// Whether it may be kept, and how many milliseconds it is fresh, counted from its age of 0.
pub fn lifetime(told: &Told) -> Option<u64> {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(told.date.max(0).unsigned_abs());
    let mut headers = HeaderMap::with_capacity(4);
    put(&mut headers, CACHE_CONTROL, &response_directives(&told.directives));
    if told.expires.is_some() || told.last_modified.is_some() {
        put_date(&mut headers, DATE, told.date);
    }
    // One before all dates that can be written has passed as well.
    told.expires.into_iter().for_each(|expires| put_date(&mut headers, EXPIRES, expires.max(0)));
    told.last_modified.into_iter().for_each(|modified| put_date(&mut headers, LAST_MODIFIED, modified));
    let mut request = Request::new(());
    if told.is_authorized {
        request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static("x"));
    }
    let policy = policy(&request, told.status, headers, now, told.is_heuristic);
    policy.is_storable().then(|| policy.time_to_live(now).as_secs() * 1000)
}

/// Whether a kept response may be used at once for a request that asks for something. Lifetimes count in whole seconds here.
pub fn satisfies(asked: &Directives, must_revalidate: bool, fresh: Duration, age: Duration) -> bool {
    let answered = SystemTime::UNIX_EPOCH;
    let max_age = Span::Of(u32::try_from(fresh.as_secs()).unwrap_or(LONGEST));
    let kept = Directives { max_age, must_revalidate, ..Directives::default() };
    let mut headers = HeaderMap::with_capacity(1);
    put(&mut headers, CACHE_CONTROL, &response_directives(&kept));
    let policy = policy(&Request::new(()), 200, headers, answered, false);
    let mut request = Request::new(());
    put(request.headers_mut(), CACHE_CONTROL, &request_directives(asked));
    matches!(policy.before_request(&request, answered + age), BeforeRequest::Fresh(_))
}

fn policy(request: &Request<()>, status: u16, headers: HeaderMap, at: SystemTime, is_heuristic: bool) -> CachePolicy {
    let mut response = Response::new(());
    let status = if KNOWN.contains(&status) { status } else { 200 };
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    *response.headers_mut() = headers;
    let options = CacheOptions {
        shared: true,
        cache_heuristic: if is_heuristic { 0.1 } else { 0.0 },
        immutable_min_time_to_live: Duration::ZERO,
        ignore_cargo_cult: false,
    };
    CachePolicy::new_options(request, &response, at, options)
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn put_date(headers: &mut HeaderMap, name: HeaderName, seconds: i64) {
    if let Some(date) = date::format(seconds) {
        put(headers, name, &date);
    }
}

/// What is invalid makes a response stale.
fn response_directives(directives: &Directives) -> String {
    let mut text = String::with_capacity(64);
    span(&mut text, "max-age", directives.max_age);
    span(&mut text, "s-maxage", directives.s_maxage);
    flag(&mut text, "no-store", directives.no_store);
    flag(&mut text, "private", directives.private);
    flag(&mut text, "public", directives.public);
    flag(&mut text, "must-revalidate", directives.must_revalidate);
    text
}

/// What is invalid asks for nothing.
fn request_directives(directives: &Directives) -> String {
    let mut text = String::with_capacity(64);
    for (name, asked) in
        [("max-age", directives.max_age), ("max-stale", directives.max_stale), ("min-fresh", directives.min_fresh)]
    {
        if asked != Span::Invalid {
            span(&mut text, name, asked);
        }
    }
    flag(&mut text, "no-cache", directives.no_cache);
    text
}

fn span(text: &mut String, name: &str, span: Span) {
    if span.is_present() {
        flag(text, name, true);
        let _ = write!(text, "={}", span.seconds().unwrap_or(0));
    }
}

fn flag(text: &mut String, name: &str, is_set: bool) {
    if is_set {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(name);
    }
}
