//! The content of an answer in a file.

use std::path::{Path, PathBuf};

use super::super::shared::file_options::FileOptions;
use super::super::shared::folder;
use super::super::shared::write::{self, NewFile, Source};
use super::super::{Context, Failure};
use super::answer::Answer;
use crate::base::url::Url;
use crate::system::file::Algorithm;
use crate::system::{Follow, Stat, hash};

/// Puts the content at `dest`, or in it when it is a directory, unless it is there already. The path, and whether anything changed.
pub(super) fn put(ctx: &mut Context<'_>, answer: &Answer, dest: &Path, options: &FileOptions) -> Result<(PathBuf, bool), Failure> {
    let is_dir = ctx.system.stat(dest, Follow::Yes)?.as_ref().is_some_and(Stat::is_dir);
    let path = if is_dir { dest.join(file_name(answer)) } else { dest.to_path_buf() };
    let refusal = |why: String| Failure::new(format!("failed to write `{}`: {why}", path.display()));
    let before = ctx.system.stat(&path, Follow::Yes)?;
    if before.as_ref().is_some_and(Stat::is_dir) {
        return Err(refusal("a directory is there".to_owned()));
    }
    folder::require(ctx.system, &path)?;
    let (source, digest) = match &answer.file {
        Some(file) => (Source::File(file), ctx.system.checksum(file, Algorithm::Sha1)?),
        None => {
            let digest = hash::digest(&mut answer.bytes.as_slice(), Algorithm::Sha1).map_err(|error| refusal(error.to_string()))?;
            (Source::Bytes(&answer.bytes), digest)
        }
    };
    let is_same = before.as_ref().is_some_and(Stat::is_file) && ctx.system.checksum(&path, Algorithm::Sha1)? == digest;
    if is_same {
        options.apply(ctx, &path, Follow::Yes)?;
    } else {
        write::put(ctx, &NewFile { path: &path, source, options, validate: None, backup: false })?;
    }
    let attributes = |stat: Option<Stat>| stat.map(|stat| (stat.mode, stat.uid, stat.gid));
    let changed = !is_same || attributes(before) != attributes(ctx.system.stat(&path, Follow::Yes)?);
    Ok((path, changed))
}

/// The name that the server gives the content, or that ends its URL.
fn file_name(answer: &Answer) -> String {
    let header = answer.response.header("content-disposition").unwrap_or_default();
    let given = header.split(';').map(str::trim).find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("filename").then(|| value.trim().trim_matches('"').to_owned())
    });
    let from_url = || Url::parse(&answer.response.url).map(|url| url.file_name());
    // A server does not choose the directory.
    let last = |name: String| name.rsplit('/').next().unwrap_or_default().to_owned();
    let usable = |name: &String| !matches!(name.as_str(), "" | "." | "..") && !name.contains('\0');
    given.map(last).filter(usable).or_else(|| from_url().map(last).filter(usable)).unwrap_or_else(|| "index.html".to_owned())
}
