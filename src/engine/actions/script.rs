//! `script`: finds the script on the controller; the host runs it.

use async_trait::async_trait;

use super::Action;
use super::copy::{add_file, reference_json};
use crate::base::shlex;
use crate::engine::content::Contents;
use crate::engine::task::finish::is_true;
use crate::engine::task::{Call, Reply, Trouble};

/// See the module documentation.
pub struct Script;

#[async_trait]
impl Action for Script {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        let written = call.text("cmd").unwrap_or_default().trim();
        let (name, arguments) = split(written).map_err(|reason| call.wrong_at("cmd", format!("the line cannot be split: {reason}")))?;
        let path = call.find_file("files", "cmd", &name)?;
        let mut contents = Contents::default();
        let reference = add_file(call, &path, &mut contents)?;
        let mut args = call.ready.args.clone();
        args.insert("_content".to_owned(), reference_json(&reference));
        args.insert("_arguments".to_owned(), arguments.into());
        let mut result = call.remote(call.ready.spec.name, args, &contents).await?;
        // A script that ran has no more to say than what it gave; of one that was not needed there is only why.
        result.shift_remove("cmd");
        if is_true(&result, "skipped") {
            result.retain(|key, _| matches!(key.as_str(), "changed" | "skipped" | "msg"));
        } else if result.get("msg").is_some_and(|message| message == "") {
            result.shift_remove("msg");
        }
        Ok(Reply::new(result))
    }
}

/// The path of the script, and what stands behind it as written.
fn split(line: &str) -> Result<(String, String), String> {
    let mut end = line.len();
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (None | Some('"'), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, c) if c.is_whitespace() => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    let (first, rest) = line.split_at(end);
    let words = shlex::split(first).map_err(|error| error.to_string())?;
    Ok((words.into_iter().next().unwrap_or_default(), rest.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_path_may_be_quoted_and_arguments_stay_as_they_are() {
        let split = |line: &str| super::split(line).unwrap();
        assert_eq!(split("a.sh x 'y z'"), ("a.sh".to_owned(), "x 'y z'".to_owned()));
        assert_eq!(split("'my script.sh' --x"), ("my script.sh".to_owned(), "--x".to_owned()));
        assert_eq!(split("my\\ script.sh"), ("my script.sh".to_owned(), String::new()));
        assert!(super::split("'open").is_err());
    }
}
