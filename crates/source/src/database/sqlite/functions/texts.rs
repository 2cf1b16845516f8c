//! Texts: letters fold by Unicode's rules, LIKE tells them apart, and patterns are those of Rust.

use std::sync::Arc;

use datafusion::arrow::array::StringArray;
use datafusion::arrow::compute::kernels::comparison::like;
use regex::Regex;
use rusqlite::functions::Context;
use rusqlite::{Connection, Result};

use super::{FLAGS, refused};

pub(super) fn add(connection: &Connection) -> Result<()> {
    connection.create_scalar_function("watch_lower", 1, FLAGS, |context| of_text(context, str::to_lowercase))?;
    connection.create_scalar_function("watch_upper", 1, FLAGS, |context| of_text(context, str::to_uppercase))?;
    // What the operator calls: the pattern, then the text.
    connection.create_scalar_function("like", 2, FLAGS, |context| {
        let Some((pattern, text)) = two_texts(context)? else { return Ok(None) };
        let (text, pattern) = (StringArray::from(vec![text]), StringArray::from(vec![pattern]));
        let found = like(&text, &pattern).map_err(|error| refused(error.to_string()))?;
        Ok(Some(found.value(0)))
    })?;
    connection.create_scalar_function("watch_starts_with", 2, FLAGS, |context| {
        Ok(two_texts(context)?.map(|(text, start)| text.starts_with(&start)))
    })?;
    connection.create_scalar_function("watch_strpos", 2, FLAGS, |context| {
        let place =
            |(text, part): (String, String)| text.find(&part).map_or(0, |at| text[..at].chars().count() as i64 + 1);
        Ok(two_texts(context)?.map(place))
    })?;
    connection.create_scalar_function("watch_substr", 2, FLAGS, |context| {
        let (Some(text), Some(start)) = (context.get::<Option<String>>(0)?, context.get::<Option<i64>>(1)?) else {
            return Ok(None);
        };
        Ok(Some(part(&text, start, i64::MAX)))
    })?;
    connection.create_scalar_function("watch_substr", 3, FLAGS, |context| {
        let (Some(text), Some(start)) = (context.get::<Option<String>>(0)?, context.get::<Option<i64>>(1)?) else {
            return Ok(None);
        };
        match context.get::<Option<i64>>(2)? {
            Some(letters) if letters < 0 => Err(refused("a part of a text with less than 0 letters")),
            letters => Ok(letters.map(|letters| part(&text, start, letters))),
        }
    })?;
    connection.create_scalar_function("watch_regexp_like", 2, FLAGS, |context| {
        let Some(text) = context.get::<Option<String>>(0)? else { return Ok(None) };
        Ok(pattern(context, "")?.map(|pattern| pattern.is_match(&text)))
    })?;
    for arguments in [3, 4] {
        connection.create_scalar_function("watch_regexp_replace", arguments, FLAGS, |context| {
            let (text, with) = (context.get::<Option<String>>(0)?, context.get::<Option<String>>(2)?);
            let flags = if context.len() > 3 { context.get::<String>(3)? } else { String::new() };
            let Some((text, with)) = text.zip(with) else { return Ok(None) };
            let most = if flags.contains('g') { 0 } else { 1 };
            let Some(pattern) = pattern(context, &flags.replace('g', ""))? else { return Ok(None) };
            // `\1` stands for a group, as in SQL.
            let with = with.replace('$', "$$");
            let with = (0..10).fold(with, |with, group| with.replace(&format!("\\{group}"), &format!("${{{group}}}")));
            Ok(Some(pattern.replacen(&text, most, with.as_str()).into_owned()))
        })?;
    }
    Ok(())
}

fn of_text(context: &Context<'_>, of: impl Fn(&str) -> String) -> Result<Option<String>> {
    Ok(context.get::<Option<String>>(0)?.map(|text| of(&text)))
}

fn two_texts(context: &Context<'_>) -> Result<Option<(String, String)>> {
    Ok(context.get::<Option<String>>(0)?.zip(context.get::<Option<String>>(1)?))
}

/// Letters from a place on, which counts from 1.
fn part(text: &str, start: i64, letters: i64) -> String {
    let end = start.saturating_add(letters).max(1);
    let start = start.max(1);
    let (skipped, taken) = ((start - 1) as usize, (end - start).max(0) as usize);
    text.chars().skip(skipped).take(taken).collect()
}

/// The pattern that is the second argument, compiled once a statement.
fn pattern(context: &Context<'_>, flags: &str) -> Result<Option<Arc<Regex>>> {
    let Some(text) = context.get::<Option<String>>(1)? else { return Ok(None) };
    let flagged = if flags.is_empty() { text } else { format!("(?{flags}){text}") };
    let compiled = context.get_or_create_aux(1, move |_| {
        Regex::new(&flagged).map_err(|error| {
            let line = error.to_string().lines().last().unwrap_or_default().trim().to_owned();
            format!("the pattern {flagged:?} is no regular expression: {line}")
        })
    });
    compiled.map(Some)
}
