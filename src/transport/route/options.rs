//! Options of ssh, from wherever they come. For each the first value that is set stays, as ssh does it.

use std::path::PathBuf;
use std::time::Duration;

use super::super::HostKeyChecking;
use super::proxy::{Jump, parse_command, parse_jumps};
use crate::base::shlex::split;

/// What was set.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    pub(super) host_name: Option<String>,
    pub(super) user: Option<String>,
    pub(super) port: Option<u16>,
    /// As written, with `~` and `%` tokens; these add up.
    pub(super) identity_files: Vec<String>,
    pub(super) identities_only: Option<bool>,
    /// As written; `none` for no agent.
    pub(super) identity_agent: Option<String>,
    /// The machines between; empty for none, whatever else is set.
    pub(super) jumps: Option<Vec<Jump>>,
    /// As written.
    pub(super) user_known_hosts: Option<Vec<String>>,
    pub(super) global_known_hosts: Option<Vec<String>>,
    pub(super) checking: Option<HostKeyChecking>,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) attempts: Option<u32>,
    pub(super) alive_interval: Option<Duration>,
    pub(super) alive_count: Option<u32>,
    pub(super) host_key_alias: Option<String>,
    pub(super) public_key: Option<bool>,
    pub(super) password: Option<bool>,
}

/// What became of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It has its effect.
    Yes,
    /// It changes nothing for kconf: it is about terminals, shared connections, algorithms, logs and the like.
    Needless,
    /// kconf does not know it.
    No,
}

/// Options without meaning here. kconf shares connections by itself, has no terminal, and chooses algorithms itself.
const NEEDLESS: &[&str] = &[
    "addkeystoagent",
    "addressfamily",
    "batchmode",
    "canonicalizehostname",
    "casignaturealgorithms",
    "checkhostip",
    "ciphers",
    "compression",
    "controlmaster",
    "controlpath",
    "controlpersist",
    "enableescapecommandline",
    "escapechar",
    "exitonforwardfailure",
    "fingerprinthash",
    "forwardagent",
    "forwardx11",
    "forwardx11timeout",
    "forwardx11trusted",
    "gssapiauthentication",
    "gssapidelegatecredentials",
    "hashknownhosts",
    "hostbasedauthentication",
    "hostkeyalgorithms",
    "ipqos",
    "kexalgorithms",
    "localcommand",
    "loglevel",
    "macs",
    "nohostauthenticationforlocalhost",
    "numberofpasswordprompts",
    "permitlocalcommand",
    "preferredauthentications",
    "pubkeyacceptedalgorithms",
    "pubkeyacceptedkeytypes",
    "rekeylimit",
    "requesttty",
    "sendenv",
    "setenv",
    "stdinnull",
    "streamlocalbindunlink",
    "tcpkeepalive",
    "updatehostkeys",
    "usekeychain",
    "verifyhostkeydns",
    "visualhostkey",
    "xauthlocation",
];

impl Options {
    /// Sets `keyword` (in any case) to `value`, unless it is set.
    ///
    /// # Errors
    /// When the value makes no sense, as a fragment without the keyword.
    pub(super) fn set(&mut self, keyword: &str, value: &str) -> Result<Known, String> {
        let keyword = keyword.to_lowercase();
        match keyword.as_str() {
            "proxycommand" => {
                first(&mut self.jumps, parse_command(value)?);
                return Ok(Known::Yes);
            }
            "userknownhostsfile" => {
                first(&mut self.user_known_hosts, split(value)?);
                return Ok(Known::Yes);
            }
            "globalknownhostsfile" => {
                first(&mut self.global_known_hosts, split(value)?);
                return Ok(Known::Yes);
            }
            _ => {}
        }
        // A single value may be quoted as a whole.
        let words = split(value)?;
        let value = words.first().map_or("", String::as_str);
        match keyword.as_str() {
            "hostname" => first(&mut self.host_name, value.to_owned()),
            "user" => first(&mut self.user, value.to_owned()),
            "port" => first(&mut self.port, port(value)?),
            "identityfile" => self.identity_files.push(value.to_owned()),
            "identitiesonly" => first(&mut self.identities_only, switch(value)?),
            "identityagent" => first(&mut self.identity_agent, value.to_owned()),
            "proxyjump" => first(&mut self.jumps, parse_jumps(&words.concat())?),
            "stricthostkeychecking" => first(&mut self.checking, checking(value)?),
            "connecttimeout" => first(&mut self.connect_timeout, seconds(value)?),
            "connectionattempts" => first(&mut self.attempts, number(value)?),
            "serveraliveinterval" => first(&mut self.alive_interval, seconds(value)?),
            "serveralivecountmax" => first(&mut self.alive_count, number(value)?),
            "hostkeyalias" => first(&mut self.host_key_alias, value.to_owned()),
            "pubkeyauthentication" => first(&mut self.public_key, value != "no"),
            "passwordauthentication" => first(&mut self.password, switch(value)?),
            // Where passwords are not wanted, both ways to give one are switched off as a rule; one is enough for kconf.
            "kbdinteractiveauthentication" | "challengeresponseauthentication" => {
                switch(value)?;
            }
            other => return Ok(if NEEDLESS.contains(&other) { Known::Needless } else { Known::No }),
        }
        Ok(Known::Yes)
    }

