//! Where one host stands in a play: a position that moves through tasks, blocks, includes and handlers.
//!
//! It decides nothing about what runs and knows no results: the strategy asks where the host is, runs what is there, and says what came
//! of it ([`HostState::advance`], [`HostState::fail`], [`HostState::enter`], [`HostState::flush`]).

use std::collections::HashSet;
use std::sync::Arc;

use super::include::{IncludeVars, Included};
use crate::plan::{Action, Block, Handler, Item, Meta, Play, Task};

/// What a host has to do next.
#[derive(Clone, Debug)]
pub enum Current {
    /// A task.
    Task(Due),
    /// The end of a section, with handlers notified.
    Flush,
}

/// A task with what the way to it adds.
#[derive(Clone, Debug)]
pub struct Due {
    /// The task.
    pub task: Arc<Task>,
    /// Variables of the dynamic includes around it.
    pub include: Arc<IncludeVars>,
    /// It runs as a handler.
    pub handler: bool,
}

/// The part of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Body,
    Rescue,
    Always,
}

#[derive(Clone, Debug)]
enum Frame {
    /// All sections of the play.
    Play { at: usize },
    /// One section: its items, then its handlers (`at` = number of items), then its end. `failing`: a failure goes on behind it.
    Section { index: usize, at: usize, failing: bool },
    /// A block. `failing`: a failure goes on behind `always`.
    Block { block: Arc<Block>, part: Part, at: usize, failing: bool },
    /// What an include brought for this host, one after the other.
    Groups { groups: Arc<[Arc<Included>]>, at: usize },
    /// The items of one of them.
    Included { included: Arc<Included>, at: usize },
    /// Handlers, in the order in which they are defined.
    Handlers { handlers: Arc<[Arc<Handler>]>, at: usize },
}

/// How a host stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It goes on.
    Active,
    /// It came to the end of the play, or was taken out of it without a failure.
    Ended,
    /// It failed, and nothing rescued it.
    Failed,
    /// It could not be reached.
    Unreachable,
}

/// Stands for handlers that are not known yet; no task has this id.
const SOME_HANDLER: u64 = u64::MAX;

/// The position of one host in one play.
#[derive(Clone, Debug)]
pub struct HostState {
    play: Arc<Play>,
    no_vars: Arc<IncludeVars>,
    force_handlers: bool,
    frames: Vec<Frame>,
    standing: Standing,
    /// Handlers that were notified and have not run, by the id of their task.
    notified: HashSet<u64>,
    /// Roles of which a task ran.
    roles_ran: HashSet<u64>,
    /// Roles that ran to their end.
    roles_done: HashSet<u64>,
    /// Roles left by `end_role`.
    roles_left: HashSet<u64>,
}

impl HostState {
    /// At the beginning of `play`.
    pub fn new(play: Arc<Play>, force_handlers: bool) -> Self {
        let mut state = Self {
            play,
            no_vars: Arc::default(),
            force_handlers,
            frames: vec![Frame::Play { at: 0 }],
            standing: Standing::Active,
            notified: HashSet::new(),
            roles_ran: HashSet::new(),
            roles_done: HashSet::new(),
            roles_left: HashSet::new(),
        };
        state.settle();
        state
    }

    /// How it stands.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Whether it has something to do.
    pub fn is_active(&self) -> bool {
        self.standing == Standing::Active
    }

    /// Whether a failure is on its way out through `always` parts.
    pub fn is_failing(&self) -> bool {
        self.frames.iter().any(|frame| matches!(frame, Frame::Block { failing: true, .. } | Frame::Section { failing: true, .. }))
    }

    /// What it has to do next; `None` when it is not active.
    pub fn current(&self) -> Option<Current> {
        if self.standing != Standing::Active {
            return None;
        }
        match self.frames.last()? {
            Frame::Section { index, at, .. } => {
                let items = &self.play.sections.get(*index)?.items;
                if *at == items.len() { Some(Current::Flush) } else { self.due(items.get(*at)?, false) }
            }
            Frame::Block { block, part, at, .. } => self.due(part_of(block, *part).get(*at)?, false),
            Frame::Included { included, at } => self.due(included.items.get(*at)?, false),
            Frame::Handlers { handlers, at } => {
                let task = handlers.get(*at)?.task.clone();
                Some(Current::Task(Due { task, include: self.include_vars(), handler: true }))
            }
            Frame::Play { .. } | Frame::Groups { .. } => None,
        }
    }

