//! What a step can do, one file a kind: run a program, send an HTTP request, open a Jira issue.
//!
//! Architecture invariant: an action says `Failed` only when it is certain that nothing happened; whatever may have
//! happened is `Unknown`. Data reaches the outside in typed places only (a variable, standard input, a JSON string),
//! never in a program's arguments, a URL, a header or a query.

mod cause;
mod exec;
mod http;
mod jira;
mod limit;
mod runner;
mod web;

pub use runner::ActionRunner;
