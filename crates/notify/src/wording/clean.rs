//! Foreign text made fit for one line.

use watchkeeper_model::is_hidden;

/// The text on one line: line ends, control characters and reordering marks become single spaces.
pub(crate) fn one_line(text: &str) -> String {
    let blank = |c: char| c.is_whitespace() || is_hidden(c);
    text.split(blank).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The first `chars_max` characters; an ellipsis takes the place of the last one when something is cut off.
pub(crate) fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(chars_max.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_on_its_line() {
        assert_eq!(one_line("a\r\nBcc: b\u{1b}[2J\tc\u{202e}d  e "), "a Bcc: b [2J c d e");
    }

    #[test]
    fn what_is_cut_shows_it() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("ab defg", 4), "ab…");
        assert_eq!(cut("äöüß", 3), "äö…");
    }
}
