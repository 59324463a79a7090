//! `template`: renders a file of the controller; the host gets the text as with `copy`.

use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use serde_json::{Map, Value as Json};

use super::copy::{reference_json, settled};
use super::{Action, Asking};
use crate::base::{Diagnostic, Source, python};
use crate::engine::content::Contents;
use crate::engine::scope::TaskScope;
use crate::engine::task::{Asked, Call, Reply, Trouble};
use crate::modules;
use crate::system::clock::Civil;
use crate::template::{self, FileOptions, Markers, Value};

/// Options that are about rendering, and not about the file on the host.
const RENDERING: &[&str] = &[
    "src",
    "newline_sequence",
    "block_start_string",
    "block_end_string",
    "variable_start_string",
    "variable_end_string",
    "comment_start_string",
    "comment_end_string",
    "trim_blocks",
    "lstrip_blocks",
    "output_encoding",
];

/// See the module documentation.
pub struct Template;

#[async_trait]
impl Action for Template {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        call.send(self.ask(call)?).await
    }

    fn asking(&self) -> Option<&dyn Asking> {
        Some(self)
    }
}

impl Asking for Template {
    fn ask(&self, call: &Call<'_>) -> Result<Asked, Trouble> {
        let name = call.text("src").ok_or_else(|| call.wrong("`template` needs `src`"))?;
        let path = call.find_file("templates", "src", name)?;
        if call.files().is_dir(&path) {
            return Err(call.wrong_at("src", format!("{} is a directory, not a template", path.display())).into());
        }
        let text = render(call, name, &path)?;
        let mut contents = Contents::default();
        let reference = contents.bytes(encode(call, text)?);

        let mut args: Map<String, Json> = Map::new();
        let copy = modules::find("copy").ok_or_else(|| call.wrong("this build has no module `copy`"))?;
        for option in copy.options {
            // What both have, the user decided on; the rest is as `copy` has it by itself.
            let fallback = option.default.and_then(|json| serde_json::from_str(json).ok()).unwrap_or(Json::Null);
            let given = call.ready.args.get(option.name).filter(|_| !RENDERING.contains(&option.name));
            args.insert(option.name.to_owned(), given.cloned().unwrap_or(fallback));
        }
        args.insert("_content".to_owned(), reference_json(&reference));
        let own_name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        args.insert("_name".to_owned(), own_name.into());
        if call.text("mode") == Some("preserve") {
            let about = call.files().about(&path).map_err(|error| unreadable(call, &path, &error))?;
            args.insert("mode".to_owned(), format!("{:04o}", about.mode).into());
        }
        Ok(Asked { contents, settle: settled, ..Asked::new("copy", args) })
    }
}

fn unreadable(call: &Call<'_>, path: &Path, error: &std::io::Error) -> Diagnostic {
    call.wrong_at("src", format!("cannot read {}", path.display())).caused_by(error.to_string())
}

fn render(call: &Call<'_>, name: &str, path: &Path) -> Result<String, Diagnostic> {
    let text = match call.decrypted(path)? {
        Some(text) => text,
        None => {
            let bytes = call.files().bytes(path).map_err(|error| unreadable(call, path, &error))?;
            String::from_utf8(bytes).map_err(|_| call.wrong_at("src", format!("{} is not UTF-8 text", path.display())))?
        }
    };
    let source = Source::new(path.to_string_lossy(), text);
    scope(call, name, path)?.file(&source, &options(call, path))
}

/// The name of a user of the controller; the number of one that has none.
fn owner(uid: u32) -> String {
    let user = nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(uid)).ok().flatten();
    user.map_or_else(|| uid.to_string(), |user| user.name)
}