    fn due(&self, item: &Item, handler: bool) -> Option<Current> {
        match item {
            Item::Task(task) => {
                let handler = handler || self.in_handlers();
                Some(Current::Task(Due { task: task.clone(), include: self.include_vars(), handler }))
            }
            Item::Block(_) => None,
        }
    }

    /// Whether it is at a handler, or at a task that a handler included.
    fn in_handlers(&self) -> bool {
        self.frames.iter().any(|frame| matches!(frame, Frame::Handlers { .. }))
    }

    /// Variables of the innermost include; those of the handler for a handler that came with an include.
    fn include_vars(&self) -> Arc<IncludeVars> {
        for frame in self.frames.iter().rev() {
            match frame {
                Frame::Included { included, .. } => return included.vars.clone(),
                Frame::Handlers { .. } => break,
                _ => {}
            }
        }
        self.no_vars.clone()
    }

    /// Where it is, comparable between hosts of the same play: the smallest is the earliest.
    pub fn path(&self) -> Vec<u64> {
        let mut path = Vec::with_capacity(self.frames.len() * 2);
        for frame in &self.frames {
            match frame {
                Frame::Play { at } | Frame::Section { at, .. } | Frame::Included { at, .. } => path.push(*at as u64),
                Frame::Handlers { at, .. } => path.push(*at as u64),
                Frame::Block { part, at, .. } => path.extend([*part as u64, *at as u64]),
                Frame::Groups { groups, at } => path.push(groups.get(*at).map_or(0, |group| group.number)),
            }
        }
        path
    }

    /// The task here is done: goes on behind it. `ran`: it was not skipped.
    pub fn advance(&mut self, ran: bool) {
        if ran
            && let Some(Current::Task(Due { task, .. })) = self.current()
            && let Some(role) = &task.role
        {
            self.roles_ran.insert(role.id);
        }
        self.step();
        self.settle();
    }

    /// The include here brought this: does it next, then goes on behind the include.
    pub fn enter(&mut self, groups: Vec<Arc<Included>>) {
        if let Some(Current::Task(Due { task, .. })) = self.current()
            && let Some(role) = &task.role
        {
            self.roles_ran.insert(role.id);
        }
        self.frames.push(Frame::Groups { groups: groups.into(), at: 0 });
        self.settle();
    }

    /// Runs those of the handlers that were notified, then goes on behind the place where it is.
    pub fn flush(&mut self, handlers: Arc<[Arc<Handler>]>) {
        self.frames.push(Frame::Handlers { handlers, at: 0 });
        self.settle();
    }

    /// Remembers that a handler is to run; false when it was remembered already.
    pub fn notify(&mut self, handler: &Handler) -> bool {
        self.notified.insert(handler.task.id)
    }

    /// Handlers may have been notified by a task whose result is not there yet: the section ends with a flush.
    pub fn expect_flush(&mut self) {
        self.notified.insert(SOME_HANDLER);
    }

    /// Whether a failure here would be handled by a `rescue`.
    pub fn would_rescue(&self) -> bool {
        self.frames.iter().any(|frame| match frame {
            Frame::Block { block, part: Part::Body, .. } => !block.rescue.is_empty(),
            _ => false,
        })
    }

    /// The task here failed: goes to the `rescue` or `always` that is due, or out of the play.
    pub fn fail(&mut self) {
        if self.standing != Standing::Active {
            return;
        }
        let mut from_handlers = false;
        while let Some(frame) = self.frames.last_mut() {
            match frame {
                Frame::Block { block, part, at, .. } if *part == Part::Body && !block.rescue.is_empty() => {
                    *part = Part::Rescue;
                    *at = 0;
                    self.settle();
                    return;
                }
                Frame::Block { block, part, at, failing } if *part != Part::Always && !block.always.is_empty() => {
                    *part = Part::Always;
                    *at = 0;
                    *failing = true;
                    self.settle();
                    return;
                }
                Frame::Section { index, at, failing } if self.force_handlers && !*failing => {
                    let items = self.play.sections.get(*index).map_or(0, |section| section.items.len());
                    // A handler that failed in the flush at the end of the section must not start it over.
                    *at = if from_handlers && *at == items { items + 1 } else { items };
                    *failing = true;
                    self.settle();
                    return;
                }
                _ => {
                    from_handlers = matches!(frame, Frame::Handlers { .. });
                    self.frames.pop();
                }
            }
        }
        self.standing = Standing::Failed;
    }

    /// Takes it out of the play.
    pub fn end(&mut self, standing: Standing) {
        self.frames.clear();
        self.standing = standing;
    }

