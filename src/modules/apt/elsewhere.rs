//! Settings, lists and package files of apt beside those of the machine: to know what apt would do with sources that are not written yet
//! and lists that are not fetched yet, and what packages bring that are not there yet, without a change of the machine.

use std::path::{Path, PathBuf};

use super::aptget::{AptGet, failed};
use super::signing;
use crate::modules::shared::replica::{self, ScratchDir};
use crate::modules::shared::run::look;
use crate::modules::{Context, Failure};
use crate::system::{Command, Error, Result};

/// Where the lists of the machine are.
const LISTS: &str = "/var/lib/apt/lists";
/// Where it is said what apt is to do, and where packages come from.
pub(super) const SETTINGS: &str = "/etc/apt";

/// A directory for apt that goes with the task.
pub(super) struct Elsewhere {
    dir: ScratchDir,
    /// What tells apt of it.
    conf: PathBuf,
}

/// What apt has of its own there; the rest is the machine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Own {
    /// Lists of packages.
    pub(super) lists: bool,
    /// Settings and sources, as earlier tasks of check mode would have them.
    pub(super) settings: bool,
}

impl Elsewhere {
    /// Makes it. Lists are still to be fetched.
    pub(super) fn new(ctx: &Context<'_>, own: Own) -> std::result::Result<Self, Failure> {
        let scratch = ScratchDir::new(ctx)?;
        let dir = scratch.path.as_path();
        let text = configuration(dir, own);
        let conf = ctx.system.scratch(0o600, &mut |file| written(file.write_all(text.as_bytes())))?;
        let folders = ["lists/partial", "archives/partial"].map(|name| dir.join(name).to_string_lossy().into_owned());
        let make = ctx.command(["mkdir", "-p", "--"].map(str::to_owned).into_iter().chain(folders));
        look(ctx, &make, "make a directory for apt beside that of the machine")?;
        if own.settings {
            replica::replicate(ctx, Path::new(SETTINGS), &dir.join("etc"), &mut |path, content| {
                signing::redirect(ctx, path, content, &dir.join("keys"))
            })?;
        }
        Ok(Self { dir: scratch, conf })
    }

    /// Fetches the lists into it; those of the machine are taken along, since most of them may be good still.
    pub(super) fn fetch(&self, ctx: &Context<'_>, apt: &AptGet, unauthenticated: bool) -> std::result::Result<(), Failure> {
        let (from, to) = (format!("{LISTS}/."), self.dir.path.join("lists").to_string_lossy().into_owned());
        // Without them it only takes longer.
        let _ = ctx.system.probe(&ctx.command(["cp", "-a", "--", &from, &to]));
        let mut words = vec!["-o", "APT::Update::Error-Mode=any"];
        if unauthenticated {
            words.extend(["-o", "Acquire::AllowInsecureRepositories=true"]);
        }
        words.push("update");
        let mut command = apt.command(ctx, words);
        self.lead(&mut command);
        let output = ctx.system.probe(&command)?;
        if output.success() {
            return Ok(());
        }
        Err(failed(&command, &output, "fetch the lists of packages").missing_on(ctx.system))
    }

    /// Lets a command of apt work here.
    pub(super) fn lead(&self, command: &mut Command) {
        let conf = self.conf.to_string_lossy().into_owned();
        // The variable is read before the settings, so that they are read here; the option after them, so that they cannot lead elsewhere.
        command.env.insert("APT_CONFIG".to_owned(), conf.clone());
        command.argv.extend(["-c".to_owned(), conf]);
    }

    /// Removes it.
    pub(super) fn leave(&self, ctx: &Context<'_>) {
        self.dir.leave(ctx);
        ctx.system.discard(&self.conf);
    }

    /// Where package files go.
    pub(super) fn archives(&self) -> PathBuf {
        self.dir.path.join("archives")
    }

    /// Where the package file with this number can be unpacked.
    pub(super) fn unpacked(&self, number: usize) -> PathBuf {
        self.dir.path.join(format!("unpacked-{number}"))
    }
}

/// Nothing of it may touch the machine: no lock, no cache, none of the commands that the machine wants run when lists were fetched.
fn configuration(dir: &Path, own: Own) -> String {
    let dir = dir.display();
    let lists = if own.lists { format!("Dir::State::lists \"{dir}/lists\";\n") } else { String::new() };
    let settings = if own.settings { format!("Dir::Etc \"{dir}/etc\";\n") } else { String::new() };
    format!(
        "{lists}{settings}Dir::Cache::archives \"{dir}/archives\";\nDir::Cache::pkgcache \"\";\nDir::Cache::srcpkgcache \"\";\n\
         APT::Sandbox::User \"root\";\nDebug::NoLocking \"true\";\n\
         #clear APT::Update::Pre-Invoke;\n#clear APT::Update::Post-Invoke;\n#clear APT::Update::Post-Invoke-Success;\n"
    )
}

fn written(result: std::io::Result<()>) -> Result<()> {
    result.map_err(|error| Error::io("write", Path::new("the configuration of apt"), &error))
}
