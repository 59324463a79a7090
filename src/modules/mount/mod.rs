//! `mount`: what is mounted, and what `/etc/fstab` says.

mod fstab;
mod table;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::shared::backup::backup;
use super::shared::ids::text_of;
use super::shared::run::{change, said};
use super::shared::{exists, required_command};
use super::spec::POSIX;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::system::{Attributes, Command, Content, Effect, Follow};
use fstab::Entry;

/// The declaration of `mount`.
pub static MODULE: Spec = Spec {
    name: "mount",
    collections: POSIX,
    summary: "Mount and unmount file systems, and keep `/etc/fstab`",
    description: &[
        "An entry of fstab belongs to its mount point; swap areas, which have none, are told apart by `src`. All other lines stay as they are.",
        "When mounting fails, fstab and the mount point are put back as they were.",
    ],
    options: &[
        Opt::new("path", Kind::Path, "The mount point; `none` for swap.").required().aliases(&["name"]),
        Opt::new(
            "state",
            Kind::Str,
            "`mounted`: in fstab and mounted; a missing mount point is made. `present`: in fstab only. `unmounted`: not mounted; fstab stays. `absent`: \
             neither mounted nor in fstab, and the mount point is removed (when it was not in fstab, nothing happens). `absent_from_fstab`: not in fstab; \
             what is mounted stays. `remounted`: mounted again, with `opts` if given. `ephemeral`: mounted, or mounted again; fstab is not looked at. \
             `remounted` and `ephemeral` are done each time.",
        )
        .required()
        .choices(&["absent", "absent_from_fstab", "mounted", "present", "unmounted", "remounted", "ephemeral"]),
        Opt::new("src", Kind::Path, "What to mount: a device, `UUID=…`, `LABEL=…`, a network share, a directory."),
        Opt::new("fstype", Kind::Str, "The type of file system: `ext4`, `xfs`, `nfs`, `none` for a bind mount, `swap`."),
        Opt::new("opts", Kind::Str, "The options of the mount, separated by commas. `defaults` in fstab when not given."),
        Opt::new("opts_no_log", Kind::Bool, "Whether `opts` holds something secret, to be shown neither in results nor in differences.").default("false"),
        Opt::new("boot", Kind::Bool, "Whether it is mounted at boot. If not, `noauto` is added to the options in fstab.").default("true"),
        Opt::new("dump", Kind::Str, "The fifth field of fstab, for `dump`.").default("\"0\""),
        Opt::new("passno", Kind::Str, "The sixth field of fstab: the order in which file systems are checked at boot.").default("\"0\""),
        Opt::new("fstab", Kind::Str, "The file to keep in place of `/etc/fstab`."),
        Opt::new("backup", Kind::Bool, "Whether a copy of fstab is kept before it changes.").default("false"),
    ],
    rules: &[
        Rule::If("state", "mounted", &["src", "fstype"]),
        Rule::If("state", "present", &["src", "fstype"]),
        Rule::If("state", "ephemeral", &["src", "fstype"]),
    ],
    free_form: None,
    returns: &[
        Return { name: "name", kind: "str", when: "always", doc: "The mount point." },
        Return { name: "src", kind: "str", when: "src is given", doc: "What `src` says." },
        Return { name: "fstype", kind: "str", when: "fstype is given", doc: "What `fstype` says." },
        Return { name: "opts", kind: "str", when: "always", doc: "The options as they are in fstab." },
        Return { name: "boot", kind: "str", when: "always", doc: "`yes` or `no`." },
        Return { name: "dump", kind: "str", when: "always", doc: "What `dump` says." },
        Return { name: "passno", kind: "str", when: "always", doc: "What `passno` says." },
        Return { name: "fstab", kind: "str", when: "always", doc: "The file that was kept." },
        Return { name: "backup_file", kind: "str", when: "always", doc: "The copy of the file as it was; empty when there is none." },
    ],
    examples: "
- name: The data volume
  mount:
    path: /var/kend
    src: UUID=b3e48f45-ef1e-4ec0-9b2b-0a7e1a7b0d7e
    fstype: ext4
    opts: defaults,noatime,nofail
    passno: \"2\"
    state: mounted

- name: A directory at a second place, until the next boot
  mount:
    path: /srv/www
    src: /var/www
    fstype: none
    opts: bind
    state: ephemeral
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    path: String,
    state: State,
    src: Option<String>,
    fstype: Option<String>,
    opts: Option<String>,
    opts_no_log: bool,
    boot: bool,
    dump: Option<String>,
    passno: Option<String>,
    fstab: Option<PathBuf>,
    backup: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Absent,
    AbsentFromFstab,
    Mounted,
    Present,
    Unmounted,
    Remounted,
    Ephemeral,
}

