//! Playbooks to plays.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::{Diagnostic, Diagnostics, Spanned, crypt, text};
use crate::playbook::{Fields, ImportPlaybook, PlaybookEntry, ast, fields};
use crate::yaml::{Mapping, Node};

use super::ahead::{self, Ahead};
use super::compiler::{Compiler, in_order};
use super::files::entries;
use super::groups::Groups;
use super::handlers;
use super::inherit::inherit;
use super::model::{Handler, Keywords, Plan, Play, PlayOrigin, Prompt, Section};
use super::names::Names;
use super::roles::collection_bases;
use super::session::{Place, Session};

/// Values of `strategy:` that work.
pub const STRATEGIES: &[&str] = &["linear", "free", "host_pinned", "stream"];

/// Values of `strategy:` that are part of the language but do not work yet.
const STRATEGIES_TO_COME: &[&str] = &["debug"];

/// Values of `order:`.
pub const ORDERS: &[&str] = &["inventory", "sorted", "reverse_sorted", "reverse_inventory", "shuffle"];

/// What `import_playbook` adds to the plays that it brings.
#[derive(Clone, Default)]
struct Imported {
    vars: Mapping,
    tags: Vec<String>,
    when: Vec<Node>,
    /// Files that are being imported, outermost first.
    stack: Vec<PathBuf>,
}

/// A plan, and what it was made with.
#[derive(Debug)]
pub struct Compiled {
    /// The plan.
    pub plan: Plan,
    /// Compiles what is included at run time.
    pub compiler: Arc<Compiler>,
    /// What is odd but no error.
    pub warnings: Diagnostics,
    /// What is wrong or odd in what may be included at run time, under conditions that are not known yet: for those who check a playbook
    /// without running it.
    pub later: Diagnostics,
    /// Its variables.
    pub names: Names,
}

/// Compiles all playbooks of `compiler`.
///
/// # Errors
/// All that is wrong in them and in what they import, together with the warnings.
pub(super) fn compile(compiler: Compiler) -> Result<Compiled, Diagnostics> {
    let mut out = Diagnostics::default();
    let mut plays = Vec::new();
    for path in &compiler.inputs.playbooks {
        let path = compiler.files.absolute(Path::new(""), &path.to_string_lossy());
        if !path.is_file() {
            out.push(no_playbook(&compiler, &path));
            continue;
        }
        playbook(&compiler, &path, &Imported::default(), &mut plays, &mut out);
    }
    for source in &compiler.inputs.texts {
        let path = compiler.inputs.cwd.join(source.name());
        compiler.files.put(&path, source);
        playbook(&compiler, &path, &Imported::default(), &mut plays, &mut out);
    }
    let plan = Plan { plays };
    let ahead = ahead::look(&compiler, &plan);
    unmatched_tags(&compiler, &ahead, &mut out);
    out.extend(ahead.errors);
    let out = in_order(out);
    if out.has_errors() {
        return Err(out);
    }
    compiler.take_warnings();
    Ok(Compiled { plan, compiler: Arc::new(compiler), warnings: out, later: in_order(ahead.later), names: ahead.names })
}

/// The error for a playbook of the command line that is no file.
fn no_playbook(compiler: &Compiler, path: &Path) -> Diagnostic {
    let shown = compiler.files.shown(path);
    if !path.is_dir() {
        return Diagnostic::error(format!("cannot find the playbook `{shown}`")).maybe_hint(compiler.files.near(path));
    }
    let is_yaml = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml");
    let inside: Vec<String> = entries(path).into_iter().filter(is_yaml).map(|path| compiler.files.shown(&path)).collect();
    let error = Diagnostic::error(format!("`{shown}` is a folder, not a playbook"));
    if inside.is_empty() { error } else { error.hint(format!("name the playbook, such as {}", text::list(&inside[..inside.len().min(5)]))) }
}

fn playbook(compiler: &Compiler, path: &Path, imported: &Imported, plays: &mut Vec<Arc<Play>>, out: &mut Diagnostics) {
    let dir = path.parent().unwrap_or(Path::new("/"));
    for entry in compiler.parse_playbook(path, out).entries {
        match entry {
            PlaybookEntry::Play(written) => {
                let is_first = plays.is_empty();
                plays.push(Arc::new(play(compiler, &written, dir, imported, is_first, out)));
            }
            PlaybookEntry::Import(import) => import_playbook(compiler, &import, path, dir, imported, plays, out),
        }
    }
}