/// The variables of a template: those of the task, and some about the template itself.
fn scope(call: &Call<'_>, name: &str, path: &Path) -> Result<TaskScope, Diagnostic> {
    let about = call.files().about(path).map_err(|error| unreadable(call, path, &error))?;
    let text = |value: &str| Value::from(value);
    let modified = Duration::try_from_secs_f64(about.mtime).unwrap_or_default();
    let now = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let moment = |epoch| {
        let at = Civil::at(epoch, 0);
        format!("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}", at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond)
    };
    Ok(call.ready.scope.with_all([
        ("template_path".to_owned(), text(name)),
        ("template_fullpath".to_owned(), text(&path.to_string_lossy())),
        ("template_destpath".to_owned(), text(call.text("dest").unwrap_or_default())),
        ("template_host".to_owned(), text(&hostname())),
        ("template_uid".to_owned(), text(&owner(about.uid))),
        ("template_mtime".to_owned(), text(&moment(modified))),
        ("template_run_date".to_owned(), text(&moment(now))),
        ("ansible_managed".to_owned(), managed(call, name, modified, &owner(about.uid))),
    ]))
}

/// `ansible_managed`, unless a variable says something else.
fn managed(call: &Call<'_>, name: &str, modified: Duration, owner: &str) -> Value {
    if let Some(value) = call.ready.scope.value("ansible_managed").ok().flatten() {
        return value;
    }
    let Some(pattern) = &call.job.world.settings.managed else { return Value::from("Ansible managed") };
    let text = pattern.replace("{host}", &hostname()).replace("{uid}", owner).replace("{file}", name);
    Value::from(template::local_time(&text, modified.as_secs_f64()).unwrap_or(text))
}

fn hostname() -> String {
    nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn options(call: &Call<'_>, path: &Path) -> FileOptions {
    let text = |name: &str, fallback: &str| call.text(name).unwrap_or(fallback).to_owned();
    let pair = |start: (&str, &str), end: (&str, &str)| (text(start.0, start.1), text(end.0, end.1));
    let newline = text("newline_sequence", "\n").replace("\\r", "\r").replace("\\n", "\n");
    let mut search_paths: Vec<_> = path.parent().map(Path::to_path_buf).into_iter().collect();
    for folder in call.job.due.task.search_path() {
        search_paths.extend([folder.join("templates"), folder]);
    }
    FileOptions {
        markers: Markers {
            variable: pair(("variable_start_string", "{{"), ("variable_end_string", "}}")),
            block: pair(("block_start_string", "{%"), ("block_end_string", "%}")),
            comment: pair(("comment_start_string", "{#"), ("comment_end_string", "#}")),
            trim_blocks: call.arg("trim_blocks") != &Json::Bool(false),
            lstrip_blocks: call.is_true("lstrip_blocks"),
            ..Markers::default()
        },
        newline_sequence: newline,
        search_paths,
    }
}

/// The bytes of a text in `output_encoding`.
fn encode(call: &Call<'_>, text: String) -> Result<Vec<u8>, Diagnostic> {
    let name = call.text("output_encoding").unwrap_or("utf-8").to_ascii_lowercase().replace('_', "-");
    let refused = |c: char, most: u32| u32::from(c) > most;
    let narrow = |most: u32| match text.chars().find(|c| refused(*c, most)) {
        Some(c) => {
            Err(call.wrong_at("output_encoding", format!("`{}` has no character {}", name, python::repr(&Json::from(c.to_string())))))
        }
        None => Ok(text.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect()),
    };
    match name.as_str() {
        "utf-8" | "utf8" | "u8" => Ok(text.into_bytes()),
        "utf-8-sig" => Ok([b"\xef\xbb\xbf", text.as_bytes()].concat()),
        "ascii" | "us-ascii" => narrow(0x7f),
        "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" => narrow(0xff),
        "utf-16" => Ok([0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()),
        "utf-16-le" => Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        "utf-16-be" => Ok(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        _ => {
            let wrong = call.wrong_at("output_encoding", format!("the encoding `{name}` is not supported"));
            Err(wrong.hint("it can be `utf-8`, `utf-8-sig`, `utf-16`, `utf-16-le`, `utf-16-be`, `latin-1` or `ascii`"))
        }
    }
}
