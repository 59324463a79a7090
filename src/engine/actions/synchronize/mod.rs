//! `synchronize`: runs `rsync` where the task says, through the connection of the run where it can.

mod line;
mod way;

use std::pin::pin;

use async_trait::async_trait;
use serde_json::{Map, json};

use self::line::Line;
use self::way::{Far, Way};
use super::Action;
use super::raw::with_environment;
use crate::base::shlex::quote;
use crate::engine::local_files::LocalFiles;
use crate::engine::task::finish::is_true;
use crate::engine::task::{Call, Reply, Trouble};
use crate::transport::relay::{self, Relay};
use crate::transport::{Become, LiveSender, RawCommand, RawOutput, Target, Unreachable};

/// See the module documentation.
pub struct Synchronize;

/// What `rsync` puts in front of each line that tells of a file.
const MARK: &str = "<<CHANGED>>";

#[async_trait]
impl Action for Synchronize {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        let way = Way::of(call)?;
        foreseen(call, &way)?;
        let programs = programs(call, &way).await?;
        let line = Line::of(call, &way, &programs)?;
        let (output, far) = match &way.far {
            Far::Connection { target, elevated, .. } if !line.own_shell => {
                // Connected first, so that a host that cannot be reached is told as one.
                call.job.sessions.session(target, None).await?;
                through(call, &way, &line, target, elevated.as_ref()).await?
            }
            _ => (run(call, &way, &line.run).await?, Vec::new()),
        };
        if call.ready.check && output.rc != 0 && missing_there(&String::from_utf8_lossy(&far)) && comes(call, &way).await? {
            return Err(Trouble::unknown(&format!("`rsync` is on `{}` only after the real run", way.there)));
        }
        let far = String::from_utf8_lossy(&far).into_owned();
        answer(call, &way, &line.shown, &output, &far)
    }
}

/// In check mode, files that an earlier task would make here are not there for `rsync` to look at.
fn foreseen(call: &Call<'_>, way: &Way) -> Result<(), Trouble> {
    let Some(source) = way.source_here.as_ref().filter(|_| call.ready.check) else { return Ok(()) };
    if !LocalFiles::real().exists(source) && (call.files().exists(source) || call.files().doubt().is_some()) {
        return Err(Trouble::unknown(&format!("{} is there only after the real run", source.display())));
    }
    Ok(())
}

/// Whether check mode knows of an `rsync` on the host that an earlier task would install.
async fn comes(call: &Call<'_>, way: &Way) -> Result<bool, Trouble> {
    let Far::Connection { target, .. } = &way.far else { return Ok(false) };
    let given = Map::from_iter([("path".to_owned(), "/usr/bin/rsync".into()), ("get_checksum".to_owned(), false.into())]);
    let session = call.job.sessions.session(target, None).await?;
    let found = call.module_on(session.as_ref(), "stat", given).await?;
    Ok(found.get("stat").and_then(|stat| stat.get("exists")) == Some(&true.into()) || is_true(&found, "skipped"))
}

/// `rsync` and, where one is needed, `ssh`, by their full paths on the machine that runs `rsync`.
async fn programs(call: &Call<'_>, way: &Way) -> Result<Vec<String>, Trouble> {
    let mut found = Vec::new();
    let rsync = way.rsync.clone().unwrap_or_else(|| "rsync".to_owned());
    let wanted = [Some(rsync), way.needs_ssh().then(|| "ssh".to_owned())];
    let wanted: Vec<String> = wanted.into_iter().flatten().collect();
    let looked = wanted.iter().map(|program| format!("command -v {} || echo", quote(program))).collect::<Vec<_>>().join("; ");
    let output = run(call, way, &looked).await?;
    let told = output.stdout_text();
    for (program, path) in wanted.iter().zip(told.lines().chain(std::iter::repeat(""))) {
        if path.is_empty() {
            let place =
                if way.here { "on the controller".to_owned() } else { format!("on `{}`, which is to run it", way.runs_on.target.name) };
            let wrong = call.wrong(format!("there is no `{program}` {place}"));
            return Err(wrong
                .hint(format!("install it there{}", if program == "ssh" { "" } else { ", or say where it is in `ansible_rsync_path`" }))
                .into());
        }
        found.push(path.to_owned());
    }
    Ok(found)
}

/// Runs a line on the machine that runs `rsync`, also in check mode.
async fn run(call: &Call<'_>, way: &Way, line: &str) -> Result<RawOutput, Trouble> {
    let session = call.job.sessions.session(&way.runs_on.target, way.runs_on.becoming.as_ref()).await?;
    let command = RawCommand { line: with_environment(call, line), executable: Some("/bin/sh".to_owned()), ..RawCommand::default() };
    Ok(session.raw(command, LiveSender::none()).await?)
}

