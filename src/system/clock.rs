//! The time on the machine.

use std::time::Duration;

/// What the machine's clock says, and the offset of its time zone at that moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Clock {
    /// Since 1970-01-01 00:00 UTC.
    pub epoch: Duration,
    /// Seconds that local time is ahead of UTC.
    pub offset: i32,
    /// Abbreviation of the time zone: "UTC", "KST".
    pub zone: String,
    /// Abbreviation of the time zone in the other half of the year; the same where clocks are not changed.
    pub summer_zone: String,
}

/// A moment as calendars and clocks show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// Year.
    pub year: i64,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 59.
    pub second: u32,
    /// 0 to 999 999.
    pub microsecond: u32,
    /// 0 is Sunday.
    pub weekday: u32,
    /// 1 to 366.
    pub day_of_year: u32,
}

impl Clock {
    /// The moment in the machine's time zone.
    pub fn local(&self) -> Civil {
        Civil::at(self.epoch, self.offset)
    }

    /// The moment in UTC.
    pub fn utc(&self) -> Civil {
        Civil::at(self.epoch, 0)
    }
}

impl Civil {
    /// The number of days from 1970-01-01 to this date; months and days out of range count on.
    pub fn days_before(year: i64, month: u32, day: u32) -> i64 {
        let shifted = if month <= 2 { year - 1 } else { year };
        let (era, year_of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
        let day_of_year = (153 * ((i64::from(month) + 9) % 12) + 2) / 5 + i64::from(day) - 1;
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
    }

    /// The moment `epoch` after 1970-01-01 00:00 UTC as shown `offset` seconds ahead of UTC.
    pub fn at(epoch: Duration, offset: i32) -> Self {
        let seconds = i64::try_from(epoch.as_secs()).unwrap_or(i64::MAX / 2) + i64::from(offset);
        let (days, time) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        // Counted from 0000-03-01, so that a leap day is the last day of its year; 400 years have 146,097 days.
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_march_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_march_year + 2) / 153;
        let day = day_of_march_year - (153 * march_month + 2) / 5 + 1;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let before_month = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
        let index = usize::try_from(month - 1).unwrap_or(0);
        let day_of_year = before_month.get(index).copied().unwrap_or(0) + day + i64::from(leap && month > 2);
        let small = |number: i64| u32::try_from(number).unwrap_or(0);
        Self {
            year,
            month: small(month),
            day: small(day),
            hour: small(time / 3600),
            minute: small(time / 60 % 60),
            second: small(time % 60),
            microsecond: epoch.subsec_micros(),
            weekday: small((days + 4).rem_euclid(7)),
            day_of_year: small(day_of_year),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_dates() {
        for (seconds, offset, expected) in [
            (0, 0, (1970, 1, 1, 0, 4, 1)),
            (951_782_400, 0, (2000, 2, 29, 0, 2, 60)),
            (978_220_800, 0, (2000, 12, 31, 0, 0, 366)),
            (1_763_810_000, 9 * 3600, (2025, 11, 22, 20, 6, 326)),
            (4_107_542_400, 0, (2100, 3, 1, 0, 1, 60)),
            (3600, -7200, (1969, 12, 31, 23, 3, 365)),
        ] {
            let civil = Civil::at(Duration::from_secs(seconds), offset);
            assert_eq!((civil.year, civil.month, civil.day, civil.hour, civil.weekday, civil.day_of_year), expected);
            let days = (i64::try_from(seconds).unwrap_or(0) + i64::from(offset)).div_euclid(86_400);
            assert_eq!(Civil::days_before(civil.year, civil.month, civil.day), days);
        }
    }
}
