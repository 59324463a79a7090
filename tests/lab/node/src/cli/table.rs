//! The flags of the node programs: those the daemon scripts pass and those the lab's playbooks may pass.
//! The original has more; one that is missing here is refused like a misspelt one.

use super::App;
use super::flags::{Flag, Kind};
use crate::version::{Family, Version};

/// Understood and acted on.
const SWITCHES: &[&str] =
    &["help", "version", "rpc", "multichannel", "ipcdisable", "metrics", "prometheus", "ntp.disable", "autorestart.enable", "mainbridge"];
const TEXTS: &[&str] = &[
    "datadir",
    "rpcaddr",
    "rpcapi",
    "rpccorsdomain",
    "rpcvhosts",
    "ipcpath",
    "nodekey",
    "nodekeyhex",
    "ntp.server",
    "log.file",
    "autorestart.daemon.path",
    "autorestart.timeout",
];
const NUMBERS: &[&str] = &["networkid", "port", "subport", "rpcport", "verbosity", "maxconnections", "prometheusport", "mainbridgeport"];

/// Accepted because the daemon scripts pass them; they set things the stand-in does not have (a transaction
/// pool, a real database, WebSocket, log rotation, value transfer).
const SWITCHES_WITHOUT_EFFECT: &[&str] = &[
    "nodiscover",
    "ws",
    "db.no-parallel-write",
    "db.single",
    "childchainindexing",
    "vm.internaltx",
    "log.rotate",
    "log.compress",
    "txpool.nolocals",
    "vtrecovery",
];
const TEXTS_WITHOUT_EFFECT: &[&str] = &[
    "srvtype",
    "syncmode",
    "gcmode",
    "wsaddr",
    "wsapi",
    "wsorigins",
    "bootnodes",
    "rewardbase",
    "scsigner",
    "unlock",
    "password",
    "dbtype",
    "statedb.cache.type",
    "nat",
    "netrestrict",
    "identity",
];
const NUMBERS_WITHOUT_EFFECT: &[&str] = &[
    "wsport",
    "txpool.exec-slots.all",
    "txpool.nonexec-slots.all",
    "txpool.exec-slots.account",
    "txpool.nonexec-slots.account",
    "db.leveldb.cache-size",
    "db.pebbledb.cache-size",
    "state.trie-cache-limit",
    "log.maxsize",
    "log.maxbackup",
    "log.maxbackups",
    "log.maxage",
    "maxpendpeers",
    "rpc.concurrencylimit",
    "rpcreadtimeout",
    "rpcwritetimeout",
    "rpcidletimeout",
    "rpcexecutiontimeout",
    "sc.parentoperator.gaslimit",
    "sc.childoperator.gaslimit",
    "vtrecoveryinterval",
    "chaintxlimit",
    "subbridgeport",
];

fn flags<'a>(kind: Kind, names: &'a [&'static str]) -> impl Iterator<Item = Flag> + 'a {
    names.iter().map(move |name| Flag { name, kind })
}

/// All flags of a node program in this release.
pub fn node(app: App, version: &Version) -> Vec<Flag> {
    let mut table: Vec<Flag> = flags(Kind::Switch, SWITCHES)
        .chain(flags(Kind::Text, TEXTS))
        .chain(flags(Kind::Number, NUMBERS))
        .chain(flags(Kind::Switch, SWITCHES_WITHOUT_EFFECT))
        .chain(flags(Kind::Text, TEXTS_WITHOUT_EFFECT))
        .chain(flags(Kind::Number, NUMBERS_WITHOUT_EFFECT))
        .collect();
    match (app, version.family()) {
        (App::Scn, _) => {
            table.extend(flags(Kind::Switch, &["subbridge", "anchoring"]));
            table.extend(flags(Kind::Number, &["chaintxperiod", "parentchainid"]));
        }
        (App::En, Family::Klaytn) => table.extend(flags(Kind::Switch, &["cypress", "baobab"])),
        (App::En, Family::Kaia) => table.extend(flags(Kind::Switch, &["mainnet", "kairos"])),
    }
    if !version.since(1, 10, 0) {
        // The clock check came with v1.10.0.
        table.retain(|flag| !flag.name.starts_with("ntp."));
    }
    table
}

/// The flags of `attach`.
pub fn attach() -> Vec<Flag> {
    flags(Kind::Text, &["datadir", "exec"]).collect()
}

/// The flags of `init`.
pub fn init() -> Vec<Flag> {
    let switches = flags(Kind::Switch, &["db.single"]);
    let texts = flags(Kind::Text, &["datadir", "dbtype"]);
    switches.chain(texts).chain(flags(Kind::Number, &["verbosity"])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_flag_twice() {
        for (app, version) in [(App::Scn, "v1.12.1"), (App::En, "v1.9.0"), (App::En, "v2.2.1")] {
            let table = node(app, &Version::parse(version));
            let names: BTreeSet<_> = table.iter().map(|flag| flag.name).collect();
            assert_eq!(names.len(), table.len());
        }
    }

    #[test]
    fn names_of_the_networks_follow_the_family() {
        let has = |version: &str, name: &str| node(App::En, &Version::parse(version)).iter().any(|flag| flag.name == name);
        assert!(has("v1.12.1", "baobab") && !has("v1.12.1", "kairos"));
        assert!(has("v2.2.1", "kairos") && !has("v2.2.1", "baobab"));
        assert!(!has("v1.9.0", "ntp.disable") && has("v1.10.0", "ntp.disable"));
    }
}
