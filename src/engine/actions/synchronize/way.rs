//! Where `rsync` runs and how it gets to the other side.

use std::path::{Path, PathBuf};

use serde_json::Map;

use crate::base::Diagnostic;
use crate::engine::task::connect::{self, Route};
use crate::engine::task::{Call, Trouble, call::expand_home};
use crate::modules::expand;
use crate::template;
use crate::transport::{Become, BecomeMethod, HostKeyChecking, Kind, Target};

/// Where `rsync` runs, what it copies, and how it gets there.
pub struct Way {
    /// The machine and identity that run `rsync`.
    pub runs_on: Route,
    /// That is the controller.
    pub here: bool,
    /// How it gets to the other side.
    pub far: Far,
    /// The name of the host of the task.
    pub there: String,
    /// What `rsync` gets as its source.
    pub source: String,
    /// What `rsync` gets as its destination.
    pub dest: String,
    /// The source, when it is a file of the controller.
    pub source_here: Option<PathBuf>,
    /// `ansible_rsync_path`: the program that is run.
    pub rsync: Option<String>,
    /// The `rsync` of the other side.
    pub rsync_there: Option<String>,
}

/// How `rsync` gets to the other side.
pub enum Far {
    /// It is on the same machine, or `rsync` gets there by its own protocol.
    Nowhere,
    /// By the connection of the run.
    Connection {
        /// The host.
        target: Target,
        /// Who runs what `rsync` starts there, when `sudo` in its path cannot do it.
        elevated: Option<Become>,
    },
    /// By `ssh` of the machine that runs `rsync`.
    Ssh {
        /// The port, when it is not the usual one.
        port: Option<u64>,
    },
}

impl Way {
    /// The way of a task.
    ///
    /// # Errors
    /// A connection variable makes no sense, or a path cannot be understood.
    pub fn of(call: &Call<'_>) -> Result<Self, Trouble> {
        let runs = call.route()?;
        let there = &call.job.host;
        let own = match &call.ready.delegated_to {
            Some(host) if host != there => connect::resolve(&call.ready.scope.delegated(there))?,
            _ => runs.clone(),
        };
        let (source, dest) = (path(call, "src"), path(call, "dest"));
        let pulls = call.text("mode") == Some("pull");
        if is_url(&source) && is_url(&dest) {
            let why = "both `src` and `dest` are addresses of an rsync server: one of them must be a path";
            return Err(Trouble::Failed(Map::from_iter([("msg".to_owned(), why.into()), ("rc".to_owned(), 1.into())])));
        }
        let here = Route { target: Target::local("localhost"), becoming: None };
        let delegate_is_remote = call.ready.delegated_to.is_some() && runs.target.kind == Kind::Ssh;
        let one_machine = call.ready.delegated_to.as_ref() == Some(there) || own.target.kind == Kind::Local && !delegate_is_remote;
        let told = names_host(&source) || names_host(&dest);
        let by_own_protocol = is_url(&source) || is_url(&dest);
        let mut rsync_there = call.text("rsync_path").map(str::to_owned);
        let becoming = own.becoming.as_ref().filter(|_| rsync_there.is_none() && !one_machine && !by_own_protocol);
        if let Some(to) = becoming.filter(|to| delegate_is_remote || told || is_plain_sudo(to)) {
            if to.method != BecomeMethod::Sudo {
                let wrong = format!("an `ssh` that is not kconf's cannot become another user by `{}`", to.method.name());
                return Err(call.wrong(wrong).hint("use `sudo`, or say in `rsync_path` how it becomes that user").into());
            }
            rsync_there = Some(format!("sudo -u {} rsync", to.user));
        }
        let port = call.arg("dest_port").as_u64();
        let (runs_on, far) = match () {
            () if one_machine && !told => (runs.clone(), Far::Nowhere),
            () if by_own_protocol => (if delegate_is_remote { runs.clone() } else { here }, Far::Nowhere),
            () if delegate_is_remote || told => {
                let port =
                    port.or_else(|| Some(u64::from(own.target.host.port)).filter(|port| *port != 22 && own.target.kind == Kind::Ssh));
                let runs_on = if delegate_is_remote { Route { target: runs.target.clone(), becoming: None } } else { here };
                (runs_on, Far::Ssh { port })
            }
            () => {
                let elevated = becoming.filter(|_| rsync_there.is_none()).cloned();
                (here, Far::Connection { target: connection(call, &own.target)?, elevated })
            }
        };
        let rsync = call.ready.scope.value("ansible_rsync_path")?.map(|value| crate::base::python::text(&template::to_json(&value)));
        let mut way = Self {
            here: runs_on.target.kind == Kind::Local,
            runs_on,
            far,
            there: there.clone(),
            source: String::new(),
            dest: String::new(),
            source_here: None,
            rsync,
            rsync_there,
        };
        let far_end = |path: String| match &way.far {
            Far::Nowhere => near_end(call, &path),
            _ if names_host(&path) => path,
            _ => prefixed(call, &own, &way.far, &path),
        };
        let (near, other) = if pulls { (near_end(call, &dest), far_end(source)) } else { (near_end(call, &source), far_end(dest)) };
        if !pulls && way.here && !is_url(&near) {
            way.source_here = Some(PathBuf::from(&near));
        }
        (way.source, way.dest) = if pulls { (other, near) } else { (near, other) };
        Ok(way)
    }

