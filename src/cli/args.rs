//! What can be typed. Nothing here has side effects; every doc comment is the help text, `add` names what suggests values.

mod doc;

mod runs;

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::engine::ArgValueCompleter as Completer;

use super::complete;
pub use doc::{Doc, DocOutput, DocType, Schema, SchemaFile};

pub use runs::{History, HistoryOutput, Report, ReportFormat};

/// Configures machines over SSH in the language of Ansible. Nothing is installed on them.
#[derive(Parser, Debug)]
#[command(name = "kconf", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = "\
Examples:
  kconf inventory list                  which hosts there are, and through which bastion
  kconf ping all                        whether they can be reached
  kconf run playbooks/site.yml          bring them into the described state
  kconf run site.yml --check --diff     say what that would change, and change nothing
  kconf history                         what was run, and what came of it

Exit codes: 0 ok, 1 could not start, 2 a task failed, 3 errors in playbook or inventory,
4 a host was unreachable, 5 wrong command line, 99 interrupted, 250 a defect of kconf.")]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run playbooks
    Run(Box<Run>),
    /// Log in to hosts and say whether they answer
    Ping(Box<Ping>),
    /// Run one module on hosts
    Exec(Box<Exec>),
    /// Open a shell on a host, or run a command there
    ///
    /// Without a command it is a shell on a terminal there. With one, standard input, output and error are those of kconf, byte for byte.
    /// The exit code is that of the shell or command, or 128 and the number of the signal that ended it.
    /// `~.` at the beginning of a line leaves a shell that does not answer any more.
    Ssh(Box<Ssh>),
    /// Show hosts, groups and variables
    #[command(subcommand)]
    Inventory(Inventory),
    /// Check playbooks without touching any host
    Check(Box<Check>),
    /// Show what kconf finds out about hosts
    Facts(Box<Facts>),
    /// Show which runs there were, or what came of one
    History(History),
    /// Write a report about a run
    Report(Report),
    /// Show the settings, and where each was found
    Config(Config),
    /// Show the documentation of modules, keywords, filters, tests, functions and lookups
    Doc(Doc),
    /// Print the JSON schema with which editors check playbooks and files of roles
    Schema(Schema),
    /// Encrypt and decrypt variables and files
    #[command(subcommand)]
    Vault(Vault),
    /// Print a completion script for a shell
    Completion(Completion),
}

/// Where hosts come from and which of them count.
#[derive(Args, Debug, Clone, Default)]
pub struct InventoryArgs {
    /// Inventory: a file, a directory, a script, or a list of hosts with a comma. Can be given several times
    #[arg(short = 'i', long = "inventory", value_name = "SOURCE", help_heading = "Inventory", value_hint = ValueHint::AnyPath)]
    pub inventory: Vec<String>,
    /// Ask the cloud even if a cached inventory is still good
    #[arg(long, help_heading = "Inventory")]
    pub flush_cache: bool,
    /// Set variables: key=value, JSON, YAML, or @FILE. Can be given several times
    #[arg(short = 'e', long = "extra-vars", value_name = "VARS", help_heading = "Variables")]
    pub extra_vars: Vec<String>,
    /// Vault identity: LABEL@FILE, LABEL@prompt, or FILE. Can be given several times
    #[arg(long, value_name = "ID", help_heading = "Variables")]
    pub vault_id: Vec<String>,
    /// File with the vault password, or a script that prints it
    #[arg(long, alias = "vault-pass-file", value_name = "FILE", help_heading = "Variables")]
    pub vault_password_file: Vec<PathBuf>,
    /// Ask for the vault password
    #[arg(short = 'J', long, alias = "ask-vault-password", help_heading = "Variables")]
    pub ask_vault_pass: bool,
}

fn whole_number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "expected a whole number".to_owned())
}

/// How to log in to hosts.
#[derive(Args, Debug, Clone, Default)]
pub struct LoginArgs {
    /// Log in as this user
    #[arg(short = 'u', long, value_name = "USER", help_heading = "Connection")]
    pub user: Option<String>,
    /// Private key to log in with
    #[arg(long, alias = "key-file", value_name = "FILE", help_heading = "Connection")]
    pub private_key: Option<PathBuf>,
    /// Ask for the login password
    #[arg(short = 'k', long, help_heading = "Connection")]
    pub ask_pass: bool,
    /// Seconds until a connection attempt is given up
    #[arg(short = 'T', long, value_name = "SECONDS", value_parser = whole_number::<u64>, help_heading = "Connection")]
    pub timeout: Option<u64>,
    /// Options of ssh: -J, -o ProxyJump=, -i, -p, …
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true, help_heading = "Connection")]
    pub ssh_common_args: Option<String>,
    /// Further options of ssh
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true, help_heading = "Connection")]
    pub ssh_extra_args: Option<String>,
}

