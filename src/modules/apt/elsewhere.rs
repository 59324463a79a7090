//! Lists and package files of apt beside those of the machine: to know what apt would do with lists that are not fetched yet, and what
//! packages bring that are not there yet, without a change of the machine.

use std::path::{Path, PathBuf};

use super::aptget::{AptGet, failed};
use crate::modules::shared::run::look;
use crate::modules::{Context, Failure};
use crate::system::{Error, Result};

/// Where the lists of the machine are.
const LISTS: &str = "/var/lib/apt/lists";

/// A directory for apt that goes with the task.
pub(super) struct Elsewhere {
    dir: PathBuf,
    /// A scratch file that the directory is named after.
    mark: PathBuf,
    /// What tells apt of it.
    conf: PathBuf,
}

impl Elsewhere {
    /// With the lists of the machine, if `own_lists` is not set.
    pub(super) fn new(ctx: &Context<'_>, own_lists: bool) -> std::result::Result<Self, Failure> {
        let mark = ctx.system.scratch(0o600, &mut |_| Ok(()))?;
        let dir = PathBuf::from(format!("{}.apt", mark.display()));
        let text = configuration(&dir, own_lists);
        let conf = ctx.system.scratch(0o600, &mut |file| written(file.write_all(text.as_bytes())))?;
        let folders = ["lists/partial", "archives/partial"].map(|name| dir.join(name).to_string_lossy().into_owned());
        let make = ctx.command(["mkdir", "-p", "--"].map(str::to_owned).into_iter().chain(folders));
        look(ctx, &make, "make a directory for apt beside that of the machine")?;
        Ok(Self { dir, mark, conf })
    }

    /// Fetches the lists into it; those of the machine are taken along, since most of them may be good still.
    pub(super) fn fetch(&self, ctx: &Context<'_>, apt: &AptGet, unauthenticated: bool) -> std::result::Result<(), Failure> {
        let (from, to) = (format!("{LISTS}/."), self.dir.join("lists").to_string_lossy().into_owned());
        // Without them it only takes longer.
        let _ = ctx.system.probe(&ctx.command(["cp", "-a", "--", &from, &to]));
        // Where the sources are anyway; named, so that in check mode it is noticed when earlier tasks would change them.
        let mut words = vec!["-o", "APT::Update::Error-Mode=any", "-o", "Dir::Etc=/etc/apt"];
        if unauthenticated {
            words.extend(["-o", "Acquire::AllowInsecureRepositories=true"]);
        }
        words.push("update");
        let mut command = apt.command(ctx, words);
        command.argv.extend(self.options());
        let output = ctx.system.probe(&command)?;
        if output.success() { Ok(()) } else { Err(failed(&command, &output, "fetch the lists of packages")) }
    }

    /// The options that let a command of apt work here.
    pub(super) fn options(&self) -> [String; 2] {
        ["-c".to_owned(), self.conf.to_string_lossy().into_owned()]
    }

    /// Removes it.
    pub(super) fn leave(&self, ctx: &Context<'_>) {
        // Best effort: what stays goes with the scratch files of the task.
        let _ = ctx.system.probe(&ctx.command(["rm", "-rf", "--", &self.dir.to_string_lossy()]));
        ctx.system.discard(&self.mark);
        ctx.system.discard(&self.conf);
    }

    /// Where package files go.
    pub(super) fn archives(&self) -> PathBuf {
        self.dir.join("archives")
    }

    /// Where the package file with this number can be unpacked.
    pub(super) fn unpacked(&self, number: usize) -> PathBuf {
        self.dir.join(format!("unpacked-{number}"))
    }
}

/// Nothing of it may touch the machine: no lock, no cache, none of the commands that the machine wants run when lists were fetched.
fn configuration(dir: &Path, own_lists: bool) -> String {
    let dir = dir.display();
    let lists = if own_lists { format!("Dir::State::lists \"{dir}/lists\";\n") } else { String::new() };
    format!(
        "{lists}Dir::Cache::archives \"{dir}/archives\";\nDir::Cache::pkgcache \"\";\nDir::Cache::srcpkgcache \"\";\n\
         APT::Sandbox::User \"root\";\nDebug::NoLocking \"true\";\n\
         #clear APT::Update::Pre-Invoke;\n#clear APT::Update::Post-Invoke;\n#clear APT::Update::Post-Invoke-Success;\n"
    )
}

fn written(result: std::io::Result<()>) -> Result<()> {
    result.map_err(|error| Error::io("write", Path::new("the configuration of apt"), &error))
}
