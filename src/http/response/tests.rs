use super::*;
use proptest::prelude::*;

const NOW: f64 = 1_770_000_000_000.0;
const DATE: &str = "Mon, 02 Feb 2026 02:40:00 GMT";

/// A plain GET in mode `http`, with a 200 that was made now.
fn case() -> Case<'static> {
    Case { now_ms: NOW, status: 200, is_get: true, by_http: true, date: Some(DATE), ..Case::default() }
}

fn says(cache_control: &str) -> Terms {
    judge(&Case { cache_control: Some(cache_control), ..case() })
}

fn reason(case: &Case<'_>) -> &'static str {
    judge(case).reason.unwrap_or("")
}

#[test]
fn the_lifetime_is_s_maxage_before_max_age_before_expires() {
    let expires = Some("Mon, 02 Feb 2026 02:50:00 GMT");
    let fresh = |cache_control| judge(&Case { cache_control, expires, ..case() }).fresh_ms;
    assert_eq!(fresh(None), 600_000.0);
    assert_eq!(fresh(Some("max-age=5")), 5000.0);
    assert_eq!(fresh(Some("max-age=5, s-maxage=7")), 7000.0);
    assert_eq!(fresh(Some("foo")), 600_000.0);
}

#[test]
fn expires_counts_from_the_date_or_from_now_where_that_is_none() {
    let fresh = |date, expires| judge(&Case { date, expires, ..case() }).fresh_ms;
    let expires = Some("Mon, 02 Feb 2026 02:50:00 GMT");
    assert_eq!(fresh(Some("Mon, 02 Feb 2026 02:45:00 GMT"), expires), 300_000.0);
    assert_eq!(fresh(Some("foo"), expires), 600_000.0);
    assert_eq!(fresh(None, expires), 600_000.0);
    for expires in ["0", "", "Mon, 02 Feb 2026 02:30:00 GMT", "Mon, 02 Feb 1826 02:30:00 GMT"] {
        assert_eq!(fresh(None, Some(expires)), 0.0, "{expires}");
    }
}

#[test]
fn lifetimes_saturate_at_what_caches_must_be_able_to_count() {
    assert_eq!(says("max-age=99999999999").fresh_ms, f64::from(LONGEST) * 1000.0);
    let far = Case { expires: Some("Fri, 31 Dec 9999 23:59:59 GMT"), ..case() };
    assert_eq!(judge(&far).fresh_ms, f64::from(LONGEST) * 1000.0);
    let route = Case { ttl_ms: Some(f64::INFINITY), ..case() };
    assert_eq!(judge(&route).fresh_ms, f64::from(LONGEST) * 1000.0);
}

#[test]
fn what_is_invalid_is_stale_whatever_else_it_says() {
    for field in [
        "max-age=-1",
        "max-age=1, max-age=9",
        "max-age=a, s-maxage=-1",
        "x=\"a, max-age=3600, s-maxage=9",
        "s-maxage=x, max-age=9",
    ] {
        let terms = judge(&Case { cache_control: Some(field), has_validators: true, ..case() });
        assert_eq!((terms.fresh_ms, terms.explicit), (0.0, true), "{field}");
        assert_eq!(says(field).reason, Some("expired"), "{field}");
    }
}

#[test]
fn the_age_is_the_greater_of_what_is_told_and_what_the_date_shows() {
    let age = |age, date| judge(&Case { age, date, ..case() }).age_ms;
    let earlier = Some("Mon, 02 Feb 2026 02:38:20 GMT");
    assert_eq!(age(None, Some(DATE)), 0.0);
    assert_eq!(age(Some("30"), Some(DATE)), 30_000.0);
    assert_eq!(age(Some("30"), earlier), 100_000.0);
    assert_eq!(age(Some("7200, 0"), None), 7_200_000.0);
    assert_eq!(age(Some("0, 7200"), None), 0.0);
    assert_eq!(age(Some("99999999999"), None), f64::from(LONGEST) * 1000.0);
    for invalid in ["7200.0", "-7200", "abc", "", "7200;a=b"] {
        assert_eq!(age(Some(invalid), None), 0.0, "{invalid}");
    }
}

#[test]
fn each_refusal_has_its_reason() {
    let fresh = Case { cache_control: Some("max-age=9"), ..case() };
    assert_eq!(reason(&fresh), "");
    assert_eq!(reason(&Case { is_get: false, ..fresh }), "method");
    assert_eq!(reason(&Case { status: 206, ..fresh }), "partial");
    for status in [0, 100, 199, 304, 600, 999] {
        assert_eq!(reason(&Case { status, ..fresh }), "status");
    }
    assert_eq!(reason(&Case { has_cookies: true, ..fresh }), "set-cookie");
    assert_eq!(reason(&Case { is_authorized: true, ..fresh }), "authorization");
    assert_eq!(reason(&Case { request_cache_control: Some("No-Store"), ..fresh }), "request-no-store");
    assert_eq!(reason(&Case { vary: Some("Foo, *"), ..fresh }), "vary-star");
    assert_eq!(reason(&Case { vary: Some("F o"), ..fresh }), "vary-invalid");
    assert_eq!(says("private, max-age=9").reason, Some("private"));
    assert_eq!(says("max-age=9, No-StOrE").reason, Some("no-store"));
    assert_eq!(says("no-cache, max-age=9").reason, Some("no-cache"));
    assert_eq!(says("max-age=0").reason, Some("expired"));
    assert_eq!(reason(&case()), "no-freshness");
}

#[test]
fn one_with_credentials_is_kept_where_it_says_so() {
    let of = |field| judge(&Case { cache_control: Some(field), is_authorized: true, ..case() });
    for field in ["max-age=9, public", "s-maxage=9", "max-age=9, must-revalidate"] {
        assert!(of(field).reason.is_none() && of(field).open, "{field}");
    }
    for field in ["max-age=9, public;a", "max-age=9, s-maxage=a", "max-age=9, proxy-revalidate"] {
        assert_eq!(of(field).reason, Some("authorization"), "{field}");
    }
}

#[test]
fn a_targeted_field_goes_before_the_others_and_the_own_one_before_that_of_all() {
    let case = Case { cache_control: Some("no-store"), expires: Some("0"), ..case() };
    let told = |targeted| judge(&Case { targeted, ..case });
    assert_eq!(told([None, Some("max-age=9")]).fresh_ms, 9000.0);
    assert_eq!(told([Some("max-age=7"), Some("max-age=9")]).fresh_ms, 7000.0);
    assert_eq!(told([Some("MAX-AGE=7"), Some("max-age=9")]).fresh_ms, 9000.0);
    assert_eq!(told([Some("private"), Some("max-age=9")]).reason, Some("private"));
    assert_eq!(told([None, Some("max-age=\"9\"")]).reason, Some("no-store"));
    // `Expires` does not count next to it.
    assert_eq!(told([None, Some("foo")]).reason, Some("no-freshness"));
}

#[test]
fn must_understand_lifts_no_store_for_statuses_with_a_meaning() {
    let of = |status| reason(&Case { status, cache_control: Some("max-age=9, no-store, must-understand"), ..case() });
    assert_eq!([of(200), of(404), of(299), of(599)], ["", "", "no-store", "no-store"]);
    assert_eq!(reason(&Case { status: 299, cache_control: Some("max-age=9, must-understand"), ..case() }), "status");
}

#[test]
fn in_mode_http_any_status_with_a_lifetime_is_kept() {
    for status in [200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 404, 410, 499, 500, 503, 599] {
        let fresh = Case { status, cache_control: Some("max-age=9"), ..case() };
        assert_eq!((reason(&fresh), judge(&fresh).fresh_ms), ("", 9000.0), "{status}");
        let guess = Case { status, last_modified: Some("Sun, 01 Feb 2026 02:40:00 GMT"), ..case() };
        assert!(judge(&guess).reason.is_some(), "{status}");
    }
}

#[test]
fn in_mode_ttl_an_error_is_kept_only_where_its_status_was_asked_for() {
    let ttl = Case { by_http: false, ttl_ms: Some(250.0), ..case() };
    assert_eq!((reason(&ttl), judge(&ttl).fresh_ms, judge(&ttl).explicit), ("", 250.0, false));
    for status in [302, 400, 404, 500, 503] {
        assert_eq!(reason(&Case { status, ..ttl }), "status");
        assert_eq!(judge(&Case { status, is_asked: true, ..ttl }).fresh_ms, 250.0, "{status}");
    }
    // Whoever sets a lifetime and then fails does not mean the failure.
    assert_eq!(reason(&Case { status: 500, cache_control: Some("max-age=9"), ..ttl }), "status");
    assert_eq!(reason(&Case { status: 302, cache_control: Some("max-age=9"), ..ttl }), "");
}

#[test]
fn what_the_response_says_goes_before_the_ttl_of_the_route() {
    let ttl = Case { by_http: false, ttl_ms: Some(60_000.0), ..case() };
    assert_eq!(judge(&Case { cache_control: Some("max-age=9"), ..ttl }).fresh_ms, 9000.0);
    assert_eq!(judge(&Case { cache_control: Some("public"), ..ttl }).fresh_ms, 60_000.0);
    assert_eq!(reason(&Case { cache_control: Some("max-age=0"), has_validators: true, ..ttl }), "expired");
    assert_eq!(reason(&Case { cache_control: Some("no-cache"), has_validators: true, ..ttl }), "no-cache");
    assert_eq!(reason(&Case { pragma: Some("no-cache"), ..ttl }), "no-cache");
    assert_eq!(reason(&Case { age: Some("61"), ..ttl }), "expired");
    assert_eq!(reason(&Case { ttl_ms: Some(0.0), ..ttl }), "no-freshness");
}

#[test]
fn in_mode_http_what_can_be_validated_is_kept_for_that() {
    for field in ["no-cache", "max-age=0", "max-age=9, no-cache"] {
        let terms = judge(&Case { cache_control: Some(field), has_validators: true, ..case() });
        assert_eq!((terms.reason, terms.no_cache), (None, field.contains("no-cache")), "{field}");
    }
}

#[test]
fn staleness_is_what_the_response_grants_and_does_not_forbid() {
    let terms = says("s-maxage=1, stale-while-revalidate=59, stale-if-error=60");
    assert_eq!((terms.swr_ms, terms.sie_ms, terms.must_revalidate), (59_000.0, 60_000.0, true));
    for forbids in ["must-revalidate", "proxy-revalidate", "no-cache"] {
        let terms = says(&format!("max-age=1, {forbids}, stale-while-revalidate=59, stale-if-error=60"));
        assert_eq!((terms.swr_ms, terms.sie_ms), (0.0, 0.0));
    }
    assert_eq!(says("max-age=1, stale-while-revalidate=-1").swr_ms, 0.0);
}

#[test]
fn a_guess_is_made_only_where_it_was_asked_for() {
    let told = Case { may_guess: true, last_modified: Some("Sun, 01 Feb 2026 02:40:00 GMT"), ..case() };
    assert_eq!(judge(&told).fresh_ms, 8_640_000.0);
    assert_eq!(reason(&Case { status: 403, ..told }), "status");
    assert_eq!(judge(&Case { status: 599, cache_control: Some("public"), ..told }).fresh_ms, 8_640_000.0);
    assert_eq!(reason(&Case { last_modified: Some("yesterday"), ..told }), "no-freshness");
    // The lifetime of a route is not meant for errors, on a guess or not.
    let route = Case { ttl_ms: Some(5000.0), ..told };
    assert_eq!([judge(&route).fresh_ms, judge(&Case { status: 404, ..route }).fresh_ms], [5000.0, 8_640_000.0]);
    assert_eq!(reason(&Case { by_http: false, status: 404, ..route }), "status");
}

#[test]
fn another_coding_than_the_usual_ones_is_not_kept_under_what_is_accepted() {
    let told =
        |content_encoding, vary| reason(&Case { cache_control: Some("max-age=9"), content_encoding, vary, ..case() });
    assert_eq!(told(Some("GZIP, br"), Some("accept-encoding")), "");
    assert_eq!(told(Some("dcz"), Some("Accept-Encoding")), "content-encoding");
    assert_eq!(told(Some("dcz"), None), "");
}

proptest! {
    #[test]
    fn nothing_makes_it_panic_and_all_times_are_counted(
        now in any::<f64>(), status in proptest::sample::select(vec![200, 204, 206, 302, 304, 404, 500, 599, 0, 1000]),
        ttl in proptest::sample::select(vec![0.0, 0.5, 1e3, 1e300, f64::INFINITY]), flags in any::<u8>(),
        fields in proptest::collection::vec(proptest::option::of("[ -~\u{80}-\u{17f}\0]{0,40}"), 9),
        number in any::<u64>(),
    ) {
        let field = |index: usize| fields[index].as_deref();
        let (cache_control, targeted) = (format!("max-age={number}"), format!("max-age={number}, {}", field(0).unwrap_or("")));
        let case = Case {
            now_ms: now,
            status, is_get: true, by_http: flags & 1 != 0, may_guess: flags & 2 != 0, is_asked: flags & 4 != 0,
            is_authorized: flags & 8 != 0, has_validators: flags & 16 != 0, ttl_ms: Some(ttl),
            request_cache_control: field(1), cache_control: if flags & 32 != 0 { Some(&cache_control) } else { field(2) },
            targeted: if flags & 64 != 0 { [None, Some(&targeted)] } else { [field(3), field(4)] },
            expires: field(5), date: field(6), age: field(7), last_modified: field(6), vary: field(8),
            ..Case::default()
        };
        let terms = judge(&case);
        for ms in [terms.fresh_ms, terms.age_ms, terms.swr_ms, terms.sie_ms] {
            prop_assert!((0.0..=f64::from(LONGEST) * 1000.0).contains(&ms), "{}", ms);
        }
    }
}
