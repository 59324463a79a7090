//! `mount_facts`: what is mounted, and what is to be.

mod size;
mod table;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use regex::Regex;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::shared::describe;
use super::shared::glob::matcher;
use super::shared::run::said;
use super::shared::uuids::Uuids;
use super::shared::{exists, required_command};
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::system::{ErrorKind, Follow};
use size::Size;
use table::Mount;

/// The declaration of `mount_facts`.
pub static MODULE: Spec = Spec {
    name: "mount_facts",
    collections: BUILTIN,
    summary: "Tell what is mounted, with sizes, as facts",
    description: &[
        "Unlike the `mounts` among the facts of `setup` it knows file systems without a device too, and what the table of the host lists without being mounted.",
        "Tables are read in the format of Linux; a source in another one is passed over with a warning.",
    ],
    options: &[
        Opt::new(
            "sources",
            Kind::List(&Kind::Str),
            "Where to look, in this order: files, `mount` (or what `mount_binary` says), `dynamic` for what is mounted, `static` for what the table of the host lists, `all` for \
             both. Files that are not there are passed over. `all` by default.",
        ),
        Opt::new("fstypes", Kind::List(&Kind::Str), "Shell patterns for types of file systems; all when none is given."),
        Opt::new("devices", Kind::List(&Kind::Str), "Shell patterns for devices or remote file systems; all when none is given."),
        Opt::new("mount_binary", Kind::Raw, "The command that lists what is mounted, for hosts whose files do not tell; `null`: none.")
            .default("\"mount\""),
        Opt::new(
            "timeout",
            Kind::Float,
            "Seconds to wait for the size of a file system, and for `mount_binary`; for as long as it takes by default.",
        ),
        Opt::new("on_timeout", Kind::Str, "What happens then: the task fails, warns, or goes on without the size.")
            .choices(&["error", "warn", "ignore"])
            .default("\"error\""),
        Opt::new(
            "include_aggregate_mounts",
            Kind::Bool,
            "Whether `aggregate_mounts` lists every mount. Without a value there is a warning where a directory is mounted on more than once.",
        ),
    ],
    rules: &[],
    free_form: None,
    returns: &[Return {
        name: "ansible_facts",
        kind: "dict",
        when: "success",
        doc: "`mount_points`: by directory, the first mount there. `aggregate_mounts`: a list of all of them, when that is asked for.",
    }],
    examples: "
- name: What is mounted from elsewhere
  mount_facts:
    sources: [dynamic]
    fstypes: [nfs*, cifs]
    timeout: 10
    on_timeout: warn
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    sources: Option<Vec<String>>,
    fstypes: Option<Vec<String>>,
    devices: Option<Vec<String>>,
    mount_binary: Value,
    timeout: Option<f64>,
    on_timeout: OnTimeout,
    include_aggregate_mounts: Option<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OnTimeout {
    Error,
    Warn,
    Ignore,
}

const DYNAMIC: &[&str] = &["/etc/mtab", "/proc/mounts", "/etc/mnttab"];
/// `/etc/filesystems` of Linux is something else.
const STATIC: &[&str] = &["/etc/fstab", "/etc/vfstab"];

/// Where to look.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    File(String),
    /// The command.
    Command,
    /// The command, when none of the files before tells what is mounted.
    CommandOtherwise,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let wrong = |option: &str, why: &str| Failure::new(format!("failed to read `{option}`: {why}"));
    let binary = match &args.mount_binary {
        Value::Null => None,
        Value::String(text) if !text.is_empty() => Some(text.as_str()),
        _ => return Err(wrong("mount_binary", "it is the name or path of a command, or `null`")),
    };
    let timeout = match args.timeout {
        None => None,
        Some(seconds) if seconds > 0.0 && seconds.is_finite() => Some(Duration::from_secs_f64(seconds.min(1e9))),
        Some(_) => return Err(wrong("timeout", "it is a number of seconds greater than 0, or `null`")),
    };
    let sources = sources(args.sources.as_deref(), binary).ok_or_else(|| wrong("sources", "one of them is empty"))?;
    let mut gathered = Gathered { warnings: Vec::new(), seen: BTreeSet::new(), mounts: Vec::new(), timeout, on_timeout: args.on_timeout };
    let mut is_told = false;
    for source in sources {
        match (source, binary) {
            (Source::File(path), _) => is_told |= gathered.file(ctx, &path)? && DYNAMIC.contains(&path.as_str()),
            (Source::CommandOtherwise, Some(binary)) if !is_told => gathered.command(ctx, binary)?,
            (Source::Command, Some(binary)) => gathered.command(ctx, binary)?,
            _ => {}
        }
    }
    gathered.told(ctx, &args)
}

/// The sources in their order, aliases put in full; `None` when one is empty.
fn sources(given: Option<&[String]>, binary: Option<&str>) -> Option<Vec<Source>> {
    let mut all = Vec::new();
    let files = |list: &[&str]| list.iter().map(|path| Source::File((*path).to_owned())).collect::<Vec<_>>();
    let default = ["all".to_owned()];
    for word in given.unwrap_or(&default) {
        match word.as_str() {
            "" => return None,
            "all" | "dynamic" => {
                all.extend(files(DYNAMIC));
                all.push(Source::CommandOtherwise);
                if word == "all" {
                    all.extend(files(STATIC));
                }
            }
            "static" => all.extend(files(STATIC)),
            word if Some(word) == binary => all.push(Source::Command),
            path => all.push(Source::File(path.to_owned())),
        }
    }
    Some(all)
}

struct Gathered {
    warnings: Vec<String>,
    seen: BTreeSet<PathBuf>,
    mounts: Vec<Mount>,
    timeout: Option<Duration>,
    on_timeout: OnTimeout,
}

