//! `vars_prompt`.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use crate::engine::Prompter;
use crate::engine::testing::{Case, Ran};

/// A person who types these lines, or nobody.
struct Typing {
    there: bool,
    lines: Mutex<VecDeque<&'static str>>,
    /// What was asked, with a mark for what is not shown.
    asked: Mutex<Vec<String>>,
}

impl Typing {
    fn new(lines: &[&'static str]) -> Arc<Self> {
        Arc::new(Self { there: !lines.is_empty(), lines: Mutex::new(lines.iter().copied().collect()), asked: Mutex::default() })
    }
}

impl Prompter for Typing {
    fn is_there(&self) -> bool {
        self.there
    }

    fn ask(&self, text: &str, private: bool) -> io::Result<String> {
        self.asked.lock().unwrap().push(format!("{text}{}", if private { "(hidden)" } else { "" }));
        self.lines.lock().unwrap().pop_front().map(str::to_owned).ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
    }
}

fn run(typing: &Arc<Typing>, prompts: &str, show: &str) -> Ran {
    let text = format!(
        "- hosts: g\n  gather_facts: false\n  vars: {{other: 7}}\n  vars_prompt:\n{prompts}\n  tasks:\n    - debug: {{msg: \"{show}\"}}\n"
    );
    Case::one(&text).set(|settings| settings.prompter = Some(typing.clone())).run()
}

#[test]
fn what_is_typed_becomes_a_variable() {
    let typing = Typing::new(&["joe", "", "{{ other }}", "{{ other }}"]);
    let prompts = "
    - {name: user, prompt: Who, private: false}
    - {name: place, default: '{{ other }} here', private: false}
    - {name: rendered, private: false}
    - {name: kept, private: false, unsafe: true}";
    let ran = run(&typing, prompts, "{{ user }}, {{ place }}, {{ rendered }}, {{ kept | replace(' ', '_') }}");
    ran.expect(
        "
        PLAY g [a]
        TASK debug
        ok a: joe, 7 here, 7, {{_other_}}
    ",
    );
    assert_eq!(*typing.asked.lock().unwrap(), ["Who: ", "place [7 here]: ", "rendered: ", "kept: "]);
}

#[test]
fn what_is_confirmed_is_asked_until_both_are_the_same() {
    let typing = Typing::new(&["one", "two", "three", "three"]);
    let ran = run(&typing, "    - {name: word, confirm: true, default: other}", "{{ word | length }}");
    ran.expect(
        "
        warning: the two answers differ, so it is asked again
        PLAY g [a]
        TASK debug
        ok a: 5
    ",
    );
    // A default is not shown where the answer is not.
    assert_eq!(*typing.asked.lock().unwrap(), ["word: (hidden)", "confirm word: (hidden)", "word: (hidden)", "confirm word: (hidden)"]);
}

#[test]
fn answers_are_hashed_and_masked() {
    let typing = Typing::new(&["secret-word", "secret-word"]);
    let prompts = "
    - {name: one, encrypt: md5_crypt, salt: mysalt}
    - {name: two, encrypt: \"{{ 'md5_crypt' }}\", salt_size: 4, private: false}";
    let shown =
        "{{ one == 'secret-word' | password_hash('md5', 'mysalt') }} {{ (two | split('$'))[2] | length }} {{ two[:3] }} secret-word";
    let ran = run(&typing, prompts, shown);
    ran.expect(
        "
        PLAY g [a]
        TASK debug
        ok a: True 4 $1$ ********
    ",
    );
}

#[test]
fn without_an_answer_there_is_nothing_to_hash() {
    let nobody = Typing::new(&[]);
    let ran = run(&nobody, "    - {name: word, encrypt: md5_crypt}", "{{ word }}");
    let wrong = ran.summary.error.expect("the play cannot start").to_string();
    assert!(wrong.contains("there is nothing to hash for `word`"), "{wrong}");
}

#[test]
fn where_nobody_is_defaults_are_taken() {
    let nobody = Typing::new(&[]);
    let ran = run(&nobody, "    - {name: word, default: 5}\n    - {name: empty}", "{{ word | type_debug }} {{ empty }}");
    ran.expect(
        "
        warning: nobody can be asked for `word`, so its default is taken
        warning: nobody can be asked for `empty`, so its default is taken
        PLAY g [a]
        TASK debug
        ok a: str None
    ",
    );
    assert!(nobody.asked.lock().unwrap().is_empty());
}
