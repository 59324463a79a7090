//! What was typed, as words that can be typed again: one for each option with its value, by its long name if it has one.

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, CommandFactory, FromArgMatches};

use super::args::{Cli, Command};

/// Options that say which run is meant, not how it runs.
const NOT_OF_THE_RUN: [&str; 1] = ["resume"];

/// Parses a command line that begins with the program.
///
/// # Errors
/// It makes no sense, or help is asked for.
pub fn parse(given: impl IntoIterator<Item = String>) -> Result<Cli, clap::Error> {
    let mut command = Cli::command();
    let matches = command.try_get_matches_from_mut(given)?;
    let mut cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    if let (Command::Run(run), Some((name, matches))) = (&mut cli.command, matches.subcommand())
        && let Some(command) = command.find_subcommand(name)
    {
        run.words = words(command, matches);
    }
    Ok(cli)
}

/// The words of a command that was parsed: options in the order of its help, then what is no option.
fn words(command: &clap::Command, matches: &ArgMatches) -> Vec<String> {
    let mut options = Vec::new();
    let mut rest = Vec::new();
    for argument in command.get_arguments() {
        let id = argument.get_id().as_str();
        // Not all ids are those of arguments that matches know (`--help`).
        let is_typed = matches.ids().any(|known| known == id) && matches.value_source(id) == Some(ValueSource::CommandLine);
        if !is_typed || NOT_OF_THE_RUN.contains(&id) {
            continue;
        }
        let values = || matches.get_raw(id).into_iter().flatten().map(|value| value.to_string_lossy().into_owned());
        let short = || argument.get_short().map(|short| format!("-{short}"));
        match (argument.get_long().map(|long| format!("--{long}")).or_else(short), argument.get_action()) {
            (Some(name), ArgAction::SetTrue) => options.push(name),
            (Some(name), ArgAction::Count) => options.extend((0..matches.get_count(id)).map(|_| name.clone())),
            (Some(name), _) => options.extend(values().map(|value| format!("{name}={value}"))),
            // A path that looks like an option is none.
            (None, _) => rest.extend(values().map(|value| if value.starts_with('-') { format!("./{value}") } else { value })),
        }
    }
    options.into_iter().chain(rest).collect()
}

/// The option of a word, as `--name` (`-n` when it has no long one); `None`: it is no option.
pub fn option(word: &str) -> Option<&str> {
    word.starts_with('-').then(|| word.split('=').next().unwrap_or(word))
}

/// `before` with what was typed now: an option that was typed again replaces what was there, but for variables, of which the later ones win
/// one by one.
pub fn merged(before: &[String], now: &[String]) -> Vec<String> {
    let replaced: Vec<&str> = now.iter().filter_map(|word| option(word)).filter(|name| *name != EXTRA_VARS).collect();
    let kept = before.iter().filter(|word| option(word).is_none_or(|name| !replaced.contains(&name)));
    let (options, rest): (Vec<&String>, Vec<&String>) = kept.chain(now).partition(|word| option(word).is_some());
    options.into_iter().chain(rest).cloned().collect()
}

/// The option that takes variables.
pub const EXTRA_VARS: &str = "--extra-vars";

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &str) -> Vec<String> {
        let Command::Run(run) = parse(line.split(' ').map(str::to_owned)).unwrap().command else { panic!("not a run") };
        run.words
    }

    #[test]
    fn every_way_to_type_is_one_word() {
        let line = "kconf run -Cvve k=v a.yml -l web -i x -ione --tags a,b -f 9 -K b.yml -e @f.yml --ssh-common-args=-v";
        let expected = "--inventory=x --inventory=one --extra-vars=k=v --extra-vars=@f.yml --limit=web --ssh-common-args=-v --ask-become-pass \
                        --forks=9 -v -v --check --tags=a --tags=b a.yml b.yml";
        let mut said = typed(line);
        let mut expected: Vec<&str> = expected.split(' ').collect();
        // The order of options is that of the help and not of interest here.
        said.sort();
        expected.sort();
        assert_eq!(said, expected);
    }

    #[test]
    fn words_mean_what_was_typed() {
        for line in ["kconf run a.yml", "kconf run -Cvv --step -e a=1 -e a=2 -t x,y -- -odd.yml"] {
            let words = typed(line);
            let again = typed(&format!("kconf run {}", words.join(" ")));
            assert_eq!(words, again);
        }
    }

    #[test]
    fn what_is_typed_later_replaces_but_variables_add_up() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let before = words("--extra-vars=a=1 --inventory=x --inventory=y --check --limit=web site.yml");
        let now = words("--extra-vars=a=2 --inventory=z --limit=db --forks=1");
        assert_eq!(
            merged(&before, &now).join(" "),
            "--extra-vars=a=1 --check --extra-vars=a=2 --inventory=z --limit=db --forks=1 site.yml"
        );
    }
}
