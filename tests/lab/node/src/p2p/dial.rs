//! Keeps trying to reach the nodes of a static list.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::server::Server;
use crate::crypto::kni::Kni;
use crate::log;

const DIAL_TIMEOUT: Duration = Duration::from_secs(15);
/// Pause after a failed try: doubles from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LAST_PAUSE: Duration = Duration::from_secs(30);
/// How often to look whether a connected peer is still there.
const WATCH: Duration = Duration::from_millis(500);

/// Reads a list of nodes (`static-nodes.json`, `main-bridges.json`). A missing file is an empty list, and so
/// is, with an error in the log, anything but an array of addresses: the node then starts without peers.
pub fn read_list(path: &Path) -> Vec<Kni> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(e) => {
            log::error("Can't load node file", &[("path", &path.display()), ("err", &e)]);
            return Vec::new();
        }
    };
    let urls: Vec<String> = match serde_json::from_str(&text) {
        Ok(urls) => urls,
        Err(e) => {
            log::error("Can't load node file", &[("path", &path.display()), ("err", &e)]);
            return Vec::new();
        }
    };
    let parse = |url: &String| match Kni::parse(url) {
        Ok(kni) => Some(kni),
        Err(e) => {
            log::error("Node URL", &[("url", url), ("err", &e)]);
            None
        }
    };
    urls.iter().filter(|url| !url.is_empty()).filter_map(parse).collect()
}

/// Dials every node of the list but this one, each in a thread of its own, and again whenever it is lost.
pub fn keep_dialing(server: &Arc<Server>, list: &[Kni]) {
    for kni in list.iter().filter(|kni| kni.id != server.me.id) {
        match kni.resolve() {
            Ok(place) => {
                log::info("Add dial candidate from static nodes", &[("kni", kni)]);
                let (server, kni) = (server.clone(), kni.clone());
                thread::spawn(move || {
                    let mut pause = FIRST_PAUSE;
                    loop {
                        while server.peers.contains(&kni.id) {
                            pause = FIRST_PAUSE;
                            thread::sleep(WATCH);
                        }
                        if let Err(reason) = server.dial(&kni, place, DIAL_TIMEOUT) {
                            if reason.starts_with("dial tcp") {
                                log::debug("Failed to connect to a static node", &[("kni", &kni), ("err", &reason)]);
                            } else {
                                server.complain(&kni.id, place, &reason);
                            }
                            thread::sleep(pause);
                            pause = (pause * 2).min(LAST_PAUSE);
                        }
                    }
                });
            }
            Err(e) => log::error("Dropped a static node", &[("kni", kni), ("err", &e)]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_files() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("static-nodes.json");
        assert!(read_list(&path).is_empty(), "missing");
        fs::write(&path, "{}").unwrap();
        assert!(read_list(&path).is_empty(), "no array");
        let id = "8318535b54105d4a7aae60c08fc45f9687181b4fdfc625bd1a753fa7397fed753547f11ca8696646f2f3acb08e31016afac23e630c5d11f59f61fef57b0d2aa5";
        let list = format!("[\"kni://{id}@10.0.0.1:22323?discport=0\\u0026ntype=cn\", \"\", \"kni://short@10.0.0.2:1\"]");
        fs::write(&path, list).unwrap();
        let nodes = read_list(&path);
        assert_eq!(nodes.len(), 1, "the broken entry is dropped, the good one kept");
        assert_eq!((nodes[0].host.as_str(), nodes[0].port), ("10.0.0.1", 22323));
    }
}
