//! Changes in the shape that results have.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::DIFF_LIMIT;
use super::journal::{Snapshot, Text};
use crate::system::FileKind;

/// The differences of one path: of its content and of its attributes, or of what it is.
pub(super) fn entries(path: &Path, before: Option<&Snapshot>, after: Option<&Snapshot>) -> Vec<Value> {
    let name = path.to_string_lossy();
    let is_file = |side: Option<&Snapshot>| side.is_some_and(|snapshot| snapshot.stat.is_file());
    let mut entries = Vec::new();
    if is_file(after) && (is_file(before) || before.is_none()) {
        let (old, new) = (before.map_or(Text::Plain(String::new()), |before| before.content.clone()), after.map(|after| &after.content));
        // An empty new file has nothing to show but that it is there.
        if Some(&old) != new {
            entries.push(content(&name, &old, new.unwrap_or(&Text::Unknown)));
        } else if before.is_none() {
            entries.push(states(&name, before, after));
        }
    } else if kind(before) != kind(after) || link(before) != link(after) {
        entries.push(states(&name, before, after));
    }
    if let (Some(before), Some(after)) = (before, after)
        && before.stat.kind == after.stat.kind
    {
        entries.extend(attributes(&name, before, after, entries.is_empty()));
    }
    entries
}

/// Effects of commands, one a line.
pub(super) fn prepared(notes: &[String]) -> Value {
    json!({ "prepared": notes.iter().map(|note| format!("{note}\n")).collect::<String>() })
}

fn content(name: &str, old: &Text, new: &Text) -> Value {
    let mut entry = Map::new();
    entry.insert("before_header".into(), name.into());
    entry.insert("after_header".into(), name.into());
    // The names are those of results: the destination is what was there before, the source what is put there.
    for (text, key, side) in [(old, "before", "dst"), (new, "after", "src")] {
        match text {
            Text::Plain(text) => entry.insert(key.into(), text.as_str().into()),
            Text::Binary => entry.insert(format!("{side}_binary"), 1.into()),
            Text::Large => entry.insert(format!("{side}_larger"), DIFF_LIMIT.into()),
            Text::Unknown => entry.insert(key.into(), "(content not known)\n".into()),
        };
    }
    Value::Object(entry)
}

fn kind(snapshot: Option<&Snapshot>) -> &'static str {
    match snapshot.map(|snapshot| snapshot.stat.kind) {
        None => "absent",
        Some(FileKind::File) => "file",
        Some(FileKind::Directory) => "directory",
        Some(FileKind::Link) => "link",
        Some(FileKind::Fifo | FileKind::Socket | FileKind::Block | FileKind::Character) => "special",
    }
}

fn link(snapshot: Option<&Snapshot>) -> Option<&Path> {
    snapshot.and_then(|snapshot| snapshot.link.as_deref())
}

fn states(name: &str, before: Option<&Snapshot>, after: Option<&Snapshot>) -> Value {
    let side = |snapshot: Option<&Snapshot>| {
        let mut side = Map::new();
        side.insert("path".into(), name.into());
        side.insert("state".into(), kind(snapshot).into());
        if let Some(target) = link(snapshot) {
            side.insert("src".into(), target.to_string_lossy().into());
        }
        Value::Object(side)
    };
    json!({ "before": side(before), "after": side(after) })
}

fn attributes(name: &str, before: &Snapshot, after: &Snapshot, with_time: bool) -> Option<Value> {
    let sides = |snapshot: &Snapshot| {
        let stat = &snapshot.stat;
        [
            ("owner", json!(stat.uid)),
            ("group", json!(stat.gid)),
            ("mode", json!(format!("{:04o}", stat.mode))),
            ("mtime", json!(stat.mtime)),
            ("atime", json!(stat.atime)),
        ]
    };
    let (mut old, mut new) = (Map::new(), Map::new());
    for ((key, was), (_, is)) in sides(before).into_iter().zip(sides(after)) {
        // Times differ with every change of content, and mean nothing then.
        if was != is && (with_time || !key.ends_with("time")) {
            old.insert(key.into(), was);
            new.insert(key.into(), is);
        }
    }
    if old.is_empty() {
        return None;
    }
    let header = format!("{name} (file attributes)");
    for side in [&mut old, &mut new] {
        side.insert("path".into(), name.into());
    }
    Some(json!({ "before_header": header, "after_header": header, "before": old, "after": new }))
}
