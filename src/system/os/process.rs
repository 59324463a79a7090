//! What this program itself is: its environment, mask and clock; waiting.

use std::collections::BTreeMap;
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use nix::libc;

use crate::system::Clock;

/// Half a year, in seconds.
const HALF_YEAR: i64 = 182 * 86_400;

pub(super) fn environment() -> BTreeMap<String, String> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
}

/// The file mode creation mask. Read from `/proc`, because asking the kernel means changing it for all threads.
pub(super) fn umask() -> u32 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    match line.and_then(|text| u32::from_str_radix(text.trim(), 8).ok()) {
        Some(mask) => mask,
        None => {
            let mask = nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
            nix::sys::stat::umask(mask);
            mask.bits()
        }
    }
}

pub(super) fn clock() -> Clock {
    let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(epoch.as_secs()).unwrap_or_default();
    let (offset, zone) = local_zone(seconds);
    let (_, other) = local_zone(seconds + HALF_YEAR);
    Clock { epoch, offset, zone, summer_zone: other }
}

/// The offset from UTC in seconds and the abbreviation of the time zone at a moment.
fn local_zone(epoch: i64) -> (i32, String) {
    let time: libc::time_t = epoch;
    // SAFETY: an all-zero `tm` is a valid one; both pointers are to live values of the right type.
    let (tm, known) = unsafe {
        let mut tm: libc::tm = std::mem::zeroed();
        let known = !libc::localtime_r(&raw const time, &raw mut tm).is_null();
        (tm, known)
    };
    if !known || tm.tm_zone.is_null() {
        return (0, "UTC".to_owned());
    }
    // SAFETY: the C library owns the name, ends it with a zero byte, and does not change it while no time zone is set.
    let zone = unsafe { std::ffi::CStr::from_ptr(tm.tm_zone) };
    (i32::try_from(tm.tm_gmtoff).unwrap_or(0), zone.to_string_lossy().into_owned())
}
