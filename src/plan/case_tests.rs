//! Runs the cases in `tests/it/plan`: files of a project, and the plan that comes of them or the exact diagnostics.
//!
//! A case is a text file. Lines before the first `--- ` say what it shows. `--- PATH` starts a file; `site.yml` is the playbook.
//! `--- options` may hold `tags: a,b`, `skip-tags: c`, `extra: {a: 1}`, and `include: true` to show what includes bring. `--- expect` is what comes of it. With `KCONF_BLESS=1` in the
//! environment, expectations are rewritten to what came.

#![expect(clippy::disallowed_methods, reason = "tests look at the real machine")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::model::{Action, Block, Item, Keywords, Loop, Play, Role, Task};
use super::{Compiled, Compiler, Inputs, RoleFiles, Selection, compile, list};
use crate::base::{Secret, Source};
use crate::template::Templates;
use crate::vault::Keyring;
use crate::yaml::{self, Mapping, Node};

struct Case {
    path: PathBuf,
    head: String,
    files: Vec<(String, String)>,
    options: String,
    expect: String,
}

fn read(path: &Path) -> Case {
    let text = std::fs::read_to_string(path).unwrap();
    let mut case = Case { path: path.to_owned(), head: String::new(), files: Vec::new(), options: String::new(), expect: String::new() };
    let mut name: Option<String> = None;
    for line in text.split_inclusive('\n') {
        if let Some(next) = line.strip_prefix("--- ") {
            let next = next.trim().to_owned();
            if !matches!(next.as_str(), "options" | "expect") {
                case.files.push((next.clone(), String::new()));
            }
            name = Some(next);
            continue;
        }
        match name.as_deref() {
            None => case.head.push_str(line),
            Some("options") => case.options.push_str(line),
            Some("expect") => case.expect.push_str(line),
            Some(_) => case.files.last_mut().unwrap().1.push_str(line),
        }
    }
    case
}

