use serde_json::Value;

use super::*;

/// A case that Python has answered: pattern `p` with flags `f` over subject `s`, in bytes when `b`. `bad`: the pattern is none. Else `all`
/// are the places of all matches with their groups, `start` is the end of a match at the start, `whole` tells of a match of everything, and
/// `sub` is what `t` makes of the subject (`badt`: it is no template). Bytes in `sub` are one character each.
struct Case<'c>(&'c Value);

impl Case<'_> {
    fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_default()
    }

    fn flags(&self) -> Flags {
        let has = |letter: char| self.text("f").contains(letter);
        Flags { ascii: has('a'), dot_all: has('s'), ignore_case: has('i'), multi_line: has('m'), verbose: has('x') }
    }
}

fn all_of(found: &[Found]) -> Value {
    let place = |span: Option<Range<usize>>| span.map_or(Value::Null, |span| vec![span.start, span.end].into());
    found.iter().map(|found| (0..=found.groups().len()).map(|number| place(found.group(number))).collect::<Value>()).collect()
}

/// What is wrong with our answer to a case.
fn differences<S: Subject + ?Sized>(case: &Case<'_>, subject: &S, latin: impl Fn(S::Owned) -> String) -> Result<(), String> {
    let regex = Regex::<S>::new(case.text("p"), case.flags());
    if case.0["bad"] == true {
        return if regex.is_err() { Ok(()) } else { Err("the pattern was accepted".to_owned()) };
    }
    let regex = regex.map_err(|error| error.to_string())?;
    let check = |what: &str, ours: Value, theirs: &Value| {
        if ours == *theirs { Ok(()) } else { Err(format!("{what}: {ours} instead of {theirs} ({regex:?})")) }
    };
    let failed = |error: RegexError| error.to_string();
    check("all", all_of(&regex.find_all(subject).map_err(failed)?), &case.0["all"])?;
    let start = regex.match_start(subject).map_err(failed)?;
    check("start", start.map_or(Value::Null, |found| found.span().end.into()), &case.0["start"])?;
    check("whole", regex.match_whole(subject).map_err(failed)?.is_some().into(), &case.0["whole"])?;
    let Some(template) = case.0["t"].as_str() else { return Ok(()) };
    let template = Template::new(template, &regex);
    if case.0["badt"] == true {
        return if template.is_err() { Ok(()) } else { Err("the template was accepted".to_owned()) };
    }
    let (out, _) = regex.replace(subject, &template.map_err(failed)?, usize::MAX).map_err(failed)?;
    check("sub", latin(out).into(), &case.0["sub"])
}

#[test]
fn answers_are_those_of_python() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("cases.json")).unwrap();
    let mut wrong = Vec::new();
    for case in &cases {
        let case = Case(case);
        let answer = if case.0["b"] == true {
            differences::<[u8]>(&case, case.text("s").as_bytes(), |out| out.into_iter().map(char::from).collect())
        } else {
            differences::<str>(&case, case.text("s"), |out| out)
        };
        if let Err(difference) = answer {
            wrong.push(format!("{}\n    {difference}", case.0));
        }
    }
    assert!(cases.len() > 300 && wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn bytes_need_not_be_text() {
    let regex = BytesRegex::new(r"^(.)=\W(\w+)$", Flags::default()).unwrap();
    let found = regex.search(b"\xff=\xfeab").unwrap().unwrap();
    assert_eq!(found.groups(), [Some(0..1), Some(3..5)]);
    let template = Template::new(r"\2\1", &regex).unwrap();
    assert_eq!(template.expand(b"\xff=\xfeab".as_slice(), &found), b"ab\xff");
}

#[test]
fn at_most_so_many_are_replaced() {
    let regex = TextRegex::new("a", Flags::default()).unwrap();
    assert_eq!(regex.replace("aaa", &Template::literal(r"\1"), 2), Ok((r"\1\1a".to_owned(), 2)));
}

#[test]
fn groups_are_known_by_name_and_number() {
    let regex = TextRegex::new(r"(a)(?P<b>c)", Flags::default()).unwrap();
    assert_eq!(regex.names().collect::<Vec<_>>(), [None, Some("b")]);
    assert_eq!((regex.number_of("b"), regex.number_of("x"), regex.group_count()), (Some(2), None, 2));
}

#[test]
fn errors_say_what_and_where() {
    for unsupported in [r"\N{DIGIT ONE}", r"\udcff", "(?L)a"] {
        assert!(TextRegex::new(unsupported, Flags::default()).is_err(), "{unsupported}");
    }
    let error = TextRegex::new("ab(c", Flags::default()).unwrap_err();
    assert_eq!(error.to_string(), "`ab(c` is no regular expression: the `(` is not closed (at position 2)");
}

#[test]
fn a_search_without_end_is_given_up() {
    let regex = TextRegex::new(r"^(x+x+)+\1(?<=[yz])$", Flags::default()).unwrap();
    assert!(regex.search(&"x".repeat(64)).is_err());
}

#[test]
fn escaped_text_is_meant_as_it_stands() {
    for text in ["a.b*c", "[x]{2}", "a b#c\t-~&|", "$^\\d(é)"] {
        assert!(
            TextRegex::new(&escape(text), Flags { verbose: true, ..Flags::default() }).unwrap().match_whole(text).unwrap().is_some(),
            "{text}"
        );
    }
}