    /// `meta: clear_host_errors` on a host that failed: it is at the end of the play, without blame.
    pub fn forgive(&mut self) {
        if matches!(self.standing, Standing::Failed | Standing::Unreachable) {
            self.standing = Standing::Ended;
        }
    }

    /// `meta: end_role` in the role `id`: what is left of the role is passed over.
    pub fn leave_role(&mut self, id: u64) {
        self.roles_left.insert(id);
        self.step();
        self.settle();
    }

    /// One step behind the item, handler or group at the top.
    fn step(&mut self) {
        match self.frames.last_mut() {
            Some(
                Frame::Play { at }
                | Frame::Section { at, .. }
                | Frame::Block { at, .. }
                | Frame::Groups { at, .. }
                | Frame::Included { at, .. }
                | Frame::Handlers { at, .. },
            ) => *at += 1,
            None => {}
        }
    }

    /// Leaves the frame at the top, and goes on behind it.
    fn leave(&mut self) {
        self.frames.pop();
        self.step();
    }

    /// Moves on to the next task or flush: into blocks and includes, out of what is finished, past what is not for this host.
    fn settle(&mut self) {
        while self.standing == Standing::Active {
            let Some(frame) = self.frames.last() else {
                self.standing = Standing::Ended;
                return;
            };
            match frame {
                Frame::Play { at } => {
                    if self.play.sections.get(*at).is_none() {
                        self.frames.pop();
                    } else {
                        let index = *at;
                        self.frames.push(Frame::Section { index, at: 0, failing: false });
                    }
                }
                Frame::Section { index, at, failing } => {
                    let items = self.play.sections.get(*index).map_or(&[][..], |section| &section.items);
                    let (length, failing) = (items.len(), *failing);
                    match items.get(*at).cloned() {
                        Some(item) => {
                            if self.arrive(&item) {
                                return;
                            }
                        }
                        None if *at == length && !self.notified.is_empty() => return,
                        None if *at == length => self.step(),
                        None => {
                            self.leave();
                            if failing {
                                self.fail();
                            }
                        }
                    }
                }
                Frame::Block { block, part, at, failing } => {
                    let (item, part, failing) = (part_of(block, *part).get(*at).cloned(), *part, *failing);
                    match item {
                        Some(item) => {
                            if self.arrive(&item) {
                                return;
                            }
                        }
                        None if part == Part::Always => {
                            self.leave();
                            if failing {
                                self.fail();
                            }
                        }
                        None => self.enter_always(),
                    }
                }
                Frame::Groups { groups, at } => match groups.get(*at).cloned() {
                    Some(included) => self.frames.push(Frame::Included { included, at: 0 }),
                    None => self.leave(),
                },
                Frame::Included { included, at } => match included.items.get(*at).cloned() {
                    Some(item) => {
                        if self.arrive(&item) {
                            return;
                        }
                    }
                    None => self.leave(),
                },
                Frame::Handlers { handlers, at } => match handlers.get(*at).map(|handler| handler.task.id) {
                    Some(id) if self.notified.remove(&id) => return,
                    Some(_) => self.step(),
                    None => self.leave(),
                },
            }
        }
    }

    fn enter_always(&mut self) {
        if let Some(Frame::Block { part, at, .. }) = self.frames.last_mut() {
            *part = Part::Always;
            *at = 0;
        }
    }

    /// Comes to an item: true when it is a task to run, else it was passed over or entered.
    fn arrive(&mut self, item: &Item) -> bool {
        match item {
            Item::Block(block) => {
                self.frames.push(Frame::Block { block: block.clone(), part: Part::Body, at: 0, failing: false });
                false
            }
            Item::Task(task) => {
                let Some(role) = &task.role else { return true };
                if matches!(task.action, Action::Meta(Meta::RoleComplete)) {
                    if self.roles_ran.contains(&role.id) {
                        self.roles_done.insert(role.id);
                    }
                    self.roles_left.remove(&role.id);
                    self.step();
                    return false;
                }
                // Handlers of a role run after the role is done.
                let passed = !self.in_handlers()
                    && ((self.roles_done.contains(&role.id) && !role.allow_duplicates) || self.roles_left.contains(&role.id));
                if passed {
                    self.step();
                }
                !passed
            }
        }
    }
}

fn part_of(block: &Block, part: Part) -> &[Item] {
    match part {
        Part::Body => &block.body,
        Part::Rescue => &block.rescue,
        Part::Always => &block.always,
    }
}
