//! Making a directory of the real machine look like a fake one, so that a module can be tried on both.

use std::collections::HashMap;
use std::fs::{self, File, FileTimes, Permissions};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, lchown, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::Fake;
use nix::libc;

use crate::system::contract::subjects::LocalShell;
use crate::system::memory::View;
use crate::system::{Cancel, FileKind, Follow, Group, Identity, Os, Output, ShellSystem, Stat, System, User};

/// The directory of the copy in which the tools of the real machine are seen.
const TOOLS: &str = ".host";
/// The directory of the copy in which its programs count and note what they are asked.
const NOTES: &str = ".notes";

/// What a machine behind a shell is asked for besides what its shell has.
const TOOLS_OF_SHELLS: &str = "base64 cat chgrp chmod chown cp date dd df env head id ln ls md5sum mkdir mv od readlink rm rmdir \
    sha1sum sha224sum sha256sum sha384sum sha512sum sleep sort stat tail test timeout touch tr uname wc";

/// What of a fake machine a real directory can look like.
pub(crate) struct Likeness {
    who: Identity,
    entries: Vec<(PathBuf, Stat, Body)>,
    users: Vec<User>,
    groups: Vec<Group>,
    answers: Vec<(Vec<String>, Vec<Output>)>,
}

enum Body {
    None,
    Bytes(Vec<u8>),
    Link(PathBuf),
}

/// What came of work on a copy.
pub(crate) struct Tried<T> {
    pub(crate) value: T,
    /// The copy afterwards.
    pub(crate) picture: Picture,
    /// What its programs were asked, a line each.
    pub(crate) asked: String,
}

/// Everything on a machine: kind, mode, owner, group and content by path, for comparison.
pub(crate) type Picture = Vec<(PathBuf, String)>;

impl Fake {
    /// What a real directory has to look like to be this machine; `None` when none can: things go wrong on this machine, programs
    /// compute their answers, servers answer, packages and services are there, or files of the kernel.
    pub(crate) fn likeness(&self) -> Option<Likeness> {
        let catalogue = self.memory.accounts()?;
        // The mask of the process is what the system calls show of it.
        if self.umask != 0o022 {
            return None;
        }
        if !self.faults.is_empty() || !self.network.is_silent() {
            return None;
        }
        let root = Identity { uid: 0, gid: 0, groups: vec![0], name: "root".into(), home: "/root".into() };
        let view = View { who: &root, ..self.view() };
        let mut entries = Vec::new();
        collect(&view, Path::new("/"), &mut entries)?;
        Some(Likeness { who: self.who.clone(), entries, users: catalogue.0, groups: catalogue.1, answers: self.script.borrow().fixed()? })
    }

    /// Everything on this machine that a copy would have.
    pub(crate) fn picture(&self) -> Option<Picture> {
        let root = Identity { uid: 0, gid: 0, groups: vec![0], name: "root".into(), home: "/root".into() };
        let mut entries = Vec::new();
        collect(&View { who: &root, ..self.view() }, Path::new("/"), &mut entries)?;
        Some(entries.into_iter().filter(|(path, ..)| is_shown(path)).map(|(path, stat, body)| line(path, &stat, &body)).collect())
    }
}

fn collect(view: &View<'_>, dir: &Path, entries: &mut Vec<(PathBuf, Stat, Body)>) -> Option<()> {
    let mut names: Vec<_> = view.list(dir).ok()?.into_iter().map(|entry| entry.name).collect();
    names.sort();
    for name in names {
        let path = dir.join(name);
        let stat = view.stat(&path, Follow::No).ok()??;
        let body = match stat.kind {
            FileKind::Directory | FileKind::Fifo => Body::None,
            FileKind::File => Body::Bytes(view.read(&path).ok()?),
            FileKind::Link => Body::Link(view.read_link(&path).ok()?),
            _ => return None,
        };
        // What the kernel shows there cannot be chosen.
        if path.parent().is_some_and(|dir| dir.starts_with("/proc") || dir.starts_with("/dev")) || path.starts_with("/lib") {
            return None;
        }
        let is_dir = stat.is_dir();
        entries.push((path.clone(), stat, body));
        if is_dir {
            collect(view, &path, entries)?;
        }
    }
    Some(())
}