fn import_playbook(
    compiler: &Compiler,
    import: &ImportPlaybook,
    from: &Path,
    dir: &Path,
    outer: &Imported,
    plays: &mut Vec<Arc<Play>>,
    out: &mut Diagnostics,
) {
    let vars = import.fields.get("vars").and_then(Node::as_map).cloned().unwrap_or_default();
    let origin = Arc::new(PlayOrigin {
        dir: dir.to_owned(),
        vars: Arc::new(merged(&vars, &outer.vars)),
        vars_files: Vec::new(),
        groups: Groups::default(),
    });
    let mut session = Session::new(compiler, origin);
    let place = Place::of_play(Arc::default(), false);
    session.check_fields(&import.fields);
    let name = session.render(&import.file, &place);
    let tags = session.tags(&import.fields, &place);
    out.extend(session.out);
    let Some(name) = name else { return };
    let mut stack = outer.stack.clone();
    stack.push(from.to_owned());
    let path = match find_playbook(compiler, name.trim(), dir) {
        Ok(path) => path,
        Err(searched) => {
            let looked: Vec<String> = searched.iter().map(|path| compiler.files.shown(path)).collect();
            out.push(
                Diagnostic::at(&import.file.span, format!("cannot find the playbook `{name}`"))
                    .maybe_hint(searched.first().and_then(|path| compiler.files.near(path)))
                    .hint(format!("looked for {}", text::list(&looked))),
            );
            return;
        }
    };
    if stack.contains(&path) {
        out.push(Diagnostic::at(&import.file.span, format!("`{}` imports itself", compiler.files.shown(&path))));
        return;
    }
    let inner = Imported {
        vars: merged(&vars, &outer.vars),
        tags: outer.tags.iter().cloned().chain(tags).collect(),
        when: outer.when.iter().cloned().chain(import.fields.list("when")).collect(),
        stack,
    };
    playbook(compiler, &path, &inner, plays, out);
}

/// A playbook by its path, or `NAMESPACE.COLLECTION.NAME`; otherwise all that was looked for.
fn find_playbook(compiler: &Compiler, name: &str, dir: &Path) -> Result<PathBuf, Vec<PathBuf>> {
    let direct = compiler.files.absolute(dir, name);
    let mut searched = vec![direct];
    let parts: Vec<&str> = name.splitn(3, '.').collect();
    if let [namespace, collection, playbook] = parts.as_slice()
        && !name.contains('/')
    {
        for base in collection_bases(compiler, dir) {
            let folder = base.join("ansible_collections").join(namespace).join(collection).join("playbooks");
            searched.extend(["yml", "yaml"].iter().map(|extension| folder.join(format!("{}.{extension}", playbook.replace('.', "/")))));
        }
    }
    searched.iter().find(|path| path.is_file()).cloned().ok_or(searched)
}

fn merged(weak: &Mapping, strong: &Mapping) -> Mapping {
    let mut all = weak.clone();
    for entry in &strong.entries {
        crate::playbook::freeform::set(&mut all, entry.clone());
    }
    all
}

