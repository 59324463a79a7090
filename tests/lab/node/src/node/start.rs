//! Bringing a node up, and down again.

use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use super::{Node, clean, files, limits, ntp, run, watchdog};
use crate::bridge::main_bridge::MainBridge;
use crate::bridge::sub_bridge::SubBridge;
use crate::chain::block::Block;
use crate::chain::ledger::{Decided, Ledger};
use crate::chain::parent::ParentChain;
use crate::chain::store::{Record, Store};
use crate::chain::validators::Validators;
use crate::cli::{App, Network, Options};
use crate::consensus::timeout;
use crate::crypto::keys::NodeKey;
use crate::crypto::random;
use crate::genesis::Genesis;
use crate::genesis::public;
use crate::p2p::dial::{keep_dialing, read_list};
use crate::p2p::greet::Identity;
use crate::p2p::peers::Peers;
use crate::p2p::server::Server;
use crate::p2p::wire::Status;
use crate::version::Mode;
use crate::{log, rpc};

/// Runs a node until it is told to stop. Errors are worded as the original's `Fatal:` lines.
pub fn main(options: Options) -> Result<(), String> {
    log::set_verbosity(options.verbosity);
    if let Some(path) = &options.log_file {
        log::set_file(path)?;
    }
    let version = options.version.client();
    log::info("Starting the stand-in node of the kconf lab (not the original software)", &[("version", &version)]);
    if options.mode == Mode::Exit {
        log::crit("This release is broken on purpose: it does not come up", &[]);
    }
    let fatal = |e: String| {
        log::error("Error starting protocol stack", &[("err", &e)]);
        format!("Fatal: Error starting protocol stack: {e}")
    };
    up_and_run(options).map_err(fatal)
}

fn up_and_run(options: Options) -> Result<(), String> {
    let signals = clean::block_signals()?;
    limits::raise_open_files()?;
    let store = Arc::new(Store::open(&options.data_dir)?);
    let record = genesis(&options, &store)?;
    log::info("Initialised chain configuration", &[("hash", &record.hash), ("config", &record.genesis.config.to_json())]);
    let key = files::node_key(&options)?;
    if let Some(server) = &options.ntp_server {
        ntp::check(server)?;
    }
    let ledger = Arc::new(ledger(&options, &record, &store)?);
    let (events, inbox) = mpsc::channel();
    clean::stop_on(signals, events.clone());

    let peers = Arc::new(Peers::new(options.max_inbound));
    let server = Server::new(identity(&options, &key)?, Some(status(&options, &record)), peers.clone(), events);
    server.listen()?;
    let (id, address) = Node::identity(&key);
    let main_bridge = match options.main_bridge_port {
        Some(port) => Some(MainBridge::start(bridge_identity(&options, &key, vec![port])?, &record)?),
        None => None,
    };
    let sub_bridge = match &options.sub_bridge {
        Some(settings) => {
            let identity = bridge_identity(&options, &key, Vec::new())?;
            Some(SubBridge::start(identity, settings, &record, store.clone(), ledger.clone())?)
        }
        None => None,
    };
    let timeout_ms = timeout::base_ms();
    let node =
        Arc::new(Node { id, address, record, ledger, peers, main_bridge, sub_bridge, timeout_ms, options, progress: Mutex::new(None) });
    rpc::serve(&node)?;
    log::info("Started P2P networking", &[("address", &node.address), ("kni", &rpc::admin::kni(&node))]);
    keep_dialing(&server, &read_list(&files::resolve(&node.options.data_dir, "static-nodes.json")));
    if let Some((script, limit)) = &node.options.auto_restart {
        watchdog::watch(node.clone(), script.clone(), *limit);
    }

    run::run(&node, &inbox);
    if let Some(chain) = node.ledger.decided() {
        chain.flush()?;
    }
    if let Some(path) = &node.options.ipc {
        // Gone already if the data directory was removed under the node.
        let _ = std::fs::remove_file(path);
    }
    log::info("Blockchain manager stopped", &[("number", &node.ledger.head().number)]);
    Ok(())
}

/// The genesis of an earlier `init`; endpoint nodes of a public network write the built-in one.
fn genesis(options: &Options, store: &Store) -> Result<Record, String> {
    let stored = store.record()?;
    let Network::Public(id) = options.network else {
        return stored.ok_or_else(|| {
            log::error("No genesis is provided. --networkid should be omitted if you want to use preconfigured network", &[]);
            "No genesis is provided".to_owned()
        });
    };
    let genesis: Genesis = public::genesis(id)?;
    let hash = genesis.hash();
    match stored {
        Some(old) if old.hash != hash => {
            let have = old.hash;
            Err(format!("database already contains an incompatible genesis block (have {have}, new {hash})"))
        }
        Some(old) => Ok(old),
        None => {
            let record = Record { hash, genesis };
            store.write_record(&record)?;
            Ok(record)
        }
    }
}

fn ledger(options: &Options, record: &Record, store: &Arc<Store>) -> Result<Ledger, String> {
    if options.app == App::En {
        return Ok(Ledger::Parent(ParentChain::new(record.hash, record.genesis.timestamp)));
    }
    let validators = Validators::new(&record.genesis.validators()?, record.genesis.config.sub());
    let (blocks, lost) = store.load_blocks()?;
    let head = blocks.last().map_or(0, |block| block.number);
    if let Some(reached) = lost {
        log::error("Head state missing, repairing chain", &[("number", &reached)]);
        log::info("Rewound blockchain to past state", &[("number", &head)]);
    }
    log::info("Loaded most recent local full block", &[("number", &head)]);
    let genesis = Block::genesis(record.hash, record.genesis.timestamp);
    Ok(Ledger::Decided(Decided::new(genesis, blocks, validators, store.clone())?))
}

fn status(options: &Options, record: &Record) -> Status {
    let chain_id = record.genesis.config.chain_id().unwrap_or_default();
    Status { network_id: options.network.id(), genesis: record.hash, chain_id }
}

fn identity(options: &Options, key: &NodeKey) -> Result<Identity, String> {
    Ok(Identity {
        key: key.clone(),
        id: key.id(),
        instance: u64::from_be_bytes(random::<8>()?),
        protocol: "klay",
        ports: options.ports.clone(),
        node_type: options.app.node_type(),
        client: options.version.client(),
    })
}

/// A bridge goes by the node's own key.
fn bridge_identity(options: &Options, key: &NodeKey, ports: Vec<u16>) -> Result<Identity, String> {
    Ok(Identity { protocol: "servicechain", ports, ..identity(options, key)? })
}
