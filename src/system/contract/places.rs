//! Directories, links, moving and removing.

use std::path::{Path, PathBuf};

use super::{Case, NONE, expect, in_dir, names, put, stat, text};
use crate::system::{Attributes, ErrorKind, FileKind, Follow, System};

pub(super) const CASES: &[Case] = &[
    ("directories", directories),
    ("what is at a path", stats),
    ("entries of a directory", entries),
    ("symbolic links", symbolic_links),
    ("paths without links", real_paths),
    ("hard links", hard_links),
    ("moving files", moving_files),
    ("moving directories", moving_directories),
    ("moves that cannot be", impossible_moves),
    ("removing", removing),
    ("temporary entries", temporary_entries),
    ("programs on the search path", programs),
];

fn directories(system: &mut dyn System, dir: &Path) {
    let slash = PathBuf::from(format!("{}/slash/", dir.display()));
    system.make_dir(&slash, 0o755).unwrap();
    assert!(system.stat(&in_dir(dir, "slash"), Follow::No).unwrap().unwrap().is_dir());
    system.remove(&slash).unwrap();
    for mode in [0o700, 0o777, 0o1777, 0o2750] {
        let path = in_dir(dir, &format!("{mode:o}"));
        system.make_dir(&path, mode).unwrap();
        let found = stat(system, &path);
        assert_eq!((found.kind, found.mode), (FileKind::Directory, mode), "{mode:o}");
    }
    put(system, &in_dir(dir, "file"), "");
    expect("there", system.make_dir(&in_dir(dir, "700"), 0o755), ErrorKind::Exists);
    expect("a file is there", system.make_dir(&in_dir(dir, "file"), 0o755), ErrorKind::Exists);
    expect("no parent", system.make_dir(&in_dir(dir, "a/b"), 0o755), ErrorKind::NotFound);
    expect("under a file", system.make_dir(&in_dir(dir, "file/b"), 0o755), ErrorKind::NotADirectory);
}

fn stats(system: &mut dyn System, dir: &Path) {
    put(system, &in_dir(dir, "file"), "12345");
    system.symlink(Path::new("file"), &in_dir(dir, "link")).unwrap();
    system.symlink(Path::new("nowhere"), &in_dir(dir, "dangling")).unwrap();
    system.symlink(Path::new("loop"), &in_dir(dir, "loop")).unwrap();
    let kind = |name: &str, follow| system.stat(&in_dir(dir, name), follow).unwrap().map(|stat| stat.kind);
    assert_eq!(kind("link", Follow::No), Some(FileKind::Link));
    assert_eq!(kind("link", Follow::Yes), Some(FileKind::File));
    assert_eq!(kind("dangling", Follow::No), Some(FileKind::Link));
    assert_eq!(kind("loop", Follow::No), Some(FileKind::Link));
    for name in ["dangling", "missing", "missing/x", "file/x"] {
        assert_eq!(kind(name, Follow::Yes), None, "{name}");
    }
    assert_eq!(kind("file/x", Follow::No), None);
    let (link, file) = (stat(system, &in_dir(dir, "link")), stat(system, &in_dir(dir, "file")));
    assert_eq!(link.size, 4, "the length of its text");
    assert_ne!(link.inode, file.inode);
    assert_eq!(system.stat(&in_dir(dir, "link"), Follow::Yes).unwrap().unwrap().inode, file.inode);
    assert_eq!(system.stat(&in_dir(dir, "./../../file"), Follow::Yes).unwrap(), None);
    assert!(system.stat(Path::new("/"), Follow::No).unwrap().unwrap().is_dir());
}

