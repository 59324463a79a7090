//! `at`: something to be done once, later.

use std::path::PathBuf;

use serde::Deserialize;

use super::shared::required_command;
use super::shared::run::{change, look, said};
use super::shared::state::State;
use super::spec::POSIX;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Rule, Spec};
use crate::system::Effect;

/// The declaration of `at`.
pub static MODULE: Spec = Spec {
    name: "at",
    collections: POSIX,
    summary: "Have something done once, later",
    description: &[
        "Hands jobs to `at` of the host, in its queue `a`, for the user that the task runs as.",
        "Without `unique` another job is added each time.",
    ],
    options: &[
        Opt::new("command", Kind::Str, "What is to be done: lines for the shell."),
        Opt::new("script_file", Kind::Str, "A file of the host that holds them."),
        Opt::new("count", Kind::Int, "How many units from now. Needed with `state: present`."),
        Opt::new("units", Kind::Str, "What is counted. Needed with `state: present`.").choices(&["minutes", "hours", "days", "weeks"]),
        Opt::new("state", Kind::Str, "Whether the job is to be there; `absent` removes all jobs that do the same.")
            .choices(&["absent", "present"])
            .default("\"present\""),
        Opt::new("unique", Kind::Bool, "Whether no job is added when one that does the same waits already.").default("false"),
    ],
    rules: &[
        Rule::OneOf(&["command", "script_file"]),
        Rule::Exclusive(&["command", "script_file"]),
        Rule::If("state", "present", &["count", "units"]),
    ],
    free_form: None,
    returns: &[],
    examples: "
- name: The old release goes tomorrow
  ansible.posix.at:
    command: rm -r /opt/app/old
    count: 1
    units: days
    unique: true
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    command: Option<String>,
    script_file: Option<PathBuf>,
    count: Option<i64>,
    units: Option<String>,
    state: State,
    unique: bool,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let purpose = "plan a job";
    let wrong = |why: &str| Failure::new(format!("failed to {purpose}: {why}"));
    let text = match (&args.command, &args.script_file) {
        (Some(command), _) => command.clone(),
        (None, Some(file)) => {
            let bytes = ctx.system.read(file).map_err(|error| Failure::from(error).missing_on(ctx.system))?;
            String::from_utf8(bytes).map_err(|_| wrong(&format!("`{}` is not UTF-8", file.display())))?
        }
        (None, None) => String::new(),
    };
    let job: Vec<&str> = text.trim_end().lines().collect();
    if job.iter().all(|line| line.trim().is_empty()) {
        return Err(wrong("there is nothing to do in it"));
    }
    let program = required_command(ctx.system, &["at"], purpose)?;
    let subject = format!("jobs of at\n{}", text.trim_end());
    let jobs = match ctx.system.known(&subject) {
        // Only whether there is one is known of what an earlier task would do.
        Some(known) => Jobs { same: Vec::new(), is_foreseen: known == "present" },
        None => Jobs { same: same(ctx, &program, &job)?, is_foreseen: false },
    };
    match args.state {
        State::Absent => remove(ctx, &jobs, subject)?,
        State::Present if args.unique && (jobs.is_foreseen || !jobs.same.is_empty()) => {}
        State::Present => {
            let (count, units) = (args.count.unwrap_or_default(), args.units.as_deref().unwrap_or_default());
            let count = u32::try_from(count).map_err(|_| wrong("`count` is below 0"))?;
            let time = ["now".to_owned(), "+".to_owned(), count.to_string(), units.to_owned()];
            let mut command = ctx.command(std::iter::once(program).chain(time));
            command.stdin = Some(format!("{}\n", text.trim_end()).into_bytes());
            let effects =
                [Effect::Other(format!("in {count} {units}: {}", job.join("; "))), Effect::Known { subject, value: "present".to_owned() }];
            change(ctx, &command, &effects, purpose)?;
        }
    }
    Ok(Outcome::new())
}

/// Jobs that do the same.
struct Jobs {
    /// Their numbers.
    same: Vec<String>,
    /// An earlier task of check mode would add one.
    is_foreseen: bool,
}

