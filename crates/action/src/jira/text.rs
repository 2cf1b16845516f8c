//! Texts as Jira takes them: within its lengths, without characters it refuses.

const SUMMARY_UNITS_MAX: usize = 255;
const PROSE_UNITS_MAX: usize = 32_767;

/// One line of at most 255 characters.
pub(super) fn summary(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    cut(&words.join(" "), SUMMARY_UNITS_MAX)
}

/// Lines of at most 32,767 characters, without control characters, which Jira answers with an internal error.
pub(super) fn paragraphs(text: &str) -> String {
    cut(&clean(text), PROSE_UNITS_MAX)
}

/// The same for Data Center, which reads wiki markup: what would open a macro, a link, a mention or an image is
/// escaped, so that `null_rate{column="income"}` is shown and nobody is pinged by data.
pub(super) fn wiki(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in clean(text).chars() {
        if matches!(c, '{' | '}' | '[' | ']' | '!') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    cut(&escaped, PROSE_UNITS_MAX)
}

/// Without surrounding space and control characters other than line ends.
fn clean(text: &str) -> String {
    let lines = text.trim().replace("\r\n", "\n");
    lines.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}

/// The text, or its beginning and an ellipsis. Jira counts as Java does: in UTF-16 units.
fn cut(text: &str, units_max: usize) -> String {
    if text.encode_utf16().count() <= units_max {
        return text.to_owned();
    }
    let mut units = 1;
    let kept = text.chars().take_while(|c| {
        units += c.len_utf16();
        units <= units_max
    });
    let mut kept: String = kept.collect();
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_one_line_within_jiras_length() {
        assert_eq!(summary(" auc \n is\u{7} low\t"), "auc is low");
        assert_eq!(summary(&"x".repeat(255)), "x".repeat(255));
        let cut = summary(&"😀".repeat(200));
        assert_eq!(cut.encode_utf16().count(), 255);
        assert!(cut.ends_with("😀…"));
    }

    #[test]
    fn data_is_no_markup_in_data_center() {
        assert_eq!(wiki("null_rate{column=\"x\"} [~boss] !pic!"), "null_rate\\{column=\"x\"\\} \\[~boss\\] \\!pic\\!");
    }

    #[test]
    fn prose_keeps_its_lines_and_loses_its_control_characters() {
        assert_eq!(paragraphs("a\u{1b}[2J\r\n\nb\n"), "a [2J\n\nb");
        assert_eq!(paragraphs(&"y".repeat(40_000)).chars().count(), 32_767);
    }
}
