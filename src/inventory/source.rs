//! From what the user names (`-i`) to an inventory: decides what each source is and reads it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::model::{Inventory, Vars};
use super::read::read_text;
use super::{ini, script, tree, vars_files};
use crate::base::{Diagnostic, Diagnostics, Source, Span};
use crate::template::Templates;
use crate::yaml::{self, Node};

/// What reading an inventory needs besides the sources.
pub struct Options {
    /// Folders of the playbooks: `group_vars` and `host_vars` beside them count too, and win over those beside the inventory.
    pub playbook_dirs: Vec<PathBuf>,
    /// Renders the expressions of `compose`, `groups` and `keyed_groups`, and decrypts vault files.
    pub templates: Templates,
    /// Extra variables, which those expressions see too.
    pub extra_vars: Arc<Vars>,
    /// Ask the cloud even if a cached answer is still good.
    pub flush_cache: bool,
}

/// Reads all sources, in order; later ones win. With no source the inventory is empty (and `localhost` is still implied).
///
/// # Errors
/// Everything that is wrong with them, each with its place.
pub async fn load(sources: &[String], options: &Options) -> Result<Inventory, Diagnostics> {
    let mut inventory = Inventory::default();
    let mut errors = Diagnostics::default();
    for source in sources {
        if let Err(found) = read_source(source, options, &mut inventory).await {
            errors.extend(found);
        }
    }
    inventory.settle();
    if let Err(found) = vars_files::attach(&mut inventory, options) {
        errors.extend(found);
    }
    if errors.has_errors() { Err(errors) } else { Ok(inventory) }
}

async fn read_source(source: &str, options: &Options, inventory: &mut Inventory) -> Result<(), Diagnostics> {
    if source.contains(',') {
        for host in source.split(',').map(str::trim).filter(|h| !h.is_empty()) {
            let (pattern, port) = ini::split_port(host);
            for name in inventory.allowance.expand(pattern).map_err(Diagnostic::error)? {
                inventory.add_to_group(&name, "ungrouped");
                if let Some(port) = port {
                    let port = super::literal::value(port, &Span::synthetic("the list of hosts"));
                    inventory.add_host(&name).vars.insert("ansible_port".to_owned(), Arc::new(port));
                }
            }
        }
        return Ok(());
    }
    let path = Path::new(source);
    let files = files_of(path)?;
    inventory.sources.push(path.to_owned());
    for file in files {
        let known = inventory.hosts.len();
        read_file(&file, options, inventory).await?;
        for (_, host) in inventory.hosts.iter_mut().skip(known) {
            host.source = Some(file.clone());
        }
    }
    Ok(())
}

/// The file itself, or what a directory holds, sorted, without what is no inventory.
#[expect(clippy::disallowed_methods, reason = "looking at what the user named as inventory")]
fn files_of(path: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    let unreadable = |error: std::io::Error| {
        Diagnostic::error(format!("failed to read the inventory `{}`", path.display()))
            .caused_by(error.to_string())
            .hint("name it with `-i PATH`; a list of hosts needs a comma: `-i host1,`")
    };
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?.path();
        let name = entry.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let ignored = name.starts_with('.')
            || name.ends_with('~')
            || matches!(name, "group_vars" | "host_vars")
            || matches!(
                entry.extension().and_then(|e| e.to_str()),
                Some("pyc" | "pyo" | "swp" | "bak" | "rpm" | "md" | "txt" | "rst" | "orig" | "cfg" | "retry" | "example")
            );
        if !ignored {
            files.push(entry);
        }
    }
    files.sort();
    let mut all = Vec::new();
    for file in files {
        all.extend(files_of(&file)?);
    }
    Ok(all)
}

async fn read_file(path: &Path, options: &Options, inventory: &mut Inventory) -> Result<(), Diagnostics> {
    if is_executable(path) {
        return script::read(path, inventory);
    }
    let source = Source::new(path.display().to_string(), read_text(path)?);
    if source.text().starts_with("#!") {
        let place = Span::new(source.clone(), 0..source.line(1).len());
        return Err(Diagnostic::at(&place, "this is a script, but the file cannot be executed")
            .hint(format!("run `chmod +x {}`", path.display()))
            .into());
    }
    if ini::fits(path) {
        return ini::read(&source, inventory);
    }
    if path.extension().is_some_and(|e| e == "toml") {
        return super::toml::read(&source, inventory);
    }
    let Some(root) = yaml::load(&source)? else { return Ok(()) };
    match root.as_map().and_then(|map| map.get("plugin")) {
        Some(plugin) => read_plugin(plugin, &root, options, inventory).await,
        None => tree::read(&root, inventory),
    }
}

async fn read_plugin(plugin: &Node, root: &Node, options: &Options, inventory: &mut Inventory) -> Result<(), Diagnostics> {
    match plugin.as_str().unwrap_or_default() {
        "constructed" | "ansible.builtin.constructed" => super::constructed::read(root, options, inventory),
        "aws_ec2" | "amazon.aws.aws_ec2" => aws_ec2(root, options, inventory).await,
        name => Err(Diagnostic::at(&plugin.span, format!("unknown inventory plugin `{name}`"))
            .maybe_hint(crate::base::text::did_you_mean(
                name,
                ["aws_ec2", "amazon.aws.aws_ec2", "constructed", "ansible.builtin.constructed"],
            ))
            .hint("kconf has `aws_ec2` and `constructed`; any other source can be an executable that prints JSON")
            .into()),
    }
}

#[cfg(feature = "aws")]
async fn aws_ec2(root: &Node, options: &Options, inventory: &mut Inventory) -> Result<(), Diagnostics> {
    super::aws_ec2::read(root, options, inventory).await
}

#[cfg(not(feature = "aws"))]
async fn aws_ec2(root: &Node, _options: &Options, _inventory: &mut Inventory) -> Result<(), Diagnostics> {
    Err(Diagnostic::at(&root.span, "this kconf was built without the feature `aws`, which reads EC2")
        .hint("build it with the default features")
        .into())
}

#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "an inventory that may be executed is a script")]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}
