//! `raw`: a line for the shell of the host, without a runner.

use async_trait::async_trait;
use serde_json::{Map, Value as Json};

use super::Action;
use crate::engine::task::{Call, Reply, Trouble};
use crate::transport::RawCommand;

/// See the module documentation.
pub struct Raw;

#[async_trait]
impl Action for Raw {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        if call.ready.check {
            return Ok(Reply::of([
                ("changed", false.into()),
                ("skipped", true.into()),
                ("msg", "would have to run to know what it does, so it does not run in check mode".into()),
            ]));
        }
        let line = call.text("cmd").unwrap_or_default();
        let session = call.session().await?;
        let command = RawCommand {
            line: with_environment(call, line),
            executable: call.text("executable").map(str::to_owned),
            ..RawCommand::default()
        };
        let output = session.raw(command, call.live()).await?;
        let mut result = Map::from_iter([
            ("changed".to_owned(), Json::Bool(true)),
            ("rc".to_owned(), output.rc.into()),
            ("stdout".to_owned(), output.stdout_text().into()),
            ("stderr".to_owned(), output.stderr_text().into()),
        ]);
        if output.rc != 0 {
            result.insert("msg".to_owned(), "non-zero return code".into());
        }
        Ok(Reply::new(result))
    }
}

/// The line with the variables of the task in front.
pub fn with_environment(call: &Call<'_>, line: &str) -> String {
    let mut whole = String::new();
    for (name, value) in &call.ready.environment {
        whole.push_str(&format!("export {name}={}; ", crate::base::shlex::quote(value)));
    }
    whole.push_str(line);
    whole
}
