//! `getent`: entries of the databases of the system, as facts.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::shared::required_command;
use super::shared::run::said;
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};

/// The declaration of `getent`.
pub static MODULE: Spec = Spec {
    name: "getent",
    collections: BUILTIN,
    summary: "Look up users, groups, hosts and other entries, as facts",
    description: &[
        "Asks `getent` of the host. The entries become the fact `getent_` and the name of the database: a mapping from keys to lists of fields.",
    ],
    options: &[
        Opt::new("database", Kind::Str, "The database, like `passwd`, `group`, `hosts` or `services`.").required(),
        Opt::new("key", Kind::Str, "The entry to look up; all entries without it."),
        Opt::new("fail_key", Kind::Bool, "Whether it is a failure when there is no entry for `key`. If not, the fact holds null for it.")
            .default("true"),
        Opt::new("split", Kind::Str, "What separates the fields: a colon for `passwd`, `shadow`, `group` and `gshadow`, else blanks."),
        Opt::new("service", Kind::Str, "The service to ask in place of those that the host is set up for (`files`, `ldap`)."),
    ],
    rules: &[],
    free_form: None,
    returns: &[Return {
        name: "ansible_facts",
        kind: "dict",
        when: "always",
        doc: "The entries, under `getent_` and the name of the database.",
    }],
    examples: "
- name: Who is root?
  getent:
    database: passwd
    key: root
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    database: String,
    key: Option<String>,
    fail_key: bool,
    split: Option<String>,
    service: Option<String>,
}

const NOT_FOUND: &str = "One or more supplied key could not be found in the database.";

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let purpose = format!("look up entries of the database `{}`", args.database);
    // Not every getent knows `--`.
    if [Some(&args.database), args.key.as_ref()].into_iter().flatten().any(|word| word.starts_with('-')) {
        return Err(Failure::new(format!("failed to {purpose}: neither a database nor a key starts with `-`")));
    }
    let program = required_command(ctx.system, &["getent"], &purpose)?;
    let mut argv = vec![program];
    if let Some(service) = &args.service {
        argv.extend(["-s".to_owned(), service.clone()]);
    }
    argv.push(args.database.clone());
    argv.extend(args.key.clone());
    let command = ctx.command(argv);
    let output = ctx.system.probe(&command)?;
    let text = match (&args.key, output.rc) {
        // What the tasks before would have changed, check mode knows.
        (Some(key), 0 | 2) if args.service.is_none() => account(ctx, &args.database, key, &output.stdout_text())?,
        (_, 0) => Some(output.stdout_text()),
        _ => None,
    };
    let name = format!("getent_{}", args.database);
    if let Some(text) = text {
        let entries = entries(&text, separator(&args).as_deref());
        return Ok(Outcome::new().with("ansible_facts", json!({ name: entries })).changed(false));
    }
    match (output.rc, &args.key) {
        (0 | 2, Some(key)) if !args.fail_key => {
            let facts = json!({ name: { key.as_str(): null } });
            Ok(Outcome::new().with("ansible_facts", facts).with("msg", NOT_FOUND).changed(false))
        }
        (0 | 2, key) => {
            let key = key.as_deref().unwrap_or_default();
            Err(Failure::command(format!("failed to {purpose}: there is none for `{key}`"), &command.argv, &output)
                .hint("set `fail_key: false` if that is no mistake"))
        }
        (1, _) => Err(Failure::command(format!("failed to {purpose}: the host knows no such database"), &command.argv, &output)),
        (3, _) => Err(Failure::command(format!("failed to {purpose}: it cannot be listed"), &command.argv, &output).hint("give a `key`")),
        _ => Err(Failure::command(format!("failed to {purpose}: {}", said(&output)), &command.argv, &output)),
    }
}

/// The line of a user or group as the machine sees it; what `getent` said for all else. `None` when there is none.
fn account(ctx: &Context<'_>, database: &str, key: &str, said: &str) -> Result<Option<String>, Failure> {
    let said = Some(said.to_owned()).filter(|said| !said.is_empty());
    let line = match database {
        "passwd" => ctx.system.user(key)?.map(|user| {
            let (home, shell) = (user.home.display(), &user.shell);
            (user.name.clone(), format!(":{}:{}:{}:{home}:{shell}", user.uid, user.gid, user.comment))
        }),
        "group" => ctx.system.group(key)?.map(|group| (group.name.clone(), format!(":{}:{}", group.gid, group.members.join(",")))),
        _ => return Ok(said),
    };
    let Some((name, rest)) = line else { return Ok(None) };
    // The field of the password is as getent gives it.
    let password = said.as_deref().and_then(|line| line.split(':').nth(1)).unwrap_or("x").to_owned();
    Ok(Some(format!("{name}:{password}{rest}\n")))
}

