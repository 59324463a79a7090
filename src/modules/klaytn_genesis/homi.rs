//! Keys and genesis.json made by the original generator, `homi`.
//!
//! Source of flags and output tree: `cmd/homi/setup/flags.go` and `cmd/homi/setup/cmd.go` of klaytn/klaytn.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::klaytn::NodeKey;
use crate::modules::shared::run::said;
use crate::modules::{Context, Failure};
use crate::system::{Command, Executed, FileKind};

/// What homi made.
pub(super) struct Made {
    /// One key per validator.
    pub keys: Vec<NodeKey>,
    /// genesis.json with the chain id that was asked for.
    pub genesis: String,
}

/// Lets homi make the keys of `count` validators and their genesis.json, in a folder of its own in `dest` that is removed again, since
/// homi leaves its keys readable by all. `None` in check mode, in which it does not run.
pub(super) fn make(ctx: &mut Context<'_>, program: &Path, dest: &Path, count: usize, chain_id: u64) -> Result<Option<Made>, Failure> {
    let folder = ctx.system.make_temporary(dest, ".homi-", "", FileKind::Directory)?;
    let made = generate(ctx, program, &folder, count, chain_id);
    let removed = ctx.system.remove(&folder);
    let made = made?;
    removed?;
    Ok(made)
}

fn generate(ctx: &mut Context<'_>, program: &Path, folder: &Path, count: usize, chain_id: u64) -> Result<Option<Made>, Failure> {
    let out = folder.join("out");
    // From v1.10 on the type is a flag; before it was an argument.
    let ran = match start(ctx, program, &["--gen-type", "local"], &[], &out, count, chain_id)? {
        Some(output) if !output.success() && said(&output).contains("gen-type") => {
            start(ctx, program, &[], &["local"], &out, count, chain_id)?
        }
        ran => ran,
    };
    let Some(output) = ran else { return Ok(None) };
    if !output.success() {
        return Err(Failure::new(format!("`{}` failed: {}", program.display(), said(&output))));
    }
    let mut keys = Vec::new();
    for number in 1..=count {
        let path = out.join("keys").join(format!("nodekey{number}"));
        let text = String::from_utf8_lossy(&ctx.system.read(&path)?).into_owned();
        keys.push(
            NodeKey::parse(&text).map_err(|error| Failure::new(format!("homi made a `nodekey{number}` that is no node key: {error}")))?,
        );
    }
    let genesis = with_chain_id(&ctx.system.read(&out.join("scripts/genesis.json"))?, chain_id)?;
    Ok(Some(Made { keys, genesis }))
}

fn start(
    ctx: &mut Context<'_>,
    program: &Path,
    before: &[&str],
    behind: &[&str],
    out: &Path,
    count: usize,
    chain_id: u64,
) -> Result<Option<crate::system::Output>, Failure> {
    let (program, out) = (program.to_string_lossy(), out.to_string_lossy());
    let (count, chain_id) = (count.to_string(), chain_id.to_string());
    let mut argv = vec![&*program, "setup"];
    argv.extend(before);
    argv.extend(["--cn-num", &count, "--servicechain", "--chainID", &chain_id, "-o", &out]);
    argv.extend(behind);
    let command = Command { umask: Some(0o077), ..Command::new(argv) };
    // Its output names keys: it is not shown while it runs.
    match ctx.system.execute(&command, &mut |_, _| {})? {
        Executed::Done(output) => Ok(Some(output)),
        Executed::WouldRun => Ok(None),
    }
}

/// homi of Klaytn writes chain id 1000 whatever was asked for. The id is no part of the first block's hash.
fn with_chain_id(text: &[u8], chain_id: u64) -> Result<String, Failure> {
    let mut genesis: Map<String, Value> =
        serde_json::from_slice(text).map_err(|error| Failure::new(format!("homi made a genesis.json that cannot be read: {error}")))?;
    let config = genesis.get_mut("config").and_then(Value::as_object_mut);
    config.ok_or_else(|| Failure::new("homi made a genesis.json without `config`"))?.insert("chainId".to_owned(), json!(chain_id));
    Ok(crate::klaytn::genesis_text(&Value::Object(genesis)))
}
