//! Places inside a string: from a byte of the text that was meant to the bytes of the file that say it.

/// The byte of `literal` (a TOML string as written, quotes included) that begins the character at byte `wanted` of its
/// meaning.
pub(crate) fn offset_in_literal(literal: &str, wanted: usize) -> usize {
    let (quotes, escapes) = if literal.starts_with("\"\"\"") {
        (3, true)
    } else if literal.starts_with("'''") {
        (3, false)
    } else {
        (1, literal.starts_with('"'))
    };
    let mut at = quotes;
    if quotes == 3 {
        // The line's end right after the opening quotes is no part of the meaning.
        at += ["\r\n", "\n"].iter().find(|end| literal[at..].starts_with(**end)).map_or(0, |end| end.len());
    }
    let mut meant = 0;
    while let Some(character) = literal.get(at..).and_then(|rest| rest.chars().next()) {
        let (written, means) = if escapes && character == '\\' {
            escape(&literal[at..])
        } else {
            (character.len_utf8(), character.len_utf8())
        };
        if means > 0 && meant >= wanted {
            break;
        }
        at += written;
        meant += means;
    }
    at.min(literal.len().saturating_sub(quotes))
}

/// Bytes written and bytes meant of the escape at the start of `rest`.
fn escape(rest: &str) -> (usize, usize) {
    let digits = match rest[1..].chars().next() {
        Some('x') => 2,
        Some('u') => 4,
        Some('U') => 8,
        // A backslash at the line's end swallows it and all blanks after it.
        Some(blank) if blank.is_whitespace() => return (1 + rest[1..].len() - rest[1..].trim_start().len(), 0),
        Some(other) => return (1 + other.len_utf8(), 1),
        None => return (1, 0),
    };
    let hexadecimal = rest.get(2..2 + digits).unwrap_or("");
    let character = u32::from_str_radix(hexadecimal, 16).ok().and_then(char::from_u32);
    (2 + hexadecimal.len(), character.map_or(1, char::len_utf8))
}

#[cfg(test)]
mod tests {
    use super::offset_in_literal;

    #[test]
    fn escapes_are_counted_as_they_are_written() {
        assert_eq!(offset_in_literal(r#""abc""#, 2), 3);
        assert_eq!(offset_in_literal(r#""a\n{x}""#, 2), 4);
        assert_eq!(offset_in_literal(r#""\u00e9{x}""#, 2), 7);
        assert_eq!(offset_in_literal(r"'a\n{x}'", 3), 4);
        assert_eq!(offset_in_literal("\"\"\"\n{x}\"\"\"", 0), 4);
        assert_eq!(offset_in_literal("\"\"\"a\\\n   {x}\"\"\"", 1), 9);
    }
}
