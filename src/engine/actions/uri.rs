//! `uri`: finds files to send on the controller; the host makes the request.

use async_trait::async_trait;
use serde_json::{Map, Value as Json};

use super::copy::{add_file, reference_json};
use super::{Action, Asking};
use crate::engine::content::Contents;
use crate::engine::task::{Asked, Call, Reply, Trouble};

/// See the module documentation.
pub struct Uri;

#[async_trait]
impl Action for Uri {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        call.send(self.ask(call)?).await
    }

    fn asking(&self) -> Option<&dyn Asking> {
        Some(self)
    }
}

impl Asking for Uri {
    fn ask(&self, call: &Call<'_>) -> Result<Asked, Trouble> {
        let mut contents = Contents::default();
        let mut args = call.ready.args.clone();
        if !call.is_true("remote_src") {
            if let Some(src) = call.text("src") {
                let path = call.find_file("files", "src", src)?;
                args.insert("_content".to_owned(), reference_json(&add_file(call, &path, &mut contents)?));
            }
            if call.text("body_format") == Some("form-multipart")
                && let Json::Object(fields) = call.arg("body")
            {
                let mut files = Map::new();
                for (field, name) in fields.iter().filter_map(|(field, value)| Some((field, file_of(value)?))) {
                    let path = call.find_file("files", "body", name)?;
                    files.insert(field.clone(), reference_json(&add_file(call, &path, &mut contents)?));
                }
                args.insert("_files".to_owned(), files.into());
            }
        }
        Ok(Asked { contents, ..Asked::new(call.ready.spec.name, args) })
    }
}

/// The file that a field of a form takes its content from.
fn file_of(field: &Json) -> Option<&str> {
    let has_content = field.get("content").and_then(Json::as_str).is_some_and(|content| !content.is_empty());
    field.get("filename").and_then(Json::as_str).filter(|name| !has_content && !name.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_with_content_need_no_file() {
        assert_eq!(file_of(&json!({"filename": "a.txt"})), Some("a.txt"));
        assert_eq!(file_of(&json!({"filename": "a.txt", "content": ""})), Some("a.txt"));
        assert_eq!(file_of(&json!({"filename": "a.txt", "content": "x"})), None);
        assert_eq!(file_of(&json!("text")), None);
    }
}
