//! Date and time.

use serde_json::json;

use super::{Facts, Source};
use crate::system::Civil;

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

pub(super) fn date_time(source: &Source<'_, '_>) -> Facts {
    let Ok(clock) = source.system().clock() else { return Facts::new() };
    let Civil { year, month, day, hour, minute, second, microsecond, weekday, day_of_year } = clock.local();
    let utc = clock.utc();
    let utc_second = format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second);
    let basic = format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}");
    // Weeks begin on Monday; the days before the first Monday are week 0.
    let week = (day_of_year + 6 - (weekday + 6) % 7) / 7;
    let offset = clock.offset.unsigned_abs();
    let sign = if clock.offset < 0 { '-' } else { '+' };
    let name = usize::try_from(weekday).ok().and_then(|at| WEEKDAYS.get(at)).copied().unwrap_or("");
    let epoch = clock.epoch.as_secs().to_string();
    let value = json!({
        "year": format!("{year:04}"),
        "month": format!("{month:02}"),
        "weekday": name,
        "weekday_number": weekday.to_string(),
        "weeknumber": format!("{week:02}"),
        "day": format!("{day:02}"),
        "hour": format!("{hour:02}"),
        "minute": format!("{minute:02}"),
        "second": format!("{second:02}"),
        "epoch": epoch,
        "epoch_int": epoch,
        "date": format!("{year:04}-{month:02}-{day:02}"),
        "time": format!("{hour:02}:{minute:02}:{second:02}"),
        "iso8601_micro": format!("{utc_second}.{:06}Z", utc.microsecond),
        "iso8601": format!("{utc_second}Z"),
        "iso8601_basic": format!("{basic}{microsecond:06}"),
        "iso8601_basic_short": basic,
        "tz": clock.zone,
        "tz_dst": clock.summer_zone,
        "tz_offset": format!("{sign}{:02}{:02}", offset / 3600, offset / 60 % 60),
    });
    [("date_time".to_owned(), value)].into_iter().collect()
}
