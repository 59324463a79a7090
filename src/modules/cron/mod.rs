//! `cron`: jobs that run at set times, and the variables they run with.

mod table;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::json;

use super::shared::backup::backup;
use super::shared::run::said;
use super::shared::state::State;
use super::shared::{exists, required_command};
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place as RunsAt, Return, Rule, Spec};
use crate::system::{Attributes, Content, Effect, ErrorKind, FileKind, Follow, Stat};
use table::{Place, Table};

/// The declaration of `cron`.
pub static MODULE: Spec = Spec {
    name: "cron",
    collections: BUILTIN,
    summary: "Run commands at set times by cron",
    description: &[
        "Keeps a job in the table of a user, or in a file in `/etc/cron.d`. The line above a job has its name and Ansible's mark; by it the job is found again.",
        "With `env` it keeps a variable that the jobs of the table run with.",
    ],
    options: &[
        Opt::new("name", Kind::Str, "The name of the job, or of the variable.").required(),
        Opt::new("job", Kind::Str, "The command, on one line, or the value of the variable. `%` means a line break to cron; write `\\%`.")
            .aliases(&["value"]),
        Opt::new("state", Kind::Str, "Whether it is to be there.").choices(&["absent", "present"]).default("\"present\""),
        Opt::new("minute", Kind::Str, "The minute: `0` to `59`, `*`, `*/5`.").default("\"*\""),
        Opt::new("hour", Kind::Str, "The hour: `0` to `23`, `*`, `*/2`.").default("\"*\""),
        Opt::new("day", Kind::Str, "The day of the month: `1` to `31`, `*`.").default("\"*\"").aliases(&["dom"]),
        Opt::new("month", Kind::Str, "The month: `1` to `12` or `JAN` to `DEC`, `*`.").default("\"*\""),
        Opt::new("weekday", Kind::Str, "The day of the week: `0` to `6` or `SUN` to `SAT`, `*`.").default("\"*\"").aliases(&["dow"]),
        Opt::new("special_time", Kind::Str, "A word for the time, instead of minute, hour, day, month and weekday.")
            .choices(&["annually", "daily", "hourly", "monthly", "reboot", "weekly", "yearly"]),
        Opt::new("disabled", Kind::Bool, "Whether the job is there but does not run.").default("false"),
        Opt::new(
            "user",
            Kind::Str,
            "Whose table, and who runs a job of `cron_file`. The user that the task runs as, when it is not given.",
        ),
        Opt::new(
            "cron_file",
            Kind::Path,
            "A file to keep it in instead of the table of a user; one without a path is in `/etc/cron.d`. A job in it needs a `user`. A file that becomes empty is removed.",
        ),
        Opt::new("backup", Kind::Bool, "Keep a copy of the table before it changes.").default("false"),
        Opt::new("env", Kind::Bool, "Keep a variable and not a job. A new one goes on top of the table.").default("false"),
        Opt::new("insertafter", Kind::Str, "The variable that a new one goes below."),
        Opt::new("insertbefore", Kind::Str, "The variable that a new one goes above."),
    ],
    rules: &[Rule::Exclusive(&["insertafter", "insertbefore"])],
    free_form: None,
    returns: &[
        Return { name: "jobs", kind: "list", when: "always", doc: "The names of the jobs in the table afterwards." },
        Return { name: "envs", kind: "list", when: "always", doc: "The names of the variables in the table afterwards." },
        Return { name: "cron_file", kind: "str", when: "cron_file is given", doc: "What `cron_file` says." },
        Return { name: "state", kind: "str", when: "the file was removed", doc: "`absent`." },
        Return { name: "backup_file", kind: "str", when: "backup and changed", doc: "The copy of the table." },
    ],
    examples: "
- name: The certificates are renewed in time
  cron:
    name: renew certificates
    hour: '3'
    minute: '17'
    job: /usr/local/bin/renew --quiet

- name: Mail of jobs goes to the operators
  cron:
    name: MAILTO
    env: true
    value: ops@example.com
    user: root
    cron_file: backup
",
    place: RunsAt::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: String,
    job: Option<String>,
    state: State,
    minute: String,
    hour: String,
    day: String,
    month: String,
    weekday: String,
    special_time: Option<String>,
    disabled: bool,
    user: Option<String>,
    cron_file: Option<PathBuf>,
    backup: bool,
    env: bool,
    insertafter: Option<String>,
    insertbefore: Option<String>,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let wrong = |why: &str| Failure::new(format!("failed to manage the job `{}`: {why}", args.name));
    let times = [&args.minute, &args.hour, &args.day, &args.month, &args.weekday];
    if args.special_time.is_some() && times.iter().any(|time| *time != "*") {
        return Err(wrong("`special_time` stands for all of the time, so nothing else of it can be given"));
    }
    if args.name.contains(['\n', '\r']) || times.iter().any(|time| time.contains(['\n', '\r'])) {
        return Err(wrong("a name or time has a line break, which would end its line in the table"));
    }
    if args.env && !table::is_name(&args.name) {
        return Err(Failure::new(format!("failed to manage the variable `{}`: a variable cannot be called so", args.name)));
    }
    let tab = Tab::find(ctx, &args)?;
    let old = tab.read(ctx)?;
    let table = Table::parse(old.as_deref().unwrap_or_default());
    let new = changed(&table, &args)?;
    let mut outcome = Outcome::new();
    if let Some(file) = &args.cron_file {
        outcome = outcome.with("cron_file", file.to_string_lossy().into_owned());
    }
    let gone = args.state == State::Absent && new.is_empty() && matches!(tab, Tab::File(_)) && old.is_some();
    if new != table || gone {
        if args.backup
            && let Some(copy) = tab.keep(ctx, old.as_deref().unwrap_or_default())?
        {
            outcome = outcome.with("backup_file", copy.to_string_lossy().into_owned());
        }
        if gone { tab.remove(ctx)? } else { tab.write(ctx, &new.text())? }
    }
    if gone {
        outcome = outcome.with("state", "absent");
    }
    Ok(outcome.with("jobs", json!(new.jobs())).with("envs", json!(new.variables())))
}

