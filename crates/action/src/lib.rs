//! What a step can do, one file a kind; `contract` is what each of them has to say.
//!
//! Architecture invariant: an action says `Failed` only when it is certain that nothing happened; whatever may have
//! happened is `Unknown`. Data reaches the outside in typed places only (a variable, standard input, a JSON string),
//! never in a program's arguments, a URL, a header or a query.

mod airflow;
mod cause;
mod contract;
mod exec;
mod gate;
mod http;
mod jira;
mod kubernetes;
mod limit;
mod mlflow;
mod peer;
mod runner;
mod sql;
mod systemd;
mod web;

pub use runner::ActionRunner;
