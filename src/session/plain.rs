//! Reads by plain commands, which cost the server a fraction of what a script does.

use super::told::{Told, code};
use super::work::Work;
use crate::client::{Command, Error, Reply};
use bytes::Bytes;

/// As `lua/record.lua` has them, without those of a pointer.
const FIELDS: [&str; 10] = ["v", "d", "c", "u", "i", "m", "t0", "l", "n", "s"];
const TOMBSTONE: &[u8] = b"x";
const POINTER: &[u8] = b">";
/// How long a name is.
const NAME: usize = 43;
/// The most digits of a number.
const DIGITS: usize = 15;
/// The most bytes of all that a session holds.
const MOST: usize = 16_777_216;
/// What `PTTL` says where there is no key.
const NO_KEY: i64 = -2;

/// As `lua/read.lua` for one name that is not seen by that. `None` where only the script can say: where there is a pointer, which leads on until a
/// time of the server, what is no whole session, and one that may have lived as long as any may.
pub async fn read(work: &Work<'_>, name: &Bytes) -> Result<Option<Told>, Error> {
    let key = work.desk.keys.session(name);
    let absolute = work.desk.absolute_ms;
    let hmget = call(work, Command::hmget(key.clone(), &FIELDS));
    let found = if absolute > 0 {
        // They are polled in this order, so they leave in this order.
        let both = Box::pin(async { tokio::try_join!(hmget, call(work, Command::pttl(key.clone()))) });
        both.await.map(|(fields, left)| (fields, Some(left.as_integer())))
    } else {
        hmget.await.map(|fields| (fields, None))
    };
    let (fields, left) = match found {
        // Something else is there.
        Err(error) if error.server_code() == "WRONGTYPE" => return Ok(None),
        found => found?,
    };
    let fields = fields.into_array();
    if !matches!(fields.first(), Some(Reply::Nil)) {
        return Ok(judged(fields, left, absolute));
    }
    let left = match left {
        Some(left) => left,
        None => Box::pin(call(work, Command::pttl(key))).await?.as_integer(),
    };
    Ok((left == NO_KEY).then(Told::nothing))
}

/// Never of a replica, which may not know yet what was written, nor what was destroyed.
fn call<'work>(work: &'work Work<'_>, command: Command) -> impl Future<Output = Result<Reply, Error>> + use<'work> {
    work.client.call_primary(work.whole, command)
}

/// What is told of fields. `left`: of the life of the key, which has to be known where there is a longest life.
fn judged(fields: Vec<Reply>, left: Option<i64>, absolute: i64) -> Option<Told> {
    let [v, d, c, u, i, m, t0, l, n, s] = <[Reply; FIELDS.len()]>::try_from(fields).ok()?;
    let v = bytes(v)?;
    if v == TOMBSTONE {
        return Some(Told { code: code::GONE, rest: Vec::new() });
    }
    let (d, i) = (bytes(d)?, bytes(i).unwrap_or_default());
    let [c, u, m] = [c, u, m].map(|field| bytes(field).unwrap_or_default());
    let [t0, l, n] = [whole(&t0)?, whole(&l)?, whole(&n)?];
    let is_whole = !v.is_empty() && v != POINTER && n >= 1 && (i.is_empty() || i.len() == NAME);
    if !is_whole || d.len() + c.len() + u.len() + m.len() > MOST {
        return None;
    }
    // Where nothing else ends it earlier.
    let mut ends = l + n;
    if absolute > 0 {
        // The key does not live longer than that, so by what is left of it the server's clock shows so much at the most.
        let now = ends - left.filter(|left| *left >= 0)?;
        if t0.saturating_add(absolute) <= now {
            return None;
        }
        ends = ends.min(t0.saturating_add(absolute));
    }
    if !i.is_empty() {
        ends = ends.min(whole(&s)?);
    }
    let texts = [v, d, c, u, i, m].map(Reply::Bytes);
    let numbers = [t0, l, n, ends, 0].map(Reply::Integer);
    let rest = [Reply::Integer(1)].into_iter().chain(texts).chain(numbers).collect();
    Some(Told { code: code::DONE, rest })
}

