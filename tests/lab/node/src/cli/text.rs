//! Help and version text.

use super::{App, table};
use crate::version::Version;

/// What the program says about itself; the first line is the original's.
pub fn version(version: &Version) -> String {
    format!("{} {}\nThis is the stand-in node of the kconf lab, not the original software.\n", version.brand(), version.text())
}

pub fn usage(app: App, version: &Version) -> String {
    let mut flags: Vec<String> = table::node(app, version).iter().map(|flag| format!("   --{}\n", flag.name)).collect();
    flags.sort();
    let name = app.name();
    format!(
        "NAME:\n   {name} - stand-in for {name} {} in the kconf lab, not the original software\n\n\
         USAGE:\n   {name} [flags]                          run a node\n   \
         {name} init --datadir DIR GENESIS        write block 0\n   \
         {name} attach [--exec EXPR] [ENDPOINT]   console on a running node\n   \
         {name} version\n\nFLAGS:\n{}",
        version.text(),
        flags.concat()
    )
}
