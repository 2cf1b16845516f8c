//! Text from a guest, made fit to show: one line, no hidden characters, a bounded length.

use watchkeeper_model::is_hidden;

/// The first `chars_max` characters with line breaks as spaces and other hidden characters escaped.
pub(crate) fn one_line(text: &str, chars_max: usize) -> String {
    let mut line = String::new();
    let mut chars = text.trim().chars();
    for c in chars.by_ref().take(chars_max) {
        match c {
            '\n' | '\r' | '\t' => line.push(' '),
            c if is_hidden(c) => line.extend(c.escape_unicode()),
            c => line.push(c),
        }
    }
    if chars.next().is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn breaks_become_spaces_and_escapes_are_shown() {
        assert_eq!(one_line("panicked:\n\u{1b}[31m\u{202e}no", 100), "panicked: \\u{1b}[31m\\u{202e}no");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(one_line("ééééé", 3), "ééé…");
        assert_eq!(one_line("ééé", 3), "ééé");
    }
}