/// The table as it is to be.
fn changed(table: &Table, args: &Arguments) -> Result<Table, Failure> {
    let mut new = table.clone();
    let what = if args.env { "variable" } else { "job" };
    let wrong = |why: String| Failure::new(format!("failed to set the {what} `{}`: {why}", args.name));
    match (args.state, args.env) {
        (State::Absent, true) => new.remove_variable(&args.name),
        (State::Absent, false) => new.remove_job(&args.name),
        (State::Present, env) => {
            let Some(job) = &args.job else { return Err(wrong("`job` is missing".to_owned())) };
            let job = job.trim_matches(['\n', '\r']);
            if job.contains(['\n', '\r']) {
                return Err(wrong("a line of the table cannot hold a line break".to_owned())
                    .hint("put the commands into a script, or join them by `;` or `&&`"));
            }
            if env {
                let place = match (&args.insertafter, &args.insertbefore) {
                    (Some(other), _) => Some(Place::After(other)),
                    (None, Some(other)) => Some(Place::Before(other)),
                    (None, None) => None,
                };
                if !new.set_variable(&args.name, job, place) {
                    let other = args.insertafter.as_ref().or(args.insertbefore.as_ref()).map_or("", String::as_str);
                    return Err(wrong(format!("the table has no variable `{other}` to place it by")));
                }
            } else {
                new.set_job(&args.name, &line(args, job)?);
            }
        }
    }
    Ok(new)
}

/// The line of a job.
fn line(args: &Arguments, job: &str) -> Result<String, Failure> {
    let mut line = String::new();
    if args.disabled {
        line.push('#');
    }
    match &args.special_time {
        Some(word) => line.push_str(&format!("@{word} ")),
        None => {
            for time in [&args.minute, &args.hour, &args.day, &args.month, &args.weekday] {
                line.push_str(&format!("{time} "));
            }
        }
    }
    if args.cron_file.is_some() {
        let Some(user) = &args.user else {
            return Err(Failure::new(format!("failed to set the job `{}`: a job in a file needs a `user` that runs it", args.name)));
        };
        line.push_str(&format!("{user} "));
    }
    Ok(line + job)
}

/// Where a table is kept.
enum Tab {
    /// A file that cron reads itself.
    File(PathBuf),
    /// The table of a user, which only `crontab` may change.
    User {
        /// Its file, where it is known.
        spool: Option<PathBuf>,
        /// `crontab`, with the user where it is another one.
        argv: Vec<String>,
    },
}

/// Where cron of Debian, SUSE, Alpine and Red Hat keeps the tables of users.
const SPOOLS: &[&str] = &["/var/spool/cron/crontabs", "/var/spool/cron/tabs", "/etc/crontabs", "/var/spool/cron"];

/// Whether it can be seen that a user has no table.
fn spool_is_free(ctx: &Context<'_>, spool: &Option<PathBuf>) -> Result<bool, Failure> {
    Ok(match spool {
        Some(file) => ctx.system.stat(file, Follow::No).is_ok_and(|stat| stat.is_none()),
        None => false,
    })
}

