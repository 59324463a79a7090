//! The flags of a node as settings, with the original's defaults.

use std::path::PathBuf;
use std::time::Duration;

use super::App;
use super::flags::Parsed;
use crate::version::{Mode, Version};

/// Network of a service chain when none is named.
const SERVICE_CHAIN_NETWORK: u64 = 3000;

/// Which network the node belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Its genesis is built in (endpoint nodes): network and chain id.
    Public(u64),
    /// Its genesis comes from `init`.
    Private(u64),
}

impl Network {
    pub fn id(self) -> u64 {
        match self {
            Network::Public(id) | Network::Private(id) => id,
        }
    }
}

/// JSON-RPC over HTTP.
#[derive(Debug, Clone)]
pub struct Rpc {
    pub address: String,
    pub port: u16,
    /// Namespaces on offer.
    pub api: Vec<String>,
    pub vhosts: Vec<String>,
    pub cors: String,
}

/// The side that dials the endpoint node and anchors blocks there.
#[derive(Debug, Clone)]
pub struct SubBridge {
    pub parent_chain_id: u64,
    pub anchoring: bool,
    /// Blocks between two anchored ones.
    pub period: u64,
}

#[derive(Debug, Clone)]
pub struct Options {
    pub app: App,
    pub version: Version,
    pub mode: Mode,
    pub data_dir: PathBuf,
    pub network: Network,
    /// Ports by channel.
    pub ports: Vec<u16>,
    pub max_inbound: usize,
    pub rpc: Option<Rpc>,
    pub ipc: Option<PathBuf>,
    pub node_key: Option<PathBuf>,
    pub node_key_hex: Option<String>,
    pub verbosity: u8,
    pub log_file: Option<PathBuf>,
    pub metrics_port: Option<u16>,
    /// None: no clock check.
    pub ntp_server: Option<String>,
    pub main_bridge_port: Option<u16>,
    pub sub_bridge: Option<SubBridge>,
    /// Run this with `restart` after so long without a new block.
    pub auto_restart: Option<(PathBuf, Duration)>,
}

/// The default data directory: `~/.kscn` or `~/.ken`.
pub fn data_dir(app: App, flags: &Parsed) -> PathBuf {
    let home = || std::env::home_dir().unwrap_or_default().join(format!(".{}", app.name()));
    flags.text("datadir").map_or_else(home, PathBuf::from)
}

impl Options {
    pub fn new(app: App, version: &Version, mode: Mode, flags: &Parsed) -> Result<Options, String> {
        let data_dir = data_dir(app, flags);
        let port: u16 = flags.number("port", 32323)?;
        let mut ports = vec![port];
        let mut max_inbound = flags.number("maxconnections", 10)?;
        if flags.switch("multichannel") {
            ports.push(flags.number("subport", port.saturating_add(1))?);
            // Each peer takes two connections.
            max_inbound /= 2;
        }
        let ipc = flags.text("ipcpath").map_or_else(|| data_dir.join("klay.ipc"), PathBuf::from);
        Ok(Options {
            app,
            version: version.clone(),
            mode,
            network: network(app, flags)?,
            ports,
            max_inbound,
            rpc: if flags.switch("rpc") { Some(rpc(flags)?) } else { None },
            ipc: (!flags.switch("ipcdisable")).then_some(ipc),
            node_key: flags.text("nodekey").map(PathBuf::from),
            node_key_hex: flags.text("nodekeyhex").map(str::to_owned),
            verbosity: flags.number("verbosity", 3)?,
            log_file: flags.text("log.file").map(PathBuf::from),
            metrics_port: match flags.switch("metrics") && flags.switch("prometheus") {
                true => Some(flags.number("prometheusport", 61001)?),
                false => None,
            },
            ntp_server: (version.since(1, 10, 0) && !flags.switch("ntp.disable"))
                .then(|| flags.text("ntp.server").unwrap_or(crate::node::ntp::DEFAULT_SERVER).to_owned()),
            main_bridge_port: match flags.switch("mainbridge") {
                true => Some(flags.number("mainbridgeport", 50505)?),
                false => None,
            },
            sub_bridge: match flags.switch("subbridge") {
                true => Some(SubBridge {
                    parent_chain_id: flags.number("parentchainid", 8217)?,
                    anchoring: flags.switch("anchoring"),
                    period: flags.number("chaintxperiod", 1_u64)?.max(1),
                }),
                false => None,
            },
            auto_restart: match (flags.switch("autorestart.enable"), flags.text("autorestart.daemon.path")) {
                (true, Some(path)) => Some((PathBuf::from(path), duration(flags.text("autorestart.timeout").unwrap_or("15m"))?)),
                _ => None,
            },
            data_dir,
        })
    }
}

