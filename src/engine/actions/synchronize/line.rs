//! The command line of `rsync`.

use std::path::Path;

use serde_json::Value as Json;

use super::MARK;
use super::way::{Far, Way};
use crate::base::shlex::{join, quote, split};
use crate::base::{Diagnostic, python};
use crate::engine::task::Call;

/// A command line.
pub struct Line {
    /// For people.
    pub shown: String,
    /// For the shell.
    pub run: String,
    /// The user gives `rsync` a remote shell.
    pub own_shell: bool,
}

/// Options that `archive` brings along, and that can be said one by one.
const PARTS: [&str; 6] = ["recursive", "links", "perms", "times", "owner", "group"];

impl Line {
    /// The line of a task; `programs` are `rsync` and the `ssh` that it uses, by their full paths.
    ///
    /// # Errors
    /// An option cannot be understood.
    pub fn of(call: &Call<'_>, way: &Way, programs: &[String]) -> Result<Self, Diagnostic> {
        let mut words: Vec<String> = programs.first().map(|rsync| quote(rsync)).into_iter().collect();
        let mut add = |on: bool, word: &str| words.extend(on.then(|| word.to_owned()));
        let on = |option: &str| call.is_true(option);
        add(on("delay_updates"), "--delay-updates");
        add(on("delay_updates"), "-F");
        add(on("compress"), "--compress");
        let timeout = call.arg("rsync_timeout").as_i64().unwrap_or(0);
        add(timeout != 0, &format!("--timeout={timeout}"));
        add(call.ready.check, "--dry-run");
        add(on("delete"), "--delete-after");
        add(on("existing_only"), "--existing");
        add(on("checksum"), "--checksum");
        add(on("copy_links"), "--copy-links");
        add(on("archive"), "--archive");
        for part in PARTS {
            match (on("archive"), call.arg(part).as_bool()) {
                (true, Some(false)) => add(true, &format!("--no-{part}")),
                (false, Some(true)) => add(true, &format!("--{part}")),
                _ => {}
            }
        }
        add(on("dirs"), "--dirs");
        let opts = texts(call.arg("rsync_opts"));
        let own_shell = opts.iter().any(|opt| opt.contains("--rsh"));
        if let Some(shell) = shell(call, way, programs)?.filter(|_| !own_shell) {
            words.push(format!("--rsh={}", quote(&shell)));
        }
        if let Some(rsync) = &way.rsync_there {
            words.push(format!("--rsync-path={}", quote(rsync)));
        }
        let before = words;
        let mut after = Vec::new();
        if on("partial") {
            after.push("--partial".to_owned());
        }
        let links = texts(call.arg("link_dest"));
        if !links.is_empty() {
            // Only then does rsync tell of files that became links.
            after.extend(["-H".to_owned(), "-vv".to_owned()]);
        }
        for link in links {
            after.push(format!("--link-dest={}", quote(&link_dest(call, way, &link)?)));
        }
        after.push(format!("--out-format={}", quote(&format!("{MARK}%i %n%L"))));
        after.extend([quote(&way.source), quote(&way.dest)]);
        let mut split_opts = Vec::new();
        for opt in &opts {
            let words = split(opt).map_err(|why| call.wrong_at("rsync_opts", format!("`{opt}` cannot be split into words: {why}")))?;
            split_opts.extend((!words.is_empty()).then(|| join(&words)));
        }
        let line = |opts: &[String]| [before.as_slice(), opts, after.as_slice()].concat().join(" ");
        Ok(Self { shown: line(&opts), run: line(&split_opts), own_shell })
    }
}

fn texts(list: &Json) -> Vec<String> {
    list.as_array().into_iter().flatten().map(python::text).collect()
}

/// The remote shell that `rsync` starts.
fn shell(call: &Call<'_>, way: &Way, programs: &[String]) -> Result<Option<String>, Diagnostic> {
    match &way.far {
        Far::Nowhere => Ok(None),
        Far::Connection { .. } => {
            let itself = std::env::current_exe();
            let itself = itself.map_err(|error| call.wrong("kconf does not find its own program").caused_by(error.to_string()))?;
            Ok(Some(quote(&itself.to_string_lossy())))
        }
        Far::Ssh { port } => {
            let mut words = vec![programs.get(1).cloned().unwrap_or_else(|| "ssh".to_owned())];
            let mut add = |more: &[&str]| words.extend(more.iter().map(ToString::to_string));
            if !call.is_true("ssh_connection_multiplexing") {
                add(&["-S", "none"]);
            }
            if let Some(key) = call.text("private_key") {
                add(&["-i", key]);
            }
            if let Some(port) = port {
                add(&["-o", &format!("Port={port}")]);
            }
            if !call.is_true("verify_host") {
                add(&["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]);
            }
            let mut line = join(&words);
            if call.is_true("use_ssh_args") {
                for name in ["ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args"] {
                    let value = call.ready.scope.value(name)?.map(|value| python::text(&crate::template::to_json(&value)));
                    line.extend(value.filter(|value| !value.is_empty()).map(|value| format!(" {value}")));
                }
            }
            Ok(Some(line))
        }
    }
}

/// A directory of `link_dest`: absolute, and none that `dest` is in.
fn link_dest(call: &Call<'_>, way: &Way, link: &str) -> Result<String, Diagnostic> {
    let link = call.job.play.play.dir.join(link);
    let dest = Path::new(&way.dest);
    if matches!(way.far, Far::Nowhere) && dest.parent().is_some_and(|folder| folder.starts_with(&link)) {
        let wrong = format!("`dest` is inside of {}, which it is to be linked with: that would have no end", link.display());
        return Err(call.wrong_at("link_dest", wrong));
    }
    Ok(link.to_string_lossy().into_owned())
}
