//! A stand-in for the node programs of a Klaytn or Kaia service chain, for the lab only.
//!
//! The real binaries cannot be had where the lab runs. This program takes their place: called as `kscn`,
//! `ken` or `homi` it has their command line, files, messages, RPC and, above all, their consensus
//! behaviour, so that a careless operation breaks the lab's chain the way it would break a real one. What it
//! does not have is listed in the README beside it. It is not the original software and shares no code with it.
//!
//! | folder | for | needs |
//! |---|---|---|
//! | `crypto` | keys, hashes, encodings | |
//! | `genesis` | the genesis file | crypto |
//! | `chain` | blocks, validators, storage | crypto, genesis |
//! | `consensus` | agreeing on a block | chain |
//! | `p2p` | connections | crypto, chain, consensus |
//! | `bridge` | main and sub bridge | p2p, chain |
//! | `node` | one running node | all above |
//! | `rpc` | JSON-RPC, IPC, metrics | node |
//! | `homi` | key and genesis generator | crypto, genesis |
//! | `cli` | command lines | all |

mod bridge;
mod chain;
mod cli;
mod clock;
mod consensus;
mod crypto;
mod genesis;
mod homi;
mod log;
mod node;
mod p2p;
mod rpc;
mod sync;
mod version;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main(std::env::args().collect())
}