fn line(path: PathBuf, stat: &Stat, body: &Body) -> (PathBuf, String) {
    let Stat { kind, mode, uid, gid, .. } = stat;
    let content = match body {
        Body::None => String::new(),
        // A program is not what it does.
        Body::Bytes(_) if is_program(&path) => String::new(),
        Body::Bytes(bytes) => format!(" {} {:?}", stat.links, String::from_utf8_lossy(bytes)),
        Body::Link(target) => format!(" {}", target.display()),
    };
    (path, format!("{kind:?} {mode:04o} {uid}:{gid}{content}"))
}

/// Whether the copy has it only because the fake machine has it.
fn is_shown(path: &Path) -> bool {
    let hidden = ["proc", "dev", "lib", "lib64", TOOLS, NOTES];
    !hidden.iter().any(|name| path.starts_with(Path::new("/").join(name))) && !is_account_file(path)
}

/// Where the program is that a test calls so: `/bin` and `/sbin` are links.
fn place_of(program: &str) -> PathBuf {
    let beneath = ["/bin/", "/sbin/"].iter().any(|dir| program.starts_with(dir));
    PathBuf::from(if beneath { format!("/usr{program}") } else { program.to_owned() })
}

fn is_account_file(path: &Path) -> bool {
    matches!(path.to_str(), Some("/etc/passwd" | "/etc/group"))
}

fn is_program(path: &Path) -> bool {
    path.parent().and_then(Path::file_name).is_some_and(|dir| dir == "bin" || dir == "sbin" || dir == "init.d")
}

impl Likeness {
    /// Whether a copy is like the machine in all that a module can see. Not if the machine has users besides those of its files.
    pub(crate) fn is_whole(&self) -> bool {
        !self.entries.iter().any(|(path, ..)| is_account_file(path))
    }

    /// Lets `act` at a copy of the machine by system calls; `None` where that is not possible.
    pub(crate) fn on_os<T: Send>(&self, act: impl FnOnce(&mut dyn System) -> T + Send) -> Option<Tried<T>> {
        self.copied(|| act(&mut Os::with_scratch_in(Cancel::new(), "/tmp".into())))
    }

    /// Lets `act` at a copy of the machine through a shell; `None` where that is not possible.
    pub(crate) fn on_shell<T: Send>(&self, act: impl FnOnce(&mut dyn System) -> T + Send) -> Option<Tried<T>> {
        let path = format!("{}:/{TOOLS}/bin", crate::system::lookup::SEARCH_PATH.join(":"));
        let shell = format!("/{TOOLS}/usr/bin/dash");
        self.copied(|| {
            let mut system = ShellSystem::new(LocalShell::start(&[&shell], Some(Path::new(&path)))).expect("a shell");
            act(&mut system)
        })
    }

    fn copied<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Option<Tried<T>> {
        if !nix::unistd::geteuid().is_root() || !Path::new("/usr/bin/dash").exists() {
            return None;
        }
        // Not removed by itself: first it must be certain that nothing of the real machine is seen in it any more.
        let root = tempfile::tempdir().expect("a directory").keep().canonicalize().expect("a path");
        fs::set_permissions(&root, Permissions::from_mode(0o755)).expect("chmod");
        self.build(&root).expect("a copy");
        for dir in ["usr", "proc", "dev"] {
            fs::create_dir_all(root.join(TOOLS).join(dir)).expect("a directory");
        }
        fs::create_dir(root.join(TOOLS).join("bin")).expect("a directory");
        for name in TOOLS_OF_SHELLS.split_whitespace() {
            symlink(format!("/{TOOLS}/usr/bin/{name}"), root.join(TOOLS).join("bin").join(name)).expect("a link");
        }
        for name in ["lib", "lib64"] {
            symlink(format!("/{TOOLS}/usr/{name}"), root.join(name)).expect("a link");
        }
        // A thread with a root directory, mounts and a network of its own.
        let value = std::thread::scope(|scope| scope.spawn(|| self.enter(&root).then(work)).join())
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let (mut picture, asked) = (picture(&root).expect("a picture"), asked(&root));
        let invisible = self.invisible();
        picture.retain(|(path, _)| !invisible.contains(path));
        let seen = fs::read_dir(root.join(TOOLS).join("usr")).expect("a directory").count();
        assert_eq!(seen, 0, "a mount was not private");
        fs::remove_dir_all(&root).expect("removes");
        Some(Tried { value: value?, picture, asked })
    }

