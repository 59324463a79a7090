//! `service_facts`: the state of all services, as facts.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::shared::exists;
use super::shared::run::look;
use super::spec::BUILTIN;
use super::{Args, Context, Failure, ModuleResult, Outcome, Place, Return, Spec};
use crate::system::ErrorKind;

/// The declaration of `service_facts`.
pub static MODULE: Spec = Spec {
    name: "service_facts",
    collections: BUILTIN,
    summary: "Tell the state of all services, as facts",
    description: &[
        "The fact `services` maps the name of each service to its `name`, `state` (`running`, `stopped`; of those that were never loaded `inactive` or \
         `unknown`), `status` (`enabled`, `disabled`, `static`, `masked`, …) and `source` (`systemd`, `sysv`, `openrc`).",
    ],
    options: &[],
    rules: &[],
    free_form: None,
    returns: &[Return { name: "ansible_facts", kind: "dict", when: "always", doc: "The services, under `services`." }],
    examples: "
- name: Which services are there?
  service_facts:
",
    place: Place::Target(run),
};

fn run(ctx: &mut Context<'_>, _: Args) -> ModuleResult {
    let mut services = Map::new();
    if ctx.system.which("service")?.is_some() && ctx.system.which("rc-status")?.is_none() {
        scripts(ctx, &mut services)?;
    }
    if ctx.system.which("rc-status")?.is_some() {
        openrc(ctx, &mut services)?;
    }
    // The directory exists exactly while systemd is the init of the machine; see sd_booted(3).
    if exists(ctx.system, Path::new("/run/systemd/system"))? {
        systemd(ctx, &mut services)?;
    }
    Ok(Outcome::new().with("ansible_facts", json!({ "services": services })).changed(false))
}

fn service(name: &str, state: &str, source: &str) -> Map<String, Value> {
    let pairs = [("name", name), ("state", state), ("source", source)];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect()
}

/// `service --status-all`, where there are scripts in `/etc/init.d`.
fn scripts(ctx: &Context<'_>, services: &mut Map<String, Value>) -> Result<(), Failure> {
    let command = ctx.command(["service", "--status-all"]);
    let output = match ctx.system.probe(&command) {
        Ok(output) => output,
        Err(error) if error.kind == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    // Some scripts write to standard error, and some fail.
    for line in output.stdout_text().lines() {
        let Some((mark, name)) = line.trim().strip_prefix('[').and_then(|rest| rest.split_once(']')) else { continue };
        let state = match mark.trim() {
            "+" => "running",
            "-" => "stopped",
            _ => "unknown",
        };
        let name = name.trim();
        services.insert(name.to_owned(), service(name, state, "sysv").into());
    }
    Ok(())
}

/// `rc-status` of OpenRC.
fn openrc(ctx: &Context<'_>, services: &mut Map<String, Value>) -> Result<(), Failure> {
    let output = look(ctx, &ctx.command(["rc-status", "-a", "-s", "-m", "-C"]), "list the services of OpenRC")?;
    for line in output.stdout_text().lines() {
        let Some((name, rest)) = line.trim().split_once(' ') else { continue };
        let Some((_, state)) = rest.split_once('[') else { continue };
        let state = state.trim_end_matches(']').trim();
        let state = if state.starts_with("started") { "running" } else { state };
        services.insert(name.to_owned(), service(name, state, "openrc").into());
    }
    Ok(())
}

/// Loaded units say what they do, unit files what they would do.
fn systemd(ctx: &Context<'_>, services: &mut Map<String, Value>) -> Result<(), Failure> {
    let purpose = "list the units of systemd";
    let list = |words: &[&str]| -> Result<String, Failure> {
        let usual = ["systemctl", "--no-pager", "--no-legend", "--plain", "--type", "service", "--all"];
        let command = ctx.command(usual.iter().chain(words).copied());
        Ok(look(ctx, &command, purpose)?.stdout_text())
    };
    for line in list(&["list-units"])?.lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [name, load, active, sub, ..] = fields.as_slice() else { continue };
        let state = if *sub == "running" { "running" } else { "stopped" };
        let status = if matches!(*load, "not-found" | "masked") { load } else { active };
        let mut found = service(name, state, "systemd");
        found.insert("status".to_owned(), (*status).into());
        services.insert((*name).to_owned(), found.into());
    }
    let mut unloaded = Vec::new();
    for line in list(&["list-unit-files"])?.lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [name, status, ..] = fields.as_slice() else { continue };
        match services.get_mut(*name).and_then(Value::as_object_mut) {
            Some(found) => {
                let bad = matches!(found.get("status").and_then(Value::as_str), Some("not-found" | "masked" | "failed"));
                if !bad {
                    found.insert("status".to_owned(), (*status).into());
                }
            }
            None => unloaded.push(((*name).to_owned(), (*status).to_owned())),
        }
    }
    let names: Vec<&str> = unloaded.iter().map(|(name, _)| name.as_str()).filter(|name| !name.contains("@.")).collect();
    let states = active_states(ctx, &names)?;
    for (name, status) in &unloaded {
        let state = names.iter().position(|other| other == name).and_then(|at| states.get(at)).map_or("unknown", String::as_str);
        let mut found = service(name, state, "systemd");
        found.insert("status".to_owned(), status.as_str().into());
        services.insert(name.clone(), found.into());
    }
    foreseen(ctx, services)
}