fn same(ctx: &Context<'_>, program: &str, job: &[&str]) -> Result<Vec<String>, Failure> {
    let purpose = "look at the jobs that wait";
    let list = look(ctx, &ctx.command([required_command(ctx.system, &["atq"], purpose)?]), purpose)?;
    let mut same = Vec::new();
    for number in numbers(&list.stdout_text()) {
        let command = ctx.command([program, "-c", number.as_str()]);
        let output = ctx.system.probe(&command)?;
        if output.success() && does(&output.stdout_text(), job) {
            same.push(number);
        } else if !output.success() && !output.stderr_text().contains("Cannot find jobid") {
            // One that began in the meantime waits no longer.
            return Err(Failure::command(format!("failed to {purpose}: {}", said(&output)), &command.argv, &output));
        }
    }
    Ok(same)
}

/// The numbers of the jobs in the queue `a`: a line is `12 Sun Nov 29 02:00:00 2026 a root`.
fn numbers(list: &str) -> Vec<String> {
    let words = list.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    words.filter(|words| words.iter().rev().nth(1) == Some(&"a")).filter_map(|words| words.first().map(|word| (*word).to_owned())).collect()
}

/// Whether the job does just that: its text begins with variables and the directory, and may end with the delimiter of a here document.
fn does(text: &str, job: &[&str]) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.iter().rposition(|line| *line == "}").map_or(0, |at| at + 1);
    let mut own: Vec<&str> = lines.get(start..).unwrap_or_default().to_vec();
    let delimiter = own.first().and_then(|first| first.split_once("<< '")).and_then(|(_, rest)| rest.strip_suffix('\''));
    if let Some(delimiter) = delimiter {
        own.remove(0);
        own.retain(|line| *line != delimiter);
    }
    let is_full = |line: &&&str| !line.is_empty();
    own.iter().filter(is_full).eq(job.iter().filter(is_full))
}

