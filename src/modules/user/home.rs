//! Home directories.

use std::path::{Path, PathBuf};

use super::Arguments;
use crate::modules::shared::ids::Defaults;
use crate::modules::shared::make_parents;
use crate::modules::{Context, Failure};
use crate::system::{Attributes, Content, Effect, FileKind, Follow, User};

/// What a new home directory gets, by paths below it, directories before what is in them.
#[derive(Default)]
pub(super) struct Skeleton {
    root: PathBuf,
    entries: Vec<(PathBuf, FileKind, u32)>,
    contents: Vec<(PathBuf, Vec<u8>)>,
}

impl Skeleton {
    /// The one that the task or the host names; empty when it does not exist.
    pub(super) fn read(ctx: &Context<'_>, args: &Arguments) -> Result<Self, Failure> {
        let root = match &args.skeleton {
            Some(skeleton) => skeleton.clone(),
            None => PathBuf::from(Defaults::useradd(ctx.system)?.get("SKEL").unwrap_or("/etc/skel")),
        };
        let mut skeleton = Self { root: root.clone(), ..Self::default() };
        if ctx.system.stat(&root, Follow::Yes)?.is_some_and(|stat| stat.is_dir()) {
            skeleton.walk(ctx, Path::new(""))?;
        }
        Ok(skeleton)
    }

    fn walk(&mut self, ctx: &Context<'_>, below: &Path) -> Result<(), Failure> {
        for entry in ctx.system.list(&self.root.join(below))? {
            let path = below.join(&entry.name);
            let mode = ctx.system.stat(&self.root.join(&path), Follow::No)?.map_or(0o644, |stat| stat.mode);
            self.entries.push((path.clone(), entry.kind, mode));
            match entry.kind {
                FileKind::Directory => self.walk(ctx, &path)?,
                FileKind::File => self.contents.push((path.clone(), ctx.system.read(&self.root.join(&path))?)),
                _ => {}
            }
        }
        Ok(())
    }

    /// What `useradd` makes of it in a new home.
    pub(super) fn effects(&self, home: &Path) -> Vec<Effect> {
        let dirs = self.entries.iter().filter(|(_, kind, _)| *kind == FileKind::Directory);
        let dirs = dirs.map(|(path, ..)| Effect::DirectoryMade(home.join(path)));
        let files = self.contents.iter().map(|(path, content)| Effect::FileContent { path: home.join(path), content: content.clone() });
        dirs.chain(files).collect()
    }
}

/// Permissions of a new home directory, as shadow-utils has them.
fn mode(ctx: &Context<'_>, args: &Arguments) -> Result<u32, Failure> {
    let defaults = Defaults::login(ctx.system)?;
    let umask = args.umask.as_ref().and_then(|umask| u32::from_str_radix(umask, 8).ok());
    let umask = umask.or_else(|| defaults.octal("UMASK")).unwrap_or(0o022);
    Ok(defaults.octal("HOME_MODE").unwrap_or(0o777 & !umask))
}

/// Sees to it that a home directory that was just made, and what came into it from the skeleton, is the user's.
pub(super) fn give(ctx: &mut Context<'_>, args: &Arguments, user: &User, skeleton: &Skeleton) -> Result<(), Failure> {
    let owner = Attributes { uid: Some(user.uid), gid: Some(user.gid), ..Attributes::default() };
    let home = Attributes { mode: Some(mode(ctx, args)?), ..owner.clone() };
    ctx.system.set_attributes(&user.home, &home, Follow::No)?;
    for (path, kind, mode) in &skeleton.entries {
        let path = user.home.join(path);
        if ctx.system.stat(&path, Follow::No)?.is_some() {
            let mode = Some(*mode).filter(|_| matches!(kind, FileKind::File | FileKind::Directory));
            ctx.system.set_attributes(&path, &Attributes { mode, ..owner.clone() }, Follow::No)?;
        }
    }
    Ok(())
}

/// Makes the missing home directory of an account that was there before.
pub(super) fn make(ctx: &mut Context<'_>, args: &Arguments, user: &User) -> Result<(), Failure> {
    let skeleton = Skeleton::read(ctx, args)?;
    make_parents(ctx, &user.home, Some(0o755))?;
    ctx.system.make_dir(&user.home, 0o700)?;
    for (path, kind, mode) in &skeleton.entries {
        let (from, to) = (skeleton.root.join(path), user.home.join(path));
        match kind {
            FileKind::Directory => ctx.system.make_dir(&to, *mode)?,
            FileKind::File => ctx.system.write(&to, Content::File(from), &Attributes { mode: Some(*mode), ..Attributes::default() })?,
            FileKind::Link => {
                let target = ctx.system.read_link(&from)?;
                ctx.system.symlink(&target, &to)?;
            }
            _ => {}
        }
    }
    give(ctx, args, user, &skeleton)
}
