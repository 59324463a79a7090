//! The filters, one table per theme.

mod basic;
mod encoding;
mod formats;
mod general;
mod ini;
mod mappings;
mod markup;
mod net;
mod numbers;
mod paths;
mod regex;
mod select;
mod sequence;
mod sets;
mod text;
mod wrap;

use std::collections::HashMap;
use std::sync::LazyLock;

pub(crate) use self::basic::to_bool;
pub(crate) use self::sequence::flatten;

use super::call::Filter;

/// All filters.
pub(super) fn all() -> impl Iterator<Item = &'static Filter> {
    TABLES.iter().chain(net::TABLES).flat_map(|table| table.iter())
}

/// The tables.
static TABLES: &[&[Filter]] = &[
    basic::TABLE,
    select::TABLE,
    sequence::TABLE,
    sets::TABLE,
    mappings::TABLE,
    numbers::TABLE,
    text::TABLE,
    regex::TABLE,
    formats::TABLE,
    encoding::TABLE,
    paths::TABLE,
    markup::TABLE,
    general::TABLE,
    ini::TABLE,
];

static BY_NAME: LazyLock<HashMap<&'static str, &'static Filter>> = LazyLock::new(|| {
    all().flat_map(|filter| std::iter::once(filter.name).chain(filter.aliases.iter().copied()).map(move |name| (name, filter))).collect()
});

/// The filter called `name`.
pub(crate) fn find(name: &str) -> Option<&'static Filter> {
    let name = name.strip_prefix("ansible.builtin.").unwrap_or(name);
    BY_NAME.get(name).copied()
}

/// All names, for suggestions.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    BY_NAME.keys().copied()
}
