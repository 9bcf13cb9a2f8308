use super::*;
use proptest::prelude::*;

#[test]
fn names_are_of_any_case_and_others_are_passed_over() {
    let read = Directives::parse("foobar, MaX-aGe=3600 ,\tNo-CaChE, x=\"a, no-store\"");
    assert_eq!(read, Directives { max_age: Span::Of(3600), no_cache: true, ..Directives::default() });
}

#[test]
fn a_span_is_digits_with_or_without_quotes_and_saturates() {
    let max_age = |text: &str| Directives::parse(&format!("max-age={text}")).max_age;
    assert_eq!(max_age("003600"), Span::Of(3600));
    assert_eq!(max_age("\"3600\""), Span::Of(3600));
    assert_eq!(max_age("99999999999999999999"), Span::Of(LONGEST));
    for text in ["", "-1", "+1", "1.0", "1a", "a1", "'1'", " 1", "\"1", "1\"", "\"\"", "1 ", "１"] {
        let expected = if text == "1 " { Span::Of(1) } else { Span::Invalid };
        assert_eq!(max_age(text), expected, "{text}");
    }
    assert_eq!(Directives::parse("max-age =3600").max_age, Span::Invalid);
    assert_eq!(Directives::parse("max-age").max_age, Span::Invalid);
}

#[test]
fn two_values_of_one_directive_are_invalid_and_the_same_twice_is_not() {
    assert_eq!(Directives::parse("max-age=1, max-age=1800").max_age, Span::Invalid);
    assert_eq!(Directives::parse("max-age=1800, MAX-AGE=1800").max_age, Span::Of(1800));
    assert_eq!(Directives::parse("max-age=a, max-age=1800, max-age=1800").max_age, Span::Invalid);
}

#[test]
fn what_stands_in_a_string_is_no_directive() {
    let read = Directives::parse(r#"extension="max-age=3600, no-store, \", private", max-age=1"#);
    assert_eq!(read, Directives { max_age: Span::Of(1), ..Directives::default() });
}

#[test]
fn in_a_string_that_does_not_end_what_forbids_still_holds() {
    let read = Directives::parse("ext=\"a, no-store, max-age=3600, public");
    assert!(read.is_broken && read.no_store);
}

#[test]
fn what_is_written_badly_forbids_and_never_permits() {
    let read =
        Directives::parse("no-store; max-age=3600, private;a, public;a, must-understand;a, no-cache=\"set-cookie\"");
    assert!(read.no_store && read.private && read.no_cache && !read.public && !read.must_understand);
    assert_eq!(read.max_age, Span::Absent);
}

#[test]
fn max_stale_without_a_number_is_any_time() {
    assert_eq!(Directives::parse("max-stale").max_stale, Span::Of(LONGEST));
    assert_eq!(Directives::parse("max-stale=").max_stale, Span::Invalid);
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(text in ".*", pieces in "[\"\\\\,=; a-zA-Z0-9-]{0,64}") {
        Directives::parse(&text);
        Directives::parse(&pieces);
    }

    #[test]
    fn what_follows_does_not_undo_a_prohibition(before in "[ -~]{0,24}", after in "[ -~]{0,24}") {
        prop_assume!(!before.contains('"'));
        let field = format!("{before},no-store,{after}");
        prop_assert!(Directives::parse(&field).no_store);
    }
}

/// Each member would be read to the end of the field, were one string without an end not enough.
#[test]
fn a_long_hostile_field_is_read_in_one_pass() {
    let field = r#"\","#.repeat(200_000);
    let begun = std::time::Instant::now();
    assert!(Directives::parse(&format!("\"{field}")).is_broken);
    assert!(begun.elapsed().as_secs() < 20);
}