fn network(app: App, flags: &Parsed) -> Result<Network, String> {
    let public = [("cypress", 8217), ("mainnet", 8217), ("baobab", 1001), ("kairos", 1001)];
    let mut chosen = public.iter().filter(|(name, _)| flags.switch(name));
    let id = match flags.text("networkid") {
        Some(_) => Some(flags.number("networkid", 0)?),
        None => None,
    };
    match (id, chosen.next(), app) {
        (Some(_), Some((name, _)), _) => Err(format!("--networkid and --{name} are mutually exclusive")),
        (Some(id), None, _) => Ok(Network::Private(id)),
        (None, Some((_, id)), _) => Ok(Network::Public(*id)),
        (None, None, App::Scn) => Ok(Network::Private(SERVICE_CHAIN_NETWORK)),
        // As the original: mainnet unless told otherwise.
        (None, None, App::En) => Ok(Network::Public(8217)),
    }
}

fn rpc(flags: &Parsed) -> Result<Rpc, String> {
    let list = |name: &str, default: &str| -> Vec<String> {
        let text = flags.text(name).unwrap_or(default);
        text.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
    };
    Ok(Rpc {
        address: flags.text("rpcaddr").unwrap_or("localhost").replace("localhost", "127.0.0.1"),
        port: flags.number("rpcport", 8551)?,
        api: list("rpcapi", "klay,net,web3"),
        vhosts: list("rpcvhosts", "localhost"),
        cors: flags.text("rpccorsdomain").unwrap_or_default().to_owned(),
    })
}

/// `15m`, `90s`, `1h`.
fn duration(text: &str) -> Result<Duration, String> {
    let invalid = || format!("invalid value {text:?} for flag -autorestart.timeout: parse error");
    let unit = text.chars().last().ok_or_else(invalid)?;
    let number: u64 = text.trim_end_matches(unit).parse().map_err(|_| invalid())?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        _ => return Err(invalid()),
    };
    Ok(Duration::from_secs(number.saturating_mul(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{flags, table};

    fn options(app: App, line: &str) -> Result<Options, String> {
        let version = Version::parse("v1.12.1");
        let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let parsed = flags::parse(&table::node(app, &version), &args, false)?;
        Options::new(app, &version, Mode::Normal, &parsed)
    }

    #[test]
    fn what_the_daemon_script_passes() {
        let line = "--nodiscover --metrics --prometheus --multichannel --rpc --rpcapi klay,eth,net,web3,subbridge \
            --rpcport 8551 --rpcaddr 0.0.0.0 --rpccorsdomain * --rpcvhosts * --ws --wsapi klay --wsport 8552 \
            --wsaddr 0.0.0.0 --wsorigins * --networkid 3000 --datadir /d --port 22323 --subport 22324 --srvtype http \
            --verbosity 3 --txpool.exec-slots.all 16384 --syncmode full --subbridge --subbridgeport 50506 \
            --chaintxperiod 10 --chaintxlimit 1000 --parentchainid 1001 --anchoring --sc.parentoperator.gaslimit 10000000 \
            --vtrecovery --vtrecoveryinterval 5 --autorestart.enable --autorestart.daemon.path /x/bin/kscnd";
        let options = options(App::Scn, line).unwrap();
        assert_eq!(options.network, Network::Private(3000));
        assert_eq!(options.ports, [22323, 22324]);
        assert_eq!(options.max_inbound, 5, "half of the default of 10 with two channels");
        assert_eq!(options.rpc.unwrap().api.len(), 5);
        let bridge = options.sub_bridge.unwrap();
        assert_eq!((bridge.parent_chain_id, bridge.anchoring, bridge.period), (1001, true, 10));
        assert_eq!(options.auto_restart.unwrap().1, Duration::from_secs(900));
    }

    #[test]
    fn networks() {
        assert_eq!(options(App::Scn, "").unwrap().network, Network::Private(3000));
        assert_eq!(options(App::En, "--baobab").unwrap().network, Network::Public(1001));
        assert_eq!(options(App::En, "--networkid 1001").unwrap().network, Network::Private(1001));
        assert!(options(App::En, "--networkid 1001 --baobab").is_err());
        assert!(options(App::Scn, "--baobab").is_err(), "kscn has no public network");
    }
}
