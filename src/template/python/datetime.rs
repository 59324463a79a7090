//! Points in time and the spans between them.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Datelike as _, FixedOffset, Local, NaiveDateTime, TimeDelta, TimeZone as _, Timelike as _, Utc};
use minijinja::Value;
use minijinja::value::{Object, ObjectRepr};

use crate::template::data;
use crate::template::fault::{Eval, Fault};

/// A point in time, with or without a time zone.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    naive: NaiveDateTime,
    offset: Option<FixedOffset>,
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = if self.naive.nanosecond() == 0 { "" } else { "%.6f" };
        write!(f, "{}", self.naive.format(&format!("%Y-%m-%d %H:%M:%S{fraction}")))?;
        match self.offset {
            Some(offset) => write!(f, "{offset}"),
            None => Ok(()),
        }
    }
}

impl Object for Moment {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "year" => Value::from(self.naive.year()),
            "month" => Value::from(self.naive.month()),
            "day" => Value::from(self.naive.day()),
            "hour" => Value::from(self.naive.hour()),
            "minute" => Value::from(self.naive.minute()),
            "second" => Value::from(self.naive.second()),
            "microsecond" => Value::from(self.naive.and_utc().timestamp_subsec_micros()),
            _ => return None,
        })
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Moment {
    /// The methods of a point in time; `None` when there is none of this name.
    fn method(&self, name: &str, args: &[Value]) -> Option<Eval> {
        let text = |at: usize| args.get(at).and_then(|arg| data::text(arg)).map(str::to_owned);
        Some(match name {
            "strftime" => match text(0) {
                Some(format) => self.format(&format).map(Value::from),
                None => Err(Fault::error("`strftime` needs a format")),
            },
            "isoformat" => {
                let separator = text(0).unwrap_or_else(|| "T".to_owned());
                Ok(Value::from(format!("{self:?}").replacen(' ', &separator, 1)))
            }
            "timestamp" => Ok(Value::from(self.timestamp())),
            "weekday" => Ok(Value::from(self.naive.weekday().num_days_from_monday())),
            "isoweekday" => Ok(Value::from(self.naive.weekday().number_from_monday())),
            "date" => Ok(Value::from(self.naive.format("%Y-%m-%d").to_string())),
            "time" => Ok(Value::from(self.naive.format("%H:%M:%S").to_string())),
            _ => return None,
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "seconds with microseconds fit well enough")]
    fn timestamp(&self) -> f64 {
        let utc = match self.offset {
            Some(offset) => self.naive - TimeDelta::seconds(i64::from(offset.local_minus_utc())),
            None => Local.from_local_datetime(&self.naive).earliest().map_or(self.naive, |local| local.naive_utc()),
        };
        utc.and_utc().timestamp_micros() as f64 / 1e6
    }

    fn format(&self, format: &str) -> Eval<String> {
        use std::fmt::Write as _;
        let translated = translate(format, self.offset.is_some());
        let mut out = String::new();
        let written = match self.offset {
            Some(offset) => {
                write!(out, "{}", DateTime::<FixedOffset>::from_naive_utc_and_offset(self.naive - offset, offset).format(&translated))
            }
            None => write!(out, "{}", self.naive.format(&translated)),
        };
        written.map_err(|_| Fault::error(format!("`{format}` is no format of a time")))?;
        Ok(out)
    }
}

/// Python's directives in chrono's words.
fn translate(format: &str, has_zone: bool) -> String {
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('f') => out.push_str("%6f"),
            Some('z' | 'Z') if !has_zone => {}
            Some('c') => out.push_str("%a %b %e %H:%M:%S %Y"),
            Some('x') => out.push_str("%m/%d/%y"),
            Some('X') => out.push_str("%H:%M:%S"),
            Some('w') => out.push_str("%w"),
            Some(other) => {
                out.push('%');
                out.push(other);
            }
            None => out.push_str("%%"),
        }
    }
    out
}

/// The time between two points.
#[derive(Clone, Copy)]
pub(crate) struct Span(TimeDelta);

impl Span {
    /// Whole days, rest in seconds, rest in microseconds: the latter two are never negative.
    fn parts(self) -> (i64, i64, i64) {
        let micros = self.0.num_microseconds().unwrap_or(i64::MAX);
        let days = micros.div_euclid(86_400_000_000);
        let rest = micros.rem_euclid(86_400_000_000);
        (days, rest / 1_000_000, rest % 1_000_000)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, seconds, micros) = self.parts();
        if days != 0 {
            write!(f, "{days} day{}, ", if days.abs() == 1 { "" } else { "s" })?;
        }
        write!(f, "{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
        if micros != 0 {
            write!(f, ".{micros:06}")?;
        }
        Ok(())
    }
}