const FSTAB: &str = "/etc/fstab";

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let task = Task::new(&args);
    let mut outcome = Outcome::new()
        .with("name", args.path.as_str())
        .with("boot", if args.boot { "yes" } else { "no" })
        .with("dump", task.entry.dump.as_str())
        .with("passno", task.entry.passno.as_str())
        .with("opts", if args.opts_no_log { crate::base::secret::MASK } else { task.entry.opts.as_str() })
        .with("fstab", task.fstab.to_string_lossy())
        .with("backup_file", "");
    for (name, value) in [("src", &args.src), ("fstype", &args.fstype)] {
        if let Some(value) = value {
            outcome = outcome.with(name, value.as_str());
        }
    }
    let done = match args.state {
        State::Present => task.set(ctx),
        State::AbsentFromFstab => task.unset(ctx),
        State::Mounted => task.mounted(ctx),
        State::Unmounted => task.unmounted(ctx),
        State::Absent => task.absent(ctx),
        State::Remounted => task.remounted(ctx),
        State::Ephemeral => task.ephemeral(ctx),
    }?;
    if let Some(copy) = done.backup {
        outcome = outcome.with("backup_file", copy.to_string_lossy());
    }
    if args.opts_no_log {
        // The differences of fstab would show them.
        outcome = outcome.with("diff", Vec::<serde_json::Value>::new());
    }
    if let Some(warning) = done.warning {
        outcome = outcome.warn(warning);
    }
    Ok(outcome)
}

struct Task<'a> {
    args: &'a Arguments,
    fstab: PathBuf,
    entry: Entry,
}

/// What came of it beside changes.
#[derive(Default)]
struct Done {
    backup: Option<PathBuf>,
    warning: Option<String>,
}

impl<'a> Task<'a> {
    fn new(args: &'a Arguments) -> Self {
        let mut opts = args.opts.clone().filter(|opts| !opts.is_empty()).unwrap_or_else(|| "defaults".to_owned());
        if !args.boot && !opts.split(',').any(|option| option.trim() == "noauto") {
            opts.push_str(",noauto");
        }
        let field = |value: &Option<String>| value.clone().filter(|value| !value.is_empty()).unwrap_or_else(|| "0".to_owned());
        let entry = Entry {
            src: args.src.clone().unwrap_or_default(),
            path: args.path.clone(),
            fstype: args.fstype.clone().unwrap_or_default(),
            opts,
            dump: field(&args.dump),
            passno: field(&args.passno),
        };
        Self { args, fstab: args.fstab.clone().unwrap_or_else(|| PathBuf::from(FSTAB)), entry }
    }

    fn path(&self) -> &Path {
        Path::new(&self.args.path)
    }

    fn fail(&self, what: &str, reason: &str) -> Failure {
        Failure::new(format!("failed to {what} `{}`: {reason}", self.args.path))
    }

    /// The text of fstab, and where it is behind links.
    fn read(&self, ctx: &Context<'_>) -> Result<(String, PathBuf), Failure> {
        let text = text_of(ctx.system, &self.fstab.to_string_lossy())?;
        let is_link = ctx.system.stat(&self.fstab, Follow::No)?.is_some_and(|stat| stat.is_link());
        let path = if is_link { ctx.system.real_path(&self.fstab)? } else { self.fstab.clone() };
        Ok((text, path))
    }

