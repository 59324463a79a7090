//! What packages bring that are to be installed: looked up in their files when changes are only predicted, so that later tasks find
//! directories, programs, configuration and services in the prediction that the real installation puts there.

use std::path::{Path, PathBuf};

use super::aptget::{AptGet, failed};
use super::simulation::Simulation;
use crate::modules::shared::run::look;
use crate::modules::shared::{exists, required_command};
use crate::modules::{Context, Failure};
use crate::system::{Effect, FileKind, Follow, Placed};

/// Package files are fetched up to this many bytes together; of more than that nothing is foreseen.
const MOST_BYTES: u64 = 64 << 20;
/// So many files and directories are foreseen.
const MOST_ENTRIES: usize = 20_000;
/// Files up to this many bytes are foreseen with their content, where people look into them.
const TEXT: u64 = 64 << 10;
const READ_BY_PEOPLE: &[&str] = &["/etc", "/lib/systemd", "/usr/lib/systemd"];
const PURPOSE: &str = "look into the packages";

/// What the packages of a simulation bring; nothing when nobody asks, or when there is too much of it.
pub(super) fn effects(ctx: &Context<'_>, apt: &AptGet, words: &[&str], simulation: &Simulation) -> Result<Vec<Effect>, Failure> {
    if !ctx.system.foresees() || simulation.installs.is_empty() {
        return Ok(Vec::new());
    }
    let uris = apt.looking(ctx, ["--print-uris"].iter().chain(words).copied())?;
    let given: Vec<PathBuf> = words.iter().filter(|word| word.starts_with('/')).map(PathBuf::from).collect();
    match bytes(&look(ctx, &uris, PURPOSE)?.stdout_text()) {
        0 if given.is_empty() => return Ok(Vec::new()),
        bytes if bytes > MOST_BYTES => return Ok(Vec::new()),
        _ => {}
    }
    let elsewhere = apt.elsewhere(ctx)?;
    let mut fetch = apt.command(ctx, ["--download-only"].iter().chain(words).copied());
    elsewhere.lead(&mut fetch);
    let output = ctx.system.probe(&fetch)?;
    if !output.success() {
        return Err(failed(&fetch, &output, "fetch the packages"));
    }
    let archives = elsewhere.archives();
    let fetched = if exists(ctx.system, &archives)? { ctx.system.list(&archives)? } else { Vec::new() };
    let fetched = fetched.into_iter().map(|entry| archives.join(entry.name));
    let files = fetched.chain(given).filter(|path| path.extension().is_some_and(|end| end == "deb"));
    let program = required_command(ctx.system, &["dpkg-deb"], PURPOSE)?;
    let mut found = Vec::new();
    for (number, file) in files.enumerate() {
        let (file, root) = (file.to_string_lossy().into_owned(), elsewhere.unpacked(number));
        let control = root.with_extension("control");
        for (verb, dir) in [("--extract", &root), ("--control", &control)] {
            look(ctx, &ctx.command([program.as_str(), verb, &file, &dir.to_string_lossy()]), PURPOSE)?;
        }
        if !exists(ctx.system, &root)? {
            continue;
        }
        walk(ctx, &root, Path::new("/"), &mut found)?;
        let script = control.join("postinst");
        if exists(ctx.system, &script)? {
            let text = String::from_utf8_lossy(&ctx.system.read(&script)?).into_owned();
            found.extend(services(ctx, &text)?);
            found.extend(links(ctx, &text)?);
        }
        if found.len() > MOST_ENTRIES {
            return Ok(Vec::new());
        }
    }
    Ok(found)
}

/// The bytes of all files that `apt-get --print-uris` names: `'URI' NAME BYTES DIGEST`.
fn bytes(text: &str) -> u64 {
    let files = text.lines().filter(|line| line.starts_with('\''));
    files.filter_map(|line| line.rsplit(' ').find_map(|word| word.parse::<u64>().ok())).sum()
}