fn entries(system: &mut dyn System, dir: &Path) {
    for name in ["b", ".a", "C", "a"] {
        put(system, &in_dir(dir, name), "");
    }
    system.make_dir(&in_dir(dir, "d"), 0o755).unwrap();
    system.symlink(Path::new("d"), &in_dir(dir, "l")).unwrap();
    system.symlink(Path::new("nowhere"), &in_dir(dir, "x")).unwrap();
    let found: Vec<(String, FileKind)> =
        system.list(dir).unwrap().into_iter().map(|entry| (entry.name.into_string().unwrap(), entry.kind)).collect();
    let expected = [
        (".a", FileKind::File),
        ("C", FileKind::File),
        ("a", FileKind::File),
        ("b", FileKind::File),
        ("d", FileKind::Directory),
        ("l", FileKind::Link),
        ("x", FileKind::Link),
    ];
    assert_eq!(found, expected.map(|(name, kind)| (name.to_owned(), kind)));
    assert_eq!(names(system, &in_dir(dir, "l")), Vec::<String>::new(), "through a link");
}

fn symbolic_links(system: &mut dyn System, dir: &Path) {
    let link = in_dir(dir, "link");
    for target in ["one", "two", "/absolute/../x", ".", "../up"] {
        system.symlink(Path::new(target), &link).unwrap();
        assert_eq!(system.read_link(&link).unwrap(), Path::new(target));
    }
    put(system, &in_dir(dir, "file"), "");
    system.symlink(Path::new("x"), &in_dir(dir, "file")).unwrap();
    assert!(stat(system, &in_dir(dir, "file")).is_link());
    system.make_dir(&in_dir(dir, "dir"), 0o755).unwrap();
    expect("directory", system.symlink(Path::new("x"), &in_dir(dir, "dir")), ErrorKind::IsADirectory);
    expect("no parent", system.symlink(Path::new("x"), &in_dir(dir, "a/b")), ErrorKind::NotFound);
    system.symlink(Path::new("dir"), &in_dir(dir, "to dir")).unwrap();
    system.symlink(Path::new("elsewhere"), &in_dir(dir, "to dir")).unwrap();
    assert_eq!(system.read_link(&in_dir(dir, "to dir")).unwrap(), Path::new("elsewhere"), "replaced, not gone into");
    assert_eq!(names(system, dir), ["dir", "file", "link", "to dir"]);
    expect("no link", system.read_link(&in_dir(dir, "dir")), ErrorKind::Other);
    expect("nothing", system.read_link(&in_dir(dir, "missing")), ErrorKind::NotFound);
}

fn real_paths(system: &mut dyn System, dir: &Path) {
    system.make_dir(&in_dir(dir, "d"), 0o755).unwrap();
    system.make_dir(&in_dir(dir, "d/e"), 0o755).unwrap();
    put(system, &in_dir(dir, "d/e/file"), "");
    for (name, target) in
        [("l", PathBuf::from("d/e")), ("m", in_dir(dir, "l")), ("f", PathBuf::from("l/file")), ("new", PathBuf::from("d/to be made"))]
    {
        system.symlink(&target, &in_dir(dir, name)).unwrap();
    }
    let table = [
        ("m/file", "d/e/file"),
        ("f", "d/e/file"),
        ("m", "d/e"),
        ("l/..", "d"),
        ("l/../e/./file", "d/e/file"),
        ("l/missing", "d/e/missing"),
        ("new", "d/to be made"),
        ("d/e/", "d/e"),
    ];
    for (path, expected) in table {
        assert_eq!(system.real_path(&in_dir(dir, path)).unwrap(), in_dir(dir, expected), "{path}");
    }
    assert_eq!(system.real_path(Path::new("/")).unwrap(), Path::new("/"));
    expect("no parent", system.real_path(&in_dir(dir, "a/b")), ErrorKind::NotFound);
    expect("under a file", system.real_path(&in_dir(dir, "f/b")), ErrorKind::NotADirectory);
}

