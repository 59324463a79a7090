//! The imports of a Python source.

use super::statements::{self, Statement};

/// One name that a source imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// The line, from 1.
    pub line: usize,
    /// Dots in front: 0 is absolute, 1 the package itself.
    pub level: usize,
    /// The module, with dots; empty in `from . import x`.
    pub module: String,
    /// What is imported from it, if it says `from`: a module or something in one. `*` is left out.
    pub name: Option<String>,
    /// It stands in a `try`, so the source can do without.
    pub optional: bool,
}

/// Everything that `source` imports, in its order. What only type checkers see is left out.
pub(super) fn imports(source: &str) -> Vec<Import> {
    let mut found = Vec::new();
    // The heads of the blocks that are open: how deep, and what holds in them.
    let mut blocks: Vec<(usize, Block)> = Vec::new();
    for statement in statements::of(source) {
        blocks.retain(|(indent, _)| *indent < statement.indent);
        let mut around = inside(&blocks);
        let mut text = statement.text.as_str();
        if let Some((block, body)) = head(text) {
            blocks.push((statement.indent, block));
            around = inside(&blocks);
            text = body;
        }
        if around != Block::Types {
            read(text, &statement, around == Block::Try, &mut found);
        }
    }
    found
}

/// What a block means for the imports in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Block {
    /// A part of a `try` statement.
    Try,
    /// Only for type checkers.
    Types,
    /// Anything else.
    Other,
}

fn inside(blocks: &[(usize, Block)]) -> Block {
    let has = |wanted| blocks.iter().any(|(_, block)| *block == wanted);
    match () {
        () if has(Block::Types) => Block::Types,
        () if has(Block::Try) => Block::Try,
        () => Block::Other,
    }
}

/// The kind of block that a statement begins, and what stands behind its colon.
fn head(text: &str) -> Option<(Block, &str)> {
    let word = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or("");
    let block = match word {
        "try" | "except" | "finally" => Block::Try,
        "if" if text.contains("TYPE_CHECKING") && !text.contains("not ") => Block::Types,
        "if" | "elif" | "else" | "for" | "while" | "with" | "def" | "class" | "async" => Block::Other,
        _ => return None,
    };
    let mut depth = 0usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => return Some((block, text.get(at + 1..).unwrap_or("").trim_start())),
            _ => {}
        }
    }
    None
}

fn read(text: &str, statement: &Statement, optional: bool, found: &mut Vec<Import>) {
    let line = statement.line;
    if let Some(rest) = after_word(text, "import") {
        for module in names(rest) {
            found.push(Import { line, level: 0, module, name: None, optional });
        }
    } else if let Some(rest) = after_word(text, "from") {
        let Some((module, what)) = split_import(rest) else { return };
        let level = module.chars().filter(|c| !c.is_whitespace()).take_while(|c| *c == '.').count();
        let module: String = module.chars().filter(|c| !c.is_whitespace()).skip(level).collect();
        let what = what.trim().trim_start_matches('(').trim_end_matches(')');
        for name in names(what) {
            let name = (name != "*").then_some(name);
            found.push(Import { line, level, module: module.clone(), name, optional });
        }
    }
}

fn after_word<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let rest = text.strip_prefix(word)?;
    rest.starts_with([' ', '.', '(']).then_some(rest)
}

/// `MODULE import NAMES`, where nothing need stand between dots and the word, or the word and a bracket.
fn split_import(text: &str) -> Option<(&str, &str)> {
    text.match_indices("import").find_map(|(at, word)| {
        let (before, after) = (text.get(..at)?, text.get(at + word.len()..)?);
        (before.ends_with([' ', '.']) && after.starts_with([' ', '(', '*'])).then_some((before, after))
    })
}

/// The names of a list, without what they are called here.
fn names(list: &str) -> Vec<String> {
    let first_word = |part: &str| part.split_whitespace().next().unwrap_or("").to_owned();
    list.split(',').map(first_word).filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str) -> Vec<String> {
        let text = |import: Import| {
            let dots = ".".repeat(import.level);
            let name = import.name.map_or_else(String::new, |name| format!(" {name}"));
            format!("{}: {dots}{}{name}{}", import.line, import.module, if import.optional { " ?" } else { "" })
        };
        imports(source).into_iter().map(text).collect()
    }

    #[test]
    fn all_ways_to_import() {
        let source = "import os, a.b.c as d\nfrom a.b import c as x, e\nfrom . import f\nfrom .. import (g,\n  h as i,)\nfrom ..j.k import *\n\
                      from .import l\nfrom m import(n)\nimportant = 1\nfrom_here = 2\nimport_me()\n";
        assert_eq!(
            shown(source),
            ["1: os", "1: a.b.c", "2: a.b c", "2: a.b e", "3: . f", "4: .. g", "4: .. h", "6: ..j.k", "7: . l", "8: m n"]
        );
    }

    #[test]
    fn what_stands_in_a_try_is_optional_and_what_follows_is_not() {
        let source = "try:\n    import a\n    if x:\n        import b\nexcept ImportError:\n    import c\nelse:\n    import d\nimport e\n\
                      def f():\n    import g\n    try: import h\n    except ImportError: pass\n    import i\n";
        assert_eq!(shown(source), ["2: a ?", "4: b ?", "6: c ?", "8: d", "9: e", "11: g", "12: h ?", "14: i"]);
    }

    #[test]
    fn what_only_type_checkers_see_is_left_out() {
        let source = "if t.TYPE_CHECKING:\n    from a import B\nelse:\n    from a import C\nif not TYPE_CHECKING:\n    import d\n";
        assert_eq!(shown(source), ["4: a C", "6: d"]);
    }

    #[test]
    fn texts_and_comments_import_nothing() {
        let source = "DOCUMENTATION = r'''\nimport a\nfrom b import c\n'''\nx = \"\"\"\nimport d\n\"\"\"  # import e\n'import f'\nprint('from g import h')\n";
        assert_eq!(shown(source), Vec::<String>::new());
    }
}
