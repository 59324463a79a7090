//! Paths on the controller.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::template::call::{Call, Test, def};
use crate::template::data;
use crate::template::fault::Eval;
use crate::template::files;

pub(super) static TABLE: &[Test] = &[
    def("abs", &[], "The path starts at the root.", "'/etc' is abs", "True", |call| Ok(path(call)?.is_absolute())).also(&["is_abs"]),
    def("directory", &[], "The path is a folder.", "'/' is directory", "True", |call| Ok(path(call)?.is_dir())).also(&["is_dir"]),
    def("file", &[], "The path is a file.", "'/' is file", "False", |call| Ok(path(call)?.is_file())).also(&["is_file"]),
    def("exists", &[], "The path exists; of a link, what it leads to.", "'/' is exists", "True", |call| Ok(path(call)?.exists())),
    def("link", &[], "The path is a symbolic link.", "'/' is link", "False", |call| Ok(path(call)?.is_symlink())).also(&["is_link"]),
    def("link_exists", &[], "The path exists, even as a link that leads nowhere.", "'/' is link_exists", "True", |call| {
        Ok(path(call)?.symlink_metadata().is_ok())
    }),
    def("mount", &[], "A file system is mounted at the path.", "'/' is mount", "True", |call| Ok(is_mount(&path(call)?)))
        .also(&["is_mount"]),
    def("same_file", &["other"], "Both paths lead to the same file.", "'/' is same_file('/.')", "True", |call| {
        let other = files::expand_home(&call.need_text(0)?);
        let identity = |path: &Path| path.metadata().map(|metadata| (metadata.dev(), metadata.ino()));
        match (identity(&path(call)?), identity(&other)) {
            (Ok(a), Ok(b)) => Ok(a == b),
            (Err(error), _) | (_, Err(error)) => Err(call.error(format!("a path cannot be read: {error}"))),
        }
    })
    .also(&["is_same_file"]),
    def("vaulted_file", &[], "The file is encrypted.", "'/dev/null' is vaulted_file", "False", |call| {
        let path = path(call)?;
        let mut start = Vec::new();
        let read = std::fs::File::open(&path).and_then(|file| {
            use std::io::Read as _;
            file.take(32).read_to_end(&mut start)
        });
        match read {
            Ok(_) => Ok(std::str::from_utf8(&start).is_ok_and(crate::vault::is_encrypted)),
            Err(error) => Err(call.error(format!("file `{}` cannot be read: {error}", path.display()))),
        }
    }),
];

fn path(call: &Call<'_, '_>) -> Eval<PathBuf> {
    match data::text(&call.input) {
        Some(text) => Ok(PathBuf::from(text)),
        None => Err(call.error(format!("a path is needed, not `{}`", data::type_name(&call.input)))),
    }
}

/// A folder on another device than the one above it, or the root.
fn is_mount(path: &Path) -> bool {
    let (Ok(own), Ok(above)) = (path.symlink_metadata(), path.join("..").metadata()) else { return false };
    !own.is_symlink() && own.is_dir() && (own.dev() != above.dev() || own.ino() == above.ino())
}
