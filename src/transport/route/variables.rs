//! What the variables of a host say about its connection.

use serde_json::Value;

use super::options::{Options, checking};
use super::{Defaults, Lookup, arguments};
use crate::base::shlex::split;
use crate::base::{Secret, text};
use crate::transport::{HostKeyChecking, Kind};

/// The variables of one host, and what stands in for them.
pub(super) struct Variables<'a> {
    pub(super) vars: &'a Lookup<'a>,
    pub(super) defaults: &'a Defaults,
}

/// What is given before the configuration of ssh is asked.
pub(super) struct Given {
    pub(super) options: Options,
    /// The configuration of ssh is not to be asked.
    pub(super) no_config: bool,
}

impl Variables<'_> {
    /// The first of these variables that is set, as text.
    pub(super) fn text(&self, names: &[&str]) -> Result<Option<String>, String> {
        for name in names {
            match (self.vars)(name) {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) => return Ok(Some(text)),
                Some(Value::Number(number)) => return Ok(Some(number.to_string())),
                Some(Value::Bool(switch)) => return Ok(Some(switch.to_string())),
                Some(Value::Array(_) | Value::Object(_)) => return Err(format!("the variable `{name}` is no text")),
            }
        }
        Ok(None)
    }

    pub(super) fn secret(&self, names: &[&str]) -> Result<Option<Secret>, String> {
        Ok(self.text(names)?.filter(|text| !text.is_empty()).map(Secret::new))
    }

    pub(super) fn password(&self) -> Result<Option<Secret>, String> {
        let own = self.secret(&["ansible_password", "ansible_ssh_pass", "ansible_ssh_password"])?;
        Ok(own.or_else(|| self.defaults.password.clone()))
    }

    /// Tries after the first: `ansible_ssh_retries`, else what `ConnectionAttempts` leaves.
    pub(super) fn retries(&self, attempts: Option<u32>) -> Result<u32, String> {
        match self.text(&["ansible_ssh_retries"])? {
            Some(retries) => retries.parse().map_err(|_| format!("`ansible_ssh_retries: {retries}` is no number")),
            None => Ok(attempts.map_or(0, |attempts| attempts.saturating_sub(1))),
        }
    }

    pub(super) fn kind(&self) -> Result<Kind, String> {
        let connection = self.text(&["ansible_connection"])?.or_else(|| self.defaults.connection.clone());
        match connection.as_deref().unwrap_or("ssh") {
            "ssh" | "smart" | "paramiko" | "paramiko_ssh" | "ansible.builtin.ssh" | "ansible.builtin.paramiko_ssh" => Ok(Kind::Ssh),
            "local" | "ansible.builtin.local" => Ok(Kind::Local),
            other => {
                let hint = text::did_you_mean(other, ["ssh", "local"]).map_or_else(String::new, |hint| format!("; {hint}"));
                Err(format!("kconf has no kind of connection `{other}`: it has `ssh` and `local`{hint}"))
            }
        }
    }

    /// What variables and command line set, the strongest first.
    pub(super) fn options(&self) -> Result<Given, String> {
        let mut given = Given { options: Options::default(), no_config: false };
        self.arguments(&mut given, "ansible_ssh_args", None)?;
        let checked = self.text(&["ansible_host_key_checking", "ansible_ssh_host_key_checking"])?;
        let checked = match checked.map(|text| (checking(&yaml_switch(&text)), text)) {
            Some((Ok(checking), _)) => Some(checking),
            Some((Err(why), _)) => return Err(format!("`ansible_host_key_checking`: {why}")),
            None => self.defaults.host_key_checking,
        };
        // Ansible tells ssh only when keys are not to be checked; that they are is what ssh does anyway.
        let checking = checked.filter(|checking| *checking != HostKeyChecking::Strict);
        let mut own = Options { checking, ..Options::default() };
        for (keyword, names) in [
            ("port", &["ansible_port", "ansible_ssh_port"]),
            ("user", &["ansible_user", "ansible_ssh_user"]),
            ("connecttimeout", &["ansible_ssh_timeout", "ansible_timeout"]),
        ] {
            if let Some(value) = self.text(names)?.filter(|value| !value.is_empty()) {
                let name = names.first().copied().unwrap_or_default();
                own.set(keyword, &value).map_err(|why| format!("`{name}`: {why}"))?;
            }
        }
        match self.text(&["ansible_private_key_file", "ansible_ssh_private_key_file"])?.filter(|file| !file.is_empty()) {
            // A percent sign in a path of Ansible is one.
            Some(file) => own.identity_files.push(file.replace('%', "%%")),
            None => {
                let files = self.defaults.private_keys.iter().map(|file| file.to_string_lossy().replace('%', "%%"));
                own.identity_files.extend(files);
            }
        }
        own.user = own.user.or_else(|| self.defaults.user.clone());
        own.connect_timeout = own.connect_timeout.or(self.defaults.connect_timeout);
        given.options = given.options.or(own);
        self.arguments(&mut given, "ansible_ssh_common_args", self.defaults.ssh_common_args.as_deref())?;
        self.arguments(&mut given, "ansible_ssh_extra_args", self.defaults.ssh_extra_args.as_deref())?;
        Ok(given)
    }

    fn arguments(&self, given: &mut Given, name: &str, default: Option<&str>) -> Result<(), String> {
        let Some(text) = self.text(&[name])?.or_else(|| default.map(str::to_owned)) else { return Ok(()) };
        let words = split(&text).map_err(|why| format!("`{name}`: {why}"))?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let parsed = arguments::parse(&words).map_err(|why| format!("`{name}`: {why}"))?;
        if let Some(word) = parsed.rest.first() {
            return Err(format!("`{name}`: `{word}` is no option of ssh"));
        }
        if parsed.forward.is_some() {
            return Err(format!("`{name}`: `-W` belongs into a ProxyCommand; name the bastion with `-J` or `kconf_bastion`"));
        }
        given.no_config |= parsed.no_config;
        given.options = std::mem::take(&mut given.options).or(parsed.options);
        Ok(())
    }
}

/// The words for a switch that YAML knows, in those of ssh.
fn yaml_switch(text: &str) -> String {
    match text.to_lowercase().as_str() {
        "on" | "1" | "y" | "t" => "yes".to_owned(),
        "0" | "n" | "f" => "no".to_owned(),
        other => other.to_owned(),
    }
}
