//! The `Cache-Control` field (RFC 9111 5.2), read strictly: what cannot be read counts against keeping a response, never for it.

/// The longest span that a cache must be able to count (RFC 9111 1.2.2), in seconds. What is longer is this long.
pub const LONGEST: u32 = 1 << 31;

/// A span that a directive gives, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Span {
    #[default]
    Absent,
    /// It is not a number, or it was given twice with two values.
    Invalid,
    Of(u32),
}

impl Span {
    /// Strictly digits, of which only so many count as `LONGEST` can hold.
    pub fn read(digits: &str) -> Span {
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Span::Invalid;
        }
        Span::Of(
            digits.bytes().fold(0, |number: u32, digit| {
                number.saturating_mul(10).saturating_add((digit - b'0').into()).min(LONGEST)
            }),
        )
    }

    pub fn is_present(self) -> bool {
        self != Span::Absent
    }

    /// The seconds of a valid span.
    pub fn seconds(self) -> Option<u32> {
        if let Span::Of(seconds) = self { Some(seconds) } else { None }
    }

    fn meet(&mut self, other: Span) {
        *self = if *self == Span::Absent || *self == other { other } else { Span::Invalid };
    }
}

/// What a field says. Directives that are not known are not kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Directives {
    pub max_age: Span,
    pub s_maxage: Span,
    pub stale_while_revalidate: Span,
    pub stale_if_error: Span,
    pub max_stale: Span,
    pub min_fresh: Span,
    pub no_store: bool,
    pub no_cache: bool,
    pub private: bool,
    pub public: bool,
    pub must_revalidate: bool,
    pub proxy_revalidate: bool,
    pub must_understand: bool,
    pub only_if_cached: bool,
    /// A string did not end, so nothing here is sure.
    pub is_broken: bool,
}

impl Directives {
    /// Lines of one field are joined with commas before.
    pub fn parse(field: &str) -> Directives {
        let mut directives = Directives::default();
        let mut rest = field;
        while !rest.is_empty() {
            let end = if directives.is_broken { None } else { end_of_member(rest) };
            directives.is_broken |= end.is_none();
            let end = end.unwrap_or_else(|| rest.find(',').unwrap_or(rest.len()));
            directives.take(rest[..end].trim_matches([' ', '\t']));
            rest = rest.get(end + 1..).unwrap_or("");
        }
        directives
    }

    fn take(&mut self, member: &str) {
        let name_end = member.bytes().position(|byte| !is_token(byte)).unwrap_or(member.len());
        let (name, after) = member.split_at(name_end);
        let argument = after.strip_prefix('=');
        // Whoever writes `no-store; max-age=0` wants nothing kept. What permits something must be written as it ought to be.
        let is_clean = after.is_empty() || argument.is_some_and(is_argument);
        self.set(&name.to_ascii_lowercase(), argument.map_or(Argument::None, Argument::Text), is_clean);
    }

    /// One directive, of a name in lower case.
    pub fn set(&mut self, name: &str, argument: Argument<'_>, is_clean: bool) {
        let span = || if is_clean { argument.span() } else { Span::Invalid };
        match name {
            "max-age" => self.max_age.meet(span()),
            "s-maxage" => self.s_maxage.meet(span()),
            "stale-while-revalidate" => self.stale_while_revalidate.meet(span()),
            "stale-if-error" => self.stale_if_error.meet(span()),
            "min-fresh" => self.min_fresh.meet(span()),
            // Without a number it is any time.
            "max-stale" if is_clean && matches!(argument, Argument::None) => self.max_stale.meet(Span::Of(LONGEST)),
            "max-stale" => self.max_stale.meet(span()),
            "no-store" => self.no_store = true,
            // With names of fields they hold for these; a cache may take them for the whole response (RFC 9111 5.2.2.4, 5.2.2.7).
            "no-cache" => self.no_cache = true,
            "private" => self.private = true,
            "must-revalidate" => self.must_revalidate = true,
            "proxy-revalidate" => self.proxy_revalidate = true,
            "only-if-cached" => self.only_if_cached |= is_clean,
            "must-understand" => self.must_understand |= is_clean,
            "public" => self.public |= is_clean,
            _ => {}
        }
    }
}

/// What a directive is given.
#[derive(Clone, Copy)]
pub enum Argument<'a> {
    None,
    /// As it stands in `Cache-Control`, perhaps in quotes.
    Text(&'a str),
    Number(i64),
}

impl Argument<'_> {
    fn span(self) -> Span {
        match self {
            Argument::None => Span::Invalid,
            Argument::Text(text) => {
                let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
                Span::read(bare.unwrap_or(text))
            }
            Argument::Number(number) if number < 0 => Span::Invalid,
            Argument::Number(number) => Span::Of(u32::try_from(number).unwrap_or(LONGEST).min(LONGEST)),
        }
    }
}

/// Where the first member ends, at a comma that stands in no string; `None` where a string does not end.
fn end_of_member(text: &str) -> Option<usize> {
    let mut is_quoted = false;
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b',' if !is_quoted => return Some(at),
            _ => {}
        }
    }
    (!is_quoted).then_some(text.len())
}

/// A token, or one string and nothing after it.
fn is_argument(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('"') else {
        return !text.is_empty() && text.bytes().all(is_token);
    };
    let mut is_escaped = false;
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1 == inner.len(),
            _ => {}
        }
    }
    false
}

/// What a token is made of (RFC 9110 5.6.2).
pub fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests;
