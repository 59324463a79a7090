//! The accounts a sub bridge signs with: made at its first start, kept in the data directory.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use crate::clock;
use crate::crypto::keys::NodeKey;
use crate::crypto::keystore;
use crate::crypto::types::Address;

/// The account in `dir`; made if there is none. A key store `UTC--…--<address>` and a password file named
/// by the address.
pub fn load_or_make(dir: &Path) -> Result<Address, String> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|e| format!("failed to create `{}`: {e}", dir.display()))?;
    let entries = fs::read_dir(dir).map_err(|e| format!("failed to read `{}`: {e}", dir.display()))?;
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let address = name.strip_prefix("UTC--").and_then(|rest| rest.rsplit_once("--")?.1.parse::<Address>().ok());
        if let Some(address) = address {
            return Ok(address);
        }
    }
    let key = NodeKey::generate()?;
    let password = keystore::password()?;
    let content = keystore::seal(&key, &password)?.to_string();
    let stamp = clock::file_stamp(clock::now_ms() / 1000);
    let address = key.address();
    write(&dir.join(address.checksum()), &password)?;
    write(&dir.join(format!("UTC--{stamp}.000000000Z--{}", hex::encode(address.0))), &content)?;
    Ok(address)
}

fn write(path: &Path, content: &str) -> Result<(), String> {
    let file = fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(content.as_bytes())).map_err(|e| format!("failed to write `{}`: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn made_once() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("parent_bridge_account");
        let address = super::load_or_make(&dir).unwrap();
        assert_eq!(super::load_or_make(&dir).unwrap(), address);
        assert_eq!(std::fs::read_to_string(dir.join(address.checksum())).unwrap().len(), 16);
    }
}
