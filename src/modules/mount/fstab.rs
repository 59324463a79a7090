//! The text of `/etc/fstab`.

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) src: String,
    pub(super) path: String,
    pub(super) fstype: String,
    pub(super) opts: String,
    pub(super) dump: String,
    pub(super) passno: String,
}

impl Entry {
    /// The entry of a line; `None` for comments, and for lines that no program reads.
    fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [src, path, fstype, opts, rest @ ..] = fields.as_slice() else { return None };
        if src.starts_with('#') {
            return None;
        }
        let mut rest = rest.iter().map(|field| (*field).to_owned());
        Some(Self {
            src: unescape(src),
            path: unescape(path),
            fstype: unescape(fstype),
            opts: unescape(opts),
            dump: rest.next().unwrap_or_default(),
            passno: rest.next().unwrap_or_default(),
        })
    }

    fn line(&self) -> String {
        let Self { src, path, fstype, opts, dump, passno } = self;
        format!("{} {} {fstype} {} {dump} {passno}", escape(src), escape(path), escape(opts))
    }

    /// Whether it is the one for this mount point. Swap areas have none, so their sources count.
    fn is_for(&self, path: &str, src: Option<&str>) -> bool {
        same_path(&self.path, path) && !(self.path == "none" && self.fstype == "swap" && src.is_some_and(|src| src != self.src))
    }
}

fn same_path(one: &str, other: &str) -> bool {
    let plain = |path: &str| if path.len() > 1 { path.trim_end_matches('/').to_owned() } else { path.to_owned() };
    plain(one) == plain(other)
}

/// The text with this entry; `None` when it has it already.
pub(super) fn set(text: &str, entry: &Entry) -> Option<String> {
    let mut found = false;
    let mut changed = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        match Entry::parse(line) {
            Some(old) if old.is_for(&entry.path, Some(&entry.src)) => {
                found = true;
                let same = Entry { path: entry.path.clone(), ..old } == *entry;
                changed |= !same;
                lines.push(if same { line.to_owned() } else { entry.line() });
            }
            _ => lines.push(line.to_owned()),
        }
    }
    if !found {
        lines.push(entry.line());
    }
    (changed || !found).then(|| joined(&lines))
}

/// The text without the entries for this mount point; `None` when there is none.
pub(super) fn unset(text: &str, path: &str, src: Option<&str>) -> Option<String> {
    let kept = |line: &&str| !Entry::parse(line).is_some_and(|entry| entry.is_for(path, src));
    let lines: Vec<String> = text.lines().filter(kept).map(str::to_owned).collect();
    (lines.len() != text.lines().count()).then(|| joined(&lines))
}

fn joined(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

/// Blanks, which would end a field, as octal codes.
fn escape(field: &str) -> String {
    field.replace('\\', "\\134").replace(' ', "\\040").replace('\t', "\\011").replace('\n', "\\012")
}

/// Octal codes as what they stand for.
pub(super) fn unescape(field: &str) -> String {
    field.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "# comment\nUUID=aaa / ext4 defaults 0 1\n\n/dev/sdz1\t/mnt/z\text4\tnoatime\t0\t2\n/swap none swap sw 0 0\n/dev/bad line\n";

    fn entry(src: &str, path: &str, fstype: &str, opts: &str, passno: &str) -> Entry {
        Entry { src: src.into(), path: path.into(), fstype: fstype.into(), opts: opts.into(), dump: "0".into(), passno: passno.into() }
    }

    #[test]
    fn an_entry_is_added_replaced_or_left() {
        for (entry, old, new) in [
            (entry("/dev/sdz1", "/mnt/z", "ext4", "noatime", "2"), "", None),
            (entry("/dev/sdz1", "/mnt/z/", "ext4", "noatime", "2"), "", None),
            (
                entry("/dev/sdz1", "/mnt/z", "ext4", "defaults", "0"),
                "/dev/sdz1\t/mnt/z\text4\tnoatime\t0\t2",
                Some("/dev/sdz1 /mnt/z ext4 defaults 0 0"),
            ),
            (entry("/swap", "none", "swap", "sw", "0"), "", None),
            (entry("/swap2", "none", "swap", "sw", "0"), "/dev/bad line\n", Some("/dev/bad line\n/swap2 none swap sw 0 0\n")),
            (
                entry("LABEL=my disk", "/mnt/my disk", "xfs", "a b", "0"),
                "/dev/bad line\n",
                Some("/dev/bad line\nLABEL=my\\040disk /mnt/my\\040disk xfs a\\040b 0 0\n"),
            ),
        ] {
            assert_eq!(set(TEXT, &entry), new.map(|new| TEXT.replace(old, new)), "{entry:?}");
        }
        assert_eq!(set("a / b c", &entry("a", "/", "b", "c", "0")).as_deref(), Some("a / b c 0 0\n"), "fields that are missing");
        assert_eq!(set("x /x y z 0 0", &entry("a", "/a", "b", "c", "0")).as_deref(), Some("x /x y z 0 0\na /a b c 0 0\n"));
        assert_eq!(set("a\\040b /x\\040y c d 0 0", &entry("a b", "/x y", "c", "d", "0")), None);
    }

    #[test]
    fn an_entry_is_taken_out() {
        assert_eq!(unset(TEXT, "/mnt/z", None), Some(TEXT.replace("/dev/sdz1\t/mnt/z\text4\tnoatime\t0\t2\n", "")));
        assert_eq!(unset(TEXT, "/none", None), None);
        assert_eq!(unset(TEXT, "none", Some("/other")), None);
        assert_eq!(unset(TEXT, "none", Some("/swap")), Some(TEXT.replace("/swap none swap sw 0 0\n", "")));
    }
}
