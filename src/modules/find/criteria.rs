//! What must hold of what is found, apart from its content.

use regex::Regex;

use super::super::shared::{glob, mode};
use super::super::{Context, Failure};
use super::content::Contains;
use super::{Arguments, FileType, Stamp};
use crate::base::regex::{Flags, TextRegex};
use crate::system::Stat;
use crate::system::file::FileKind;

/// All of the criteria.
pub(super) struct Criteria {
    file_type: FileType,
    hidden: bool,
    patterns: Vec<Pattern>,
    excludes: Vec<Pattern>,
    age: Option<(f64, Stamp)>,
    size: Option<f64>,
    mode: Option<u32>,
    exact_mode: bool,
    /// Since the epoch, in seconds.
    now: f64,
    pub(super) contains: Option<Contains>,
}

enum Pattern {
    Shell(Option<Regex>),
    Python(TextRegex),
}

impl Pattern {
    fn new(text: &str, is_regex: bool) -> Result<Self, Failure> {
        if !is_regex {
            return Ok(Self::Shell(glob::matcher(text)));
        }
        let regex = TextRegex::new(text, Flags::default());
        regex.map(Self::Python).map_err(|error| Failure::new(format!("failed to find files: {error}")))
    }

    fn matches(&self, name: &str) -> Result<bool, Failure> {
        match self {
            Self::Shell(regex) => Ok(regex.as_ref().is_some_and(|regex| regex.is_match(name))),
            Self::Python(regex) => {
                let found = regex.match_start(name).map_err(|error| Failure::new(format!("failed to find files: {error}")))?;
                Ok(found.is_some())
            }
        }
    }
}

impl Criteria {
    pub(super) fn new(ctx: &Context<'_>, args: &Arguments) -> Result<Self, Failure> {
        let patterns = |texts: &[String]| texts.iter().map(|text| Pattern::new(text, args.use_regex)).collect::<Result<Vec<_>, _>>();
        let refusal = |option: &str, text: &str, example: &str| {
            Failure::new(format!(
                "failed to find files: `{option}` must be a whole number with or without a unit ({example}), not `{text}`"
            ))
        };
        let age = match &args.age {
            None => None,
            Some(text) => Some((measure(text, AGES).ok_or_else(|| refusal("age", text, "`-2d`, `1w`"))?, args.age_stamp)),
        };
        let size = match &args.size {
            None => None,
            Some(text) => Some(measure(text, SIZES).ok_or_else(|| refusal("size", text, "`-10k`, `1g`"))?),
        };
        let mode = match &args.mode {
            None => None,
            Some(text) => {
                let mode = mode::parse(text).map_err(|reason| Failure::new(format!("failed to read the mode: {reason}")))?;
                Some(mode.apply(0, false, ctx.system.umask()?))
            }
        };
        Ok(Self {
            file_type: args.file_type,
            hidden: args.hidden,
            patterns: patterns(&args.patterns)?,
            excludes: patterns(args.excludes.as_deref().unwrap_or_default())?,
            age,
            size,
            mode,
            exact_mode: args.exact_mode,
            now: ctx.system.clock()?.epoch.as_secs_f64(),
            contains: Contains::new(args)?,
        })
    }

    /// Whether something called `name` fits.
    pub(super) fn fit(&self, name: &str, stat: &Stat) -> Result<bool, Failure> {
        let is_wanted = match self.file_type {
            FileType::Any => true,
            FileType::Directory => stat.kind == FileKind::Directory,
            FileType::File => stat.kind == FileKind::File,
            FileType::Link => stat.kind == FileKind::Link,
        };
        if !is_wanted || (name.starts_with('.') && !self.hidden) {
            return Ok(false);
        }
        Ok(self.age_fits(stat) && self.size_fits(stat) && self.mode_fits(stat) && self.name_fits(name)?)
    }

    fn name_fits(&self, name: &str) -> Result<bool, Failure> {
        let any = |patterns: &[Pattern]| {
            for pattern in patterns {
                if pattern.matches(name)? {
                    return Ok::<bool, Failure>(true);
                }
            }
            Ok(false)
        };
        Ok((self.patterns.is_empty() || any(&self.patterns)?) && !any(&self.excludes)?)
    }

    fn age_fits(&self, stat: &Stat) -> bool {
        let Some((age, stamp)) = self.age else { return true };
        let time = match stamp {
            Stamp::Atime => stat.atime,
            Stamp::Ctime => stat.ctime,
            Stamp::Mtime => stat.mtime,
        };
        at_least_or_most(self.now - time, age)
    }

    fn size_fits(&self, stat: &Stat) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 bytes")]
        self.size.is_none_or(|size| stat.kind != FileKind::File || at_least_or_most(stat.size as f64, size))
    }

    fn mode_fits(&self, stat: &Stat) -> bool {
        self.mode.is_none_or(|mode| if self.exact_mode { stat.mode == mode } else { stat.mode & mode == mode })
    }
}

fn at_least_or_most(value: f64, bound: f64) -> bool {
    if bound.is_sign_negative() { value <= -bound } else { value >= bound }
}

const AGES: &[(char, u32)] = &[('s', 1), ('m', 60), ('h', 3600), ('d', 86_400), ('w', 604_800)];
const SIZES: &[(char, u64)] = &[('b', 1), ('k', 1 << 10), ('m', 1 << 20), ('g', 1 << 30), ('t', 1 << 40)];

/// A number with the letter of a unit behind; the sign of zero counts.
fn measure<U: Copy + Into<u64>>(text: &str, units: &[(char, U)]) -> Option<f64> {
    let text = text.to_lowercase();
    let (digits, factor) = match units.iter().find(|(letter, _)| text.ends_with(*letter)) {
        Some((letter, factor)) => (text.strip_suffix(*letter)?, (*factor).into()),
        None => (text.as_str(), 1),
    };
    let (sign, digits) = digits.strip_prefix('-').map_or((1.0, digits), |digits| (-1.0, digits));
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "units are small powers")]
    digits.parse::<u32>().ok().map(|number| sign * f64::from(number) * factor as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_units() {
        for (text, seconds) in [
            ("10", Some(10.0)),
            ("-2d", Some(-172_800.0)),
            ("1W", Some(604_800.0)),
            ("3x", None),
            ("1.5d", None),
            ("", None),
            ("d", None),
            ("--1", None),
        ] {
            assert_eq!(measure(text, AGES), seconds, "{text}");
        }
        assert_eq!(measure("2T", SIZES), Some(2_199_023_255_552.0));
        assert_eq!(measure("1kb", SIZES), None);
    }
}
