//! Installing and upgrading packages.

use std::path::{Path, PathBuf};

use super::names::{Kind, Wanted};
use super::options::State;
use super::perform::Job;
use super::program::Version;
use crate::modules::shared::glob::is_pattern;
use crate::modules::shared::package_file;
use crate::modules::{Context, Failure};
use crate::system::{Follow, Package};

impl Job<'_> {
    /// Brings what is named into one of the states in which it is there.
    pub(super) fn install(&mut self, ctx: &mut Context<'_>, names: &[String]) -> Result<(), Failure> {
        let latest = self.args.state() == State::Latest;
        let mut wanted: Vec<Wanted> = names.iter().map(|name| Wanted::parse(name)).collect();
        if latest && names.iter().any(|name| name == "*") {
            wanted.retain(|one| one.text != "*");
            let verb = self.upgrade_verb();
            self.perform(ctx, &with_options(self, &verb), Vec::new())?;
        }
        self.name_groups(ctx, &mut wanted)?;
        let mut fetched = Vec::new();
        let done = self.look_into_files(ctx, &mut wanted, &mut fetched).and_then(|()| self.install_named(ctx, wanted, latest));
        for file in fetched {
            package_file::discard(ctx, &file);
        }
        done
    }

    fn install_named(&mut self, ctx: &mut Context<'_>, wanted: Vec<Wanted>, latest: bool) -> Result<(), Failure> {
        let installed = self.rpm.installed(ctx, &wanted)?;
        let (mut install, mut upgrade) = (Vec::new(), Vec::new());
        for one in wanted {
            let there = self.is_there(ctx, &one, &installed)?;
            if self.dnf.version == Version::Four {
                match one.kind {
                    Kind::Group if latest => self.results.push(format!("Group {} upgraded.", one.text.trim_start_matches('@'))),
                    Kind::Group => self.results.push(format!("Group {} installed.", one.text.trim_start_matches('@'))),
                    Kind::File(_) => self.results.push(format!("Installed {}", one.text)),
                    _ => {}
                }
            }
            let is_set = matches!(one.kind, Kind::Group | Kind::File(_));
            let there = there || latest && one.kind == Kind::Group && self.knows_group(ctx, &one);
            // A pattern means all that it matches, in the newest versions.
            let is_open = one.kind == Kind::Name && is_pattern(&one.word) && !self.args.update_only;
            if self.args.update_only && !there && !is_set {
                self.results.push(format!("Packages providing {} not installed due to update_only specified", one.text));
            } else if is_open {
                install.push(one);
            } else if latest && there && !matches!(one.kind, Kind::File(_)) {
                upgrade.push(one);
            } else if !there {
                install.push(one);
            }
        }
        if !install.is_empty() {
            let verb: Vec<&str> = ["install"].into_iter().chain(if latest { self.filters() } else { Vec::new() }).collect();
            self.perform(ctx, &with_options(self, &verb), install)?;
        }
        if !upgrade.is_empty() {
            let verb = self.upgrade_verb();
            self.perform(ctx, &with_options(self, &verb), upgrade)?;
        }
        Ok(())
    }

    /// Whether nothing has to come for it. Of groups only dnf can tell.
    fn is_there(&self, ctx: &Context<'_>, one: &Wanted, installed: &[Package]) -> Result<bool, Failure> {
        let named = installed.iter().any(|package| one.means(package));
        match &one.kind {
            Kind::Group => Ok(false),
            Kind::Name => Ok(named || !self.rpm.providers(ctx, &one.word)?.is_empty()),
            Kind::Path => Ok(!self.rpm.providers(ctx, &one.word)?.is_empty()),
            Kind::File(Some(package)) => Ok(installed.contains(package)),
            Kind::File(None) => Ok(false),
            Kind::Compared(name) => {
                if self.rpm.foreseen(ctx).contains(name) {
                    let message = format!("failed to compare `{}`: an earlier task would change the package", one.text);
                    return Err(Failure { unpredictable: true, ..Failure::new(message) });
                }
                if !named {
                    return Ok(false);
                }
                let words = ["-q", "repoquery", "--installed", "--whatprovides", &one.word].map(str::to_owned);
                let (command, output) = self.dnf.ask(ctx, "--assumeno", &words)?;
                if !output.success() {
                    return Err(super::program::failed(&command, &output, &format!("compare `{}`", one.text)));
                }
                Ok(!output.stdout_text().trim().is_empty())
            }
        }
    }

    /// Whether dnf could upgrade the group, which it can if it was installed as one.
    fn knows_group(&self, ctx: &Context<'_>, group: &Wanted) -> bool {
        self.dnf.plan(ctx, &["upgrade".to_owned(), group.word.clone()], "look for a group").is_ok()
    }

    /// How installed packages are upgraded.
    fn upgrade_verb(&self) -> Vec<&'static str> {
        let mut verb = match (self.args.security || self.args.bugfix, self.dnf.version) {
            (true, Version::Four) => vec!["upgrade-minimal"],
            _ => vec!["upgrade"],
        };
        verb.extend(self.filters());
        verb
    }

    /// What upgrades have to be good for.
    fn filters(&self) -> Vec<&'static str> {
        [("--security", self.args.security), ("--bugfix", self.args.bugfix)]
            .iter()
            .filter(|(_, given)| *given)
            .map(|(flag, _)| *flag)
            .collect()
    }

    /// Puts package files of other machines where dnf finds them, and looks which packages are in files.
    fn look_into_files(&self, ctx: &Context<'_>, wanted: &mut [Wanted], fetched: &mut Vec<PathBuf>) -> Result<(), Failure> {
        for one in wanted.iter_mut().filter(|one| matches!(one.kind, Kind::File(_))) {
            if one.text.contains("://") {
                let path = package_file::fetch(ctx, &one.text, self.args.validate_certs, "rpm")?;
                one.word = path.to_string_lossy().into_owned();
                fetched.push(path);
            } else if !ctx.system.stat(Path::new(&one.text), Follow::Yes)?.is_some_and(|stat| stat.is_file()) {
                return Err(Failure::new(format!("failed to install the package file `{}`: there is no such file on the host", one.text))
                    .hint("`name` names a file of the host; copy it there in an earlier task")
                    .missing_on(ctx.system));
            } else {
                one.word = ctx.system.real_path(Path::new(&one.text))?.to_string_lossy().into_owned();
            }
            one.kind = Kind::File(Some(self.rpm.in_file(ctx, &one.word, &one.text)?));
        }
        Ok(())
    }
}

/// A verb with the options that only verbs that install something have.
fn with_options(job: &Job<'_>, verb: &[&'static str]) -> Vec<&'static str> {
    let flags = [("--allowerasing", job.args.allowerasing), ("--downloadonly", job.args.download_only)];
    verb.iter().copied().chain(flags.iter().filter(|(_, given)| *given).map(|(flag, _)| *flag)).collect()
}
