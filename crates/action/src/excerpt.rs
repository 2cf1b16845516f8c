//! Text from outside made fit for people: secrets masked, control characters escaped, cut to a length.

use secrecy::{ExposeSecret, SecretString};

/// What stands in a secret's place.
const MASKED: &str = "[secret]";

/// A line of a secret of several lines is masked on its own from this length on, in bytes.
const LINE_BYTES_MIN: usize = 8;

/// The secrets that must not be shown.
#[derive(Debug, Default)]
pub(crate) struct Mask(Vec<SecretString>);

impl Mask {
    /// Masks these secrets, and every longer line of those that have several.
    pub(crate) fn over<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let mut values: Vec<&str> = Vec::new();
        for secret in secrets {
            let value = secret.expose_secret();
            values.push(value);
            values.extend(value.lines().filter(|line| line.len() >= LINE_BYTES_MIN));
        }
        // The longest first, so that a secret inside another does not break it apart.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Self(values.into_iter().filter(|value| !value.is_empty()).map(SecretString::from).collect())
    }

    /// The length of the longest secret, in bytes.
    pub(crate) fn longest(&self) -> usize {
        self.0.first().map_or(0, |secret| secret.expose_secret().len())
    }

    /// The text with every secret replaced.
    pub(crate) fn apply(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret.expose_secret(), MASKED))
    }

    /// One masked, escaped line of at most `chars_max` characters: the beginning of `text`.
    pub(crate) fn head(&self, text: &str, chars_max: usize) -> String {
        let line = escaped(self.apply(text).trim());
        match line.char_indices().nth(chars_max) {
            Some((cut, _)) => format!("{}…", &line[..cut]),
            None => line,
        }
    }
}

/// Escapes what could move a cursor, reorder or fake a line: control and bidirectional formatting characters.
pub(crate) fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut line, c| {
        match c {
            '\t' => line.push(' '),
            c if is_unsafe(c) => line.extend(c.escape_default()),
            c => line.push(c),
        }
        line
    })
}

fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(secrets: &[&str]) -> Mask {
        let secrets: Vec<SecretString> = secrets.iter().map(|secret| SecretString::from(*secret)).collect();
        Mask::over(&secrets)
    }

    #[test]
    fn a_secret_inside_another_does_not_break_it_apart() {
        assert_eq!(mask(&["key", "monkey-wrench"]).apply("monkey-wrench, key"), "[secret], [secret]");
    }

    #[test]
    fn the_lines_of_a_key_file_are_masked_one_by_one() {
        assert_eq!(mask(&["-----BEGIN-----\nMIIEpAIB\n-"]).apply("> MIIEpAIB"), "> [secret]");
    }

    #[test]
    fn an_escape_sequence_is_shown_and_not_obeyed() {
        assert_eq!(escaped("\u{1b}[2J\u{202e}x\ny"), "\\u{1b}[2J\\u{202e}x\\ny");
    }

    #[test]
    fn a_long_text_is_cut_after_masking() {
        assert_eq!(mask(&["abcdef"]).head("  abcdefgh ", 9), "[secret]g…");
    }
}
