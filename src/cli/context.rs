//! What every command that knows hosts starts with: settings, passwords, templates, extra variables, inventory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{ConnectionArgs, InventoryArgs, LoginArgs, ReportArgs};
use super::exit::Failure;
use super::settings::Settings;
use super::{extra_vars, prompt, secrets};
use crate::base::{Diagnostic, Diagnostics};
use crate::engine::{Becoming, Gathering, Reload};
use crate::foreign::Sources;
use crate::foreign::core::Environment;
use crate::inventory::{self, Inventory, Vars, pattern};
use crate::plan::{Compiled, Inputs, Play, Selection};
use crate::template::Templates;
use crate::transport::route::{Defaults, SshConfig};

/// See the module documentation.
pub struct Context {
    /// Settings of environment and files.
    pub settings: Settings,
    /// The renderer, with the vault passwords.
    pub templates: Templates,
    /// `--extra-vars`.
    pub extra_vars: Arc<Vars>,
}

impl Context {
    /// Reads settings, passwords and extra variables.
    ///
    /// # Errors
    /// One of them makes no sense.
    pub fn new(args: &InventoryArgs) -> Result<Self, Failure> {
        let settings = Settings::read()?;
        let keyring = secrets::keyring(
            &settings,
            &args.vault_id,
            &args.vault_password_file,
            args.ask_vault_pass || settings.flag("ask_vault_pass")?.unwrap_or(false),
        )?;
        let templates = Templates::new(keyring, Arc::default());
        let extra_vars = extra_vars::parse(&args.extra_vars, &templates)?;
        Ok(Self { settings, templates, extra_vars })
    }

    /// What a plan of these playbooks is made from.
    pub fn plan_inputs(&self, playbooks: &[PathBuf], selection: Selection) -> Inputs {
        Inputs {
            playbooks: playbooks.to_vec(),
            texts: Vec::new(),
            roles_path: self.roles_path(playbooks),
            collections_path: self.paths_or("collections_path", &["~/.ansible/collections", "/usr/share/ansible/collections"]),
            foreign: self.foreign(),
            extra_vars: (*self.extra_vars).clone(),
            selection,
            templates: Arc::new(self.templates.clone()),
            cwd: self.settings.dir.clone(),
        }
    }

    /// Where roles are looked up besides `roles/` beside the playbook: as set, else `roles/` beside the folder of the playbook and in the
    /// current directory, so that a project with `playbooks/` and `roles/` side by side needs no setting; then Ansible's own places.
    fn roles_path(&self, playbooks: &[PathBuf]) -> Vec<PathBuf> {
        let set = self.settings.paths("roles_path");
        if !set.is_empty() {
            return set;
        }
        let beside = |playbook: &PathBuf| Some(self.settings.dir.join(playbook).parent()?.parent()?.join("roles"));
        let mut places: Vec<PathBuf> = playbooks.iter().filter_map(beside).collect();
        places.push(self.settings.dir.join("roles"));
        places.push(self.settings.home.join(".ansible/roles"));
        places.extend(["/usr/share/ansible/roles", "/etc/ansible/roles"].map(PathBuf::from));
        let mut seen = std::collections::HashSet::new();
        places.retain(|place| seen.insert(place.clone()));
        places
    }

    /// Where modules are looked up that are none of kconf's own, in Ansible's places.
    fn foreign(&self) -> Sources {
        let usual = |kind: &str| [format!("~/.ansible/plugins/{kind}"), format!("/usr/share/ansible/plugins/{kind}")];
        let of = |setting: &str, kind: &str| self.paths_or(setting, &usual(kind).each_ref().map(String::as_str));
        let variable = |name: &str| std::env::var_os(name).map(|paths| std::env::split_paths(&paths).collect()).unwrap_or_default();
        Sources {
            library: of("library", "modules"),
            module_utils: of("module_utils", "module_utils"),
            action_plugins: of("action_plugins", "action"),
            collections_path: Vec::new(),
            python_modules: self.settings.words("python_modules"),
            core: Environment {
                wanted: self.settings.path("ansible_core"),
                path: variable("PATH"),
                python_path: variable("PYTHONPATH"),
                home: self.settings.home.clone(),
            },
        }
    }

