//! What holds for a whole run: decided by the command line and the configuration before it starts.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::base::Secret;
use crate::inventory::{self, Vars};
use crate::transport::route::Defaults;

/// The settings of a run.
#[derive(Clone)]
pub struct Settings {
    /// Hosts that work at the same time.
    pub forks: usize,
    /// Check mode: tasks predict, unless they say otherwise.
    pub check: bool,
    /// Return differences, unless tasks say otherwise.
    pub diff: bool,
    /// Number of `-v`; only for `ansible_verbosity` and `debug`.
    pub verbosity: i64,
    /// `--extra-vars`: win over everything.
    pub extra_vars: Arc<Vars>,
    /// `--limit` as written.
    pub limit: Option<String>,
    /// `--tags`, for `ansible_run_tags`; the plan holds only what they select.
    pub tags: Vec<String>,
    /// `--skip-tags`, likewise.
    pub skip_tags: Vec<String>,
    /// Paths of the playbooks as written, for the first event.
    pub playbooks: Vec<String>,
    /// Run handlers of failed hosts too.
    pub force_handlers: bool,
    /// A failure on one host ends the play for all.
    pub any_errors_fatal: bool,
    /// When plays that do not say gather facts.
    pub gathering: Gathering,
    /// What connections fall back to.
    pub connection: Defaults,
    /// What `become` falls back to.
    pub becoming: Becoming,
    /// Seconds after which a task that does not say is ended; `None`: never.
    pub task_timeout: Option<u64>,
    /// The Python of hosts that do not say, for modules that need one; `None`: it is looked for there.
    pub python_interpreter: Option<String>,
    /// The strategy of plays that do not say.
    pub strategy: String,
    /// The configuration file that was read, for `ansible_config_file`.
    pub config_file: Option<PathBuf>,
    /// What `ansible_managed` is in templates: a text with `{file}`, `{host}`, `{uid}` and marks of `strftime`.
    pub managed: Option<String>,
    /// Asks the person at the terminal; `None`: nobody is there.
    pub prompter: Option<Arc<dyn Prompter>>,
    /// Ask before each task whether to do it.
    pub step: bool,
    /// Send live output of long commands.
    pub live: bool,
    /// Where the inventory came from, for `meta: refresh_inventory`.
    pub reload: Option<Arc<Reload>>,
}

/// How to read the inventory again.
pub struct Reload {
    /// The sources as the user named them.
    pub sources: Vec<String>,
    /// What else reading them needs.
    pub options: inventory::Options,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            forks: 5,
            check: false,
            diff: false,
            verbosity: 0,
            extra_vars: Arc::default(),
            limit: None,
            tags: vec!["all".to_owned()],
            skip_tags: Vec::new(),
            playbooks: Vec::new(),
            force_handlers: false,
            any_errors_fatal: false,
            gathering: Gathering::Implicit,
            connection: Defaults::default(),
            becoming: Becoming::default(),
            python_interpreter: None,
            task_timeout: None,
            strategy: "linear".to_owned(),
            config_file: None,
            managed: None,
            prompter: None,
            step: false,
            live: false,
            reload: None,
        }
    }
}

/// What `become` falls back to when neither keyword nor variable says.
#[derive(Clone, Debug, Default)]
pub struct Becoming {
    /// `--become`.
    pub on: bool,
    /// `--become-user`; `root` when absent.
    pub user: Option<String>,
    /// `--become-method`; `sudo` when absent.
    pub method: Option<String>,
    /// `--ask-become-pass`.
    pub password: Option<Secret>,
    /// `become_flags` of the configuration.
    pub flags: Option<String>,
    /// `become_exe` of the configuration.
    pub exe: Option<String>,
}

/// When plays without `gather_facts` gather facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gathering {
    /// When a fact is used.
    Implicit,
    /// Never.
    Explicit,
    /// When a fact is used, and then once per host and run.
    Smart,
}

/// The person at the terminal.
pub trait Prompter: Send + Sync {
    /// Whether there is a person: else nobody needs to be asked.
    fn is_there(&self) -> bool;

    /// Shows `text` and returns what is typed, without the line break. `private`: it is not shown.
    ///
    /// # Errors
    /// When nobody can be asked, or the input ends.
    fn ask(&self, text: &str, private: bool) -> io::Result<String>;
}
