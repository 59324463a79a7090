//! `kconf doc` and `kconf schema`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::engine::ArgValueCompleter as Completer;

use crate::cli::complete;

#[derive(Args, Debug)]
pub struct Doc {
    /// What to show. Without a name, modules are listed; with --list, those that have one of these words in name or summary
    #[arg(value_name = "NAME", add = Completer::new(complete::documented))]
    pub names: Vec<String>,
    /// What the names are of; without it a module, else whatever is called so
    #[arg(short = 't', long = "type", value_name = "TYPE")]
    pub topic: Option<DocType>,
    /// List names and summaries
    #[arg(short = 'l', long)]
    pub list: bool,
    /// Print a task to start from, with all options of the module
    #[arg(short = 's', long, conflicts_with = "list")]
    pub snippet: bool,
    /// What to print
    #[arg(short = 'o', long, value_name = "FORMAT", default_value = "text", conflicts_with = "snippet")]
    pub output: DocOutput,
    /// Write the reference pages and schemas of `docs/` into this folder
    #[arg(long, value_name = "DIR", hide = true, exclusive = true)]
    pub write: Option<PathBuf>,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocType {
    /// What tasks run
    Module,
    /// Words of plays, roles, blocks and tasks
    Keyword,
    /// What stands behind `|`
    Filter,
    /// What stands behind `is`
    Test,
    /// What expressions can call
    Function,
    /// What `lookup` finds and `with_` loops over
    Lookup,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocOutput {
    /// A page
    Text,
    /// JSON, as docs/reference.md describes it
    Json,
    /// JSON in the shape of `ansible-doc --json`
    AnsibleJson,
}

#[derive(Args, Debug)]
pub struct Schema {
    /// What kind of file it is for
    #[arg(value_name = "FILE", default_value = "playbook")]
    pub of: SchemaFile,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaFile {
    /// A playbook
    Playbook,
    /// A file of tasks
    Tasks,
    /// A file of handlers
    Handlers,
    /// A role's `meta/main.yml`
    Meta,
    /// A role's `meta/argument_specs.yml`
    #[value(name = "argument_specs")]
    ArgumentSpecs,
}
