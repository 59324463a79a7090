//! `pip`: packages of Python.

mod names;
mod program;

use std::path::PathBuf;

use serde::Deserialize;

use super::shared::run::{said, tell};
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::base::shlex;
use crate::system::{Error, ErrorKind, Executed, Output};
use names::{Requirement, key, requirements};
use program::Pip;

/// The declaration of `pip`.
pub static MODULE: Spec = Spec {
    name: "pip",
    collections: BUILTIN,
    summary: "Install and remove packages of Python with pip",
    description: &[
        "Calls `pip3`, `pip` or `python3 -m pip` of the host, whichever there is first, or the pip of a virtual environment, which is made when it is missing.",
        "Check mode asks pip itself what it would install (`pip install --dry-run`, from pip 22.2 on).",
    ],
    options: &[
        Opt::new("name", Kind::List(&Kind::Str), "Packages: `foo`, `foo==1.2`, `foo>=1,<2`, `foo[extra]`, a URL, a path."),
        Opt::new("version", Kind::Str, "The version, when `name` is one package: `1.2`, `>=1,<2`."),
        Opt::new("requirements", Kind::Str, "A file on the host that lists packages. A relative path starts at `chdir`."),
        Opt::new(
            "state",
            Kind::Str,
            "`present`: installed. `latest`: installed in the newest version. `forcereinstall`: installed again. `absent`: not installed.",
        )
        .choices(&["absent", "forcereinstall", "latest", "present"])
        .default("\"present\""),
        Opt::new("virtualenv", Kind::Path, "The directory of a virtual environment to work in; it is made when it is missing."),
        Opt::new("virtualenv_site_packages", Kind::Bool, "Whether a new virtual environment sees the packages of the host.")
            .default("false"),
        Opt::new("virtualenv_command", Kind::Path, "What makes virtual environments: `virtualenv`, `python3 -m venv`.")
            .default("\"virtualenv\""),
        Opt::new("virtualenv_python", Kind::Str, "The Python that `virtualenv` puts into a new virtual environment."),
        Opt::new("extra_args", Kind::Str, "More arguments for pip."),
        Opt::new("editable", Kind::Bool, "Whether packages are used where their sources are (`pip install -e`).").default("false"),
        Opt::new("chdir", Kind::Path, "The directory that pip runs in."),
        Opt::new("executable", Kind::Path, "The pip to call, a name or a path: `pip3.13`."),
        Opt::new("umask", Kind::Str, "The file mode creation mask that pip runs with, an octal number: `\"0022\"`."),
        Opt::new(
            "break_system_packages",
            Kind::Bool,
            "Whether packages may be installed beside those of the distribution where that marks its Python as its own.",
        )
        .default("false"),
    ],
    rules: &[
        Rule::OneOf(&["name", "requirements"]),
        Rule::Exclusive(&["name", "requirements"]),
        Rule::Exclusive(&["executable", "virtualenv"]),
    ],
    free_form: None,
    returns: &[
        Return { name: "cmd", kind: "list", when: "always", doc: "How pip is called." },
        Return { name: "name", kind: "list", when: "always", doc: "What `name` says." },
        Return { name: "version", kind: "str", when: "always", doc: "What `version` says." },
        Return { name: "state", kind: "str", when: "always", doc: "What `state` says." },
        Return { name: "requirements", kind: "str", when: "always", doc: "What `requirements` says." },
        Return { name: "virtualenv", kind: "str", when: "always", doc: "What `virtualenv` says." },
        Return { name: "stdout", kind: "str", when: "pip was called", doc: "What pip wrote (`stderr`: to standard error)." },
    ],
    examples: "
- name: The library that scripts of ours use
  pip:
    name: requests>=2.31,<3
    virtualenv: /opt/scripts
    virtualenv_command: python3 -m venv

- name: Everything the application needs
  pip:
    requirements: requirements.txt
    chdir: /srv/app
    virtualenv: /srv/app/venv
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: Option<Vec<String>>,
    version: Option<String>,
    requirements: Option<String>,
    state: State,
    virtualenv: Option<PathBuf>,
    virtualenv_site_packages: bool,
    virtualenv_command: String,
    virtualenv_python: Option<String>,
    extra_args: Option<String>,
    editable: bool,
    chdir: Option<PathBuf>,
    executable: Option<PathBuf>,
    umask: Option<String>,
    break_system_packages: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Absent,
    Forcereinstall,
    Latest,
    Present,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Forcereinstall => "forcereinstall",
            Self::Latest => "latest",
            Self::Present => "present",
        }
    }
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    if args.state == State::Latest && args.version.is_some() {
        return Err(Failure::new("failed to read `version`: with `state: latest` the version follows from what there is"));
    }
    let wanted = requirements(args.name.as_deref().unwrap_or_default(), args.version.as_deref())?;
    if let Some(word) = wanted.iter().find(|one| one.text.starts_with('-') || one.text.is_empty()) {
        return Err(Failure::new(format!("failed to read `name`: a package cannot be called `{}`", word.text)));
    }
    let pip = Pip::find(ctx, &args)?;
    let mut outcome = Outcome::new();
    let made = pip.made.is_some() || pip.is_coming;
    if let Some(output) = &pip.made {
        tell(&mut outcome.result, output);
    }
    let more = shlex::split(args.extra_args.as_deref().unwrap_or_default())
        .map_err(|reason| Failure::new(format!("failed to read `extra_args`: {reason}")))?;
    let work = Work { pip: &pip, args: &args, wanted: &wanted, more };
    let words = work.words(&[]);
    outcome = outcome
        .with("cmd", pip.command(ctx, &words).argv)
        .with("name", args.name.clone())
        .with("version", args.version.clone())
        .with("state", args.state.name())
        .with("requirements", args.requirements.clone())
        .with("virtualenv", args.virtualenv.as_ref().map(|path| path.to_string_lossy().into_owned()));
    if wanted.is_empty() && args.requirements.is_none() {
        return Ok(outcome.changed(made));
    }
    // A virtual environment that is not there yet is a change, and there is no pip to ask for more.
    let changed = match (pip.is_coming, args.state) {
        (true, _) => true,
        (false, State::Absent) => work.remove(ctx, &words, &mut outcome)?,
        (false, _) if ctx.system.foresees() => work.foresee(ctx, &words)?,
        (false, _) => work.install(ctx, &words, &mut outcome)?,
    };
    Ok(outcome.changed(changed || made))
}

