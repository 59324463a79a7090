//! Every file under `docs/` that is made from declarations.

use std::path::PathBuf;

use super::page::Topic;
use super::{SCHEMAS, markdown, pages, schema};

const FILTERS: &str = "What stands behind a `|` in a template. The first line shows the arguments: `*name` takes any number of values, \
                       `**name` any named ones. An example gives what stands behind `→`.";
const TESTS: &str = "What stands behind `is` and `is not` in a template or condition. An example gives what stands behind `→`.";
const LOOKUPS: &str = "What `lookup` and `query` (or `q`) find, and what a loop with `with_NAME` goes through: `lookup` joins what it finds with \
                       commas, `query` gives the list. Behind the lookups stand the functions. An example gives what stands behind `→`.";
const KEYWORDS: &str = "What may be written in plays, roles, blocks and tasks beside the module. A template may stand where a single value \
                        does, unless it says otherwise.";

/// Paths below `docs/`, and what is in them.
pub fn files() -> Vec<(PathBuf, String)> {
    let mut files: Vec<(PathBuf, String)> =
        pages(Topic::Module).iter().map(|page| (PathBuf::from(format!("modules/{}.md", page.name)), markdown::module(page))).collect();
    files.push((PathBuf::from("modules/README.md"), markdown::index()));
    files.push((PathBuf::from("filters.md"), markdown::plugins("Filters", FILTERS, &[Topic::Filter])));
    files.push((PathBuf::from("tests.md"), markdown::plugins("Tests", TESTS, &[Topic::Test])));
    files.push((PathBuf::from("lookups.md"), markdown::plugins("Lookups and functions", LOOKUPS, &[Topic::Lookup, Topic::Function])));
    files.push((PathBuf::from("keywords.md"), markdown::keywords(KEYWORDS)));
    files.extend(SCHEMAS.iter().map(|name| (PathBuf::from(format!("schema/{name}.json")), schema(*name))));
    files
}
