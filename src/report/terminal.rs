//! For a person at a terminal: a line per task as it completes, and below it what every busy host is doing right now.

use std::collections::HashMap;
use std::io::Write;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::{Map, Value};

use super::{Look, detail, recap};
use crate::base::text::count;
use crate::event::{Event, Sink, Status, TaskInfo};

/// Hosts shown one by one while a task runs; with more, the others are a number.
const MOST_HOST_LINES: usize = 10;
/// Hosts named in a line; more are a number.
const MOST_NAMES: usize = 8;
/// Column at which the hosts of a task line begin, unless the task's name is longer.
const NAME_WIDTH: usize = 52;

/// See the module documentation.
pub struct Terminal {
    look: Look,
    out: Box<dyn Write + Send>,
    bars: MultiProgress,
    running: Vec<Running>,
}

/// A task that is not finished on all its hosts.
struct Running {
    info: TaskInfo,
    /// All of them, in the play's order.
    hosts_in_order: Vec<String>,
    waiting: Vec<String>,
    done: Vec<(String, Status)>,
    /// What failed, and on whom: most often all hosts fail in the same way, which is then said once.
    failures: Vec<(Vec<String>, Vec<String>)>,
    /// Text to show under the task's line: messages, differences.
    notes: Vec<(Option<AnsiColor>, String)>,
    head: ProgressBar,
    hosts: HashMap<String, ProgressBar>,
    longest_ms: u64,
}

impl Terminal {
    /// Writes finished lines to `out`; progress goes to standard error.
    pub fn new(look: Look, out: Box<dyn Write + Send>) -> Self {
        Self { look, out, bars: MultiProgress::new(), running: Vec::new() }
    }

    fn print(&mut self, lines: &[(Option<AnsiColor>, String)]) {
        let color = self.look.color;
        let out = &mut self.out;
        self.bars.suspend(|| {
            for (style, line) in lines {
                // A report that cannot be written must not fail the run.
                let _ = match style.filter(|_| color) {
                    Some(color) => {
                        let style = Style::new().fg_color(Some(color.into()));
                        writeln!(out, "{style}{line}{style:#}")
                    }
                    None => writeln!(out, "{line}"),
                };
            }
            let _ = out.flush();
        });
    }

    fn say(&mut self, style: Option<AnsiColor>, line: impl Into<String>) {
        self.print(&[(style, line.into())]);
    }

