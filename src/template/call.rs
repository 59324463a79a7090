//! What filters, tests, functions and lookups have in common: a declaration, and arguments bound to it.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;

use super::data::{self, type_name};
use super::eval::Interp;
use super::fault::{Eval, Fault, fault_of};
use crate::base::text::did_you_mean;

/// A filter: input and arguments to a value.
pub(crate) type Filter = Def<Value>;
/// A test: input and arguments to yes or no.
pub(crate) type Test = Def<bool>;
/// A function. It has no input.
pub(crate) type Function = Def<Value>;

/// Declares something that can be called.
pub(crate) struct Def<T> {
    /// The name.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// The arguments behind the input, all optional for the binding. `*name` takes all further ones, `**name` all further names.
    pub params: &'static [&'static str],
    /// What it does, in a sentence.
    pub doc: &'static str,
    /// An expression that shows it.
    pub example: &'static str,
    /// What the example gives, as Python prints it; for what depends on the machine or the day, nothing.
    pub gives: &'static str,
    /// It deals with undefined values itself.
    pub takes_undefined: bool,
    /// The code.
    pub run: fn(&mut Call<'_, '_>) -> Eval<T>,
}

/// Declares something: its name, its arguments, what it does, an example and what that gives, the code.
pub(crate) const fn def<T>(
    name: &'static str,
    params: &'static [&'static str],
    doc: &'static str,
    example: &'static str,
    gives: &'static str,
    run: fn(&mut Call<'_, '_>) -> Eval<T>,
) -> Def<T> {
    Def { name, aliases: &[], params, doc, example, gives, takes_undefined: false, run }
}

impl<T> Def<T> {
    /// With other names.
    pub(crate) const fn also(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// It deals with undefined values itself.
    pub(crate) const fn undefined(mut self) -> Self {
        self.takes_undefined = true;
        self
    }

    /// Whether it goes by `name`.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

impl<T> fmt::Debug for Def<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Arguments as given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    pub positional: Vec<Value>,
    pub named: Vec<(Arc<str>, Value)>,
}

impl Given {
    /// Removes and gives the argument called `name`.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.named.iter().position(|(given, _)| &**given == name)?;
        Some(self.named.remove(at).1)
    }
}

/// A call with its arguments bound.
pub(crate) struct Call<'a, 'c> {
    pub interp: &'a mut Interp<'c>,
    pub input: Value,
    pub rest: Vec<Value>,
    pub named: Vec<(Arc<str>, Value)>,
    name: &'static str,
    params: &'static [&'static str],
    bound: Vec<Option<Value>>,
}

impl<'a, 'c> Call<'a, 'c> {
    /// Binds `given` to what `def` declares. `what` is "filter", "test" or "function".
    pub(crate) fn bind<T>(interp: &'a mut Interp<'c>, def: &Def<T>, what: &str, input: Value, given: Given) -> Eval<Self> {
        if !def.takes_undefined {
            let values = std::iter::once(&input)
                .filter(|_| what != "function")
                .chain(&given.positional)
                .chain(given.named.iter().map(|(_, value)| value));
            if let Some(fault) = values.into_iter().find_map(fault_of) {
                return Err(fault);
            }
        }
        let plain = def.params.iter().filter(|param| !param.starts_with('*')).count();
        let takes_rest = def.params.iter().any(|param| param.starts_with('*') && !param.starts_with("**"));
        let takes_named = def.params.iter().any(|param| param.starts_with("**"));
        let mut bound: Vec<Option<Value>> = vec![None; plain];
        let mut rest = Vec::new();
        for (at, value) in given.positional.into_iter().enumerate() {
            match bound.get_mut(at) {
                Some(slot) => *slot = Some(value),
                None if takes_rest => rest.push(value),
                None => {
                    let takes = match plain {
                        0 => "no arguments".to_owned(),
                        _ => format!("at most {}", crate::base::text::count(plain, "argument")),
                    };
                    return Err(Fault::error(format!("{what} `{}` takes {takes}", def.name)));
                }
            }
        }
        let mut named = Vec::new();
        for (name, value) in given.named {
            match def.params.iter().position(|param| *param == &*name).and_then(|at| bound.get_mut(at)) {
                Some(Some(_)) => return Err(Fault::error(format!("{what} `{}` got the argument `{name}` twice", def.name))),
                Some(slot) => *slot = Some(value),
                None if takes_named => named.push((name, value)),
                None => {
                    let known = def.params.iter().filter(|param| !param.starts_with('*')).copied();
                    return Err(
                        Fault::error(format!("{what} `{}` has no argument `{name}`", def.name)).maybe_hint(did_you_mean(&name, known))
                    );
                }
            }
        }
        Ok(Self { interp, input, rest, named, name: def.name, params: def.params, bound })
    }

