//! `ssh_config`: what an SSH client has to know of a host.

mod sections;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::shared::file_options::FileOptions;
use super::shared::state::State;
use super::shared::write::{self, NewFile, Source};
use super::shared::{exists, make_parents, mode, parent};
use super::spec::GENERAL;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::system::{Attributes, Follow, User};

const SYSTEM_FILE: &str = "/etc/ssh/ssh_config";

/// The declaration of `ssh_config`.
pub static MODULE: Spec = Spec {
    name: "ssh_config",
    collections: GENERAL,
    summary: "Configure hosts for SSH clients",
    description: &[
        "Keeps one `Host` section of the configuration of an SSH client. Only the lines of the options that are given change; all others \
         stay as they are. A new section comes last.",
    ],
    options: &[
        Opt::new("host", Kind::Str, "What stands behind `Host`: a name that users give, or patterns.").required(),
        Opt::new("state", Kind::Str, "Whether the section is to be there.").choices(&["present", "absent"]).default("\"present\""),
        Opt::new(
            "user",
            Kind::Str,
            "The user whose `~/.ssh/config` it is. Without it and `ssh_config_file`, the file is that of the machine.",
        ),
        Opt::new("group", Kind::Str, "The group that the file belongs to; the one called like `user` when there is a user."),
        Opt::new("ssh_config_file", Kind::Path, "Another file."),
        Opt::new("hostname", Kind::Str, "`HostName`: the host to connect to."),
        Opt::new("port", Kind::Str, "`Port`: the port of the host."),
        Opt::new("remote_user", Kind::Str, "`User`: the user there."),
        Opt::new("identity_file", Kind::Path, "`IdentityFile`: a private key, which must be there."),
        Opt::new("identities_only", Kind::Bool, "`IdentitiesOnly`: whether only the keys that are named here are offered."),
        Opt::new("user_known_hosts_file", Kind::Str, "`UserKnownHostsFile`: where keys of hosts are kept."),
        Opt::new("strict_host_key_checking", Kind::Str, "`StrictHostKeyChecking`: what becomes of unknown keys of hosts.").choices(&[
            "yes",
            "no",
            "ask",
            "accept-new",
        ]),
        Opt::new("proxycommand", Kind::Str, "`ProxyCommand`: a command that connects to the host."),
        Opt::new("proxyjump", Kind::Str, "`ProxyJump`: the hosts on the way."),
        Opt::new("forward_agent", Kind::Bool, "`ForwardAgent`: whether the host can use the agent."),
        Opt::new("add_keys_to_agent", Kind::Bool, "`AddKeysToAgent`: whether keys that are used are added to the agent."),
        Opt::new("host_key_algorithms", Kind::Str, "`HostKeyAlgorithms`: the kinds of keys of hosts that are taken."),
        Opt::new("controlmaster", Kind::Str, "`ControlMaster`: whether sessions share a connection.")
            .choices(&["yes", "no", "ask", "auto", "autoask"]),
        Opt::new("controlpath", Kind::Str, "`ControlPath`: the socket of the shared connection."),
        Opt::new("controlpersist", Kind::Str, "`ControlPersist`: how long it stays."),
        Opt::new("dynamicforward", Kind::Str, "`DynamicForward`: a port that is a SOCKS proxy through the host."),
        Opt::new("other_options", Kind::Dict, "Any other options, in lower case, with their values as texts."),
    ],
    rules: &[Rule::Exclusive(&["user", "ssh_config_file"]), Rule::Exclusive(&["proxycommand", "proxyjump"])],
    free_form: None,
    returns: &[
        Return { name: "hosts_added", kind: "list", when: "always", doc: "The host, when its section is new." },
        Return { name: "hosts_changed", kind: "list", when: "always", doc: "The host, when its section changed." },
        Return { name: "hosts_removed", kind: "list", when: "always", doc: "The host, when its section is gone." },
        Return {
            name: "hosts_change_diff",
            kind: "list",
            when: "always",
            doc: "For a changed host what its section said (`old`) and what was asked for (`new`).",
        },
    ],
    examples: "
- name: Operators reach the nodes through the bastion
  community.general.ssh_config:
    user: ops
    host: '10.0.*'
    remote_user: admin
    proxyjump: bastion.example.com
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    host: String,
    state: State,
    user: Option<String>,
    group: Option<String>,
    ssh_config_file: Option<PathBuf>,
    hostname: Option<String>,
    port: Option<String>,
    remote_user: Option<String>,
    identity_file: Option<String>,
    identities_only: Option<bool>,
    user_known_hosts_file: Option<String>,
    strict_host_key_checking: Option<String>,
    proxycommand: Option<String>,
    proxyjump: Option<String>,
    forward_agent: Option<bool>,
    add_keys_to_agent: Option<bool>,
    host_key_algorithms: Option<String>,
    controlmaster: Option<String>,
    controlpath: Option<String>,
    controlpersist: Option<String>,
    dynamicforward: Option<String>,
    other_options: Option<Map<String, Value>>,
}

