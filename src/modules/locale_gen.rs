//! `locale_gen`: the languages and character sets that programs of a machine know.

use std::path::Path;

use serde::Deserialize;

use super::shared::ids::text_of;
use super::shared::run::{change, look};
use super::shared::state::State;
use super::shared::{exists, required_command};
use super::spec::GENERAL;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::system::{Attributes, Content, Effect};

/// Those that are made, one a line; the others stand behind a `#`.
const LIST: &str = "/etc/locale.gen";
/// Those that there are.
const SUPPORTED: &str = "/usr/share/i18n/SUPPORTED";

/// The declaration of `locale_gen`.
pub static MODULE: Spec = Spec {
    name: "locale_gen",
    collections: GENERAL,
    summary: "Make locales on Debian and its relatives",
    description: &["Keeps lines of `/etc/locale.gen` and lets `locale-gen` make the locales. Needs the package `locales`."],
    options: &[
        Opt::new("name", Kind::List(&Kind::Str), "The locales: `en_US.UTF-8`.").required(),
        Opt::new("state", Kind::Str, "Whether they are to be there.").choices(&["absent", "present"]).default("\"present\""),
    ],
    rules: &[],
    free_form: None,
    returns: &[Return { name: "mechanism", kind: "str", when: "success", doc: "`glibc`: by `/etc/locale.gen`." }],
    examples: "
- name: Messages in English
  community.general.locale_gen:
    name: en_US.UTF-8
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: Vec<String>,
    state: State,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let present = args.state == State::Present;
    let purpose = format!("{} the locales {}", if present { "make" } else { "remove" }, args.name.join(", "));
    if !exists(ctx.system, Path::new(LIST))? {
        return Err(Failure::new(format!("failed to {purpose}: there is no `{LIST}`"))
            .hint("install the package `locales` in an earlier task")
            .missing_on(ctx.system));
    }
    let text = text_of(ctx.system, LIST)?;
    let supported = text_of(ctx.system, SUPPORTED)?;
    for name in &args.name {
        let is_known = [&text, &supported].into_iter().any(|text| text.lines().any(|line| entry(line) == Some(name.as_str())));
        if present && !is_known {
            return Err(Failure::new(format!("failed to {purpose}: `{name}` is no locale that the machine could make"))
                .hint(format!("`{SUPPORTED}` lists those there are")));
        }
    }
    let made = made(ctx)?;
    let differs: Vec<&String> = args.name.iter().filter(|name| made.contains(&plain(name)) != present).collect();
    let outcome = Outcome::new().with("mechanism", "glibc");
    if differs.is_empty() {
        return Ok(outcome);
    }
    let new = edited(&text, &supported, &args.name, present);
    if new != text {
        ctx.system.write(Path::new(LIST), Content::Bytes(new.as_bytes()), &Attributes::default())?;
    }
    let program = required_command(ctx.system, &["locale-gen"], &purpose)?;
    let command = ctx.command([program]);
    let left = made.iter().filter(|own| !differs.iter().any(|name| plain(name) == **own)).cloned();
    let new = differs.iter().filter(|_| present).map(|name| plain(name));
    let names: Vec<&str> = differs.iter().map(|name| name.as_str()).collect();
    let effects = [
        Effect::Other(format!("locales {}: {}", names.join(", "), if present { "absent -> present" } else { "present -> absent" })),
        Effect::Known { subject: SUBJECT.to_owned(), value: left.chain(new).collect::<Vec<_>>().join("\n") },
    ];
    change(ctx, &command, &effects, &purpose)?;
    Ok(outcome)
}

/// Under this name check mode knows the locales that earlier tasks would leave.
const SUBJECT: &str = "locales";

/// The locales that are made, as [`plain`] writes them.
fn made(ctx: &Context<'_>) -> Result<Vec<String>, Failure> {
    let text = match ctx.system.known(SUBJECT) {
        Some(known) => known,
        None => {
            let program = required_command(ctx.system, &["locale"], "list the locales")?;
            look(ctx, &ctx.command([program.as_str(), "-a"]), "list the locales")?.stdout_text()
        }
    };
    Ok(text.lines().map(|line| plain(line.trim())).collect())
}

/// A name as all notations of it become: the character set is small letters and digits, `en_US.utf8`.
fn plain(name: &str) -> String {
    let (start, modifier) = name.split_once('@').map_or((name, String::new()), |(start, end)| (start, format!("@{end}")));
    match start.split_once('.') {
        Some((language, set)) => {
            let set: String = set.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
            format!("{language}.{set}{modifier}")
        }
        None => format!("{start}{modifier}"),
    }
}

/// The locale that a line speaks of, behind a `#` or not.
fn entry(line: &str) -> Option<&str> {
    let mut words = line.trim_start_matches(|c: char| c == '#' || c.is_whitespace()).split_whitespace();
    let (name, set, rest) = (words.next()?, words.next(), words.next());
    (set.is_some() && rest.is_none()).then_some(name)
}

