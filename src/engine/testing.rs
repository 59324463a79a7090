//! Runs playbooks in tests without hosts: sessions that answer from a function, events as short lines.

#![expect(clippy::disallowed_methods, reason = "tests look at the real machine")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::{Map, Value as Json, json};
use tokio_util::sync::CancellationToken;

use super::{Engine, RunSummary, Sessions, Settings};
use crate::base::Span;
use crate::event::{Event, Sink, Status};
use crate::inventory::Inventory;
use crate::plan::{self, Inputs};
use crate::system::overlay::Change;
use crate::system::{Cancel, Os, Overlay};
use crate::template::Templates;
use crate::transport::{Attached, Become, ContentSource, LiveSender, RawCommand, RawOutput, Session, Stage, Target, Unreachable, Via};
use crate::wire::{OnFailure, TaskReply, TaskRequest};
use crate::yaml::Node;

/// Answers a request for a host: a result, or `None` when the host cannot be reached.
type Answer = dyn Fn(&str, &TaskRequest) -> Option<Json> + Send + Sync;

/// A playbook to run.
pub struct Case {
    dir: tempfile::TempDir,
    inventory: Inventory,
    settings: Settings,
    answer: Arc<Answer>,
    cancel: CancellationToken,
    predicted: Vec<Change>,
}

/// What a run left.
pub struct Ran {
    /// Events as lines; see [`line`].
    pub lines: Vec<String>,
    /// The events.
    pub events: Vec<Event>,
    /// What came of it.
    pub summary: RunSummary,
    /// What hosts were asked: `host module args`.
    pub requests: Vec<String>,
    /// Round trips.
    pub trips: usize,
}

impl Case {
    /// With hosts `a`, `b` and `c` in the group `g`.
    pub fn new(playbook: &str) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut inventory = Inventory::default();
        for host in ["a", "b", "c"] {
            inventory.add_to_group(host, "g");
        }
        inventory.settle();
        let local = Node::text(Span::synthetic("test"), "local");
        inventory.add_group("all").vars.insert("ansible_connection".to_owned(), Arc::new(local));
        let case = Self {
            dir,
            inventory,
            settings: Settings::default(),
            answer: Arc::new(answer),
            cancel: CancellationToken::new(),
            predicted: Vec::new(),
        };
        case.file("site.yml", playbook)
    }

    /// One host, `a`.
    pub fn one(playbook: &str) -> Self {
        Self::new(playbook).limit("a")
    }

    /// A file beside the playbook.
    pub fn file(self, name: &str, text: &str) -> Self {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
        self
    }

    /// Only these hosts.
    pub fn limit(mut self, hosts: &str) -> Self {
        self.settings.limit = Some(hosts.to_owned());
        self
    }

    /// Changes settings.
    pub fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Changes the inventory.
    pub fn inventory(mut self, change: impl FnOnce(&mut Inventory)) -> Self {
        change(&mut self.inventory);
        self
    }

    /// Answers requests in another way than [`answer`].
    pub fn answering(mut self, answer: impl Fn(&str, &TaskRequest) -> Option<Json> + Send + Sync + 'static) -> Self {
        self.answer = Arc::new(answer);
        self
    }

    /// Cancels the run with this token.
    pub fn cancelled_by(mut self, cancel: &CancellationToken) -> Self {
        self.cancel = cancel.clone();
        self
    }

    /// Check mode has recorded `change` of this machine.
    pub fn predicting(mut self, change: impl FnOnce(&mut Overlay<Os>)) -> Self {
        let mut overlay = Overlay::new(Os::new(Cancel::new()), std::env::temp_dir());
        change(&mut overlay);
        self.predicted.extend(overlay.take_log());
        self
    }

    /// The folder of the playbook.
    pub fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// Runs it.
    pub fn run(self) -> Ran {
        let templates = Templates::without_vault();
        let inputs = Inputs::new(vec![self.dir.path().join("site.yml")], self.dir.path().to_owned(), Arc::new(templates.clone()));
        let compiled = plan::compile(inputs).unwrap_or_else(|wrong| panic!("the playbook does not compile:\n{wrong}"));
        let sessions = Arc::new(FakeSessions { answer: self.answer, asked: Arc::default(), predicted: self.predicted });
        let asked = sessions.asked.clone();
        let engine = Engine {
            plan: compiled.plan,
            compiler: compiled.compiler,
            inventory: self.inventory,
            settings: self.settings,
            templates,
            sessions,
        };
        let mut sink = Collect(Vec::new());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let summary = runtime.block_on(engine.run(&mut sink, self.cancel));
        let mut names = HashMap::new();
        let lines = in_order(sink.0.iter().filter_map(|event| line(event, &mut names)).collect());
        let asked = asked.lock().expect("no test panics here");
        Ran { lines, events: sink.0, summary, requests: asked.0.clone(), trips: asked.1 }
    }
}