fn hard_links(system: &mut dyn System, dir: &Path) {
    let (one, two, link) = (in_dir(dir, "one"), in_dir(dir, "two"), in_dir(dir, "link"));
    put(system, &one, "x");
    put(system, &two, "y");
    for _ in 0..2 {
        system.hard_link(&one, &two).unwrap();
        let (a, b) = (stat(system, &one), stat(system, &two));
        assert_eq!((a.inode, a.links, b.links), (b.inode, 2, 2));
        assert_eq!(names(system, dir), ["one", "two"]);
    }
    system.set_attributes(&one, &Attributes { mode: Some(0o600), ..NONE }, Follow::No).unwrap();
    assert_eq!(stat(system, &two).mode, 0o600, "one file with two names");
    system.remove(&one).unwrap();
    assert_eq!((stat(system, &two).links, text(system, &two).as_str()), (1, "x"));
    system.symlink(Path::new("two"), &link).unwrap();
    system.hard_link(&link, &one).unwrap();
    assert!(stat(system, &one).is_link(), "a link is not followed");
    system.make_dir(&in_dir(dir, "dir"), 0o755).unwrap();
    expect("directory", system.hard_link(&in_dir(dir, "dir"), &in_dir(dir, "x")), ErrorKind::IsADirectory);
    expect("onto a directory", system.hard_link(&two, &in_dir(dir, "dir")), ErrorKind::IsADirectory);
    expect("nothing", system.hard_link(&in_dir(dir, "missing"), &in_dir(dir, "x")), ErrorKind::NotFound);
    expect("no parent", system.hard_link(&two, &in_dir(dir, "a/b")), ErrorKind::NotFound);
}

fn moving_files(system: &mut dyn System, dir: &Path) {
    let (one, two, link) = (in_dir(dir, "one"), in_dir(dir, "two"), in_dir(dir, "link"));
    put(system, &one, "1");
    put(system, &two, "2");
    let before = stat(system, &one);
    system.rename(&one, &two).unwrap();
    assert_eq!((text(system, &two).as_str(), stat(system, &two).inode, names(system, dir)), ("1", before.inode, vec!["two".to_owned()]));
    system.rename(&two, &two).unwrap();
    system.make_dir(&in_dir(dir, "dir"), 0o755).unwrap();
    system.symlink(Path::new("dir"), &link).unwrap();
    system.rename(&two, &link).unwrap();
    assert_eq!(text(system, &link), "1", "a link to a directory is replaced, not gone into");
    system.symlink(Path::new("nowhere"), &one).unwrap();
    system.rename(&one, &in_dir(dir, "dir/moved")).unwrap();
    assert_eq!(system.read_link(&in_dir(dir, "dir/moved")).unwrap(), Path::new("nowhere"));
}

fn moving_directories(system: &mut dyn System, dir: &Path) {
    system.make_dir(&in_dir(dir, "from"), 0o750).unwrap();
    system.make_dir(&in_dir(dir, "from/sub"), 0o700).unwrap();
    put(system, &in_dir(dir, "from/sub/file"), "deep");
    system.make_dir(&in_dir(dir, "empty"), 0o755).unwrap();
    system.rename(&in_dir(dir, "from"), &in_dir(dir, "empty")).unwrap();
    assert_eq!(names(system, dir), ["empty"]);
    assert_eq!((stat(system, &in_dir(dir, "empty")).mode, text(system, &in_dir(dir, "empty/sub/file")).as_str()), (0o750, "deep"));
    system.rename(&in_dir(dir, "empty"), &in_dir(dir, "new")).unwrap();
    assert_eq!(text(system, &in_dir(dir, "new/sub/file")), "deep");
    assert_eq!(system.stat(&in_dir(dir, "empty/sub"), Follow::No).unwrap(), None);
}

