//! `klaytn_genesis`: node keys, genesis.json and static-nodes.json of a service chain, made once.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::klaytn::{Account, Address, Genesis, NodeKey};
use crate::system::{Attributes, Content, Follow};

mod homi;

const NODE_OPTIONS: &[Opt] = &[
    Opt::new("name", Kind::Str, "How the node is called: the folder of its key.").required(),
    Opt::new("host", Kind::Str, "The address at which the other nodes reach it.").required(),
    Opt::new("port", Kind::Int, "The port at which the other nodes reach it.").required(),
];

const ACCOUNT_OPTIONS: &[Opt] = &[
    Opt::new("address", Kind::Str, "The account, `0x` and 40 hexadecimal digits.").required(),
    Opt::new("balance", Kind::Str, "Its coins in peb, decimal or hexadecimal with `0x`.").required(),
];

/// The declaration of `klaytn_genesis`.
pub static MODULE: Spec = Spec {
    name: "klaytn_genesis",
    collections: &[],
    summary: "Make the keys and the first block of a Klaytn or Kaia service chain",
    description: &[
        "Makes what `homi setup --servicechain` makes, without it or, when asked, by it: a node key for every validator and endpoint node, \
         genesis.json with the validators in its extra data, static-nodes.json with real addresses and ports.",
        "Keys and genesis.json are made once and never overwritten: a genesis.json that does not fit the options is an error. Files \
         that only follow from them, such as static-nodes.json, follow the addresses of the nodes.",
        "Run it on the machine that runs kconf (`delegate_to: localhost`), and push to each node only its own key.",
    ],
    options: &[
        Opt::new("dest", Kind::Path, "The folder for all files. The keys in it are secrets.").required(),
        Opt::new("chain_id", Kind::Int, "Chain id; 1001 and 8217 are taken by the public networks.").required(),
        Opt::new("nodes", Kind::List(&Kind::Dict), "The validators.").required().suboptions(NODE_OPTIONS),
        Opt::new("endpoints", Kind::List(&Kind::Dict), "Nodes that get a key but are no validators; `port` is that of their main bridge.")
            .suboptions(NODE_OPTIONS)
            .default("[]"),
        Opt::new(
            "homi",
            Kind::Path,
            "The program that makes the validators' keys and genesis.json, with all that its version puts into it; only the chain id, which \
             it does not always take over, is set. Keys must not be there before. In check mode it does not run, and keys are predicted as \
             without it.",
        ),
        Opt::new("epoch", Kind::Int, "Blocks after which votes are counted; 3600 when not given."),
        Opt::new("committee_size", Kind::Int, "How many validators sign a block; 22 when not given."),
        Opt::new("unit_price", Kind::Int, "Price of gas in peb; 0, free, when not given."),
        Opt::new(
            "forks",
            Kind::List(&Kind::Str),
            "Forks active from the first block on, complete from the first; `istanbul`, `london` and `ethTxType` when not given.",
        ),
        Opt::new("accounts", Kind::List(&Kind::Dict), "Further accounts with coins.").suboptions(ACCOUNT_OPTIONS),
        Opt::new("timestamp", Kind::Int, "Time of the first block in seconds since the epoch; now when not given."),
    ],
    // homi decides these itself.
    rules: &[
        Rule::Exclusive(&["homi", "epoch"]),
        Rule::Exclusive(&["homi", "committee_size"]),
        Rule::Exclusive(&["homi", "unit_price"]),
        Rule::Exclusive(&["homi", "forks"]),
        Rule::Exclusive(&["homi", "accounts"]),
        Rule::Exclusive(&["homi", "timestamp"]),
    ],
    free_form: None,
    returns: &[
        Return {
            name: "nodes",
            kind: "list",
            when: "always",
            doc: "For each validator `name`, `address`, `public_key` and `kni`; no secrets.",
        },
        Return { name: "endpoints", kind: "list", when: "always", doc: "The same for the endpoint nodes." },
        Return { name: "chain_id", kind: "int", when: "always", doc: "The chain id." },
        Return { name: "genesis", kind: "str", when: "always", doc: "Path of genesis.json." },
    ],
    examples: "
- name: Make the chain
  klaytn_genesis:
    dest: chain
    chain_id: 1002
    nodes:
      - {name: scn-1, host: 10.0.100.11, port: 22323}
  delegate_to: localhost
  run_once: true
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    dest: PathBuf,
    chain_id: u64,
    nodes: Vec<Node>,
    endpoints: Vec<Node>,
    homi: Option<PathBuf>,
    epoch: Option<u64>,
    committee_size: Option<u64>,
    unit_price: Option<u64>,
    forks: Option<Vec<String>>,
    accounts: Option<Vec<AccountArguments>>,
    timestamp: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Node {
    name: String,
    host: String,
    port: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountArguments {
    address: String,
    balance: String,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    check(&args)?;
    let keys_dir = args.dest.join("keys");
    for dir in [&args.dest, &keys_dir] {
        make_dir(ctx, dir)?;
    }
    let genesis = args.dest.join("genesis.json");
    let is_new = ctx.system.stat(&genesis, Follow::Yes)?.is_none();
    let by_homi = match &args.homi {
        Some(program) if is_new => let_homi(ctx, program, &args, &keys_dir)?,
        _ => None,
    };
    let mut validators = Vec::new();
    for node in &args.nodes {
        validators.push((node, node_key(ctx, &keys_dir, &node.name)?));
    }
    let mut endpoints = Vec::new();
    for node in &args.endpoints {
        endpoints.push((node, node_key(ctx, &keys_dir, &node.name)?));
    }
    // The order decides the hash of the first block but not consensus, which sorts; so it is sorted once and for all.
    let mut addresses: Vec<Address> = validators.iter().map(|(_, key)| key.address()).collect();
    addresses.sort();
    if !is_new {
        fits(ctx, &genesis, &args, &addresses)?;
    } else {
        let text = match by_homi {
            Some(text) => text,
            None => first_block(ctx, &args, addresses)?.to_text(),
        };
        write(ctx, &genesis, &text, 0o644)?;
    }
    let knis: Vec<String> = validators.iter().map(|(node, key)| key.kni(&node.host, node.port, Some("cn"))).collect();
    write(ctx, &args.dest.join("static-nodes.json"), &json_list(&knis), 0o644)?;
    // For the health gates: a node that runs with another key than its own is told by its address.
    let by_name: Map<String, Value> = validators.iter().map(|(node, key)| (node.name.clone(), json!(key.address().to_string()))).collect();
    write(ctx, &args.dest.join("addresses.json"), &format!("{:#}\n", Value::Object(by_name)), 0o644)?;
    for (node, key) in &endpoints {
        let bridge = json_list(&[key.kni(&node.host, node.port, None)]);
        write(ctx, &keys_dir.join(&node.name).join("main-bridges.json"), &bridge, 0o644)?;
    }
    let public: Vec<Value> = validators.iter().map(|(node, key)| describe(node, key, Some("cn"))).collect();
    let public_endpoints: Vec<Value> = endpoints.iter().map(|(node, key)| describe(node, key, None)).collect();
    Ok(Outcome::new()
        .with("nodes", public)
        .with("endpoints", public_endpoints)
        .with("chain_id", args.chain_id)
        .with("genesis", genesis.display().to_string()))
}

/// Lets homi make the validators' keys, puts them in place, and returns its genesis.json.
fn let_homi(ctx: &mut Context<'_>, program: &Path, args: &Arguments, keys_dir: &Path) -> Result<Option<String>, Failure> {
    for node in &args.nodes {
        let path = keys_dir.join(&node.name).join("nodekey");
        if ctx.system.stat(&path, Follow::Yes)?.is_some() {
            return Err(Failure::new(format!("`{}` is there already, and homi makes keys of its own", path.display()))
                .hint("leave `homi` out to make genesis.json for the keys that are there, or choose another `dest`"));
        }
    }
    let Some(made) = homi::make(ctx, program, &args.dest, args.nodes.len(), args.chain_id)? else { return Ok(None) };
    for (node, key) in args.nodes.iter().zip(&made.keys) {
        put_key(ctx, &keys_dir.join(&node.name), key)?;
    }
    Ok(Some(made.genesis))
}

fn first_block(ctx: &mut Context<'_>, args: &Arguments, validators: Vec<Address>) -> Result<Genesis, Failure> {
    let timestamp = match args.timestamp {
        Some(timestamp) => timestamp,
        None => ctx.system.clock()?.epoch.as_secs(),
    };
    Ok(Genesis {
        chain_id: args.chain_id,
        epoch: args.epoch.unwrap_or(3600),
        committee_size: args.committee_size.unwrap_or(22),
        unit_price: args.unit_price.unwrap_or(0),
        forks: forks(args),
        validators,
        accounts: accounts(args)?,
        timestamp,
    })
}

fn forks(args: &Arguments) -> Vec<String> {
    args.forks.clone().unwrap_or_else(|| ["istanbul", "london", "ethTxType"].map(str::to_owned).to_vec())
}

fn check(args: &Arguments) -> Result<(), Failure> {
    if args.nodes.is_empty() {
        return Err(Failure::new("a chain needs at least one validator: `nodes` is empty"));
    }
    if matches!(args.chain_id, 0 | 1001 | 8217) {
        return Err(Failure::new(format!("chain id {} belongs to a public network", args.chain_id))
            .hint("a transaction signed for one chain would be valid on the other; choose another number"));
    }
    Genesis::check_forks(&forks(args)).map_err(Failure::new)?;
    let mut names: Vec<&str> = args.nodes.iter().chain(&args.endpoints).map(|node| node.name.as_str()).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair.first() == pair.get(1)).and_then(|pair| pair.first()) {
        return Err(Failure::new(format!("the name `{twice}` stands for more than one node: two nodes with one key stop the chain")));
    }
    match names.iter().find(|name| name.is_empty() || name.contains('/') || name.starts_with('.')) {
        Some(name) => Err(Failure::new(format!("`{name}` cannot be the name of a folder"))),
        None => Ok(()),
    }
}

fn accounts(args: &Arguments) -> Result<Vec<Account>, Failure> {
    let parse = |account: &AccountArguments| {
        let address = Address::parse(&account.address)
            .ok_or_else(|| Failure::new(format!("`{}` is no address: `0x` and 40 hexadecimal digits", account.address)))?;
        Ok(Account { address, balance: account.balance.clone() })
    };
    args.accounts.iter().flatten().map(parse).collect()
}

fn make_dir(ctx: &mut Context<'_>, dir: &Path) -> Result<(), Failure> {
    if ctx.system.stat(dir, Follow::Yes)?.is_none() {
        if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            make_dir(ctx, parent)?;
        }
        ctx.system.make_dir(dir, 0o700)?;
    }
    Ok(())
}

