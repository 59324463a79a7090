//! The actions that are part of the language and no modules: what they take, and what they do.

use super::keywords::Kind;

/// An action of the language.
#[derive(Debug)]
pub struct LanguageAction {
    /// Its name, without a collection.
    pub name: &'static str,
    /// One line, no final period.
    pub summary: &'static str,
    /// Paragraphs.
    pub description: &'static [&'static str],
    /// Its options.
    pub options: &'static [ActionOption],
    /// The option that a text behind it goes to; `meta` has no options, only its words.
    pub free_form: Option<&'static str>,
    /// A YAML list of tasks.
    pub examples: &'static str,
}

/// An option of an action of the language.
#[derive(Clone, Copy, Debug)]
pub struct ActionOption {
    /// Its name.
    pub name: &'static str,
    /// Another name it goes by.
    pub alias: Option<&'static str>,
    /// What it takes.
    pub kind: Kind,
    /// Whether it must be given.
    pub required: bool,
    /// Whether its value must be written out: it is needed before any variable is known.
    pub literal: bool,
    /// What it means, one paragraph.
    pub doc: &'static str,
}

impl ActionOption {
    const fn new(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { name, alias: None, kind, required: false, literal: false, doc }
    }

    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    const fn literal(mut self) -> Self {
        self.literal = true;
        self
    }
}

const FILE: ActionOption =
    ActionOption::new("file", Kind::Text, "The file with the tasks, looked for beside the one that names it and in `tasks` of the role.")
        .required();
const APPLY: ActionOption =
    ActionOption::new("apply", Kind::Mapping, "Keywords of blocks that apply to all that is included, such as `become` and `tags`.");
const ROLE: ActionOption = ActionOption { alias: Some("role"), ..ActionOption::new("name", Kind::Text, "The role.").required() };
const TASKS_FROM: ActionOption = ActionOption::new("tasks_from", Kind::Text, "The file of the role's `tasks` to take instead of `main`.");
const VARS_FROM: ActionOption = ActionOption::new("vars_from", Kind::Text, "The file of the role's `vars` to take instead of `main`.");
const DEFAULTS_FROM: ActionOption =
    ActionOption::new("defaults_from", Kind::Text, "The file of the role's `defaults` to take instead of `main`.");
const HANDLERS_FROM: ActionOption =
    ActionOption::new("handlers_from", Kind::Text, "The file of the role's `handlers` to take instead of `main`.");
const DUPLICATES: ActionOption = ActionOption::new(
    "allow_duplicates",
    Kind::Bool,
    "Whether it runs although it ran before with the same parameters; it does unless this is `false`.",
)
.literal();
const PUBLIC: ActionOption =
    ActionOption::new("public", Kind::Bool, "Whether the defaults and variables of the role are seen by the tasks behind it.").literal();
const VALIDATE: ActionOption = ActionOption::new(
    "rolespec_validate",
    Kind::Bool,
    "Whether the role's arguments are held against its `argument_specs`; they are unless this is `false`.",
)
.literal();

const IMPORT_ROLE: &[ActionOption] = &[ROLE, TASKS_FROM, VARS_FROM, DEFAULTS_FROM, HANDLERS_FROM, DUPLICATES, PUBLIC, VALIDATE];
const INCLUDE_ROLE: &[ActionOption] = &[ROLE, TASKS_FROM, VARS_FROM, DEFAULTS_FROM, HANDLERS_FROM, DUPLICATES, PUBLIC, VALIDATE, APPLY];

/// All of them.
pub static ACTIONS: &[LanguageAction] = &[
    LanguageAction {
        name: "import_tasks",
        summary: "Put the tasks of a file in this place before anything runs",
        description: &[
            "The tasks stand there as if they had been written there: keywords beside the import apply to each of them, they can be listed, \
             started at and chosen by tags. The name of the file can use only variables that are known before any host is.",
        ],
        options: &[FILE],
        free_form: Some("file"),
        examples: "
- import_tasks: install.yml

- name: Only on Debian
  import_tasks: debian.yml
  when: ansible_facts.os_family == 'Debian'
",
    },
    LanguageAction {
        name: "include_tasks",
        summary: "Run the tasks of a file when this place is reached",
        description: &[
            "The name of the file may depend on facts, results and the item of a loop. Keywords that the included tasks shall have stand under \
             `apply`; tags beside the include are those of the include alone.",
        ],
        options: &[FILE, APPLY],
        free_form: Some("file"),
        examples: "
- include_tasks: \"{{ ansible_facts.os_family }}.yml\"

- name: Once for each site
  include_tasks:
    file: site.yml
    apply:
      become: true
  loop: \"{{ sites }}\"
  loop_control:
    loop_var: site
",
    },
    LanguageAction {
        name: "import_role",
        summary: "Put the tasks of a role in this place before anything runs",
        description: &[
            "As `import_tasks`, with all that belongs to the role: its defaults, variables, handlers and the roles it depends on.",
        ],
        options: IMPORT_ROLE,
        free_form: None,
        examples: "
- import_role:
    name: common

- name: Another entry point of the role
  import_role:
    name: database
    tasks_from: backup
  vars:
    backup_dir: /var/backups
",
    },
    LanguageAction {
        name: "include_role",
        summary: "Run the tasks of a role when this place is reached",
        description: &[
            "As `include_tasks`, with all that belongs to the role. Its defaults and variables are seen by its own tasks alone, unless `public` \
             says otherwise.",
        ],
        options: INCLUDE_ROLE,
        free_form: None,
        examples: "
- include_role:
    name: \"{{ database }}\"

- name: One role for each site
  include_role:
    name: site
    apply:
      tags: [sites]
  loop: \"{{ sites }}\"
  tags: [sites]
",
    },
    LanguageAction {
        name: "meta",
        summary: "Tell kconf itself to do something",
        description: &["One word says what. It runs nothing on hosts."],
        options: &[],
        free_form: None,
        examples: "
- name: Run the handlers that were notified so far
  meta: flush_handlers

- name: Leave out the rest of the play where there is nothing to do
  meta: end_host
  when: not wanted
",
    },
];

/// The action called `name`, without a collection.
pub fn find(name: &str) -> Option<&'static LanguageAction> {
    ACTIONS.iter().find(|action| action.name == name)
}

/// The names that the options of an action go by.
pub fn option_names(action: &LanguageAction) -> Vec<&'static str> {
    action.options.iter().flat_map(|option| std::iter::once(option.name).chain(option.alias)).collect()
}
