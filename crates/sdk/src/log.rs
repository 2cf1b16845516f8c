//! Lines for the run's log: what a person wants to know when the numbers surprise.

use crate::bindings::watchkeeper::check::log::{Level, write};

/// Only of interest while the check is written.
pub fn debug(message: &str) {
    send(Level::Debug, message);
}

/// What was done.
pub fn info(message: &str) {
    send(Level::Info, message);
}

/// What was left out, or looks wrong.
pub fn warn(message: &str) {
    send(Level::Warn, message);
}

/// What went wrong.
pub fn error(message: &str) {
    send(Level::Error, message);
}

/// Has every panic logged with its file and line, because the trap that follows carries no message.
pub(crate) fn panics() {
    std::panic::set_hook(Box::new(|panic| error(&panic.to_string())));
}

fn send(level: Level, message: &str) {
    if cfg!(target_family = "wasm") {
        write(level, message);
    }
}
