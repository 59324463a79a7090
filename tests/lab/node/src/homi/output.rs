//! Writing homi's output tree. Files get mode 0777 less the umask, as the original's do: whoever uses them
//! has to take the rights away.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use crate::clock;
use crate::crypto::keys::NodeKey;
use crate::crypto::keystore;
use crate::crypto::kni::Kni;
use crate::version::Version;

fn write(path: &Path, content: &str) -> Result<(), String> {
    let write = || -> std::io::Result<()> {
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir)?;
        }
        let mut file = fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o777).open(path)?;
        file.write_all(content.as_bytes())
    };
    write().map_err(|e| format!("failed to write `{}`: {e}", path.display()))?;
    println!("Created : {}", path.display());
    Ok(())
}

/// JSON with the given indent and `&` escaped, as the original's library writes it.
fn pretty(value: &Value, indent: &str) -> Result<String, String> {
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    value.serialize(&mut serializer).map_err(|e| e.to_string())?;
    String::from_utf8(out).map(|text| text.replace('&', "\\u0026")).map_err(|e| e.to_string())
}

/// `keys/`: everything of each node.
pub fn keys(out: &Path, version: &Version, nodes: &[NodeKey], knis: &[Kni]) -> Result<(), String> {
    for (number, (key, kni)) in (1..).zip(nodes.iter().zip(knis)) {
        let path = |name: &str| out.join("keys").join(format!("{name}{number}"));
        write(&path("nodekey"), &key.to_hex())?;
        let info = json!({ "Address": key.address(), "Nodekey": key.to_hex(), "NodeInfo": kni.to_string() });
        write(&path("validator"), &pretty(&info, "\t")?)?;
        let password = keystore::password()?;
        write(&path("passwd"), &password)?;
        let sealed = pretty(&keystore::seal(key, &password)?, "\t")?;
        if version.since(1, 10, 0) {
            write(&path("keystore"), &sealed)?;
            write(&path("reward"), &hex::encode(key.address().0))?;
        } else {
            write(&out.join("keys").join(utc_name(key)), &sealed)?;
        }
    }
    Ok(())
}

/// `keys_test/`: funded accounts to play with.
pub fn test_keys(out: &Path, keys: &[NodeKey]) -> Result<(), String> {
    for (number, key) in (1..).zip(keys) {
        let dir = out.join("keys_test");
        write(&dir.join(format!("testkey{number}")), &key.to_hex())?;
        let store = dir.join(format!("keystore{number}"));
        let password = keystore::password()?;
        write(&store.join(utc_name(key)), &pretty(&keystore::seal(key, &password)?, "\t")?)?;
        write(&store.join(key.address().checksum()), &password)?;
    }
    Ok(())
}

fn utc_name(key: &NodeKey) -> String {
    let stamp = clock::file_stamp(clock::now_ms() / 1000);
    format!("UTC--{stamp}.000000000Z--{}", hex::encode(key.address().0))
}

/// `scripts/`: what every node needs.
pub fn scripts(out: &Path, genesis: &Value, knis: &[Kni]) -> Result<(), String> {
    write(&out.join("scripts/genesis.json"), &pretty(genesis, "    ")?)?;
    let list: Vec<String> = knis.iter().map(Kni::to_string).collect();
    write(&out.join("scripts/static-nodes.json"), &pretty(&json!(list), "\t")?)
}
