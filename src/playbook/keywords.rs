//! The table of keywords: what may be written where, what it takes, what it means.

use crate::base::{Diagnostic, Span, text};

/// What a mapping is, and so which keywords it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// An element of a playbook.
    Play,
    /// `import_playbook`.
    ImportPlaybook,
    /// An element of `roles:` or of a role's `dependencies:`.
    Role,
    /// A block.
    Block,
    /// A task.
    Task,
    /// A task under `handlers:`.
    Handler,
    /// `loop_control:`.
    LoopControl,
    /// An element of `vars_prompt:`.
    Prompt,
    /// A role's `meta/main.yml`.
    RoleMeta,
}

impl Place {
    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Place::Play => "play",
            Place::ImportPlaybook => "import_playbook",
            Place::Role => "role",
            Place::Block => "block",
            Place::Task => "task",
            Place::Handler => "handler",
            Place::LoopControl => "loop_control",
            Place::Prompt => "vars_prompt",
            Place::RoleMeta => "role metadata",
        }
    }
}

/// What a keyword takes. A template is allowed wherever a single value is, unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text; numbers count as text.
    Text,
    /// A boolean in any spelling.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Number,
    /// A number, with or without `%`.
    Percent,
    /// Numbers or percentages: one or a list.
    Percents,
    /// The name of a variable; no template.
    Name,
    /// Text or a list of texts.
    TextList,
    /// Tags: a comma-separated text or a list.
    Tags,
    /// One condition or a list of them that must all hold: expressions without braces.
    Conditions,
    /// Variables: a mapping from valid names; no template.
    Vars,
    /// A mapping, a template for one, or a list of these.
    Layers,
    /// A mapping or a template for one.
    Mapping,
    /// A list or a template for one.
    List,
    /// A list of paths or lists of paths.
    Paths,
    /// Tasks and blocks, read apart.
    Tasks,
    /// Anything, or read apart.
    Any,
}

/// Whether a keyword can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It works.
    Works,
    /// Part of the language, refused by name.
    NotYet,
    /// Gone from the language; the text says what to write instead.
    Gone(&'static str),
}

/// A row of the table.
#[derive(Debug)]
pub struct Keyword {
    /// The word.
    pub name: &'static str,
    /// Where it may stand.
    pub places: &'static [Place],
    /// What it takes.
    pub kind: Kind,
    /// Whether it can be used.
    pub status: Status,
    /// One line, no final period.
    pub doc: &'static str,
}

const fn row(name: &'static str, places: &'static [Place], kind: Kind, doc: &'static str) -> Keyword {
    Keyword { name, places, kind, status: Status::Works, doc }
}

const fn not_yet(name: &'static str, places: &'static [Place], doc: &'static str) -> Keyword {
    Keyword { name, places, kind: Kind::Any, status: Status::NotYet, doc }
}

const fn gone(name: &'static str, places: &'static [Place], instead: &'static str) -> Keyword {
    Keyword { name, places, kind: Kind::Any, status: Status::Gone(instead), doc: "removed from the language" }
}

const EVERYWHERE: &[Place] = &[Place::Play, Place::Role, Place::Block, Place::Task, Place::Handler];
const NOT_PLAY: &[Place] = &[Place::Role, Place::Block, Place::Task, Place::Handler];
const TASKS: &[Place] = &[Place::Task, Place::Handler];
const PLAY: &[Place] = &[Place::Play];
const BLOCK: &[Place] = &[Place::Block];
const LOOP: &[Place] = &[Place::LoopControl];
const PROMPT: &[Place] = &[Place::Prompt];
const META: &[Place] = &[Place::RoleMeta];

