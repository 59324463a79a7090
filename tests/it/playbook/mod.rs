//! Whole playbooks against a real server, through inventory, plan and engine.

mod fetching;
mod without_runner;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use kconf::engine::{Engine, RunSummary, Settings};
use kconf::event::{Event, Sink};
use kconf::inventory::{self, Options};
use kconf::plan::{self, Inputs, Selection};
use kconf::template::Templates;
use kconf::transport::Hub;
use kconf::transport::route::Defaults;

use super::transport::server::{Sshd, user};

/// Takes events as they come.
#[derive(Default)]
struct Events(Vec<Event>);

impl Sink for Events {
    fn event(&mut self, event: &Event) {
        self.0.push(event.clone());
    }
}

/// A folder with a playbook, and an inventory in which the host `web` is `sshd` and has the variable `dir`, a directory of its own.
fn project(sshd: &Sshd, name: &str, playbook: &str, files: &[(&str, &str)]) -> PathBuf {
    let (folder, dir) = (sshd.path(name), sshd.path(name).join("host"));
    fs::create_dir_all(&dir).expect("makes");
    let hop = sshd.hop();
    let inventory = format!(
        "web ansible_host=127.0.0.1 ansible_port={} ansible_user={} ansible_ssh_private_key_file={} dir={} \
         ansible_ssh_common_args='-o UserKnownHostsFile={}'\n",
        sshd.port,
        user(),
        sshd.path("key").display(),
        dir.display(),
        hop.known_hosts[0].display()
    );
    for (path, text) in [("inventory", inventory.as_str()), ("play.yml", playbook)].iter().chain(files) {
        fs::create_dir_all(folder.join(path).parent().expect("a folder")).expect("makes");
        fs::write(folder.join(path), text).expect("writes");
    }
    folder
}

/// Runs `play.yml` of the folder.
async fn run(folder: &std::path::Path, hub: &Hub) -> (Vec<Event>, RunSummary) {
    let templates = Templates::without_vault();
    let options =
        Options { playbook_dirs: vec![folder.into()], templates: templates.clone(), extra_vars: Arc::default(), flush_cache: false };
    let inventory = inventory::load(&[folder.join("inventory").display().to_string()], &options).await.expect("an inventory");
    let inputs = Inputs {
        playbooks: vec![folder.join("play.yml")],
        texts: Vec::new(),
        roles_path: Vec::new(),
        collections_path: Vec::new(),
        foreign: Default::default(),
        extra_vars: Default::default(),
        selection: Selection::new([], []),
        templates: Arc::new(templates.clone()),
        cwd: folder.into(),
    };
    let compiled = plan::compile(inputs).unwrap_or_else(|errors| panic!("{errors}"));
    let connection = Defaults { home: folder.into(), local_user: user(), ..Defaults::default() };
    let engine = Engine {
        plan: compiled.plan,
        compiler: compiled.compiler,
        inventory,
        settings: Settings { connection, diff: true, ..Settings::default() },
        templates,
        sessions: Arc::new(hub.clone()),
    };
    let mut events = Events::default();
    let summary = engine.run(&mut events, Default::default()).await;
    (events.0, summary)
}
