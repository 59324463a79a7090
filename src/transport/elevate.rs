//! Becoming another user: the command line of sudo, su and doas, their questions, and what their refusals mean.

use super::quote::quote;
use super::{Become, BecomeMethod};
use crate::base::shlex::split;

/// The command that runs `script` with `/bin/sh` as the user of `to`, and how it asks for a password.
///
/// # Errors
/// When the flags that were set for the method are not readable.
pub(super) fn command(to: &Become, script: &str) -> Result<(String, Prompt), String> {
    let exe = to.exe.as_deref().unwrap_or(to.method.name());
    // A path may begin with ~, which must stay for the shell.
    let exe = if exe.starts_with('~') { exe.to_owned() } else { quote(exe) };
    let shell = format!("/bin/sh -c {}", quote(script));
    let flags = to.flags.as_deref().map(split).transpose().map_err(|why| format!("`become_flags`: {why}"))?;
    let words = |flags: Vec<String>| flags.iter().map(|flag| format!("{} ", quote(flag))).collect::<String>();
    Ok(match to.method {
        BecomeMethod::Sudo => {
            let mut flags = flags.unwrap_or_else(|| vec!["-H".to_owned()]);
            // Whether it may ask depends on whether there is an answer, whatever was set.
            flags.retain(|flag| !matches!(flag.as_str(), "-n" | "--non-interactive" | "-S" | "--stdin"));
            flags.push(if to.password.is_some() { "-S" } else { "-n" }.to_owned());
            let prompt = "[kconf] password for sudo:";
            let line = format!("{exe} {}-p {} -u {} {shell}", words(flags), quote(prompt), quote(&to.user));
            (line, Prompt::Exactly(prompt))
        }
        BecomeMethod::Su => {
            let line = format!("{exe} {}{} -c {}", words(flags.unwrap_or_default()), quote(&to.user), quote(&shell));
            (line, Prompt::Any)
        }
        BecomeMethod::Doas => {
            let mut flags = flags.unwrap_or_default();
            flags.retain(|flag| flag != "-n");
            if to.password.is_none() {
                flags.push("-n".to_owned());
            }
            (format!("{exe} {}-u {} {shell}", words(flags), quote(&to.user)), Prompt::Any)
        }
    })
}

/// How a method asks for the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prompt {
    /// With these words, or with words of its own.
    Exactly(&'static str),
    /// In words that nobody knows, in any language.
    Any,
}

impl Prompt {
    /// Whether `text`, the end of what was printed, is surely the question.
    pub(super) fn is_surely(self, text: &str) -> bool {
        matches!(self, Self::Exactly(prompt) if text.trim_end().ends_with(prompt))
    }

    /// Whether it looks like a question: the cursor stands behind a colon.
    pub(super) fn is_perhaps(text: &str) -> bool {
        let last = text.rsplit('\n').next().unwrap_or("").trim_end();
        last.ends_with(':') || last.ends_with('：')
    }
}

/// Why it did not become the user, and what to do about it.
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) hint: String,
}

