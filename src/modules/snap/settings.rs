//! What can be set of a snap.

use serde_json::Value;

use super::snapd::subject;
use crate::modules::{Context, Failure};

/// A setting that is asked for.
pub(super) struct Setting {
    /// The snap; `None`: all of the task.
    snap: Option<String>,
    /// With dots that lead into mappings.
    pub(super) key: String,
    value: String,
}

impl Setting {
    /// Out of `key=value` or `snap:key=value`, for one of the snaps with these names.
    ///
    /// # Errors
    /// When it is neither.
    pub(super) fn parse(text: &str, names: &[String]) -> Result<Self, Failure> {
        let wrong = |why: String| Failure::new(format!("failed to read the setting `{text}`: {why}"));
        let form = || wrong("it is neither `key=value` nor `snap:key=value`".to_owned());
        let (key, value) = text.split_once('=').filter(|(_, value)| !value.is_empty()).ok_or_else(form)?;
        let (snap, key) = key.split_once(':').map_or((None, key), |(snap, key)| (Some(snap.to_owned()), key));
        if key.is_empty() || key.starts_with('-') || key.split('.').any(str::is_empty) {
            return Err(form());
        }
        if let Some(snap) = snap.as_ref().filter(|snap| !names.contains(snap)) {
            return Err(wrong(format!("`{snap}` is none of the snaps of the task")));
        }
        Ok(Self { snap, key: key.to_owned(), value: value.to_owned() })
    }

    /// Whether it is one of this snap.
    pub(super) fn is_of(&self, name: &str) -> bool {
        self.snap.as_ref().is_none_or(|snap| snap == name)
    }

    /// As `snap set` takes it.
    pub(super) fn text(&self) -> String {
        format!("{}={}", self.key, self.value)
    }

    /// What it says: snapd takes JSON for what it is and all else for text.
    pub(super) fn value(&self) -> Value {
        serde_json::from_str(&self.value).unwrap_or_else(|_| self.value.clone().into())
    }

    /// Whether the snap has it, all of whose settings are `there`.
    pub(super) fn is_in(&self, ctx: &Context<'_>, name: &str, there: &Value) -> bool {
        let foreseen = ctx.system.known(&self.subject(name)).and_then(|text| serde_json::from_str(&text).ok());
        let found = foreseen.unwrap_or_else(|| self.key.split('.').try_fold(there, |at, part| at.get(part)).cloned().unwrap_or_default());
        found == self.value()
    }

    /// Under this name check mode knows it.
    pub(super) fn subject(&self, name: &str) -> String {
        subject(name, &format!("setting {}", self.key))
    }
}
