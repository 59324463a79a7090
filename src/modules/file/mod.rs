//! `file`: what is at a path, and with which attributes.

mod link;
#[cfg(test)]
mod tests;
mod times;
mod tree;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::shared::describe::{self, describe};
use super::shared::file_options::{FILE_OPTIONS, FileOptions};
use super::spec::{BUILTIN, join};
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::system::{Attributes, Content, Follow, Stat};
use times::Times;

const OWN: &[Opt] = &[
    Opt::new("path", Kind::Path, "The path.").required().aliases(&["dest", "name"]),
    Opt::new(
        "state",
        Kind::Str,
        "What is to be there. `file`: a file that is there already; it is not made. `directory`: a directory, made with its parents. `touch`: \
         a file, made empty when missing, with its times set to now. `link`, `hard`: a symbolic or hard link to `src`. `absent`: nothing; a \
         directory goes with all that is in it. Without it: what is there now, else `directory` with `recurse`, else `file`.",
    )
    .choices(&["absent", "directory", "file", "hard", "link", "touch"]),
    Opt::new(
        "src",
        Kind::Path,
        "What a link points to. A relative path is written into a symbolic link as it is, and means something from where the link lies.",
    ),
    Opt::new("follow", Kind::Bool, "Whether a symbolic link at `path` stands for what it points to; of a link itself: whether attributes go to that.")
        .default("true"),
    Opt::new(
        "force",
        Kind::Bool,
        "Make a symbolic link even if `src` does not exist, and put links in the place of files and empty directories.",
    )
    .default("false"),
    Opt::new("recurse", Kind::Bool, "With `state: directory`: give the attributes to everything in it too.").default("false"),
    Opt::new("modification_time", Kind::Str, "`preserve`, `now`, or a time in the format of `modification_time_format`. Without it: `now` for `touch`, else `preserve`."),
    Opt::new("modification_time_format", Kind::Str, "How `modification_time` is written, in the notation of `strptime`.").default("\"%Y%m%d%H%M.%S\""),
    Opt::new("access_time", Kind::Str, "As `modification_time`, for the time of the last access."),
    Opt::new("access_time_format", Kind::Str, "How `access_time` is written.").default("\"%Y%m%d%H%M.%S\""),
];

static OPTIONS: [Opt; OWN.len() + FILE_OPTIONS.len()] = join(OWN, FILE_OPTIONS);

/// The declaration of `file`.
pub static MODULE: Spec = Spec {
    name: "file",
    collections: BUILTIN,
    summary: "Make, change and remove files, directories and links",
    description: &["Sets owner, group and permissions of files, directories and links, makes directories and links, and removes them."],
    options: &OPTIONS,
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "path", kind: "str", when: "state is absent, directory or file", doc: "The path, behind a link that was followed." },
        Return { name: "dest", kind: "str", when: "state is touch, hard or link", doc: "The path." },
        Return { name: "src", kind: "str", when: "state is hard or link", doc: "What the link points to." },
        Return { name: "state", kind: "str", when: "success", doc: "What is there: `file`, `directory`, `link`, `hard` or `absent`." },
        Return { name: "mode", kind: "str", when: "something is there", doc: "Permissions as four octal digits." },
        Return { name: "owner", kind: "str", when: "something is there", doc: "Name of the owner (`uid`: the number)." },
        Return { name: "group", kind: "str", when: "something is there", doc: "Name of the group (`gid`: the number)." },
        Return { name: "size", kind: "int", when: "something is there", doc: "Bytes." },
    ],
    examples: "
- name: A directory of the service
  file:
    path: /var/lib/app/data
    state: directory
    owner: root
    mode: \"0750\"

- name: The version in use
  file:
    path: /opt/app/current
    src: /opt/app/1.2
    state: link

- name: Nothing left behind
  file:
    path: /var/lib/app/old
    state: absent
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    path: PathBuf,
    state: Option<State>,
    src: Option<PathBuf>,
    follow: bool,
    force: bool,
    recurse: bool,
    modification_time: Option<String>,
    modification_time_format: String,
    access_time: Option<String>,
    access_time_format: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Absent,
    Directory,
    File,
    Hard,
    Link,
    Touch,
}

/// What the files of the module share.
struct Task {
    path: PathBuf,
    src: Option<PathBuf>,
    follow: bool,
    force: bool,
    recurse: bool,
    options: FileOptions,
    times: Times,
}

