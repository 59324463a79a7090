//! JSON-RPC over the unix socket of the data directory: all namespaces, for the service user only.

use std::fs;
use std::io::{BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use serde_json::{Deserializer, Value};

use super::handle;
use crate::node::Node;

/// Listens at `path`; a stale socket there is replaced (the data directory is locked, so nobody else uses it).
pub fn serve(node: &Arc<Node>, path: &Path) -> Result<(), String> {
    let _ = fs::remove_file(path);
    let invalid = |e: std::io::Error| match e.kind() {
        // A path longer than the kernel's limit.
        std::io::ErrorKind::InvalidInput => format!("listen unix {}: bind: invalid argument", path.display()),
        _ => format!("listen unix {}: bind: {e}", path.display()),
    };
    let socket = UnixListener::bind(path).map_err(invalid)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(invalid)?;
    let node = node.clone();
    thread::spawn(move || {
        for stream in socket.incoming().flatten() {
            let node = node.clone();
            thread::spawn(move || connection(&node, &stream));
        }
    });
    Ok(())
}

/// Requests follow each other without any frame; an answer is one line.
fn connection(node: &Node, stream: &UnixStream) {
    for request in Deserializer::from_reader(BufReader::new(stream)).into_iter::<Value>() {
        let Ok(request) = request else { return };
        let answer = handle(node, None, &request).to_string() + "\n";
        let mut writer = stream;
        if writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
