//! What is known of a response, and on what terms it may be kept.

/// A request and its response, as far as they matter.
#[derive(Default)]
pub struct Case<'a> {
    /// In milliseconds since 1970.
    pub now_ms: f64,
    pub status: u16,
    pub is_get: bool,
    /// The response's fields rule; otherwise the route does, and a status that is an error is only kept where it was asked for.
    pub by_http: bool,
    pub may_guess: bool,
    /// The route asked for this status.
    pub is_asked: bool,
    /// The request has credentials that its key does not tell apart.
    pub is_authorized: bool,
    pub has_cookies: bool,
    pub has_validators: bool,
    /// The route's own lifetime, for responses that do not tell theirs.
    pub ttl_ms: Option<f64>,
    pub request_cache_control: Option<&'a str>,
    pub cache_control: Option<&'a str>,
    /// `Cache-Control` fields for certain caches, the one that goes first being first.
    pub targeted: [Option<&'a str>; 2],
    pub pragma: Option<&'a str>,
    pub expires: Option<&'a str>,
    pub date: Option<&'a str>,
    pub age: Option<&'a str>,
    pub last_modified: Option<&'a str>,
    pub vary: Option<&'a str>,
    pub content_encoding: Option<&'a str>,
}

/// On what terms a response may be kept.
#[derive(Debug, Default, PartialEq)]
pub struct Terms {
    /// Why it may not.
    pub reason: Option<&'static str>,
    pub explicit: bool,
    pub must_revalidate: bool,
    pub no_cache: bool,
    pub open: bool,
    pub fresh_ms: f64,
    pub age_ms: f64,
    pub swr_ms: f64,
    pub sie_ms: f64,
    pub vary: Vec<String>,
}