fn outcome(case: &Case, dir: &Path) -> String {
    for (name, text) in &case.files {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let options = yaml::load(&Source::new("options", case.options.clone())).unwrap();
    let option = |name: &str| options.as_ref().and_then(|node| node.as_map()?.get(name).cloned());
    let text = |name: &str| option(name).map_or_else(String::new, |node| node.key_text());
    let extra = option("extra").and_then(|node| node.as_map().cloned()).unwrap_or_default();
    let mut keyring = Keyring::default();
    keyring.add("default", Secret::new("secret"));
    let templates = Arc::new(Templates::new(keyring, Arc::default()));
    let mut inputs = Inputs::new(vec!["site.yml".into()], dir.to_owned(), templates);
    inputs.roles_path = vec!["shared_roles".into()];
    inputs.extra_vars = extra.entries.into_iter().map(|entry| (entry.key.key_text(), Arc::new(entry.value))).collect();
    inputs.selection = Selection::new([text("tags").as_str()], [text("skip-tags").as_str()]);
    let selection = inputs.selection.clone();
    match compile(inputs) {
        Err(diagnostics) => format!("{diagnostics}\n"),
        Ok(compiled) => {
            let mut out = summary(&compiled, &selection);
            if option("include").is_some() {
                let sections = compiled.plan.plays.iter().flat_map(|play| &play.sections);
                sections.for_each(|section| show_included(&compiled.compiler, &section.items, &mut out));
            }
            out
        }
    }
}

/// What the includes among `items` bring when they are reached.
fn show_included(compiler: &Compiler, items: &[Item], out: &mut String) {
    for item in items {
        let task = match item {
            Item::Block(block) => {
                show_included(compiler, &block.body, out);
                continue;
            }
            Item::Task(task) => task,
        };
        let (items, handlers) = match &task.action {
            Action::IncludeTasks { file, .. } => (compiler.include_tasks(task, &file.key_text()).unwrap(), Vec::new()),
            Action::IncludeRole { name, tasks_from, .. } => {
                let files = RoleFiles { tasks: tasks_from.as_ref().map(|node| node.key_text()), ..RoleFiles::default() };
                let included = compiler.include_role(task, &name.key_text(), files).unwrap();
                included.roles.iter().for_each(|role| show_role(role, out));
                (included.items, included.handlers)
            }
            _ => continue,
        };
        writeln!(out, "included at {}", task.place()).unwrap();
        items.iter().for_each(|item| show_item(item, 1, out));
        for handler in &handlers {
            out.push_str("  handler\n");
            show_task(&handler.task, 2, out);
        }
        show_included(compiler, &items, out);
    }
}

fn summary(compiled: &Compiled, selection: &Selection) -> String {
    let mut out = String::new();
    if !compiled.warnings.is_empty() {
        writeln!(out, "{}", compiled.warnings).unwrap();
    }
    if !compiled.later.is_empty() {
        writeln!(out, "later:\n{}", compiled.later).unwrap();
    }
    let listings = list::listing(&compiled.plan, selection);
    for (play, listing) in compiled.plan.plays.iter().zip(listings) {
        show_play(play, &mut out);
        let listed: Vec<&str> = listing.tasks.iter().map(|task| task.name.as_str()).collect();
        writeln!(out, "  listed: {}", listed.join(", ")).unwrap();
    }
    out
}

fn show_play(play: &Play, out: &mut String) {
    writeln!(out, "play `{}`{}", play.name.as_ref().unwrap_or(&play.hosts).key_text(), keywords(&play.keywords)).unwrap();
    if !play.vars.is_empty() {
        writeln!(out, "  vars {}", map(&play.vars)).unwrap();
    }
    play.roles.iter().for_each(|role| show_role(role, out));
    for (section, name) in play.sections.iter().zip(["pre_tasks", "tasks", "post_tasks"]) {
        if !section.items.is_empty() {
            writeln!(out, "  {name}").unwrap();
            section.items.iter().for_each(|item| show_item(item, 2, out));
        }
    }
    if !play.handlers.is_empty() {
        writeln!(out, "  handlers").unwrap();
        for handler in &play.handlers {
            show_task(&handler.task, 2, out);
            if !handler.listen.is_empty() {
                writeln!(out, "      listen {}", nodes(&handler.listen)).unwrap();
            }
        }
    }
}

fn show_role(role: &Role, out: &mut String) {
    let vars: Vec<String> = role.var_layers().iter().filter(|layer| !layer.is_empty()).map(|layer| map(layer)).collect();
    let defaults: Vec<String> = role.default_layers().iter().filter(|layer| !layer.is_empty()).map(|layer| map(layer)).collect();
    write!(out, "  role {} #{}", role.name, role.id).unwrap();
    for (what, shown) in [("defaults", defaults.join(" < ")), ("vars", vars.join(" < ")), ("params", map(&role.params))] {
        if !shown.is_empty() && shown != "{}" {
            write!(out, " {what} {shown}").unwrap();
        }
    }
    if role.allow_duplicates {
        out.push_str(" allow_duplicates");
    }
    if role.dependency {
        out.push_str(" dependency");
    }
    if !role.parents.is_empty() {
        write!(out, " in {}", role.parents.join(" in ")).unwrap();
    }
    out.push('\n');
}

fn show_item(item: &Item, depth: usize, out: &mut String) {
    match item {
        Item::Task(task) => show_task(task, depth, out),
        Item::Block(block) => show_block(block, depth, out),
    }
}

fn show_block(block: &Block, depth: usize, out: &mut String) {
    let pad = "  ".repeat(depth);
    for (name, items) in [("block", &block.body), ("rescue", &block.rescue), ("always", &block.always)] {
        if !items.is_empty() {
            writeln!(out, "{pad}{name}").unwrap();
            items.iter().for_each(|item| show_item(item, depth + 1, out));
        }
    }
}

fn show_task(task: &Task, depth: usize, out: &mut String) {
    let pad = "  ".repeat(depth);
    let what = match &task.action {
        Action::Module { spec, args, free_form, args_template, .. } => {
            let free = free_form.iter().map(|node| format!(" {:?}", node.key_text())).collect::<String>();
            let template = args_template.iter().map(|node| format!(" template {:?}", node.key_text())).collect::<String>();
            format!("{} {}{free}{template}", spec.name, map(args))
        }
        Action::Meta(meta) => format!("meta {}", meta.word().unwrap_or("role_complete")),
        Action::IncludeTasks { file, apply } => format!("include_tasks {} hands down{}", file.key_text(), keywords(apply)),
        Action::IncludeRole { name, public, apply, .. } => {
            format!("include_role {}{} hands down{}", name.key_text(), if *public { " public" } else { "" }, keywords(apply))
        }
    };
    write!(out, "{pad}{}: {what}", task.written_name()).unwrap();
    if let Some(over) = &task.loop_over {
        match over {
            Loop::List(node) => write!(out, " loop {}", node.to_json()).unwrap(),
            Loop::Lookup(name, node) => write!(out, " with_{} {}", name.value, node.to_json()).unwrap(),
        }
    }
    if let Some(name) = &task.loop_control.loop_var {
        write!(out, " as {}", name.value).unwrap();
    }
    if let Some(name) = &task.register {
        write!(out, " register {}", name.value).unwrap();
    }
    for (name, list) in [("until", &task.until), ("notify", &task.notify)] {
        if !list.is_empty() {
            write!(out, " {name} {}", nodes(list)).unwrap();
        }
    }
    writeln!(out, "{}", keywords(&task.keywords)).unwrap();
}

fn keywords(keywords: &Keywords) -> String {
    let mut out = String::new();
    let one = |name: &str, node: &Option<Arc<Node>>| node.as_ref().map_or_else(String::new, |node| format!(" {name}={}", node.to_json()));
    for (name, list) in [("when", &keywords.when), ("environment", &keywords.environment), ("module_defaults", &keywords.module_defaults)] {
        if !list.is_empty() {
            write!(out, " {name}{}", nodes(list)).unwrap();
        }
    }
    for (name, layers) in [("vars", &keywords.vars), ("include_params", &keywords.include_params)] {
        if !layers.is_empty() {
            let layers: Vec<String> = layers.iter().map(|layer| map(layer)).collect();
            write!(out, " {name}[{}]", layers.join(", ")).unwrap();
        }
    }
    if !keywords.tags.is_empty() {
        write!(out, " tags[{}]", keywords.tags.iter().cloned().collect::<Vec<_>>().join(", ")).unwrap();
    }
    if !keywords.collections.is_empty() {
        write!(out, " collections[{}]", keywords.collections.join(", ")).unwrap();
    }
    for (name, node) in [
        ("become", &keywords.become_),
        ("become_user", &keywords.become_user),
        ("connection", &keywords.connection),
        ("remote_user", &keywords.remote_user),
        ("ignore_errors", &keywords.ignore_errors),
        ("no_log", &keywords.no_log),
        ("check_mode", &keywords.check_mode),
        ("run_once", &keywords.run_once),
        ("throttle", &keywords.throttle),
        ("timeout", &keywords.timeout),
        ("any_errors_fatal", &keywords.any_errors_fatal),
        ("delegate_to", &keywords.delegate_to),
    ] {
        out.push_str(&one(name, node));
    }
    out
}

fn nodes(nodes: &[Node]) -> String {
    let shown: Vec<String> = nodes.iter().map(|node| node.to_json().to_string()).collect();
    format!("[{}]", shown.join(", "))
}

fn map(map: &Mapping) -> String {
    let shown: Vec<String> = map.entries.iter().map(|entry| format!("{}: {}", entry.key.key_text(), entry.value.to_json())).collect();
    format!("{{{}}}", shown.join(", "))
}

#[test]
fn cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/plan");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let bless = std::env::var_os("KCONF_BLESS").is_some();
    let mut wrong = Vec::new();
    for path in &paths {
        let case = read(path);
        let dir = tempfile::tempdir().unwrap();
        let got = outcome(&case, dir.path()).replace(&dir.path().display().to_string(), "DIR");
        if got == case.expect {
            continue;
        }
        if bless {
            let mut text = case.head.clone();
            for (name, body) in &case.files {
                write!(text, "--- {name}\n{body}").unwrap();
            }
            if !case.options.is_empty() {
                write!(text, "--- options\n{}", case.options).unwrap();
            }
            write!(text, "--- expect\n{got}").unwrap();
            std::fs::write(&case.path, text).unwrap();
        } else {
            wrong.push(format!("{}\n--- expected\n{}--- got\n{got}", case.path.display(), case.expect));
        }
    }
    assert!(paths.len() > 1, "no cases in {}", folder.display());
    assert!(wrong.is_empty(), "{} of {} cases differ:\n{}", wrong.len(), paths.len(), wrong.join("\n"));
}
