//! Check mode: a machine around another one, on which changes are recorded instead of done, and seen by whoever looks.
//!
//! Imported by the runner and by `transport`. Guarantees: the machine inside is never changed (scratch files, which are no change, are
//! really there); a change fails if the real one would, as far as can be seen: missing parents, kinds, permission bits of
//! the identity, read-only mounts. Access control lists, quotas and free space are not seen.
//!
//! What cannot be known is not guessed: an observation whose answer depends on a command that did not run, or on what a package
//! brings, fails with [`ErrorKind::Unpredictable`]. `stat`, `which`, `user`, `group` and `package` answer with what is known.
//! A probe runs for real, unless it would contradict what was recorded: when its program or directory is there only in the overlay, or
//! when an argument names a path that differs. Modules ask for files, users, groups, packages and services by the lookups of
//! [`System`], which see the overlay, and use probes for the rest. Nobody waits, since what happens meanwhile is not known. Servers of the
//! machine itself are asked only while no service would be started or stopped and no command would run.
//!
//! The record is a list of [`Change`]s: [`Overlay::take_log`] on one side and [`Overlay::replay`] on the other let two processes (two
//! identities) on one machine see each other's predictions.
//! To add an operation: its rule in [`super::memory`], and a method here that records what the rule yields.

mod operations;
mod probing;
mod talking;

use std::cell::OnceCell;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::file::verify;
use super::hash::sha256;
use super::memory::{Delta, Memory, SMALL, Source, Spool, View};
use super::{Attributes, Command, Content, Effect, Error, ErrorKind, FileKind, Follow, Identity, Result, System};

/// A piece of the record.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Change(Delta);

impl Change {
    /// What it is beside the tree of files, if that is what it is.
    pub fn effect(&self) -> Option<&Effect> {
        match &self.0 {
            Delta::Effect(effect) => Some(effect),
            _ => None,
        }
    }
}

/// Where the content of a file is.
#[derive(Clone, Debug)]
pub enum Located {
    /// At this path on the machine inside.
    Below(PathBuf),
    /// At this path on the machine that this program runs on.
    Spool(PathBuf),
    /// Here.
    Bytes(Arc<[u8]>),
}

/// A machine in check mode. See the module documentation.
pub struct Overlay<S> {
    inner: S,
    memory: Memory,
    log: Vec<Change>,
    spool_dir: PathBuf,
    who: OnceCell<Identity>,
    /// `who` is a user that is there only in the overlay.
    assumed: bool,
    umask: OnceCell<u32>,
    /// What the machine's clock said, and when.
    clock: OnceCell<(f64, Instant)>,
}

impl<S: System> Overlay<S> {
    /// Around `inner`, nothing changed yet. Large contents are put aside in `spool_dir` on the machine this program runs on.
    pub fn new(inner: S, spool_dir: PathBuf) -> Self {
        Self {
            inner,
            memory: Memory::new(),
            log: Vec::new(),
            spool_dir,
            who: OnceCell::new(),
            assumed: false,
            umask: OnceCell::new(),
            clock: OnceCell::new(),
        }
    }

    /// The machine inside, for a task that is not in check mode.
    pub fn inner_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The machine inside, again alone.
    pub fn into_inner(self) -> S {
        self.inner
    }