/// The list with these locales switched on or off.
fn edited(text: &str, supported: &str, names: &[String], present: bool) -> String {
    let is_named = |line: &str| entry(line).is_some_and(|name| names.iter().any(|own| own == name));
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let bare = line.trim_start_matches(|c: char| c == '#' || c.is_whitespace());
        lines.push(match (is_named(line), present) {
            (true, true) => bare.to_owned(),
            (true, false) => format!("# {bare}"),
            (false, _) => line.to_owned(),
        });
    }
    for name in names.iter().filter(|_| present) {
        if !lines.iter().any(|line| entry(line) == Some(name.as_str())) {
            lines.extend(supported.lines().filter(|line| entry(line) == Some(name.as_str())).take(1).map(|line| line.trim().to_owned()));
        }
    }
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::modules::testing::{Applied, apply, apply_once, predict_after, refused};
    use crate::system::fake::Fake;

    const TEXT: &str =
        "# This file lists locales that you wish to have built.\n#\n# de_DE.UTF-8 UTF-8\nen_US.UTF-8 UTF-8\n# de_DE@euro ISO-8859-15\n";

    /// A machine on which these locales are made, one list for each time it is asked.
    fn machine(lists: &[&str]) -> Fake {
        let fake = Fake::new()
            .program("/usr/sbin/locale-gen")
            .program("/usr/bin/locale")
            .file(LIST, TEXT)
            .file(SUPPORTED, "de_DE.UTF-8 UTF-8\nen_US.UTF-8 UTF-8\nko_KR.UTF-8 UTF-8\n");
        lists.iter().fold(fake, |fake, list| fake.answer(&["/usr/bin/locale", "-a"], 0, list, ""))
    }

    fn ran(applied: &Applied) -> Vec<String> {
        applied.machine.runs().iter().map(|command| command.argv.join(" ")).collect()
    }

    #[test]
    fn locales_come_and_go() {
        let (bare, more) = ("C\nC.utf8\nPOSIX\nen_US.utf8\n", "C\nde_DE.utf8\nen_US.utf8\nko_KR.utf8\n");
        let applied = apply(&MODULE, machine(&[bare, bare, more]), json!({"name": ["de_DE.UTF-8", "en_US.UTF-8", "ko_KR.UTF-8"]}));
        assert_eq!(ran(&applied), ["/usr/sbin/locale-gen"]);
        assert_eq!(
            applied.machine.text(LIST),
            "# This file lists locales that you wish to have built.\n#\nde_DE.UTF-8 UTF-8\nen_US.UTF-8 UTF-8\n# de_DE@euro ISO-8859-15\nko_KR.UTF-8 UTF-8\n"
        );
        assert_eq!(applied.get("mechanism"), "glibc");
        assert!(!apply(&MODULE, machine(&[bare]), json!({"name": "en_US.UTF-8"})).changed);
        let gone = apply(&MODULE, machine(&[bare, bare, "C\n"]), json!({"name": "en_US.UTF-8", "state": "absent"}));
        assert!(gone.machine.text(LIST).contains("\n# en_US.UTF-8 UTF-8\n"));
        assert!(!apply(&MODULE, machine(&[bare]), json!({"name": "xx_XX.UTF-8", "state": "absent"})).changed);
        let euro = apply_once(&MODULE, machine(&[bare]), json!({"name": "de_DE@euro"}));
        assert!(euro.machine.text(LIST).contains("\nde_DE@euro ISO-8859-15\n"));
    }

    #[test]
    fn check_mode_knows_what_earlier_tasks_would_do() {
        let add = json!({"name": "de_DE.UTF-8"});
        let after = |now: Value| {
            predict_after(&MODULE, machine(&["C\n"]), now, |system| {
                assert!(crate::modules::testing::apply_on(&MODULE, system, &add).0);
            })
        };
        assert!(!after(add.clone()).changed);
        assert!(after(json!({"name": "de_DE.UTF-8", "state": "absent"})).changed);
        assert!(after(json!({"name": "ko_KR.UTF-8"})).changed);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(refused(&MODULE, json!({})).contains("name"));
        let message = |fake: Fake, name: &str| apply_once(&MODULE, fake, json!({"name": name})).failure().message.clone();
        assert_eq!(
            message(machine(&["C\n"]), "xx_XX.UTF-8"),
            "failed to make the locales xx_XX.UTF-8: `xx_XX.UTF-8` is no locale that the machine could make"
        );
        assert_eq!(message(Fake::new(), "de_DE.UTF-8"), "failed to make the locales de_DE.UTF-8: there is no `/etc/locale.gen`");
        let broken = machine(&["C\n"]).answer(&["/usr/sbin/locale-gen"], 1, "", "cannot open locale definition file\n");
        assert_eq!(message(broken, "de_DE.UTF-8"), "failed to make the locales de_DE.UTF-8: cannot open locale definition file");
    }

    #[test]
    fn notations() {
        for (name, expected) in
            [("en_US.UTF-8", "en_US.utf8"), ("de_DE.ISO-8859-15@euro", "de_DE.iso885915@euro"), ("de_DE@euro", "de_DE@euro"), ("C", "C")]
        {
            assert_eq!(plain(name), expected);
        }
    }
}
