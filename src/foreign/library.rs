//! What a module imports of Ansible's library and of collections, gathered into one archive with it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use super::core::Core;
use super::finder::Finder;
use super::kind::{COMMON, Kind};
use super::module::{Module, Package};
use super::scan::{self, Import};
use super::{archive, files};
use crate::base::Diagnostic;

/// Loads the module on the host.
const WRAPPER: &str = include_str!("wrapper.py");

/// Ansible's library.
const LIBRARY: &str = "ansible.module_utils";

/// The beginning of the names of collections.
const COLLECTIONS: &str = "ansible_collections";

/// Reads its serializers by names that it makes up at run time, so all of them go along.
const SERIALIZERS: (&str, &str) = ("ansible.module_utils._internal._json", "_profiles");

/// What goes to hosts for a module with this content.
///
/// # Errors
/// There is no ansible-core, or something that is imported is not there.
pub(super) fn package(finder: &Finder, module: &Module, bytes: Vec<u8>) -> Result<Package, Diagnostic> {
    let failed = |cause: String| Diagnostic::error(format!("the module `{}` cannot be packaged", module.name)).caused_by(cause);
    let bytes = match module.kind {
        Kind::Library => {
            let core = finder.core().map_err(|why| Diagnostic::error(format!("the module `{}` needs ansible-core: {why}", module.name)))?;
            let _ = module.library_version.set(core.version.clone());
            if let Some(python) = core.python() {
                let _ = module.python.set(python);
            }
            let known = internal(core);
            if !known.is_empty() {
                let _ = module.internal.set(known);
            }
            let text = String::from_utf8(bytes).map_err(|error| failed(error.to_string()))?;
            archive::pack(&gather(finder, core, module, text)?).map_err(failed)?
        }
        Kind::Json | Kind::Inside | Kind::Pairs => bytes,
    };
    Package::new(bytes).map_err(|error| failed(error.to_string()))
}

/// The names of the internal arguments that this version of the library takes, which are keys of a table in it.
fn internal(core: &Core) -> Vec<String> {
    let text = files::text(&core.path("ansible/module_utils/common/parameters.py")).unwrap_or_default();
    let table = text.split_once("PASS_VARS").map_or("", |(_, rest)| rest.split('}').next().unwrap_or(""));
    table.lines().filter_map(|line| line.trim().strip_prefix('\'')?.split_once("':").map(|(name, _)| name.to_owned())).collect()
}

fn gather(finder: &Finder, core: &Core, module: &Module, text: String) -> Result<BTreeMap<String, Vec<u8>>, Diagnostic> {
    let mut gathering = Gathering { finder, core, module, contents: BTreeMap::new(), seen: BTreeSet::new(), open: VecDeque::new() };
    let text = text.replace(&format!("#{COMMON}"), "from ansible.module_utils.basic import *");
    gathering.contents.insert("__main__.py".to_owned(), WRAPPER.as_bytes().to_vec());
    gathering.contents.insert("ansible/__init__.py".to_owned(), format!("__version__ = '{}'\n", core.version).into_bytes());
    gathering.take(&module.entry, &Place { path: module.path.clone(), is_package: false }, text.into_bytes());
    let basic = format!("{LIBRARY}.basic");
    if !gathering.require(&basic) {
        let what = format!("the ansible-core in `{}` has no `{basic}`", core.site.display());
        return Err(Diagnostic::error(format!("the module `{}` cannot be packaged", module.name)).caused_by(what));
    }
    while let Some(source) = gathering.open.pop_front() {
        gathering.follow(&source)?;
    }
    Ok(gathering.contents)
}

/// A source whose imports are to be followed.
struct Source {
    /// Its name, with dots.
    name: String,
    is_package: bool,
    path: PathBuf,
    text: String,
}

/// Where the source of a name is.
struct Place {
    path: PathBuf,
    is_package: bool,
}

