//! `reboot`: restarts the host and waits until it is back.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::{Map, Value as Json, json};

use super::Action;
use crate::base::python;
use crate::base::shlex;
use crate::engine::task::{Call, Reply, Trouble};
use crate::transport::Kind;

/// See the module documentation.
pub struct Reboot;

/// How long one try to reach the host may take, unless `connect_timeout` says otherwise.
const ONE_TRY: Duration = Duration::from_secs(10);

#[async_trait]
impl Action for Reboot {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        let route = call.route()?;
        if route.target.kind == Kind::Local {
            return Err(call.wrong("this would restart the controller itself: the connection is `local`").into());
        }
        if call.ready.check {
            return Ok(Reply::of([("changed", true.into()), ("elapsed", 0.into()), ("rebooted", true.into())]));
        }
        let seconds = |name: &str| Duration::from_secs(call.arg(name).as_u64().unwrap_or(0));
        let timeout = seconds("reboot_timeout");
        let each = call.arg("connect_timeout").as_u64().map_or(ONE_TRY, Duration::from_secs);

        let before = boot_id(call).await?;
        let begun = Instant::now();
        let command = command(call).await?;
        match run(call, &command).await {
            // The connection often goes down before the answer is sent.
            Ok(_) | Err(Trouble::Unreachable(_)) => {}
            Err(other) => return Err(other),
        }
        if call.arg("reboot_command").is_null() {
            tokio::time::sleep(seconds("post_reboot_delay")).await;
        }
        let mut pause = Duration::from_secs(1);
        loop {
            if begun.elapsed() > timeout {
                return Err(late(&begun, "the host has not restarted"));
            }
            call.job.sessions.reset(&call.route()?.target).await;
            match tokio::time::timeout(each, boot_id(call)).await {
                Ok(Ok(now)) if now != before => break,
                Ok(Err(Trouble::Cancelled)) => return Err(Trouble::Cancelled),
                _ => {}
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(12));
        }
        test(call, each, timeout).await.map_err(|trouble| match trouble {
            Trouble::Failed(_) => late(&begun, "the host has restarted, but the test command does not succeed"),
            other => other,
        })?;
        Ok(Reply::of([("changed", true.into()), ("elapsed", begun.elapsed().as_secs().into()), ("rebooted", true.into())]))
    }
}

fn late(begun: &Instant, message: &str) -> Trouble {
    let result = json!({"msg": message, "elapsed": begun.elapsed().as_secs(), "rebooted": false});
    Trouble::Failed(result.as_object().cloned().unwrap_or_default())
}

/// Runs a line in a shell of the host.
async fn run(call: &Call<'_>, line: &str) -> Result<Map<String, Json>, Trouble> {
    call.module("shell", Map::from_iter([("cmd".to_owned(), Json::from(line))])).await
}

fn succeeded(result: &Map<String, Json>) -> bool {
    result.get("rc").and_then(Json::as_i64) == Some(0)
}

/// What is different after every start.
async fn boot_id(call: &Call<'_>) -> Result<String, Trouble> {
    let line = call.text("boot_time_command").unwrap_or("cat /proc/sys/kernel/random/boot_id");
    let result = run(call, line).await?;
    let id = result.get("stdout").and_then(Json::as_str).unwrap_or_default().trim().to_owned();
    if succeeded(&result) && !id.is_empty() {
        return Ok(id);
    }
    let mut failed = result;
    failed.insert("msg".to_owned(), format!("`{line}` does not say when the host was started").into());
    Err(Trouble::Failed(failed))
}

/// The line that restarts the host.
async fn command(call: &Call<'_>) -> Result<String, Trouble> {
    let paths: Vec<String> = call.arg("search_paths").as_array().into_iter().flatten().map(python::text).collect();
    let given = call.text("reboot_command");
    let (program, arguments) = match given {
        Some(given) => given.split_once(' ').unwrap_or((given, "")),
        None => ("shutdown", ""),
    };
    let program = if program.starts_with('/') { program.to_owned() } else { find(call, program, &paths).await? };
    if given.is_some() {
        return Ok(format!("{program} {arguments}").trim().to_owned());
    }
    let minutes = call.arg("pre_reboot_delay").as_u64().unwrap_or(0) / 60;
    let message = shlex::quote(call.text("msg").unwrap_or("Reboot initiated by Ansible"));
    Ok(format!("{program} -r {minutes} {message}"))
}

/// The full path of a program in one of `paths`.
async fn find(call: &Call<'_>, program: &str, paths: &[String]) -> Result<String, Trouble> {
    let places: Vec<String> = paths.iter().map(|path| shlex::quote(&format!("{path}/{program}"))).collect();
    let line = format!("for p in {}; do if [ -x \"$p\" ]; then echo \"$p\"; exit 0; fi; done; exit 1", places.join(" "));
    let result = run(call, &line).await?;
    let found = result.get("stdout").and_then(Json::as_str).unwrap_or_default().trim().to_owned();
    if succeeded(&result) && !found.is_empty() {
        return Ok(found);
    }
    Err(call.wrong(format!("there is no `{program}` in any of {} on the host", paths.join(", "))).into())
}

/// Waits until the test command succeeds.
async fn test(call: &Call<'_>, each: Duration, timeout: Duration) -> Result<(), Trouble> {
    let line = call.text("test_command").unwrap_or("whoami");
    let begun = Instant::now();
    loop {
        match tokio::time::timeout(each, run(call, line)).await {
            Ok(Ok(result)) if succeeded(&result) => return Ok(()),
            Ok(Err(Trouble::Cancelled)) => return Err(Trouble::Cancelled),
            _ if begun.elapsed() > timeout => return Err(Trouble::failed("late")),
            _ => tokio::time::sleep(Duration::from_secs(1)).await,
        }
    }
}
