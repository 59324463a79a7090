//! `vars_prompt:`: variables that a person is asked for before a play.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use super::dispatcher::Dispatcher;
use super::scope::TaskScope;
use super::settings::Prompter;
use super::task::keywords;
use crate::base::{Diagnostic, crypt, python};
use crate::plan::Prompt;
use crate::template::{self, Binding, Value};
use crate::yaml::Node;

/// The variables by name.
pub type Answers = HashMap<String, Binding>;

/// The answers to `wanted`. Variables that the command line sets are not asked for. Where nobody can be asked, defaults are taken.
///
/// # Errors
/// A template in a prompt cannot be rendered, the input ends, or an answer cannot be hashed.
pub fn ask_all(dispatcher: &mut Dispatcher<'_>, head: &TaskScope, wanted: &[Prompt]) -> Result<Answers, Diagnostic> {
    let world = dispatcher.world.clone();
    let mut answers = Answers::new();
    let prompter = world.settings.prompter.as_deref().filter(|prompter| prompter.is_there());
    for prompt in wanted.iter().filter(|prompt| !world.settings.extra_vars.contains_key(&prompt.name.value)) {
        let name = &prompt.name.value;
        let shown = keywords::text(head, "prompt", prompt.prompt.as_ref())?.unwrap_or_else(|| name.clone());
        let default = match &prompt.default {
            Some(node) => Some(python::text(&template::to_json(&head.render(node)?))),
            None => None,
        };
        let typed = match prompter {
            None => {
                dispatcher.warn(None, format!("nobody can be asked for `{name}`, so its default is taken"));
                None
            }
            Some(prompter) => {
                let text = match &default {
                    Some(default) if !prompt.private => format!("{shown} [{default}]: "),
                    _ => format!("{shown}: "),
                };
                let typed = ask(dispatcher, prompter, &text, prompt);
                let typed = typed
                    .map_err(|error| Diagnostic::at(&prompt.name.span, format!("cannot ask for `{name}`")).caused_by(error.to_string()))?;
                Some(typed)
            }
        };
        let hide = |text: &str| {
            // A default stands in the playbook for everybody to read.
            if typed.as_ref().is_some_and(|typed| !typed.is_empty()) && (prompt.private || prompt.encrypt.is_some()) {
                world.add_secret(text);
            }
        };
        let mut answer = match (typed.as_ref().filter(|typed| !typed.is_empty()), default, &prompt.encrypt) {
            (Some(typed), _, _) => typed.clone(),
            (None, Some(default), _) => default,
            (None, None, None) => typed.clone().unwrap_or_else(|| "None".to_owned()),
            (None, None, Some(_)) => {
                return Err(Diagnostic::at(&prompt.name.span, format!("there is nothing to hash for `{name}`: it has no default"))
                    .hint(format!("give its value on the command line: `-e {name}=…`")));
            }
        };
        hide(&answer);
        if prompt.encrypt.is_some() {
            answer = hashed(head, prompt, &answer)?;
            hide(&answer);
        }
        answers.insert(name.clone(), binding(prompt, answer));
    }
    Ok(answers)
}

/// What is typed is a template like what stands in the playbook, unless it is marked unsafe.
fn binding(prompt: &Prompt, answer: String) -> Binding {
    match prompt.is_unsafe || prompt.encrypt.is_some() {
        true => Binding::Value(Value::from(answer)),
        false => Binding::Template(Arc::new(Node::text(prompt.name.span.clone(), answer))),
    }
}

fn ask(dispatcher: &mut Dispatcher<'_>, prompter: &dyn Prompter, text: &str, prompt: &Prompt) -> io::Result<String> {
    loop {
        let answer = prompter.ask(text, prompt.private)?;
        if !prompt.confirm || prompter.ask(&format!("confirm {text}"), prompt.private)? == answer {
            return Ok(answer);
        }
        dispatcher.warn(None, "the two answers differ, so it is asked again");
    }
}

/// The hash of an answer, as `encrypt`, `salt` and `salt_size` say.
fn hashed(head: &TaskScope, prompt: &Prompt, answer: &str) -> Result<String, Diagnostic> {
    let scheme = keywords::text(head, "encrypt", prompt.encrypt.as_ref())?.unwrap_or_default();
    let salt = keywords::text(head, "salt", prompt.salt.as_ref())?;
    let size = keywords::count(head, "salt_size", prompt.salt_size.as_ref())?;
    let options =
        crypt::Options { salt: salt.as_deref(), salt_size: size.and_then(|size| usize::try_from(size).ok()), ..crypt::Options::default() };
    crypt::Scheme::parse(&scheme).and_then(|scheme| crypt::hash(scheme, answer, &options)).map_err(|message| {
        let node = prompt.encrypt.as_ref().map_or(&prompt.name.span, |node| &node.span);
        Diagnostic::at(node, format!("cannot hash `{}`: {message}", prompt.name.value))
    })
}
