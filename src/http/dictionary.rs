//! Targeted fields such as `CDN-Cache-Control` (RFC 9213): dictionaries of structured fields (RFC 9651), where one fault voids the field.

use super::directives::{Argument, Directives, is_token};

/// Directives whose value is a span.
const SPANS: [&str; 4] = ["max-age", "s-maxage", "stale-while-revalidate", "stale-if-error"];
/// The others that a cache heeds.
const FLAGS: [&str; 7] =
    ["no-store", "no-cache", "private", "public", "must-revalidate", "proxy-revalidate", "must-understand"];

/// What a targeted field says; `None` where it says nothing, or is no dictionary, so that `Cache-Control` holds.
pub fn parse(field: &str) -> Option<Directives> {
    let mut reader = Reader(field.trim_matches(' '));
    // The last of two members of one name holds, so they are read before they are set.
    let mut members: [Option<Value>; SPANS.len() + FLAGS.len()] = [None; SPANS.len() + FLAGS.len()];
    loop {
        let name = reader.key()?;
        let value = if reader.eat('=') { reader.value()? } else { Value::Boolean(true) };
        reader.parameters()?;
        if let Some(place) = SPANS.iter().chain(&FLAGS).position(|known| *known == name) {
            members[place] = Some(value);
        }
        reader.skip(&[' ', '\t']);
        if reader.0.is_empty() {
            break;
        }
        reader.eat(',').then_some(())?;
        reader.skip(&[' ', '\t']);
    }
    let mut directives = Directives::default();
    let (spans, flags) = members.split_at(SPANS.len());
    for (name, value) in SPANS.iter().zip(spans) {
        match value {
            Some(Value::Integer(number)) => directives.set(name, Argument::Number(*number), true),
            // What is meant by a span that is no number, nobody can tell.
            Some(Value::Boolean(_) | Value::Other) => return None,
            None => {}
        }
    }
    for (name, value) in FLAGS.iter().zip(flags) {
        match value {
            Some(Value::Boolean(true)) => directives.set(name, Argument::None, true),
            // As `private="set-cookie"`: it forbids, but permits nothing.
            Some(Value::Integer(_) | Value::Other) => directives.set(name, Argument::None, false),
            Some(Value::Boolean(false)) | None => {}
        }
    }
    Some(directives)
}

#[derive(Clone, Copy)]
enum Value {
    Boolean(bool),
    Integer(i64),
    Other,
}

/// What is left of a field.
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn eat(&mut self, wanted: char) -> bool {
        let rest = self.0.strip_prefix(wanted);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn skip(&mut self, blanks: &[char]) {
        self.0 = self.0.trim_start_matches(blanks);
    }

    /// As many bytes as are of a kind. All kinds are ASCII.
    fn run(&mut self, kind: impl Fn(u8) -> bool) -> &'a str {
        let end = self.0.bytes().position(|byte| !kind(byte)).unwrap_or(self.0.len());
        let (run, rest) = self.0.split_at(end);
        self.0 = rest;
        run
    }

    fn key(&mut self) -> Option<&'a str> {
        self.0.starts_with(|first: char| first.is_ascii_lowercase() || first == '*').then_some(())?;
        Some(self.run(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.*".contains(&byte)))
    }

    fn value(&mut self) -> Option<Value> {
        if !self.eat('(') {
            return self.item();
        }
        loop {
            self.skip(&[' ']);
            if self.eat(')') {
                return Some(Value::Other);
            }
            self.item()?;
            self.parameters()?;
            self.0.starts_with([' ', ')']).then_some(())?;
        }
    }

    fn item(&mut self) -> Option<Value> {
        match self.0.bytes().next()? {
            b'"' => self.string().map(|()| Value::Other),
            b'?' => match self.0.get(..2)? {
                "?1" => self.past(2, Value::Boolean(true)),
                "?0" => self.past(2, Value::Boolean(false)),
                _ => None,
            },
            b'-' | b'0'..=b'9' => self.number(),
            b'@' => {
                self.eat('@');
                matches!(self.number()?, Value::Integer(_)).then_some(Value::Other)
            }
            b':' => {
                self.eat(':');
                self.run(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
                self.eat(':').then_some(Value::Other)
            }
            b'%' => {
                self.eat('%');
                self.string().map(|()| Value::Other)
            }
            first if first.is_ascii_alphabetic() || first == b'*' => {
                self.run(|byte| is_token(byte) || b":/".contains(&byte));
                Some(Value::Other)
            }
            _ => None,
        }
    }

    fn past(&mut self, bytes: usize, value: Value) -> Option<Value> {
        self.0 = &self.0[bytes..];
        Some(value)
    }

    fn string(&mut self) -> Option<()> {
        self.eat('"').then_some(())?;
        loop {
            self.run(|byte| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\');
            if !self.eat('\\') {
                return self.eat('"').then_some(());
            }
            (self.eat('"') || self.eat('\\')).then_some(())?;
        }
    }

    fn number(&mut self) -> Option<Value> {
        let is_negative = self.eat('-');
        let whole = self.run(|byte| byte.is_ascii_digit());
        if self.eat('.') {
            let fraction = self.run(|byte| byte.is_ascii_digit());
            return ((1..=12).contains(&whole.len()) && (1..=3).contains(&fraction.len())).then_some(Value::Other);
        }
        (1..=15).contains(&whole.len()).then_some(())?;
        let number: i64 = whole.parse().ok()?;
        Some(Value::Integer(if is_negative { -number } else { number }))
    }

    /// They are of no meaning here.
    fn parameters(&mut self) -> Option<()> {
        while self.eat(';') {
            self.skip(&[' ']);
            self.key()?;
            if self.eat('=') {
                self.item()?;
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests;
