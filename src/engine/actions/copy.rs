//! `copy`: finds the source on the controller; the host fetches what differs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde_json::{Map, Value as Json};

use super::{Action, Asking};
use crate::base::Diagnostic;
use crate::engine::content::Contents;
use crate::engine::local_files::Place;
use crate::engine::task::{Asked, Call, Reply, Trouble};
use crate::modules::ContentRef;
use crate::modules::copy::{TreeEntry, TreeKind, content_text};

/// See the module documentation.
pub struct Copy;

#[async_trait]
impl Action for Copy {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        call.send(self.ask(call)?).await
    }

    fn asking(&self) -> Option<&dyn Asking> {
        Some(self)
    }
}

impl Asking for Copy {
    fn ask(&self, call: &Call<'_>) -> Result<Asked, Trouble> {
        let mut contents = Contents::default();
        let mut args = call.ready.args.clone();
        if call.is_true("remote_src") && !call.arg("src").is_null() {
            return Ok(Asked::new(call.ready.spec.name, args));
        }
        match (call.arg("content"), call.text("src")) {
            (Json::Null, Some(src)) => {
                let path = call.find_file("files", "src", src)?;
                if call.files().is_dir(&path) {
                    let tree = Tree::new(call, &path, src.ends_with('/')).read(&mut contents)?;
                    args.insert("_tree".to_owned(), tree);
                    if call.text("mode") == Some("preserve") {
                        args.insert("mode".to_owned(), Json::Null);
                    }
                } else {
                    one_file(call, &path, &mut args, &mut contents)?;
                }
                args.insert("src".to_owned(), path_text(&path, src).into());
            }
            (Json::Null, None) => return Err(call.wrong("`copy` needs `src` or `content`").into()),
            (content, _) => {
                let reference = contents.bytes(content_text(content).into_bytes());
                args.insert("_content".to_owned(), reference_json(&reference));
                // The text went its own way.
                args.insert("content".to_owned(), Json::Null);
            }
        }
        Ok(Asked { contents, settle: settled, ..Asked::new(call.ready.spec.name, args) })
    }
}

/// The result of a single file. One that was as it should be is told of as `file` does, by its `path` too.
pub fn settled(mut result: Map<String, Json>) -> Map<String, Json> {
    let untouched = result.get("changed") == Some(&Json::Bool(false)) && result.get("state").is_some_and(|state| state == "file");
    if let Some(dest) = result.get("dest").filter(|_| untouched).cloned() {
        result.insert("path".to_owned(), dest);
    }
    result
}

/// The path that was found, with the `/` that a user wrote behind it.
fn path_text(path: &Path, written: &str) -> String {
    let text = path.to_string_lossy().trim_end_matches('/').to_owned();
    if written.ends_with('/') { format!("{text}/") } else { text }
}

/// A reference as an argument of a module.
pub fn reference_json(reference: &ContentRef) -> Json {
    serde_json::json!({"sha256": reference.sha256, "sha1": reference.sha1, "size": reference.size})
}

fn one_file(call: &Call<'_>, path: &Path, args: &mut Map<String, Json>, contents: &mut Contents) -> Result<(), Diagnostic> {
    let reference = add_file(call, path, contents)?;
    args.insert("_content".to_owned(), reference_json(&reference));
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    args.insert("_name".to_owned(), name.into());
    if call.text("mode") == Some("preserve") {
        args.insert("mode".to_owned(), mode_of(call, path)?.into());
    }
    Ok(())
}

/// Adds the content of a file, decrypted when it is encrypted and `decrypt` is not switched off.
///
/// # Errors
/// It cannot be read or decrypted.
pub fn add_file(call: &Call<'_>, path: &Path, contents: &mut Contents) -> Result<ContentRef, Diagnostic> {
    if call.arg("decrypt") != &Json::Bool(false)
        && let Some(text) = call.decrypted(path)?
    {
        return Ok(contents.bytes(text.into_bytes()));
    }
    let place = call.files().place(path).map_err(|error| unreadable(call, path, &error))?;
    let place = match place {
        Place::Bytes(bytes) => return Ok(contents.bytes(bytes.to_vec())),
        Place::File(place) => place,
    };
    let reference = call.job.world.measured.file(&place).map_err(|error| unreadable(call, path, &error))?;
    contents.file(&place, &reference);
    Ok(reference)
}

fn unreadable(call: &Call<'_>, path: &Path, error: &std::io::Error) -> Diagnostic {
    call.wrong_at("src", format!("cannot read {}", path.display())).caused_by(error.to_string())
}

fn mode_of(call: &Call<'_>, path: &Path) -> Result<String, Diagnostic> {
    let about = call.files().about(path).map_err(|error| unreadable(call, path, &error))?;
    Ok(format!("{:04o}", about.mode))
}

/// A directory being read.
struct Tree<'a> {
    call: &'a Call<'a>,
    root: PathBuf,
    /// What stands in front of all paths: the name of the directory, unless only its content is wanted.
    prefix: PathBuf,
    follow: bool,
    preserve: bool,
}

impl<'a> Tree<'a> {
    fn new(call: &'a Call<'a>, root: &Path, only_content: bool) -> Self {
        let prefix = match only_content {
            true => PathBuf::new(),
            false => root.file_name().map(PathBuf::from).unwrap_or_default(),
        };
        let follow = call.arg("local_follow") != &Json::Bool(false);
        Self { call, root: root.to_owned(), prefix, follow, preserve: call.text("mode") == Some("preserve") }
    }

    fn read(&self, contents: &mut Contents) -> Result<Json, Diagnostic> {
        let mut entries = Vec::new();
        if !self.prefix.as_os_str().is_empty() {
            entries.push(self.entry(&self.prefix, TreeKind::Directory, None));
        }
        self.walk(&self.root, &self.prefix, contents, &mut entries, &mut BTreeSet::new())?;
        serde_json::to_value(entries).map_err(|error| self.call.wrong(error.to_string()))
    }

    fn entry(&self, path: &Path, kind: TreeKind, mode: Option<String>) -> TreeEntry {
        TreeEntry { path: path.to_string_lossy().into_owned(), kind, mode }
    }

    /// Adds what is in a directory, sorted by name. `above` holds the directories that lead here, so that a link that leads back ends it.
    fn walk(
        &self,
        dir: &Path,
        at: &Path,
        contents: &mut Contents,
        entries: &mut Vec<TreeEntry>,
        above: &mut BTreeSet<PathBuf>,
    ) -> Result<(), Diagnostic> {
        let files = self.call.files();
        let real = files.real_path(dir).map_err(|error| unreadable(self.call, dir, &error))?;
        if !above.insert(real.clone()) {
            return Err(self.call.wrong_at("src", format!("{} is a link that leads back to a directory above it", dir.display())));
        }
        for path in files.list(dir).map_err(|error| unreadable(self.call, dir, &error))? {
            let at = at.join(path.file_name().unwrap_or_default());
            let link = if self.follow { None } else { files.link(&path).map_err(|error| unreadable(self.call, &path, &error))? };
            if let Some(target) = link {
                entries.push(self.entry(&at, TreeKind::Link(target.to_string_lossy().into_owned()), None));
            } else if files.is_dir(&path) {
                entries.push(self.entry(&at, TreeKind::Directory, None));
                self.walk(&path, &at, contents, entries, above)?;
            } else {
                let reference = add_file(self.call, &path, contents)?;
                let mode = if self.preserve { Some(mode_of(self.call, &path)?) } else { None };
                entries.push(self.entry(&at, TreeKind::File(reference), mode));
            }
        }
        above.remove(&real);
        Ok(())
    }
}
