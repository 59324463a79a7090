//! The tests (`is ...`), one table per theme.

mod paths;
mod results;
mod text;
mod values;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::call::Test;

/// The tables.
pub(super) static TABLES: &[&[Test]] = &[values::TABLE, results::TABLE, text::TABLE, paths::TABLE];

static BY_NAME: LazyLock<HashMap<&'static str, &'static Test>> = LazyLock::new(|| {
    TABLES
        .iter()
        .flat_map(|table| table.iter())
        .flat_map(|test| std::iter::once(test.name).chain(test.aliases.iter().copied()).map(move |name| (name, test)))
        .collect()
});

/// The test called `name`.
pub(crate) fn find(name: &str) -> Option<&'static Test> {
    let name = name.strip_prefix("ansible.builtin.").unwrap_or(name);
    BY_NAME.get(name).copied()
}

/// All names, for suggestions.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    BY_NAME.keys().copied()
}