    fn write(&self, ctx: &mut Context<'_>, path: &Path, text: &str) -> Result<Done, Failure> {
        let copy = if self.args.backup { backup(ctx.system, path)? } else { None };
        ctx.system.write(path, Content::Bytes(text.as_bytes()), &Attributes::default())?;
        Ok(Done { backup: copy, warning: None })
    }

    fn set(&self, ctx: &mut Context<'_>) -> Result<Done, Failure> {
        let (old, path) = self.read(ctx)?;
        match fstab::set(&old, &self.entry) {
            Some(new) => self.write(ctx, &path, &new),
            None => Ok(Done::default()),
        }
    }

    fn unset(&self, ctx: &mut Context<'_>) -> Result<Done, Failure> {
        let (old, path) = self.read(ctx)?;
        match fstab::unset(&old, &self.args.path, self.args.src.as_deref()) {
            Some(new) => self.write(ctx, &path, &new),
            None => Ok(Done::default()),
        }
    }

    fn mounted(&self, ctx: &mut Context<'_>) -> Result<Done, Failure> {
        if self.entry.fstype == "swap" {
            return Err(self.fail("mount", "a swap area cannot be mounted").hint("use `state: present` and run `swapon`"));
        }
        let (old, path) = self.read(ctx)?;
        let made = self.make_mount_point(ctx)?;
        let new = fstab::set(&old, &self.entry);
        let was_there = exists(ctx.system, &path)?;
        let mut done = match &new {
            Some(new) => self.write(ctx, &path, new)?,
            None => Done::default(),
        };
        let mount = table::find(ctx, self.path())?;
        let result = match &mount {
            Some(_) if new.is_none() => return Ok(done),
            Some(mount) => {
                if !table::is_source(ctx, mount, &self.entry.src)? {
                    done.warning = Some(format!(
                        "`{}` stays mounted on `{}` until it is unmounted, although fstab names `{}` now",
                        mount.source, self.args.path, self.entry.src
                    ));
                }
                self.remount(ctx, None)
            }
            None => {
                let mut words = Vec::new();
                if self.args.fstab.is_some() {
                    words.extend(["-T".to_owned(), self.fstab.to_string_lossy().into_owned()]);
                }
                words.push(self.args.path.clone());
                self.run_mount(ctx, words, &[self.mounted_effect()], "mount")
            }
        };
        if let Err(failure) = result {
            if new.is_some() {
                if was_there {
                    ctx.system.write(&path, Content::Bytes(old.as_bytes()), &Attributes::default())?;
                } else {
                    ctx.system.remove(&path)?;
                }
            }
            if let Some(top) = made {
                ctx.system.remove(&top)?;
            }
            return Err(failure.hint("fstab and the mount point are as they were before"));
        }
        Ok(done)
    }

    fn unmounted(&self, ctx: &mut Context<'_>) -> Result<Done, Failure> {
        if table::find(ctx, self.path())?.is_some() {
            self.unmount(ctx)?;
        }
        Ok(Done::default())
    }

    fn absent(&self, ctx: &mut Context<'_>) -> Result<Done, Failure> {
        let (old, path) = self.read(ctx)?;
        let Some(new) = fstab::unset(&old, &self.args.path, self.args.src.as_deref()) else { return Ok(Done::default()) };
        self.unmounted(ctx)?;
        if table::find(ctx, self.path())?.is_some() {
            return Err(self.fail("unmount", "something else is still mounted there").hint("use `state: unmounted` until nothing is"));
        }
        // Only an empty directory goes.
        let point = self.path();
        let stat = if self.args.path == "none" { None } else { ctx.system.stat(point, Follow::No)? };
        let is_dir = stat.as_ref().is_some_and(crate::system::Stat::is_dir);
        if is_dir && !ctx.system.list(point)?.is_empty() {
            return Err(self
                .fail("remove the mount point", "the directory is not empty")
                .hint("use `state: absent_from_fstab` and `state: unmounted` to keep it"));
        }
        let done = self.write(ctx, &path, &new)?;
        if is_dir {
            ctx.system.remove(point)?;
        }
        Ok(done)
    }

