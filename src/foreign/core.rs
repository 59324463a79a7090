//! The ansible-core of the controller: where its Python library and the collections beside it are.

use std::path::{Path, PathBuf};

use super::files;

/// The programs of ansible-core, whose first line names the Python that it is installed for.
const PROGRAMS: &[&str] = &["ansible-playbook", "ansible"];

/// Bytes of a first line at most.
const FIRST_LINE: u64 = 1024;

/// An installed ansible-core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Core {
    /// The folder with `ansible/`, and with `ansible_collections/` where the package `ansible` is installed too.
    pub site: PathBuf,
    /// Its version.
    pub version: String,
}

/// Where to look for it.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// The folder that the setting `ansible_core` names: no other is looked at.
    pub wanted: Option<PathBuf>,
    /// `PATH`.
    pub path: Vec<PathBuf>,
    /// `PYTHONPATH`.
    pub python_path: Vec<PathBuf>,
    /// The user's home directory.
    pub home: PathBuf,
}

impl Core {
    /// The first that is found: where the setting says; in `PYTHONPATH`; for the Python of `ansible-playbook` or `ansible` on the search
    /// path; for a `python3` there; where systems and users keep Python packages.
    ///
    /// # Errors
    /// What was looked for.
    pub fn find(environment: &Environment) -> Result<Self, String> {
        if let Some(wanted) = &environment.wanted {
            return Self::at(wanted).ok_or_else(|| {
                let what = "no ansible-core is installed in the folder that the setting `ansible_core` names: ";
                format!("{what}`{}` has no `ansible/release.py`", wanted.display())
            });
        }
        let mut sites = environment.python_path.clone();
        let prefixes = environment.path.iter().flat_map(|dir| PROGRAMS.iter().filter_map(|program| prefix_of(&dir.join(program))));
        let pythons = environment.path.iter().filter(|dir| dir.join("python3").exists()).filter_map(|dir| dir.parent().map(Path::to_owned));
        let usual = [environment.home.join(".local"), "/usr".into(), "/usr/local".into()];
        for prefix in prefixes.chain(pythons).chain(usual) {
            sites.extend(sites_in(&prefix));
        }
        sites.iter().find_map(|site| Self::at(site)).ok_or_else(|| {
            "no ansible-core is installed on the controller, whose library the module imports (looked for the Python of \
             `ansible-playbook` and `python3` on the search path)"
                .to_owned()
        })
    }

    fn at(site: &Path) -> Option<Self> {
        let release = files::text(&site.join("ansible/release.py"))?;
        let version = release.lines().find_map(|line| line.strip_prefix("__version__")?.split(['\'', '"']).nth(1))?;
        Some(Self { site: site.to_owned(), version: version.to_owned() })
    }

    /// The Python that it is installed for, where that lies as usual.
    pub fn python(&self) -> Option<PathBuf> {
        // PREFIX/lib/python3.X/site-packages.
        let python = self.site.ancestors().nth(3)?.join("bin/python3");
        std::path::absolute(python).ok().filter(|python| python.is_file())
    }

    /// A path in it.
    pub fn path(&self, inside: &str) -> PathBuf {
        self.site.join(inside)
    }
}

/// The installation that the Python in the first line of a program belongs to.
fn prefix_of(program: &Path) -> Option<PathBuf> {
    // Tools that install programs apart link to them.
    let program = program.canonicalize().ok()?;
    let start = files::start(&program, FIRST_LINE)?;
    let line = start.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line.strip_prefix(b"#!")?).ok()?;
    let interpreter = Path::new(line.split_whitespace().next()?);
    Some(interpreter.parent()?.parent()?.to_owned())
}

/// The folders of packages of an installation of Python.
fn sites_in(prefix: &Path) -> Vec<PathBuf> {
    let lib = prefix.join("lib");
    let versions =
        files::list(&lib).into_iter().filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("python3")));
    versions.flat_map(|python| ["site-packages", "dist-packages"].map(|kind| python.join(kind))).collect()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests make installations")]
mod tests {
    use super::*;

    fn install(site: &Path) {
        std::fs::create_dir_all(site.join("ansible")).unwrap();
        std::fs::write(site.join("ansible/release.py"), "# about\n__version__ = '2.19.9'\n").unwrap();
    }

    #[test]
    fn it_is_found_by_the_python_of_its_program() {
        let dir = tempfile::tempdir().unwrap();
        let site = dir.path().join("venv/lib/python3.11/site-packages");
        install(&site);
        let bin = dir.path().join("bin");
        std::fs::create_dir_all(&bin).unwrap();
        let environment = Environment { path: vec![bin.clone()], home: dir.path().join("home"), ..Environment::default() };
        std::fs::write(bin.join("ansible-playbook"), format!("#!{}/venv/bin/python3\n", dir.path().display())).unwrap();
        let core = Core::find(&environment).unwrap();
        assert_eq!((core.site, core.version.as_str()), (site.clone(), "2.19.9"));
        // A link to kconf under that name says nothing.
        std::fs::write(bin.join("ansible-playbook"), b"\x7fELF\0").unwrap();
        assert_ne!(Core::find(&environment).ok().map(|core| core.site), Some(site));
    }

    #[test]
    fn the_setting_alone_counts() {
        let dir = tempfile::tempdir().unwrap();
        install(&dir.path().join("here"));
        let environment = |wanted: &str| Environment { wanted: Some(dir.path().join(wanted)), ..Environment::default() };
        assert!(Core::find(&environment("here")).is_ok());
        let refused = Core::find(&environment("there")).unwrap_err();
        assert!(refused.contains("`ansible_core`"), "{refused}");
    }
}
