//! Content that goes along with a request because it is small, and what a runner has of it already.

use std::collections::HashSet;
use std::io::Read;

use serde::Deserialize;
use serde_json::Value;

use super::ContentSource;
use crate::modules::ContentRef;
use crate::wire::{INLINE_MAX, KEPT_MAX, Message, TaskRequest};

/// Bytes of content that go along with one request at most.
const TOGETHER: u64 = 1024 * 1024;

/// What a runner keeps.
#[derive(Default)]
pub(super) struct Sent {
    digests: HashSet<String>,
    bytes: u64,
}

/// What goes ahead of a request.
pub(super) struct Prepared {
    /// Messages to send before it.
    pub(super) before: Vec<Message>,
    /// What the request may open without asking.
    pub(super) digests: Vec<String>,
}

/// Reads the small contents that `requests` name and the runner does not have. What cannot be read now is left to be asked for,
/// so that only a task that really needs it fails.
pub(super) fn prepare(requests: &[TaskRequest], content: &dyn ContentSource, sent: &mut Sent) -> Prepared {
    let mut references = Vec::new();
    for request in requests {
        // What the controller fills in, and only that, has a name with an underscore.
        for (_, value) in request.args.iter().filter(|(name, _)| name.starts_with('_')) {
            collect(value, &mut references);
        }
    }
    references.retain(|reference| reference.size <= INLINE_MAX);
    let mut prepared = Prepared { before: Vec::new(), digests: Vec::new() };
    let new: u64 = references.iter().filter(|reference| !sent.digests.contains(&reference.sha256)).map(|reference| reference.size).sum();
    if sent.bytes + new.min(TOGETHER) > KEPT_MAX {
        *sent = Sent::default();
        prepared.before.push(Message::Forget);
    }
    let mut together = 0;
    for reference in references {
        if prepared.digests.contains(&reference.sha256) {
            continue;
        }
        if !sent.digests.contains(&reference.sha256) {
            if together + reference.size > TOGETHER {
                continue;
            }
            let Some(message) = read(&reference, content) else { continue };
            together += reference.size;
            sent.bytes += reference.size;
            sent.digests.insert(reference.sha256.clone());
            prepared.before.push(message);
        }
        prepared.digests.push(reference.sha256);
    }
    prepared
}

fn read(reference: &ContentRef, content: &dyn ContentSource) -> Option<Message> {
    let mut digest = [0; 32];
    hex::decode_to_slice(&reference.sha256, &mut digest).ok()?;
    let mut bytes = Vec::new();
    content.open(reference).ok()?.take(INLINE_MAX + 1).read_to_end(&mut bytes).ok()?;
    // A file that was changed since it was digested is found out by the task.
    Some(Message::Content { sha256: digest, bytes })
}

fn collect(value: &Value, found: &mut Vec<ContentRef>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        Value::Object(map) if map.len() == 3 && map.contains_key("sha256") => found.extend(ContentRef::deserialize(value).ok()),
        Value::Object(map) => map.values().for_each(|value| collect(value, found)),
        _ => {}
    }
}
