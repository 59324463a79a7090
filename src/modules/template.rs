//! `template`: a file rendered on the controller.

use super::copy::preserving;
use super::shared::file_options::FILE_OPTIONS;
use super::spec::{BUILTIN, join};
use super::{Kind, Opt, Place, Return, Spec};

const OWN: &[Opt] = &[
    Opt::new("src", Kind::Path, "The template on the controller, looked for in the `templates` folder of the role or playbook.").required(),
    Opt::new("dest", Kind::Path, "The place on the host. A directory takes the file under the name of the template.").required(),
    Opt::new("force", Kind::Bool, "Replace a file whose content differs. Without it only a missing file is made.").default("true"),
    Opt::new("backup", Kind::Bool, "Keep a copy of a file that is replaced, with the time in its name.").default("false"),
    Opt::new("follow", Kind::Bool, "Write to what a symbolic link at `dest` points to, instead of replacing the link.").default("false"),
    Opt::new(
        "validate",
        Kind::Str,
        "A command that must accept the file before it is put in place; `%s` stands for its path then. No shell.",
    ),
    Opt::new("newline_sequence", Kind::Str, "What ends the lines.")
        .default("\"\\n\"")
        .choices(&["\n", "\r", "\r\n", "\\n", "\\r", "\\r\\n"]),
    Opt::new("block_start_string", Kind::Str, "What starts a block.").default("\"{%\""),
    Opt::new("block_end_string", Kind::Str, "What ends a block.").default("\"%}\""),
    Opt::new("variable_start_string", Kind::Str, "What starts an expression.").default("\"{{\""),
    Opt::new("variable_end_string", Kind::Str, "What ends an expression.").default("\"}}\""),
    Opt::new("comment_start_string", Kind::Str, "What starts a comment; `{#` when it is not given."),
    Opt::new("comment_end_string", Kind::Str, "What ends a comment; `#}` when it is not given."),
    Opt::new("trim_blocks", Kind::Bool, "Remove the line break behind a block.").default("true"),
    Opt::new("lstrip_blocks", Kind::Bool, "Remove spaces and tabs in front of a block that starts a line.").default("false"),
    Opt::new("output_encoding", Kind::Str, "The encoding of the file.").default("\"utf-8\""),
];

static OPTIONS: [Opt; OWN.len() + FILE_OPTIONS.len()] = preserving(join(OWN, FILE_OPTIONS));

/// The declaration of `template`.
pub static MODULE: Spec = Spec {
    name: "template",
    collections: BUILTIN,
    summary: "Render a template to a file of the host",
    description: &[
        "Renders a file of the controller with the variables of the host, and puts the text in place as `copy` does. A line `#jinja2: …` at the top of \
         the template changes how it is rendered.",
        "In the template there are also `template_path`, `template_fullpath`, `template_destpath`, `template_host`, `template_uid`, `template_mtime`, \
         `template_run_date` and `ansible_managed`.",
    ],
    options: &OPTIONS,
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "dest", kind: "str", when: "success", doc: "The place of the file." },
        Return { name: "checksum", kind: "str", when: "always", doc: "SHA-1 digest of the rendered text." },
        Return { name: "md5sum", kind: "str", when: "changed", doc: "MD5 digest of the rendered text." },
        Return { name: "mode", kind: "str", when: "success", doc: "Permissions as four octal digits." },
        Return { name: "owner", kind: "str", when: "success", doc: "Name of the owner (`uid`: the number)." },
        Return { name: "group", kind: "str", when: "success", doc: "Name of the group (`gid`: the number)." },
        Return { name: "size", kind: "int", when: "success", doc: "Bytes." },
        Return { name: "backup_file", kind: "str", when: "changed and backup", doc: "Path of the copy of what was replaced." },
    ],
    examples: "
- name: The settings
  template:
    src: app.conf.j2
    dest: /etc/app/app.conf
    owner: root
    mode: \"0644\"
    validate: app --check %s
",
    place: Place::Controller,
};