struct Gathering<'g> {
    finder: &'g Finder,
    core: &'g Core,
    module: &'g Module,
    contents: BTreeMap<String, Vec<u8>>,
    seen: BTreeSet<String>,
    open: VecDeque<Source>,
}

impl Gathering<'_> {
    /// Takes in what a source imports.
    fn follow(&mut self, source: &Source) -> Result<(), Diagnostic> {
        for import in scan::imports(&source.text) {
            let Some(base) = base(source, &import) else { continue };
            let full = match &import.name {
                Some(name) if base.is_empty() => name.clone(),
                Some(name) => format!("{base}.{name}"),
                None => base.clone(),
            };
            if !is_ours(&full) {
                continue;
            }
            // What is named may be a module, or something in one.
            let found = self.require(&full) || (import.name.is_some() && self.offers(&base) && self.require(&base));
            if !found && !import.optional {
                let is_in_module = import.name.is_some() && is_ours(&base) && self.locate(&base).is_none();
                return Err(self.missing(source, &import, if is_in_module { &base } else { &full }));
            }
        }
        if source.name == SERIALIZERS.0
            && let Some(folder) = source.path.parent().map(|dir| dir.join(SERIALIZERS.1))
        {
            for path in files::list(&folder).iter().filter(|path| path.extension().is_some_and(|end| end == "py")) {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                self.require(&format!("{}.{}.{stem}", SERIALIZERS.0, SERIALIZERS.1));
            }
        }
        Ok(())
    }

    fn missing(&self, source: &Source, import: &Import, wanted: &str) -> Diagnostic {
        Diagnostic::error(format!("the module `{}` needs `{wanted}`, which is not there", self.module.name))
            .caused_by(format!("imported in {}:{}", source.path.display(), import.line))
            .hint(match wanted.starts_with(COLLECTIONS) {
                true => "install the collection that has it, in the version that fits".to_owned(),
                false => format!("looked in `module_utils` folders and in ansible-core {}", self.core.version),
            })
    }

    /// Whether something can be imported from `name` that is no module itself: it has code, or is made of something else.
    fn offers(&self, name: &str) -> bool {
        let has_code = |place: Place| files::text(&place.path).is_some_and(|text| !text.trim().is_empty());
        is_ours(name) && self.locate(name).is_none_or(has_code)
    }

    /// Takes in the module or package `name`, with the packages around it; whether it is there.
    fn require(&mut self, name: &str) -> bool {
        if self.seen.contains(name) {
            return true;
        }
        // What this one has beneath it, it makes up when it is loaded.
        if let Some(six) = name.strip_prefix("ansible.module_utils.six.") {
            return !six.is_empty() && self.require("ansible.module_utils.six");
        }
        if let Some(place) = self.locate(name) {
            let bytes = if place.path.is_dir() { Ok(Vec::new()) } else { files::read(&place.path) };
            let Ok(bytes) = bytes else { return false };
            self.take(name, &place, bytes);
            return true;
        }
        let Some(to) = self.moved(name) else { return false };
        if !is_ours(&to) || !self.require(&to) {
            return false;
        }
        let text = format!("import sys\nimport {to}\nsys.modules[__name__] = sys.modules['{to}']\n");
        self.take(name, &Place { path: PathBuf::from("meta/runtime.yml"), is_package: false }, text.into_bytes());
        true
    }

    /// Puts a source into the archive.
    fn take(&mut self, name: &str, place: &Place, bytes: Vec<u8>) {
        if !self.seen.insert(name.to_owned()) {
            return;
        }
        let inside = name.replace('.', "/");
        let inside = if place.is_package { format!("{inside}/__init__.py") } else { format!("{inside}.py") };
        if !self.contents.contains_key(&inside) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            self.open.push_back(Source { name: name.to_owned(), is_package: place.is_package, path: place.path.clone(), text });
            self.contents.insert(inside, bytes);
        }
        // A package is imported before what is in it.
        if let Some((package, _)) = name.rsplit_once('.')
            && !self.seen.contains(package)
        {
            let around = self.locate(package).filter(|place| place.is_package && is_ours(package));
            let around = around.unwrap_or_else(|| Place { path: PathBuf::new(), is_package: true });
            let bytes = files::read(&around.path).unwrap_or_default();
            self.take(package, &around, bytes);
        }
    }

    /// Where the source of a name is: a file, a package, or a folder with neither.
    fn locate(&self, name: &str) -> Option<Place> {
        if name == LIBRARY {
            return at(&self.core.path("ansible/module_utils"));
        }
        if let Some(inside) = name.strip_prefix(LIBRARY).and_then(|rest| rest.strip_prefix('.')) {
            let inside = inside.replace('.', "/");
            let own = self.finder.module_utils().into_iter().find_map(|dir| at(&dir.join(&inside)));
            return own.or_else(|| at(&self.core.path("ansible/module_utils").join(&inside)));
        }
        let mut parts = name.strip_prefix(COLLECTIONS)?.strip_prefix('.')?.splitn(3, '.');
        let (namespace, collection) = (parts.next()?, parts.next()?);
        let dir = self.finder.collection_dir(&format!("{namespace}.{collection}"))?;
        at(&match parts.next() {
            Some(inside) => dir.join(inside.replace('.', "/")),
            None => dir,
        })
    }

    /// Where a module of a library is now, if its collection says that it moved.
    fn moved(&self, name: &str) -> Option<String> {
        let (collection, inside) = match name.strip_prefix(LIBRARY).and_then(|rest| rest.strip_prefix('.')) {
            Some(inside) => ("ansible.builtin".to_owned(), inside.to_owned()),
            None => {
                let mut parts = name.strip_prefix(COLLECTIONS)?.strip_prefix('.')?.splitn(3, '.');
                let collection = format!("{}.{}", parts.next()?, parts.next()?);
                (collection, parts.next()?.strip_prefix("plugins.module_utils.")?.to_owned())
            }
        };
        let to = self.finder.routing(&collection)?.module_utils.get(&inside)?.redirect.clone()?;
        if is_ours(&to) {
            return Some(to);
        }
        let mut parts = to.splitn(3, '.');
        let (namespace, collection, inside) = (parts.next()?, parts.next()?, parts.next()?);
        Some(format!("{COLLECTIONS}.{namespace}.{collection}.plugins.module_utils.{inside}"))
    }
}

