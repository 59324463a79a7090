//! `pause`: waits for a time, or for the person at the terminal.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::{Value as Json, json};

use super::Action;
use crate::base::python;
use crate::engine::task::{Call, Reply, Trouble};
use crate::event::Event;

/// See the module documentation.
pub struct Pause;

#[async_trait]
impl Action for Pause {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        let seconds = seconds(call)?;
        let prompt = call.text("prompt").map(str::to_owned);
        let echo = call.is_true("echo");
        let begun = Instant::now();
        let typed = match seconds {
            Some(seconds) => {
                if let Some(prompt) = &prompt {
                    call.job.emit(Event::Live { host: call.job.host.clone(), task: call.job.number, line: prompt.clone() });
                }
                tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
                String::new()
            }
            None => ask(call, prompt.as_deref(), echo).await?,
        };
        let waited = begun.elapsed().as_secs_f64();
        let told = match call.arg("minutes") {
            Json::Null => format!("Paused for {:.2} seconds", waited),
            _ => format!("Paused for {:.2} minutes", waited / 60.0),
        };
        let result = json!({
            "changed": false,
            "delta": waited.round(),
            "echo": echo,
            "rc": 0,
            "stdout": told,
            "stderr": "",
            "user_input": typed,
        });
        Ok(Reply::new(result.as_object().cloned().unwrap_or_default()))
    }
}

/// The time to wait; `None`: until somebody answers.
fn seconds(call: &Call<'_>) -> Result<Option<f64>, Trouble> {
    for (name, unit) in [("minutes", 60.0), ("seconds", 1.0)] {
        let given = call.arg(name);
        if given.is_null() {
            continue;
        }
        let text = python::text(given);
        let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        let number = number.ok_or_else(|| call.wrong_at(name, format!("`{name}` must be a number, not `{text}`")))?;
        // Ansible waits at least a second.
        return Ok(Some((number * unit).max(1.0)));
    }
    Ok(None)
}

async fn ask(call: &Call<'_>, prompt: Option<&str>, echo: bool) -> Result<String, Trouble> {
    let Some(prompter) = call.job.world.settings.prompter.clone() else {
        call.job.warn("nobody is at the terminal to answer `pause`, so it does not wait");
        return Ok(String::new());
    };
    let text = match prompt {
        Some(prompt) => format!("{prompt}: "),
        None => "Press Enter to go on, or Ctrl-C to stop: ".to_owned(),
    };
    let asked = tokio::task::spawn_blocking(move || prompter.ask(&text, !echo)).await;
    match asked {
        Ok(Ok(typed)) => Ok(typed),
        Ok(Err(error)) => Err(call.wrong("cannot read the answer").caused_by(error.to_string()).into()),
        Err(error) => Err(call.wrong("cannot ask").caused_by(error.to_string()).into()),
    }
}