impl Tab {
    fn find(ctx: &Context<'_>, args: &Arguments) -> Result<Self, Failure> {
        if let Some(file) = &args.cron_file {
            let file = Path::new("/etc/cron.d").join(file);
            let is_link = ctx.system.stat(&file, Follow::No)?.as_ref().is_some_and(Stat::is_link);
            return Ok(Self::File(if is_link { ctx.system.real_path(&file)? } else { file }));
        }
        let purpose = format!("manage the {} `{}`", if args.env { "variable" } else { "job" }, args.name);
        let mut argv = vec![required_command(ctx.system, &["crontab"], &purpose)?];
        let own = ctx.system.identity()?.name;
        let user = args.user.as_ref().unwrap_or(&own);
        if user.contains('/') || user.starts_with(['-', '.']) || user.is_empty() {
            return Err(Failure::new(format!("failed to {purpose}: `{user}` is not the name of a user")));
        }
        if *user != own {
            argv.extend(["-u".to_owned(), user.clone()]);
        }
        for dir in SPOOLS {
            if exists(ctx.system, Path::new(dir))? {
                return Ok(Self::User { spool: Some(Path::new(dir).join(user)), argv });
            }
        }
        Ok(Self::User { spool: None, argv })
    }

    /// `None` when there is no table.
    fn read(&self, ctx: &Context<'_>) -> Result<Option<String>, Failure> {
        let text = |bytes: Vec<u8>, from: String| {
            String::from_utf8(bytes).map(Some).map_err(|_| Failure::new(format!("failed to read {from}: it is not UTF-8")))
        };
        match self {
            Self::File(file) => match ctx.system.stat(file, Follow::Yes)? {
                Some(stat) if stat.is_file() => text(ctx.system.read(file)?, format!("`{}`", file.display())),
                Some(_) => Err(Failure::new(format!("failed to read `{}`: it is not a regular file", file.display()))),
                None => Ok(None),
            },
            Self::User { spool, argv } => {
                // The file itself shows in check mode what tasks before would have written; most users may not read it.
                if let Some(spool) = spool
                    && let Ok(bytes) = ctx.system.read(spool)
                {
                    return text(bytes, format!("`{}`", spool.display()));
                }
                let command = ctx.command(argv.iter().map(String::as_str).chain(["-l"]));
                let output = match ctx.system.probe(&command) {
                    // A cron that is only foreseen has no table but those that were foreseen with it.
                    Err(error)
                        if error.kind == ErrorKind::Unpredictable
                            && ctx.system.doubt_of_commands().is_none()
                            && spool_is_free(ctx, spool)? =>
                    {
                        return Ok(None);
                    }
                    asked => asked?,
                };
                // Without a table the exit code is 1, which says nothing else with any cron.
                match output.rc {
                    0 => text(output.stdout, format!("what `{}` says", command.argv.join(" "))),
                    1 => Ok(None),
                    _ => Err(Failure::command(format!("failed to read the table: {}", said(&output)), &command.argv, &output)),
                }
            }
        }
    }

    fn write(&self, ctx: &mut Context<'_>, new: &str) -> Result<(), Failure> {
        match self {
            Self::File(file) => {
                let is_new = !exists(ctx.system, file)?;
                let attributes = Attributes { mode: is_new.then_some(0o644), ..Attributes::default() };
                Ok(ctx.system.write(file, Content::Bytes(new.as_bytes()), &attributes)?)
            }
            Self::User { spool, argv } => {
                let mut command = ctx.command(argv.iter().map(String::as_str).chain(["-"]));
                command.stdin = Some(new.as_bytes().to_vec());
                let effect = match spool {
                    Some(path) => Effect::FileContent { path: path.clone(), content: new.as_bytes().to_vec() },
                    None => Effect::Other(format!("the table of jobs is now\n{new}")),
                };
                let output = ctx.system.run(&command, &[effect])?;
                if output.success() {
                    return Ok(());
                }
                Err(Failure::command(format!("failed to write the table: {}", said(&output)), &command.argv, &output))
            }
        }
    }

    fn remove(&self, ctx: &mut Context<'_>) -> Result<(), Failure> {
        if let Self::File(file) = self {
            ctx.system.remove(file)?;
        }
        Ok(())
    }

    /// Keeps a copy of the table.
    fn keep(&self, ctx: &mut Context<'_>, old: &str) -> Result<Option<PathBuf>, Failure> {
        if let Self::File(file) = self {
            // Beside the file, cron would read the copy too.
            if !exists(ctx.system, file)? {
                return Ok(None);
            }
            if file.parent() != Some(Path::new("/etc/cron.d")) {
                return Ok(backup(ctx.system, file)?);
            }
        }
        let copy = ctx.system.make_temporary(Path::new("/tmp"), "crontab", "", FileKind::File)?;
        ctx.system.write(&copy, Content::Bytes(old.as_bytes()), &Attributes { mode: Some(0o600), ..Attributes::default() })?;
        Ok(Some(copy))
    }
}

#[cfg(test)]
mod tests;