/// The play `written`; `is_first` says that nothing has run when it starts.
fn play(compiler: &Compiler, written: &ast::Play, dir: &Path, imported: &Imported, is_first: bool, out: &mut Diagnostics) -> Play {
    let vars = merged(&written.fields.get("vars").and_then(Node::as_map).cloned().unwrap_or_default(), &imported.vars);
    let origin = Arc::new(PlayOrigin {
        dir: dir.to_owned(),
        vars: Arc::new(vars),
        vars_files: written.fields.list("vars_files"),
        groups: Groups::default(),
    });
    let mut session = Session::new(compiler, origin.clone());

    session.check_fields(&written.fields);
    session.check_vars_files(is_first);
    written.vars_prompt.iter().for_each(|prompt| session.check_fields(prompt));
    let outside = Place::of_play(Arc::default(), false);
    let mut tags = session.tags(&written.fields, &outside);
    tags.extend(imported.tags.iter().cloned());
    compiler.note_tags(tags.iter());
    // The play's variables are a layer of their own.
    let fields = Fields(written.fields.0.iter().filter(|field| field.keyword.name != "vars").cloned().collect());
    let for_handlers = inherit(&Keywords::default(), &fields, &tags);
    let keywords = Arc::new(Keywords { when: imported.when.clone(), ..for_handlers.clone() });
    let gathering_tags = if keywords.tags.is_empty() { BTreeSet::from(["always".to_owned()]) } else { keywords.tags.clone() };
    let place = Place::of_play(keywords.clone(), false);
    // Roles do not take `collections:` from the play, but are looked up in them; `use_role` sees to that.
    let pre_tasks = session.items(&written.pre_tasks, &place);
    let mut main = Vec::new();
    let mut role_handlers: Vec<Arc<Handler>> = Vec::new();
    // The roles of the play come before those that its tasks and theirs import.
    let mut roles = 0;
    for entry in &written.roles {
        if let Some(used) = session.use_entry(entry, false, &place) {
            main.extend(used.items);
            role_handlers.extend(used.handlers);
            let more = used.all.len();
            session.roles.splice(roles..roles, used.all);
            roles += more;
        }
    }
    main.extend(session.items(&written.tasks, &place));
    let post_tasks = session.items(&written.post_tasks, &place);
    let own = session.handlers(&written.handlers, &Place::of_play(Arc::new(for_handlers), true));
    let mut all_handlers = role_handlers;
    all_handlers.extend(own);
    all_handlers.append(&mut session.handlers);
    let unknown = handlers::check(&session, &all_handlers);
    session.out.extend(unknown);
    choice(&fields, "order", ORDERS, &[], &mut session.out);
    choice(&fields, "strategy", STRATEGIES, STRATEGIES_TO_COME, &mut session.out);
    let vars_prompt = written.vars_prompt.iter().filter_map(|written| prompt(written, &mut session.out)).collect();
    out.extend(session.out);

    Play {
        span: written.span.clone(),
        name: fields.value("name"),
        // Without `hosts` there is an error already.
        hosts: fields.value("hosts").unwrap_or_else(|| Node::text(written.span.clone(), "")),
        dir: dir.to_owned(),
        keywords,
        gather_facts: fields.value("gather_facts"),
        gathering_selected: compiler.inputs.selection.selects(&gathering_tags),
        gather_subset: fields.value("gather_subset"),
        gather_timeout: fields.value("gather_timeout"),
        fact_path: fields.value("fact_path"),
        vars: origin.vars.clone(),
        groups: origin.groups.clone(),
        vars_files: fields.list("vars_files"),
        vars_prompt,
        serial: fields.list("serial"),
        strategy: fields.value("strategy"),
        order: fields.value("order"),
        max_fail_percentage: fields.value("max_fail_percentage"),
        force_handlers: fields.value("force_handlers"),
        sections: [pre_tasks, main, post_tasks].into_iter().map(|items| Section { items }).collect(),
        handlers: all_handlers,
        roles: session.roles,
    }
}

/// A variable to ask for; an `encrypt` that is empty or false means none.
fn prompt(written: &Fields, out: &mut Diagnostics) -> Option<Prompt> {
    let name = written.get("name")?;
    let encrypt = written.value("encrypt").filter(|node| fields::literal_bool(node) != Some(false) && node.as_str() != Some(""));
    if let Some((node, text)) = encrypt.as_ref().and_then(|node| Some((node, node.as_str().filter(|text| !fields::is_template(text))?)))
        && let Err(message) = crypt::Scheme::parse(text)
    {
        out.push(Diagnostic::at(&node.span, message));
    }
    for word in ["salt", "salt_size"] {
        if let Some(field) = written.field(word).filter(|_| encrypt.is_none()) {
            out.push(Diagnostic::warning(format!("`{word}` has no effect without `encrypt`")).with_span(&field.key));
        }
    }
    Some(Prompt {
        name: Spanned::new(name.as_str()?.to_owned(), name.span.clone()),
        prompt: written.value("prompt"),
        default: written.value("default"),
        private: written.bool_or("private", true),
        encrypt,
        salt: written.value("salt"),
        salt_size: written.value("salt_size"),
        is_unsafe: written.bool_or("unsafe", false),
        confirm: written.bool_or("confirm", false),
    })
}

/// Demands that a keyword, if it is no template, has one of these values.
fn choice(fields: &Fields, keyword: &str, works: &[&str], to_come: &[&str], out: &mut Diagnostics) {
    let Some(node) = fields.get(keyword) else { return };
    let Some(value) = node.as_str().filter(|value| !fields::is_template(value)) else { return };
    let short = value.strip_prefix("ansible.builtin.").unwrap_or(value);
    if works.contains(&short) {
        return;
    }
    let error = match to_come.contains(&short) {
        true => Diagnostic::at(&node.span, format!("`{keyword}: {value}` is not supported yet")),
        false => Diagnostic::at(&node.span, format!("unknown {keyword} `{value}`")),
    };
    out.push(error.maybe_hint(text::did_you_mean(short, works.iter().copied())).hint(format!("known are {}", text::list(works))));
}

/// Tags asked for that no task has; nothing is said where something is included whose tasks are not known.
fn unmatched_tags(compiler: &Compiler, ahead: &Ahead, out: &mut Diagnostics) {
    if ahead.unknown {
        return;
    }
    let known = compiler.known_tags();
    for tag in compiler.inputs.selection.unmatched(&known) {
        out.push(
            Diagnostic::warning(format!("no task has the tag `{tag}`"))
                .maybe_hint(text::did_you_mean(tag, known.iter().map(String::as_str))),
        );
    }
}
