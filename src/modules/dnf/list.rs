//! Lists of packages and repositories.

use serde_json::{Value, json};

use super::names::{Wanted, fits};
use super::perform::Job;
use super::program::{Version, failed};
use crate::modules::{Context, Failure};
use crate::system::Package;

const FORMAT: &str = "%{name}|%{epoch}|%{version}|%{release}|%{arch}|%{repoid}\\n";

impl Job<'_> {
    /// What `list` asks for.
    pub(super) fn list(&self, ctx: &Context<'_>, what: &str) -> Result<Vec<Value>, Failure> {
        match what {
            "installed" => self.installed(ctx, None),
            "updates" => self.query(ctx, &["--upgrades"]),
            "available" => self.query(ctx, &["--available"]),
            "repos" | "repositories" => self.repositories(ctx),
            name => Ok([self.installed(ctx, Some(name))?, self.query(ctx, &["--available", name])?].concat()),
        }
    }

    fn installed(&self, ctx: &Context<'_>, name: Option<&str>) -> Result<Vec<Value>, Failure> {
        let all = match name {
            Some(name) => self.rpm.installed(ctx, &[Wanted::installed(name)])?,
            None => self.rpm.all(ctx)?,
        };
        let named = all.iter().filter(|package| name.is_none_or(|name| fits(name, package)));
        Ok(named.map(|package| self.of_installed(package)).collect())
    }

    fn of_installed(&self, package: &Package) -> Value {
        let (epoch, full) = package.version.split_once(':').unwrap_or(("0", &package.version));
        let (version, release) = full.rsplit_once('-').unwrap_or((full, ""));
        self.entry(&package.name, epoch, version, release, &package.architecture, "@System")
    }

    fn entry(&self, name: &str, epoch: &str, version: &str, release: &str, arch: &str, repo: &str) -> Value {
        let full = match (self.dnf.version, epoch) {
            (Version::Four, _) => format!("{epoch}:{name}-{version}-{release}.{arch}"),
            (Version::Five, "0") => format!("{name}-{version}-{release}.{arch}"),
            (Version::Five, _) => format!("{name}-{epoch}:{version}-{release}.{arch}"),
        };
        json!({
            "name": name, "epoch": epoch, "version": version, "release": release, "arch": arch, "repo": repo, "envra": full, "nevra": full,
            "yumstate": if repo == "@System" { "installed" } else { "available" },
        })
    }

    fn query(&self, ctx: &Context<'_>, words: &[&str]) -> Result<Vec<Value>, Failure> {
        let text = self.asked(ctx, &[&["-q", "repoquery", "--qf", FORMAT], words].concat(), "list packages")?;
        let entries = text.lines().filter_map(|line| match line.split('|').collect::<Vec<_>>().as_slice() {
            [name, epoch, version, release, arch, repo] => Some(self.entry(name, epoch, version, release, arch, repo)),
            _ => None,
        });
        Ok(entries.collect())
    }

    fn repositories(&self, ctx: &Context<'_>) -> Result<Vec<Value>, Failure> {
        let text = self.asked(ctx, &["-q", "repolist"], "list repositories")?;
        let ids = text.lines().skip(1).filter_map(|line| line.split_whitespace().next());
        Ok(ids.map(|id| json!({"repoid": id, "state": "enabled"})).collect())
    }

    fn asked(&self, ctx: &Context<'_>, words: &[&str], purpose: &str) -> Result<String, Failure> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let (command, output) = self.dnf.ask(ctx, "--assumeno", &words)?;
        if output.success() { Ok(output.stdout_text()) } else { Err(failed(&command, &output, purpose)) }
    }
}
