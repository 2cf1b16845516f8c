//! Characters of texts from outside that make a line show something else than it says.

/// Whether a character is not shown as itself: control characters, line and paragraph separators, and the marks that
/// reorder the text around them.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