/// How hosts are reached.
#[derive(Args, Debug, Clone, Default)]
pub struct ConnectionArgs {
    /// Only these hosts: a host pattern
    #[arg(short = 'l', long, value_name = "PATTERN", help_heading = "Inventory", add = Completer::new(complete::patterns))]
    pub limit: Option<String>,
    #[command(flatten)]
    pub login: LoginArgs,
    /// Kind of connection: ssh or local
    #[arg(short = 'c', long, value_name = "KIND", help_heading = "Connection")]
    pub connection: Option<String>,
    /// Leave nothing on hosts, not even the cached runner
    #[arg(long, help_heading = "Connection")]
    pub no_cache: bool,
    /// Become another user on the hosts
    #[arg(short = 'b', long = "become", help_heading = "Privileges")]
    pub become_: bool,
    /// The user to become
    #[arg(long, value_name = "USER", help_heading = "Privileges")]
    pub become_user: Option<String>,
    /// How to become another user: sudo, su or doas
    #[arg(long, value_name = "METHOD", help_heading = "Privileges")]
    pub become_method: Option<String>,
    /// Ask for the password of become
    #[arg(short = 'K', long, help_heading = "Privileges")]
    pub ask_become_pass: bool,
    /// Hosts that work at the same time
    #[arg(short = 'f', long, value_name = "N", value_parser = whole_number::<usize>, help_heading = "Connection")]
    pub forks: Option<usize>,
}

/// How a run is reported.
#[derive(Args, Debug, Clone, Default)]
pub struct ReportArgs {
    /// Show more: results, places, connections. Up to -vvvv
    #[arg(short = 'v', action = ArgAction::Count, help_heading = "Report")]
    pub verbose: u8,
    /// What the report looks like
    #[arg(short = 'o', long, value_name = "FORMAT", help_heading = "Report")]
    pub output: Option<Output>,
    /// Show differences
    #[arg(short = 'D', long, help_heading = "Report")]
    pub diff: bool,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Live progress, a line per task
    Terminal,
    /// A line per task and host, as Ansible prints it
    Plain,
    /// One JSON document at the end
    Json,
    /// One JSON event per line
    Jsonl,
    /// Only results, as `ansible` prints them
    Minimal,
    /// Only results, each on one line
    Oneline,
    /// JUnit XML at the end, a test case per task and host
    Junit,
}

#[derive(Args, Debug)]
pub struct Run {
    /// The playbooks, run in this order
    #[arg(required_unless_present = "resume", value_name = "PLAYBOOK", add = Completer::new(complete::playbooks))]
    pub playbooks: Vec<PathBuf>,
    /// Repeat a run that failed or was interrupted, from the top and with its command line, on the hosts that did not finish; on all its
    /// hosts when it did not get through all plays. Options given beside it take the place of those of the run. Without RUN it is the last
    /// one in this directory that was no check
    #[arg(long, value_name = "RUN", value_parser = runs::number, num_args = 0..=1, conflicts_with = "playbooks", help_heading = "Run")]
    pub resume: Option<Option<u64>>,
    /// What was typed, to be typed again.
    #[arg(skip)]
    pub words: Vec<String>,
    #[command(flatten)]
    pub inventory: InventoryArgs,
    #[command(flatten)]
    pub connection: ConnectionArgs,
    #[command(flatten)]
    pub report: ReportArgs,
    /// Change nothing; say what would change
    #[arg(short = 'C', long, help_heading = "Run")]
    pub check: bool,
    /// Only what has one of these tags
    #[arg(short = 't', long, value_name = "TAGS", value_delimiter = ',', help_heading = "Run", add = Completer::new(complete::tags))]
    pub tags: Vec<String>,
    /// Leave out what has one of these tags
    #[arg(long, value_name = "TAGS", value_delimiter = ',', help_heading = "Run", add = Completer::new(complete::tags))]
    pub skip_tags: Vec<String>,
    /// Run handlers even when a task failed
    #[arg(long, help_heading = "Run")]
    pub force_handlers: bool,
    /// Begin with this task: its name, or a glob for it
    #[arg(long, value_name = "TASK", help_heading = "Run")]
    pub start_at_task: Option<String>,
    /// Ask before each task whether to do it
    #[arg(long, help_heading = "Run")]
    pub step: bool,
    /// List the hosts each play would run on, and stop
    #[arg(long, help_heading = "Run")]
    pub list_hosts: bool,
    /// List the tasks, and stop
    #[arg(long, help_heading = "Run")]
    pub list_tasks: bool,
    /// List the tags, and stop
    #[arg(long, help_heading = "Run")]
    pub list_tags: bool,
    /// Check the playbooks, and stop
    #[arg(long, help_heading = "Run")]
    pub syntax_check: bool,
}