/// Everything beneath `dir` of a package that is unpacked in `root`.
fn walk(ctx: &Context<'_>, root: &Path, dir: &Path, found: &mut Vec<Effect>) -> Result<(), Failure> {
    let inside = |path: &Path| root.join(path.strip_prefix("/").unwrap_or(path));
    for entry in ctx.system.list(&inside(dir))? {
        let path = dir.join(&entry.name);
        let real = inside(&path);
        let Some(stat) = ctx.system.stat(&real, Follow::No)? else { continue };
        let place = |what| Effect::Placed { path: path.clone(), mode: stat.mode, what };
        match entry.kind {
            FileKind::Directory => {
                found.push(place(Placed::Directory));
                walk(ctx, root, &path, found)?;
            }
            FileKind::Link => found.push(place(Placed::Link(ctx.system.read_link(&real)?))),
            FileKind::File => {
                // A configuration file that is there stays as it is.
                if path.starts_with("/etc") && exists(ctx.system, &path)? {
                    continue;
                }
                let known = stat.size <= TEXT && READ_BY_PEOPLE.iter().any(|dir| path.starts_with(dir));
                let content = if known { Some(ctx.system.read(&real)?) } else { None };
                found.push(place(Placed::File { size: stat.size, content }));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The units that the script of a new package enables and starts.
fn services(ctx: &Context<'_>, script: &str) -> Result<Vec<Effect>, Failure> {
    let starts = exists(ctx.system, Path::new("/run/systemd/system"))? && !exists(ctx.system, Path::new("/usr/sbin/policy-rc.d"))?;
    let Units { enabled, started } = Units::of(script);
    let mut effects = Vec::new();
    for unit in enabled.iter().chain(started.iter().filter(|unit| !enabled.contains(unit))) {
        // An upgrade keeps how a unit stands.
        if ctx.system.service(unit).ok().flatten().is_some() {
            continue;
        }
        let active = (starts && started.contains(unit)).then_some(true);
        let enabled = enabled.contains(unit).then_some(true);
        effects.push(Effect::Service { name: unit.clone(), active, enabled, masked: None });
    }
    Ok(effects)
}

/// Links that the script of a new package makes where nothing is, as long as it names both ends in full.
fn links(ctx: &Context<'_>, script: &str) -> Result<Vec<Effect>, Failure> {
    let mut effects = Vec::new();
    for (target, path) in script.lines().filter_map(link) {
        if !exists(ctx.system, &path)? {
            effects.push(Effect::Placed { path, mode: 0o777, what: Placed::Link(target) });
        }
    }
    Ok(effects)
}

/// What a line of a script links, and where.
fn link(line: &str) -> Option<(PathBuf, PathBuf)> {
    let words: Vec<&str> = line.split_whitespace().map(|word| word.trim_matches(['"', '\'', ';'])).collect();
    let ["ln", "-s" | "-sf" | "-sn" | "-snf" | "-sfn", target, path] = words.as_slice() else { return None };
    let is_plain = |word: &str| word.starts_with('/') && !word.ends_with('/') && !word.contains(['$', '`', '*', '?', '\\']);
    (is_plain(target) && is_plain(path)).then(|| (target.into(), path.into()))
}

/// What debhelper wrote into a script about units.
#[derive(Debug, Default, PartialEq, Eq)]
struct Units {
    enabled: Vec<String>,
    started: Vec<String>,
}

impl Units {
    fn of(script: &str) -> Self {
        let mut units = Self::default();
        let mut only_if_it_was = Vec::new();
        for line in script.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
            let named = line.split([' ', '\'', '"', ';']).filter(|word| word.contains('.') && is_unit(word)).map(str::to_owned);
            if line.contains("deb-systemd-helper") && line.contains("debian-installed ") {
                only_if_it_was.extend(named);
            } else if line.contains("deb-systemd-helper") && line.contains(" enable ") {
                units.enabled.extend(named);
            } else if line.contains("deb-systemd-invoke ") {
                units.started.extend(named);
            }
        }
        units.enabled.retain(|unit| !only_if_it_was.contains(unit));
        units
    }
}

fn is_unit(word: &str) -> bool {
    let ends = [".service", ".socket", ".timer", ".path", ".target", ".mount"];
    ends.iter().any(|end| word.ends_with(end)) && word.chars().all(|c| c.is_ascii_alphanumeric() || "@.-_:\\".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_tells_which_units_start() {
        let script = "# deb-systemd-helper enable 'comment.service'\n\
                      if deb-systemd-helper --quiet was-enabled 'chrony.service'; then\n\tdeb-systemd-helper enable 'chrony.service' >/dev/null || true\nfi\n\
                      deb-systemd-invoke $_dh_action 'chrony.service' 'chrony.timer' >/dev/null || true\n\
                      if deb-systemd-helper debian-installed 'chrony-wait.service'; then\n\
                      \tdeb-systemd-helper enable 'chrony-wait.service' >/dev/null || true\nfi\n";
        let units = Units::of(script);
        assert_eq!(units.enabled, ["chrony.service"]);
        assert_eq!(units.started, ["chrony.service", "chrony.timer"]);
        assert_eq!(Units::of("#!/bin/sh\nset -e\n"), Units::default());
    }

    #[test]
    fn links_of_a_script_are_read_where_they_are_plain() {
        for (line, found) in [
            ("      ln -s /etc/n/available/default /etc/n/enabled/default", Some(("/etc/n/available/default", "/etc/n/enabled/default"))),
            ("ln -sf '/usr/a' \"/etc/a\";", Some(("/usr/a", "/etc/a"))),
            ("ln -s /usr/a $dir/a", None),
            ("ln -s ../a /etc/a", None),
            ("ln -s /usr/a /etc/", None),
            ("ln /usr/a /etc/a", None),
            ("# ln -s /usr/a /etc/a", None),
        ] {
            assert_eq!(link(line), found.map(|(target, path)| (target.into(), path.into())), "{line}");
        }
    }

    #[test]
    fn sizes_are_added_up() {
        let text = "Reading package lists...\n'http://x/a.deb' a_1_amd64.deb 1200 SHA256:0f\n'http://x/b.deb' b_1_all.deb 34 \n";
        assert_eq!(bytes(text), 1234);
    }
}
