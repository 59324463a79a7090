//! Template files.

use std::sync::Arc;

use super::core::Core;
use super::eval::{Ctx, Frame, Interp, finish};
use super::fault::{Fault, Origin};
use super::python;
use super::scope::Scope;
use super::syntax::{Markers, Mode, SyntaxFault};
use super::templates::FileOptions;
use crate::base::{Diagnostic, Diagnostics, Source, Span};

/// What starts the line of overrides.
const HEADER: &str = "#jinja2:";

/// The text a template file gives.
pub(super) fn render(core: &Arc<Core>, source: &Arc<Source>, scope: &Arc<dyn Scope>, options: &FileOptions) -> Result<String, Diagnostic> {
    // Lines end in `\n` from here on; where they stand is not changed by that.
    let source = if source.text().contains('\r') {
        Source::new(source.name(), source.text().replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        source.clone()
    };
    let mut markers = options.markers.clone();
    markers.newline.clone_from(&options.newline_sequence);
    markers.last_newline.clone_from(&options.newline_sequence);
    let offset = header(&source, &mut markers)?;
    let text = source.text().get(offset..).unwrap_or("");
    let origin = Arc::new(Origin::File { source: source.clone(), offset });
    let report = |fault: Fault| fault.diagnostic().with_span(&Span::new(source.clone(), offset..offset));

    let mut folders = options.search_paths.clone();
    folders.extend(std::path::Path::new(source.name()).parent().map(std::path::Path::to_path_buf));
    let markers = Arc::new(markers);
    let ctx = Ctx::for_file(core, scope, folders, markers.clone());
    let template = core.cache.compile(text, &Mode::File(markers)).map_err(|faults| report(super::eval::syntax_fault(&faults, &origin)))?;
    let value = Interp::new(&ctx, origin, Frame::root(false)).run(&template).and_then(|value| finish(&value)).map_err(report)?;
    Ok(if value.is_none() { String::new() } else { python::show(&value) })
}

/// Whether the file is a template.
///
/// # Errors
/// All that is wrong with it.
pub(super) fn compiled(core: &Arc<Core>, source: &Arc<Source>) -> Result<(), Diagnostics> {
    let mut markers = Markers::default();
    let offset = header(source, &mut markers)?;
    let origin = Origin::File { source: source.clone(), offset };
    let text = source.text().get(offset..).unwrap_or("");
    core.cache.compile(text, &Mode::File(Arc::new(markers))).map(drop).map_err(|faults| {
        let diagnostic =
            |fault: &SyntaxFault| Diagnostic::at(&origin.locate(&fault.range), fault.message.clone()).maybe_hint(fault.hint.clone());
        Diagnostics(faults.iter().map(diagnostic).collect())
    })
}

/// Reads the line of overrides at the top, if there is one; gives where the template starts.
fn header(source: &Arc<Source>, markers: &mut Markers) -> Result<usize, Diagnostic> {
    let text = source.text();
    if !text.starts_with(HEADER) {
        return Ok(0);
    }
    let end = text.find('\n').map_or(text.len(), |at| at + 1);
    let line = text.get(HEADER.len()..end).unwrap_or("");
    let mut at = HEADER.len();
    for part in line.split(',') {
        let place = Span::new(source.clone(), at..at + part.trim_end().len());
        at += part.len() + 1;
        if part.trim().is_empty() {
            continue;
        }
        let Some((name, value)) = part.split_once(':') else {
            return Err(Diagnostic::at(&place, "an override is written `name:value`"));
        };
        let value = value.trim().trim_matches(['"', '\'']);
        let flag = || match value.to_lowercase().as_str() {
            "true" | "yes" | "1" => Ok(true),
            "false" | "no" | "0" => Ok(false),
            _ => Err(Diagnostic::at(&place, format!("`{value}` is neither `True` nor `False`"))),
        };
        let text = || value.replace("\\n", "\n").replace("\\r", "\r");
        match name.trim() {
            "trim_blocks" => markers.trim_blocks = flag()?,
            "lstrip_blocks" => markers.lstrip_blocks = flag()?,
            "variable_start_string" => markers.variable.0 = text(),
            "variable_end_string" => markers.variable.1 = text(),
            "block_start_string" => markers.block.0 = text(),
            "block_end_string" => markers.block.1 = text(),
            "comment_start_string" => markers.comment.0 = text(),
            "comment_end_string" => markers.comment.1 = text(),
            "line_statement_prefix" => markers.line_statement = Some(text()),
            "line_comment_prefix" => markers.line_comment = Some(text()),
            "newline_sequence" => markers.newline = text(),
            "keep_trailing_newline" => {}
            other => {
                let known = [
                    "trim_blocks",
                    "lstrip_blocks",
                    "variable_start_string",
                    "variable_end_string",
                    "block_start_string",
                    "block_end_string",
                    "newline_sequence",
                ];
                return Err(
                    Diagnostic::at(&place, format!("unknown override `{other}`")).maybe_hint(crate::base::text::did_you_mean(other, known))
                );
            }
        }
    }
    Ok(end)
}
