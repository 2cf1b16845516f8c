//! Places in texts, as people count them.

/// Line and column of the character that begins at a byte, both from 1; columns count characters. A byte that begins none
/// is the text's beginning.
pub fn line_column(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        assert_eq!(line_column("é = 1\nname = é", "é = 1\nname = ".len()), (2, 8));
        assert_eq!((line_column("", 0), line_column("é", 1), line_column("a", 9)), ((1, 1), (1, 1), (1, 1)));
    }
}
