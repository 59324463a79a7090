//! `filesystem`: file systems on devices and in image files.

mod grow;
mod kinds;
mod signature;

use std::path::PathBuf;

use serde::Deserialize;

use super::shared::required_command;
use super::shared::run::change;
use super::shared::state::State;
use super::spec::GENERAL;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Rule, Spec};
use crate::base::shlex;
use crate::system::{Effect, FileKind, Follow};
use kinds::FsKind;
use signature::Signature;

/// The declaration of `filesystem`.
pub static MODULE: Spec = Spec {
    name: "filesystem",
    collections: GENERAL,
    summary: "Make, grow and remove file systems",
    description: &[
        "A file system is made only where nothing is: neither another file system nor a partition table, as `blkid` of the host sees it; `force` overwrites.",
        "A device that has a file system of the wanted type stays as it is, whatever `opts` says.",
    ],
    options: &[
        Opt::new("dev", Kind::Path, "The device, or a file that holds the image of one.").required().aliases(&["device"]),
        Opt::new("state", Kind::Str, "`present`: it has the file system. `absent`: it has none; all signatures are wiped, and a missing device is no error.")
            .choices(&["present", "absent"])
            .default("\"present\""),
        Opt::new("fstype", Kind::Str, "The type of file system. Needed with `state: present`.").choices(kinds::NAMES).aliases(&["type"]),
        Opt::new("opts", Kind::Str, "More options for the command that makes it, as on a command line."),
        Opt::new("force", Kind::Bool, "Whether what is on the device may be overwritten.").default("false"),
        Opt::new(
            "resizefs",
            Kind::Bool,
            "Whether a file system that is smaller than its device grows. For btrfs, ext2, ext3, ext4, ext4dev, f2fs, lvm, vfat and xfs; btrfs and xfs have to be mounted.",
        )
        .default("false"),
        Opt::new(
            "uuid",
            Kind::Str,
            "The UUID of the file system, or a word that the host's tools know (`random`). For bcachefs (when it is made), ext2, ext3, ext4, ext4dev, xfs, and lvm, of which the \
             value is ignored. A UUID that is there already is no change.",
        ),
    ],
    rules: &[Rule::If("state", "present", &["fstype"]), Rule::Exclusive(&["resizefs", "uuid"])],
    free_form: None,
    returns: &[],
    examples: "
- name: The volume has a file system
  filesystem:
    dev: /dev/xvdd
    fstype: ext4

- name: It is as large as the volume
  filesystem:
    dev: /dev/xvdd
    fstype: ext4
    resizefs: true
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    dev: PathBuf,
    state: State,
    fstype: Option<FsKind>,
    opts: Option<String>,
    force: bool,
    resizefs: bool,
    uuid: Option<String>,
}

impl Arguments {
    fn fail(&self, what: &str, reason: &str) -> Failure {
        Failure::new(format!("failed to {what} `{}`: {reason}", self.dev.display()))
    }

    fn dev(&self) -> String {
        self.dev.to_string_lossy().into_owned()
    }

