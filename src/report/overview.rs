//! One run in a few lines, for a terminal: what was asked for, the counts of each host, and what failed.

use super::about::About;
use super::recap;
use super::record::Record;
use crate::base::text::count;
use crate::event::Status;

/// The lines of `kconf history ID`, with a line break behind each.
pub fn overview(about: &About, record: &Record) -> String {
    let mut lines = Vec::new();
    let mut fact = |name: &str, value: &str| {
        if !value.is_empty() {
            lines.push(format!("{name:<10} {value}"));
        }
    };
    let check = if about.check { ", in check mode" } else { "" };
    fact("run", &format!("{}, {}{check}", about.id, about.result));
    fact("started", &format!("{} by {}", about.when, about.user));
    fact("took", &about.took);
    fact("command", &about.command);
    fact("directory", &about.directory);
    fact("inventory", &about.inventory);
    if let Some(before) = about.resumes {
        fact("resumes", &format!("run {before}"));
    }
    fact("kconf", &about.kconf);
    if about.unreadable > 0 {
        lines.push(format!("\n{} of the journal could not be read.", count(about.unreadable, "line")));
    }
    if let Some(error) = &about.error {
        lines.push(format!("\n{error}"));
    }
    for failure in record.failures() {
        lines.push(format!("\n{} in `{}` of `{}`", heading(failure.outcome.status), failure.task, failure.play));
        lines.push(format!("  --> {}", failure.place));
        lines.extend(failure.excerpt.lines().map(|line| format!("  {line}")));
        let mut said = failure.outcome.lines.iter();
        lines.push(format!("  {}: {}", failure.hosts.join(", "), said.next().map_or("", String::as_str)));
        lines.extend(said.map(|line| format!("    {line}")));
    }
    if !record.unfinished.is_empty() {
        lines.push("\nwhat hosts were doing when it ended:".to_owned());
        lines.extend(record.unfinished.iter().map(|host| format!("  {}: {} ({})", host.host, host.task, host.place)));
    }
    if !record.recap.is_empty() {
        lines.push(String::new());
        lines.extend(recap::lines(&record.recap).iter().map(|line| line.trim_end().to_owned()));
    }
    lines.iter().fold(String::new(), |text, line| text + line + "\n")
}

fn heading(status: Status) -> &'static str {
    if status == Status::Unreachable { "UNREACHABLE" } else { "FAILED" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{End, Journal, Start, State};
    use crate::report::record::testing;

    #[test]
    fn what_failed_is_told_with_its_place() {
        let start = Start { command: vec!["run".to_owned(), "my site.yml".to_owned()], check: true, resumes: Some(6), ..Start::default() };
        let end = End { code: 2, at_ms: 12_345, ..End::default() };
        let journal = Journal { id: 7, path: "x".into(), start: Some(start), state: State::Ended(end) };
        let said = overview(&About::new(&journal, 0), &testing::record(&testing::events()));
        for expected in [
            "run        7, failed, in check mode\n",
            "command    kconf run 'my site.yml'\n",
            "took       12.3 s\n",
            "resumes    run 6\n",
            "UNREACHABLE in `Ping` of `Web <servers>`\n  --> site.yml:1:7\n",
            "  a, b: non-zero return code\n    exit code 7\n    stderr:\n      no such disk\n",
            "failed=1",
        ] {
            assert!(said.contains(expected), "{expected:?} is not in\n{said}");
        }
        assert!(!said.contains('\u{1b}') && !said.contains("caught"), "{said}");
    }
}