    /// A setting that is a list of paths, and what it is where nobody sets it.
    fn paths_or(&self, setting: &str, usual: &[&str]) -> Vec<PathBuf> {
        let set = self.settings.paths(setting);
        let home = |path: &&str| path.strip_prefix("~/").map_or_else(|| PathBuf::from(path), |rest| self.settings.home.join(rest));
        if set.is_empty() { usual.iter().map(home).collect() } else { set }
    }

    /// The inventory.
    ///
    /// # Errors
    /// A source that cannot be read, with the exit code that fits.
    pub async fn inventory(&self, args: &InventoryArgs, playbooks: &[PathBuf]) -> Result<Inventory, Failure> {
        let reload = self.reload(args, playbooks);
        inventory::load(&reload.sources, &reload.options).await.map_err(Failure::invalid)
    }

    /// Warnings for variables that nothing defines. Without an inventory it is not known what one would define, but for plays on the
    /// controller.
    pub fn undefined(&self, compiled: &Compiled, inventory: &Inventory) -> Diagnostics {
        let is_local = |play: &Arc<Play>| play.hosts.as_str().is_some_and(|hosts| pattern::LOCAL_NAMES.contains(&hosts));
        if inventory.hosts.values().all(|host| host.implicit) && !compiled.plan.plays.iter().all(is_local) {
            return Diagnostics::default();
        }
        let hosts = inventory.hosts.values().map(|host| (&host.vars, &host.inventory_files, &host.playbook_files));
        let groups = inventory.groups.values().map(|group| (&group.vars, &group.inventory_files, &group.playbook_files));
        let layers = hosts
            .chain(groups)
            .flat_map(|(own, beside, playbook)| std::iter::once(own).chain(beside.iter().chain(playbook).map(|vars| &**vars)));
        let known = layers.flat_map(|vars| vars.keys()).chain(self.extra_vars.keys()).map(String::as_str);
        let magic: Vec<&str> = crate::engine::magic_names().collect();
        compiled.names.undefined(known.chain(magic.iter().copied()))
    }

    /// Where the inventory comes from.
    pub fn reload(&self, args: &InventoryArgs, playbooks: &[PathBuf]) -> Reload {
        let sources = self.settings.inventory(&args.inventory);
        let mut playbook_dirs: Vec<PathBuf> = Vec::new();
        for playbook in playbooks {
            let dir = playbook.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
            if !playbook_dirs.contains(&dir) {
                playbook_dirs.push(dir);
            }
        }
        let options = inventory::Options {
            playbook_dirs,
            templates: self.templates.clone(),
            extra_vars: self.extra_vars.clone(),
            flush_cache: args.flush_cache,
        };
        Reload { sources, options }
    }

    /// The hosts that a pattern given by the user selects; a part that matches nothing is an error.
    ///
    /// # Errors
    /// The pattern is malformed or a part of it matches nothing.
    pub fn hosts(&self, inventory: &Inventory, text: &str, limit: Option<&str>) -> Result<Vec<String>, Failure> {
        let selection = pattern::select(inventory, text, limit).map_err(Failure::usage)?;
        let mut unmatched = selection.unmatched;
        if let Some(limit) = limit {
            unmatched.extend(pattern::select(inventory, limit, None).map_err(Failure::usage)?.unmatched);
        }
        // `all` of an empty inventory is not a mistake in the pattern.
        unmatched.retain(|part| part != "all" && part != "*");
        if !unmatched.is_empty() {
            let errors: Diagnostics = Diagnostics(unmatched.iter().map(|part| pattern::unmatched_error(inventory, part)).collect());
            return Err(Failure { diagnostics: errors, code: super::exit::BAD_COMMAND_LINE });
        }
        if selection.hosts.is_empty() {
            let hint = if inventory.hosts.is_empty() {
                "the inventory has no hosts: name one with `-i`"
            } else {
                "`kconf inventory graph` shows all hosts"
            };
            return Err(Failure::usage(Diagnostic::error(format!("no host matches `{text}`")).hint(hint)));
        }
        Ok(selection.hosts)
    }

    /// How much to show: number of `-v`, else as set.
    ///
    /// # Errors
    /// The setting is no number.
    pub fn verbosity(&self, report: &ReportArgs) -> Result<u8, Failure> {
        let set = self.settings.number("verbosity")?.and_then(|number| u8::try_from(number).ok()).unwrap_or(0);
        Ok(if report.verbose > 0 { report.verbose } else { set })
    }