    /// Runs a command after which the device holds something else.
    fn change(&self, ctx: &mut Context<'_>, program: &str, words: &[String], purpose: &str) -> Result<String, Failure> {
        let purpose = format!("{purpose} `{}`", self.dev.display());
        let program = required_command(ctx.system, &[program], &purpose)
            .map_err(|failure| failure.hint("install the package with the tools of this file system on the host"))?;
        let command = ctx.command([program].iter().chain(words).cloned());
        let output = change(ctx, &command, &[Effect::FileWritten(self.dev.clone())], &purpose)?;
        Ok(output.stdout_text())
    }
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let kind = ctx.system.stat(&args.dev, Follow::Yes)?.map(|stat| stat.kind);
    let outcome = Outcome::new();
    match kind {
        None if args.state == State::Absent => {
            return Ok(outcome.with("msg", format!("the device `{}` does not exist", args.dev.display())));
        }
        None => {
            let failure = args.fail("find the device", "it does not exist").hint("attach the volume, or correct `dev`");
            return Err(failure.missing_on(ctx.system));
        }
        Some(FileKind::Block | FileKind::File | FileKind::Character) => {}
        Some(_) => return Err(args.fail("use", "it is neither a device nor a file")),
    }
    let signature = Signature::read(ctx, &args)?;
    let Some(wanted) = args.fstype.filter(|_| args.state == State::Present) else {
        return wipe(ctx, &args, &signature, outcome);
    };
    let fits = signature.fstype.as_deref().is_some_and(|name| wanted.is_called(name));
    if fits && !args.force {
        if args.resizefs {
            return grow::grow(ctx, &args, wanted, outcome);
        }
        if let Some(uuid) = &args.uuid {
            set_uuid(ctx, &args, wanted, uuid, &signature)?;
        }
        return Ok(outcome);
    }
    if let Some(what) = signature.what().filter(|_| !args.force) {
        return Err(args
            .fail(&format!("make the file system {} on", wanted.name()), &format!("the device holds {what}"))
            .hint("set `force: true` to overwrite it; all data on it is lost then"));
    }
    make(ctx, &args, wanted)?;
    Ok(outcome)
}

fn make(ctx: &mut Context<'_>, args: &Arguments, wanted: FsKind) -> Result<(), Failure> {
    let purpose = format!("make the file system {} on", wanted.name());
    let maker = wanted.maker();
    let mut words: Vec<String> = maker.options.iter().map(|option| (*option).to_owned()).collect();
    if let Some(uuid) = &args.uuid {
        match maker.uuid {
            kinds::Uuid::Unsupported => return Err(args.fail(&purpose, "`uuid` cannot be set for this file system")),
            kinds::Uuid::Option(option) => words.extend([option.to_owned(), uuid.clone()]),
            kinds::Uuid::Afterwards => {}
        }
    }
    if let Some(opts) = &args.opts {
        words.extend(shlex::split(opts).map_err(|reason| args.fail(&purpose, &format!("`opts` cannot be read: {reason}")))?);
    }
    words.push(args.dev());
    args.change(ctx, maker.program, &words, &purpose)?;
    match (&args.uuid, maker.uuid) {
        (Some(uuid), kinds::Uuid::Afterwards) => change_uuid(ctx, args, wanted, uuid),
        _ => Ok(()),
    }
}

fn set_uuid(ctx: &mut Context<'_>, args: &Arguments, wanted: FsKind, uuid: &str, signature: &Signature) -> Result<(), Failure> {
    if signature.uuid.as_deref().is_some_and(|current| current.eq_ignore_ascii_case(uuid)) {
        return Ok(());
    }
    change_uuid(ctx, args, wanted, uuid)
}

fn change_uuid(ctx: &mut Context<'_>, args: &Arguments, wanted: FsKind, uuid: &str) -> Result<(), Failure> {
    let purpose = "set the UUID of the file system on";
    let (program, words) = match wanted {
        FsKind::Ext2 | FsKind::Ext3 | FsKind::Ext4 | FsKind::Ext4dev => ("tune2fs", vec!["-U".to_owned(), uuid.to_owned()]),
        FsKind::Xfs => ("xfs_admin", vec!["-U".to_owned(), uuid.to_owned()]),
        // It draws one itself.
        FsKind::Lvm => ("pvchange", vec!["-u".to_owned()]),
        _ => return Err(args.fail(purpose, "`uuid` cannot be set for this file system")),
    };
    let words: Vec<String> = words.into_iter().chain([args.dev()]).collect();
    args.change(ctx, program, &words, purpose).map(drop)
}

fn wipe(ctx: &mut Context<'_>, args: &Arguments, signature: &Signature, outcome: Outcome) -> ModuleResult {
    if signature.what().is_some() {
        args.change(ctx, "wipefs", &["--all".to_owned(), args.dev()], "wipe")?;
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests;
