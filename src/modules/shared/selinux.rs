//! The SELinux context of files.

use std::path::Path;

use crate::modules::{Context, Failure};
use crate::system::{Command, Effect, Follow, Result, System};

/// The parts of a context that a task asks for. `_default` stands for what the policy says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// User.
    pub user: Option<String>,
    /// Role.
    pub role: Option<String>,
    /// Type.
    pub type_: Option<String>,
    /// Level (range).
    pub level: Option<String>,
}

impl Wanted {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Whether the machine has SELinux switched on.
///
/// # Errors
/// When the machine cannot tell.
pub fn enabled(system: &dyn System) -> Result<bool> {
    Ok(system.stat(Path::new("/sys/fs/selinux/enforce"), Follow::Yes)?.is_some())
}

/// The context of what is at `path`; `None` when it has none.
///
/// # Errors
/// When the machine cannot tell.
pub fn context(system: &dyn System, path: &Path, follow: Follow) -> Result<Option<String>> {
    let mut argv = vec!["stat".to_owned(), "-c".to_owned(), "%C".to_owned()];
    if follow == Follow::Yes {
        argv.push("-L".to_owned());
    }
    argv.push(path.to_string_lossy().into_owned());
    let output = system.probe(&Command::new(argv))?;
    let text = output.stdout_text().trim().to_owned();
    Ok((output.success() && text.contains(':')).then_some(text))
}

/// Gives what is at `path` the parts of the context that `wanted` names.
///
/// # Errors
/// When the machine has no SELinux, or refuses.
pub fn apply(ctx: &mut Context<'_>, path: &Path, follow: Follow, wanted: &Wanted) -> std::result::Result<(), Failure> {
    if wanted.is_empty() {
        return Ok(());
    }
    if !enabled(ctx.system)? {
        return Err(Failure::new(format!(
            "failed to set the SELinux context of `{}`: SELinux is not enabled on the machine",
            path.display()
        ))
        .hint("leave out `seuser`, `serole`, `setype` and `selevel` for machines without SELinux"));
    }
    let current = context(ctx.system, path, follow)?.unwrap_or_default();
    let policy = ctx.system.probe(&Command::new(["matchpathcon", "-n", &path.to_string_lossy()]))?.stdout_text();
    let aimed = merge(&current, policy.trim(), wanted);
    if aimed == current {
        return Ok(());
    }
    let mut argv = vec!["chcon".to_owned()];
    if follow == Follow::No {
        argv.push("-h".to_owned());
    }
    argv.extend([aimed.clone(), path.to_string_lossy().into_owned()]);
    let command = ctx.command(argv);
    let output = ctx.system.run(&command, &[Effect::Other(format!("SELinux context of {}: {current} to {aimed}", path.display()))])?;
    if !output.success() {
        return Err(Failure::command(format!("failed to set the SELinux context of `{}`", path.display()), &command.argv, &output));
    }
    Ok(())
}

/// `current` with the wanted parts put in; `policy` is where `_default` takes them from.
fn merge(current: &str, policy: &str, wanted: &Wanted) -> String {
    let part = |text: &str, at: usize| text.splitn(4, ':').nth(at).map(str::to_owned);
    let parts = [&wanted.user, &wanted.role, &wanted.type_, &wanted.level].into_iter().enumerate().map(|(at, part_wanted)| {
        let kept = part(current, at);
        match part_wanted.as_deref() {
            None => kept,
            Some("_default") => part(policy, at).or(kept),
            Some(other) => Some(other.to_owned()),
        }
    });
    parts.flatten().collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_wanted_parts_change() {
        let wanted = Wanted { type_: Some("httpd_sys_content_t".into()), user: Some("_default".into()), ..Wanted::default() };
        assert_eq!(
            merge("unconfined_u:object_r:tmp_t:s0:c1,c2", "system_u:object_r:etc_t:s0", &wanted),
            "system_u:object_r:httpd_sys_content_t:s0:c1,c2"
        );
    }
}
