//! What commands on the controller print.

use minijinja::Value;

use super::{Lookup, Request};
use crate::template::fault::Eval;
use crate::template::files;
use crate::template::python;

pub(super) static TABLE: &[Lookup] = &[
    Lookup {
        name: "pipe",
        options: &[],
        doc: "What shell commands on the controller print.",
        example: "lookup('pipe', 'echo hello')",
        gives: "hello",
        run: |request| {
            let outputs = request.text_terms().iter().map(|command| output(request, command)).collect::<Eval<Vec<_>>>()?;
            Ok(outputs.iter().map(|output| Value::from(output.trim_end())).collect())
        },
    },
    Lookup {
        name: "lines",
        options: &[],
        doc: "The lines that shell commands on the controller print.",
        example: "q('lines', 'echo a; echo b')",
        gives: "['a', 'b']",
        run: |request| {
            let mut lines = Vec::new();
            for command in request.text_terms() {
                lines.extend(python::lines(&output(request, &command)?, false).into_iter().map(Value::from));
            }
            Ok(lines)
        },
    },
];

/// Runs a command in the playbook's folder.
fn output(request: &Request<'_>, command: &str) -> Eval<String> {
    let folder = request.ctx.scope.search_path().into_iter().next_back();
    let output =
        files::run_shell(command, folder.as_deref()).map_err(|error| request.error(format!("`{command}` cannot be run: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.trim();
        return Err(request.error(format!("`{command}` failed with {}{}{said}", output.status, if said.is_empty() { "" } else { ": " })));
    }
    String::from_utf8(output.stdout).map_err(|_| request.error(format!("`{command}` printed something that is not UTF-8")))
}
