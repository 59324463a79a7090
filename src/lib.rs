//! kconf: agentless configuration management over SSH, in the language of Ansible.
//!
//! The map of the source. A folder may import the folders named in its row and its own files; nothing else.
//! `tests/it/architecture.rs` reads this table and fails when a `use crate::` line breaks it.
//!
//! | folder | what it is | imports |
//! |---|---|---|
//! | `base` | spans, diagnostics, secrets, small text helpers | nothing |
//! | `klaytn` | keys, genesis, quorum and health of Klaytn chains, as pure functions | base |
//! | `system` | the machine being configured: trait `System` and its implementations | base |
//! | `modules` | the module contract and one file per module | base, system, klaytn |
//! | `wire` | frames and messages between controller and runner | base, system, modules |
//! | `runner` | the program on the target: request loop around the modules | base, system, modules, wire |
//! | `yaml` | YAML text to a tree whose every node knows its position | base |
//! | `vault` | encrypted strings and files | base |
//! | `template` | expressions and templates, filters, tests, lookups | base, vault, yaml |
//! | `inventory` | hosts, groups, variables and where they come from | base, yaml, vault, template |
//! | `playbook` | the syntax tree of playbooks and roles | base, yaml |
//! | `foreign` | modules without code of kconf's own: found in projects and collections, packaged for hosts | base, system, modules, yaml |
//! | `event` | what happened in a run, as data | base |
//! | `journal` | what runs leave behind: written as they happen, read again later | base, event |
//! | `transport` | byte streams to hosts: routes, ssh, bastions, local; and the sessions over them | base, system, modules, wire, runner |
//! | `plan` | syntax tree to a plan: roles and imports resolved, static checks | base, yaml, vault, template, inventory, playbook, modules, foreign |
//! | `reference` | what the declarations say, as pages, snippets and JSON schema | base, template, playbook, modules, plan |
//! | `engine` | executes a plan and emits events | base, system, klaytn, modules, wire, runner, yaml, vault, template, inventory, playbook, event, transport, plan, foreign |
//! | `report` | events to what a person or a program reads | base, yaml, event, journal |
//! | `cli` | command line, settings, exit codes, one file per command | base, system, modules, wire, runner, yaml, vault, template, inventory, playbook, event, journal, transport, plan, reference, engine, report, foreign |
//!
//! `base`, `system`, `modules`, `wire` and `runner` make up the program that runs on targets. All the rest is built
//! only with the feature `controller`, so the compiler itself keeps the controller out of that program.

pub mod base;
pub mod klaytn;
pub mod modules;
pub mod runner;
pub mod system;
pub mod wire;

#[cfg(feature = "controller")]
pub mod cli;
#[cfg(feature = "controller")]
pub mod engine;
#[cfg(feature = "controller")]
pub mod event;
#[cfg(feature = "controller")]
pub mod foreign;
#[cfg(feature = "controller")]
pub mod inventory;
#[cfg(feature = "controller")]
pub mod journal;
#[cfg(feature = "controller")]
pub mod plan;
#[cfg(feature = "controller")]
pub mod playbook;
#[cfg(feature = "controller")]
pub mod reference;
#[cfg(feature = "controller")]
pub mod report;
#[cfg(feature = "controller")]
pub mod template;
#[cfg(feature = "controller")]
pub mod transport;
#[cfg(feature = "controller")]
pub mod vault;
#[cfg(feature = "controller")]
pub mod yaml;
