//! A line per task and host, in the style that Ansible users and their scripts know.

use std::collections::{HashMap, HashSet};
use std::io::Write;

use anstyle::{AnsiColor, Style};

use super::{Look, detail, recap};
use crate::event::{Event, Sink, Status, TaskInfo};

/// Columns of a heading at least, and where there is no terminal.
const NARROWEST: usize = 79;

/// See the module documentation.
pub struct Plain {
    look: Look,
    out: Box<dyn Write + Send>,
    tasks: HashMap<u64, TaskInfo>,
    /// The heading of a task that nothing was said about yet.
    heading: Option<String>,
    /// Tasks whose place was shown.
    placed: HashSet<u64>,
}

impl Plain {
    /// Writes to `out`.
    pub fn new(look: Look, out: Box<dyn Write + Send>) -> Self {
        Self { look, out, tasks: HashMap::new(), placed: HashSet::new(), heading: None }
    }

    fn line(&mut self, style: Option<AnsiColor>, text: &str) {
        if let Some(heading) = self.heading.take() {
            self.banner(&heading);
        }
        // A closed pipe ends the program elsewhere; a report that cannot be written must not fail the run.
        let _ = match style.filter(|_| self.look.color) {
            Some(color) => {
                let style = Style::new().fg_color(Some(color.into()));
                writeln!(self.out, "{style}{text}{style:#}")
            }
            None => writeln!(self.out, "{text}"),
        };
        let _ = self.out.flush();
    }

    fn banner(&mut self, text: &str) {
        self.heading = None;
        let width = self.look.width.saturating_sub(1).max(NARROWEST);
        let stars = width.saturating_sub(text.chars().count()).max(3);
        self.line(None, &format!("\n{text} {}", "*".repeat(stars)));
    }

    fn diffs(&mut self, result: &serde_json::Map<String, serde_json::Value>) {
        if self.look.diff {
            for text in detail::diffs(result) {
                for line in text.lines() {
                    let color = match line.chars().next() {
                        Some('+') => Some(AnsiColor::Green),
                        Some('-') => Some(AnsiColor::Red),
                        Some('@') => Some(AnsiColor::Cyan),
                        _ => None,
                    };
                    self.line(color, line);
                }
                self.line(None, "");
            }
        }
    }

    /// What a person needs to know of a failure: where the task is written, unless a place more exact is known or it was said, and why.
    fn explain(&mut self, task: u64, result: &serde_json::Map<String, serde_json::Value>, diagnostic: Option<&str>) {
        let is_exact = diagnostic.is_some_and(|text| text.contains("--> "));
        let place = self.tasks.get(&task).filter(|_| !is_exact).map(|info| format!("--> {}\n{}", info.place, info.excerpt));
        let place = place.filter(|_| self.placed.insert(task));
        for line in place.iter().flat_map(|place| place.lines()).map(str::to_owned).chain(detail::failure(result, diagnostic)) {
            self.line(None, &format!("    {line}"));
        }
        if is_exact && let Some(place) = self.tasks.get(&task).map(|info| info.place.clone()) {
            self.line(None, &format!("    in the task at {place}"));
        }
    }

    fn host_done(&mut self, event: &Event) {
        let Event::HostDone { host, delegated_to, task, status, ignored, looped, result, diagnostic, .. } = event else { return };
        let info = self.tasks.get(task);
        let module = info.map(|t| t.module.clone()).unwrap_or_default();
        let name = match delegated_to {
            Some(delegate) => format!("{host} -> {delegate}"),
            None => host.clone(),
        };
        if *status == Status::Skipped && self.look.hide_skipped {
            return;
        }
        if !looped {
            self.diffs(result);
        }
        let (color, head) = match status {
            Status::Ok => (AnsiColor::Green, format!("ok: [{name}]")),
            Status::Changed => (AnsiColor::Yellow, format!("changed: [{name}]")),
            Status::Skipped => (AnsiColor::Cyan, format!("skipping: [{name}]")),
            Status::Failed => (AnsiColor::Red, format!("fatal: [{name}]: FAILED! => {}", detail::whole(result, self.look.yaml))),
            Status::Unreachable => {
                (AnsiColor::BrightRed, format!("fatal: [{name}]: UNREACHABLE! => {}", detail::whole(result, self.look.yaml)))
            }
        };
        match status {
            Status::Failed | Status::Unreachable => {
                // Of a loop, the items were reported.
                if !looped {
                    self.line(Some(color), &head);
                    self.explain(*task, result, diagnostic.as_deref());
                }
                if *ignored {
                    self.line(Some(AnsiColor::Cyan), "...ignoring");
                }
            }
            _ if *looped => {
                if *status == Status::Skipped {
                    self.line(Some(color), &head);
                }
            }
            _ => {
                let said = match status {
                    Status::Skipped => detail::reason(result).map(str::to_owned),
                    _ => {
                        let verbose = || (self.look.verbosity > 0).then(|| detail::whole(result, self.look.yaml));
                        detail::message(&module, result, self.look.yaml).or_else(verbose)
                    }
                };
                let shown = said.map_or(head.clone(), |said| format!("{head} => {said}"));
                self.line(Some(color), &shown);
            }
        }
        self.warnings(result);
    }