fn separator(args: &Arguments) -> Option<String> {
    let with_colons = matches!(args.database.as_str(), "passwd" | "shadow" | "group" | "gshadow");
    args.split.clone().or_else(|| with_colons.then(|| ":".to_owned()))
}

/// Lists of fields by key; a list of lists where a key comes more than once.
fn entries(text: &str, separator: Option<&str>) -> Map<String, Value> {
    let mut found: Map<String, Value> = Map::new();
    let mut repeated = Vec::new();
    for line in text.lines() {
        let fields: Vec<&str> = match separator {
            Some(separator) if !separator.is_empty() => line.split(separator).collect(),
            _ => line.split_whitespace().collect(),
        };
        let Some((key, rest)) = fields.split_first() else { continue };
        let rest = json!(rest);
        match found.get_mut(*key) {
            None => drop(found.insert((*key).to_owned(), rest)),
            Some(Value::Array(lists)) if repeated.contains(key) => lists.push(rest),
            Some(first) => {
                *first = json!([first.take(), rest]);
                repeated.push(key);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::testing::apply;
    use crate::system::fake::Fake;

    fn answering(words: &[&str], rc: i32, text: &str) -> Fake {
        let argv: Vec<&str> = ["/usr/bin/getent"].iter().chain(words).copied().collect();
        Fake::new().program("/usr/bin/getent").answer(&argv, rc, text, "")
    }

    #[test]
    fn entries_become_facts() {
        for (args, words, text, facts) in [
            (
                json!({"database": "shadow", "key": "root"}),
                vec!["shadow", "root"],
                "root:*:20779:0:99999:7:::\n",
                json!({"getent_shadow": {"root": ["*", "20779", "0", "99999", "7", "", "", ""]}}),
            ),
            (
                json!({"database": "ahosts", "key": "localhost"}),
                vec!["ahosts", "localhost"],
                "127.0.0.1       STREAM localhost\n127.0.0.1       DGRAM\n127.0.0.1       RAW\n",
                json!({"getent_ahosts": {"127.0.0.1": [["STREAM", "localhost"], ["DGRAM"], ["RAW"]]}}),
            ),
            (json!({"database": "networks"}), vec!["networks"], "", json!({"getent_networks": {}})),
            (
                json!({"database": "passwd", "split": "x", "service": "files"}),
                vec!["-s", "files", "passwd"],
                "root:x:0:0:root:/root:/bin/bash\n",
                json!({"getent_passwd": {"root:": [":0:0:root:/root:/bin/bash"]}}),
            ),
        ] {
            let applied = apply(&MODULE, answering(&words, 0, text), args);
            assert_eq!(*applied.get("ansible_facts"), facts);
            assert!(!applied.changed);
        }
    }

    #[test]
    fn accounts_are_as_the_machine_sees_them() {
        let machine = answering(&["passwd", "ada"], 2, "").user("ada", 1000);
        let applied = apply(&MODULE, machine, json!({"database": "passwd", "key": "ada"}));
        assert_eq!(applied.get("ansible_facts")["getent_passwd"]["ada"], json!(["x", "1000", "1000", "", "/home/ada", "/bin/sh"]));
        let gone = answering(&["group", "old"], 0, "old:x:7:\n");
        let applied = apply(&MODULE, gone, json!({"database": "group", "key": "old", "fail_key": false}));
        assert_eq!(applied.get("ansible_facts")["getent_group"], json!({"old": null}));
    }

    #[test]
    fn what_is_not_there() {
        let none = apply(&MODULE, answering(&["hosts", "x"], 2, ""), json!({"database": "hosts", "key": "x", "fail_key": false}));
        assert_eq!(*none.get("ansible_facts"), json!({"getent_hosts": {"x": null}}));
        assert_eq!(none.get("msg"), NOT_FOUND);
        for (rc, message) in [
            (2, "failed to look up entries of the database `hosts`: there is none for `x`"),
            (1, "failed to look up entries of the database `hosts`: the host knows no such database"),
            (3, "failed to look up entries of the database `hosts`: it cannot be listed"),
        ] {
            let failed = apply(&MODULE, answering(&["hosts", "x"], rc, ""), json!({"database": "hosts", "key": "x"}));
            assert_eq!(failed.failure().message, message);
        }
    }
}