    /// Makes `root` the root directory of this thread, and the thread who acts on the machine. False when the system does not allow it.
    fn enter(&self, root: &Path) -> bool {
        use nix::mount::{MsFlags, mount};
        // SAFETY: it takes flags and concerns this thread only.
        if unsafe { libc::unshare(libc::CLONE_NEWNS | libc::CLONE_NEWNET | libc::CLONE_FS) } != 0 {
            return false;
        }
        const NO: Option<&str> = None;
        mount(NO, "/", NO, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NO).expect("private mounts");
        for (from, to) in [("/usr", root.join(TOOLS).join("usr")), ("/dev", root.join("dev")), ("/proc", root.join("proc"))] {
            mount(Some(from), &to, NO, MsFlags::MS_BIND, NO).expect("a mount");
            mount(NO, &to, NO, MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY, NO).expect("a mount that is read only");
        }
        nix::unistd::chroot(root).expect("another root");
        nix::unistd::chdir("/").expect("the root");
        let groups: Vec<libc::gid_t> = self.who.groups.clone();
        // SAFETY: numbers and one array that lives long enough; by system calls, for the functions of the C library change all threads.
        let done = unsafe {
            libc::umask(0o022);
            self.who.uid == 0
                || libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()) == 0
                    && libc::syscall(libc::SYS_setresgid, self.who.gid, self.who.gid, self.who.gid) == 0
                    && libc::syscall(libc::SYS_setresuid, self.who.uid, self.who.uid, self.who.uid) == 0
        };
        assert!(done, "the thread does not become {}", self.who.name);
        true
    }

    /// Programs that answer in the test although they are not there.
    fn invisible(&self) -> Vec<PathBuf> {
        let programs = self.answers.iter().filter_map(|(prefix, _)| prefix.first()).filter(|program| program.contains('/'));
        programs.map(|program| place_of(program)).filter(|place| !self.entries.iter().any(|(path, ..)| path == place)).collect()
    }

    /// Makes everything in the empty directory `root`.
    fn build(&self, root: &Path) -> std::io::Result<()> {
        let at = |path: &Path| root.join(path.strip_prefix("/").unwrap_or(path));
        let mut names: HashMap<u64, PathBuf> = HashMap::new();
        for (path, stat, body) in &self.entries {
            let place = at(path);
            match (names.get(&stat.inode).filter(|_| stat.links > 1 && !stat.is_dir()), body) {
                (Some(first), _) => fs::hard_link(first, &place)?,
                (None, Body::Link(target)) => symlink(target, &place)?,
                (None, Body::Bytes(bytes)) if bytes.is_empty() && is_program(path) => fs::write(&place, self.program(path))?,
                (None, Body::Bytes(bytes)) => fs::write(&place, bytes)?,
                (None, Body::None) if stat.is_dir() => fs::create_dir(&place)?,
                (None, Body::None) => nix::unistd::mkfifo(&place, nix::sys::stat::Mode::S_IRUSR)?,
            }
            names.insert(stat.inode, place);
        }
        for program in self.invisible() {
            fs::write(at(&program), self.program(&program))?;
            fs::set_permissions(at(&program), Permissions::from_mode(0o755))?;
        }
        let users = self.users.iter().map(|user| {
            let User { name, uid, gid, comment, home, shell, .. } = user;
            format!("{name}:x:{uid}:{gid}:{comment}:{}:{shell}\n", home.display())
        });
        let groups = self.groups.iter().map(|group| format!("{}:x:{}:{}\n", group.name, group.gid, group.members.join(",")));
        for (name, text) in [("/etc/passwd", users.collect::<String>()), ("/etc/group", groups.collect())] {
            if !at(Path::new(name)).exists() {
                fs::write(at(Path::new(name)), text)?;
            }
        }
        for (number, (_, outputs)) in self.answers.iter().enumerate() {
            for (turn, output) in outputs.iter().enumerate() {
                let place = at(&Path::new(NOTES).join(format!("{number}.{turn}")));
                fs::create_dir_all(&place)?;
                fs::write(place.join("out"), &output.stdout)?;
                fs::write(place.join("err"), &output.stderr)?;
            }
        }
        fs::create_dir_all(at(Path::new(NOTES)))?;
        fs::set_permissions(at(Path::new(NOTES)), Permissions::from_mode(0o777))?;
        for (path, stat, _) in self.entries.iter().rev() {
            let place = at(path);
            lchown(&place, Some(stat.uid), Some(stat.gid))?;
            if stat.kind != FileKind::Link {
                fs::set_permissions(&place, Permissions::from_mode(stat.mode))?;
            }
            if stat.is_file() || stat.is_dir() {
                let time = |seconds: f64| SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds.max(0.0));
                File::open(&place)?.set_times(FileTimes::new().set_accessed(time(stat.atime)).set_modified(time(stat.mtime)))?;
            }
        }
        Ok(())
    }

    /// What the program at `path` does in the copy: notes what it is asked, and answers as the script of the fake machine says.
    fn program(&self, path: &Path) -> String {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut rules: Vec<(usize, &Vec<String>, &Vec<Output>)> = Vec::new();
        for (number, (prefix, outputs)) in self.answers.iter().enumerate() {
            if prefix.first().is_some_and(|first| *first == name || place_of(first) == path) {
                rules.push((number, prefix, outputs));
            }
        }
        rules.sort_by_key(|(_, prefix, _)| std::cmp::Reverse(prefix.len()));
        let mut text = format!(
            "#!/{TOOLS}/usr/bin/dash\nPATH=/{TOOLS}/usr/bin\nexport PATH\nprintf '%s' '{name}' >>/{NOTES}/log\n\
             for word; do printf ' %s' \"$word\" >>/{NOTES}/log; done\necho >>/{NOTES}/log\n"
        );
        for (number, prefix, outputs) in rules {
            let words = prefix
                .iter()
                .enumerate()
                .skip(1)
                .map(|(place, word)| format!(" && [ \"${{{place}-}}\" = '{}' ]", word.replace('\'', "'\\''")));
            text.push_str(&format!("if [ $# -ge {} ]{}; then\n", prefix.len() - 1, words.collect::<String>()));
            text.push_str(&format!("n=0; [ -e /{NOTES}/{number} ] && read n </{NOTES}/{number}\n"));
            text.push_str(&format!("[ \"$n\" -lt {} ] && echo $((n + 1)) >/{NOTES}/{number}\n", outputs.len() - 1));
            text.push_str(&format!("cat /{NOTES}/{number}.$n/out; cat /{NOTES}/{number}.$n/err >&2\ncase $n in\n"));
            for (turn, output) in outputs.iter().enumerate() {
                let code = if output.rc < 0 { 128 - output.rc } else { output.rc };
                text.push_str(&format!("{turn}) exit {code} ;;\n"));
            }
            text.push_str("esac\nfi\n");
        }
        text
    }
}