/// The key that is there, or a new one.
fn node_key(ctx: &mut Context<'_>, keys_dir: &Path, name: &str) -> Result<NodeKey, Failure> {
    let dir = keys_dir.join(name);
    let path = dir.join("nodekey");
    if ctx.system.stat(&path, Follow::Yes)?.is_some() {
        let text = String::from_utf8_lossy(&ctx.system.read(&path)?).into_owned();
        return NodeKey::parse(&text).map_err(|error| {
            Failure::new(format!("`{}` is no node key: {error}", path.display()))
                .hint("put the right file back; a node would make a new key without a word")
        });
    }
    let key = NodeKey::generate();
    put_key(ctx, &dir, &key)?;
    Ok(key)
}

fn put_key(ctx: &mut Context<'_>, dir: &Path, key: &NodeKey) -> Result<(), Failure> {
    make_dir(ctx, dir)?;
    write(ctx, &dir.join("nodekey"), &key.expose_hex(), 0o600)
}

fn write(ctx: &mut Context<'_>, path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    Ok(ctx.system.write(path, Content::Bytes(text.as_bytes()), &Attributes { mode: Some(mode), ..Attributes::default() })?)
}

/// A genesis.json that is there must be of this chain and these validators: the chain may be running on it.
fn fits(ctx: &mut Context<'_>, path: &Path, args: &Arguments, addresses: &[Address]) -> Result<(), Failure> {
    let text = ctx.system.read(path)?;
    let hint = "nothing was changed; to begin a new chain, choose another `dest`";
    let found: Map<String, Value> =
        serde_json::from_slice(&text).map_err(|error| Failure::new(format!("`{}` is no genesis: {error}", path.display())).hint(hint))?;
    let chain_id = found.get("config").and_then(|config| config.get("chainId")).and_then(Value::as_u64);
    if chain_id != Some(args.chain_id) {
        let found = chain_id.map_or_else(|| "none".to_owned(), |id| id.to_string());
        return Err(Failure::new(format!("`{}` has chain id {found}, not {}", path.display(), args.chain_id)).hint(hint));
    }
    let extra_data = found.get("extraData").and_then(Value::as_str).unwrap_or_default();
    if !same_validators(extra_data, addresses) {
        return Err(Failure::new(format!("`{}` was made for other validators than {}", path.display(), names(args))).hint(hint));
    }
    Ok(())
}

/// Whether these are the validators of a first block, in whatever order: homi keeps that of its keys.
fn same_validators(extra_data: &str, addresses: &[Address]) -> bool {
    let extra_data = extra_data.to_lowercase();
    extra_data.len() == Genesis::extra_data(addresses).len() && addresses.iter().all(|address| extra_data.contains(&address.digits()))
}

fn names(args: &Arguments) -> String {
    args.nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// An array of texts, one per line, indented by a tab as homi writes it.
fn json_list(items: &[String]) -> String {
    let lines: Vec<String> = items.iter().map(|item| format!("\t{}", json!(item))).collect();
    format!("[\n{}\n]", lines.join(",\n"))
}

fn describe(node: &Node, key: &NodeKey, ntype: Option<&str>) -> Value {
    json!({
        "name": node.name,
        "address": key.address().to_string(),
        "public_key": hex::encode(key.public()),
        "kni": key.kni(&node.host, node.port, ntype),
    })
}

#[cfg(test)]
mod tests;
