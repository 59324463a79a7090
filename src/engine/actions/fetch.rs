//! `fetch`: where a file of the host goes on the controller.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde_json::{Map, Value as Json, json};

use super::Action;
use crate::base::Diagnostic;
use crate::engine::content::{Contents, IncomingFile, measure};
use crate::engine::local_files::LocalFiles;
use crate::engine::task::{Call, Reply, Trouble};

/// See the module documentation.
pub struct Fetch;

#[async_trait]
impl Action for Fetch {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        if call.ready.check {
            return Ok(Reply::of([
                ("changed", false.into()),
                ("skipped", true.into()),
                ("msg", "nothing is fetched in check mode".into()),
            ]));
        }
        let source = source(call).await?;
        let dest = dest(call, &source)?;
        let mut contents = Contents::default();
        let place = dest.clone();
        contents.receive_by(move |_| Ok(Box::new(IncomingFile::at(&place)?)));
        let mut args = call.ready.args.clone();
        args.insert("_checksum".to_owned(), sha1_of(&dest).map_or(Json::Null, Json::from));
        let mut result = call.remote(call.ready.spec.name, args, &contents).await?;
        let sent = result.get("changed") == Some(&Json::Bool(true));
        if sent {
            // A digest that nobody makes any more, and that playbooks may look for.
            result.insert("remote_md5sum".to_owned(), Json::Null);
        }
        if result.contains_key("checksum") {
            result.insert("dest".to_owned(), dest.to_string_lossy().into_owned().into());
        }
        if sent && call.is_true("validate_checksum") {
            let here = sha1_of(&dest);
            if here.as_deref() != result.get("remote_checksum").and_then(Json::as_str) {
                let remote = result.get("remote_checksum").cloned();
                let failed = json!({"msg": "the file on the controller is not what the host has: their digests differ", "file": source,
                    "dest": dest.to_string_lossy(), "checksum": here, "remote_checksum": remote});
                return Err(Trouble::Failed(failed.as_object().cloned().unwrap_or_default()));
            }
        }
        Ok(Reply::new(result))
    }
}

/// SHA-1 digest of a file of the controller, if it is there.
fn sha1_of(path: &Path) -> Option<String> {
    let mut file = std::fs::File::open(path).ok()?;
    measure(&mut file).ok().map(|reference| reference.sha1)
}

/// The path on the host, which only the host can resolve when it starts with `~` or holds variables.
async fn source(call: &Call<'_>) -> Result<String, Trouble> {
    let written = call.text("src").unwrap_or_default();
    if !written.starts_with('~') && !written.contains('$') {
        return Ok(written.to_owned());
    }
    let given = Map::from_iter([
        ("path".to_owned(), Json::from(written)),
        ("get_checksum".to_owned(), false.into()),
        ("get_mime".to_owned(), false.into()),
        ("get_attributes".to_owned(), false.into()),
    ]);
    let found = call.module("stat", given).await?;
    let path = found.get("stat").and_then(|stat| stat.get("path")).and_then(Json::as_str);
    Ok(path.unwrap_or(written).to_owned())
}

/// The file on the controller.
fn dest(call: &Call<'_>, source: &str) -> Result<PathBuf, Diagnostic> {
    let written = call.text("dest").unwrap_or_default();
    let home = &call.job.world.settings.connection.home;
    let dest = call.job.play.play.dir.join(crate::engine::task::call::expand_home(written, home));
    let name = Path::new(source).file_name().map(PathBuf::from).unwrap_or_default();
    let place = if !call.is_true("flat") {
        dest.join(&call.job.host).join(source.trim_start_matches('/'))
    } else if written.ends_with('/') {
        dest.join(name)
    } else if dest.is_dir() {
        let wrong = call.wrong_at("dest", format!("{} is a directory", dest.display()));
        return Err(wrong.hint("with `/` at its end the file is put into it"));
    } else {
        dest
    };
    // Its digest is taken: a named pipe would be waited for.
    match LocalFiles::real().stat(&place) {
        Ok(Some(stat)) if !stat.is_file() => {
            Err(call.wrong_at("dest", format!("`{}` of the controller is no regular file, so nothing can be put there", place.display())))
        }
        _ => Ok(place),
    }
}
