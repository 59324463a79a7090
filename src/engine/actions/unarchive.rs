//! `unarchive`: finds the archive on the controller; the host unpacks it.

use async_trait::async_trait;
use serde_json::{Map, Value as Json};

use super::copy::{add_file, reference_json};
use super::{Action, Asking};
use crate::engine::content::Contents;
use crate::engine::task::{Asked, Call, Reply, Trouble};
use crate::modules::unarchive::is_on_host;

/// See the module documentation.
pub struct Unarchive;

#[async_trait]
impl Action for Unarchive {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        call.send(self.ask(call)?).await
    }

    fn asking(&self) -> Option<&dyn Asking> {
        Some(self)
    }
}

impl Asking for Unarchive {
    fn ask(&self, call: &Call<'_>) -> Result<Asked, Trouble> {
        let mut contents = Contents::default();
        let mut args = call.ready.args.clone();
        let comes_from_here = !is_on_host(call.is_true("remote_src"), call.is_true("copy"));
        if comes_from_here {
            let src = call.text("src").ok_or_else(|| call.wrong("`unarchive` needs `src`"))?;
            if src.contains("://") {
                let wrong = call.wrong_at("src", "a URL is fetched by the host, and only with `remote_src: true`");
                return Err(wrong.into());
            }
            let path = call.find_file("files", "src", src)?;
            if call.files().is_dir(&path) {
                return Err(call.wrong_at("src", format!("{} is a directory, not an archive", path.display())).into());
            }
            args.insert("_content".to_owned(), reference_json(&add_file(call, &path, &mut contents)?));
        }
        let asked = Asked { contents, ..Asked::new(call.ready.spec.name, args) };
        Ok(if comes_from_here { Asked { settle: without_src, ..asked } } else { asked })
    }
}

/// On the host the archive has no path of its own.
fn without_src(mut result: Map<String, Json>) -> Map<String, Json> {
    result.shift_remove("src");
    result
}