    /// Fills what is not set from `later`.
    pub(super) fn or(mut self, later: Self) -> Self {
        self.identity_files.extend(later.identity_files);
        Self {
            host_name: self.host_name.or(later.host_name),
            user: self.user.or(later.user),
            port: self.port.or(later.port),
            identity_files: self.identity_files,
            identities_only: self.identities_only.or(later.identities_only),
            identity_agent: self.identity_agent.or(later.identity_agent),
            jumps: self.jumps.or(later.jumps),
            user_known_hosts: self.user_known_hosts.or(later.user_known_hosts),
            global_known_hosts: self.global_known_hosts.or(later.global_known_hosts),
            checking: self.checking.or(later.checking),
            connect_timeout: self.connect_timeout.or(later.connect_timeout),
            attempts: self.attempts.or(later.attempts),
            alive_interval: self.alive_interval.or(later.alive_interval),
            alive_count: self.alive_count.or(later.alive_count),
            host_key_alias: self.host_key_alias.or(later.host_key_alias),
            public_key: self.public_key.or(later.public_key),
            password: self.password.or(later.password),
        }
    }
}

fn first<T>(slot: &mut Option<T>, value: T) {
    slot.get_or_insert(value);
}

fn port(value: &str) -> Result<u16, String> {
    value.parse().ok().filter(|port| *port > 0).ok_or_else(|| format!("`{value}` is no port"))
}

fn number(value: &str) -> Result<u32, String> {
    value.parse().map_err(|_| format!("`{value}` is no number"))
}

fn switch(value: &str) -> Result<bool, String> {
    match value.to_lowercase().as_str() {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        _ => Err(format!("`{value}` is neither `yes` nor `no`")),
    }
}

/// How unknown host keys are treated: the words of ssh. Nobody is there to be asked, so `ask` is strict.
pub(super) fn checking(value: &str) -> Result<HostKeyChecking, String> {
    match value.to_lowercase().as_str() {
        "yes" | "true" | "ask" => Ok(HostKeyChecking::Strict),
        "accept-new" => Ok(HostKeyChecking::AcceptNew),
        "no" | "off" | "false" => Ok(HostKeyChecking::Off),
        _ => Err(format!("`{value}` is none of `yes`, `accept-new` and `no`")),
    }
}

/// A time as ssh writes it: `90`, `2m`, `1h30m`; `none` is never.
fn seconds(value: &str) -> Result<Duration, String> {
    if value.eq_ignore_ascii_case("none") {
        return Ok(Duration::ZERO);
    }
    let wrong = || format!("`{value}` is no time");
    let (mut total, mut digits) = (0u64, String::new());
    for c in value.to_lowercase().chars().chain(['s']) {
        let unit = match c {
            '0'..='9' => {
                digits.push(c);
                continue;
            }
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return Err(wrong()),
        };
        if !digits.is_empty() {
            let count: u64 = digits.parse().map_err(|_| wrong())?;
            total = count.checked_mul(unit).and_then(|seconds| total.checked_add(seconds)).ok_or_else(wrong)?;
            digits.clear();
        }
    }
    if value.is_empty() { Err(wrong()) } else { Ok(Duration::from_secs(total)) }
}

/// What stands for `%` tokens and `~`.
pub(super) struct Tokens<'a> {
    pub(super) home: &'a str,
    pub(super) local_user: &'a str,
    /// The name as the user gave it.
    pub(super) original: &'a str,
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) user: &'a str,
}

impl Tokens<'_> {
    /// `text` with `%` tokens replaced.
    pub(super) fn expand(&self, text: &str) -> String {
        let mut expanded = String::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                expanded.push(c);
                continue;
            }
            match chars.next() {
                Some('h') => expanded.push_str(self.host),
                Some('n' | 'k') => expanded.push_str(self.original),
                Some('p') => expanded.push_str(&self.port.to_string()),
                Some('r') => expanded.push_str(self.user),
                Some('u') => expanded.push_str(self.local_user),
                Some('d') => expanded.push_str(self.home),
                Some('%') | None => expanded.push('%'),
                Some(other) => expanded.extend(['%', other]),
            }
        }
        expanded
    }

    /// A path with `%` tokens, `~` and `${HOME}` replaced.
    pub(super) fn path(&self, text: &str) -> PathBuf {
        let text = self.expand(text).replace("${HOME}", self.home);
        match text.strip_prefix('~') {
            Some("") => self.home.into(),
            Some(rest) if rest.starts_with('/') => format!("{}{rest}", self.home).into(),
            _ => text.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_stays_and_key_files_add_up() {
        let mut options = Options::default();
        for (keyword, value) in [("User", "a"), ("USER", "b"), ("IdentityFile", "~/x"), ("identityfile", "\"/k e y\""), ("Port", "2222")] {
            assert_eq!(options.set(keyword, value), Ok(Known::Yes));
        }
        assert_eq!((options.user.as_deref(), options.port), (Some("a"), Some(2222)));
        assert_eq!(options.identity_files, ["~/x", "/k e y"]);
    }

    #[test]
    fn tells_needless_from_unknown() {
        let mut options = Options::default();
        assert_eq!(options.set("ControlPersist", "60s"), Ok(Known::Needless));
        assert_eq!(options.set("LocalForward", "1 h:1"), Ok(Known::No));
        assert!(options.set("Port", "0").is_err());
        assert!(options.set("StrictHostKeyChecking", "perhaps").is_err());
    }

    #[test]
    fn times() {
        for (text, expected) in [("10", Some(10)), ("1h30m", Some(5400)), ("2M", Some(120)), ("none", Some(0)), ("", None), ("x", None)] {
            assert_eq!(seconds(text).ok(), expected.map(Duration::from_secs), "{text}");
        }
    }
}
