//! How keywords come down from plays over roles and blocks to tasks.

use std::sync::Arc;

use crate::playbook::Fields;
use crate::yaml::{Node, Value};

use super::model::Keywords;

/// The keywords inside something: those around it with its own. `tags` are its own, rendered.
pub(super) fn inherit(outer: &Keywords, fields: &Fields, tags: &[String]) -> Keywords {
    let mut inner = outer.clone();
    add(&mut inner, fields, tags);
    inner
}

/// Adds the keywords of something further inside.
pub(super) fn add(inner: &mut Keywords, fields: &Fields, tags: &[String]) {
    if let Some(Value::Map(vars)) = fields.get("vars").map(|node| &node.value)
        && !vars.is_empty()
    {
        inner.vars.push(Arc::new(vars.clone()));
    }
    inner.when.extend(fields.list("when"));
    inner.tags.extend(tags.iter().cloned());
    inner.environment.extend(fields.list("environment"));
    inner.module_defaults.extend(fields.list("module_defaults"));
    if let Some(collections) = collections(fields) {
        inner.collections = collections;
    }
    let mut notify = fields.list("notify");
    notify.append(&mut inner.notify);
    inner.notify = notify;
    let nearest = |name: &str, slot: &mut Option<Arc<Node>>| {
        if let Some(node) = fields.value(name) {
            *slot = Some(Arc::new(node));
        }
    };
    nearest("become", &mut inner.become_);
    nearest("become_user", &mut inner.become_user);
    nearest("become_method", &mut inner.become_method);
    nearest("become_flags", &mut inner.become_flags);
    nearest("become_exe", &mut inner.become_exe);
    nearest("connection", &mut inner.connection);
    nearest("port", &mut inner.port);
    nearest("remote_user", &mut inner.remote_user);
    nearest("ignore_errors", &mut inner.ignore_errors);
    nearest("ignore_unreachable", &mut inner.ignore_unreachable);
    nearest("no_log", &mut inner.no_log);
    nearest("check_mode", &mut inner.check_mode);
    nearest("diff", &mut inner.diff);
    nearest("run_once", &mut inner.run_once);
    nearest("throttle", &mut inner.throttle);
    nearest("timeout", &mut inner.timeout);
    nearest("any_errors_fatal", &mut inner.any_errors_fatal);
    nearest("delegate_to", &mut inner.delegate_to);
    nearest("delegate_facts", &mut inner.delegate_facts);
}

/// `collections:` as names; `None` when it is not written.
pub(super) fn collections(fields: &Fields) -> Option<Vec<String>> {
    fields.get("collections")?;
    Some(fields.list("collections").iter().filter_map(Node::as_str).map(str::to_owned).collect())
}
