//! What a server says of a command, made fit to be told: no secrets, no controls, no end of words.

use bytes::Bytes;
use std::borrow::Cow;

/// How much of a server's words is told, in characters.
const LONGEST: usize = 500;

/// One line of a decent length, whatever the server sent: a message is printed, and stands in logs.
pub fn plain(text: &str) -> String {
    let plain = |character: char| if character.is_control() { ' ' } else { character };
    let mut characters = text.chars().map(plain);
    let mut line: String = characters.by_ref().take(LONGEST).collect();
    if characters.next().is_some() {
        line.push('…');
    }
    line
}

/// Takes out a secret wherever it stands, and what is left of it where the message was cut.
pub fn hide(message: &str, secret: &str) -> String {
    if secret.is_empty() {
        return message.to_owned();
    }
    let hidden = message.replace(secret, "…");
    without_tail(&hidden, secret).map_or(hidden.clone(), |kept| format!("{kept}…"))
}

/// What stands before the beginning of a secret, where the message was cut within it.
fn without_tail<'message>(message: &'message str, secret: &str) -> Option<&'message str> {
    let cut = message.strip_suffix('…')?;
    let ends = (1..=secret.len().min(cut.len())).rev().filter(|end| secret.is_char_boundary(*end));
    ends.map(|end| &secret[..end]).find_map(|beginning| cut.strip_suffix(beginning))
}

/// Takes out what the server quotes of a command's arguments, which may be keys and values. It may have cut them, and writes what
/// would end a line as a space.
pub fn redact(message: &str, args: &[Bytes]) -> String {
    // No message is longer than this.
    const LOOKED_AT: usize = 4 * LONGEST;
    let args: Vec<Cow<'_, str>> =
        args.iter().map(|arg| String::from_utf8_lossy(&arg[..arg.len().min(LOOKED_AT)])).collect();
    let mut told = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(at) = rest.find(['\'', '`', '"']) {
        let quote = rest[at..].chars().next().unwrap_or('"');
        let quoted = &rest[at + 1..];
        told.push_str(&rest[..=at]);
        let longest = args.iter().filter_map(|arg| quoted_of(quoted, arg, quote)).max().unwrap_or(0);
        if longest > 0 {
            told.push('…');
            told.push(quote);
            rest = &quoted[longest + 1..];
        } else {
            rest = quoted;
        }
    }
    // The last quote may have been cut within.
    let tail = args.iter().find_map(|arg| without_tail(rest, arg).filter(|kept| kept.is_empty()));
    told.push_str(if tail.is_some() { "…" } else { rest });
    told
}

/// How many bytes of `text` are the beginning of `arg`, up to the last quote that may end it.
fn quoted_of(text: &str, arg: &str, quote: char) -> Option<usize> {
    let same = |(told, given): &(char, char)| told == given || (*told == ' ' && given.is_control());
    let common: usize = text.chars().zip(arg.chars()).take_while(same).map(|(told, _)| told.len_utf8()).sum();
    // A quote at the very end of what they have in common may be the server's own.
    (1..=common).rev().find(|end| text.is_char_boundary(*end) && text[*end..].starts_with(quote))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn redacted(message: &str, args: &[&str]) -> String {
        redact(message, &args.iter().map(|arg| Bytes::from(arg.to_string())).collect::<Vec<_>>())
    }

    #[test]
    fn a_quoted_argument_is_taken_out_whatever_it_holds() {
        assert_eq!(redacted("ERR no 'it's' here", &["it's"]), "ERR no '…' here");
        assert_eq!(redacted("ERR no 'two lines'", &["two\nlines"]), "ERR no '…'");
        assert_eq!(redacted("ERR `a` and \"b\"", &["a", "b"]), "ERR `…` and \"…\"");
        assert_eq!(redacted("ERR 'long' was cut", &["longer"]), "ERR '…' was cut");
        assert_eq!(redacted("ERR you can't use 'a'", &["a"]), "ERR you can't use '…'");
        assert_eq!(redacted("ERR 'other' and ''", &["a", ""]), "ERR 'other' and ''");
    }

    #[test]
    fn what_is_left_of_a_secret_where_the_message_was_cut_is_taken_out() {
        let cut = plain(&format!("{}'{}'", "x".repeat(LONGEST - 5), "long secret"));
        assert!(cut.ends_with("x'long…"), "{cut}");
        assert!(redacted(&cut, &["other", "long secret"]).ends_with("x'…"));
        assert!(hide(&cut, "long secret").ends_with("x'…"));
        assert_eq!(hide("ERR a secret, and no secret…", "secret"), "ERR a …, and no ……");
        assert_eq!(hide("ERR a", ""), "ERR a");
    }

    #[test]
    fn one_line_of_a_decent_length() {
        assert_eq!(plain("ERR a\r\nb\u{1b}[31m"), "ERR a  b [31m");
        assert_eq!(plain(&"ä".repeat(10_000)).chars().count(), LONGEST + 1);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(message: String, args: Vec<String>) {
            let args: Vec<Bytes> = args.into_iter().map(Bytes::from).collect();
            redact(&message, &args);
            plain(&message);
        }

        #[test]
        fn no_quoted_secret_is_left(
            secret in "\\PC{3,40}", quote in "['`\"]", before in "[a-z ]{0,20}", after in "[a-z ]{0,20}", keep in 2usize..40,
        ) {
            let cut: String = secret.chars().take(keep).collect();
            let message = format!("ERR {before}{quote}{cut}{quote}{after}");
            let told = redacted(&message, &["other", &secret]);
            prop_assert!(!told.contains(&format!("{quote}{cut}{quote}")), "{}", told);
        }

        #[test]
        fn what_is_no_argument_stays(message in "[a-z' ]{0,40}") {
            prop_assert_eq!(redacted(&message, &["UPPER", "1"]), message);
        }
    }
}