fn bytes(reply: Reply) -> Option<Bytes> {
    if let Reply::Bytes(bytes) = reply { Some(bytes) } else { None }
}

/// A number of ms, or `None` where it is none.
fn whole(reply: &Reply) -> Option<i64> {
    let Reply::Bytes(digits) = reply else { return None };
    let is_number = (1..=DIGITS).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = "index......................................";

    fn fields(changes: &[(&str, Option<&str>)]) -> Vec<Reply> {
        let plain = [("v", "a"), ("d", "{}"), ("t0", "1000"), ("l", "5000"), ("n", "600")];
        let value = |field: &str| {
            let changed = changes.iter().find(|(name, _)| *name == field).map(|(_, value)| *value);
            changed.unwrap_or_else(|| plain.iter().find(|(name, _)| *name == field).map(|(_, value)| *value))
        };
        let reply = |text: &str| Reply::Bytes(Bytes::copy_from_slice(text.as_bytes()));
        FIELDS.iter().map(|field| value(field).map_or(Reply::Nil, reply)).collect()
    }

    fn ends(changes: &[(&str, Option<&str>)], left: Option<i64>, absolute: i64) -> Option<i64> {
        judged(fields(changes), left, absolute).map(|told| told.integer(10))
    }

    #[test]
    fn what_is_whole_is_told() {
        let told = judged(fields(&[("c", Some("cookie"))]), None, 0).unwrap();
        assert_eq!(told.code, code::DONE);
        let texts: Vec<Bytes> = (1..7).map(|place| told.bytes(place)).collect();
        assert_eq!(texts, ["a", "{}", "cookie", "", "", ""]);
        let numbers: Vec<i64> = [0, 7, 8, 9, 10, 11].map(|place| told.integer(place)).into();
        assert_eq!(numbers, [1, 1000, 5000, 600, 5600, 0]);
        assert_eq!(told.rest.len(), 12);
    }

    #[test]
    fn a_tombstone_is_told() {
        assert_eq!(judged(fields(&[("v", Some("x")), ("d", None)]), None, 0).unwrap().code, code::GONE);
    }

    #[test]
    fn what_is_not_whole_is_left_to_the_script() {
        for (field, value) in [
            ("v", Some("")),
            ("v", Some(">")),
            ("d", None),
            ("t0", None),
            ("l", Some("")),
            ("l", Some("1e3")),
            ("n", Some("0")),
            ("n", Some("-5")),
            ("n", Some("1234567890123456")),
            ("i", Some("short")),
            ("i", Some(INDEX)),
        ] {
            assert!(judged(fields(&[(field, value)]), None, 0).is_none(), "{field} {value:?}");
        }
        let long = "d".repeat(MOST + 1);
        assert!(judged(fields(&[("d", Some(&long))]), None, 0).is_none());
    }

    #[test]
    fn it_ends_when_its_index_has_it_end() {
        assert_eq!(ends(&[("i", Some(INDEX)), ("s", Some("5500"))], None, 0), Some(5500));
        assert_eq!(ends(&[("i", Some(INDEX)), ("s", Some("9000"))], None, 0), Some(5600));
    }

    #[test]
    fn one_that_may_have_lived_as_long_as_any_may_is_left_to_the_script() {
        // It is 5100, and it was to live until 5101; until 5100; for ever.
        assert_eq!(ends(&[], Some(500), 4101), Some(5101));
        assert_eq!(ends(&[], Some(500), 4100), None);
        assert_eq!(ends(&[], Some(500), i64::MAX), Some(5600));
        // Nobody knows what time it is.
        assert_eq!([ends(&[], Some(-1), 4101), ends(&[], Some(-2), 4101), ends(&[], None, 4101)], [None; 3]);
    }
}
