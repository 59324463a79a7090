#![expect(clippy::disallowed_methods, reason = "tests make installations")]

use std::io::{Cursor, Read};

use super::*;
use crate::foreign::core::Environment;
use crate::foreign::{Found, Refused, Sources};

/// An ansible-core as far as imports go, and a project with one module.
struct Desk {
    dir: tempfile::TempDir,
}

impl Desk {
    fn new(module: &str) -> Self {
        let desk = Self { dir: tempfile::tempdir().unwrap() };
        desk.write("core/ansible/release.py", "__version__ = '2.19.0'\n");
        desk.write("core/ansible/module_utils/__init__.py", "");
        desk.write("core/ansible/module_utils/basic.py", "from ansible.module_utils.common.parameters import X\n");
        desk.write("core/ansible/module_utils/common/__init__.py", "");
        let table = "PASS_VARS = {\n    'check_mode': ('check_mode', False),\n    'tmpdir': ('_tmpdir', None),\n}\n";
        desk.write("core/ansible/module_utils/common/parameters.py", table);
        desk.write("project/library/mine.py", module);
        desk
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn finder(&self) -> Finder {
        let core = Environment { wanted: Some(self.dir.path().join("core")), ..Environment::default() };
        let finder = Finder::new(Sources { core, collections_path: vec![self.dir.path().join("collections")], ..Sources::default() });
        finder.add_dir(&self.dir.path().join("project"));
        finder
    }

    fn find(&self, name: &str) -> Result<Found, Refused> {
        self.finder().find(name, &[]).unwrap()
    }

    /// The paths in the package of a module.
    fn packed(&self, name: &str) -> Vec<String> {
        let found = self.find(name).unwrap();
        let package = found.module.package().unwrap_or_else(|wrong| panic!("{wrong}"));
        let archive = zip::ZipArchive::new(Cursor::new(package.bytes.as_slice())).unwrap();
        let mut names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
        names.sort();
        names
    }

    fn wrong(&self, name: &str) -> String {
        self.find(name).unwrap().module.package().unwrap_err().to_string().replace(&self.dir.path().display().to_string(), "<dir>")
    }
}

const MODULE: &str = "from ansible.module_utils.basic import AnsibleModule\n";

#[test]
fn a_module_takes_along_what_it_imports_and_what_that_imports() {
    let desk = Desk::new(&format!("import json\n{MODULE}from ansible.module_utils.own import x\n"));
    desk.write("project/module_utils/own.py", "from ansible.module_utils import deeper\n");
    desk.write("project/module_utils/deeper.py", "");
    assert_eq!(
        desk.packed("mine"),
        [
            "__main__.py",
            "ansible/__init__.py",
            "ansible/legacy/__init__.py",
            "ansible/legacy/mine.py",
            "ansible/module_utils/__init__.py",
            "ansible/module_utils/basic.py",
            "ansible/module_utils/common/__init__.py",
            "ansible/module_utils/common/parameters.py",
            "ansible/module_utils/deeper.py",
            "ansible/module_utils/own.py",
        ]
    );
    let module = desk.find("mine").unwrap().module;
    assert_eq!(module.library_version(), Some("2.19.0"));
    assert!(module.takes_internal("tmpdir") && !module.takes_internal("tracebacks_for"));
    let again = desk.find("mine").unwrap().module;
    assert_eq!(module.package().unwrap().reference, again.package().unwrap().reference);
}

#[test]
fn collections_import_relatively_and_names_in_them_may_have_moved() {
    let desk = Desk::new("");
    let base = "collections/ansible_collections/a/b";
    desk.write(
        &format!("{base}/plugins/modules/one.py"),
        "from ..module_utils.two import x\nfrom ansible_collections.a.b.plugins.module_utils import old\n",
    );
    desk.write(&format!("{base}/plugins/module_utils/two.py"), "from . import three\n");
    desk.write(&format!("{base}/plugins/module_utils/three.py"), "");
    desk.write(&format!("{base}/meta/runtime.yml"), "plugin_routing: {module_utils: {old: {redirect: a.b.three}}}\n");
    let packed = desk.packed("a.b.one");
    for path in ["two", "three", "old", "__init__"] {
        let path = format!("ansible_collections/a/b/plugins/module_utils/{path}.py");
        assert!(packed.contains(&path), "{path} is not in {packed:?}");
    }
    let found = desk.find("a.b.one").unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(found.module.package().unwrap().bytes.to_vec())).unwrap();
    let mut text = String::new();
    archive.by_name("ansible_collections/a/b/plugins/module_utils/old.py").unwrap().read_to_string(&mut text).unwrap();
    assert!(text.contains("import ansible_collections.a.b.plugins.module_utils.three\n"), "{text}");
}

