//! Diagnostics on standard error, with colour where it helps.

use std::io::Write;

use anstyle::{AnsiColor, Style};

use crate::base::{Diagnostic, Diagnostics, Severity};

/// Writes one message.
pub fn error(diagnostic: &Diagnostic) {
    let color = match diagnostic.severity() {
        Severity::Error => AnsiColor::Red,
        Severity::Warning => AnsiColor::Yellow,
    };
    let style = Style::new().bold().fg_color(Some(color.into()));
    let text = diagnostic.to_string();
    // `anstream` drops the colours where standard error is no terminal or `NO_COLOR` is set.
    let mut stderr = anstream::stderr().lock();
    let _ = match text.split_once(':') {
        Some((heading, rest)) => writeln!(stderr, "{style}{heading}{style:#}:{rest}"),
        None => writeln!(stderr, "{text}"),
    };
}

/// Writes several messages with an empty line between them, and how many errors there are when there is more than one.
pub fn errors(diagnostics: &Diagnostics) {
    for (i, diagnostic) in diagnostics.0.iter().enumerate() {
        if i > 0 {
            status("");
        }
        error(diagnostic);
    }
    let count = diagnostics.0.iter().filter(|d| d.severity() == Severity::Error).count();
    if count > 1 {
        status(&format!("\n{count} errors; no host was touched"));
    }
}

/// Writes a line that is no data.
pub fn status(line: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{line}");
}

/// Writes data to standard output. A reader that went away is no error.
pub fn data(text: &str) {
    let _ = write!(anstream::stdout().lock(), "{text}");
}

/// Writes rows of cells as data, each column as wide as its widest cell.
pub fn table<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..COLUMNS).map(width).collect();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}", width = *width)).collect();
        data(&format!("{}\n", cells.join("  ").trim_end()));
    }
}