/// Everything in the copy at `root`.
fn picture(root: &Path) -> std::io::Result<Picture> {
    let mut entries = Vec::new();
    look(root, Path::new("/"), &mut entries)?;
    Ok(entries)
}

/// What the programs of the copy were asked.
fn asked(root: &Path) -> String {
    fs::read_to_string(root.join(NOTES).join("log")).unwrap_or_default()
}

fn look(root: &Path, dir: &Path, entries: &mut Picture) -> std::io::Result<()> {
    let mut names: Vec<_> = fs::read_dir(root.join(dir.strip_prefix("/").unwrap_or(dir)))?
        .map(|entry| Ok(entry?.file_name()))
        .collect::<std::io::Result<_>>()?;
    names.sort();
    for name in names {
        let path = dir.join(name);
        if !is_shown(&path) {
            continue;
        }
        let place = root.join(path.strip_prefix("/").unwrap_or(&path));
        let metadata = fs::symlink_metadata(&place)?;
        let (kind, body) = match metadata.file_type() {
            kind if kind.is_dir() => (FileKind::Directory, Body::None),
            kind if kind.is_file() => (FileKind::File, Body::Bytes(fs::read(&place)?)),
            kind if kind.is_symlink() => (FileKind::Link, Body::Link(fs::read_link(&place)?)),
            kind if kind.is_fifo() => (FileKind::Fifo, Body::None),
            _ => (FileKind::Socket, Body::None),
        };
        let stat = Stat {
            mode: if kind == FileKind::Link { 0o777 } else { metadata.mode() & 0o7777 },
            uid: metadata.uid(),
            gid: metadata.gid(),
            links: metadata.nlink(),
            ..Stat::new(kind)
        };
        entries.push(line(path.clone(), &stat, &body));
        if kind == FileKind::Directory {
            look(root, &path, entries)?;
        }
    }
    Ok(())
}