    /// What was recorded since this was last asked.
    pub fn take_log(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.log)
    }

    /// Takes over what another overlay of the same machine recorded.
    pub fn replay(&mut self, log: &[Change]) {
        for Change(delta) in log {
            self.memory.apply(delta);
        }
    }

    /// From here on everything is seen and done as the user `name`, who is there only in the overlay. The machine inside must be
    /// root's, so that nothing is out of its sight.
    ///
    /// # Errors
    /// When there is no such user, or the lookups fail.
    pub fn act_for(&mut self, name: &str) -> Result<()> {
        let unknown = || Error::new(ErrorKind::NotFound, format!("become `{name}`"), "there is no such user");
        let user = self.view()?.user(name)?.ok_or_else(unknown)?;
        let mut groups = vec![user.gid];
        for group in &user.groups {
            groups.extend(self.view()?.group(group)?.map(|group| group.gid));
        }
        self.who = OnceCell::from(Identity { uid: user.uid, gid: user.gid, groups, name: user.name, home: user.home });
        self.assumed = true;
        Ok(())
    }

    /// Where the content of the file at `path` is, for whoever reads it later.
    ///
    /// # Errors
    /// Those of [`System::read`].
    pub fn locate(&self, path: &Path) -> Result<Located> {
        match self.view()?.source_of(path)?.0 {
            Source::Below(place) => Ok(Located::Below(place)),
            Source::Bytes(bytes) => Ok(Located::Bytes(bytes)),
            Source::Spool(spool) => Ok(Located::Spool(spool.path.clone())),
            Source::Unknown(why) => {
                let reason = format!("its content is known only after the real run: {why}");
                Err(Error::new(ErrorKind::Unpredictable, format!("read `{}`", path.display()), reason))
            }
        }
    }

    fn view(&self) -> Result<View<'_>> {
        let who = match self.who.get() {
            Some(who) => who,
            None => {
                let who = self.inner.identity()?;
                self.who.get_or_init(|| who)
            }
        };
        let umask = match self.umask.get() {
            Some(umask) => *umask,
            None => {
                let umask = self.inner.umask()?;
                *self.umask.get_or_init(|| umask)
            }
        };
        let (start, since) = match self.clock.get() {
            Some(clock) => clock,
            None => {
                let epoch = self.inner.clock()?.epoch.as_secs_f64();
                self.clock.get_or_init(|| (epoch, Instant::now()))
            }
        };
        let now = start + since.elapsed().as_secs_f64();
        Ok(View { memory: &self.memory, below: Some(&self.inner), who, umask, now, assumed: self.assumed })
    }

    fn commit(&mut self, deltas: Vec<Delta>) {
        for delta in deltas {
            self.memory.apply(&delta);
            self.log.push(Change(delta));
        }
    }

    /// Content on its way to `path`, kept in memory or put aside, and its size.
    fn keep(&self, path: &Path, content: Content<'_>) -> Result<(Source, u64)> {
        let lost = |error: std::io::Error| {
            Error::new(
                ErrorKind::Other,
                format!("write `{}`", path.display()),
                format!("its content could not be kept for check mode: {error}"),
            )
        };
        match content {
            Content::Bytes(bytes) if bytes.len() <= SMALL => Ok((Source::Bytes(bytes.into()), bytes.len() as u64)),
            Content::Bytes(mut bytes) => {
                let spool = Spool::fill(&self.spool_dir, &mut bytes).map_err(lost)?;
                let size = spool.size;
                Ok((Source::Spool(Arc::new(spool)), size))
            }
            Content::File(file) => match self.view()?.source_of(&file)? {
                // A file of the machine may be gone when a later task reads this one: scratch files are removed with their task.
                (Source::Below(_), _) => {
                    let mut reader = System::open(self, &file)?;
                    self.keep(path, Content::Stream { reader: &mut *reader, sha256: None })
                }
                kept => Ok(kept),
            },
            Content::Stream { reader, sha256: announced } => {
                let mut start = Vec::new();
                (&mut *reader).take(SMALL as u64 + 1).read_to_end(&mut start).map_err(lost)?;
                if start.len() <= SMALL {
                    verify(path, announced.as_deref(), &sha256(&start))?;
                    let size = start.len() as u64;
                    return Ok((Source::Bytes(start.into()), size));
                }
                let spool = Spool::fill(&self.spool_dir, &mut start.as_slice().chain(reader)).map_err(lost)?;
                verify(path, announced.as_deref(), &spool.sha256)?;
                let size = spool.size;
                Ok((Source::Spool(Arc::new(spool)), size))
            }
        }
    }

    fn record_write(&mut self, path: &Path, content: Content<'_>, attributes: &Attributes, in_place: bool) -> Result<()> {
        let (source, size) = self.keep(path, content)?;
        let view = self.view()?;
        let deltas =
            if in_place { view.write_in_place(path, &source, size, attributes)? } else { view.write(path, &source, size, attributes)? };
        self.commit(deltas);
        Ok(())
    }

    fn record_attributes(&mut self, path: &Path, attributes: &Attributes, follow: Follow) -> Result<()> {
        let deltas = self.view()?.set_attributes(path, attributes, follow)?;
        self.commit(deltas);
        Ok(())
    }

    fn record_temporary(&mut self, dir: &Path, prefix: &str, suffix: &str, kind: FileKind) -> Result<PathBuf> {
        let (path, deltas) = self.view()?.make_temporary(dir, prefix, suffix, kind)?;
        self.commit(deltas);
        Ok(path)
    }

    fn record_effects(&mut self, command: &Command, effects: &[Effect]) -> Result<()> {
        let program = format!("`{}`", command.argv.first().map_or("a command", String::as_str));
        for effect in effects {
            let deltas = self.view()?.effect(effect, &program)?;
            self.commit(deltas);
            if let Effect::PackageInstalled(package) = effect {
                self.commit(vec![Delta::PackageDoubt(format!("the package `{}`, which an earlier task would install,", package.name))]);
            }
        }
        Ok(())
    }

    /// A command would run of which nobody knows what it does.
    fn record_unknown(&mut self, command: &Command) {
        let program = command.argv.first().map_or("", String::as_str);
        self.doubt(&format!("the command `{program}`, which an earlier task would run,"));
    }

    /// Something, of which `what` says what it is, may change the machine in ways that nobody foresees.
    pub fn doubt(&mut self, what: &str) {
        self.commit(vec![Delta::Doubt(what.to_owned())]);
    }
}

#[cfg(test)]
mod tests;