impl Arguments {
    /// The words of the file, each with the value that is asked for.
    fn words(&self) -> [(&'static str, Option<String>); 16] {
        let truth = |value: Option<bool>| value.map(|value| if value { "yes" } else { "no" }.to_owned());
        [
            ("hostname", self.hostname.clone()),
            ("port", self.port.clone()),
            ("identityfile", self.identity_file.clone()),
            ("identitiesonly", truth(self.identities_only)),
            ("user", self.remote_user.clone()),
            ("stricthostkeychecking", self.strict_host_key_checking.clone()),
            ("userknownhostsfile", self.user_known_hosts_file.clone()),
            ("proxycommand", self.proxycommand.clone()),
            ("proxyjump", self.proxyjump.clone()),
            ("hostkeyalgorithms", self.host_key_algorithms.clone()),
            ("forwardagent", truth(self.forward_agent)),
            ("addkeystoagent", truth(self.add_keys_to_agent)),
            ("controlmaster", self.controlmaster.clone()),
            ("controlpath", self.controlpath.clone()),
            ("controlpersist", self.controlpersist.clone()),
            ("dynamicforward", self.dynamicforward.clone()),
        ]
    }

    /// All that is asked for, or why it makes no sense.
    fn wanted(&self) -> Result<Vec<(String, String)>, String> {
        let own = self.words();
        let mut wanted = Vec::new();
        for (word, value) in self.other_options.iter().flatten() {
            if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
                return Err(format!("`{word}` of `other_options` must be a word in lower case"));
            }
            if matches!(word.as_str(), "host" | "match") || own.iter().any(|(own, _)| own == word) {
                return Err(format!("`{word}` of `other_options` has an option of its own"));
            }
            let Value::String(value) = value else {
                return Err(format!("the value of `{word}` in `other_options` must be a text").clone());
            };
            wanted.push((word.clone(), value.clone()));
        }
        let own = own.into_iter().filter_map(|(word, value)| Some((word.to_owned(), value?)));
        let all: Vec<(String, String)> = own.chain(wanted).collect();
        match all.iter().find(|(_, value)| value.trim().is_empty() || value.contains(['\n', '\r'])) {
            Some((word, _)) => Err(format!("the value of `{word}` must be one line")),
            None => Ok(all),
        }
    }
}

