//! Package files.

use std::cmp::Ordering;
use std::path::Path;

use super::Arguments;
use super::aptget::AptGet;
use super::version::compare;
use crate::modules::shared::run::look;
use crate::modules::shared::{package_file, required_command};
use crate::modules::{Context, Failure, Outcome};
use crate::system::Follow;

/// Installs a package file, or one from a URL, with what it depends on; whether there was anything to do.
pub(super) fn install(ctx: &mut Context<'_>, apt: &AptGet, args: &Arguments, file: &str, outcome: &mut Outcome) -> Result<bool, Failure> {
    if !file.contains("://") {
        if !ctx.system.stat(Path::new(file), Follow::Yes)?.is_some_and(|stat| stat.is_file()) {
            return Err(Failure::new(format!("failed to install the package file `{file}`: there is no such file on the host"))
                .hint("`deb` names a file of the host; copy it there in an earlier task")
                .missing_on(ctx.system));
        }
        return install_file(ctx, apt, args, &ctx.system.real_path(Path::new(file))?, file, outcome);
    }
    let fetched = package_file::fetch(ctx, file, true, "deb")?;
    let result = install_file(ctx, apt, args, &fetched, file, outcome);
    package_file::discard(ctx, &fetched);
    result
}

fn install_file(
    ctx: &mut Context<'_>,
    apt: &AptGet,
    args: &Arguments,
    path: &Path,
    shown: &str,
    outcome: &mut Outcome,
) -> Result<bool, Failure> {
    let purpose = format!("install the package file `{shown}`");
    let program = required_command(ctx.system, &["dpkg-deb"], &purpose)?;
    let text = path.to_string_lossy().into_owned();
    let command = ctx.command([program.as_str(), "-f", &text, "Package", "Version", "Architecture"]);
    let fields = look(ctx, &command, &purpose)?.stdout_text();
    let field = |name: &str| fields.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default().to_owned();
    let (name, version) = (field("Package"), field("Version"));
    if let Some(package) = ctx.system.package(&name)? {
        match compare(&package.version, &version) {
            Ordering::Equal => return Ok(false),
            Ordering::Greater if !args.allow_downgrade && !args.force => {
                let reason = format!("it holds `{name}` {version}, and the newer {} is installed", package.version);
                return Err(Failure::new(format!("failed to {purpose}: {reason}"))
                    .hint("set `allow_downgrade: true` to go back to the older version"));
            }
            _ => {}
        }
    }
    // apt-get knows a file by the name's end.
    let words = ["install", text.as_str()];
    apt.perform(ctx, &words, &purpose, outcome)
}
