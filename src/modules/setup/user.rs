//! Who everything is done as.

use serde_json::json;

use super::{Facts, Source};

pub(super) fn user(source: &Source<'_, '_>) -> Facts {
    let mut facts = Facts::new();
    let Ok(who) = source.system().identity() else { return facts };
    facts.insert("user_id".into(), who.name.as_str().into());
    if let Ok(Some(user)) = source.system().user(&who.uid.to_string()) {
        facts.insert("user_uid".into(), user.uid.into());
        facts.insert("user_gid".into(), user.gid.into());
        facts.insert("user_gecos".into(), user.comment.into());
        facts.insert("user_dir".into(), user.home.to_string_lossy().into());
        facts.insert("user_shell".into(), user.shell.into());
    }
    for (name, value) in
        [("real_user_id", who.uid), ("effective_user_id", who.uid), ("real_group_id", who.gid), ("effective_group_id", who.gid)]
    {
        facts.insert(name.into(), value.into());
    }
    facts
}

pub(super) fn environment(source: &Source<'_, '_>) -> Facts {
    let mut variables = source.system().environment().unwrap_or_default();
    variables.extend(source.ctx.environment.clone());
    [("env".to_owned(), json!(variables))].into_iter().collect()
}
