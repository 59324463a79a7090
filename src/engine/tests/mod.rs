//! Whole plays over sessions that answer from a function. Behaviour measured on the reference implementation.

mod basics;
mod check_mode;
mod files;
mod flow;
mod handlers;
mod includes;
mod loops;
mod prompts;
mod stream;
mod variables;