fn remove(ctx: &mut Context<'_>, jobs: &Jobs, subject: String) -> Result<(), Failure> {
    let purpose = "remove a job";
    if jobs.same.is_empty() && !jobs.is_foreseen {
        return Ok(());
    }
    let program = required_command(ctx.system, &["atrm"], purpose)?;
    let command = ctx.command(std::iter::once(program).chain(jobs.same.iter().cloned()));
    let effects = [Effect::Other(format!("removed: job {}", jobs.same.join(", "))), Effect::Known { subject, value: "absent".to_owned() }];
    change(ctx, &command, &effects, purpose).map(drop)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::modules::testing::{Applied, apply_on, apply_once, predict_after, refused};
    use crate::system::fake::Fake;

    const QUEUE: &str = "3\tSun Nov 29 02:00:00 2026 a root\n4\tSun Nov 29 02:00:00 2026 b root\n7\tMon Nov 30 02:00:00 2026 a root\n\
                         9\tMon Nov 30 02:00:00 2026 = root\n";
    const HEAD: &str = "#!/bin/sh\n# atrun uid=0 gid=0\n# mail root 0\numask 22\nHOME=/root; export HOME\ncd /root || {\n\t echo 'Execution \
                        directory inaccessible' >&2\n\t exit 1\n}\n";

    /// A machine on which `make all` and, in the words of Debian, `clean` in two lines wait.
    fn machine() -> Fake {
        let here = format!("{HEAD}${{SHELL:-/bin/sh}} << 'marcinDELIMITER62b6'\n\ncd /x\nmake clean\n\nmarcinDELIMITER62b6\n");
        Fake::new()
            .answer(&["/usr/bin/at"], 0, "", "job 8 at Sun Nov 29 02:10:00 2026\n")
            .answer(&["/usr/bin/at", "-c", "3"], 0, format!("{HEAD}make all\n"), "")
            .answer(&["/usr/bin/at", "-c", "7"], 0, here, "")
            .answer(&["/usr/bin/atq"], 0, QUEUE, "")
            .answer(&["/usr/bin/atrm"], 0, "", "")
            .program("/usr/bin/at")
            .program("/usr/bin/atq")
            .program("/usr/bin/atrm")
            .file("/srv/clean.sh", "cd /x\nmake clean\n")
            .file("/srv/other.sh", "true\n")
    }

    fn in_ten(more: Value) -> Value {
        let mut args = more;
        (args["count"], args["units"]) = (json!(10), json!("minutes"));
        args
    }

    fn ran(applied: &Applied) -> Vec<String> {
        let shown = |text: Option<&Vec<u8>>| text.map(|text| format!(" < {}", String::from_utf8_lossy(text))).unwrap_or_default();
        let runs = applied.machine.runs();
        runs.iter().map(|command| command.argv.join(" ").replace("/usr/bin/", "") + &shown(command.stdin.as_ref())).collect()
    }

    #[test]
    fn jobs_are_added() {
        for (args, call) in [
            (json!({"command": "make all"}), Some("at now + 10 minutes < make all\n")),
            (json!({"script_file": "/srv/clean.sh"}), Some("at now + 10 minutes < cd /x\nmake clean\n")),
            (json!({"command": "make all", "unique": true}), None),
            (json!({"script_file": "/srv/clean.sh", "unique": true}), None),
            (json!({"command": "make", "unique": true}), Some("at now + 10 minutes < make\n")),
            (json!({"command": "make clean", "unique": true}), Some("at now + 10 minutes < make clean\n")),
        ] {
            let applied = apply_once(&MODULE, machine(), in_ten(args.clone()));
            assert_eq!((ran(&applied).concat(), applied.changed), (call.unwrap_or_default().to_owned(), call.is_some()), "{args}");
        }
        for units in ["hours", "days", "weeks"] {
            let applied = apply_once(&MODULE, machine(), json!({"command": "x", "count": 2, "units": units}));
            assert_eq!(ran(&applied), [format!("at now + 2 {units} < x\n")]);
        }
    }

    #[test]
    fn jobs_are_removed() {
        for (args, call) in [
            (json!({"command": "make all"}), Some("atrm 3")),
            (json!({"script_file": "/srv/clean.sh", "count": 1, "units": "days"}), Some("atrm 7")),
            (json!({"script_file": "/srv/other.sh"}), None),
        ] {
            let mut args = args;
            args["state"] = json!("absent");
            let applied = apply_once(&MODULE, machine(), args.clone());
            assert_eq!((ran(&applied).concat(), applied.changed), (call.unwrap_or_default().to_owned(), call.is_some()), "{args}");
        }
    }

    #[test]
    fn check_mode_knows_what_earlier_tasks_would_do() {
        let add = in_ten(json!({"command": "new", "unique": true}));
        let gone = json!({"command": "make all", "state": "absent"});
        let after = |now: &Value, earlier: &Value| {
            predict_after(&MODULE, machine(), now.clone(), |system| assert!(apply_on(&MODULE, system, earlier).0)).changed
        };
        assert!(!after(&add, &add));
        assert!(!after(&gone, &gone));
        assert!(after(&json!({"command": "new", "state": "absent"}), &add));
        assert!(after(&in_ten(json!({"command": "make all", "unique": true})), &gone));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (args, word) in [
            (json!({"count": 1, "units": "days"}), "needs one of"),
            (json!({"command": "x", "script_file": "y", "count": 1, "units": "days"}), "script_file"),
            (json!({"command": "x"}), "count"),
            (json!({"command": "x", "count": 1, "units": "years"}), "must be one of"),
        ] {
            assert!(refused(&MODULE, args.clone()).contains(word), "{args}");
        }
        let message = |fake: Fake, args: Value| apply_once(&MODULE, fake, args).failure().message.clone();
        assert_eq!(message(machine(), in_ten(json!({"command": " \n"}))), "failed to plan a job: there is nothing to do in it");
        assert_eq!(message(machine(), json!({"command": "x", "count": -1, "units": "days"})), "failed to plan a job: `count` is below 0");
        assert_eq!(message(Fake::new(), in_ten(json!({"command": "x"}))), "failed to plan a job: the machine has no `at`");
        assert!(message(machine(), in_ten(json!({"script_file": "/none"}))).starts_with("failed to read `/none`"));
        let closed = machine().answer(&["/usr/bin/at", "now"], 1, "", "You do not have permission to use at.\n");
        assert_eq!(message(closed, in_ten(json!({"command": "x"}))), "failed to plan a job: You do not have permission to use at.");
        let broken = Fake::new().program("/usr/bin/at").program("/usr/bin/atq").answer(&["/usr/bin/atq"], 1, "", "no spool\n");
        assert_eq!(message(broken, in_ten(json!({"command": "x"}))), "failed to look at the jobs that wait: no spool");
    }
}