#[derive(Args, Debug)]
pub struct Config {
    /// Only those that are set
    #[arg(long, alias = "only-changed")]
    pub only_set: bool,
}

#[derive(Args, Debug)]
pub struct Ping {
    /// The hosts: a host pattern
    #[arg(value_name = "PATTERN", add = Completer::new(complete::patterns))]
    pub pattern: String,
    #[command(flatten)]
    pub inventory: InventoryArgs,
    #[command(flatten)]
    pub connection: ConnectionArgs,
    #[command(flatten)]
    pub report: ReportArgs,
}

#[derive(Args, Debug)]
pub struct Exec {
    /// The hosts: a host pattern
    #[arg(value_name = "PATTERN", add = Completer::new(complete::patterns))]
    pub pattern: String,
    /// The module
    #[arg(short = 'm', long, value_name = "MODULE", default_value = "command", add = Completer::new(complete::modules))]
    pub module: String,
    /// Its arguments: key=value, JSON, or the command
    #[arg(short = 'a', long, value_name = "ARGS", default_value = "", allow_hyphen_values = true, add = Completer::new(complete::arguments))]
    pub args: String,
    #[command(flatten)]
    pub inventory: InventoryArgs,
    #[command(flatten)]
    pub connection: ConnectionArgs,
    #[command(flatten)]
    pub report: ReportArgs,
    /// Change nothing; say what would change
    #[arg(short = 'C', long)]
    pub check: bool,
    /// List the hosts that the pattern selects, and stop
    #[arg(long)]
    pub list_hosts: bool,
}

#[derive(Args, Debug)]
pub struct Ssh {
    /// The host: its name, or a host pattern that means only one
    #[arg(value_name = "HOST")]
    pub host: String,
    /// A command instead of a shell; words are joined and read by the shell of the host
    #[arg(value_name = "COMMAND", trailing_var_arg = true)]
    pub command: Vec<String>,
    /// A terminal for the command too, or although input is none
    #[arg(short = 't', long, help_heading = "Connection")]
    pub tty: bool,
    #[command(flatten)]
    pub inventory: InventoryArgs,
    #[command(flatten)]
    pub login: LoginArgs,
}

