//! Leaf formats: what each expects, and what is wrong with a text that does not follow it.

use std::{
    net::{IpAddr, SocketAddr},
    ops::Range,
};

use serde_json::Value as Json;
use watchkeeper_model::{Cron, InputWindow, Matcher, Name, Placeholder, Template, TemplateError};

use crate::{
    nearest::{nearest, suggestion},
    schema::{strings, types},
    tree::{Node, Value},
    units,
};

/// What is wrong with a text.
pub(crate) struct Complaint {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// The bytes that are wrong; the whole text when absent.
    pub(crate) bytes: Option<Range<usize>>,
}

/// What a schema expects, with an example.
pub(crate) fn expected(schema: &Json) -> String {
    let words = strings(schema, "enum");
    if !words.is_empty() {
        return words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    }
    let text = match schema.get("format").and_then(Json::as_str).unwrap_or("") {
        "name" => "a kebab-case name such as \"ml-team\"",
        "duration" => "a duration such as \"30s\", \"14d\" or \"1h30m\"",
        "window" => "\"day\", \"week\", \"month\", or a duration such as \"14d\"",
        "percentage" => "a percentage such as \"5%\", or a fraction such as 0.05",
        "size" => "a size such as \"64MiB\"",
        "cron" => "five crontab fields such as \"0 6 * * *\"",
        "timezone" => "a time zone such as \"Europe/London\"",
        "time" => "a time such as \"2026-03-01T00:00:00Z\", or a date",
        "matcher" => "a matcher such as \"monitor=loan-*\" or \"labels.env=prod\"",
        "clock" => "a time of the day such as \"09:00\"",
        "url" => "an absolute http or https URL",
        "host" => "a host or host:port, without a scheme or path",
        "mailbox" => "a mailbox such as \"ML Team <ml@example.com>\"",
        "address" => "an address with a port such as \"127.0.0.1:7707\"",
        "ip" => "an IP address such as \"10.0.0.7\"",
        "header" => "a header's name such as \"X-Forwarded-Email\"",
        _ => return expected_type(schema),
    };
    text.to_owned()
}

fn expected_type(schema: &Json) -> String {
    let name = |kind: &str| match kind {
        "object" => "a table",
        "integer" => "an integer",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "an array",
        _ => "a string",
    };
    types(schema).into_iter().map(name).collect::<Vec<_>>().join(" or ")
}

/// What is wrong with a text of this schema's format.
pub(crate) fn complain(schema: &Json, text: &str) -> Option<Complaint> {
    let plain = |message: String| Complaint { message, help: None, bytes: None };
    match schema.get("format").and_then(Json::as_str)? {
        "name" => Name::parse(text).err().map(|error| plain(error.to_string())),
        "duration" => {
            units::duration(text).map_or_else(|e| Some(plain(e)), |d| too_little(schema, text, d, units::duration))
        }
        "window" => match units::window(text) {
            Ok(InputWindow::Length(length)) => too_little(schema, text, length, units::duration),
            Ok(_) => None,
            Err(reason) => Some(plain(reason)),
        },
        "size" => units::size(text).map_or_else(|e| Some(plain(e)), |s| too_little(schema, text, s, units::size)),
        "percentage" => units::percentage(text).err().map(plain),
        "time" => units::time(text).err().map(plain),
        "cron" => Cron::parse(text).err().map(|error| plain(one_line(&error.to_string()))),
        "timezone" => timezone(text),
        "matcher" => Matcher::parse(text).err().map(|error| plain(error.to_string())),
        "clock" => units::clock(text).err().map(plain),
        "template" => template(text),
        "url" => (!is_url(text)).then(|| plain(format!("`{text}` is not an absolute URL"))),
        "host" => (!is_host(text)).then(|| plain(format!("`{text}` is not a host"))),
        "mailbox" => (!is_mailbox(text)).then(|| plain(format!("`{text}` is not a mailbox"))),
        "address" => address(text).map(plain),
        "ip" => text.parse::<IpAddr>().err().map(|_| plain(format!("`{text}` is not an IP address"))),
        "header" => header(text).map(plain),
        _ => None,
    }
}