#[test]
fn what_is_missing_is_named_with_its_place_unless_the_module_can_do_without() {
    let desk = Desk::new(&format!("{MODULE}try:\n    from ansible.module_utils.nothing import x\nexcept ImportError:\n    pass\n"));
    assert!(desk.packed("mine").contains(&"ansible/legacy/mine.py".to_owned()));
    let desk = Desk::new(&format!("{MODULE}\nfrom ansible.module_utils.nothing import x\n"));
    let wrong = desk.wrong("mine");
    assert!(wrong.contains("the module `mine` needs `ansible.module_utils.nothing`, which is not there"), "{wrong}");
    assert!(wrong.contains("imported in <dir>/project/library/mine.py:3"), "{wrong}");
    let desk = Desk::new(&format!("{MODULE}from ansible_collections.x.y.plugins.module_utils.z import w\n"));
    assert!(desk.wrong("mine").contains("`ansible_collections.x.y.plugins.module_utils.z`"), "{}", desk.wrong("mine"));
}

#[test]
fn a_module_of_the_library_needs_ansible_core_and_others_do_not() {
    let desk = Desk::new(MODULE);
    std::fs::remove_dir_all(desk.dir.path().join("core")).unwrap();
    desk.write("project/library/other.py", "#!/usr/bin/python\n# WANT_JSON\n");
    assert!(desk.wrong("mine").contains("the module `mine` needs ansible-core: no ansible-core is installed"), "{}", desk.wrong("mine"));
    let other = desk.find("other").unwrap();
    assert_eq!(other.module.package().unwrap().bytes.as_slice(), b"#!/usr/bin/python\n# WANT_JSON\n");
}

#[test]
fn names_lead_elsewhere_or_are_refused_with_their_reason() {
    let desk = Desk::new(MODULE);
    let base = "collections/ansible_collections/a/b";
    desk.write(&format!("{base}/plugins/modules/new.py"), MODULE);
    desk.write(&format!("{base}/plugins/modules/acted.py"), MODULE);
    desk.write(&format!("{base}/plugins/modules/deep/er.py"), MODULE);
    desk.write(&format!("{base}/plugins/action/acted.py"), "");
    desk.write(&format!("{base}/plugins/action/box.py"), "");
    for name in ["box_config", "win_thing"] {
        desk.write(&format!("{base}/plugins/modules/{name}.py"), MODULE);
    }
    desk.write(&format!("{base}/plugins/modules/win_thing.ps1"), "");
    let routes = "plugin_routing:\n  modules:\n    old: {redirect: a.b.new, deprecation: {warning_text: Use new.}}\n    gone: {tombstone: {warning_text: Never again.}}\n    \
                  lost: {redirect: x.y.z}\n    round: {redirect: a.b.round}\n";
    desk.write(&format!("{base}/meta/runtime.yml"), routes);
    let old = desk.find("a.b.old").unwrap();
    assert_eq!((old.module.name.as_str(), old.warning.as_deref()), ("a.b.new", Some("the module `a.b.old` is to go: Use new")));
    assert_eq!(desk.find("a.b.deep.er").unwrap().module.entry, "ansible_collections.a.b.plugins.modules.deep.er");
    let refused = |name: &str| desk.find(name).unwrap_err().reason;
    assert_eq!(refused("a.b.gone"), "is gone from its collection: Never again");
    assert_eq!(refused("a.b.lost"), "is now `x.y.z`, which is not installed");
    assert_eq!(refused("a.b.round"), "leads in a circle: to `a.b.round`");
    assert!(refused("a.b.acted").starts_with("is done by an action plugin"));
    assert!(refused("a.b.box_config").starts_with("is done by an action plugin"));
    assert!(refused("a.b.win_thing").contains("PowerShell"));
    let finder = desk.finder();
    assert!(finder.find("new", &["a.b".to_owned()]).is_some() && finder.find("new", &[]).is_none());
    assert!(
        finder.find("mine", &[]).is_some()
            && finder.find("ansible.legacy.mine", &[]).is_some()
            && finder.find("ansible.builtin.mine", &[]).is_none()
    );
    assert_eq!(finder.explain("a.b.nwe").as_deref(), Some("did you mean `a.b.new`?"));
    desk.write("project/action_plugins/mine.py", "");
    assert!(refused("mine").contains("action_plugins/mine.py"));
}