    fn remounted(&self, ctx: &mut Context<'_>) -> Result<Done, Failure> {
        if table::find(ctx, self.path())?.is_none() {
            return Err(self.fail("remount", "nothing is mounted there").hint("use `state: mounted`"));
        }
        self.remount(ctx, self.args.opts.as_deref())?;
        Ok(Done::default())
    }

    fn ephemeral(&self, ctx: &mut Context<'_>) -> Result<Done, Failure> {
        if let Some(mount) = table::find(ctx, self.path())? {
            if !table::is_source(ctx, &mount, &self.entry.src)? {
                let reason = format!("`{}` is mounted there, not `{}`", mount.source, self.entry.src);
                return Err(self.fail("mount", &reason).hint("use `state: unmounted` first, or another path"));
            }
            self.remount(ctx, self.args.opts.as_deref())?;
            return Ok(Done::default());
        }
        let made = self.make_mount_point(ctx)?;
        let mut words = vec!["-t".to_owned(), self.entry.fstype.clone()];
        if let Some(opts) = &self.args.opts {
            words.extend(["-o".to_owned(), opts.clone()]);
        }
        words.extend([self.entry.src.clone(), self.args.path.clone()]);
        if let Err(failure) = self.run_mount(ctx, words, &[self.mounted_effect()], "mount") {
            if let Some(top) = made {
                ctx.system.remove(&top)?;
            }
            return Err(failure);
        }
        Ok(Done::default())
    }

    fn mounted_effect(&self) -> Effect {
        Effect::Mounted { source: self.entry.src.clone(), target: self.path().to_path_buf(), fstype: self.entry.fstype.clone() }
    }

    /// Makes the mount point if it is missing, and returns the topmost directory that was made.
    fn make_mount_point(&self, ctx: &mut Context<'_>) -> Result<Option<PathBuf>, Failure> {
        let mut missing = Vec::new();
        for dir in self.path().ancestors() {
            if dir.as_os_str().is_empty() || exists(ctx.system, dir)? {
                break;
            }
            missing.push(dir.to_path_buf());
        }
        for dir in missing.iter().rev() {
            ctx.system.make_dir(dir, 0o755)?;
        }
        Ok(missing.pop())
    }

    fn command(&self, ctx: &Context<'_>, program: &str, words: Vec<String>) -> Result<Command, Failure> {
        let program = required_command(ctx.system, &[program], &format!("{program} `{}`", self.args.path))?;
        Ok(ctx.command([program].into_iter().chain(words)))
    }

    fn run_mount(&self, ctx: &mut Context<'_>, words: Vec<String>, effects: &[Effect], verb: &str) -> Result<(), Failure> {
        let command = self.command(ctx, "mount", words)?;
        let output = ctx.system.run(&command, effects)?;
        if output.success() {
            return Ok(());
        }
        let mut argv = command.argv;
        if let Some(opts) = self.args.opts.as_deref().filter(|_| self.args.opts_no_log) {
            argv = argv.iter().map(|word| word.replace(opts, crate::base::secret::MASK)).collect();
        }
        Err(Failure::command(format!("failed to {verb} `{}`: {}", self.args.path, said(&output)), &argv, &output))
    }

    /// Mounts again what is mounted: with these options, or (when that is refused without any) by unmounting it first.
    fn remount(&self, ctx: &mut Context<'_>, opts: Option<&str>) -> Result<(), Failure> {
        let option = opts.map_or_else(|| "remount".to_owned(), |opts| format!("remount,{opts}"));
        let words = vec!["-o".to_owned(), option, self.args.path.clone()];
        let effects = [Effect::Other(format!("mount {}: remounted", self.args.path))];
        let result = self.run_mount(ctx, words, &effects, "remount");
        if result.is_ok() || opts.is_some() {
            return result;
        }
        self.unmount(ctx)?;
        let effects = [self.mounted_effect()];
        self.run_mount(ctx, vec![self.args.path.clone()], &effects, "mount")
    }

    fn unmount(&self, ctx: &mut Context<'_>) -> Result<(), Failure> {
        let command = self.command(ctx, "umount", vec![self.args.path.clone()])?;
        change(ctx, &command, &[Effect::Unmounted(self.path().to_path_buf())], &format!("unmount `{}`", self.args.path))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
