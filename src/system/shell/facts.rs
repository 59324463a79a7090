//! Who, where and when.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::ShellSystem;
use crate::system::{Clock, Error, ErrorKind, Identity, Platform, Result, lookup};

impl<S: Read + Write + Send> ShellSystem<S> {
    fn lines(&self, attempt: &str, script: &str) -> Result<Vec<String>> {
        let reply = self.ask(|| attempt.to_owned(), script)?;
        if reply.rc != 0 {
            let (kind, reason) = reply.complaint();
            return Err(Error::new(kind, attempt, reason));
        }
        Ok(String::from_utf8_lossy(&reply.stdout).lines().map(str::to_owned).collect())
    }

    pub(super) fn get_identity(&self) -> Result<Identity> {
        if let Some(who) = self.who.get() {
            return Ok(who.clone());
        }
        let attempt = "find out who we are on the host";
        let lines = self.lines(attempt, "id -u; id -g; id -G; printf '%s\\n' \"$HOME\"")?;
        let line = |index: usize| lines.get(index).map_or("", String::as_str);
        let (Ok(uid), Ok(gid)) = (line(0).trim().parse(), line(1).trim().parse()) else {
            return Err(Error::new(ErrorKind::Unsupported, attempt, "its `id` gives no numbers"));
        };
        let mut groups: Vec<u32> = line(2).split_whitespace().filter_map(|word| word.parse().ok()).collect();
        groups.sort_unstable();
        let user = lookup::user(self, line(0))?;
        let home = user.as_ref().map_or_else(|| line(3).into(), |user| user.home.clone());
        let name = user.map_or_else(|| line(0).to_owned(), |user| user.name);
        Ok(self.who.get_or_init(|| Identity { uid, gid, groups, name, home }).clone())
    }

    pub(super) fn get_platform(&self) -> Result<Platform> {
        let lines = self.lines("find out what the host is", "uname -s; uname -r; uname -v; uname -m; uname -n")?;
        let line = |index: usize| lines.get(index).cloned().unwrap_or_default();
        Ok(Platform {
            kernel: line(0),
            kernel_release: line(1),
            kernel_version: line(2),
            machine: line(3),
            nodename: line(4),
            os_release: lookup::os_release(self)?,
        })
    }

    pub(super) fn get_environment(&self) -> Result<BTreeMap<String, String>> {
        // As a command sees it, in the locale of the host.
        let reply = self.session.borrow_mut().exchange("env -0 2>/dev/null || env", true)?;
        let text = String::from_utf8_lossy(&reply.stdout);
        let separator = if text.contains('\0') { '\0' } else { '\n' };
        Ok(text
            .split(separator)
            .filter_map(|entry| entry.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect())
    }

    pub(super) fn get_umask(&self) -> Result<u32> {
        let attempt = "find out the file mode creation mask";
        let lines = self.lines(attempt, "umask")?;
        let mask = lines.first().and_then(|line| u32::from_str_radix(line.trim(), 8).ok());
        mask.ok_or_else(|| Error::new(ErrorKind::Unsupported, attempt, "the shell of the host does not say"))
    }

    pub(super) fn get_clock(&self) -> Result<Clock> {
        let lines = self.lines("read the clock of the host", "date '+%s %z %Z'")?;
        let mut words = lines.first().map_or("", String::as_str).split_whitespace();
        // A `date` that does not know `%s` repeats it; then our own clock is the best there is.
        let epoch = words.next().and_then(|word| word.parse().ok()).map(Duration::from_secs);
        let epoch = epoch.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
        let offset = words.next().and_then(parse_offset).unwrap_or(0);
        let zone = words.next().unwrap_or("UTC").to_owned();
        Ok(Clock { epoch, offset, summer_zone: zone.clone(), zone })
    }
}

/// "+0530" in seconds.
fn parse_offset(text: &str) -> Option<i32> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_at_checked(2)?;
    Some(sign * (hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_in_seconds() {
        for (text, expected) in [("+0000", Some(0)), ("+0530", Some(19_800)), ("-0800", Some(-28_800)), ("%z", None), ("", None)] {
            assert_eq!(parse_offset(text), expected, "{text}");
        }
    }
}
