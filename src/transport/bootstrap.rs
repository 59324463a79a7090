//! The line that starts the runner on a host, and what it says on the way.
//!
//! One command for all cases: it looks for the runner in the cache and becomes it; or it asks for it, takes it from the same
//! channel, checks it and becomes it; or it becomes a plain shell. The first line that it prints and that starts with [`MARK`] says which.
//! What a login shell prints before that is passed over.

use super::runners::{Program, Runners};

/// What the lines of the bootstrap start with.
pub(super) const MARK: &str = "KCONF-RUNNER";

/// What the bootstrap says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// The cached runner is being started.
    Cached,
    /// There is a place for the runner of this architecture; whether the host can unpack it.
    Need { arch: String, gzip: bool },
    /// No directory can be written to and executed from.
    NoPlace,
    /// There is no runner for this system.
    NoRunner { system: String },
    /// The runner was received and is being started.
    Started,
    /// What was received does not run or could not be stored.
    Failed,
    /// From here on it is a plain shell, with this process id.
    Shell(Option<u32>),
    /// From here on it is what was asked for, with this process id.
    Ready(Option<u32>),
}

impl Said {
    /// What a line says; `None` for lines of others.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let mut words = line.trim_end().strip_prefix(MARK)?.strip_prefix(' ')?.splitn(2, ' ');
        let (word, rest) = (words.next()?, words.next().unwrap_or("").trim());
        Some(match word {
            "cached" => Self::Cached,
            "need" => {
                let (arch, packing) = rest.split_once(' ')?;
                Self::Need { arch: arch.to_owned(), gzip: packing == "gzip" }
            }
            "no-place" => Self::NoPlace,
            "no-runner" => Self::NoRunner { system: rest.to_owned() },
            "started" => Self::Started,
            "failed" => Self::Failed,
            "shell" => Self::Shell(rest.parse().ok()),
            "ready" => Self::Ready(rest.parse().ok()),
            _ => return None,
        })
    }
}

/// What the bootstrap is told when it asks.
pub(super) enum Answer<'a> {
    /// So many bytes follow: the runner, as the host can take it.
    Put(usize, &'a Program),
    /// Be a plain shell.
    Shell,
}

impl Answer<'_> {
    pub(super) fn line(&self) -> String {
        match self {
            Self::Put(size, program) => format!("put {size} {}\n", program.sha256),
            Self::Shell => "shell 0 -\n".to_owned(),
        }
    }
}

/// The script that starts the runner. It has no single quote, backslash, exclamation mark or line break, so that every login shell
/// hands it on unharmed. `fresh`: do not use what is in the cache, it did not run.
pub(super) fn script(runners: &Runners, fresh: bool) -> String {
    let cases: String = runners.all().iter().map(|program| format!("Linux/{}) s={};; ", program.arch, program.sha256)).collect();
    let look = if fresh { "u=$(id -u);" } else { LOOK };
    SCRIPT.replace("@CASES@", &cases).replace("@LOOK@", look).replace("@MARK@", MARK).trim().replace('\n', " ")
}

/// A script that only tells that it runs and then goes on with `script`.
pub(super) fn announce(script: &str) -> String {
    format!("echo \"{MARK} ready $$\"; {script}")
}

/// Looks in the usual places, the number of the user only where it matters. `-O` in `t`: what somebody else put there is not run.
const LOOK: &str = r#"t "$c"; t "$h"; u=$(id -u); t "/var/tmp/kconf-$u"; t "/tmp/kconf-$u";"#;

/// The mask that the login came with is given to what is started: tasks make files with it.
const SCRIPT: &str = r#"
m=$(umask); umask 077; set -- $(uname -sm); a=$2; case $a in amd64) a=x86_64;; arm64) a=aarch64;; esac;
s=; case $1/$a in @CASES@esac;
n=kconf-runner-$a-$s;
c=; [ -n "$XDG_CACHE_HOME" ] && c=$XDG_CACHE_HOME/kconf;
h=; [ -n "$HOME" ] && [ -d "$HOME" ] && h=$HOME/.cache/kconf;
t() { [ -n "$s" ] && [ -n "$1" ] && [ -O "$1" ] && [ -O "$1/$n" ] && [ -s "$1/$n" ] && [ -x "$1/$n" ] && echo "@MARK@ cached" && umask "$m" && exec "$1/$n" serve; };
@LOOK@
w=; for d in "$c" "$h" "/var/tmp/kconf-$u" "/tmp/kconf-$u"; do
[ -n "$s" ] && [ -n "$d" ] && mkdir -p "$d" 2>/dev/null && [ -O "$d" ] || continue;
[ -L "$d" ] && continue;
p=$d/.new-$$;
( : > "$p" ) 2>/dev/null && chmod 700 "$d" "$p" && "$p" 2>/dev/null && w=$d && break;
rm -f "$p" 2>/dev/null;
done;
z=raw; command -v gzip >/dev/null 2>&1 && z=gzip;
if [ -z "$s" ]; then echo "@MARK@ no-runner $1 $a"; elif [ -z "$w" ]; then echo "@MARK@ no-place"; else echo "@MARK@ need $a $z"; fi;
k=; read -r k l g;
case $k in
shell) [ -n "$w" ] && rm -f "$p"; echo "@MARK@ shell $$"; umask "$m"; exec /bin/sh;;
put) if head -c "$l" | if [ $z = gzip ]; then gzip -dc; else cat; fi > "$p" && "$p" verify "$g" && mv -f "$p" "$w/$n"; then
find "$w" -name "kconf-runner-*" -mtime +30 -exec rm -f {} + 2>/dev/null;
echo "@MARK@ started"; umask "$m"; exec "$w/$n" serve; fi;;
esac;
[ -n "$w" ] && rm -f "$p"; echo "@MARK@ failed"; exit 1
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_passes_every_login_shell_unharmed() {
        let runners = Runners::from_file("x86_64", std::path::Path::new("/dev/null")).expect("reads");
        for fresh in [false, true] {
            let script = script(&runners, fresh);
            assert!(!script.contains(['\'', '\\', '!', '\n', '@']), "{script}");
            assert!(script.contains("Linux/x86_64)"), "{script}");
        }
        assert!(!announce("x").contains(['\'', '\\', '!', '\n']));
    }

    #[test]
    fn understands_what_the_script_says() {
        for (line, expected) in [
            ("KCONF-RUNNER cached\n", Some(Said::Cached)),
            ("KCONF-RUNNER need aarch64 gzip\r\n", Some(Said::Need { arch: "aarch64".into(), gzip: true })),
            ("KCONF-RUNNER need x86_64 raw", Some(Said::Need { arch: "x86_64".into(), gzip: false })),
            ("KCONF-RUNNER no-runner FreeBSD amd64", Some(Said::NoRunner { system: "FreeBSD amd64".into() })),
            ("KCONF-RUNNER shell 42", Some(Said::Shell(Some(42)))),
            ("KCONF-RUNNER ready", Some(Said::Ready(None))),
            ("KCONF-RUNNERS cached", None),
            ("Welcome", None),
        ] {
            assert_eq!(Said::parse(line), expected, "{line}");
        }
    }
}