/// The file, and whom it is for.
struct File {
    path: PathBuf,
    options: FileOptions,
    user: Option<User>,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let wrong = |why: &str| Failure::new(format!("failed to configure the host `{}`: {why}", args.host));
    let host = args.host.split_whitespace().collect::<Vec<_>>().join(" ");
    if host.is_empty() || host.contains('#') {
        return Err(wrong("a host cannot be called so"));
    }
    let wanted = args.wanted().map_err(|why| wrong(&why))?;
    if let Some(key) = args.identity_file.as_deref().filter(|_| args.state == State::Present)
        && !exists(ctx.system, Path::new(key))?
    {
        return Err(wrong(&format!("there is no key at `{key}`")).missing_on(ctx.system));
    }
    let file = file(ctx, &args)?;
    let is_there = match ctx.system.stat(&file.path, Follow::Yes)? {
        Some(stat) if !stat.is_file() => return Err(wrong(&format!("`{}` is not a regular file", file.path.display()))),
        there => there.is_some(),
    };
    let text = match is_there {
        true => String::from_utf8(ctx.system.read(&file.path)?).map_err(|_| wrong(&format!("`{}` is not UTF-8", file.path.display())))?,
        false => String::new(),
    };
    let (mut added, mut changed, mut removed, mut changes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let old = sections::section(&text, &host);
    let new = match (args.state, &old) {
        (State::Absent, None) => None,
        (State::Absent, Some(_)) => {
            removed.push(args.host.clone());
            Some(sections::without(&text, &host))
        }
        (State::Present, None) if wanted.is_empty() => None,
        (State::Present, None) => {
            added.push(args.host.clone());
            Some(sections::with_new(&text, &host, &wanted))
        }
        (State::Present, Some(old)) => sections::with(&text, old, &wanted).inspect(|_| {
            let given: Map<String, Value> = wanted.iter().map(|(word, value)| (word.clone(), shown(word, &[value]))).collect();
            changes.push(json!({ args.host.as_str(): {"old": said(&text, old), "new": given} }));
            changed.push(args.host.clone());
        }),
    };
    match new {
        Some(new) => put(ctx, &file, &new)?,
        None if is_there => file.options.apply(ctx, &file.path, Follow::Yes)?,
        None => {}
    }
    Ok(Outcome::new()
        .with("hosts_added", added)
        .with("hosts_changed", changed)
        .with("hosts_removed", removed)
        .with("hosts_change_diff", changes))
}

/// What a section says.
fn said(text: &str, section: &sections::Section) -> Map<String, Value> {
    let mut said: Map<String, Value> = Map::new();
    let lines: Vec<(String, String)> = sections::options(text, section);
    for (word, _) in &lines {
        let values: Vec<&String> = lines.iter().filter(|(other, _)| other == word).map(|(_, value)| value).collect();
        said.insert(word.clone(), shown(word, &values));
    }
    said
}

/// Options that may be there several times are lists.
fn shown(word: &str, values: &[&String]) -> Value {
    match values {
        [value] if word != "identityfile" => json!(value),
        values => json!(values),
    }
}

fn file(ctx: &Context<'_>, args: &Arguments) -> Result<File, Failure> {
    let user = match &args.user {
        Some(name) => {
            let found = ctx.system.user(name)?;
            let missing = || Failure::new(format!("failed to find the user `{name}`: there is none")).missing_on(ctx.system);
            Some(found.ok_or_else(missing)?)
        }
        None => None,
    };
    let path = match (&user, &args.ssh_config_file) {
        (Some(user), _) => user.home.join(".ssh/config"),
        (None, Some(file)) => file.clone(),
        (None, None) => PathBuf::from(SYSTEM_FILE),
    };
    let is_link = ctx.system.stat(&path, Follow::No)?.is_some_and(|stat| stat.is_link());
    let path = if is_link { ctx.system.real_path(&path)? } else { path };
    let options =
        FileOptions { owner: args.user.clone(), group: args.group.clone().or_else(|| args.user.clone()), ..FileOptions::default() };
    Ok(File { path, options, user })
}

/// Writes the file. It is for its owner's eyes only, unless it is that of the machine.
fn put(ctx: &mut Context<'_>, file: &File, text: &str) -> Result<(), Failure> {
    let folder = parent(&file.path);
    if !exists(ctx.system, &folder)? {
        make_parents(ctx, &folder, None)?;
        ctx.system.make_dir(&folder, 0o700)?;
        if let Some(user) = &file.user {
            let attributes = Attributes { uid: Some(user.uid), gid: Some(user.gid), ..Attributes::default() };
            ctx.system.set_attributes(&folder, &attributes, Follow::Yes)?;
        }
    }
    let is_private = file.path != Path::new(SYSTEM_FILE);
    let options = FileOptions { mode: mode::parse(if is_private { "0600" } else { "0644" }).ok(), ..file.options.clone() };
    let new = NewFile { path: &file.path, source: Source::Bytes(text.as_bytes()), options: &options, validate: None, backup: false };
    write::put(ctx, &new).map(drop)
}
