//! Which packages are installed, by the database of rpm and what check mode foresees.

use super::names::{Kind, Wanted, fits, without_epoch};
use crate::modules::shared::glob::is_pattern;
use crate::modules::shared::run::said;
use crate::modules::{Context, Failure};
use crate::system::Package;

const FORMAT: &str = "%{NAME}\\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\t%{ARCH}\\n";

/// The database of rpm on the host, or in another root.
pub(super) struct Rpm {
    words: Vec<String>,
    /// It is that of the host, which check mode knows more of.
    of_host: bool,
}

impl Rpm {
    pub(super) fn new(root: Option<&str>) -> Self {
        let words = ["rpm".to_owned()].into_iter().chain(root.iter().flat_map(|root| ["--root".to_owned(), (*root).to_owned()]));
        Self { words: words.collect(), of_host: root.is_none() }
    }

    /// The packages that are installed of those that are named.
    pub(super) fn installed(&self, ctx: &Context<'_>, wanted: &[Wanted]) -> Result<Vec<Package>, Failure> {
        let names: Vec<&str> = wanted.iter().filter_map(name_in).collect();
        self.of_names(ctx, &names)
    }

    /// The packages that are installed under one of these names, which may be patterns.
    pub(super) fn of_names(&self, ctx: &Context<'_>, names: &[&str]) -> Result<Vec<Package>, Failure> {
        let plain: Vec<String> = names.iter().filter(|name| !is_pattern(name)).map(|name| without_epoch(name)).collect();
        let mut found = Vec::new();
        if !plain.is_empty() {
            found = self.query(ctx, &["-q", "--qf", FORMAT, "--"], &plain)?;
        }
        if names.iter().any(|name| is_pattern(name)) {
            found.extend(self.query(ctx, &["-qa", "--qf", FORMAT], &[])?);
        }
        // What earlier tasks of check mode would have made of them.
        for name in self.foreseen(ctx) {
            found.retain(|package| package.name != name);
            found.extend(ctx.system.package(&name)?);
        }
        let is_named = |package: &Package| names.iter().any(|name| fits(name, package));
        let mut kept: Vec<Package> = Vec::new();
        for package in found.into_iter().filter(is_named) {
            if !kept.contains(&package) {
                kept.push(package);
            }
        }
        Ok(kept)
    }

    /// The installed packages that provide `what`: a name, a capability or a path.
    pub(super) fn providers(&self, ctx: &Context<'_>, what: &str) -> Result<Vec<Package>, Failure> {
        if is_pattern(what) {
            return Ok(Vec::new());
        }
        let mut found = self.query(ctx, &["-q", "--whatprovides", "--qf", FORMAT, "--"], &[what.to_owned()])?;
        let foreseen = self.foreseen(ctx);
        found.retain(|package| !foreseen.contains(&package.name) || ctx.system.package(&package.name).is_ok_and(|left| left.is_some()));
        Ok(found)
    }

    /// The names of packages that earlier tasks of check mode would change.
    pub(super) fn foreseen(&self, ctx: &Context<'_>) -> Vec<String> {
        if self.of_host { ctx.system.foreseen().packages } else { Vec::new() }
    }

    /// The package in a file.
    pub(super) fn in_file(&self, ctx: &Context<'_>, path: &str, shown: &str) -> Result<Package, Failure> {
        let command = ctx.command(["rpm", "-qp", "--qf", FORMAT, "--", path]);
        let output = ctx.system.probe(&command)?;
        output.stdout_text().lines().find_map(parse).filter(|_| output.success()).ok_or_else(|| {
            Failure::command(format!("failed to read the package file `{shown}`: {}", said(&output)), &command.argv, &output)
        })
    }

    /// All packages that are installed.
    pub(super) fn all(&self, ctx: &Context<'_>) -> Result<Vec<Package>, Failure> {
        self.of_names(ctx, &["*"])
    }

    fn query(&self, ctx: &Context<'_>, options: &[&str], names: &[String]) -> Result<Vec<Package>, Failure> {
        let options = options.iter().map(|option| (*option).to_owned());
        let command = ctx.command(self.words.iter().cloned().chain(options).chain(names.iter().cloned()));
        let output = ctx.system.probe(&command)?;
        let text = output.stdout_text();
        // What is not installed is said on standard output, one line each, and counted in the exit code.
        let is_answer = output.success() || !text.is_empty() || output.stderr_text().starts_with("error: file ");
        if output.rc < 0 || !is_answer {
            return Err(Failure::command(format!("failed to ask rpm what is installed: {}", said(&output)), &command.argv, &output));
        }
        Ok(text.lines().filter_map(parse).collect())
    }
}

/// What rpm is asked for.
fn name_in(wanted: &Wanted) -> Option<&str> {
    match &wanted.kind {
        Kind::Name => Some(&wanted.word),
        Kind::Compared(name) => Some(name),
        Kind::File(Some(package)) => Some(&package.name),
        Kind::File(None) | Kind::Path | Kind::Group => None,
    }
}

fn parse(line: &str) -> Option<Package> {
    let mut fields = line.split('\t');
    let (name, version, architecture) = (fields.next()?, fields.next()?, fields.next()?);
    Some(Package { name: name.to_owned(), version: version.to_owned(), architecture: architecture.to_owned(), held: false })
}
