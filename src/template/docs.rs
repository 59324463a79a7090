//! What filters, tests, functions and lookups say of themselves.

use super::{filters, functions, lookups, tests};

/// The documentation of one of them.
#[derive(Clone, Debug)]
pub struct Doc {
    /// "filter", "test", "function" or "lookup".
    pub kind: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its other names.
    pub aliases: &'static [&'static str],
    /// Its arguments or options; `*name` takes several, `**name` takes any name.
    pub params: &'static [&'static str],
    /// What it does, in a sentence.
    pub doc: &'static str,
    /// An expression that shows it.
    pub example: &'static str,
    /// What the example gives; empty where that depends on the machine or the day.
    pub gives: &'static str,
}

/// All of them, by kind and name.
pub fn documentation() -> Vec<Doc> {
    macro_rules! of {
        ($kind:literal, $defs:expr) => {
            $defs.map(|def| Doc {
                kind: $kind,
                name: def.name,
                aliases: def.aliases,
                params: def.params,
                doc: def.doc,
                example: def.example,
                gives: def.gives,
            })
        };
    }
    let mut docs: Vec<Doc> = of!("filter", filters::all())
        .chain(of!("test", tests::TABLES.iter().flat_map(|table| table.iter())))
        .chain(of!("function", functions::FUNCTIONS.iter()))
        .chain(lookups::TABLES.iter().flat_map(|table| table.iter()).map(|lookup| Doc {
            kind: "lookup",
            name: lookup.name,
            aliases: &[],
            params: lookup.options,
            doc: lookup.doc,
            example: lookup.example,
            gives: lookup.gives,
        }))
        .collect();
    docs.sort_by_key(|doc| (doc.kind, doc.name));
    docs
}
