use super::super::directives::{LONGEST, Span};
use super::*;
use proptest::prelude::*;

#[test]
fn members_are_directives() {
    let read =
        parse("foobar;a=?0, max-age=3600;x=\"y, z\" ,\tno-cache, private=?0, other=(a \"b\" 1.5 ?1 :YQ==: @12);c");
    assert_eq!(read, Some(Directives { max_age: Span::Of(3600), no_cache: true, ..Directives::default() }));
}

#[test]
fn the_last_of_two_holds() {
    assert_eq!(parse("max-age=1, max-age=2").map(|read| read.max_age), Some(Span::Of(2)));
    assert_eq!(parse("no-store, no-store=?0").map(|read| read.no_store), Some(false));
}

#[test]
fn numbers_saturate_and_below_zero_is_invalid() {
    assert_eq!(parse("max-age=99999999999").map(|read| read.max_age), Some(Span::Of(LONGEST)));
    assert_eq!(parse("max-age=-1").map(|read| read.max_age), Some(Span::Invalid));
}

#[test]
fn a_prohibition_with_a_value_forbids_and_a_permission_with_one_does_not_permit() {
    let read = parse("private=\"set-cookie\", public=1, must-understand=a").expect("a dictionary");
    assert!(read.private && !read.public && !read.must_understand);
}

#[test]
fn one_fault_voids_the_field() {
    for field in [
        "",
        " ",
        "max-age=10000, &&&&&",
        "max-age=\"10000\"",
        "max-age=10.0",
        "max-age",
        "max-age =1",
        "max-age= 1",
        "MaX-aGe=1",
        "max-age=1,",
        "max-age=1,,no-store",
        "max-age=1 no-store",
        "max-age=1234567890123456",
        "max-age=-",
        "a=\"b",
        "a=\"\\b\"",
        "a=\"\u{e9}\"",
        "a=(b",
        "a=(b)c",
        "a=?2",
        "a=:b",
        "a=@1.5",
        "a;=b",
        "a;b=",
        "\tmax-age=1",
    ] {
        assert_eq!(parse(field), None, "{field}");
    }
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(text in ".*", pieces in "[\"\\\\,=;?:@%() a-z0-9.*-]{0,64}") {
        parse(&text);
        parse(&pieces);
        parse(&format!("max-age=1, a={pieces}"));
    }
}