#[derive(Subcommand, Debug)]
pub enum Inventory {
    /// List the hosts
    List(InventoryList),
    /// Show groups and hosts as a tree
    Graph(InventoryGraph),
    /// Show the variables of a host
    Host(InventoryHost),
    /// Print the names of the hosts a pattern selects
    Hosts(InventoryHosts),
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListOutput {
    /// A table
    Table,
    /// What `ansible-inventory --list` prints
    Json,
    /// The same as YAML
    Yaml,
}

#[derive(Args, Debug)]
pub struct InventoryList {
    #[command(flatten)]
    pub inventory: InventoryArgs,
    /// Only these hosts: a host pattern
    #[arg(short = 'l', long, value_name = "PATTERN", help_heading = "Inventory", add = Completer::new(complete::patterns))]
    pub limit: Option<String>,
    /// What to print: a table on a terminal, JSON otherwise
    #[arg(short = 'o', long, value_name = "FORMAT")]
    pub output: Option<ListOutput>,
}

#[derive(Args, Debug)]
pub struct InventoryGraph {
    /// The group to start at
    #[arg(default_value = "all", add = Completer::new(complete::groups))]
    pub group: String,
    /// Show variables too
    #[arg(long)]
    pub vars: bool,
    #[command(flatten)]
    pub inventory: InventoryArgs,
}

#[derive(Args, Debug)]
pub struct InventoryHost {
    /// The host
    #[arg(add = Completer::new(complete::patterns))]
    pub host: String,
    #[command(flatten)]
    pub inventory: InventoryArgs,
    /// What to print
    #[arg(short = 'o', long, value_name = "FORMAT", default_value = "json")]
    pub output: HostOutput,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostOutput {
    /// JSON
    Json,
    /// YAML
    Yaml,
}

#[derive(Args, Debug)]
pub struct InventoryHosts {
    /// The host pattern
    #[arg(value_name = "PATTERN", add = Completer::new(complete::patterns))]
    pub pattern: String,
    #[command(flatten)]
    pub inventory: InventoryArgs,
}

#[derive(Args, Debug)]
pub struct Check {
    /// The playbooks
    #[arg(required = true, value_name = "PLAYBOOK", add = Completer::new(complete::playbooks))]
    pub playbooks: Vec<PathBuf>,
    #[command(flatten)]
    pub inventory: InventoryArgs,
}

#[derive(Args, Debug)]
pub struct Facts {
    /// The hosts: a host pattern
    #[arg(value_name = "PATTERN", add = Completer::new(complete::patterns))]
    pub pattern: String,
    #[command(flatten)]
    pub inventory: InventoryArgs,
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// Only facts whose name matches this glob. Can be given several times
    #[arg(long, value_name = "GLOB")]
    pub filter: Vec<String>,
}

#[derive(Subcommand, Debug)]
pub enum Vault {
    /// Write a new encrypted file in the editor that `EDITOR` names
    Create(VaultCreate),
    /// Change encrypted files in the editor that `EDITOR` names
    Edit(VaultEdit),
    /// Encrypt files in place
    Encrypt(VaultFiles),
    /// Decrypt files in place
    Decrypt(VaultFiles),
    /// Print the content of encrypted files
    View(VaultEdit),
    /// Give encrypted files another password
    Rekey(VaultRekey),
    /// Encrypt a text for use as a variable; without TEXT it is read from standard input
    #[command(alias = "encrypt_string")]
    EncryptString(VaultString),
}

#[derive(Args, Debug)]
pub struct VaultSecrets {
    /// Vault identity: LABEL@FILE, LABEL@prompt, or FILE. Can be given several times
    #[arg(long, value_name = "ID")]
    pub vault_id: Vec<String>,
    /// File with the vault password, or a script that prints it
    #[arg(long, alias = "vault-pass-file", value_name = "FILE")]
    pub vault_password_file: Vec<PathBuf>,
    /// Ask for the vault password
    #[arg(short = 'J', long, alias = "ask-vault-password")]
    pub ask_vault_pass: bool,
}

#[derive(Args, Debug)]
pub struct VaultFiles {
    /// The files; `-` or none is standard input
    pub files: Vec<PathBuf>,
    /// Write there, not in place; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The id of the password to encrypt with, when there are several
    #[arg(long, value_name = "LABEL")]
    pub encrypt_vault_id: Option<String>,
    #[command(flatten)]
    pub secrets: VaultSecrets,
}

#[derive(Args, Debug)]
pub struct VaultCreate {
    /// The file, which must not be there yet
    pub file: PathBuf,
    /// The id of the password to encrypt with, when there are several
    #[arg(long, value_name = "LABEL")]
    pub encrypt_vault_id: Option<String>,
    #[command(flatten)]
    pub secrets: VaultSecrets,
}

#[derive(Args, Debug)]
pub struct VaultEdit {
    /// The files
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub secrets: VaultSecrets,
}

#[derive(Args, Debug)]
pub struct VaultRekey {
    /// The files
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// The new identity: LABEL@FILE, LABEL@prompt, or FILE
    #[arg(long, value_name = "ID")]
    pub new_vault_id: Option<String>,
    /// File with the new password, or a script that prints it
    #[arg(long, alias = "new-vault-pass-file", value_name = "FILE", conflicts_with = "new_vault_id")]
    pub new_vault_password_file: Option<PathBuf>,
    #[command(flatten)]
    pub secrets: VaultSecrets,
}

#[derive(Args, Debug)]
pub struct VaultString {
    /// The text; `-` or none is standard input
    pub text: Option<String>,
    /// The name of the variable
    #[arg(short = 'n', long)]
    pub name: Option<String>,
    /// The name of the variable whose value is standard input
    #[arg(long, value_name = "NAME")]
    pub stdin_name: Option<String>,
    /// The id of the password to encrypt with, when there are several
    #[arg(long, value_name = "LABEL")]
    pub encrypt_vault_id: Option<String>,
    #[command(flatten)]
    pub secrets: VaultSecrets,
}

#[derive(Args, Debug)]
pub struct Completion {
    /// The shell
    pub shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_flags_that_fingers_know_work() {
        let line = "kconf run a.yml -i x, -l web:!db -e k=v -t a,b --skip-tags c -C -D -f 9 -b -K -u me --private-key k -c ssh -T 5 -vvv";
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        let Command::Run(run) = cli.command else { panic!("not a run") };
        assert_eq!(run.tags, ["a", "b"]);
        assert_eq!(run.report.verbose, 3);
        assert_eq!(run.connection.limit.as_deref(), Some("web:!db"));
        assert!(run.check && run.report.diff && run.connection.become_);
    }

    #[test]
    fn options_of_a_command_on_a_host_are_its_own() {
        for line in ["kconf ssh web -u me -t top -d 1 -u x", "kconf ssh -t -u me web -- top -d 1 -u x"] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            let Command::Ssh(ssh) = cli.command else { panic!("not a shell") };
            assert_eq!((ssh.host.as_str(), ssh.login.user.as_deref(), ssh.tty), ("web", Some("me"), true));
            assert_eq!(ssh.command, ["top", "-d", "1", "-u", "x"]);
        }
    }
}