    /// Whether `rsync` needs an `ssh`.
    pub fn needs_ssh(&self) -> bool {
        matches!(self.far, Far::Ssh { .. })
    }
}

/// Whether `sudo -u USER` is all that is needed.
fn is_plain_sudo(to: &Become) -> bool {
    to.method == BecomeMethod::Sudo && to.password.is_none() && to.flags.is_none() && to.exe.is_none()
}

/// The connection, as the options change it.
fn connection(call: &Call<'_>, target: &Target) -> Result<Target, Diagnostic> {
    let mut target = target.clone();
    if let Some(port) = call.arg("dest_port").as_u64() {
        target.host.port = u16::try_from(port).map_err(|_| call.wrong_at("dest_port", format!("there is no port {port}")))?;
    }
    if let Some(key) = call.text("private_key") {
        target.host.private_keys.insert(0, expand_home(key, &call.job.world.settings.connection.home));
    }
    if call.is_true("verify_host") {
        target.host.host_key_checking = HostKeyChecking::Strict;
    }
    Ok(target)
}

/// The text of an option with the variables of the controller's environment in it.
fn path(call: &Call<'_>, option: &str) -> String {
    let written = call.text(option).unwrap_or_default();
    if !written.contains('$') {
        return written.to_owned();
    }
    expand::variables(written, &std::env::vars().collect(), &call.ready.environment)
}

/// Whether it is the address of an rsync server.
fn is_url(path: &str) -> bool {
    path.starts_with("rsync://")
}

/// Whether it says itself on which host it is: `HOST:PATH`.
fn names_host(path: &str) -> bool {
    !is_url(path) && path.split('/').next().is_some_and(|first| first.contains(':'))
}

/// A path of the machine that runs `rsync`: looked for as with `copy`, and beside the playbook when it is nowhere.
fn near_end(call: &Call<'_>, written: &str) -> String {
    if is_url(written) || names_host(written) {
        return written.to_owned();
    }
    let found = call.search_places("files", written).into_iter().find(|place| call.files().exists(place));
    let home = &call.job.world.settings.connection.home;
    let path = found.unwrap_or_else(|| call.job.play.play.dir.join(expand_home(written, home)));
    let text = clean(&path).to_string_lossy().trim_end_matches('/').to_owned();
    if written.ends_with('/') || text.is_empty() { format!("{text}/") } else { text }
}

/// Without `.` and empty parts.
fn clean(path: &Path) -> PathBuf {
    path.components().collect()
}

/// A path of the host, with what stands in front of it.
fn prefixed(call: &Call<'_>, own: &Route, far: &Far, path: &str) -> String {
    let address = &own.target.host.address;
    let address = if own.target.kind == Kind::Local { &call.job.host } else { address };
    let address = if address.contains(':') { format!("[{address}]") } else { address.clone() };
    let user = &own.target.host.user;
    let named = |name: &str| call.ready.scope.delegated(&call.job.host).value(name).ok().flatten().is_some();
    let known = own.target.kind == Kind::Ssh
        && (*user != call.job.world.settings.connection.local_user || named("ansible_user") || named("ansible_ssh_user"));
    let user = if known && call.is_true("set_remote_user") { format!("{user}@") } else { String::new() };
    // Whoever `rsync` becomes there, `~` is the home of the login, which is where it starts.
    let path = match (far, path.strip_prefix("~/")) {
        (Far::Connection { elevated: Some(_), .. }, Some(rest)) => rest,
        (Far::Connection { elevated: Some(_), .. }, None) if path == "~" => ".",
        _ => path,
    };
    format!("{user}{address}:{path}")
}
