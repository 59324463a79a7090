//! The configuration files of ssh: read once, asked for each host.

#![expect(clippy::disallowed_methods, reason = "ssh_config is a file of the controller")]

use std::fs;
use std::path::{Path, PathBuf};

use super::super::ssh::glob;
use super::options::Options;
use crate::base::shlex::split;

/// How deep files may include each other.
const DEPTH: usize = 16;

/// What stands in `~/.ssh/config` and `/etc/ssh/ssh_config`.
#[derive(Clone, Debug, Default)]
pub struct SshConfig {
    lines: Vec<Line>,
    /// What was not understood, `file:line: why`.
    pub warnings: Vec<String>,
}

#[derive(Clone, Debug)]
enum Line {
    /// What follows is for these hosts.
    Host(Vec<String>),
    /// What follows is for where all of this holds.
    Match(Vec<Condition>),
    Set {
        keyword: String,
        value: String,
        place: String,
    },
    Included(Vec<Line>),
}

#[derive(Clone, Debug)]
enum Condition {
    All,
    Host(String, bool),
    OriginalHost(String, bool),
    User(String, bool),
    LocalUser(String, bool),
    /// What cannot be decided here; it never holds.
    Never,
}

impl SshConfig {
    /// Reads the user's file and then the system's; those that do not exist are empty.
    pub fn load(home: &Path) -> Self {
        let mut config = Self::default();
        for (file, base) in [(home.join(".ssh/config"), home.join(".ssh")), ("/etc/ssh/ssh_config".into(), "/etc/ssh".into())] {
            let lines = config.read(&file, &base, home, 0);
            // A block of the first file does not reach into the second.
            config.lines.push(Line::Included(lines));
        }
        config
    }

    /// From text, for tests and for what is not in a file. `Include` finds nothing.
    pub fn parse(text: &str) -> Self {
        let mut config = Self::default();
        config.lines = config.take("ssh config", text, Path::new("/nonexistent"), Path::new("/nonexistent"), 0);
        config
    }

    fn read(&mut self, file: &Path, base: &Path, home: &Path, depth: usize) -> Vec<Line> {
        match fs::read_to_string(file) {
            Ok(text) => self.take(&file.display().to_string(), &text, base, home, depth),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                self.warnings.push(format!("{}: not read: {error}", file.display()));
                Vec::new()
            }
        }
    }

    fn take(&mut self, name: &str, text: &str, base: &Path, home: &Path, depth: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let place = format!("{name}:{}", index + 1);
            let end = line.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(line.len());
            let (keyword, rest) = line.split_at(end);
            let value = rest.trim_start().strip_prefix('=').unwrap_or(rest).trim();
            let words = split(value).unwrap_or_else(|_| vec![value.to_owned()]);
            match keyword.to_lowercase().as_str() {
                "host" => lines.push(Line::Host(words)),
                "match" => {
                    let conditions = conditions(&words);
                    if conditions.iter().any(|condition| matches!(condition, Condition::Never)) {
                        self.warnings.push(format!("{place}: the block is passed over: kconf cannot decide `Match {value}`"));
                    }
                    lines.push(Line::Match(conditions));
                }
                "include" if depth < DEPTH => {
                    for pattern in words {
                        for file in files(&pattern, base, home) {
                            let included = self.read(&file, base, home, depth + 1);
                            lines.push(Line::Included(included));
                        }
                    }
                }
                "include" => self.warnings.push(format!("{place}: files include each other too deeply")),
                _ => lines.push(Line::Set { keyword: keyword.to_owned(), value: value.to_owned(), place }),
            }
        }
        lines
    }

    /// What holds for the host that the user calls `name`, after what `given` has set already.
    ///
    /// # Errors
    /// Names the line whose value makes no sense.
    pub(super) fn lookup(&self, name: &str, given: Options, local_user: &str) -> Result<Options, String> {
        let mut options = given;
        evaluate(&self.lines, name, local_user, &mut options)?;
        Ok(options)
    }
}

fn evaluate(lines: &[Line], name: &str, local_user: &str, options: &mut Options) -> Result<(), String> {
    let mut active = true;
    for line in lines {
        match line {
            Line::Host(patterns) => active = glob::matches_list(&patterns.join(" "), name),
            Line::Match(conditions) => {
                let user = options.user.clone().unwrap_or_else(|| local_user.to_owned());
                let host = options.host_name.clone().unwrap_or_else(|| name.to_owned());
                active = conditions.iter().all(|condition| match condition {
                    Condition::All => true,
                    Condition::Host(patterns, wanted) => glob::matches_list(patterns, &host) == *wanted,
                    Condition::OriginalHost(patterns, wanted) => glob::matches_list(patterns, name) == *wanted,
                    Condition::User(patterns, wanted) => glob::matches_list(patterns, &user) == *wanted,
                    Condition::LocalUser(patterns, wanted) => glob::matches_list(patterns, local_user) == *wanted,
                    Condition::Never => false,
                });
            }
            Line::Set { keyword, value, place } if active => {
                options.set(keyword, value).map_err(|why| format!("{place}: `{keyword}`: {why}"))?;
            }
            Line::Included(lines) if active => evaluate(lines, name, local_user, options)?,
            Line::Set { .. } | Line::Included(_) => {}
        }
    }
    Ok(())
}