    /// What connections fall back to by command line, environment and files.
    ///
    /// # Errors
    /// A setting that makes no sense, or nobody is there to ask for a password.
    pub fn connection(&self, login: &LoginArgs, kind: Option<&str>) -> Result<Defaults, Failure> {
        let password =
            if login.ask_pass || self.settings.flag("ask_pass")?.unwrap_or(false) { Some(prompt::password("SSH password")?) } else { None };
        Ok(Defaults {
            user: login.user.clone().or_else(|| self.settings.text("remote_user")),
            private_keys: login.private_key.clone().or_else(|| self.settings.path("private_key_file")).into_iter().collect(),
            password,
            connect_timeout: self.settings.connect_timeout(login.timeout)?,
            host_key_checking: self.settings.host_key_checking()?,
            ssh_common_args: login.ssh_common_args.clone().or_else(|| self.settings.text("ssh_common_args")),
            ssh_extra_args: login.ssh_extra_args.clone().or_else(|| self.settings.text("ssh_extra_args")),
            connection: kind.map(str::to_owned).or_else(|| self.settings.text("connection")),
            home: self.settings.home.clone(),
            local_user: local_user(),
            agent: std::env::var_os("SSH_AUTH_SOCK").map(PathBuf::from),
            ssh_config: SshConfig::load(&self.settings.home),
        })
    }

    /// What a run is set to by command line, environment and files.
    ///
    /// # Errors
    /// A setting that makes no sense, or nobody is there to ask for a password.
    pub fn run_settings(&self, connection: &ConnectionArgs, report: &ReportArgs) -> Result<crate::engine::Settings, Failure> {
        let ask_become = connection.ask_become_pass || self.settings.flag("become_ask_pass")?.unwrap_or(false);
        let become_password = if ask_become { Some(prompt::password("BECOME password")?) } else { None };
        let gathering = match self.settings.text("gathering").as_deref() {
            None | Some("implicit") => Gathering::Implicit,
            Some("explicit") => Gathering::Explicit,
            Some("smart") => Gathering::Smart,
            Some(other) => {
                return Err(Failure::invalid(Diagnostic::error(format!(
                    "the setting `gathering` is `{other}`, expected implicit, explicit or smart"
                ))));
            }
        };
        if let Some(other) = self.settings.text("hash_behaviour").filter(|behaviour| behaviour != "replace") {
            let wrong = Diagnostic::error(format!("the setting `hash_behaviour` is `{other}`, only `replace` is supported"));
            return Err(Failure::invalid(wrong.hint("join mappings where they are used, with the filter `combine`")));
        }
        Ok(crate::engine::Settings {
            any_errors_fatal: self.settings.flag("any_errors_fatal")?.unwrap_or(false),
            strategy: self.settings.text("strategy").unwrap_or_else(|| "linear".to_owned()),
            python_interpreter: self.settings.text("python_interpreter"),
            task_timeout: self.settings.number("task_timeout")?.filter(|seconds| *seconds > 0),
            config_file: self.settings.file(),
            // Two percent signs are one, as everywhere in such a file.
            managed: self.settings.text("managed").map(|text| text.replace("%%", "%")),
            forks: self.settings.forks(connection.forks)?,
            diff: report.diff || self.settings.flag("diff")?.unwrap_or(false),
            verbosity: i64::from(self.verbosity(report)?),
            extra_vars: self.extra_vars.clone(),
            limit: connection.limit.clone(),
            force_handlers: self.settings.flag("force_handlers")?.unwrap_or(false),
            gathering,
            connection: self.connection(&connection.login, connection.connection.as_deref())?,
            becoming: Becoming {
                on: connection.become_ || self.settings.flag("become")?.unwrap_or(false),
                user: connection.become_user.clone().or_else(|| self.settings.text("become_user")),
                method: connection.become_method.clone().or_else(|| self.settings.text("become_method")),
                password: become_password,
                flags: self.settings.text("become_flags"),
                exe: self.settings.text("become_exe"),
            },
            prompter: Some(Arc::new(prompt::Terminal)),
            ..crate::engine::Settings::default()
        })
    }
}

/// Who runs the program.
pub fn local_user() -> String {
    let named = ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()));
    named
        .or_else(|| nix::unistd::User::from_uid(nix::unistd::Uid::current()).ok().flatten().map(|user| user.name))
        .unwrap_or_else(|| "root".to_owned())
}