/// What the end of `method` with `code` means, judged by what it printed. `asked`: it was given a password.
pub(super) fn refusal(to: &Become, stderr: &str, code: Option<i32>, asked: usize) -> Refusal {
    let (method, user) = (to.method.name(), &to.user);
    let lower = stderr.to_lowercase();
    let has = |texts: &[&str]| texts.iter().any(|text| lower.contains(text));
    let exe = to.exe.as_deref().unwrap_or(method);
    let (message, hint) = if asked > 1
        || has(&["incorrect password", "sorry, try again", "authentication failure", "authentication failed"])
    {
        (
            format!("{method} does not accept the password"),
            "check `ansible_become_password` or what was typed at `--ask-become-pass`".to_owned(),
        )
    } else if has(&["must have a tty", "no tty present", "a tty is required", "must be run from a terminal"]) {
        let hint = match to.method {
            BecomeMethod::Sudo => "remove `requiretty` from /etc/sudoers: `Defaults:USER !requiretty`",
            _ => "it takes a password only from a terminal: allow it without one (`nopass` for doas), or use sudo",
        };
        (format!("{method} insists on a terminal"), hint.to_owned())
    } else if has(&["a password is required", "interactive authentication is required", "authentication required"]) {
        let hint = "give one with `--ask-become-pass` or `ansible_become_password`, or allow it without (`NOPASSWD:` in sudoers)";
        (format!("{method} asks for a password and none was given"), hint.to_owned())
    } else if has(&["not in the sudoers file", "is not allowed to", "may not run sudo", "operation not permitted", "permission denied"]) {
        let message = format!("{method} does not allow this login to become `{user}`");
        (message, format!("an administrator must allow it: {stderr}"))
    } else if has(&["unknown user", "does not exist", "no passwd entry", "invalid user"]) {
        (format!("there is no user `{user}` on the host"), "check `become_user`".to_owned())
    } else if matches!(code, Some(126 | 127)) && has(&["not found", "no such file"]) {
        (format!("`{exe}` is not installed on the host"), format!("install {method} there, or log in as `{user}`"))
    } else {
        let said = if stderr.is_empty() { "and said nothing".to_owned() } else { format!("and said: {stderr}") };
        let ended = code.map_or_else(|| "ended".to_owned(), |code| format!("ended with code {code}"));
        (format!("{method} {ended} {said}"), format!("try `{method}` by hand on the host"))
    };
    Refusal { message, hint }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;

    fn to(method: BecomeMethod, password: bool, flags: Option<&str>) -> Become {
        Become { method, user: "app".into(), password: password.then(|| Secret::new("pw")), flags: flags.map(str::to_owned), exe: None }
    }

    #[test]
    fn whether_it_may_ask_depends_on_the_password_only() {
        let line = |to: &Become| command(to, "id -u").expect("a line").0;
        assert_eq!(line(&to(BecomeMethod::Sudo, false, None)), "sudo -H -n -p '[kconf] password for sudo:' -u app /bin/sh -c 'id -u'");
        assert!(line(&to(BecomeMethod::Sudo, true, None)).starts_with("sudo -H -S -p "));
        assert!(line(&to(BecomeMethod::Sudo, true, Some("-H -S -n"))).starts_with("sudo -H -S -p "));
        assert!(line(&to(BecomeMethod::Sudo, false, Some("-i"))).starts_with("sudo -i -n -p "));
        assert_eq!(line(&to(BecomeMethod::Su, true, Some("-"))), "su - app -c '/bin/sh -c '\\''id -u'\\'''");
        assert_eq!(line(&to(BecomeMethod::Doas, false, None)), "doas -n -u app /bin/sh -c 'id -u'");
        assert!(command(&to(BecomeMethod::Sudo, false, Some("'x")), "").is_err());
    }

    #[test]
    fn the_password_is_never_on_the_command_line() {
        for method in [BecomeMethod::Sudo, BecomeMethod::Su, BecomeMethod::Doas] {
            assert!(!command(&to(method, true, None), "id").expect("a line").0.contains("pw"));
        }
    }

    #[test]
    fn knows_a_question_when_it_sees_one() {
        assert!(Prompt::Exactly("[kconf] password for sudo:").is_surely("lecture\n[kconf] password for sudo:"));
        assert!(!Prompt::Any.is_surely("Password: "));
        assert!(Prompt::is_perhaps("Password: "));
        assert!(Prompt::is_perhaps("비밀번호:"));
        assert!(!Prompt::is_perhaps("Password: \n"));
        assert!(!Prompt::is_perhaps("sudo: unknown user app"));
    }

    #[test]
    fn says_what_a_refusal_means() {
        let why = |stderr: &str, code, asked| refusal(&to(BecomeMethod::Sudo, asked > 0, None), stderr, Some(code), asked).message;
        assert_eq!(why("sudo: a password is required", 1, 0), "sudo asks for a password and none was given");
        assert_eq!(why("Sorry, try again.", 1, 2), "sudo does not accept the password");
        assert_eq!(why("deploy is not in the sudoers file.", 1, 1), "sudo does not allow this login to become `app`");
        assert_eq!(why("sudo: sorry, you must have a tty to run sudo", 1, 0), "sudo insists on a terminal");
        assert_eq!(why("sudo: unknown user app", 1, 0), "there is no user `app` on the host");
        assert_eq!(why("sh: 1: sudo: not found", 127, 0), "`sudo` is not installed on the host");
        assert_eq!(why("boom", 3, 0), "sudo ended with code 3 and said: boom");
    }
}
