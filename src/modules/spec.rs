//! The declaration of a module: the only source for coercion, checks, documentation, completion and schema.

use super::{Args, Context, ModuleResult};

/// A module.
pub struct Spec {
    /// Short name: `copy`.
    pub name: &'static str,
    /// Collections under which it is also known: `ansible.builtin`, `ansible.legacy`, `community.general`. The short name always works.
    pub collections: &'static [&'static str],
    /// One line, no final period.
    pub summary: &'static str,
    /// Paragraphs.
    pub description: &'static [&'static str],
    /// The options.
    pub options: &'static [Opt],
    /// What holds between options.
    pub rules: &'static [Rule],
    /// The option that a free-form string goes to (`command: uptime`); `None`: the string must be `k=v` pairs.
    pub free_form: Option<&'static str>,
    /// The keys of the result beside the common ones (`changed`, `failed`, `msg`, `diff`, `skipped`).
    pub returns: &'static [Return],
    /// A YAML list of tasks; a test parses and checks it.
    pub examples: &'static str,
    /// Where it runs.
    pub place: Place,
}

/// Where a module runs.
#[derive(Clone, Copy)]
pub enum Place {
    /// On the target, through the runner.
    Target(fn(&mut Context<'_>, Args) -> ModuleResult),
    /// On the controller, in the engine; `src/engine/actions` has the code.
    Controller,
}

/// An option of a module.
#[derive(Clone, Copy, Debug)]
pub struct Opt {
    /// Its name. One that starts with `_` is set by the controller half of the module only: a user cannot write it, documentation leaves it out.
    pub name: &'static str,
    /// Other names it goes by.
    pub aliases: &'static [&'static str],
    /// What it takes.
    pub kind: Kind,
    /// Whether it must be given.
    pub required: bool,
    /// The value when it is not given, as JSON text: `"present"` in quotes, `true`, `10`.
    pub default: Option<&'static str>,
    /// The values it may have (each element, for a list). For a [`Kind::Mode`]: words it accepts beside modes (`preserve`).
    pub choices: &'static [&'static str],
    /// What it means, one paragraph.
    pub doc: &'static str,
    /// Its value is a secret: masked wherever arguments are shown.
    pub secret: bool,
    /// The options of a [`Kind::Dict`] (or of each element of a list of dicts) with fixed keys; empty: any keys.
    pub suboptions: &'static [Opt],
}

impl Opt {
    /// An optional option without default.
    pub const fn new(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { name, aliases: &[], kind, required: false, default: None, choices: &[], doc, secret: false, suboptions: &[] }
    }

    /// It must be given.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Other names.
    #[must_use]
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// The default, as JSON text.
    #[must_use]
    pub const fn default(mut self, json: &'static str) -> Self {
        self.default = Some(json);
        self
    }

    /// The values it may have.
    #[must_use]
    pub const fn choices(mut self, choices: &'static [&'static str]) -> Self {
        self.choices = choices;
        self
    }

    /// Its value is a secret.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// The keys of a dict.
    #[must_use]
    pub const fn suboptions(mut self, options: &'static [Opt]) -> Self {
        self.suboptions = options;
        self
    }
}

/// What an option takes, with the coercion that Ansible applies to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text; numbers and booleans become text.
    Str,
    /// `yes`, `on`, `1`, `true`, … and their opposites.
    Bool,
    /// A whole number, also as text.
    Int,
    /// A number, also as text.
    Float,
    /// Text with `~` and `$VARS` expanded on the target.
    Path,
    /// A file mode: an octal number (also as text) or a symbolic mode; arrives as text.
    Mode,
    /// A size in bytes: `10M`; arrives as a number.
    Bytes,
    /// A mapping; `k=v` text and JSON text are read as one.
    Dict,
    /// A list; a comma-separated text becomes one; each element is coerced.
    List(&'static Kind),
    /// Text that holds JSON; a list or mapping is written as such.
    Json,
    /// Anything, as it is.
    Raw,
    /// Content of the controller: arrives as a [`super::ContentRef`]. Filled in by the controller half, never by the user.
    Content,
}

/// What holds between options.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// At most one of them.
    Exclusive(&'static [&'static str]),
    /// All or none of them.
    Together(&'static [&'static str]),
    /// At least one of them.
    OneOf(&'static [&'static str]),
    /// When the option has this value (as JSON text without quotes), these are needed: all of them.
    If(&'static str, &'static str, &'static [&'static str]),
    /// When the option has this value, at least one of these is needed.
    IfAny(&'static str, &'static str, &'static [&'static str]),
    /// When the option is given, these are needed.
    By(&'static str, &'static [&'static str]),
    /// Any other option may be given too and stays as it is; the text says what for.
    Open(&'static str),
}

/// A key of the result.
#[derive(Clone, Copy, Debug)]
pub struct Return {
    /// Its name.
    pub name: &'static str,
    /// "str", "int", "bool", "list", "dict".
    pub kind: &'static str,
    /// When it is there: "always", "when changed".
    pub when: &'static str,
    /// What it means.
    pub doc: &'static str,
}

impl std::fmt::Debug for Spec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Spec({})", self.name)
    }
}

/// `first` and `second` as one list, for modules that share options: `static OPTIONS: [Opt; N] = join(OWN, FILE_OPTIONS);`
pub const fn join<const N: usize>(first: &[Opt], second: &[Opt]) -> [Opt; N] {
    assert!(first.len() + second.len() == N, "the length of the joined list is the sum of both");
    let mut all = [Opt::new("", Kind::Raw, ""); N];
    let mut at = 0;
    while at < N {
        all[at] = if at < first.len() { first[at] } else { second[at - first.len()] };
        at += 1;
    }
    all
}

/// The collections of modules that come with Ansible itself.
pub const BUILTIN: &[&str] = &["ansible.builtin", "ansible.legacy"];

/// The collections of modules of `ansible.posix`, which Ansible also finds under the names they had before it was split up.
pub const POSIX: &[&str] = &["ansible.posix", "ansible.builtin", "ansible.legacy"];

/// As [`POSIX`], for `community.general`.
pub const GENERAL: &[&str] = &["community.general", "ansible.builtin", "ansible.legacy"];

/// As [`POSIX`], for `community.crypto`.
pub const CRYPTO: &[&str] = &["community.crypto", "ansible.builtin", "ansible.legacy"];

/// As [`POSIX`], for `amazon.aws`.
pub const AWS: &[&str] = &["amazon.aws", "ansible.builtin", "ansible.legacy"];
