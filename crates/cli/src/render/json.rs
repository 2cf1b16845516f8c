//! JSON for scripts: one value a line.

use std::{fmt::Write, io};

use serde::Serialize;

use crate::render::terminal::Terminal;

/// Writes one value on one line.
pub(crate) fn print(terminal: &mut Terminal, value: &impl Serialize) -> io::Result<()> {
    terminal.line(line(value)?)
}

/// Control characters that JSON allows raw (DEL and the C1 set) are escaped as well: they can only stand in strings.
fn line(value: &impl Serialize) -> io::Result<String> {
    let text = serde_json::to_string(value)?;
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            // Writing to a String cannot fail.
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    Ok(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_come_back() {
        let text = "a\u{1b}[0m\u{7f}\u{9b}b\n";
        let line = line(&text).unwrap();
        assert!(!line.chars().any(char::is_control), "{line:?}");
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
    }

    #[test]
    fn numbers_keep_their_full_precision() {
        let value = 0.907_941_517_903_471_6_f64;
        assert_eq!(line(&value).unwrap(), "0.9079415179034716");
    }
}
