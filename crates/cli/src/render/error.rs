//! A failure, told once: what happened, why, and what to do.

use std::error::Error;

use crate::{
    exit::Exit,
    failure::{Failure, Told},
    render::{terminal::Terminal, text::harmless_lines},
};

/// Tells a failure and gives the exit code.
pub(crate) fn exit_of(ended: Result<Exit, Failure>, terminal: &mut Terminal) -> Exit {
    let failure = match ended {
        Ok(exit) => return exit,
        Err(failure) => failure,
    };
    // Where standard error cannot be written either, the exit code is all that is left to say.
    let _ = match &failure.told {
        Told::Error { error, hint } => terminal.note(report(error.as_ref(), hint.as_deref())),
        Told::Report(report) => terminal.note(report),
        Told::Nothing => Ok(()),
    };
    failure.exit
}

/// `error: cannot read x` with its causes below, each once, and a hint where there is one.
fn report(error: &(dyn Error + 'static), hint: Option<&str>) -> String {
    let mut lines = vec![format!("error: {error}")];
    let causes = std::iter::successors(error.source(), |cause: &&(dyn Error + 'static)| (*cause).source());
    let mut told = error.to_string();
    for cause in causes.map(ToString::to_string) {
        // A transparent error repeats its cause word for word.
        if !told.ends_with(&cause) {
            lines.push(format!("  because: {cause}"));
        }
        told = cause;
    }
    lines.extend(hint.map(|hint| format!("  help: {hint}")));
    harmless_lines(&lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot open {0}")]
    struct Outer(&'static str, #[source] Middle);

    #[derive(Debug, thiserror::Error)]
    #[error(transparent)]
    struct Middle(std::io::Error);

    fn failure() -> Outer {
        Outer("state/store.db", Middle(std::io::Error::other("disk is full")))
    }

    #[test]
    fn causes_are_told_once_and_a_hint_last() {
        let told = report(&failure(), Some("make room"));
        assert_eq!(told, "error: cannot open state/store.db\n  because: disk is full\n  help: make room");
    }

    #[test]
    fn control_characters_are_written_out() {
        let told = report(&std::io::Error::other("\u{1b}[2J"), None);
        assert_eq!(told, "error: \\u{1b}[2J");
    }
}
