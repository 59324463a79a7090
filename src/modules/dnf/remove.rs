//! Removing packages.

use super::names::{Kind, Wanted};
use super::perform::Job;
use super::program::Version;
use crate::modules::{Context, Failure};

impl Job<'_> {
    /// Removes what is named, and with `autoremove` what is not needed any more.
    pub(super) fn remove(&mut self, ctx: &mut Context<'_>, names: &[String]) -> Result<(), Failure> {
        let mut wanted: Vec<Wanted> = names.iter().map(|name| Wanted::installed(name)).collect();
        self.name_groups(ctx, &mut wanted)?;
        let installed = self.rpm.installed(ctx, &wanted)?;
        let mut going = Vec::new();
        for one in wanted {
            if one.kind == Kind::Group || installed.iter().any(|package| one.means(package)) {
                going.push(one);
                continue;
            }
            // dnf 5 removes packages by their names only.
            let providers = self.rpm.providers(ctx, &one.word)?;
            if providers.is_empty() && self.dnf.version == Version::Four {
                self.results.push(format!("No match for argument: {}", one.text));
            }
            going.extend(providers.into_iter().map(|package| Wanted { word: package.name, ..one.clone() }));
        }
        if !going.is_empty() {
            self.perform(ctx, &["remove"], going)?;
        }
        if self.args.autoremove { self.autoremove(ctx) } else { Ok(()) }
    }

    /// Removes what was installed as a dependency and is not needed any more.
    pub(super) fn autoremove(&mut self, ctx: &mut Context<'_>) -> Result<(), Failure> {
        self.perform(ctx, &["autoremove"], Vec::new())
    }
}