/// The least duration or size, as it is written in the file.
const LEAST: &str = "x-least";

/// What is wrong with a duration or size that is below the schema's least one.
fn too_little<T: PartialOrd>(
    schema: &Json,
    text: &str,
    given: T,
    read: fn(&str) -> Result<T, String>,
) -> Option<Complaint> {
    let least = schema.get(LEAST)?.as_str()?;
    let too_little = given < read(least).ok()?;
    too_little.then(|| Complaint {
        message: format!("`{text}` is too little"),
        help: Some(format!("give at least \"{least}\"")),
        bytes: None,
    })
}

/// The limit that a number is past.
pub(crate) fn out_of_range(schema: &Json, node: &Node) -> Option<String> {
    let number = match &node.value {
        Value::Integer(integer) => *integer as f64,
        Value::Number(number) => *number,
        _ => return None,
    };
    let limit = |keyword| schema.get(keyword).and_then(Json::as_f64);
    // The widths of Rust's integers are limits too; past them a number could not be read.
    let widest = (schema.get("format") == Some(&"uint32".into())).then_some(f64::from(u32::MAX));
    let (low, high) = (limit("minimum"), limit("maximum").or(widest));
    if let Some(low) = low.filter(|low| number < *low) {
        return Some(format!("expected at least {low}"));
    }
    if schema.get("format") == Some(&"percentage".into()) && number < 0.0 {
        return Some("expected at least 0".to_owned());
    }
    high.filter(|high| number > *high).map(|high| format!("expected at most {high}"))
}

/// The crontab parser draws its input and a caret on lines of their own; the diagnostic has its own caret.
fn one_line(message: &str) -> String {
    let (Some(first), Some(last)) = (message.lines().next(), message.lines().last()) else { return String::new() };
    match first.split_once("): ") {
        Some((head, _)) if first != last => format!("{head}): {last}"),
        _ => first.to_owned(),
    }
}

fn timezone(text: &str) -> Option<Complaint> {
    text.parse::<chrono_tz::Tz>().err()?;
    let near = nearest(text, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
    let help = near.map(|zone| format!("did you mean `{zone}`?"));
    Some(Complaint { message: format!("there is no time zone `{text}`"), help, bytes: None })
}

fn template(text: &str) -> Option<Complaint> {
    let error = Template::parse(text).err()?;
    let (bytes, help) = match &error {
        TemplateError::Unknown { name, offset } => {
            let names: Vec<&str> = Placeholder::ALL.iter().map(|(_, name, _)| *name).collect();
            let all = || format!("known: {}", names.join(", "));
            (*offset..offset + name.len() + 2, Some(suggestion(name, names.iter().copied()).unwrap_or_else(all)))
        }
        TemplateError::Unbalanced { offset, .. } => (*offset..offset + 1, None),
    };
    Some(Complaint { message: error.to_string(), help, bytes: Some(bytes) })
}

fn is_url(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn is_host(text: &str) -> bool {
    url::Url::parse(&format!("http://{text}/")).is_ok_and(|url| {
        url.has_host() && url.path() == "/" && url.username().is_empty() && !text.contains(['/', '@', '?', '#'])
    })
}

/// `local@domain`, alone or as `Name <local@domain>`, by the rules that the mail is written by.
fn is_mailbox(text: &str) -> bool {
    let (name, address) = match text.split_once('<') {
        Some((name, rest)) => (name.trim(), rest.strip_suffix('>').unwrap_or("").trim()),
        None => ("", text.trim()),
    };
    let quoted = name.len() > 1 && name.starts_with('"') && name.ends_with('"');
    let plain = !name.contains(|c: char| "()<>[]:;@\\,.\"".contains(c));
    (quoted || plain) && !text.contains(char::is_control) && email_address::EmailAddress::is_valid(address)
}

fn header(text: &str) -> Option<String> {
    let is_one = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (!is_one).then(|| format!("`{text}` is not the name of a header"))
}

fn address(text: &str) -> Option<String> {
    match text.parse::<SocketAddr>() {
        Err(_) => Some(format!("`{text}` is not an address with a port")),
        Ok(_) => None,
    }
}
