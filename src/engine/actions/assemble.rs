//! `assemble`: with `remote_src: false` joins files of a directory of the controller; the host gets the result as one content.

use std::path::Path;

use async_trait::async_trait;
use serde_json::Value as Json;

use super::Action;
use super::copy::reference_json;
use crate::base::Diagnostic;
use crate::engine::content::Contents;
use crate::engine::local_files::unreadable;
use crate::engine::task::{Call, Reply, Trouble};
use crate::modules::assemble::Fragments;

/// See the module documentation.
pub struct Assemble;

#[async_trait]
impl Action for Assemble {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        let mut contents = Contents::default();
        let mut args = call.ready.args.clone();
        if !call.is_true("remote_src") {
            let dir = call.find_file("files", "src", call.text("src").unwrap_or_default())?;
            if !call.files().is_dir(&dir) {
                return Err(call.wrong_at("src", format!("{} is not a directory", dir.display())).into());
            }
            let reference = contents.bytes(joined(call, &dir)?);
            args.insert("_content".to_owned(), reference_json(&reference));
        }
        Ok(Reply::new(call.remote(call.ready.spec.name, args, &contents).await?))
    }
}

fn joined(call: &Call<'_>, dir: &Path) -> Result<Vec<u8>, Diagnostic> {
    let wrong = |reason: String| call.wrong(reason);
    let mut fragments = Fragments::new(call.text("regexp"), call.is_true("ignore_hidden"), call.text("delimiter")).map_err(wrong)?;
    for path in call.files().list(dir).map_err(|error| unreadable(dir, &error))? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !call.files().is_file(&path) || !fragments.takes(&name).map_err(wrong)? {
            continue;
        }
        let decrypted = if call.arg("decrypt") == &Json::Bool(false) { None } else { call.decrypted(&path)? };
        match decrypted {
            Some(text) => fragments.add(text.as_bytes()),
            None => fragments.add(&call.files().bytes(&path).map_err(|error| unreadable(&path, &error))?),
        }
    }
    Ok(fragments.finish())
}
