//! Which pip is called, and how; the virtual environment it belongs to.

use std::path::{Path, PathBuf};

use super::Arguments;
use crate::base::shlex;
use crate::modules::shared::run::said;
use crate::modules::shared::{exists, required_command};
use crate::modules::{Context, Failure};
use crate::system::{Command, Effect, Error, ErrorKind, Executed, Output};

/// Pip as the task wants it called.
pub(super) struct Pip {
    /// The program and the arguments that make it pip.
    words: Vec<String>,
    cwd: Option<PathBuf>,
    umask: Option<u32>,
    allowed: bool,
    /// What the making of the virtual environment wrote.
    pub(super) made: Option<Output>,
    /// Check mode: the virtual environment, and pip with it, is there only after the real run.
    pub(super) is_coming: bool,
}

impl Pip {
    /// Looks for it; makes the virtual environment if it is not there.
    pub(super) fn find(ctx: &mut Context<'_>, args: &Arguments) -> Result<Self, Failure> {
        let umask = match args.umask.as_deref() {
            None => None,
            Some(text) => Some(
                u32::from_str_radix(text.trim_start_matches("0o"), 8)
                    .ok()
                    .filter(|bits| *bits <= 0o777)
                    .ok_or_else(|| Failure::new(format!("failed to read `umask`: `{text}` is no octal number of three digits")))?,
            ),
        };
        let mut pip =
            Self { words: Vec::new(), cwd: args.chdir.clone(), umask, allowed: args.break_system_packages, made: None, is_coming: false };
        let Some(folder) = &args.virtualenv else {
            pip.words = installed(ctx, args)?;
            return Ok(pip);
        };
        let folder = args.chdir.as_ref().map_or_else(|| folder.clone(), |dir| dir.join(folder));
        if ctx.system.known(&subject(&folder)).is_some() {
            let reason = "the virtual environment is there only after the real run";
            return Err(Error::new(ErrorKind::Unpredictable, "call pip", reason).into());
        }
        if !exists(ctx.system, &folder.join("bin/activate"))? {
            pip.made = pip.make(ctx, args, &folder)?;
            pip.is_coming = pip.made.is_none();
        }
        for name in ["pip3", "pip"] {
            let program = folder.join("bin").join(name);
            if pip.is_coming || exists(ctx.system, &program)? {
                pip.words = vec![program.to_string_lossy().into_owned()];
                return Ok(pip);
            }
        }
        Err(Failure::new(format!("failed to find pip: the virtual environment `{}` has none", folder.display()))
            .hint("remove the directory, so that the task makes it again"))
    }

    /// Makes the virtual environment; `None` in check mode.
    fn make(&self, ctx: &mut Context<'_>, args: &Arguments, folder: &Path) -> Result<Option<Output>, Failure> {
        let purpose = format!("make the virtual environment `{}`", folder.display());
        let mut words = shlex::split(&args.virtualenv_command)
            .map_err(|reason| Failure::new(format!("failed to read `virtualenv_command`: {reason}")))?;
        let Some(first) = words.first_mut() else { return Err(Failure::new("failed to read `virtualenv_command`: it is empty")) };
        if !first.contains('/') {
            *first = required_command(ctx.system, &[first], &purpose).map_err(|failure| {
                failure.hint("install it in an earlier task, or set `virtualenv_command: python3 -m venv`, which comes with Python")
            })?;
        }
        let is_venv = words.first().is_some_and(|word| word.ends_with("pyvenv"))
            || words.windows(2).any(|pair| matches!(pair, [flag, name] if flag == "-m" && name == "venv"));
        if args.virtualenv_site_packages {
            words.push("--system-site-packages".to_owned());
        } else if !is_venv && knows_no_site_packages(ctx, &words)? {
            words.push("--no-site-packages".to_owned());
        }
        if let Some(python) = &args.virtualenv_python {
            if is_venv {
                return Err(Failure::new(format!(
                    "failed to {purpose}: `venv` is part of one Python, so `virtualenv_python` has no meaning"
                ))
                .hint("name the Python in `virtualenv_command`: `python3.13 -m venv`"));
            }
            words.push(format!("-p{python}"));
        }
        words.push(folder.to_string_lossy().into_owned());
        let command = self.dressed(ctx, words);
        match ctx.system.execute(&command, &mut *ctx.live)? {
            Executed::WouldRun => {
                let known = Effect::Known { subject: subject(folder), value: "there".to_owned() };
                ctx.system.run(&command, &[Effect::DirectoryMade(folder.to_path_buf()), known])?;
                Ok(None)
            }
            Executed::Done(output) if output.success() => Ok(Some(output)),
            Executed::Done(output) => Err(Failure::command(format!("failed to {purpose}: {}", said(&output)), &command.argv, &output)),
        }
    }

    fn dressed(&self, ctx: &Context<'_>, words: Vec<String>) -> Command {
        let mut command = ctx.command(words);
        command.cwd.clone_from(&self.cwd);
        command.umask = self.umask;
        if self.allowed {
            command.env.insert("PIP_BREAK_SYSTEM_PACKAGES".to_owned(), "1".to_owned());
        }
        command.env.insert("PIP_DISABLE_PIP_VERSION_CHECK".to_owned(), "1".to_owned());
        command
    }

    /// A call of it.
    pub(super) fn command(&self, ctx: &Context<'_>, words: &[String]) -> Command {
        self.dressed(ctx, self.words.iter().chain(words).cloned().collect())
    }

    /// The names of the packages that are installed, with their versions, a line each.
    pub(super) fn list(&self, ctx: &Context<'_>) -> Result<String, Failure> {
        let command = self.command(ctx, &["list".to_owned(), "--format=freeze".to_owned()]);
        let output = ctx.system.probe(&command)?;
        if output.success() {
            return Ok(output.stdout_text());
        }
        Err(Failure::command(format!("failed to list the packages of Python: {}", said(&output)), &command.argv, &output))
    }
}

/// Under this name check mode knows that an earlier task would make the virtual environment.
fn subject(folder: &Path) -> String {
    format!("virtual environment {}", folder.display())
}

/// The pip of the host.
fn installed(ctx: &Context<'_>, args: &Arguments) -> Result<Vec<String>, Failure> {
    if let Some(executable) = &args.executable {
        let text = executable.to_string_lossy().into_owned();
        if executable.is_absolute() {
            return Ok(vec![text]);
        }
        return Ok(vec![required_command(ctx.system, &[&text], "manage packages of Python")?]);
    }
    for name in ["pip3", "pip"] {
        if let Some(path) = ctx.system.which(name)? {
            return Ok(vec![path.to_string_lossy().into_owned()]);
        }
    }
    if let Some(python) = ctx.system.which("python3")? {
        let words = vec![python.to_string_lossy().into_owned(), "-m".to_owned(), "pip".to_owned()];
        let asked = ctx.command(words.iter().cloned().chain(["--version".to_owned()]));
        if ctx.system.probe(&asked)?.success() {
            return Ok(words);
        }
    }
    Err(Failure::new("failed to manage packages of Python: the machine has no pip")
        .hint("install the package `python3-pip` in an earlier task")
        .missing_on(ctx.system))
}

/// Old ones gave all packages of the host to the environment when they were not told to do otherwise.
fn knows_no_site_packages(ctx: &Context<'_>, words: &[String]) -> Result<bool, Failure> {
    let command = ctx.command(words.iter().take(1).cloned().chain(["--help".to_owned()]));
    Ok(ctx.system.probe(&command)?.stdout_text().contains("--no-site-packages"))
}
