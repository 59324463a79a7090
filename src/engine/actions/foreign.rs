//! Modules that are none of kconf's own: hands them to the host with what they want to know.

use std::path::Path;

use async_trait::async_trait;
use serde_json::{Map, Value as Json, json};

use super::Action;
use super::copy::reference_json;
use crate::base::{Diagnostic, python, shlex};
use crate::engine::content::Contents;
use crate::engine::task::{Call, Reply, Trouble};
use crate::foreign::{Kind, Module};
use crate::plan;
use crate::transport::Kind as Target;

/// See the module documentation.
pub struct Foreign;

/// The version that modules are told which bring no library of a version of their own.
const VERSION: &str = "2.19.0";

/// File systems that SELinux labels in ways of their own, as Ansible has them unless it is told otherwise.
const SPECIAL_FILE_SYSTEMS: [&str; 6] = ["fuse", "nfs", "vboxsf", "ramfs", "9p", "vfat"];

/// Where Ansible keeps its files on hosts unless it is told otherwise; modules of kconf get the directory of the run besides.
const REMOTE_TMP: &str = "~/.ansible/tmp";

#[async_trait]
impl Action for Foreign {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        let plan::Action::Module { foreign: Some(module), written, .. } = &call.job.due.task.action else {
            return Err(call.wrong("this task has no module to hand to the host").into());
        };
        if call.ready.check && !module.knows_check_mode {
            let why = format!("the module `{}` does not say that it knows check mode, so it was not run", module.name);
            return Ok(Reply::of([("changed", false.into()), ("skipped", true.into()), ("msg", why.into())]));
        }
        let package = module.package()?;
        let mut contents = Contents::default();
        contents.shared(&package.bytes, &package.reference);
        let (interpreter, look) = interpreter(call, module)?;
        let args = Map::from_iter([
            ("_name".to_owned(), Json::from(module.name.as_str())),
            ("_payload".to_owned(), reference_json(&package.reference)),
            ("_format".to_owned(), module.kind.word().into()),
            ("_entry".to_owned(), module.entry.as_str().into()),
            ("_interpreter".to_owned(), interpreter.into()),
            ("_python".to_owned(), look.into()),
            ("_arguments".to_owned(), Json::Object(arguments(call, module, &written.value)?)),
        ]);
        Ok(Reply::new(call.remote(call.ready.spec.name, args, &contents).await?))
    }
}

/// What the task says, and what modules are told of the run.
fn arguments(call: &Call<'_>, module: &Module, written: &str) -> Result<Map<String, Json>, Diagnostic> {
    let ready = call.ready;
    let own = |name: &str| ready.spec.options.iter().any(|option| option.name == name);
    let mut arguments: Map<String, Json> =
        ready.args.iter().filter(|(name, _)| !own(name)).map(|(name, value)| (name.clone(), value.clone())).collect();
    let version = module.library_version().unwrap_or(VERSION);
    let remote_tmp = variable(call, "ansible_remote_tmp")?.unwrap_or_else(|| REMOTE_TMP.to_owned());
    let shell = variable(call, "ansible_shell_executable")?.unwrap_or_else(|| "/bin/sh".to_owned());
    let told = [
        ("check_mode", json!(ready.check)),
        ("no_log", json!(ready.no_log)),
        ("debug", json!(false)),
        ("diff", json!(ready.diff)),
        ("verbosity", json!(call.job.world.settings.verbosity)),
        ("version", json!(version)),
        ("module_name", json!(written)),
        ("syslog_facility", json!("LOG_USER")),
        ("selinux_special_fs", json!(SPECIAL_FILE_SYSTEMS)),
        ("socket", Json::Null),
        ("shell_executable", json!(shell)),
        ("keep_remote_files", json!(false)),
        ("remote_tmp", json!(remote_tmp)),
        ("ignore_unknown_opts", json!(false)),
        ("string_conversion_action", json!("warn")),
        ("target_log_info", Json::Null),
        ("tracebacks_for", json!([])),
    ];
    for (name, value) in told {
        let is_of_old = name == "string_conversion_action" && module.kind != Kind::Library;
        if module.takes_internal(name) && !is_of_old {
            arguments.insert(format!("_ansible_{name}"), value);
        }
    }
    Ok(arguments)
}

/// The program that runs the module, with its options; and whether a Python is to be looked for, so that these are options only.
fn interpreter(call: &Call<'_>, module: &Module) -> Result<(Vec<String>, bool), Diagnostic> {
    let mut words = module.interpreter.clone();
    if words.is_empty() && module.kind != Kind::Library {
        return Ok((words, false));
    }
    // `#!/usr/bin/env NAME` runs what is called so on the search path.
    if words.first().is_some_and(|program| file_name(program) == "env") && words.len() > 1 {
        words.remove(0);
    }
    let program = words.first().cloned().unwrap_or_default();
    let options: Vec<String> = words.iter().skip(1).cloned().collect();
    let language = file_name(&program);
    let is_python = module.kind == Kind::Library || language.starts_with("python");
    let name = if is_python { "ansible_python_interpreter".to_owned() } else { format!("ansible_{language}_interpreter") };
    let mut given = variable(call, &name)?;
    if is_python {
        given = given.or_else(|| call.job.world.settings.python_interpreter.clone());
        // `auto`, `auto_silent`, `auto_legacy`: as without.
        given = given.filter(|given| !given.starts_with("auto"));
        if given.is_none() && is_implicit(call)? {
            given = module.controller_python().map(|python| shlex::quote(&python.to_string_lossy()));
        }
    }
    let Some(given) = given.filter(|given| !given.is_empty()) else {
        return Ok(if is_python { (options, true) } else { (words, false) });
    };
    let mut words = shlex::split(&given).map_err(|reason| call.wrong(format!("`{name}` is `{given}`, which cannot be split: {reason}")))?;
    words.extend(options);
    Ok((words, false))
}

/// Whether the task runs on this machine under a name of it that the inventory does not have: what such a module needs of Python is most
/// likely where ansible-core is.
fn is_implicit(call: &Call<'_>) -> Result<bool, Diagnostic> {
    let host = call.ready.delegated_to.as_ref().unwrap_or(&call.job.host);
    let implicit = call.job.world.inventory().hosts.get(host).is_none_or(|host| host.implicit);
    Ok(implicit && call.route()?.target.kind == Target::Local)
}

fn file_name(program: &str) -> String {
    Path::new(program).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A variable of the host that the task runs on, as text.
fn variable(call: &Call<'_>, name: &str) -> Result<Option<String>, Diagnostic> {
    let ready = call.ready;
    let value = match &ready.delegated_to {
        Some(host) => ready.scope.delegated(host).value(name),
        None => ready.scope.value(name),
    };
    let value = value.map_err(|wrong| wrong.context(format!("failed to render the variable `{name}`")))?;
    let value = value.map(|value| crate::template::to_json(&value)).filter(|value| !value.is_null());
    Ok(value.map(|value| python::text(&value)))
}
