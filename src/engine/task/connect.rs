//! Where a task runs and as whom: from keywords, variables and the command line, in Ansible's order, to a target and an identity.

use std::cell::RefCell;

use serde_json::Value as Json;

use super::keywords::{self, truth};
use crate::base::{Diagnostic, Secret, python};
use crate::engine::scope::TaskScope;
use crate::engine::world::World;
use crate::plan::Keywords;
use crate::template;
use crate::transport::route::{self, Bastion};
use crate::transport::{Become, BecomeMethod, Kind, Target};

/// Where and as whom.
#[derive(Clone, Debug)]
pub struct Route {
    /// The host.
    pub target: Target,
    /// The identity, if it is not that of the login.
    pub becoming: Option<Become>,
}

/// Resolves the route of a task. `scope` has the variables of the host that it is to run on.
///
/// # Errors
/// A variable or keyword that cannot be rendered or makes no sense.
pub fn resolve(scope: &TaskScope) -> Result<Route, Diagnostic> {
    let scope = &scope.without_reach();
    let none = Keywords::default();
    let words = scope.keywords().map_or(&none, |words| words);
    let mut target = target(scope, words)?;
    let becoming = becoming(scope, words, &target)?;
    target.name = scope.host.to_string();
    Ok(Route { target, becoming })
}

/// The way to the host of `scope`.
///
/// # Errors
/// A variable or keyword that cannot be rendered or makes no sense.
pub fn target(scope: &TaskScope, words: &Keywords) -> Result<Target, Diagnostic> {
    let world = &scope.world;
    let connection = keywords::text(scope, "connection", words.connection.as_deref())?;
    let user = keywords::text(scope, "remote_user", words.remote_user.as_deref())?;
    let port = keywords::text(scope, "port", words.port.as_deref())?;
    let failed = RefCell::new(None);
    let lookup = |name: &str| {
        let found = variable(scope, name, &failed);
        let word = |word: &Option<String>| word.clone().map(Json::String);
        match name {
            "ansible_connection" => found.or_else(|| word(&connection)),
            "ansible_user" => found.or_else(|| variable(scope, "ansible_ssh_user", &failed)).or_else(|| word(&user)),
            "ansible_port" => found.or_else(|| variable(scope, "ansible_ssh_port", &failed)).or_else(|| word(&port)),
            _ => found,
        }
    };
    let bastion = |wanted: &str| bastion(world, scope, wanted);
    let target = route::resolve(&scope.host, &lookup, &bastion, &world.settings.connection);
    match failed.take() {
        Some(wrong) => Err(wrong),
        None => target,
    }
}

/// A rendered variable. The first error is kept: the one who asks cannot carry it.
fn variable(scope: &TaskScope, name: &str, failed: &RefCell<Option<Diagnostic>>) -> Option<Json> {
    match scope.value(name).map(|value| value.map(|value| template::to_json(&value))) {
        Ok(value) => value.filter(|value| !value.is_null()),
        Err(wrong) => {
            failed.borrow_mut().get_or_insert(wrong.context(format!("failed to render the variable `{name}` of `{}`", scope.host)));
            None
        }
    }
}

/// The host that a bastion's name or pattern means.
fn bastion<'s>(world: &World, scope: &TaskScope, wanted: &str) -> Result<Bastion<'s>, String> {
    let inventory = world.inventory();
    let name = match inventory.hosts.contains_key(wanted) {
        true => wanted.to_owned(),
        false => {
            let selection = crate::inventory::pattern::select(&inventory, wanted, None).map_err(|wrong| wrong.one_line())?;
            let first = selection.hosts.into_iter().next();
            first.ok_or_else(|| format!("`{wanted}` matches no host of the inventory"))?
        }
    };
    let theirs = TaskScope::of_host(&scope.world, &name);
    let vars = move |variable: &str| {
        let value = theirs.value(variable).ok().flatten()?;
        Some(template::to_json(&value)).filter(|value| !value.is_null())
    };
    Ok(Bastion { name, vars: Box::new(vars) })
}

fn becoming(scope: &TaskScope, words: &Keywords, target: &Target) -> Result<Option<Become>, Diagnostic> {
    let settings = &scope.world.settings.becoming;
    let failed = RefCell::new(None);
    let variable = |names: &[&str]| names.iter().find_map(|name| variable(scope, name, &failed));
    let on = match variable(&["ansible_become"]) {
        Some(value) => match truth(&value) {
            Some(on) => on,
            None => return Err(Diagnostic::error(format!("`ansible_become` must be true or false, not {value}"))),
        },
        None => keywords::boolean(scope, "become", words.become_.as_deref())?.unwrap_or(settings.on),
    };
    if !on {
        return failed.take().map_or(Ok(None), Err);
    }
    let text = |names: &[&str], keyword: &str, node: Option<&crate::yaml::Node>| -> Result<Option<String>, Diagnostic> {
        match variable(names) {
            Some(value) => Ok(Some(python::text(&value))),
            None => keywords::text(scope, keyword, node),
        }
    };
    let user = text(&["ansible_become_user"], "become_user", words.become_user.as_deref())?.or_else(|| settings.user.clone());
    let method = text(&["ansible_become_method"], "become_method", words.become_method.as_deref())?.or_else(|| settings.method.clone());
    let flags = text(&["ansible_become_flags"], "become_flags", words.become_flags.as_deref())?.or_else(|| settings.flags.clone());
    let exe = text(&["ansible_become_exe"], "become_exe", words.become_exe.as_deref())?.or_else(|| settings.exe.clone());
    let method = method.unwrap_or_else(|| "sudo".to_owned());
    let Some(method) = BecomeMethod::find(&method) else {
        let wrong = Diagnostic::error(format!("`{method}` is no way to become another user that kconf knows"));
        return Err(wrong.hint("it knows `sudo`, `su` and `doas`"));
    };
    let names: &[&str] = match method {
        BecomeMethod::Sudo => &["ansible_become_password", "ansible_become_pass", "ansible_sudo_pass"],
        BecomeMethod::Su => &["ansible_become_password", "ansible_become_pass", "ansible_su_pass"],
        BecomeMethod::Doas => &["ansible_become_password", "ansible_become_pass", "ansible_doas_pass"],
    };
    let password = variable(names).map(|value| Secret::new(python::text(&value))).or_else(|| settings.password.clone());
    let user = user.filter(|user| !user.is_empty()).unwrap_or_else(|| "root".to_owned());
    if let Some(wrong) = failed.take() {
        return Err(wrong);
    }
    let login = match target.kind {
        Kind::Local => &scope.world.settings.connection.local_user,
        _ => &target.host.user,
    };
    if *login == user {
        return Ok(None);
    }
    Ok(Some(Become { method, user, password, flags: flags.filter(|flags| !flags.is_empty()), exe: exe.filter(|exe| !exe.is_empty()) }))
}