/// Every keyword, by the alphabet within its group.
pub static KEYWORDS: &[Keyword] = &[
    // Plays, roles, blocks and tasks.
    row("any_errors_fatal", EVERYWHERE, Kind::Bool, "a failure on one host ends the play for all of them"),
    row("become", EVERYWHERE, Kind::Bool, "run as another user, `root` unless `become_user` says otherwise"),
    row("become_exe", EVERYWHERE, Kind::Text, "program that changes the user"),
    row("become_flags", EVERYWHERE, Kind::Text, "options of the program that changes the user"),
    row("become_method", EVERYWHERE, Kind::Text, "how to become the other user: `sudo`, `su`, `doas`"),
    row("become_user", EVERYWHERE, Kind::Text, "the user to become"),
    row("check_mode", EVERYWHERE, Kind::Bool, "only predict changes (`true`), or make them even in check mode (`false`)"),
    row("collections", EVERYWHERE, Kind::TextList, "collections in which names without a prefix are looked up"),
    row("connection", EVERYWHERE, Kind::Text, "how hosts are reached: `ssh`, `local`, …"),
    not_yet("debugger", EVERYWHERE, "start an interactive debugger"),
    row("diff", EVERYWHERE, Kind::Bool, "show what changes in files"),
    row("environment", EVERYWHERE, Kind::Layers, "environment variables for what runs on the host"),
    row("ignore_errors", EVERYWHERE, Kind::Bool, "go on although the task failed"),
    row("ignore_unreachable", EVERYWHERE, Kind::Bool, "go on although the host cannot be reached"),
    row("module_defaults", EVERYWHERE, Kind::Layers, "default arguments, by module"),
    row(
        "name",
        &[Place::Play, Place::ImportPlaybook, Place::Role, Place::Block, Place::Task, Place::Handler, Place::Prompt],
        Kind::Text,
        "its name",
    ),
    row("no_log", EVERYWHERE, Kind::Bool, "hide arguments and results, because they hold secrets"),
    row("port", EVERYWHERE, Kind::Int, "port of the connection"),
    row("remote_user", EVERYWHERE, Kind::Text, "user to log in as"),
    row("run_once", EVERYWHERE, Kind::Bool, "run on the first host only, for all of them"),
    row(
        "tags",
        &[Place::Play, Place::ImportPlaybook, Place::Role, Place::Block, Place::Task, Place::Handler],
        Kind::Tags,
        "labels by which tasks are chosen on the command line",
    ),
    row("throttle", EVERYWHERE, Kind::Int, "at most that many hosts at a time"),
    row("timeout", EVERYWHERE, Kind::Int, "seconds after which the task is ended and fails"),
    row("vars", &[Place::Play, Place::ImportPlaybook, Place::Role, Place::Block, Place::Task, Place::Handler], Kind::Vars, "variables"),
    // Roles, blocks and tasks.
    row("delegate_facts", NOT_PLAY, Kind::Bool, "facts that are gathered belong to the host of `delegate_to`"),
    row("delegate_to", NOT_PLAY, Kind::Text, "the host to run on instead"),
    row("notify", &[Place::Block, Place::Task, Place::Handler], Kind::TextList, "handlers to run when something changed"),
    row(
        "when",
        &[Place::ImportPlaybook, Place::Role, Place::Block, Place::Task, Place::Handler],
        Kind::Conditions,
        "conditions under which it runs",
    ),
    // Plays.
    row("fact_path", PLAY, Kind::Text, "folder of local facts on the hosts"),
    row("force_handlers", PLAY, Kind::Bool, "run notified handlers although a later task failed"),
    row("gather_facts", PLAY, Kind::Bool, "gather facts at the start"),
    row("gather_subset", PLAY, Kind::TextList, "which facts to gather"),
    row("gather_timeout", PLAY, Kind::Int, "seconds that gathering facts may take"),
    row("handlers", PLAY, Kind::Tasks, "tasks that run when they were notified"),
    row("hosts", PLAY, Kind::TextList, "the hosts it is for: a pattern or a list of them"),
    row("import_playbook", &[Place::ImportPlaybook], Kind::Text, "the playbook whose plays come here"),
    row("max_fail_percentage", PLAY, Kind::Percent, "end the play when more hosts than this failed"),
    row("order", PLAY, Kind::Text, "order of the hosts: `inventory`, `sorted`, `reverse_sorted`, `reverse_inventory`, `shuffle`"),
    row("post_tasks", PLAY, Kind::Tasks, "tasks after all others"),
    row("pre_tasks", PLAY, Kind::Tasks, "tasks before the roles"),
    row("roles", PLAY, Kind::Any, "roles, which run before the tasks"),
    row("serial", PLAY, Kind::Percents, "how many hosts at a time: a number, a percentage, or a list of them"),
    row("strategy", PLAY, Kind::Text, "how the hosts go through the tasks"),
    row("tasks", PLAY, Kind::Tasks, "its tasks"),
    row("vars_files", PLAY, Kind::Paths, "files with variables; of a list within the list the first that exists"),
    row("vars_prompt", PLAY, Kind::Any, "variables to ask for"),
    gone("accelerate", PLAY, "leave it out: connections are always kept open"),
    gone("sudo", EVERYWHERE, "use `become`"),
    gone("sudo_user", EVERYWHERE, "use `become_user`"),
    gone("su", EVERYWHERE, "use `become` with `become_method: su`"),
    // Blocks.
    row("always", BLOCK, Kind::Tasks, "tasks that run whatever happened"),
    row("block", BLOCK, Kind::Tasks, "its tasks"),
    row("rescue", BLOCK, Kind::Tasks, "tasks that run when one of the block failed"),
    // Tasks.
    row("action", TASKS, Kind::Any, "the module and its arguments"),
    row("args", TASKS, Kind::Mapping, "further arguments of the module"),
    row("async", TASKS, Kind::Int, "seconds that it may run in the background"),
    row("changed_when", TASKS, Kind::Conditions, "when it counts as changed"),
    row("delay", TASKS, Kind::Number, "seconds between two tries"),
    row("failed_when", TASKS, Kind::Conditions, "when it counts as failed"),
    row("listen", &[Place::Handler], Kind::TextList, "topics that notify it too"),
    row("local_action", TASKS, Kind::Any, "the module and its arguments, run on the controller"),
    row("loop", TASKS, Kind::List, "items for each of which it runs"),
    row("loop_control", TASKS, Kind::Any, "how the loop behaves"),
    row("poll", TASKS, Kind::Int, "seconds between two looks at a task in the background; 0: do not wait for it"),
    row("register", TASKS, Kind::Name, "variable that receives the result"),
    row("retries", TASKS, Kind::Int, "how often to try again"),
    row("until", TASKS, Kind::Conditions, "try again until these hold"),
    // `loop_control`.
    row("break_when", LOOP, Kind::Conditions, "end the loop after an item for which these hold"),
    row("extended", LOOP, Kind::Bool, "define `ansible_loop`"),
    row("extended_allitems", LOOP, Kind::Bool, "include `allitems` in `ansible_loop`"),
    row("index_var", LOOP, Kind::Name, "variable for the number of the item, from 0"),
    row("label", LOOP, Kind::Any, "what to show for an item"),
    row("loop_var", LOOP, Kind::Name, "variable for the item"),
    row("pause", LOOP, Kind::Number, "seconds between two items"),
    // `vars_prompt`.
    row("confirm", PROMPT, Kind::Bool, "ask twice"),
    row("default", PROMPT, Kind::Any, "the value when nothing is typed"),
    row("encrypt", PROMPT, Kind::Text, "how to hash the value: `sha512_crypt`, `sha256_crypt`, `md5_crypt`, `bcrypt`"),
    row("private", PROMPT, Kind::Bool, "do not show what is typed"),
    row("prompt", PROMPT, Kind::Text, "the text to show"),
    row("salt", PROMPT, Kind::Text, "salt of the hash; made at random when it is not given"),
    row("salt_size", PROMPT, Kind::Int, "length of the salt that is made"),
    row("unsafe", PROMPT, Kind::Bool, "what is typed is no template, whatever braces are in it"),
    // Role entries and metadata.
    row("role", &[Place::Role], Kind::Text, "the role"),
    row("allow_duplicates", META, Kind::Bool, "run the role wherever it is used"),
    row("argument_specs", META, Kind::Mapping, "the arguments of the role's entry points"),
    row("collections", META, Kind::TextList, "collections in which names without a prefix are looked up"),
    row("dependencies", META, Kind::Any, "roles that run before it"),
    row("galaxy_info", META, Kind::Any, "description for the role's readers"),
    row("standalone", META, Kind::Any, "whether the role is not part of a collection"),
];