impl Gathered {
    /// Takes what a file lists; whether there was anything.
    fn file(&mut self, ctx: &Context<'_>, path: &str) -> Result<bool, Failure> {
        let place = Path::new(path);
        if !ctx.system.stat(place, Follow::Yes)?.is_some_and(|stat| stat.is_file()) {
            return Ok(false);
        }
        if !self.seen.insert(one_name(&ctx.system.real_path(place)?)) {
            return Ok(true);
        }
        let text = String::from_utf8_lossy(&ctx.system.read(place)?).into_owned();
        match table::of_file(&text, path) {
            Some(mounts) => {
                let any = !mounts.is_empty();
                self.mounts.extend(mounts);
                Ok(any)
            }
            None => {
                self.warnings.push(format!("`{path}` is no table of mounts as Linux has it, and was passed over"));
                Ok(false)
            }
        }
    }

    /// Takes what the command lists.
    fn command(&mut self, ctx: &Context<'_>, binary: &str) -> Result<(), Failure> {
        let program = if binary.contains('/') {
            if !exists(ctx.system, Path::new(binary))? {
                return Err(Failure::new(format!("failed to list what is mounted: there is no `{binary}`")).missing_on(ctx.system));
            }
            binary.to_owned()
        } else {
            required_command(ctx.system, &[binary], "list what is mounted")?
        };
        if !self.seen.insert(PathBuf::from(&program)) {
            return Ok(());
        }
        let mut command = ctx.command([program]);
        command.timeout = self.timeout;
        let output = match ctx.system.probe(&command) {
            Err(error) if error.kind == ErrorKind::TimedOut => return self.timed_out(&format!("`{binary}`")),
            output => output?,
        };
        if !output.success() {
            return Err(Failure::command(format!("failed to list what is mounted: {}", said(&output)), &command.argv, &output));
        }
        match table::of_command(&output.stdout_text(), binary) {
            Some(mounts) => self.mounts.extend(mounts),
            None => self.warnings.push(format!("`{binary}` does not list what is mounted as Linux does, and was passed over")),
        }
        Ok(())
    }

    fn timed_out(&mut self, what: &str) -> Result<(), Failure> {
        let seconds = self.timeout.map_or(0.0, |timeout| timeout.as_secs_f64());
        match self.on_timeout {
            OnTimeout::Error => Err(Failure::new(format!("failed to gather mounts: {what} took longer than {seconds} seconds"))
                .hint("set `on_timeout: warn` to go on without it")),
            OnTimeout::Warn => {
                self.warnings.push(format!("{what} took longer than {seconds} seconds"));
                Ok(())
            }
            OnTimeout::Ignore => Ok(()),
        }
    }

    /// The facts of the mounts that are asked for.
    fn told(mut self, ctx: &mut Context<'_>, args: &Arguments) -> ModuleResult {
        let fits = [patterns(args.fstypes.as_deref()), patterns(args.devices.as_deref())];
        let fits = |mount: &Mount| {
            let [types, devices] = &fits;
            let any = |patterns: &Option<Vec<Regex>>, text: &str| {
                patterns.as_ref().is_none_or(|patterns| patterns.iter().any(|pattern| pattern.is_match(text)))
            };
            any(types, &mount.fstype) && any(devices, &mount.device)
        };
        let ids = Uuids::read(ctx.system);
        let (mut points, mut list, mut repeated): (Map<String, Value>, Vec<Value>, Vec<String>) = Default::default();
        for mount in std::mem::take(&mut self.mounts).into_iter().filter(fits) {
            let is_known = points.contains_key(&mount.mount);
            if is_known && args.include_aggregate_mounts != Some(true) {
                repeated.push(format!("`{}` ({})", mount.mount, mount.source));
                continue;
            }
            let mut value = mount.value();
            let uuid = mount.device.strip_prefix("UUID=").map(str::to_owned).or_else(|| ids.of(ctx.system, &mount.device));
            value.insert("uuid".to_owned(), json!(uuid));
            match size::of(ctx, Path::new(&mount.mount), self.timeout)? {
                Size::Known(space) => describe::space(&mut value, &space),
                Size::Unknown => {}
                Size::TimedOut => self.timed_out(&format!("the size of `{}`", mount.mount))?,
            }
            if args.include_aggregate_mounts == Some(true) {
                list.push(value.clone().into());
            }
            if !is_known {
                points.insert(mount.mount, value.into());
            }
        }
        if args.include_aggregate_mounts.is_none() && !repeated.is_empty() {
            repeated.dedup();
            self.warnings.push(format!(
                "more than one mount is listed for a directory, and the first one counts; left out: {}; `include_aggregate_mounts` tells of all",
                repeated.join(", ")
            ));
        }
        let facts = json!({"mount_points": points, "aggregate_mounts": list});
        let outcome = Outcome::new().with("ansible_facts", facts).changed(false);
        Ok(self.warnings.into_iter().fold(outcome, Outcome::warn))
    }
}

/// `/proc/self/…` under the name that is the same for all processes.
fn one_name(path: &Path) -> PathBuf {
    let mut parts = path.components();
    let start: Vec<_> = parts.by_ref().take(3).map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    match start.as_slice() {
        [_, proc, number] if proc == "proc" && number.bytes().all(|b| b.is_ascii_digit()) => Path::new("/proc/self").join(parts.as_path()),
        _ => path.to_path_buf(),
    }
}

fn patterns(given: Option<&[String]>) -> Option<Vec<Regex>> {
    given.map(|given| given.iter().filter_map(|pattern| matcher(pattern)).collect())
}

#[cfg(test)]
mod tests;