fn run(ctx: &mut Context<'_>, mut args: Args) -> ModuleResult {
    let options = FileOptions::take(&mut args)?;
    let args: Arguments = args.parse()?;
    if args.path.as_os_str().is_empty() {
        return Err(Failure::new("failed to manage a file: `path` is empty"));
    }
    let state = match args.state {
        Some(state) => state,
        None => default_state(ctx, &args)?,
    };
    if args.recurse && state != State::Directory {
        return Err(refusal(&args.path, "`recurse` needs `state: directory`"));
    }
    if args.src.is_some() && !matches!(state, State::Link | State::Hard) {
        return Err(refusal(&args.path, "`src` needs `state: link` or `state: hard`"));
    }
    let times = Times::resolve(
        ctx,
        (args.modification_time.as_deref(), &args.modification_time_format),
        (args.access_time.as_deref(), &args.access_time_format),
        state == State::Touch,
    )?;
    let mut task = Task { path: args.path, src: args.src, follow: args.follow, force: args.force, recurse: args.recurse, options, times };
    match state {
        State::Absent => absent(ctx, &task),
        State::File => file(ctx, &mut task),
        State::Touch => touch(ctx, &task),
        State::Directory => tree::directory(ctx, &mut task),
        State::Link => link::symbolic(ctx, &task),
        State::Hard => link::hard(ctx, &mut task),
    }
}

fn default_state(ctx: &Context<'_>, args: &Arguments) -> Result<State, Failure> {
    Ok(match ctx.system.stat(&args.path, Follow::No)? {
        None if args.recurse => State::Directory,
        None => State::File,
        Some(stat) if stat.is_link() => State::Link,
        Some(stat) if stat.is_dir() => State::Directory,
        Some(stat) if stat.links > 1 => State::Hard,
        Some(_) => State::File,
    })
}

fn refusal(path: &Path, why: &str) -> Failure {
    Failure::new(format!("failed to manage `{}`: {why}", path.display())).with("path", path.to_string_lossy())
}

/// Where the path leads: behind the link that is there, when links are followed.
fn followed(ctx: &Context<'_>, path: &Path, follow: bool) -> Result<(PathBuf, Option<Stat>), Failure> {
    let found = ctx.system.stat(path, Follow::No)?;
    if follow && found.as_ref().is_some_and(Stat::is_link) {
        let real = ctx.system.real_path(path)?;
        let found = ctx.system.stat(&real, Follow::No)?;
        return Ok((real, found));
    }
    Ok((path.to_path_buf(), found))
}

fn absent(ctx: &mut Context<'_>, task: &Task) -> ModuleResult {
    if ctx.system.stat(&task.path, Follow::No)?.is_some() {
        ctx.system.remove(&task.path)?;
    }
    Ok(Outcome::new().with("path", task.path.to_string_lossy()).with("state", "absent"))
}

fn file(ctx: &mut Context<'_>, task: &mut Task) -> ModuleResult {
    let (path, found) = followed(ctx, &task.path, task.follow)?;
    task.path = path;
    match found {
        Some(stat) if !stat.is_dir() && !stat.is_link() => {}
        other => {
            let state = other.as_ref().map_or("absent", describe::state);
            let why =
                if other.is_none() { "nothing is there, and `state: file` makes nothing".to_owned() } else { format!("it is a {state}") };
            let failure = refusal(&task.path, &why).with("state", state);
            return Err(if other.is_none() {
                failure.hint("`state: touch` or the module `copy` make files").missing_on(ctx.system)
            } else {
                failure
            });
        }
    }
    task.finish(ctx, Follow::Yes)?;
    described(ctx, "path", &task.path)
}

fn touch(ctx: &mut Context<'_>, task: &Task) -> ModuleResult {
    let (path, found) = followed(ctx, &task.path, task.follow)?;
    if found.is_none() {
        let attributes = task.options.wanted(ctx.system, None, false)?;
        ctx.system.write(&path, Content::Bytes(&[]), &Attributes { atime: None, mtime: None, ..attributes })?;
    }
    task.finish_at(ctx, &path, if task.follow { Follow::Yes } else { Follow::No })?;
    described(ctx, "dest", &task.path)
}

impl Task {
    /// Sets attributes and times of what is at the path.
    fn finish(&self, ctx: &mut Context<'_>, follow: Follow) -> Result<(), Failure> {
        self.finish_at(ctx, &self.path, follow)
    }

    fn finish_at(&self, ctx: &mut Context<'_>, path: &Path, follow: Follow) -> Result<(), Failure> {
        self.options.apply(ctx, path, follow)?;
        self.times.apply(ctx, path, follow)
    }
}

/// The result: the path under `name`, and what is there.
fn described(ctx: &Context<'_>, name: &str, path: &Path) -> ModuleResult {
    let mut outcome = Outcome::new().with(name, path.to_string_lossy());
    describe(ctx.system, path, &mut outcome.result)?;
    Ok(outcome)
}