    fn warnings(&mut self, result: &serde_json::Map<String, serde_json::Value>) {
        for warning in result.get("warnings").and_then(|w| w.as_array()).into_iter().flatten().filter_map(|w| w.as_str()) {
            self.line(Some(AnsiColor::Magenta), &format!("[WARNING]: {warning}"));
        }
    }
}

impl Sink for Plain {
    fn event(&mut self, event: &Event) {
        match event {
            Event::RunStarted { check: true, .. } => self.line(Some(AnsiColor::Cyan), "Check mode: nothing is changed."),
            Event::PlayStarted { name, .. } => self.banner(&format!("PLAY [{name}]")),
            Event::NoHostsMatched { play } => {
                self.banner(&format!("PLAY [{play}]"));
                self.line(Some(AnsiColor::Cyan), "skipping: no hosts matched");
            }
            Event::TaskStarted { task, .. } => {
                let kind = if task.handler { "RUNNING HANDLER" } else { "TASK" };
                let name = match &task.role {
                    Some(role) => format!("{role} : {}", task.name),
                    None => task.name.clone(),
                };
                let heading = format!("{kind} [{name}]");
                if self.look.hide_skipped {
                    self.heading = Some(heading);
                } else {
                    self.banner(&heading);
                }
                if self.look.verbosity > 1 {
                    self.line(None, &format!("task path: {}", task.place));
                }
                self.tasks.insert(task.id, task.clone());
            }
            Event::Item { status: Status::Skipped, .. } if self.look.hide_skipped => {}
            Event::Item { host, delegated_to, status, label, result, diagnostic, .. } => {
                self.diffs(result);
                let host = delegated_to.as_ref().map_or_else(|| host.clone(), |to| format!("{host} -> {to}"));
                let (color, head) = match status {
                    Status::Ok => (AnsiColor::Green, format!("ok: [{host}] => (item={label})")),
                    Status::Changed => (AnsiColor::Yellow, format!("changed: [{host}] => (item={label})")),
                    Status::Skipped => (AnsiColor::Cyan, format!("skipping: [{host}] => (item={label})")),
                    Status::Failed | Status::Unreachable => {
                        (AnsiColor::Red, format!("failed: [{host}] (item={label}) => {}", detail::whole(result, self.look.yaml)))
                    }
                };
                let Event::Item { task, .. } = event else { return };
                let module = self.tasks.get(task).map(|t| t.module.clone()).unwrap_or_default();
                let said = match status {
                    Status::Skipped => detail::reason(result).map(str::to_owned),
                    Status::Ok | Status::Changed => {
                        let verbose = || (self.look.verbosity > 0).then(|| detail::whole(result, self.look.yaml));
                        detail::message(&module, result, self.look.yaml).or_else(verbose)
                    }
                    Status::Failed | Status::Unreachable => None,
                };
                let shown = said.map_or(head.clone(), |said| format!("{head} => {said}"));
                self.line(Some(color), &shown);
                if *status == Status::Failed {
                    self.explain(*task, result, diagnostic.as_deref());
                }
                self.warnings(result);
            }
            Event::Retry { host, task, left, .. } => {
                let name = self.tasks.get(task).map(|t| t.name.clone()).unwrap_or_default();
                self.line(Some(AnsiColor::Cyan), &format!("FAILED - RETRYING: [{host}]: {name} ({left} retries left)."));
            }
            Event::HostDone { .. } => self.host_done(event),
            Event::Included { what, hosts, label, .. } => {
                let item = label.as_ref().map(|label| format!(" => (item={label})")).unwrap_or_default();
                self.line(Some(AnsiColor::Cyan), &format!("included: {what} for {}{item}", hosts.join(", ")));
            }
            Event::NoHostsLeft => self.banner("NO MORE HOSTS LEFT"),
            Event::Notified { host, handler } if self.look.verbosity > 1 => {
                self.line(None, &format!("NOTIFIED HANDLER {handler} for {host}"));
            }
            Event::Warning { host, text } => {
                let text = match host {
                    Some(host) => format!("[WARNING]: {host}: {text}"),
                    None => format!("[WARNING]: {text}"),
                };
                self.line(Some(AnsiColor::Magenta), &text);
            }
            Event::RunEnded { recap: hosts, took_ms, .. } => {
                self.banner("PLAY RECAP");
                for (host, line) in hosts.iter().zip(recap::lines(hosts)) {
                    let color = if host.failed + host.unreachable > 0 {
                        AnsiColor::Red
                    } else if host.changed > 0 {
                        AnsiColor::Yellow
                    } else {
                        AnsiColor::Green
                    };
                    self.line(Some(color), &line);
                }
                self.line(None, &format!("\nTook {}.", recap::duration(*took_ms)));
            }
            _ => {}
        }
    }
}