/// The module that an import is from, as an absolute name; `None` when it leads out of all packages.
fn base(source: &Source, import: &Import) -> Option<String> {
    if import.level == 0 {
        return Some(import.module.clone());
    }
    let mut package = source.name.as_str();
    let up = if source.is_package { import.level - 1 } else { import.level };
    for _ in 0..up {
        package = package.rsplit_once('.').map_or("", |(outer, _)| outer);
    }
    match (package.is_empty(), import.module.is_empty()) {
        (true, _) => None,
        (false, true) => Some(package.to_owned()),
        (false, false) => Some(format!("{package}.{}", import.module)),
    }
}

/// Whether it is part of what goes along, and not of Python itself or of what the host has.
fn is_ours(name: &str) -> bool {
    let is_in = |package: &str| name == package || name.strip_prefix(package).is_some_and(|rest| rest.starts_with('.'));
    is_in(LIBRARY) || is_in(COLLECTIONS)
}

fn at(path: &Path) -> Option<Place> {
    let file = path.with_file_name(format!("{}.py", path.file_name()?.to_string_lossy()));
    let init = path.join("__init__.py");
    if init.is_file() {
        return Some(Place { path: init, is_package: true });
    }
    if file.is_file() {
        return Some(Place { path: file, is_package: false });
    }
    path.is_dir().then(|| Place { path: path.to_owned(), is_package: true })
}

#[cfg(test)]
#[path = "library_tests.rs"]
mod tests;
