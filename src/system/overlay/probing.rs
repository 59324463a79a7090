//! Which read-only commands can be trusted in check mode.

use std::path::Path;

use super::Overlay;
use crate::system::{Command, Error, ErrorKind, Follow, Result, System};

impl<S: System> Overlay<S> {
    /// An error if the real machine would answer otherwise than after the real run.
    pub(super) fn check_probe(&self, command: &Command) -> Result<()> {
        let view = self.view()?;
        let program = command.argv.first().map_or("", String::as_str);
        let unpredictable = |reason: String| Err(Error::new(ErrorKind::Unpredictable, format!("run `{program}`"), reason));
        if view.assumed {
            return unpredictable(format!("the user `{}` is there only after the real run", view.who.name));
        }
        if view.memory.has_no_files() && !view.has_doubt() {
            return Ok(());
        }
        if self.inner.which(program)?.is_none() {
            if view.which(program)?.is_some() {
                return unpredictable(format!("`{program}` is there only after the real run"));
            }
            if view.has_doubt() {
                return Err(view.missing("run", Path::new(program), "no such program on the search path"));
            }
        }
        let arguments = command.argv.iter().skip(1);
        let named = arguments.flat_map(|argument| [Some(argument.as_str()), argument.split_once('=').map(|(_, value)| value)]).flatten();
        let paths = named.filter(|text| text.starts_with('/')).map(Path::new).chain(command.cwd.as_deref());
        // Below the root nearly everything may differ, and who asks about the root itself does not mean that.
        let paths = paths.filter(|path| *path != Path::new("/"));
        for path in paths {
            if view.differs(path)? {
                return unpredictable(format!("`{}` is as it needs it only after the real run", path.display()));
            }
        }
        Ok(())
    }
}

impl crate::system::memory::View<'_> {
    /// Whether what is at `path`, or anything beneath, differs from the machine below.
    pub(super) fn differs(&self, path: &Path) -> Result<bool> {
        Ok(match self.real_path(path) {
            Ok(real) => self.memory.touches(&real),
            Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::Unpredictable) => {
                // The way to it is gone, or was never there.
                let below = self.below.map(|below| below.stat(path, Follow::Yes)).transpose()?;
                below.flatten().is_some()
            }
            Err(error) => return Err(error),
        })
    }
}
