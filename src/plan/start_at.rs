//! `--start-at-task`: what stands before the task is left out.

use std::sync::Arc;

use super::model::{Block, Item, Plan, Play, Section, Task};
use crate::base::Span;
use crate::inventory::pattern::glob_matches;
use crate::yaml::{Node, Value};

/// The plan from the first task on whose name is `name` or fits it as a glob, with or without the name of its role. Plays before it
/// do nothing. `None`: no task has that name; only what is not included at run time is known.
pub fn start_at(plan: &Plan, name: &str) -> Option<Plan> {
    let mut found = false;
    let plays = plan.plays.iter().map(|play| if found { play.clone() } else { Arc::new(cut_play(play, name, &mut found)) }).collect();
    found.then_some(Plan { plays })
}

fn cut_play(play: &Play, name: &str, found: &mut bool) -> Play {
    let sections = play.sections.iter().map(|section| Section { items: cut(&section.items, name, found) }).collect();
    let gather_facts = match found {
        true => play.gather_facts.clone(),
        false => Some(Node { value: Value::Bool(false), ..Node::text(Span::synthetic("--start-at-task"), "false") }),
    };
    Play { sections, gather_facts, ..play.clone() }
}

/// The items from the task on; nothing when it is not among them.
fn cut(items: &[Item], name: &str, found: &mut bool) -> Vec<Item> {
    let mut kept = Vec::new();
    for item in items {
        if *found {
            kept.push(item.clone());
            continue;
        }
        match item {
            Item::Task(task) => {
                if is_named(task, name) {
                    *found = true;
                    kept.push(item.clone());
                }
            }
            Item::Block(block) => {
                let body = cut(&block.body, name, found);
                let always = if *found { block.always.clone() } else { cut(&block.always, name, found) };
                if *found {
                    kept.push(Item::Block(Arc::new(Block { body, always, ..(**block).clone() })));
                }
            }
        }
    }
    kept
}

fn is_named(task: &Task, wanted: &str) -> bool {
    let own = task.name.as_ref().map(Node::key_text).unwrap_or_default();
    [own, task.written_name()].iter().any(|name| !task.is_implicit() && (name == wanted || glob_matches(wanted, name)))
}