/// The keyword `name` where `place` is.
pub fn find(name: &str, place: Place) -> Option<&'static Keyword> {
    KEYWORDS.iter().find(|keyword| keyword.name == name && keyword.places.contains(&place))
}

/// The names of the keywords of `place` that can be used.
pub fn names<'a>(place: Place) -> impl Iterator<Item = &'a str> {
    KEYWORDS.iter().filter(move |k| k.places.contains(&place) && k.status == Status::Works).map(|k| k.name)
}

/// The error for a word at `span` that is no keyword of `place`; `more` are other words that would be right there.
pub fn unknown<'a>(name: &str, span: &Span, place: Place, more: impl IntoIterator<Item = &'a str>) -> Diagnostic {
    let error = Diagnostic::at(span, format!("unknown {} keyword `{name}`", place.name()));
    let elsewhere: Vec<&str> = KEYWORDS
        .iter()
        .filter(|k| k.name == name && k.status == Status::Works)
        .flat_map(|k| k.places.iter())
        .filter(|p| **p != place)
        .map(|p| p.name())
        .collect();
    let known: Vec<&str> = names(place).chain(more).collect();
    match text::did_you_mean(name, known) {
        Some(hint) => error.hint(hint),
        None if elsewhere.is_empty() => error,
        None => error.hint(format!("`{name}` is a keyword of: {}", elsewhere.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_each_word_once() {
        let places = [
            Place::Play,
            Place::ImportPlaybook,
            Place::Role,
            Place::Block,
            Place::Task,
            Place::Handler,
            Place::LoopControl,
            Place::Prompt,
            Place::RoleMeta,
        ];
        for place in places {
            let mut words: Vec<&str> = KEYWORDS.iter().filter(|k| k.places.contains(&place)).map(|k| k.name).collect();
            let all = words.len();
            words.sort_unstable();
            words.dedup();
            assert_eq!(words.len(), all, "{place:?} has a keyword twice");
            assert!(all > 0, "{place:?} has no keyword");
        }
    }

    #[test]
    fn every_keyword_says_what_it_means() {
        for keyword in KEYWORDS {
            assert!(!keyword.doc.is_empty() && !keyword.doc.ends_with('.'), "{}", keyword.name);
        }
    }
}