impl Ran {
    /// The lines, but for those of the run itself, as one text.
    pub fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// Demands exactly these lines; blanks at their beginnings do not count.
    #[track_caller]
    pub fn expect(&self, lines: &str) -> &Self {
        let expected: Vec<&str> = lines.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let mut wrong: Vec<String> = self.summary.error.iter().map(ToString::to_string).collect();
        for event in &self.events {
            if let Event::HostDone { diagnostic: Some(text), .. } = event {
                wrong.push(text.clone());
            }
        }
        assert_eq!(self.lines.join("\n"), expected.join("\n"), "\n{}", wrong.join("\n"));
        self
    }

    /// The result of a task on a host, by the name of the task.
    #[track_caller]
    pub fn result(&self, task: &str, host: &str) -> Json {
        let mut number = None;
        let mut found = None;
        for event in &self.events {
            match event {
                Event::TaskStarted { task: info, .. } if info.name == task => number = Some(info.id),
                Event::HostDone { host: h, task: id, result, .. } if Some(*id) == number && h == host => {
                    found = Some(Json::Object(result.clone()))
                }
                _ => {}
            }
        }
        found.unwrap_or_else(|| panic!("no result of `{task}` on {host} in\n{}", self.text()))
    }

    /// `host ok=1 changed=1 …`, counts of zero left out.
    pub fn recap(&self) -> Vec<String> {
        let one = |host: &crate::event::HostRecap| {
            let counts = [
                ("ok", host.ok),
                ("changed", host.changed),
                ("unreachable", host.unreachable),
                ("failed", host.failed),
                ("skipped", host.skipped),
                ("rescued", host.rescued),
                ("ignored", host.ignored),
            ];
            let shown: Vec<String> = counts.iter().filter(|(_, n)| *n > 0).map(|(name, n)| format!("{name}={n}")).collect();
            format!("{} {}", host.host, shown.join(" "))
        };
        self.summary.recap.iter().map(one).collect()
    }
}

/// `command` understands `true`, `false`, `echo WORDS`, `rc N` and `lost`; all other modules are fine and change nothing.
pub fn answer(_host: &str, request: &TaskRequest) -> Option<Json> {
    let line = request.args.get("cmd").or_else(|| request.args.get("_raw_params")).and_then(Json::as_str).unwrap_or_default();
    Some(match (request.module.as_str(), line.split_once(' ').unwrap_or((line, ""))) {
        ("ping", _) => json!({"ping": request.args.get("data"), "changed": false}),
        ("command" | "shell", ("lost", _)) => return None,
        ("command" | "shell", ("false", _)) => {
            json!({"rc": 1, "failed": true, "changed": true, "stdout": "", "stderr": "", "msg": "non-zero return code"})
        }
        ("command" | "shell", ("rc", n)) => json!({"rc": n.parse::<i64>().unwrap_or(0), "changed": true, "stdout": "", "stderr": ""}),
        ("command" | "shell", ("echo", text)) => json!({"rc": 0, "changed": true, "stdout": text, "stderr": ""}),
        ("command" | "shell", _) => json!({"rc": 0, "changed": true, "stdout": "", "stderr": ""}),
        ("setup", _) => json!({"ansible_facts": {"ansible_os_family": "Debian", "ansible_hostname": _host}, "changed": false}),
        _ => json!({"changed": false}),
    })
}

/// An event as a short line; `None` for what most tests do not look at.
fn line(event: &Event, names: &mut HashMap<u64, String>) -> Option<String> {
    Some(match event {
        Event::PlayStarted { name, hosts } => format!("PLAY {name} [{}]", hosts.join(" ")),
        Event::NoHostsMatched { play } => format!("NO HOSTS {play}"),
        Event::NoHostsLeft => "NO HOSTS LEFT".to_owned(),
        Event::TaskStarted { task, .. } if task.module == "meta" => return None,
        Event::TaskStarted { task, .. } => {
            names.insert(task.id, task.name.clone());
            let kind = if task.handler { "HANDLER" } else { "TASK" };
            match &task.role {
                Some(role) => format!("{kind} {role} : {}", task.name),
                None => format!("{kind} {}", task.name),
            }
        }
        Event::Item { host, status, label, .. } => format!("{} {host} (item={label})", word(*status)),
        Event::HostDone { host, delegated_to, status, ignored, result, .. } => {
            let to = delegated_to.as_ref().map_or_else(String::new, |to| format!(" -> {to}"));
            let message =
                result.get("msg").filter(|_| matches!(status, Status::Ok | Status::Changed)).map_or_else(String::new, |msg| match msg {
                    Json::String(text) if text.is_empty() || text == "All items completed" => String::new(),
                    Json::String(text) => format!(": {text}"),
                    other => format!(": {other}"),
                });
            format!("{} {host}{to}{}{message}", word(*status), if *ignored { " (ignored)" } else { "" })
        }
        Event::Included { what, hosts, .. } => {
            format!("included {} for {}", what.rsplit('/').next().unwrap_or_default(), hosts.join(" "))
        }
        Event::Retry { host, left, .. } => format!("retry {host} {left} left"),
        Event::Notified { host, handler } => format!("notified {host} {handler}"),
        Event::Warning { text, .. } => format!("warning: {text}"),
        _ => return None,
    })
}

