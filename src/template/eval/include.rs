//! Templates that use other templates: `include`, `import`, `extends` and blocks.

use std::collections::HashMap;
use std::sync::Arc;

use minijinja::Value;

use super::context::syntax_fault;
use super::stmt::Flow;
use super::{Frame, Interp, concat, guard};
use crate::base::Source;
use crate::base::span::near;
use crate::template::data::{self, type_name};
use crate::template::fault::{Eval, Fault, Origin};
use crate::template::files;
use crate::template::syntax::Mode;
use crate::template::syntax::ast::{Expr, Stmt, Template};

/// A template file that was found.
struct Found {
    template: Arc<Template>,
    origin: Arc<Origin>,
}

impl Interp<'_> {
    /// The fragments of a template, with those of the templates it extends around them.
    pub(super) fn fragments(&mut self, template: &Template) -> Eval<Vec<Value>> {
        let mut blocks: HashMap<_, Vec<_>> = HashMap::new();
        for block in &template.blocks {
            blocks.entry(block.name.clone()).or_default().push((block.clone(), self.origin.clone()));
        }
        self.blocks = Arc::new(blocks);
        let mut out = Vec::new();
        let mut parent = self.until_extends(&template.body, &mut out)?;
        let mut chain = Vec::new();
        while let Some(found) = parent.take() {
            let _level = guard::level()?;
            chain.push(found.template.clone());
            if chain.len() > 20 {
                return Err(Fault::error("a template extends itself"));
            }
            let mut blocks = (*self.blocks).clone();
            for block in &found.template.blocks {
                blocks.entry(block.name.clone()).or_default().push((block.clone(), found.origin.clone()));
            }
            self.blocks = Arc::new(blocks);
            self.origin = found.origin;
            parent = self.until_extends(&found.template.body, &mut out)?;
        }
        Ok(out)
    }

    /// Runs a template's statements; behind `extends` only what sets names has an effect.
    fn until_extends(&mut self, body: &[Stmt], out: &mut Vec<Value>) -> Eval<Option<Found>> {
        let mut parent = None;
        for statement in body {
            match statement {
                Stmt::Extends(name) => {
                    let value = self.solid(name)?;
                    let found = self.find(&value, name)?;
                    parent = Some(found.ok_or_else(|| self.not_found(&value, name))?);
                }
                Stmt::Block(_) if parent.is_some() => {}
                _ if parent.is_some() => {
                    self.body(std::slice::from_ref(statement), &mut Vec::new())?;
                }
                _ => {
                    self.body(std::slice::from_ref(statement), out)?;
                }
            }
        }
        Ok(parent)
    }

    /// Runs the block `name`, the one of its rank: 0 is the innermost child's.
    pub(super) fn block(&mut self, name: &Arc<str>, rank: usize, out: &mut Vec<Value>) -> Eval<Flow> {
        let Some((block, origin)) = self.blocks.get(name).and_then(|blocks| blocks.get(rank)).cloned() else {
            return Err(Fault::error(format!("there is no block `{name}` above this one")));
        };
        if block.required && self.blocks.get(name).is_some_and(|blocks| blocks.len() == rank + 1) {
            return Err(Fault::error(format!("the block `{name}` is required, but no template fills it")));
        }
        let _level = guard::level()?;
        let outer_block = self.block.replace((name.clone(), rank));
        let outer_origin = std::mem::replace(&mut self.origin, origin);
        let result = self.nested(|interp| interp.body(&block.body, out));
        self.origin = outer_origin;
        self.block = outer_block;
        result
    }

    /// `super()`.
    pub(super) fn super_block(&mut self) -> Eval {
        let Some((name, rank)) = self.block.clone() else { return Err(Fault::error("`super` outside of a block")) };
        let mut out = Vec::new();
        self.block(&name, rank + 1, &mut out)?;
        concat(&out)
    }

    pub(super) fn include(&mut self, name: &Expr, ignore_missing: bool, with_context: bool, out: &mut Vec<Value>) -> Eval<()> {
        let value = self.solid(name)?;
        let Some(found) = self.find(&value, name)? else {
            return if ignore_missing { Ok(()) } else { Err(self.not_found(&value, name)) };
        };
        let _level = guard::level()?;
        let frame = if with_context { Frame::inside(&self.frame) } else { Frame::root(true) };
        let mut interp = Interp::new(self.ctx, found.origin, frame);
        out.extend(interp.fragments(&found.template)?);
        Ok(())
    }

    /// The names a template sets.
    pub(super) fn import(&mut self, name: &Expr, with_context: bool) -> Eval<Vec<(Value, Value)>> {
        let value = self.solid(name)?;
        let found = self.find(&value, name)?.ok_or_else(|| self.not_found(&value, name))?;
        let _level = guard::level()?;
        // The names of the importing template are visible with context, but the exports are the template's own.
        let frame = if with_context { Frame::inside(&self.frame) } else { Frame::root(true) };
        let mut interp = Interp::new(self.ctx, found.origin, frame.clone());
        interp.fragments(&found.template)?;
        Ok(frame.exports().into_iter().map(|(name, value)| (Value::from(&*name), value)).collect())
    }

    /// The first of the named templates that exists.
    fn find(&mut self, names: &Value, expr: &Expr) -> Eval<Option<Found>> {
        let names = if data::is_sequence(names) { data::iterate(names)? } else { vec![names.clone()] };
        for name in names {
            let Some(name) = data::text(&name) else {
                return Err(
                    Fault::error(format!("the name of a template must be text, not `{}`", type_name(&name))).at(&self.origin, &expr.at)
                );
            };
            if let Some(found) = self.load(name, expr)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn load(&self, name: &str, expr: &Expr) -> Eval<Option<Found>> {
        // Beside the file that is rendered, then where templates are kept.
        let beside = match &*self.origin {
            Origin::File { source, .. } => std::path::Path::new(source.name()).parent().map(std::path::Path::to_path_buf),
            _ => None,
        };
        let folders = self.ctx.folders.iter().cloned().chain(beside).chain(files::folders(&*self.ctx.scope, "templates"));
        let Some(path) = files::first_existing(name, folders, &self.ctx.core) else { return Ok(None) };
        let text = files::read_text(&path, &self.ctx.core).map_err(|fault| fault.at(&self.origin, &expr.at))?;
        let source = Source::new(path.display().to_string(), text);
        let origin = Arc::new(Origin::File { source: source.clone(), offset: 0 });
        let template = self
            .ctx
            .core
            .cache
            .compile(source.text(), &Mode::File(self.ctx.markers.clone()))
            .map_err(|faults| syntax_fault(&faults, &origin))?;
        Ok(Some(Found { template, origin }))
    }

    fn not_found(&self, names: &Value, expr: &Expr) -> Fault {
        let folders = self.ctx.folders.iter().cloned().chain(files::folders(&*self.ctx.scope, "templates"));
        let mut searched: Vec<String> = Vec::new();
        for folder in folders.map(|folder| near(&folder.to_string_lossy()).to_owned()) {
            if !searched.contains(&folder) {
                searched.push(folder);
            }
        }
        let what = data::text(names).map_or_else(|| crate::template::python::repr(names), |name| format!("`{name}`"));
        Fault::error(format!("there is no template {what}"))
            .hint(if searched.is_empty() {
                "no folder is searched for templates here".to_owned()
            } else {
                format!("looked in {}", crate::base::text::list(&searched))
            })
            .at(&self.origin, &expr.at)
    }
}
