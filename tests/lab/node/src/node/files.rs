//! Files of the data directory that a node reads at start.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::cli::Options;
use crate::crypto::keys::NodeKey;
use crate::log;

/// Where `name` is read from: D if it is there, else D/klay. So a stray `D/nodekey` wins over `D/klay/nodekey`.
pub fn resolve(data_dir: &Path, name: &str) -> PathBuf {
    let direct = data_dir.join(name);
    if direct.exists() { direct } else { data_dir.join("klay").join(name) }
}

/// The node's key. As in the original a missing or unreadable file is not an error: a new key is made and
/// written to D/klay/nodekey, and the node runs under an identity nobody expects.
pub fn node_key(options: &Options) -> Result<NodeKey, String> {
    if let Some(text) = &options.node_key_hex {
        let bytes = hex::decode(text).map_err(|e| format!("Option \"nodekeyhex\": {e}"))?;
        return NodeKey::from_bytes(&bytes).map_err(|e| format!("Option \"nodekeyhex\": {e}"));
    }
    let load = |path: &Path| {
        let content = fs::read(path).map_err(|e| e.to_string())?;
        NodeKey::from_file_content(&content)
    };
    if let Some(path) = &options.node_key {
        return load(path).map_err(|e| format!("Option \"nodekey\": {e}"));
    }
    let found = resolve(&options.data_dir, "nodekey");
    let reason = match load(&found) {
        Ok(key) => return Ok(key),
        Err(reason) => reason,
    };
    let key = NodeKey::generate()?;
    let path = options.data_dir.join("klay/nodekey");
    log::warn("Generated nodekey", &[("path", &path.display()), ("address", &key.address()), ("reason", &reason)]);
    let file = fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&path);
    if let Err(e) = file.and_then(|mut file| file.write_all(key.to_hex().as_bytes())) {
        log::error("Failed to persist node key", &[("err", &e)]);
        return Err(format!("Failed to persist node key: {e}"));
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upper_file_wins() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(resolve(dir.path(), "nodekey"), dir.path().join("klay/nodekey"));
        fs::write(dir.path().join("nodekey"), "x").unwrap();
        assert_eq!(resolve(dir.path(), "nodekey"), dir.path().join("nodekey"));
    }
}