fn impossible_moves(system: &mut dyn System, dir: &Path) {
    put(system, &in_dir(dir, "file"), "x");
    system.make_dir(&in_dir(dir, "dir"), 0o755).unwrap();
    put(system, &in_dir(dir, "dir/file"), "y");
    system.make_dir(&in_dir(dir, "other"), 0o755).unwrap();
    let table = [
        ("missing", "x", ErrorKind::NotFound),
        ("file", "missing/x", ErrorKind::NotFound),
        ("file", "dir", ErrorKind::IsADirectory),
        ("file", "other", ErrorKind::IsADirectory),
        ("dir", "file", ErrorKind::NotADirectory),
        ("file", "file/x", ErrorKind::NotADirectory),
        ("other", "dir", ErrorKind::NotEmpty),
        ("dir", "dir/sub", ErrorKind::Other),
    ];
    for (from, to, expected) in table {
        expect(&format!("{from} to {to}"), system.rename(&in_dir(dir, from), &in_dir(dir, to)), expected);
    }
    assert_eq!(names(system, dir), ["dir", "file", "other"]);
    assert_eq!(names(system, &in_dir(dir, "dir")), ["file"]);
}

fn removing(system: &mut dyn System, dir: &Path) {
    system.make_dir(&in_dir(dir, "dir"), 0o755).unwrap();
    system.make_dir(&in_dir(dir, "dir/sub"), 0o755).unwrap();
    put(system, &in_dir(dir, "dir/sub/file"), "");
    put(system, &in_dir(dir, "file"), "");
    system.symlink(Path::new("file"), &in_dir(dir, "link")).unwrap();
    system.symlink(Path::new("dir"), &in_dir(dir, "to dir")).unwrap();
    for name in ["link", "to dir"] {
        system.remove(&in_dir(dir, name)).unwrap();
    }
    assert_eq!(names(system, dir), ["dir", "file"], "links go, not what they lead to");
    assert_eq!(names(system, &in_dir(dir, "dir")), ["sub"]);
    for name in ["dir", "file", "missing", "missing/x", "file/x"] {
        system.remove(&in_dir(dir, name)).unwrap();
    }
    assert_eq!(names(system, dir), Vec::<String>::new());
    put(system, &in_dir(dir, "file"), "");
    system.remove(&in_dir(dir, "file/x")).unwrap();
    assert_eq!(names(system, dir), ["file"]);
}

fn temporary_entries(system: &mut dyn System, dir: &Path) {
    let file = system.make_temporary(dir, "pre fix.", ".suf fix", FileKind::File).unwrap();
    let other = system.make_temporary(dir, "", "", FileKind::File).unwrap();
    let folder = system.make_temporary(dir, "d.", "", FileKind::Directory).unwrap();
    assert_eq!((stat(system, &file).kind, stat(system, &file).mode, stat(system, &file).size), (FileKind::File, 0o600, 0));
    assert_eq!((stat(system, &folder).kind, stat(system, &folder).mode), (FileKind::Directory, 0o700));
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("pre fix.") && name.ends_with(".suf fix") && name.len() > 20, "{name}");
    assert_eq!(file.parent(), Some(dir));
    assert_ne!(file, other);
    expect("no directory", system.make_temporary(&in_dir(dir, "missing"), "", "", FileKind::File), ErrorKind::NotFound);
    expect("no directory", system.make_temporary(&file, "", "", FileKind::Directory), ErrorKind::NotADirectory);
    expect("no such kind", system.make_temporary(dir, "", "", FileKind::Fifo), ErrorKind::Unsupported);
}

fn programs(system: &mut dyn System, dir: &Path) {
    let program = in_dir(dir, "program");
    put(system, &program, "");
    let name = program.to_str().unwrap();
    assert_eq!(system.which(name).unwrap(), None);
    system.set_attributes(&program, &Attributes { mode: Some(0o755), ..NONE }, Follow::No).unwrap();
    assert_eq!(system.which(name).unwrap(), Some(program.clone()));
    assert_eq!(system.which("no-such-program-anywhere").unwrap(), None);
    assert_eq!(system.which("").unwrap(), None);
    assert_eq!(system.which(dir.to_str().unwrap()).unwrap(), None, "a directory is no program");
}
