//! Regular expressions of Rust as PostgreSQL writes them: every class spelled out, so that no locale has a say.

use regex_syntax::hir::{Class, ClassUnicode, Hir, HirKind, Look, Repetition};

/// The most repetitions that PostgreSQL counts.
const REPEATED_MAX: u32 = 255;

/// The same pattern, matched somewhere in a text; the error says what PostgreSQL cannot do.
pub(super) fn advanced(pattern: &str) -> Result<String, String> {
    let parsed = regex_syntax::parse(pattern).map_err(|error| {
        let line = error.to_string().lines().last().unwrap_or_default().trim().to_owned();
        format!("the pattern {pattern:?} is no regular expression: {line}")
    })?;
    // What follows the mark is read as an advanced expression, whatever it begins with.
    let mut text = String::from("***:");
    write(&parsed, &mut text)
        .map_err(|what| format!("the pattern {pattern:?} cannot be used in PostgreSQL: {what}"))?;
    Ok(text)
}

/// Whether a match is the same by both rules, which differ on how long one is.
pub(super) fn is_plain(pattern: &str) -> bool {
    fn plain(part: &Hir) -> bool {
        match part.kind() {
            HirKind::Alternation(_) => false,
            HirKind::Repetition(repeated) => repeated.greedy && plain(&repeated.sub),
            HirKind::Capture(group) => plain(&group.sub),
            HirKind::Concat(parts) => parts.iter().all(plain),
            HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => true,
        }
    }
    regex_syntax::parse(pattern).is_ok_and(|parsed| plain(&parsed))
}

fn write(part: &Hir, to: &mut String) -> Result<(), String> {
    match part.kind() {
        HirKind::Empty => to.push_str("(?:)"),
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).map_err(|_| "it matches bytes that are no text")?;
            text.chars().for_each(|c| push(c, to));
        }
        HirKind::Class(Class::Unicode(class)) => bracket(class, to)?,
        HirKind::Class(Class::Bytes(_)) => return Err("it matches bytes that are no text".to_owned()),
        HirKind::Look(look) => to.push_str(&around(*look)?),
        HirKind::Repetition(repeated) => repeat(repeated, to)?,
        HirKind::Capture(group) => grouped(&group.sub, to)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| write(part, to))?,
        HirKind::Alternation(parts) => {
            to.push_str("(?:");
            for (place, part) in parts.iter().enumerate() {
                to.push_str(if place == 0 { "" } else { "|" });
                write(part, to)?;
            }
            to.push(')');
        }
    }
    Ok(())
}

fn repeat(repeated: &Repetition, to: &mut String) -> Result<(), String> {
    let (min, max) = (repeated.min, repeated.max);
    if min > REPEATED_MAX || max.is_some_and(|max| max > REPEATED_MAX) {
        return Err(format!("it repeats more than {REPEATED_MAX} times"));
    }
    grouped(&repeated.sub, to)?;
    let bounds = match (min, max) {
        (0, None) => "*".to_owned(),
        (1, None) => "+".to_owned(),
        (0, Some(1)) => "?".to_owned(),
        (min, None) => format!("{{{min},}}"),
        (min, Some(max)) => format!("{{{min},{max}}}"),
    };
    to.push_str(&bounds);
    Ok(())
}

fn grouped(part: &Hir, to: &mut String) -> Result<(), String> {
    to.push_str("(?:");
    write(part, to)?;
    to.push(')');
    Ok(())
}

/// A text of PostgreSQL holds no NUL.
fn bracket(class: &ClassUnicode, to: &mut String) -> Result<(), String> {
    let ranges: Vec<(char, char)> = class
        .iter()
        .filter(|range| range.end() > '\0')
        .map(|range| (range.start().max('\u{1}'), range.end()))
        .collect();
    if ranges.is_empty() {
        return Err("a class of it matches nothing".to_owned());
    }
    to.push('[');
    for (start, end) in ranges {
        push(start, to);
        if start < end {
            to.push('-');
            push(end, to);
        }
    }
    to.push(']');
    Ok(())
}

fn around(look: Look) -> Result<String, String> {
    let word = word()?;
    Ok(match look {
        Look::Start => "\\A".to_owned(),
        Look::End => "\\Z".to_owned(),
        Look::StartLF => "(?:\\A|(?<=\\u000a))".to_owned(),
        Look::EndLF => "(?:\\Z|(?=\\u000a))".to_owned(),
        Look::WordUnicode => format!("(?:(?<={word})(?!{word})|(?<!{word})(?={word}))"),
        Look::WordUnicodeNegate => format!("(?:(?<={word})(?={word})|(?<!{word})(?!{word}))"),
        Look::WordStartUnicode => format!("(?:(?<!{word})(?={word}))"),
        Look::WordEndUnicode => format!("(?:(?<={word})(?!{word}))"),
        _ => return Err("it looks around in a way that PostgreSQL does not".to_owned()),
    })
}

fn word() -> Result<String, String> {
    let parsed = regex_syntax::parse("\\w").map_err(|error| error.to_string())?;
    let mut text = String::new();
    write(&parsed, &mut text)?;
    Ok(text)
}

fn push(c: char, to: &mut String) {
    match u32::from(c) {
        _ if c.is_ascii_alphanumeric() || c == ' ' => to.push(c),
        code @ 0..=0xffff => to.push_str(&format!("\\u{code:04x}")),
        code => to.push_str(&format!("\\U{code:08x}")),
    }
}
