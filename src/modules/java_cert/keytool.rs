//! Talking to `keytool`. Keystores are changed as copies, so nothing on the machine changes here.

use crate::base::Secret;
use crate::modules::shared::pki::der::{sequence, tag};
use crate::modules::shared::pki::pem;
use crate::modules::shared::write::{Source, scratch};
use crate::modules::shared::{required_command, run};
use crate::modules::{Context, Failure};
use crate::system::Output;

/// Lets `keytool` change a copy of the keystore `$1`, or make a new one, and prints what became of it. When the password for a new one is too
/// short, `keytool` makes none and ends as if all were well.
pub(super) const SCRIPT: &str = "umask 077
store=$1.new
trap 'rm -f \"$store\" \"$store.said\"' EXIT
trap 'exit 1' HUP INT TERM
if [ \"$2\" = there ]; then cat \"$1\" >\"$store\" || exit 1; fi
shift 2
\"$@\" >\"$store.said\"
rc=$?
if [ $rc = 0 ] && [ -e \"$store\" ]; then cat \"$store\"; exit; fi
cat \"$store.said\"
[ $rc = 0 ] || exit $rc
exit 1";

/// Without it the Java machine leaves a folder in `/tmp`.
const LEAVE_NOTHING: &str = "-J-XX:-UsePerfData";

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";

/// The program.
pub(super) struct Keytool<'a> {
    program: String,
    /// As the task calls it.
    name: &'a str,
}

/// A keystore.
#[derive(Clone, Copy)]
pub(super) struct Store<'a> {
    /// Its file.
    pub(super) path: &'a str,
    pub(super) kind: Option<&'a str>,
    pub(super) password: &'a str,
    /// What is in it; `None`: there is none yet.
    pub(super) content: Option<&'a [u8]>,
}

/// An entry of a keystore, as far as it is looked at.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its first certificate in DER; a secret key has none.
    pub(super) certificate: Option<Vec<u8>>,
}

/// A command and what came of it, with the files of the task where it had copies.
pub(super) struct Answer {
    pub(super) cmd: Vec<String>,
    pub(super) output: Output,
}

impl Answer {
    fn new(name: &str, words: &[String], output: Output, copies: &[(&str, &str)]) -> Self {
        let shown = |text: &str| copies.iter().fold(text.to_owned(), |text, (copy, path)| text.replace(copy, path));
        let cmd = std::iter::once(name.to_owned()).chain(words.iter().map(|word| shown(word))).collect();
        let stderr = shown(&output.stderr_text()).into_bytes();
        let stdout = if output.success() { output.stdout } else { shown(&output.stdout_text()).into_bytes() };
        Self { cmd, output: Output { stdout, stderr, ..output } }
    }

    /// That it failed to do what `purpose` says.
    pub(super) fn failure(&self, purpose: &str) -> Failure {
        Failure::new(format!("failed to {purpose}: {}", self.why()))
            .with("cmd", self.cmd.clone())
            .with("rc", self.output.rc)
            .with("error", self.output.stderr_text())
    }

    /// In its own words, without the names of classes and the questions for passwords.
    fn why(&self) -> String {
        if self.output.rc < 0 {
            return run::said(&self.output);
        }
        let (said, asked) = (self.output.stdout_text(), self.output.stderr_text());
        let said = said.trim();
        let said = said.strip_prefix("keytool error: ").unwrap_or(said);
        let is_class = |text: &str| text.starts_with("java") && text.contains('.') && !text.contains(' ');
        match said.split_once(": ") {
            Some((class, why)) if is_class(class) => why.to_owned(),
            _ if !said.is_empty() => said.to_owned(),
            _ => {
                let lines = asked.lines().map(|line| line.rsplit("password: ").next().unwrap_or(line).trim());
                let first = lines.into_iter().find(|line| !line.is_empty()).map(str::to_owned);
                first.unwrap_or_else(|| format!("the exit code is {}", self.output.rc))
            }
        }
    }
}

/// The certificate that a text in PEM or bytes in DER begin with; other blocks may be before it.
pub(super) fn certificate(content: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(content);
    if let Some(at) = text.find(CERTIFICATE) {
        return pem::first(text.get(at..)?)?.bytes.filter(|der| is_certificate(der));
    }
    is_certificate(content).then(|| content.to_vec())
}

