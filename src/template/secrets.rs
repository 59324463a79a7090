//! The texts that must not be shown.

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

use crate::base::secret::MASK;

/// Shorter texts are not masked: they occur everywhere, and masking them would garble output without hiding anything.
const SHORTEST: usize = 4;

/// Every secret that was decrypted in this run.
#[derive(Debug, Default)]
pub struct Secrets {
    /// Longest first, so that a secret that contains another is masked as a whole.
    known: RwLock<Vec<String>>,
}

impl Secrets {
    /// Remembers `text`, and each of its lines when it has several, since output shows them one by one.
    pub fn add(&self, text: &str) {
        let text = text.trim();
        let lines = text.lines().map(str::trim).filter(|_| text.contains('\n'));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for secret in std::iter::once(text).chain(lines) {
            if secret.len() >= SHORTEST && !known.iter().any(|other| other == secret) {
                known.push(secret.to_owned());
            }
        }
        known.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    }

    /// `text` with every known secret replaced by the mask.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut masked = Cow::Borrowed(text);
        for secret in known.iter() {
            if masked.contains(secret.as_str()) {
                masked = Cow::Owned(masked.replace(secret.as_str(), MASK));
            }
        }
        masked
    }

    /// Whether nothing is to be masked.
    pub fn is_empty(&self) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// [`Secrets::mask`] for every text inside of `data`, keys included.
    pub fn mask_json(&self, data: &mut serde_json::Value) {
        if self.is_empty() {
            return;
        }
        match data {
            serde_json::Value::String(text) => {
                if let Cow::Owned(masked) = self.mask(text) {
                    *text = masked;
                }
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(|item| self.mask_json(item)),
            serde_json::Value::Object(map) => {
                if map.keys().any(|key| matches!(self.mask(key), Cow::Owned(_))) {
                    *map = std::mem::take(map).into_iter().map(|(key, value)| (self.mask(&key).into_owned(), value)).collect();
                }
                map.values_mut().for_each(|value| self.mask_json(value));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let secrets = Secrets::default();
        secrets.add("hunter22");
        secrets.add("hunter22-long\nsecond line\n");
        secrets.add("ab");
        assert_eq!(secrets.mask("x hunter22-long y hunter22 second line ab"), "x ******** y ******** ******** ab");
        let mut data = serde_json::json!({"a": ["hunter22"], "hunter22": 1});
        secrets.mask_json(&mut data);
        assert_eq!(data.to_string(), r#"{"a":["********"],"********":1}"#);
    }
}
