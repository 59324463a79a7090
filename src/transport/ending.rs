//! Ending what nobody waits for any more.

use std::path::{Path, PathBuf};

use super::bootstrap::announce;
use super::host::HostSession;
use super::quote::quote;
use super::start::start;

/// Ends a process of a session, with what it started, when dropped.
pub(super) struct Ender {
    session: HostSession,
    pid: Option<u32>,
    /// A directory to remove then.
    pub(super) remove: Option<PathBuf>,
}

impl Ender {
    /// For the process that was started with this number, if that is known.
    pub(super) fn new(session: &HostSession, pid: Option<u32>) -> Self {
        Self { session: session.clone(), pid, remove: None }
    }

    /// It has ended by itself.
    pub(super) fn disarm(&mut self) {
        self.pid = None;
    }
}

impl Drop for Ender {
    fn drop(&mut self) {
        if let Some(pid) = self.pid {
            let (session, remove) = (self.session.clone(), self.remove.take());
            let endings = session.common().endings.clone();
            endings.spawn(async move { session.end_process(pid, remove.as_deref()).await });
        }
    }
}

/// Ends a process and all its descendants, whether they are in its process group or, as behind sudo, it has none of its own.
const END: &str = "exec 2>/dev/null; l=\" @PID@ \"; n=; \
    while [ \"$n\" != \"$l\" ]; do n=$l; for f in /proc/[0-9]*/stat; do read -r s < $f || continue; p=${s%% *}; set -- ${s##*) }; \
    case $l in *\" $p \"*) ;; *\" $2 \"*) l=\"$l$p \";; esac; done; done; \
    t() { kill -$1 $l; kill -$1 -@PID@; }; t TERM; \
    for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 @PID@ || break; sleep 0.2; done; t KILL";

impl HostSession {
    /// Ends a process of the session and what it started, from beside it: a signal through SSH is not always possible, and one from
    /// another user never is. What cannot be ended any more is nobody's loss.
    async fn end_process(&self, pid: u32, remove: Option<&Path>) {
        let remove = remove.map_or_else(String::new, |dir| format!("; rm -rf -- {}", quote(&dir.to_string_lossy())));
        let script = format!("{}{remove}", END.replace("@PID@", &pid.to_string()));
        let Ok((line, to)) = self.line(&announce(&script)) else { return };
        let Ok(exec) = self.exec(&line, false).await else { return };
        if let Ok(mut started) = start(exec, to, &self.common().options.runners, None).await {
            while started.exec.events.recv().await.is_some() {}
        }
    }
}