impl Object for Span {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let (days, seconds, micros) = self.parts();
        Some(match key.as_str()? {
            "days" => Value::from(days),
            "seconds" => Value::from(seconds),
            "microseconds" => Value::from(micros),
            _ => return None,
        })
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// Calls a method of a point in time or a span; `None` when the value is neither or has none of this name.
pub(crate) fn method(value: &Value, name: &str, args: &[Value]) -> Option<Eval> {
    if let Some(moment) = value.downcast_object_ref::<Moment>() {
        return moment.method(name, args);
    }
    let span = value.downcast_object_ref::<Span>()?;
    #[expect(clippy::cast_precision_loss, reason = "seconds with microseconds fit well enough")]
    let seconds = span.0.num_microseconds().unwrap_or(i64::MAX) as f64 / 1e6;
    (name == "total_seconds").then(|| Ok(Value::from(seconds)))
}

/// The text of a point in time or a span.
pub(crate) fn shown(value: &Value) -> Option<String> {
    let moment = value.downcast_object_ref::<Moment>().map(|moment| format!("{moment:?}"));
    moment.or_else(|| value.downcast_object_ref::<Span>().map(|span| format!("{span:?}")))
}

/// `left - right` and `left + right`, when one of them is a point in time or a span.
pub(crate) fn arithmetic(left: &Value, right: &Value, minus: bool) -> Option<Value> {
    let moment = |value: &Value| value.downcast_object_ref::<Moment>().copied();
    let span = |value: &Value| value.downcast_object_ref::<Span>().copied();
    let signed = |span: Span| if minus { -span.0 } else { span.0 };
    match (moment(left), moment(right), span(left), span(right)) {
        (Some(a), Some(b), ..) if minus && a.offset.is_some() == b.offset.is_some() => {
            let utc = |moment: Moment| moment.offset.map_or(moment.naive, |offset| moment.naive - offset);
            Some(Value::from_object(Span(utc(a) - utc(b))))
        }
        (Some(a), None, None, Some(by)) => Some(Value::from_object(Moment { naive: a.naive.checked_add_signed(signed(by))?, ..a })),
        (None, Some(b), Some(by), None) if !minus => Some(Value::from_object(Moment { naive: b.naive.checked_add_signed(by.0)?, ..b })),
        (None, None, Some(a), Some(b)) => Some(Value::from_object(Span(a.0.checked_add(&signed(b))?))),
        _ => None,
    }
}

/// The order of two points in time or two spans.
pub(crate) fn order(left: &Value, right: &Value) -> Option<std::cmp::Ordering> {
    if let (Some(a), Some(b)) = (left.downcast_object_ref::<Moment>(), right.downcast_object_ref::<Moment>()) {
        return Some(a.naive.cmp(&b.naive));
    }
    let (a, b) = (left.downcast_object_ref::<Span>()?, right.downcast_object_ref::<Span>()?);
    Some(a.0.cmp(&b.0))
}

/// Now, in local time or UTC; without a zone, as Python's `datetime.now` is.
pub(crate) fn now(utc: bool) -> Moment {
    let naive = if utc { Utc::now().naive_utc() } else { Local::now().naive_local() };
    Moment { naive, offset: None }
}

/// Now, in the form `format` or as a value.
pub(crate) fn now_value(utc: bool, format: Option<&str>) -> Eval {
    let moment = now(utc);
    match format {
        Some(format) => moment.format(format).map(Value::from),
        None => Ok(Value::from_object(moment)),
    }
}

/// A time (now, or seconds since 1970), local or UTC, in the form `format`.
pub(crate) fn strftime(format: &str, seconds: Option<f64>, utc: bool) -> Eval<String> {
    let moment = match seconds {
        None if utc => Utc::now().fixed_offset(),
        None => Local::now().fixed_offset(),
        Some(seconds) => {
            #[expect(clippy::cast_possible_truncation, reason = "the fraction is cut off on purpose")]
            let point = DateTime::<Utc>::from_timestamp(seconds.floor() as i64, 0)
                .ok_or_else(|| Fault::error(format!("{seconds} seconds are no point in time")))?;
            if utc { point.fixed_offset() } else { point.with_timezone(&Local).fixed_offset() }
        }
    };
    Moment { naive: moment.naive_local(), offset: Some(*moment.offset()) }.format(format)
}

/// Reads a point in time.
pub(crate) fn parse(text: &str, format: &str) -> Eval {
    let translated = translate_for_reading(format);
    let wrong = || Fault::error(format!("`{text}` does not have the form `{format}`"));
    if translated.contains("%z") {
        let moment = DateTime::parse_from_str(text, &translated).map_err(|_| wrong())?;
        return Ok(Value::from_object(Moment { naive: moment.naive_local(), offset: Some(*moment.offset()) }));
    }
    let naive = NaiveDateTime::parse_from_str(text, &translated)
        .or_else(|_| chrono::NaiveDate::parse_from_str(text, &translated).map(|date| date.and_time(chrono::NaiveTime::MIN)))
        .or_else(|_| {
            chrono::NaiveTime::parse_from_str(text, &translated)
                .map(|time| chrono::NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or_default().and_time(time))
        })
        .map_err(|_| wrong())?;
    Ok(Value::from_object(Moment { naive, offset: None }))
}

fn translate_for_reading(format: &str) -> String {
    // A fraction is read with however many digits it has.
    format.replace(".%f", "%.f").replace("%f", "%6f")
}