/// Puts in what tasks before would do: units that they start, stop, enable or mask, and files of units that they write.
fn foreseen(ctx: &Context<'_>, services: &mut Map<String, Value>) -> Result<(), Failure> {
    if !ctx.system.foresees() {
        return Ok(());
    }
    let mut names = ctx.system.foreseen().services;
    for dir in ["/etc/systemd/system", "/usr/lib/systemd/system"].map(Path::new) {
        let entries = if exists(ctx.system, dir)? { ctx.system.list(dir)? } else { Vec::new() };
        let files = entries.into_iter().filter_map(|entry| entry.name.into_string().ok());
        names.extend(files.filter(|name| !services.contains_key(name) && !name.contains("@.")));
    }
    for name in names.iter().filter(|name| name.ends_with(".service")) {
        let Some(unit) = ctx.system.service(name)? else {
            services.remove(name);
            continue;
        };
        let property = |key: &str| unit.properties.get(key).map(String::as_str);
        let state = if unit.active && property("SubState").is_none_or(|sub| sub == "running") { "running" } else { "stopped" };
        let state = if unit.active || services.contains_key(name) { state } else { "inactive" };
        let plain = if unit.enabled { "enabled" } else { "disabled" };
        let status = if unit.masked { "masked" } else { property("UnitFileState").filter(|word| !word.is_empty()).unwrap_or(plain) };
        let mut found = service(name, state, "systemd");
        found.insert("status".to_owned(), status.into());
        services.insert(name.clone(), found.into());
    }
    Ok(())
}

/// What units do that are known under another name or not at all, in the order of `names`, all asked at once.
fn active_states(ctx: &Context<'_>, names: &[&str]) -> Result<Vec<String>, Failure> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let command = ctx.command(["systemctl", "--no-pager", "show", "--property=ActiveState", "--"].iter().chain(names).copied());
    let text = look(ctx, &command, "ask about units of systemd")?.stdout_text();
    Ok(text.lines().filter_map(|line| line.strip_prefix("ActiveState=")).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::testing::{apply, predict_after};
    use crate::system::fake::Fake;
    use crate::system::{Command, Effect};

    #[test]
    fn units_and_their_files_make_one_list() {
        let start = ["systemctl", "--no-pager", "--no-legend", "--plain", "--type", "service", "--all"];
        let with = |word: &'static str| start.iter().copied().chain([word]).collect::<Vec<_>>();
        let machine = Fake::new()
            .service("ssh", true, true)
            .answer(
                &with("list-units"),
                0,
                "ssh.service loaded active running OpenBSD Secure Shell server\nauditd.service not-found inactive dead auditd.service\n\
                 done.service loaded active exited x\nbad.service loaded failed failed x\n",
                "",
            )
            .answer(
                &with("list-unit-files"),
                0,
                "ssh.service enabled enabled\nbad.service enabled enabled\nsshd.service alias -\nautovt@.service alias -\napt.service static -\n",
                "",
            )
            .answer(
                &["systemctl", "--no-pager", "show", "--property=ActiveState", "--", "sshd.service", "apt.service"],
                0,
                "ActiveState=active\n\nActiveState=inactive\n",
                "",
            )
            .answer(&["service", "--status-all"], 0, " [ + ]  dbus\n [ - ]  kmod\n [ ? ]  odd\n", "");
        let applied = apply(&MODULE, machine, json!({}));
        let services = &applied.get("ansible_facts")["services"];
        for (name, state, status, source) in [
            ("ssh.service", "running", "enabled", "systemd"),
            ("auditd.service", "stopped", "not-found", "systemd"),
            ("done.service", "stopped", "active", "systemd"),
            ("bad.service", "stopped", "failed", "systemd"),
            ("sshd.service", "active", "alias", "systemd"),
            ("autovt@.service", "unknown", "alias", "systemd"),
            ("apt.service", "inactive", "static", "systemd"),
        ] {
            assert_eq!(services[name], json!({"name": name, "state": state, "status": status, "source": source}));
        }
        for (name, state) in [("dbus", "running"), ("kmod", "stopped"), ("odd", "unknown")] {
            assert_eq!(services[name], json!({"name": name, "state": state, "source": "sysv"}));
        }
    }

    #[test]
    fn units_that_earlier_tasks_would_write_start_and_stop() {
        let start = ["systemctl", "--no-pager", "--no-legend", "--plain", "--type", "service", "--all"];
        let with = |word: &'static str| start.iter().copied().chain([word]).collect::<Vec<_>>();
        let machine = Fake::new()
            .service("ssh", true, true)
            .dir("/etc/systemd/system")
            .answer(&with("list-units"), 0, "ssh.service loaded active running OpenBSD Secure Shell server\n", "")
            .answer(&with("list-unit-files"), 0, "ssh.service enabled enabled\n", "");
        let effect = |name: &str, active: bool, enabled| Effect::Service {
            name: name.to_owned(),
            active: Some(active),
            enabled: Some(enabled),
            masked: None,
        };
        let applied = predict_after(&MODULE, machine, json!({}), |system| {
            for name in ["idle", "other"] {
                let path = format!("/etc/systemd/system/{name}.service");
                let content = crate::system::Content::Bytes(b"[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=x\n");
                system.write(Path::new(&path), content, &crate::system::Attributes::default()).unwrap();
            }
            let effects = [effect("idle", true, true), effect("ssh", false, false)];
            system.run(&Command::new(["systemctl"]), &effects).unwrap();
        });
        let services = &applied.get("ansible_facts")["services"];
        let seen = |name: &str| (services[name]["state"].clone(), services[name]["status"].clone());
        assert_eq!(seen("idle.service"), (json!("running"), json!("enabled")));
        assert_eq!(seen("other.service"), (json!("inactive"), json!("disabled")));
        assert_eq!(seen("ssh.service"), (json!("stopped"), json!("disabled")));
    }

    #[test]
    fn a_machine_without_any_has_none() {
        assert_eq!(apply(&MODULE, Fake::new(), json!({})).get("ansible_facts")["services"], json!({}));
    }
}
