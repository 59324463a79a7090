//! `include_vars`: variables from files of the controller.

use super::spec::BUILTIN;
use super::{Kind, Opt, Place, Return, Rule, Spec};

/// The declaration of `include_vars`.
pub static MODULE: Spec = Spec {
    name: "include_vars",
    collections: BUILTIN,
    summary: "Take variables from files of the controller",
    description: &[
        "Reads a YAML or JSON file, or all of a folder, when the task is reached; the names may depend on facts. They are looked for in the `vars` \
         folder of the role or beside the playbook. Encrypted files are decrypted.",
        "The variables hold for the host until the end of the run, and win over those of plays, roles, blocks and tasks.",
    ],
    options: &[
        Opt::new("file", Kind::Path, "The file. Also as free text behind the name of the module."),
        Opt::new("dir", Kind::Path, "A folder; its files are taken in the order of their names, those of folders in it after them."),
        Opt::new("name", Kind::Str, "Put all variables into one mapping under this name."),
        Opt::new("depth", Kind::Int, "With `dir`: levels of folders to go down; 0: all.").default("0"),
        Opt::new("files_matching", Kind::Str, "With `dir`: a regular expression that the name of a file must match."),
        Opt::new("ignore_files", Kind::List(&Kind::Str), "With `dir`: regular expressions for names of files to leave out."),
        Opt::new("extensions", Kind::List(&Kind::Str), "With `dir`: extensions of the files to read.")
            .default("[\"json\", \"yaml\", \"yml\"]"),
        Opt::new("ignore_unknown_extensions", Kind::Bool, "With `dir`: pass over files with other extensions instead of failing.")
            .default("false"),
        Opt::new("hash_behaviour", Kind::Str, "Whether mappings replace those of the same name, or are merged into them.")
            .choices(&["replace", "merge"]),
    ],
    rules: &[Rule::Exclusive(&["file", "dir"]), Rule::OneOf(&["file", "dir"])],
    free_form: Some("file"),
    returns: &[
        Return { name: "ansible_facts", kind: "dict", when: "success", doc: "The variables as they are written." },
        Return { name: "ansible_included_var_files", kind: "list", when: "success", doc: "Paths of the files that were read." },
    ],
    examples: "
- name: Settings of the distribution
  include_vars:
    file: \"{{ ansible_facts.os_family }}.yml\"

- include_vars: common.yml

- name: A folder of settings under one name
  include_vars:
    dir: settings
    name: settings
    ignore_unknown_extensions: true
",
    place: Place::Controller,
};
