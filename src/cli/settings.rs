//! What was typed, resolved once against environment and files.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::config_file::{self, Found, Values};
use super::exit::Failure;
use crate::base::{Diagnostic, Secret};
use crate::transport::HostKeyChecking;

/// Where hosts come from when nothing says otherwise: this folder of the current directory, as in this project's own layout.
const DEFAULT_INVENTORY: &str = "inventory";

/// Hosts that work at the same time when nothing says otherwise. Ansible has 5; a connection of kconf costs 70 KB, not a process.
const DEFAULT_FORKS: usize = 50;

/// The settings of a command.
#[derive(Debug)]
pub struct Settings {
    values: Values,
    /// The current directory.
    pub dir: PathBuf,
    /// The user's home directory.
    pub home: PathBuf,
}

impl Settings {
    /// Reads environment and files.
    ///
    /// # Errors
    /// A configuration file that makes no sense.
    pub fn read() -> Result<Self, Failure> {
        let settings = Self::read_quietly()?;
        for warning in &settings.values.warnings {
            super::messages::error(warning);
        }
        Ok(settings)
    }

    /// As [`Settings::read`], for who knows that it will be read again: without the warnings.
    ///
    /// # Errors
    /// As there.
    pub fn read_quietly() -> Result<Self, Failure> {
        let dir = std::env::current_dir()
            .map_err(|error| Diagnostic::error("failed to find the current directory").caused_by(error.to_string()))?;
        let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_else(|| PathBuf::from("/"));
        let values = config_file::read(&dir, &home, |name| std::env::var(name).ok()).map_err(Failure::invalid)?;
        Ok(Self { values, dir, home })
    }

    /// The value of a setting, and where it was found.
    pub fn found(&self, name: &str) -> Option<&Found> {
        self.values.get(name)
    }

    /// The `ansible.cfg` that was read.
    pub fn file(&self) -> Option<PathBuf> {
        self.values.file.clone()
    }

    /// A setting that is a list of words with commas between.
    pub fn words(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    /// A setting as text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.found(name).map(|found| found.value.clone())
    }

    /// A setting that is yes or no.
    ///
    /// # Errors
    /// It is neither.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Failure> {
        let Some(found) = self.found(name) else { return Ok(None) };
        match found.value.to_lowercase().as_str() {
            "1" | "true" | "yes" | "on" | "y" | "t" => Ok(Some(true)),
            "0" | "false" | "no" | "off" | "n" | "f" => Ok(Some(false)),
            other => Err(bad(name, found, other, "yes or no")),
        }
    }

    /// A setting that is a number.
    ///
    /// # Errors
    /// It is none.
    pub fn number(&self, name: &str) -> Result<Option<u64>, Failure> {
        let Some(found) = self.found(name) else { return Ok(None) };
        found.value.parse().map(Some).map_err(|_| bad(name, found, &found.value, "a whole number"))
    }

    /// A setting that is a path, relative to where it was written.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.found(name).map(|found| self.resolve(&found.value, &found.dir))
    }

    /// A setting that is a list of paths with colons between.
    pub fn paths(&self, name: &str) -> Vec<PathBuf> {
        let Some(found) = self.found(name) else { return Vec::new() };
        found.value.split(':').filter(|p| !p.is_empty()).map(|p| self.resolve(p, &found.dir)).collect()
    }

    fn resolve(&self, path: &str, dir: &Path) -> PathBuf {
        match path.strip_prefix("~/") {
            Some(rest) => self.home.join(rest),
            None if dir == self.dir => PathBuf::from(path),
            None => dir.join(path),
        }
    }

    /// The inventory sources: as typed, else as set, else the folder `inventory` when there is one.
    pub fn inventory(&self, typed: &[String]) -> Vec<String> {
        if !typed.is_empty() {
            return typed.to_vec();
        }
        if let Some(found) = self.found("inventory") {
            // A list of hosts (`a,b,`) is one source; a list of paths has commas between existing paths.
            let parts: Vec<&str> = found.value.split(',').filter(|p| !p.is_empty()).collect();
            if parts.iter().all(|part| self.resolve(part, &found.dir).exists()) {
                return parts.iter().map(|part| self.resolve(part, &found.dir).display().to_string()).collect();
            }
            return vec![if found.value.contains(',') {
                found.value.clone()
            } else {
                self.resolve(&found.value, &found.dir).display().to_string()
            }];
        }
        if self.dir.join(DEFAULT_INVENTORY).exists() { vec![DEFAULT_INVENTORY.to_owned()] } else { Vec::new() }
    }

    /// Hosts that work at the same time.
    ///
    /// # Errors
    /// The setting is no number.
    pub fn forks(&self, typed: Option<usize>) -> Result<usize, Failure> {
        let set = match typed {
            Some(forks) => forks,
            None => self.number("forks")?.and_then(|n| usize::try_from(n).ok()).unwrap_or(DEFAULT_FORKS),
        };
        Ok(set.max(1))
    }

    /// What to do with unknown host keys, when a setting says so.
    ///
    /// # Errors
    /// The setting is neither yes, no nor `accept-new`.
    pub fn host_key_checking(&self) -> Result<Option<HostKeyChecking>, Failure> {
        if self.text("host_key_checking").is_some_and(|text| text == "accept-new") {
            return Ok(Some(HostKeyChecking::AcceptNew));
        }
        Ok(self.flag("host_key_checking")?.map(|on| if on { HostKeyChecking::Strict } else { HostKeyChecking::Off }))
    }

    /// Time until a connection attempt is given up, when one was typed or set.
    ///
    /// # Errors
    /// The setting is no number.
    pub fn connect_timeout(&self, typed: Option<u64>) -> Result<Option<Duration>, Failure> {
        Ok(typed.or(self.number("timeout")?).map(Duration::from_secs))
    }
}

fn bad(name: &str, found: &Found, value: &str, expected: &str) -> Failure {
    Failure::invalid(match &found.span {
        Some(span) => Diagnostic::at(span, format!("the setting `{name}` is `{value}`, expected {expected}")),
        None => Diagnostic::error(format!("the setting `{name}` in {} is `{value}`, expected {expected}", found.origin)),
    })
}

/// The password in a file, or what the script prints if the file is executable.
///
/// # Errors
/// It cannot be read or run.
#[expect(clippy::disallowed_methods, reason = "the password file that the user named")]
pub fn password_from(path: &Path) -> Result<Secret, Diagnostic> {
    use std::os::unix::fs::PermissionsExt;
    let failed = |cause: String| Diagnostic::error(format!("failed to read the password from `{}`", path.display())).caused_by(cause);
    let metadata = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?;
    let text = if metadata.is_file() && metadata.permissions().mode() & 0o111 != 0 {
        let full = path.canonicalize().map_err(|error| failed(error.to_string()))?;
        let output =
            std::process::Command::new(full).stderr(std::process::Stdio::inherit()).output().map_err(|error| failed(error.to_string()))?;
        if !output.status.success() {
            let code = output.status.code().map_or_else(|| output.status.to_string(), |code| format!("exit code {code}"));
            return Err(failed(format!("the script ended with {code}")));
        }
        output.stdout
    } else {
        std::fs::read(path).map_err(|error| failed(error.to_string()))?
    };
    let text = String::from_utf8(text).map_err(|_| failed("it is not UTF-8".to_owned()))?;
    let password = text.trim();
    if password.is_empty() {
        return Err(failed("it is empty".to_owned()));
    }
    Ok(Secret::new(password))
}