fn is_certificate(der: &[u8]) -> bool {
    let tags = |parts: &[_]| parts.iter().map(|part: &crate::modules::shared::pki::der::Element<'_>| part.tag).collect::<Vec<_>>();
    sequence(der).is_some_and(|parts| tags(&parts) == [tag::SEQUENCE, tag::SEQUENCE, tag::BIT_STRING])
}

/// The entries of a list that `keytool -list -rfc` printed, with their aliases.
pub(super) fn entries(list: &str) -> Vec<(String, Entry)> {
    let parts = list.split("Alias name: ").skip(1);
    let entry = |part: &str| (part.lines().next().unwrap_or_default().to_owned(), Entry { certificate: certificate(part.as_bytes()) });
    parts.map(entry).collect()
}

/// Lets `work` use a copy of a file that only this user can read.
pub(super) fn with_copy<T>(
    ctx: &mut Context<'_>,
    content: &[u8],
    work: impl FnOnce(&mut Context<'_>, &str) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let path = scratch(ctx, Source::Bytes(content), 0o600)?;
    let done = work(ctx, &path.to_string_lossy());
    ctx.system.discard(&path);
    done
}

/// Words of a command.
pub(super) fn words(parts: &[&str]) -> Vec<String> {
    parts.iter().map(|&part| part.to_owned()).collect()
}

impl<'a> Keytool<'a> {
    /// The program of this name, or at this path.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn find(ctx: &Context<'_>, name: &'a str) -> Result<Self, Failure> {
        Ok(Self { program: required_command(ctx.system, &[name], "manage a keystore")?, name })
    }

    /// What it says, who reads these passwords.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(super) fn ask(&self, ctx: &Context<'_>, words: &[String], passwords: &[&str], copies: &[(&str, &str)]) -> Result<Answer, Failure> {
        let mut command = ctx.command(std::iter::once(&self.program).chain(words).cloned().chain([LEAVE_NOTHING.to_owned()]));
        command.secret_stdin = Some(lines(passwords)?);
        Ok(Answer::new(self.name, words, ctx.system.probe(&command)?, copies))
    }

    /// The entry of this name, if there is one.
    ///
    /// # Errors
    /// When the keystore cannot be read.
    pub(super) fn entry(&self, ctx: &mut Context<'_>, store: &Store<'_>, alias: &str) -> Result<Option<Entry>, Failure> {
        let Some(content) = store.content else { return Ok(None) };
        let answer = with_copy(ctx, content, |ctx, copy| {
            let words = [words(&["-list", "-keystore", copy, "-alias", alias, "-rfc"]), store.type_words()].concat();
            self.ask(ctx, &words, &[store.password], &[(copy, store.path)])
        })?;
        let said = answer.output.stdout_text();
        if answer.output.success() {
            return Ok(Some(Entry { certificate: certificate(said.as_bytes()) }));
        }
        if said.contains("Alias <") && said.contains("> does not exist") {
            return Ok(None);
        }
        Err(answer.failure(&format!("look for `{alias}` in the keystore `{}`", store.path)))
    }

    /// The keystore without the entry of this name.
    ///
    /// # Errors
    /// When that cannot be.
    pub(super) fn remove(&self, ctx: &mut Context<'_>, store: &Store<'_>, alias: &str) -> Result<(Vec<u8>, Answer), Failure> {
        let words = |at: &str| [words(&["-delete", "-noprompt", "-keystore", at, "-alias", alias]), store.type_words()].concat();
        self.edit(ctx, store, words, &[store.password], &[], &format!("remove `{alias}` from the keystore `{}`", store.path))
    }

    /// What becomes of the keystore when it is changed by the command with these words, to which the place of the keystore is told.
    ///
    /// # Errors
    /// When nothing comes of it, saying `purpose`.
    pub(super) fn edit(
        &self,
        ctx: &mut Context<'_>,
        store: &Store<'_>,
        words: impl Fn(&str) -> Vec<String>,
        passwords: &[&str],
        copies: &[(&str, &str)],
        purpose: &str,
    ) -> Result<(Vec<u8>, Answer), Failure> {
        with_copy(ctx, store.content.unwrap_or_default(), |ctx, copy| {
            let new = format!("{copy}.new");
            let words = words(&new);
            let is_there = if store.content.is_some() { "there" } else { "new" };
            let start = ["sh", "-c", SCRIPT, "sh", copy, is_there, &self.program];
            let words_and_option = words.iter().map(String::as_str).chain([LEAVE_NOTHING]);
            let mut command = ctx.command(start.into_iter().chain(words_and_option));
            command.secret_stdin = Some(lines(passwords)?);
            let copies = [&[(new.as_str(), store.path)], copies].concat();
            let answer = Answer::new(self.name, &words, ctx.system.probe(&command)?, &copies);
            if !answer.output.success() {
                return Err(answer.failure(purpose));
            }
            Ok((answer.output.stdout.clone(), answer))
        })
    }
}

impl Store<'_> {
    /// How its type is said.
    pub(super) fn type_words(&self) -> Vec<String> {
        self.kind.map(|kind| words(&["-storetype", kind])).unwrap_or_default()
    }

    /// Its password, as often as `keytool` asks for it: twice for a new one.
    pub(super) fn passwords(&self) -> Vec<&str> {
        vec![self.password; if self.content.is_some() { 1 } else { 2 }]
    }
}

fn lines(passwords: &[&str]) -> Result<Secret, Failure> {
    if passwords.iter().any(|password| password.contains(['\n', '\r'])) {
        return Err(Failure::new("failed to hand a password to `keytool`: it has a line break"));
    }
    Ok(Secret::new(passwords.iter().flat_map(|password| [*password, "\n"]).collect::<String>()))
}