struct Work<'a> {
    pip: &'a Pip,
    args: &'a Arguments,
    wanted: &'a [Requirement],
    more: Vec<String>,
}

impl Work<'_> {
    /// The arguments of pip.
    fn words(&self, simulation: &[&str]) -> Vec<String> {
        let (verb, flags): (&str, &[&str]) = match self.args.state {
            State::Absent => ("uninstall", &["-y"]),
            State::Present => ("install", &[]),
            State::Latest => ("install", &["-U"]),
            State::Forcereinstall => ("install", &["-U", "--force-reinstall"]),
        };
        let mut words: Vec<String> = [verb].iter().chain(simulation).chain(flags).map(|word| (*word).to_owned()).collect();
        words.extend(self.more.iter().cloned());
        if self.args.editable && self.args.state != State::Absent {
            words.push("-e".to_owned());
        }
        words.extend(self.wanted.iter().map(|one| one.text.clone()));
        if let Some(file) = &self.args.requirements {
            words.extend(["-r".to_owned(), file.clone()]);
        }
        words
    }

    fn purpose(&self) -> String {
        let verb = if self.args.state == State::Absent { "remove" } else { "install" };
        match &self.args.requirements {
            Some(file) => format!("{verb} what `{file}` lists"),
            None => format!("{verb} {}", self.wanted.iter().map(|one| one.text.as_str()).collect::<Vec<_>>().join(", ")),
        }
    }

    fn failed(&self, argv: &[String], output: &Output) -> Failure {
        let said = said(output);
        let failure = Failure::command(format!("failed to {}: {said}", self.purpose()), argv, output);
        if said.contains("externally-managed-environment") {
            return failure.hint("install into a `virtualenv`, or set `break_system_packages: true`");
        }
        failure
    }

    /// Whether pip tells by its own words whether it installed anything. From sources it installs each time.
    fn is_plain(&self) -> bool {
        self.args.requirements.is_none() && !self.args.editable && self.wanted.iter().all(|one| one.key.is_some())
    }

    /// Whether pip installed anything.
    fn install(&self, ctx: &mut Context<'_>, words: &[String], outcome: &mut Outcome) -> Result<bool, Failure> {
        let before = if self.is_plain() { None } else { Some(self.pip.list(ctx)?) };
        let command = self.pip.command(ctx, words);
        let Executed::Done(output) = ctx.system.execute(&command, &mut *ctx.live)? else { return Ok(true) };
        if !output.success() {
            return Err(self.failed(&command.argv, &output));
        }
        tell(&mut outcome.result, &output);
        match before {
            Some(before) => Ok(self.args.state == State::Forcereinstall || before != self.pip.list(ctx)?),
            None => Ok(output.stdout_text().contains("Successfully installed")),
        }
    }

    /// Whether pip would install anything. When it would, later tasks know that anything may have come with it.
    fn foresee(&self, ctx: &mut Context<'_>, words: &[String]) -> Result<bool, Failure> {
        let unknown = |why: &str| {
            let error = Error::new(ErrorKind::Unpredictable, self.purpose(), why);
            Err(Failure::from(error))
        };
        let installs = if self.args.editable || (!self.is_plain() && self.args.requirements.is_none()) {
            // To look at sources, pip runs them.
            None
        } else {
            let command = self.pip.command(ctx, &self.words(&["--dry-run"]));
            let output = ctx.system.probe(&command)?;
            let text = output.stdout_text();
            match output.success() {
                true => Some(text.lines().any(|line| line.trim_start().starts_with("Would install"))),
                false if output.stderr_text().contains("no such option: --dry-run") => self.lacks(ctx)?,
                false => return Err(self.failed(&command.argv, &output)),
            }
        };
        if installs != Some(false) {
            let command = self.pip.command(ctx, words);
            ctx.system.execute(&command, &mut *ctx.live)?;
        }
        match installs {
            Some(installs) => Ok(installs),
            None => unknown("only the real run knows what pip makes of it"),
        }
    }

    /// Whether one of the packages is not there; `None` when the names alone do not tell.
    fn lacks(&self, ctx: &Context<'_>) -> Result<Option<bool>, Failure> {
        let listed = keys(&self.pip.list(ctx)?);
        let missing = |one: &Requirement| one.key.as_ref().is_some_and(|key| !listed.contains(key));
        if self.wanted.iter().any(missing) {
            return Ok(Some(true));
        }
        let enough = self.args.state == State::Present && self.args.requirements.is_none() && self.wanted.iter().all(|one| one.bare);
        Ok(enough.then_some(false))
    }

    /// Whether anything was there to remove.
    fn remove(&self, ctx: &mut Context<'_>, words: &[String], outcome: &mut Outcome) -> Result<bool, Failure> {
        let before = self.pip.list(ctx)?;
        let listed = keys(&before);
        let names = match &self.args.requirements {
            Some(file) => self.names_in(ctx, file)?,
            None => Some(self.wanted.iter().filter_map(|one| one.key.clone()).collect()),
        };
        // What an earlier task of check mode would have removed already.
        let subject = |key: &str| format!("pip {}\n{key}", self.pip.command(ctx, &[]).argv.join(" "));
        let is_there = |key: &String| listed.contains(key) && ctx.system.known(&subject(key)).is_none();
        if let Some(names) = &names
            && !names.iter().any(is_there)
        {
            return Ok(false);
        }
        let gone = names.iter().flatten().map(|key| crate::system::Effect::Known { subject: subject(key), value: "absent".to_owned() });
        let effects: Vec<_> = gone.chain([crate::system::Effect::Other(self.purpose())]).collect();
        if names.is_none() && ctx.system.foresees() {
            let error = Error::new(ErrorKind::Unpredictable, self.purpose(), "only pip knows what a nested file lists");
            return Err(error.into());
        }
        let command = self.pip.command(ctx, words);
        let output = ctx.system.run(&command, &effects)?;
        if !output.success() {
            return Err(self.failed(&command.argv, &output));
        }
        tell(&mut outcome.result, &output);
        Ok(names.is_some() || before != self.pip.list(ctx)?)
    }

    /// The packages that a file lists; `None` when it leads to other files.
    fn names_in(&self, ctx: &Context<'_>, file: &str) -> Result<Option<Vec<String>>, Failure> {
        let path = self.args.chdir.as_ref().map_or_else(|| PathBuf::from(file), |dir| dir.join(file));
        let text = String::from_utf8_lossy(&ctx.system.read(&path)?).into_owned();
        let lines = text.lines().map(|line| line.split(" #").next().unwrap_or_default().trim());
        let mut names = Vec::new();
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if line.starts_with('-') {
                let leads_on = ["-r", "--requirement", "-e", "--editable"].iter().any(|flag| line.starts_with(flag));
                if leads_on {
                    return Ok(None);
                }
                continue;
            }
            match Requirement::parse(line).key {
                Some(key) => names.push(key),
                None => return Ok(None),
            }
        }
        Ok(Some(names))
    }
}

/// The names in a list of packages, as pip compares them.
fn keys(listed: &str) -> Vec<String> {
    listed.lines().filter_map(|line| line.split("==").next().map(|name| key(name.trim()))).collect()
}

#[cfg(test)]
mod tests;