fn conditions(words: &[String]) -> Vec<Condition> {
    let mut conditions = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let lower = word.to_lowercase();
        let (name, wanted) = match lower.strip_prefix('!') {
            Some(name) => (name, false),
            None => (lower.as_str(), true),
        };
        let patterned: Option<fn(String, bool) -> Condition> = match name {
            "host" => Some(Condition::Host),
            "originalhost" => Some(Condition::OriginalHost),
            "user" => Some(Condition::User),
            "localuser" => Some(Condition::LocalUser),
            _ => None,
        };
        conditions.push(match (patterned, name) {
            (Some(condition), _) => words.next().map_or(Condition::Never, |patterns| condition(patterns.clone(), wanted)),
            (None, "all") => Condition::All,
            (None, _) => Condition::Never,
        });
    }
    if conditions.is_empty() { vec![Condition::Never] } else { conditions }
}

/// The files that an `Include` names, in alphabetical order.
fn files(pattern: &str, base: &Path, home: &Path) -> Vec<PathBuf> {
    let path = match pattern.strip_prefix("~/") {
        Some(rest) => home.join(rest),
        None => base.join(pattern),
    };
    let mut found = vec![PathBuf::new()];
    for part in path.components() {
        let part = part.as_os_str();
        let text = part.to_string_lossy();
        if !text.contains(['*', '?']) {
            found.iter_mut().for_each(|path| path.push(part));
            continue;
        }
        let matching = |dir: &PathBuf| {
            let mut names: Vec<_> = fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.file_name()).collect();
            names.retain(|name| {
                let name = name.to_string_lossy();
                glob::matches(&text, &name) && (text.starts_with('.') || !name.starts_with('.'))
            });
            names.sort();
            names.into_iter().map(|name| dir.join(name)).collect::<Vec<_>>()
        };
        found = found.iter().flat_map(matching).collect();
    }
    found.retain(|path| path.is_file());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(config: &SshConfig, name: &str) -> Options {
        config.lookup(name, Options::default(), "me").expect("is fine")
    }

    #[test]
    fn blocks_hold_for_their_hosts_and_the_first_value_stays() {
        let config = SshConfig::parse(
            "User everyone\n\nHost bastion\n  HostName 203.0.113.7\n  Port=2222\n\nHost *.lab !gw.lab\n  ProxyJump bastion\n  IdentityFile \"~/a b\"\n\
             Host *\n  IdentityFile ~/.ssh/last\n  User nobody\n",
        );
        let bastion = lookup(&config, "bastion");
        assert_eq!(
            (bastion.host_name.as_deref(), bastion.port, bastion.user.as_deref()),
            (Some("203.0.113.7"), Some(2222), Some("everyone"))
        );
        let web = lookup(&config, "web.lab");
        assert_eq!(web.jumps.map(|jumps| jumps.len()), Some(1));
        assert_eq!(web.identity_files, ["~/a b", "~/.ssh/last"]);
        assert!(lookup(&config, "gw.lab").jumps.is_none());
    }

    #[test]
    fn matches_by_host_and_user() {
        let config = SshConfig::parse(
            "Host alias\n HostName real.lab\nMatch host *.lab user me\n Port 1\nMatch originalhost alias !host real.lab\n Port 2\nMatch exec \"true\"\n Port 3\n\
             Match all\n Port 4\n",
        );
        assert_eq!(lookup(&config, "alias").port, Some(1));
        assert_eq!(lookup(&config, "other").port, Some(4));
        assert_eq!(config.warnings.len(), 1, "{:?}", config.warnings);
        assert!(config.warnings[0].starts_with("ssh config:7: "), "{:?}", config.warnings);
    }

    #[test]
    fn a_senseless_value_names_its_line() {
        let config = SshConfig::parse("Host a\n  Port many\n");
        assert_eq!(config.lookup("a", Options::default(), "me").expect_err("no port"), "ssh config:2: `Port`: `many` is no port");
        assert!(config.lookup("b", Options::default(), "me").is_ok());
    }

    #[test]
    fn files_include_others() {
        let home = tempfile::tempdir().expect("a directory");
        let write = |name: &str, text: &str| {
            let path = home.path().join(".ssh").join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("makes");
            fs::write(path, text).expect("writes");
        };
        write("config", "Include conf.d/*.conf\nHost a\n Include only-a\nHost *\n User late\n");
        write("conf.d/1.conf", "Host b\n User b\n");
        write("conf.d/2.conf", "Host *\n Port 7\n");
        write("conf.d/ignored", "Host *\n Port 8\n");
        write("only-a", "User from-include\nHost *\n ConnectTimeout 3\n");
        let config = SshConfig::load(home.path());
        let of = |name| {
            let options = lookup(&config, name);
            (options.user.unwrap_or_default(), options.port, options.connect_timeout.is_some())
        };
        assert_eq!(of("a"), ("from-include".to_owned(), Some(7), true));
        assert_eq!(of("b"), ("b".to_owned(), Some(7), false));
        assert_eq!(of("c"), ("late".to_owned(), Some(7), false));
    }
}