    fn start(&mut self, info: &TaskInfo, hosts: &[String]) {
        let head = self.bars.add(ProgressBar::new_spinner());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}  {elapsed}") {
            head.set_style(style);
        }
        head.set_message(title(info));
        head.enable_steady_tick(Duration::from_millis(120));
        self.running.push(Running {
            info: info.clone(),
            hosts_in_order: hosts.to_vec(),
            waiting: hosts.to_vec(),
            done: Vec::new(),
            failures: Vec::new(),
            notes: Vec::new(),
            head,
            hosts: HashMap::new(),
            longest_ms: 0,
        });
    }

    fn task(&mut self, id: u64) -> Option<&mut Running> {
        self.running.iter_mut().find(|task| task.info.id == id)
    }

    fn host_line(&mut self, id: u64, host: &str, text: &str) {
        let bars = self.bars.clone();
        let Some(task) = self.task(id) else { return };
        if !task.hosts.contains_key(host) && task.hosts.len() >= MOST_HOST_LINES {
            return;
        }
        let head = &task.head;
        let bar = task.hosts.entry(host.to_owned()).or_insert_with(|| {
            let bar = bars.insert_after(head, ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("    {prefix:.dim} {msg}") {
                bar.set_style(style);
            }
            bar.set_prefix(host.to_owned());
            bar
        });
        bar.set_message(text.to_owned());
    }

    fn note_result(
        &mut self,
        id: u64,
        host: &str,
        label: Option<&str>,
        status: Status,
        result: &Map<String, Value>,
        diagnostic: Option<&str>,
    ) {
        let look = self.look;
        let Some(task) = self.task(id) else { return };
        let who = match label {
            Some(label) => format!("{host} ({label})"),
            None => host.to_owned(),
        };
        if look.diff {
            for diff in detail::diffs(result) {
                task.notes.push((None, format!("           {who}:")));
                task.notes.extend(diff.lines().map(|line| {
                    let color = match line.chars().next() {
                        Some('+') => Some(AnsiColor::Green),
                        Some('-') => Some(AnsiColor::Red),
                        _ => None,
                    };
                    (color, format!("             {line}"))
                }));
            }
        }
        match status {
            Status::Failed | Status::Unreachable => {
                let lines = detail::failure(result, diagnostic);
                match task.failures.iter_mut().find(|(known, _)| *known == lines) {
                    Some((_, hosts)) => hosts.push(who.clone()),
                    None => task.failures.push((lines, vec![who.clone()])),
                }
            }
            Status::Ok | Status::Changed => {
                if let Some(message) = message(&task.info.module, result) {
                    for line in message.lines() {
                        task.notes.push((None, format!("           {who}: {line}")));
                    }
                } else if look.verbosity > 0 {
                    task.notes.push((None, format!("           {who}: {}", detail::one_line(result))));
                }
            }
            Status::Skipped => {
                if let Some(reason) = detail::reason(result) {
                    task.notes.push((None, format!("           {who}: {reason}")));
                }
            }
        }
        for warning in result.get("warnings").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            task.notes.push((Some(AnsiColor::Magenta), format!("           {who}: warning: {warning}")));
        }
    }

    /// Writes the line of every task that is done on all its hosts, or of all tasks.
    fn finish(&mut self, all: bool) {
        let (finished, running): (Vec<Running>, Vec<Running>) =
            std::mem::take(&mut self.running).into_iter().partition(|task| all || task.waiting.is_empty());
        self.running = running;
        for task in finished {
            for bar in task.hosts.values() {
                bar.finish_and_clear();
                self.bars.remove(bar);
            }
            task.head.finish_and_clear();
            self.bars.remove(&task.head);
            let lines = summary(task, self.look);
            self.print(&lines);
        }
    }
}

fn title(info: &TaskInfo) -> String {
    let kind = if info.handler { "handler " } else { "" };
    match &info.role {
        Some(role) => format!("{kind}{role} : {}", info.name),
        None => format!("{kind}{}", info.name),
    }
}

/// What a `debug` says, as text where it is text.
fn message(module: &str, result: &Map<String, Value>) -> Option<String> {
    match result.get("msg").and_then(Value::as_str) {
        Some(text) if module.rsplit('.').next() == Some("debug") => Some(text.to_owned()),
        _ => detail::message(module, result, false),
    }
}

fn summary(task: Running, look: Look) -> Vec<(Option<AnsiColor>, String)> {
    let hosts_with =
        |wanted: Status| -> Vec<&str> { task.done.iter().filter(|(_, status)| *status == wanted).map(|(host, _)| host.as_str()).collect() };
    let total = task.done.len();
    let failed: Vec<&str> = [hosts_with(Status::Failed), hosts_with(Status::Unreachable)].concat();
    let changed = hosts_with(Status::Changed);
    let (word, color, mut named) = if !failed.is_empty() {
        ("FAILED", Some(AnsiColor::Red), failed)
    } else if !changed.is_empty() {
        ("changed", Some(AnsiColor::Yellow), changed)
    } else if hosts_with(Status::Skipped).len() == total {
        // Also an include that no host takes.
        if look.verbosity == 0 && task.notes.is_empty() {
            return Vec::new();
        }
        ("skipped", Some(AnsiColor::Cyan), Vec::new())
    } else {
        ("ok", Some(AnsiColor::Green), Vec::new())
    };
    let hosts = if named.is_empty() || named.len() == total && total > 5 {
        count(total, "host")
    } else if named.len() > MOST_NAMES {
        format!("{} of {}", named.len(), count(total, "host"))
    } else {
        named.sort_by_cached_key(|host| task.hosts_in_order.iter().position(|other| other == host));
        let names = named.join(" ");
        if named.len() == total { names } else { format!("{names} ({} of {total})", named.len()) }
    };
    let took = if task.longest_ms >= 1000 { format!("  {}", recap::duration(task.longest_ms)) } else { String::new() };
    // A name that is longer than its column takes what the line has left.
    let room = look.width.saturating_sub(word.len().max(8) + 5 + hosts.chars().count() + took.chars().count()).max(NAME_WIDTH);
    let mut name = title(&task.info);
    if name.chars().count() > room {
        name = name.chars().take(room - 1).collect::<String>() + "…";
    }
    let mut lines = vec![(color, format!("  {word:<8} {name:<NAME_WIDTH$} {hosts}{took}"))];
    if word == "FAILED" {
        lines.push((None, format!("           --> {}", task.info.place)));
        lines.extend(task.info.excerpt.lines().map(|line| (None, format!("           {line}"))));
    }
    for (failure, hosts) in task.failures {
        let mut failure = failure.into_iter();
        let first = failure.next().unwrap_or_default();
        let named: Vec<&str> = hosts.iter().take(MOST_NAMES).map(String::as_str).collect();
        let more = hosts.len() - named.len();
        let who = if more > 0 { format!("{} and {more} more", named.join(", ")) } else { named.join(", ") };
        lines.push((Some(AnsiColor::Red), format!("           {who}: {first}")));
        lines.extend(failure.map(|line| (None, format!("             {line}"))));
    }
    lines.extend(task.notes);
    lines
}

