//! An error and its causes in one line.

use std::error::Error;

/// `cannot start /bin/x: No such file or directory`; a cause that only repeats what was said is left out.
pub(crate) fn line(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !said.contains(&text) {
            said.push_str(": ");
            said.push_str(&text);
        }
        next = cause.source();
    }
    said
}