/// Runs `rsync` here with kconf itself as its remote shell. Also returns what the host wrote to standard error.
async fn through(call: &Call<'_>, way: &Way, line: &Line, target: &Target, to: Option<&Become>) -> Result<(RawOutput, Vec<u8>), Trouble> {
    let relay = Relay::listen().map_err(|error| call.wrong("failed to make a socket for `rsync`").caused_by(error.to_string()))?;
    let (mut errors, mut lost) = (Vec::new(), None);
    let whole = format!("{}={} {}", relay::VARIABLE, quote(&relay.socket().to_string_lossy()), line.run);
    let output = {
        let mut output = pin!(run(call, way, &whole));
        let mut serving = pin!(serve(call, &relay, target, to, &mut errors));
        let mut served = false;
        loop {
            tokio::select! {
                output = &mut output => break output,
                result = &mut serving, if !served => {
                    served = true;
                    lost = result.err();
                }
            }
        }
    };
    match lost {
        Some(lost) => Err(lost.into()),
        None => Ok((output?, errors)),
    }
}

/// Gives the remote shell that `rsync` starts what it asks for.
async fn serve(call: &Call<'_>, relay: &Relay, target: &Target, to: Option<&Become>, errors: &mut Vec<u8>) -> Result<(), Unreachable> {
    // One that does not say what it wants ends without an answer, and `rsync` says so.
    let Ok(caller) = relay.next().await else { return Ok(()) };
    let attached = call.job.sessions.attach(target, to, caller.line()).await?;
    caller.carry(attached, errors).await.map(|_| ())
}

/// The result.
fn answer(call: &Call<'_>, way: &Way, shown: &str, output: &RawOutput, far: &str) -> Result<Reply, Trouble> {
    if output.rc != 0 {
        let stderr = format!("{far}{}", output.stderr_text());
        let mut failed = Map::from_iter([("rc".to_owned(), output.rc.into()), ("cmd".to_owned(), shown.into())]);
        let message = match missing_there(&stderr) {
            true => format!("there is no `rsync` on `{}`: install it there, or say where it is in `rsync_path`\n{stderr}", way.there),
            false => stderr,
        };
        failed.insert("msg".to_owned(), message.into());
        return Err(Trouble::Failed(failed));
    }
    let text = output.stdout_text();
    let clean = text.replace(MARK, "");
    let lines: Vec<&str> = clean.split('\n').filter(|line| !line.is_empty()).collect();
    let mut reply = Reply::of([
        ("changed", is_changed(&text).into()),
        ("msg", clean.clone().into()),
        ("rc", output.rc.into()),
        ("cmd", shown.into()),
        ("stdout_lines", json!(lines)),
    ]);
    if call.ready.diff {
        reply.result.insert("diff".to_owned(), json!({"prepared": clean}));
    }
    Ok(reply)
}

/// Whether any file is told of as changed. With `-vv` those that are as they should be are told of too, without an attribute.
fn is_changed(output: &str) -> bool {
    output.split(MARK).skip(1).any(|told| {
        let mut letters = told.chars();
        letters.next() != Some('.') || letters.skip(1).take(9).any(|letter| !letter.is_whitespace())
    })
}

/// Whether a shell says that there is no `rsync`.
fn missing_there(stderr: &str) -> bool {
    stderr.lines().any(|line| line.contains("rsync") && line.contains("not found") && !line.starts_with("rsync"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_as_it_should_be_is_no_change() {
        for (output, changed) in [
            ("", false),
            ("<<CHANGED>>>f+++++++++ a\n", true),
            ("<<CHANGED>>.d..t...... ./\n", true),
            ("<<CHANGED>>*deleting   b\n", true),
            ("delta-transmission enabled\n<<CHANGED>>.f          a\n", false),
            ("<<CHANGED>>.f          a\n<<CHANGED>>hf          b\n", true),
        ] {
            assert_eq!(is_changed(output), changed, "{output}");
        }
    }

    #[test]
    fn a_missing_program_is_told_from_other_errors() {
        assert!(missing_there("bash: line 1: rsync: command not found\n"));
        assert!(missing_there("sudo: rsync: command not found"));
        assert!(!missing_there("rsync: [sender] link_stat \"/x\" failed: No such file or directory (2)"));
        assert!(!missing_there("rsync error: remote command not found (code 127)"));
    }
}