impl Sink for Terminal {
    fn event(&mut self, event: &Event) {
        match event {
            Event::RunStarted { check: true, .. } => self.say(Some(AnsiColor::Cyan), "Check mode: nothing is changed."),
            Event::PlayStarted { name, hosts } => {
                self.finish(true);
                self.say(None, format!("\n{name} · {}", count(hosts.len(), "host")));
            }
            Event::NoHostsMatched { play } => {
                self.finish(true);
                self.say(Some(AnsiColor::Cyan), format!("\n{play} · no host matches, nothing to do"));
            }
            // Nothing comes of it that could be shown.
            Event::TaskStarted { task, .. } if task.module == "meta" => {}
            Event::TaskStarted { task, hosts } => {
                self.finish(false);
                self.start(task, hosts);
            }
            Event::HostStarted { host, task } => self.host_line(*task, host, "…"),
            Event::Live { host, task, line } => self.host_line(*task, host, line),
            Event::Retry { host, task, left, .. } => {
                self.host_line(*task, host, &format!("not yet; {}", format_args!("{left} more to go")))
            }
            Event::Item { host, task, status, label, result, diagnostic, .. } => {
                self.note_result(*task, host, Some(label), *status, result, diagnostic.as_deref());
            }
            Event::HostDone { host, delegated_to, task, status, ignored, looped, result, took_ms, diagnostic } => {
                let who = match delegated_to {
                    Some(delegate) => format!("{host} -> {delegate}"),
                    None => host.clone(),
                };
                if !looped {
                    self.note_result(*task, &who, None, *status, result, diagnostic.as_deref());
                }
                if let Some(running) = self.task(*task) {
                    running.waiting.retain(|waiting| waiting != host);
                    running.longest_ms = running.longest_ms.max(*took_ms);
                    if let Some(bar) = running.hosts.remove(host) {
                        bar.finish_and_clear();
                    }
                    if *ignored {
                        running.notes.push((Some(AnsiColor::Cyan), format!("           {who}: ignored, as the playbook says")));
                    }
                    running.done.push((host.clone(), *status));
                }
            }
            Event::Warning { host, text } => {
                let text = match host {
                    Some(host) => format!("warning: {host}: {text}"),
                    None => text.clone(),
                };
                self.say(Some(AnsiColor::Magenta), text);
            }
            Event::RunEnded { recap: hosts, took_ms, .. } => {
                self.finish(true);
                let mut lines = vec![(None, String::new())];
                for (host, line) in hosts.iter().zip(recap::lines(hosts)) {
                    let color = if host.failed + host.unreachable > 0 {
                        AnsiColor::Red
                    } else if host.changed > 0 {
                        AnsiColor::Yellow
                    } else {
                        AnsiColor::Green
                    };
                    lines.push((Some(color), line));
                }
                lines.push((None, format!("Took {}.", recap::duration(*took_ms))));
                self.print(&lines);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