    fn wrong(&self, at: usize, wanted: &str, value: &Value) -> Fault {
        let name = self.params.get(at).copied().unwrap_or("value");
        Fault::error(format!("`{name}` of `{}` must be {wanted}, not `{}`", self.name, type_name(value)))
    }

    /// The argument at `at`, if it was given.
    pub(crate) fn get(&self, at: usize) -> Option<&Value> {
        self.bound.get(at).and_then(Option::as_ref)
    }

    /// The argument at `at`, which must be given.
    pub(crate) fn need(&self, at: usize) -> Eval<&Value> {
        self.get(at).ok_or_else(|| {
            let name = self.params.get(at).copied().unwrap_or("value");
            Fault::error(format!("`{}` needs the argument `{name}`", self.name))
        })
    }

    /// The argument at `at`; `None` counts as not given.
    pub(crate) fn some(&self, at: usize) -> Option<&Value> {
        self.get(at).filter(|value| !value.is_none())
    }

    /// A text, `default` when it was not given.
    pub(crate) fn text_or(&self, at: usize, default: &str) -> Eval<String> {
        match self.some(at) {
            None => Ok(default.to_owned()),
            Some(value) => data::text(value).map(str::to_owned).ok_or_else(|| self.wrong(at, "text", value)),
        }
    }

    /// A text that must be given.
    pub(crate) fn need_text(&self, at: usize) -> Eval<String> {
        let value = self.need(at)?;
        data::text(value).map(str::to_owned).ok_or_else(|| self.wrong(at, "text", value))
    }

    /// A whole number, `default` when it was not given.
    pub(crate) fn int_or(&self, at: usize, default: i64) -> Eval<i64> {
        Ok(self.int(at)?.unwrap_or(default))
    }

    /// A whole number, if it was given.
    pub(crate) fn int(&self, at: usize) -> Eval<Option<i64>> {
        match self.some(at) {
            None => Ok(None),
            Some(value) => {
                let number = data::integer(value).or_else(|| data::text(value).and_then(|text| text.trim().parse().ok()));
                number.and_then(|number| i64::try_from(number).ok()).map(Some).ok_or_else(|| self.wrong(at, "a whole number", value))
            }
        }
    }

    /// A condition, `default` when it was not given.
    pub(crate) fn is_set(&self, at: usize, default: bool) -> bool {
        self.get(at).map_or(default, Value::is_true)
    }

    /// The input as text, which it must be.
    pub(crate) fn input_text(&self) -> Eval<&str> {
        data::text(&self.input).ok_or_else(|| Fault::error(format!("`{}` needs text, not `{}`", self.name, type_name(&self.input))))
    }

    /// The input as a list: the keys of a mapping, the characters of a text.
    pub(crate) fn input_items(&self) -> Eval<Vec<Value>> {
        data::iterate(&self.input).map_err(|fault| fault.context(format!("`{}`", self.name)))
    }

    /// The entries of the input, which must be a mapping; all of them must be there.
    pub(crate) fn input_pairs(&self) -> Eval<Vec<(Value, Value)>> {
        data::solid_pairs(&self.input)?
            .ok_or_else(|| Fault::error(format!("`{}` needs a mapping, not `{}`", self.name, type_name(&self.input))))
    }

    /// An error that starts with the name of what was called.
    pub(crate) fn error(&self, message: impl fmt::Display) -> Fault {
        Fault::error(format!("`{}`: {message}", self.name))
    }
}
