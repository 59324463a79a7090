//! The tree. What is the same for all places (keywords with a value) stays a list of [`Field`]s, checked against the table.

use crate::base::{Span, Spanned};
use crate::yaml::{Mapping, Node};

use super::keywords::Keyword;

/// A playbook file.
#[derive(Debug, Default)]
pub struct Playbook {
    /// What it holds, in order.
    pub entries: Vec<PlaybookEntry>,
}

/// An element of a playbook.
#[derive(Debug)]
pub enum PlaybookEntry {
    /// A play.
    Play(Box<Play>),
    /// The plays of another file.
    Import(ImportPlaybook),
}

/// `import_playbook`.
#[derive(Debug)]
pub struct ImportPlaybook {
    /// Where it is written.
    pub span: Span,
    /// The file.
    pub file: Node,
    /// Its other keywords.
    pub fields: Fields,
}

/// A play.
#[derive(Debug)]
pub struct Play {
    /// Where it is written.
    pub span: Span,
    /// Its keywords, without those below.
    pub fields: Fields,
    /// `vars_prompt:`, each with its keywords.
    pub vars_prompt: Vec<Fields>,
    /// `roles:`.
    pub roles: Vec<RoleEntry>,
    /// `pre_tasks:`.
    pub pre_tasks: Vec<Item>,
    /// `tasks:`.
    pub tasks: Vec<Item>,
    /// `post_tasks:`.
    pub post_tasks: Vec<Item>,
    /// `handlers:`.
    pub handlers: Vec<Item>,
}

/// A role as it is named in `roles:` or in a role's `dependencies:`.
#[derive(Clone, Debug)]
pub struct RoleEntry {
    /// Where it is written.
    pub span: Span,
    /// Its name or path; may hold a template.
    pub name: Node,
    /// Keywords, without the name.
    pub fields: Fields,
    /// All other entries: parameters.
    pub params: Mapping,
}

/// A role's `meta/main.yml`.
#[derive(Debug, Default)]
pub struct RoleMeta {
    /// Roles that run before it.
    pub dependencies: Vec<RoleEntry>,
    /// Its other keywords.
    pub fields: Fields,
}

/// A task or a block.
#[derive(Debug)]
pub enum Item {
    /// A task.
    Task(Box<Task>),
    /// A block.
    Block(Box<Block>),
}

/// A block.
#[derive(Debug)]
pub struct Block {
    /// Where it is written.
    pub span: Span,
    /// Its keywords, without those below.
    pub fields: Fields,
    /// `block:`.
    pub body: Vec<Item>,
    /// `rescue:`.
    pub rescue: Vec<Item>,
    /// `always:`.
    pub always: Vec<Item>,
}

/// A task or a handler.
#[derive(Debug)]
pub struct Task {
    /// Where it is written.
    pub span: Span,
    /// Its keywords, without those below.
    pub fields: Fields,
    /// What it does.
    pub action: Action,
    /// `local_action:` was written.
    pub local: Option<Span>,
    /// What it loops over.
    pub loop_over: Option<Loop>,
    /// `loop_control:`.
    pub loop_control: Fields,
}

/// What a task loops over.
#[derive(Clone, Debug)]
pub enum Loop {
    /// `loop:`.
    List(Node),
    /// `with_NAME:`, with NAME.
    Lookup(Spanned<String>, Node),
}

/// What a task does.
#[derive(Debug)]
pub enum Action {
    /// Runs a module.
    Module {
        /// Its name as written, known to be one.
        name: Spanned<String>,
        /// Its arguments.
        args: Args,
    },
    /// `meta:` with its word.
    Meta(Spanned<String>),
    /// `import_tasks:` with its file.
    ImportTasks(Node),
    /// `include_tasks:`.
    IncludeTasks {
        /// The file.
        file: Node,
        /// `apply:`.
        apply: Fields,
    },
    /// `import_role:`.
    ImportRole(RoleCall),
    /// `include_role:`.
    IncludeRole(RoleCall),
}

/// Arguments of a module as written.
#[derive(Clone, Debug, Default)]
pub struct Args {
    /// By name.
    pub map: Mapping,
    /// Free-form text: what remains when `name=value` pairs are taken out.
    pub free_form: Option<Node>,
    /// A template for the whole mapping; those of `map` win over it.
    pub template: Option<Node>,
}

/// `import_role` and `include_role`.
#[derive(Debug)]
pub struct RoleCall {
    /// The role.
    pub name: Node,
    /// Files of the role to use instead of `main`.
    pub tasks_from: Option<Node>,
    /// As above, for variables.
    pub vars_from: Option<Node>,
    /// As above, for defaults.
    pub defaults_from: Option<Node>,
    /// As above, for handlers.
    pub handlers_from: Option<Node>,
    /// Whether defaults and variables become visible outside.
    pub public: Option<bool>,
    /// Whether it may run more than once.
    pub allow_duplicates: bool,
    /// Whether to validate its argument specification.
    pub rolespec_validate: bool,
    /// `apply:` of `include_role`.
    pub apply: Fields,
}

/// A keyword with its value.
#[derive(Clone, Debug)]
pub struct Field {
    /// The row of the table.
    pub keyword: &'static Keyword,
    /// Where the keyword is written.
    pub key: Span,
    /// The value, of a kind that the keyword takes, never null.
    pub value: Node,
}

/// Keywords with their values, each at most once, in the order written.
#[derive(Clone, Debug, Default)]
pub struct Fields(pub Vec<Field>);

impl Fields {
    /// The value of a keyword.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.field(name).map(|field| &field.value)
    }

    /// The field of a keyword.
    pub fn field(&self, name: &str) -> Option<&Field> {
        debug_assert!(super::keywords::KEYWORDS.iter().any(|k| k.name == name), "`{name}` is not in the table of keywords");
        self.0.iter().find(|field| field.keyword.name == name)
    }

    /// The value of a keyword, owned.
    pub fn value(&self, name: &str) -> Option<Node> {
        self.get(name).cloned()
    }

    /// The elements of a keyword that takes one value or a list of them.
    pub fn list(&self, name: &str) -> Vec<Node> {
        match self.get(name) {
            None => Vec::new(),
            Some(node) => node.as_list().map_or_else(|| vec![node.clone()], <[Node]>::to_vec),
        }
    }

    /// A keyword that can hold only a boolean or was checked to be a literal one; `default` when it is absent or a template.
    pub fn bool_or(&self, name: &str, default: bool) -> bool {
        self.get(name).and_then(super::fields::literal_bool).unwrap_or(default)
    }
}