/// Hosts finish a task in any order; lines of the same task are put in the order of the hosts' names.
fn in_order(mut lines: Vec<String>) -> Vec<String> {
    const WORDS: &[&str] = &["ok", "changed", "skipped", "failed", "unreachable", "retry"];
    let host = |line: &str| {
        let (word, rest) = line.split_once(' ')?;
        let end = rest.find([' ', ':']).unwrap_or(rest.len());
        WORDS.contains(&word).then(|| rest.get(..end).unwrap_or(rest).to_owned())
    };
    let same = |a: &String, b: &String| host(a).is_some() && host(b).is_some();
    for run in lines.chunk_by_mut(same) {
        run.sort_by_key(|line| host(line));
    }
    lines
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Ok => "ok",
        Status::Changed => "changed",
        Status::Skipped => "skipped",
        Status::Failed => "failed",
        Status::Unreachable => "unreachable",
    }
}

struct Collect(Vec<Event>);

impl Sink for Collect {
    fn event(&mut self, event: &Event) {
        self.0.push(event.clone());
    }
}

/// What was asked, and in how many round trips.
type Asked = Arc<Mutex<(Vec<String>, usize)>>;

struct FakeSessions {
    answer: Arc<Answer>,
    asked: Asked,
    predicted: Vec<Change>,
}

#[async_trait]
impl Sessions for FakeSessions {
    async fn session(&self, target: &Target, becoming: Option<&Become>) -> Result<Arc<dyn Session>, Unreachable> {
        let becoming = becoming.map(|becoming| becoming.user.clone());
        Ok(Arc::new(FakeSession { host: target.name.clone(), becoming, answer: self.answer.clone(), asked: self.asked.clone() }))
    }

    async fn attach(&self, target: &Target, _becoming: Option<&Become>, _line: &str) -> Result<Attached, Unreachable> {
        Err(self.session(target, None).await?.lost("nobody is there to attach to"))
    }

    async fn reset(&self, _target: &Target) {}

    fn take_warnings(&self) -> Vec<String> {
        Vec::new()
    }

    fn predicted_here(&self, known: usize) -> Vec<Change> {
        self.predicted.iter().skip(known).cloned().collect()
    }

    fn cancel(&self) {}

    async fn close(&self) {}
}

struct FakeSession {
    host: String,
    becoming: Option<String>,
    answer: Arc<Answer>,
    asked: Asked,
}

#[async_trait]
impl Session for FakeSession {
    async fn call_many(
        &self,
        requests: Vec<TaskRequest>,
        on_failure: OnFailure,
        _content: &dyn ContentSource,
        _live: LiveSender,
        each: &mut (dyn FnMut(usize, TaskReply) + Send),
    ) -> Result<(), Unreachable> {
        self.asked.lock().expect("no test panics here").1 += 1;
        for (at, request) in requests.into_iter().enumerate() {
            // Lets other hosts run in between, as a network does.
            tokio::task::yield_now().await;
            let given: Map<String, Json> =
                request.args.iter().filter(|(_, value)| !value.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect();
            let user = self.becoming.as_ref().map_or_else(String::new, |user| format!(" as {user}"));
            let check = if request.check { " check" } else { "" };
            let asked = format!("{}{user} {}{check} {}", self.host, request.module, Json::Object(given));
            self.asked.lock().expect("no test panics here").0.push(asked);
            match (self.answer)(&self.host, &request) {
                Some(result) => {
                    let reply = TaskReply { result: result.as_object().cloned().unwrap_or_default() };
                    let stop = on_failure == OnFailure::Stop && reply.failed();
                    each(at, reply);
                    if stop {
                        break;
                    }
                }
                None => return Err(self.lost("connection reset")),
            }
        }
        Ok(())
    }

    async fn raw(&self, command: RawCommand, _live: LiveSender) -> Result<RawOutput, Unreachable> {
        self.asked.lock().expect("no test panics here").0.push(format!("{} raw {}", self.host, command.line));
        Ok(RawOutput { rc: 0, stdout: command.line.into_bytes(), stderr: Vec::new() })
    }

    fn via(&self) -> Via {
        Via::InProcess
    }

    fn lost(&self, message: &str) -> Unreachable {
        Unreachable {
            host: self.host.clone(),
            hop: self.host.clone(),
            bastion: false,
            stage: Stage::Lost,
            message: message.to_owned(),
            hint: None,
            tried_keys: Vec::new(),
        }
    }
}
