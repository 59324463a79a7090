//! Times as results show them.

use std::time::Duration;

use crate::system::{Civil, Clock};

/// `2025-11-22 11:23:45.866327` in the time of the machine, without a fraction when it is zero.
pub fn local(clock: &Clock) -> String {
    let Civil { year, month, day, hour, minute, second, microsecond, .. } = clock.local();
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}{}", fraction(microsecond))
}

/// `0:00:00.004344`, with the days in front from one day on, without a fraction when it is zero.
pub fn delta(time: Duration) -> String {
    let seconds = time.as_secs();
    let days = match seconds / 86_400 {
        0 => String::new(),
        1 => "1 day, ".to_owned(),
        days => format!("{days} days, "),
    };
    let (hours, minutes, rest) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{days}{hours}:{minutes:02}:{rest:02}{}", fraction(time.subsec_micros()))
}

/// `Tue, 14 Nov 2023 22:13:20 GMT`: a moment since the epoch as HTTP writes it.
pub fn http(epoch: Duration) -> String {
    let Civil { year, month, day, hour, minute, second, weekday, .. } = Civil::at(epoch, 0);
    let name = |names: &[&'static str], at: u32| usize::try_from(at).ok().and_then(|at| names.get(at).copied()).unwrap_or_default();
    let weekday = name(&["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"], weekday);
    let month = name(&["", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], month);
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

fn fraction(microsecond: u32) -> String {
    if microsecond == 0 { String::new() } else { format!(".{microsecond:06}") }
}

/// The date and time that `text` holds in the notation `format` (as of Python's `strptime`), as `YYYY-MM-DD hh:mm:ss`.
///
/// # Errors
/// When the text does not follow the format, or the format has a part that is not known.
pub fn parse(text: &str, format: &str) -> Result<String, String> {
    let mut fields = Fields { year: 1900, month: 1, day: 1, hour: 0, minute: 0, second: 0, afternoon: None };
    let mut rest = text;
    let mut format = format.chars();
    let wrong = || format!("the time `{text}` does not follow its format");
    while let Some(c) = format.next() {
        if c.is_whitespace() {
            rest = rest.trim_start();
        } else if c != '%' {
            rest = rest.strip_prefix(c).ok_or_else(wrong)?;
        } else {
            let directive = format.next().ok_or("the format of the time ends with `%`")?;
            rest = fields.read(directive, rest)?.ok_or_else(wrong)?;
        }
    }
    if !rest.is_empty() || !fields.is_valid() {
        return Err(wrong());
    }
    let Fields { year, month, day, minute, second, .. } = fields;
    Ok(format!("{year:04}-{month:02}-{day:02} {:02}:{minute:02}:{second:02}", fields.hour()))
}

struct Fields {
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    afternoon: Option<bool>,
}

impl Fields {
    /// What is left of `text` behind the value of a directive; `None` when it does not fit.
    fn read<'t>(&mut self, directive: char, text: &'t str) -> Result<Option<&'t str>, String> {
        let names = |names: &[&str]| {
            let at = names.iter().position(|name| text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))?;
            Some((u32::try_from(at).ok()?, text.get(names.get(at)?.len()..)?))
        };
        let (field, width) = match directive {
            'Y' => (&mut self.year, 4),
            'm' => (&mut self.month, 2),
            'd' => (&mut self.day, 2),
            'H' | 'I' => (&mut self.hour, 2),
            'M' => (&mut self.minute, 2),
            'S' => (&mut self.second, 2),
            'y' => {
                let Some((short, rest)) = number(text, 2) else { return Ok(None) };
                self.year = if short < 69 { 2000 + short } else { 1900 + short };
                return Ok(Some(rest));
            }
            'b' | 'B' => {
                let full = names(&[
                    "January",
                    "February",
                    "March",
                    "April",
                    "May",
                    "June",
                    "July",
                    "August",
                    "September",
                    "October",
                    "November",
                    "December",
                ]);
                let short = names(&["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]);
                let Some((month, rest)) = full.or(short) else { return Ok(None) };
                self.month = month + 1;
                return Ok(Some(rest));
            }
            'p' => {
                let Some((half, rest)) = names(&["AM", "PM"]) else { return Ok(None) };
                self.afternoon = Some(half == 1);
                return Ok(Some(rest));
            }
            '%' => return Ok(text.strip_prefix('%')),
            other => return Err(format!("`%{other}` is not known in the format of a time")),
        };
        Ok(number(text, width).map(|(value, rest)| {
            *field = value;
            rest
        }))
    }

    fn hour(&self) -> u32 {
        match self.afternoon {
            Some(afternoon) => self.hour % 12 + if afternoon { 12 } else { 0 },
            None => self.hour,
        }
    }

    fn is_valid(&self) -> bool {
        (1..=12).contains(&self.month) && (1..=31).contains(&self.day) && self.hour < 24 && self.minute < 60 && self.second < 62
    }
}

/// The number of at most `width` digits at the start of `text`; a year needs all four.
fn number(text: &str, width: usize) -> Option<(u32, &str)> {
    let digits = text.bytes().take(width).take_while(u8::is_ascii_digit).count();
    if digits == 0 || (width == 4 && digits < 4) {
        return None;
    }
    Some((text.get(..digits)?.parse().ok()?, text.get(digits..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_durations_as_python_does() {
        assert_eq!(delta(Duration::from_micros(4344)), "0:00:00.004344");
        assert_eq!(delta(Duration::from_secs(3661)), "1:01:01");
        assert_eq!(delta(Duration::from_secs(86_400 + 5)), "1 day, 0:00:05");
        assert_eq!(delta(Duration::from_secs(2 * 86_400)), "2 days, 0:00:00");
    }

    #[test]
    fn shows_times_as_http_does() {
        assert_eq!(http(Duration::from_secs(784_111_777)), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn shows_local_time() {
        let clock = Clock { epoch: Duration::from_micros(1_763_810_000_000_042), offset: 9 * 3600, ..Clock::default() };
        assert_eq!(local(&clock), "2025-11-22 20:13:20.000042");
    }

    #[test]
    fn reads_times() {
        for (text, format, expected) in [
            ("202001020304.05", "%Y%m%d%H%M.%S", Some("2020-01-02 03:04:05")),
            ("2020-05-06", "%Y-%m-%d", Some("2020-05-06 00:00:00")),
            ("6 May 20, 03:07 pm", "%d %b %y, %I:%M %p", Some("2020-05-06 15:07:00")),
            ("2020", "%Y%m%d%H%M.%S", None),
            ("20201301", "%Y%m%d", None),
            ("2020x", "%Y", None),
        ] {
            assert_eq!(parse(text, format).ok().as_deref(), expected, "{text}");
        }
    }
}
