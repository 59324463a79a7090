//! Times of certificates: seconds since 1970, in UTC.

use std::time::Duration;

use crate::modules::shared::pki::der::tlv;
use crate::system::{Civil, Clock};

/// Reads `+1w2d`, `-5s` or `20300101000000Z`; `now` is what the first two count from.
///
/// # Errors
/// When it is none of them.
pub(super) fn parse(text: &str, now: u64) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no time: `+` or `-` and numbers with `w`, `d`, `h`, `m` or `s`, or `YYYYMMDDHHMMSSZ`");
    let seconds = match text.chars().next() {
        Some('+') => text.get(1..).and_then(span).and_then(|span| now.checked_add(span)),
        Some('-') => text.get(1..).and_then(span).and_then(|span| now.checked_sub(span)),
        _ => absolute(text),
    };
    // The last second of the year 9999.
    seconds.filter(|seconds| *seconds < 253_402_300_800).ok_or_else(wrong)
}

fn span(text: &str) -> Option<u64> {
    let (mut total, mut digits) = (0_u64, String::new());
    for sign in text.chars() {
        let unit = match sign {
            '0'..='9' => {
                digits.push(sign);
                continue;
            }
            'w' => 604_800,
            'd' => 86_400,
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        total = total.checked_add(std::mem::take(&mut digits).parse::<u64>().ok()?.checked_mul(unit)?)?;
    }
    match digits.as_str() {
        "" => Some(total).filter(|_| !text.is_empty()),
        seconds => total.checked_add(seconds.parse().ok()?),
    }
}

/// `YYYYMMDDHHMMSSZ`, or without seconds.
fn absolute(text: &str) -> Option<u64> {
    let digits =
        text.strip_suffix('Z').filter(|digits| matches!(digits.len(), 12 | 14) && digits.bytes().all(|digit| digit.is_ascii_digit()))?;
    of_digits(digits)
}

fn of_digits(digits: &str) -> Option<u64> {
    let part = |at: usize, length: usize| digits.get(at..at + length).map_or(Some(0), |part| part.parse::<u32>().ok());
    let (year, month, day) = (part(0, 4)?, part(4, 2)?, part(6, 2)?);
    let (hour, minute, second) = (part(8, 2)?, part(10, 2)?, part(12, 2)?);
    let days = Civil::days_before(i64::from(year), month, day);
    let seconds = u64::try_from(days).ok()?.checked_mul(86_400)? + u64::from(hour * 3600 + minute * 60 + second);
    // What is no date counts on to another one.
    (shown(seconds) == format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z")).then_some(seconds)
}

/// As `YYYYMMDDHHMMSSZ`.
pub(super) fn shown(seconds: u64) -> String {
    let Civil { year, month, day, hour, minute, second, .. } = Clock { epoch: Duration::from_secs(seconds), ..Clock::default() }.utc();
    format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z")
}

/// As an element: in short form up to the year 2049.
pub(super) fn written(seconds: u64) -> Vec<u8> {
    let text = shown(seconds);
    match text.get(2..).filter(|_| text.as_str() < "2050") {
        Some(short) => tlv(0x17, &[short.as_bytes()]),
        None => tlv(0x18, &[text.as_bytes()]),
    }
}

/// Out of the value of an element with this tag.
pub(super) fn read(tag: u8, value: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(value).ok()?.strip_suffix('Z')?;
    match tag {
        0x17 if text.len() == 12 => of_digits(&format!("{}{text}", if text < "50" { "20" } else { "19" })),
        0x18 if text.len() == 14 => of_digits(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        let now = 1_700_000_000;
        for (text, expected) in [
            ("+0s", "20231114221320Z"),
            ("+1w2d3h4m5s", "20231124011725Z"),
            ("-5s", "20231114221315Z"),
            ("+60", "20231114221420Z"),
            ("20300101000000Z", "20300101000000Z"),
            ("203001010000Z", "20300101000000Z"),
        ] {
            assert_eq!(parse(text, now).map(shown), Ok(expected.to_owned()), "{text}");
        }
        for text in [
            "",
            "+",
            "foo",
            "20300101",
            "20300001000000Z",
            "20230229000000Z",
            "200101000000Z",
            "+1y",
            "2030-01-01T00:00:00",
            "+999999999999w",
        ] {
            assert!(parse(text, now).is_err(), "{text}");
        }
        for (text, tag) in [("20491231235959Z", 0x17), ("20500101000000Z", 0x18), ("19700101000000Z", 0x17)] {
            let seconds = parse(text, now).unwrap();
            let element = written(seconds);
            assert_eq!((element[0], read(tag, &element[2..])), (tag, Some(seconds)), "{text}");
        }
    }
}
