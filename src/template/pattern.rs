//! Regular expressions, compiled once.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::fault::{Eval, Fault};
use crate::base::regex::{Flags, RegexError, TextRegex};

type Compiled = HashMap<(String, bool, bool), Arc<TextRegex>>;

static CACHE: LazyLock<Mutex<Compiled>> = LazyLock::new(Mutex::default);

/// The cache starts anew beyond this many patterns.
const CACHED: usize = 1000;

/// Compiles a pattern.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn compile(pattern: &str, ignore_case: bool, multi_line: bool) -> Eval<Arc<TextRegex>> {
    let key = (pattern.to_owned(), ignore_case, multi_line);
    if let Some(regex) = CACHE.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Ok(regex.clone());
    }
    let regex = Arc::new(TextRegex::new(pattern, Flags { ignore_case, multi_line, ..Flags::default() })?);
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    if cache.len() >= CACHED {
        cache.clear();
    }
    cache.insert(key, regex.clone());
    Ok(regex)
}

impl From<RegexError> for Fault {
    fn from(error: RegexError) -> Self {
        Self::error(error.to_string())
    }
}
