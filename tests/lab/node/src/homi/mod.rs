//! homi: generates the keys, the genesis and the node list of a service chain.
//!
//! `homi setup --gen-type local --cn-num 4 --servicechain -o DIR` writes the original's output tree, with its
//! habits: files readable by all, chain id 1000 whatever was asked (Klaytn), ports that count up, host 0.0.0.0.
//! Left out: the docker and deploy types, chains that are no service chains, dashboards, Randao contracts.

mod flags;
mod genesis;
mod output;

use std::path::Path;

use crate::cli::flags::{Parsed, parse};
use crate::crypto::bip32;
use crate::crypto::keys::NodeKey;
use crate::crypto::kni::Kni;
use crate::version::Version;

/// Runs homi with the arguments behind its name.
pub fn main(version: &Version, args: &[String]) -> Result<(), String> {
    match args.split_first() {
        Some((command, rest)) if command == "setup" => {
            // The flag library of v1.11 ignores flags behind an argument.
            setup(version, &parse(&flags::table(version), rest, !version.since(1, 11, 0))?)
        }
        Some((command, _)) if command == "version" || command == "--version" => {
            println!("homi {}\nThis is the stand-in of the kconf lab, not the original software.", version.text());
            Ok(())
        }
        _ => Err(format!("USAGE:\n   homi setup [flags]   (stand-in {}, not the original software)", version.text())),
    }
}

fn setup(version: &Version, flags: &Parsed) -> Result<(), String> {
    let cn_num: u32 = flags.number("cn-num", 0)?;
    if cn_num == 0 {
        return Err("needed at least one consensus node".to_owned());
    }
    let kind = flags.text("gen-type").or(flags.rest.first().map(String::as_str)).unwrap_or("docker");
    if !matches!(kind, "local" | "remote") {
        return Err(format!("the stand-in generates the types local and remote, not {kind:?}"));
    }
    if !flags.switch("servicechain") && !flags.switch("servicechain-test") {
        return Err("the stand-in generates service chains only: give --servicechain".to_owned());
    }
    let test_num: u32 = flags.number("test-num", 0)?;
    let keys = keys(flags, cn_num, test_num)?;
    let (nodes, tests) = keys.split_at(cn_num as usize);
    let validators_num = flags.number("validators-num", cn_num)?.min(cn_num) as usize;

    let first_port: u16 = flags.number("p2p-port", 32323)?;
    let knis: Vec<Kni> = (0_u16..)
        .zip(nodes)
        .map(|(index, key)| Kni {
            id: key.id(),
            host: "0.0.0.0".to_owned(),
            // `remote` ignores the port asked for.
            port: if kind == "local" { first_port.saturating_add(index) } else { 32323 },
            subports: Vec::new(),
            node_type: "cn".to_owned(),
        })
        .collect();

    let out = Path::new(flags.text("output").or(flags.text("o")).unwrap_or("homi-output"));
    output::keys(out, version, nodes, &knis)?;
    output::test_keys(out, tests)?;
    output::scripts(out, &genesis::file(version, flags, &nodes[..validators_num], &keys)?, &knis)?;
    println!("Created : {}", out.display());
    Ok(())
}

/// Node keys, then test keys: from the phrase in that order, or by chance.
fn keys(flags: &Parsed, nodes: u32, tests: u32) -> Result<Vec<NodeKey>, String> {
    if let Some(dir) = flags.text("cn-nodekey-dir") {
        let read = |number: u32| {
            let path = Path::new(dir).join(format!("nodekey{number}"));
            let content = std::fs::read(&path).map_err(|e| format!("failed to read `{}`: {e}", path.display()))?;
            NodeKey::from_file_content(&content)
        };
        let tests = (0..tests).map(|_| NodeKey::generate());
        return (1..=nodes).map(read).chain(tests).collect();
    }
    let phrase = match flags.text("mnemonic") {
        Some("test junk") => Some(format!("{}junk", "test ".repeat(11))),
        Some(text) => Some(text.replace(',', " ")),
        None => None,
    };
    (0..nodes + tests)
        .map(|index| match &phrase {
            Some(phrase) => bip32::derive(phrase, index),
            None => NodeKey::generate(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn run(version: &str, line: &str, out: &Path) -> Result<(), String> {
        let mut args: Vec<String> = line.split_whitespace().map(|word| word.replace('_', " ")).collect();
        let place = ["-o".to_owned(), out.to_string_lossy().into_owned()];
        args.splice(1..1, place);
        main(&Version::parse(version), &args)
    }

    const LINE: &str = "setup --gen-type local --cn-num 4 --test-num 1 --servicechain --chainID 1002 --p2p-port 22323";

    #[test]
    fn output_tree_and_vectors() {
        let dir = tempfile::tempdir().unwrap();
        run("v1.12.1", &format!("{LINE} --mnemonic test_junk"), dir.path()).unwrap();
        let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
        assert_eq!(read("keys/nodekey1"), "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
        assert_eq!(read("keys/nodekey4"), "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6");
        let validator: serde_json::Value = serde_json::from_str(&read("keys/validator1")).unwrap();
        assert_eq!(validator["Address"], "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266");
        let nodes = read("scripts/static-nodes.json");
        assert!(nodes.contains("0.0.0.0:22323?discport=0\\u0026ntype=cn") && nodes.contains(":22326?"), "{nodes}");
        assert!(nodes.starts_with("[\n\t\"kni://"));
        let genesis = read("scripts/genesis.json");
        assert!(genesis.contains(&crate::genesis::extra::tests::four_validators()));
        assert!(genesis.contains("\"chainId\": 1000"), "Klaytn ignores --chainID with --servicechain");
        assert!(genesis.starts_with("{\n    \"config\""));
        crate::genesis::Genesis::read(&genesis).unwrap();
        assert_eq!(read("keys_test/testkey1").len(), 64);
        assert!(dir.path().join("keys/keystore4").exists() && dir.path().join("keys/passwd4").exists());
    }

    #[test]
    fn kaia_keeps_the_chain_id() {
        let dir = tempfile::tempdir().unwrap();
        run("v2.2.1", LINE, dir.path()).unwrap();
        let genesis = fs::read_to_string(dir.path().join("scripts/genesis.json")).unwrap();
        assert!(genesis.contains("\"chainId\": 1002"));
    }

    #[test]
    fn the_type_in_front_of_the_flags() {
        let dir = tempfile::tempdir().unwrap();
        let line = "setup local --cn-num 4 --servicechain";
        run("v1.9.1", line, dir.path()).unwrap();
        // -o stands in front here, so only the flags behind the type are lost.
        assert_eq!(run("v1.11.0", line, dir.path()).unwrap_err(), "needed at least one consensus node");
        assert!(run("v1.9.1", LINE, dir.path()).unwrap_err().contains("gen-type"), "came with v1.10.0");
    }
}
