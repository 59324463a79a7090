//! The options that every module with a file has: `mode`, `owner`, `group`, `attributes`, the SELinux context, `unsafe_writes`.

use std::path::Path;

use serde_json::Value;

use crate::modules::{Args, Context, Failure, Kind, Opt};
use crate::system::{Attributes, Effect, Follow, Stat, System};

use super::mode::{self, Mode};
use super::{owner, selinux};

/// Their declarations.
pub const FILE_OPTIONS: &[Opt] = &[
    Opt::new(
        "mode",
        Kind::Mode,
        "Permissions: an octal number, best in quotes (`\"0644\"`), or a symbolic mode (`u=rw,g=r,o=`). Without it a new file follows \
         the umask of the machine and an existing one keeps its own.",
    ),
    Opt::new("owner", Kind::Str, "Name or number of the owner."),
    Opt::new("group", Kind::Str, "Name or number of the group."),
    Opt::new(
        "attributes",
        Kind::Str,
        "Flags of the file system in the letters of `lsattr`, with `=` (the default), `+` or `-` in front. Needs `chattr` on the machine.",
    )
    .aliases(&["attr"]),
    Opt::new(
        "seuser",
        Kind::Str,
        "User part of the SELinux context; `_default` takes it from the policy. Refused on machines without SELinux.",
    ),
    Opt::new(
        "serole",
        Kind::Str,
        "Role part of the SELinux context; `_default` takes it from the policy. Refused on machines without SELinux.",
    ),
    Opt::new(
        "setype",
        Kind::Str,
        "Type part of the SELinux context; `_default` takes it from the policy. Refused on machines without SELinux.",
    ),
    Opt::new(
        "selevel",
        Kind::Str,
        "Level part of the SELinux context; `_default` takes it from the policy. Refused on machines without SELinux.",
    ),
    Opt::new(
        "unsafe_writes",
        Kind::Bool,
        "Write into the file in place when the machine refuses to put a new file in its place, as with a file that is mounted into a \
         container. A reader may then see half of it.",
    )
    .default("false"),
];

/// Their values.
#[derive(Clone, Debug, Default)]
pub struct FileOptions {
    /// Permissions.
    pub mode: Option<Mode>,
    /// Owner, a name or a number.
    pub owner: Option<String>,
    /// Group, a name or a number.
    pub group: Option<String>,
    /// Flags of the file system.
    pub attributes: Option<String>,
    /// SELinux context.
    pub selinux: selinux::Wanted,
    /// Fall back to writing in place.
    pub unsafe_writes: bool,
}

impl FileOptions {
    /// Takes the options out of `args`, so that the rest fits the module's own struct.
    ///
    /// # Errors
    /// When the mode is none (`preserve`, where the module has not replaced it).
    pub fn take(args: &mut Args) -> Result<Self, Failure> {
        let mut text = |name: &str| match args.0.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let mode = match text("mode") {
            Some(text) => Some(mode::parse(&text).map_err(|reason| Failure::new(format!("failed to read the mode: {reason}")))?),
            None => None,
        };
        let selinux = selinux::Wanted { user: text("seuser"), role: text("serole"), type_: text("setype"), level: text("selevel") };
        let (owner, group, attributes) = (text("owner"), text("group"), text("attributes"));
        let unsafe_writes = args.0.remove("unsafe_writes") == Some(Value::Bool(true));
        Ok(Self { mode, owner, group, attributes, selinux, unsafe_writes })
    }

    /// The attributes for a file of which `stat` is what is there now, or for a new one.
    ///
    /// # Errors
    /// When the owner or group is not known.
    pub fn wanted(&self, system: &dyn System, stat: Option<&Stat>, is_dir: bool) -> Result<Attributes, Failure> {
        let mode = match &self.mode {
            Some(mode) => {
                let umask = system.umask()?;
                let current = stat.map_or(if is_dir { 0o777 } else { 0o666 } & !umask, |stat| stat.mode);
                Some(mode.apply(current, is_dir, umask))
            }
            None => None,
        };
        let uid = self.owner.as_deref().map(|name| owner::uid(system, name)).transpose()?;
        let gid = self.group.as_deref().map(|name| owner::gid(system, name)).transpose()?;
        Ok(Attributes { mode, uid, gid, atime: None, mtime: None })
    }

    /// Gives what is at `path` all that is asked for and different.
    ///
    /// # Errors
    /// When nothing is there, the owner or group is not known, or the machine refuses.
    pub fn apply(&self, ctx: &mut Context<'_>, path: &Path, follow: Follow) -> Result<(), Failure> {
        let Some(stat) = ctx.system.stat(path, follow)? else {
            return Err(Failure::new(format!("failed to set the attributes of `{}`: nothing is there", path.display())));
        };
        let wanted = self.wanted(ctx.system, Some(&stat), stat.is_dir())?;
        let different = Attributes {
            // A link has no permissions of its own.
            mode: wanted.mode.filter(|mode| *mode != stat.mode && !stat.is_link()),
            uid: wanted.uid.filter(|uid| *uid != stat.uid),
            gid: wanted.gid.filter(|gid| *gid != stat.gid),
            atime: None,
            mtime: None,
        };
        if different != Attributes::default() {
            ctx.system.set_attributes(path, &different, follow)?;
        }
        if let Some(attributes) = self.attributes.as_deref().filter(|_| !stat.is_link()) {
            set_flags(ctx, path, attributes)?;
        }
        selinux::apply(ctx, path, follow, &self.selinux)
    }
}

/// The flags of the file system as `lsattr` shows them, without the dashes; `None` when the file system has none.
///
/// # Errors
/// When the machine cannot tell.
pub fn flags(system: &dyn System, path: &Path) -> Result<Option<String>, Failure> {
    let Some(program) = system.which("lsattr")? else { return Ok(None) };
    let output = system.probe(&crate::system::Command::new([
        program.to_string_lossy().into_owned(),
        "-d".into(),
        path.to_string_lossy().into_owned(),
    ]))?;
    let text = output.stdout_text();
    Ok(text.split_whitespace().next().filter(|_| output.success()).map(|flags| flags.replace('-', "")))
}

fn set_flags(ctx: &mut Context<'_>, path: &Path, wanted: &str) -> Result<(), Failure> {
    let (operator, letters) = match wanted.chars().next() {
        Some(operator @ ('+' | '-' | '=')) => (operator, wanted.get(1..).unwrap_or("")),
        _ => ('=', wanted),
    };
    let program = super::required_command(ctx.system, &["chattr"], "set attributes of the file system")?;
    let current = flags(ctx.system, path)?.unwrap_or_default();
    let same = match operator {
        '+' => letters.chars().all(|letter| current.contains(letter)),
        '-' => !letters.chars().any(|letter| current.contains(letter)),
        _ => letters.chars().all(|letter| current.contains(letter)) && current.chars().all(|letter| letters.contains(letter)),
    };
    if same {
        return Ok(());
    }
    let command = ctx.command([program, format!("{operator}{letters}"), path.to_string_lossy().into_owned()]);
    let effect = Effect::Other(format!("attributes of {}: {current} changed by {operator}{letters}", path.display()));
    let output = ctx.system.run(&command, &[effect])?;
    if output.success() {
        return Ok(());
    }
    Err(Failure::command(
        format!("failed to set the attributes of `{}`: {}", path.display(), output.stderr_text().trim()),
        &command.argv,
        &output,
    ))
}
