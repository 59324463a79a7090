//! Which module a name means: one of kconf's own, or one of the project, of a collection or of ansible-core.

use std::sync::Arc;

use crate::base::{Diagnostic, Spanned};
use crate::foreign::{Found, Module, Refused};
use crate::modules::{self, Place as ModulePlace, Spec};

use super::session::{Place, Session};

/// Modules whose work is decided on the controller, with Ansible too, before or instead of their part on the host.
const DECIDED_HERE: &[&str] =
    &["assemble", "copy", "fetch", "gather_facts", "package", "script", "service", "shell", "template", "unarchive", "uri"];

/// A module, and whose it is.
pub(super) struct Chosen {
    /// Its declaration, or that of what runs it.
    pub spec: &'static Spec,
    /// It, when it is none of kconf's own.
    pub foreign: Option<Arc<Module>>,
}

impl Chosen {
    fn native(spec: &'static Spec) -> Self {
        Self { spec, foreign: None }
    }
}

impl Session<'_> {
    /// The module that `name` means at `place`. One of kconf's own counts before any other, but for a module of that very name in a
    /// `library` of the project, and where the setting `python_modules` says otherwise.
    pub(super) fn module_called(&mut self, name: &Spanned<String>, place: &Place) -> Option<Chosen> {
        let finder = &self.compiler.foreign;
        let native = modules::find(&name.value);
        let short = name.value.strip_prefix("ansible.legacy.").unwrap_or(&name.value);
        let found = match native {
            None => finder.find(&name.value, &place.keywords.collections),
            Some(spec) => match finder.prefers(&names(spec, &name.value)) {
                Some(full) => finder.find(&full, &[]).or_else(|| {
                    let hint = "install its collection, or take it out of the setting";
                    let reason = format!("is to be that of its collection by the setting `python_modules`, but `{full}` is not installed");
                    Some(Err(Refused { reason, hint: Some(hint.to_owned()) }))
                }),
                None if short.contains('.') => None,
                None => finder.in_project(short),
            },
        };
        match (native, found) {
            (None, None) => {
                self.out.push(Diagnostic::at(&name.span, format!("unknown module `{}`", name.value)).hint(
                    "a short name is looked up in kconf's own modules, in `collections` where the task stands, in `library` folders and in \
                     ansible-core",
                ));
                None
            }
            (Some(spec), None) => Some(Chosen::native(spec)),
            (Some(spec), Some(_)) if is_decided_here(spec) => {
                self.out.push(
                    Diagnostic::warning(format!("`{}` of the project is not used: kconf's own decides what is done", name.value))
                        .with_span(&name.span)
                        .hint("give the module of the project another name"),
                );
                Some(Chosen::native(spec))
            }
            (_, Some(Err(refused))) => {
                let error = Diagnostic::at(&name.span, format!("the module `{}` {}", name.value, refused.reason));
                self.out.push(error.maybe_hint(refused.hint));
                None
            }
            (_, Some(Ok(found))) => self.foreign(name, found),
        }
    }

    fn foreign(&mut self, name: &Spanned<String>, found: Found) -> Option<Chosen> {
        let Found { module, warning } = found;
        if let Some(warning) = warning {
            self.out.push(Diagnostic::warning(warning).with_span(&name.span));
        }
        if let Err(wrong) = module.package() {
            self.out.push(wrong.with_span(&name.span));
            return None;
        }
        Some(Chosen { spec: &modules::foreign::MODULE, foreign: Some(module) })
    }
}

fn is_decided_here(spec: &Spec) -> bool {
    matches!(spec.place, ModulePlace::Controller) || DECIDED_HERE.contains(&spec.name)
}

/// The full names of a module of kconf's own: as written, or in all its collections.
fn names(spec: &Spec, written: &str) -> Vec<String> {
    match written.contains('.') {
        true => vec![written.to_owned()],
        false => spec.collections.iter().map(|collection| format!("{collection}.{}", spec.name)).collect(),
    }
}
