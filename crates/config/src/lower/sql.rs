//! The names that a query mentions, found without a SQL parser: words and double-quoted names outside of strings and
//! comments. What follows `from` or `join` must be a table; any other word may be one.

use std::ops::Range;

/// A name in a query.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mention {
    /// As the engine reads it: lower case unless quoted.
    pub(crate) name: String,
    /// The bytes of the query it stands in.
    pub(crate) bytes: Range<usize>,
    /// Whether it can only be a table.
    pub(crate) is_table: bool,
}

#[derive(Debug, PartialEq)]
enum Token {
    Name { text: String, quoted: bool, bytes: Range<usize> },
    Sign(char),
}

/// Functions whose arguments are divided by `from`.
const DIVIDED_BY_FROM: &[&str] = &["extract", "substring", "trim", "overlay", "position"];

/// Every name in a query; names that a `with` clause defines are left out.
pub(crate) fn mentions(sql: &str) -> Vec<Mention> {
    let tokens = tokens(sql);
    let word = |index: usize| match tokens.get(index) {
        Some(Token::Name { text, quoted: false, .. }) => text.as_str(),
        _ => "",
    };
    let sign = |index: usize, sign: char| tokens.get(index) == Some(&Token::Sign(sign));
    let mut openers: Vec<&str> = Vec::new();
    let mut defined: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).map_or("", word);
        match token {
            Token::Sign('(') => openers.push(before),
            Token::Sign(')') => drop(openers.pop()),
            Token::Sign(_) => {}
            Token::Name { text, .. } if word(index + 1) == "as" && sign(index + 2, '(') => defined.push(text),
            Token::Name { text, bytes, quoted } => {
                let divided = openers.last().is_some_and(|opener| DIVIDED_BY_FROM.contains(opener));
                let distinct_from = index >= 2 && word(index - 2) == "distinct";
                let follows = before == "join" || before == "from" && !divided && !distinct_from;
                let call = sign(index + 1, '(') || sign(index + 1, '.');
                let is_table = follows && !call && (*quoted || !["lateral", "unnest"].contains(&text.as_str()));
                found.push(Mention { name: text.clone(), bytes: bytes.clone(), is_table });
            }
        }
    }
    found.retain(|mention| !defined.contains(&mention.name.as_str()));
    found
}

/// The word with hyphens that begins at a byte: what somebody meant who forgot the quotes.
pub(crate) fn hyphenated(sql: &str, start: usize) -> &str {
    let rest = sql.get(start..).unwrap_or("");
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len());
    &rest[..end]
}

fn tokens(sql: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(character) = sql[at..].chars().next() {
        let rest = &sql[at..];
        let past =
            |mark: &str, from: usize| rest[from..].find(mark).map_or(rest.len(), |found| from + found + mark.len());
        let length = match character {
            '-' if rest.starts_with("--") => past("\n", 2),
            '/' if rest.starts_with("/*") => past("*/", 2),
            '\'' => past("'", 1),
            '"' => {
                let length = past("\"", 1);
                let text = rest[1..length].trim_end_matches('"').to_owned();
                tokens.push(Token::Name { text, quoted: true, bytes: at..at + length });
                length
            }
            c if c.is_alphabetic() || c == '_' => {
                let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                tokens.push(Token::Name { text: rest[..length].to_lowercase(), quoted: false, bytes: at..at + length });
                length
            }
            c => {
                tokens.extend((!c.is_whitespace()).then_some(Token::Sign(c)));
                c.len_utf8()
            }
        };
        at += length;
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(sql: &str) -> Vec<String> {
        mentions(sql).into_iter().filter(|mention| mention.is_table).map(|mention| mention.name).collect()
    }

    #[test]
    fn tables_follow_from_and_join() {
        assert_eq!(
            tables("select * from Scores join \"loan-labels\" using (id) -- from nowhere"),
            ["scores", "loan-labels"]
        );
        assert_eq!(tables("select 'from x', extract(year from ts) from a where b is distinct from c"), ["a"]);
        assert_eq!(
            tables("with recent as (select * from scores) select * from recent, /* from y */ other"),
            ["scores"]
        );
        assert_eq!(tables("select * from (select 1) t"), Vec::<String>::new());
    }

    #[test]
    fn a_forgotten_quote_is_recognised() {
        let sql = "select * from scored-loans s";
        let mention = mentions(sql).into_iter().find(|mention| mention.is_table).unwrap();
        assert_eq!((mention.name.as_str(), hyphenated(sql, mention.bytes.start)), ("scored", "scored-loans"));
    }
}
