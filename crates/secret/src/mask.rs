//! Text from outside made fit for people: secrets masked in every form that a peer may repeat them in, control
//! characters escaped, cut to a length. Whatever quotes a peer or a program goes through here.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use watchkeeper_model::is_hidden;

/// What stands in a secret's place.
const MASKED: &str = "[secret]";

/// A line of a secret of several lines is masked on its own from this length on, in bytes.
const LINE_BYTES_MIN: usize = 8;

/// A part of a secret in base64 shorter than this, in characters, is nothing to recognise it by.
const BASE64_CHARS_MIN: usize = 8;

/// The secrets that must not be shown.
#[derive(Debug, Clone, Default)]
pub struct Mask {
    /// Every form of every secret, the longest first.
    forms: Vec<SecretString>,
    longest: usize,
}

impl Mask {
    /// Masks these secrets and every longer line of those that have several: as they are, percent-encoded, escaped as
    /// in JSON, and in base64, also where something stands before them, as a user's name does in a header. Of a secret
    /// that is a URL, its passwords are secrets too.
    pub fn over<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let mut values: Vec<String> = Vec::new();
        for secret in secrets {
            let value = secret.expose_secret();
            values.push(value.to_owned());
            values.extend(value.lines().filter(|line| line.len() >= LINE_BYTES_MIN).map(str::to_owned));
            values.extend(value.lines().flat_map(passwords));
        }
        values.retain(|value| !value.is_empty());
        let longest = values.iter().map(String::len).max().unwrap_or(0);
        let mut forms: Vec<String> = values.iter().flat_map(|value| forms(value)).collect();
        // The longest first, so that a secret inside another does not break it apart.
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms.dedup();
        Self { forms: forms.into_iter().map(SecretString::from).collect(), longest }
    }

    /// The length of the longest secret, in bytes.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// The text with every secret replaced.
    pub fn apply(&self, text: &str) -> String {
        self.forms.iter().fold(text.to_owned(), |text, secret| text.replace(secret.expose_secret(), MASKED))
    }

    /// One masked, escaped line of at most `chars_max` characters: the beginning of `text`.
    pub fn head(&self, text: &str, chars_max: usize) -> String {
        let line = escaped(self.apply(text).trim());
        match line.char_indices().nth(chars_max) {
            Some((cut, _)) => format!("{}…", &line[..cut]),
            None => line,
        }
    }
}

/// The passwords in a secret that is a URL, as it has them and as whoever is given them has them.
fn passwords(url: &str) -> Vec<String> {
    let Ok(url) = Url::parse(url.trim()) else { return Vec::new() };
    let written = url.password().map(str::to_owned);
    let given = url.password().map(|password| percent_decode_str(password).decode_utf8_lossy().into_owned());
    let asked = url.query_pairs().filter(|(key, _)| key.contains("password")).map(|(_, value)| value.into_owned());
    written.into_iter().chain(given).chain(asked).collect()
}

/// What a peer may make of a secret.
fn forms(secret: &str) -> Vec<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let percent = |upper: bool| -> String {
        let encoded = secret.bytes().map(|byte| match (plain(byte), upper) {
            (true, _) => char::from(byte).to_string(),
            (false, true) => format!("%{byte:02X}"),
            (false, false) => format!("%{byte:02x}"),
        });
        encoded.collect()
    };
    let json: String = secret
        .chars()
        .flat_map(|c| match c {
            '"' | '\\' => vec!['\\', c],
            c => vec![c],
        })
        .collect();
    let mut forms = vec![secret.to_owned(), percent(true), percent(false), percent(true).replace("%20", "+"), json];
    for before in 0..3 {
        let standard = in_base64(secret, before);
        forms.push(standard.replace('+', "-").replace('/', "_"));
        forms.push(standard);
    }
    forms.retain(|form| form == secret || form.len() >= BASE64_CHARS_MIN);
    forms.sort_unstable();
    forms.dedup();
    forms
}

/// The characters of base64 that come of this secret alone where so many bytes stand before it, and others after it.
fn in_base64(secret: &str, before: usize) -> String {
    let bytes: Vec<u8> = std::iter::repeat_n(0, before).chain(secret.bytes()).collect();
    let encoded = STANDARD_NO_PAD.encode(&bytes);
    let shared = if before == 0 { 0 } else { before + 1 };
    let whole = if bytes.len().is_multiple_of(3) { encoded.len() } else { encoded.len() - 1 };
    encoded.get(shared..whole).unwrap_or_default().to_owned()
}

/// Escapes what could move a cursor, reorder or fake a line: control and bidirectional formatting characters.
pub fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut line, c| {
        match c {
            '\t' => line.push(' '),
            c if is_hidden(c) => line.extend(c.escape_default()),
            c => line.push(c),
        }
        line
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(secrets: &[&str]) -> Mask {
        let secrets: Vec<SecretString> = secrets.iter().map(|secret| SecretString::from(*secret)).collect();
        Mask::over(&secrets)
    }

    #[test]
    fn a_secret_is_found_in_every_form_that_a_peer_may_repeat() {
        let secret = "canary+s3cret/with \"quotes\"";
        let mask = mask(&[secret]);
        let basic = |before: &str| base64::engine::general_purpose::STANDARD.encode(format!("{before}{secret}:after"));
        let said = [
            secret.to_owned(),
            "canary%2Bs3cret%2Fwith%20%22quotes%22".to_owned(),
            "canary%2bs3cret%2fwith%20%22quotes%22".to_owned(),
            "canary%2Bs3cret%2Fwith+%22quotes%22".to_owned(),
            serde_json_like(secret),
            basic(""),
            basic("u"),
            basic("us"),
            basic("\0user\0"),
        ];
        for text in said {
            let masked = mask.apply(&format!("the peer said {text}."));
            assert!(masked.contains(MASKED) && masked.len() < "the peer said [secret].".len() + 20, "{text}: {masked}");
        }
    }

    fn serde_json_like(text: &str) -> String {
        text.replace('"', "\\\"")
    }

    #[test]
    fn a_secret_inside_another_does_not_break_it_apart() {
        assert_eq!(mask(&["key", "monkey-wrench"]).apply("monkey-wrench, key"), "[secret], [secret]");
    }

    #[test]
    fn the_lines_of_a_key_file_are_masked_one_by_one() {
        assert_eq!(mask(&["-----BEGIN-----\nMIIEpAIB\n-"]).apply("> MIIEpAIB"), "> [secret]");
    }

    #[test]
    fn the_passwords_of_a_url_are_masked_as_written_and_as_given() {
        let mask = mask(&["postgres://watch:p%40ss%2Fword@db/shop?sslpassword=other%21one"]);
        assert_eq!(mask.apply("no p@ss/word, p%40ss%2Fword or other!one"), "no [secret], [secret] or [secret]");
    }

    #[test]
    fn an_escape_sequence_is_shown_and_not_obeyed() {
        assert_eq!(escaped("\u{1b}[2J\u{202e}x\ny"), "\\u{1b}[2J\\u{202e}x\\ny");
    }

    #[test]
    fn a_long_text_is_cut_after_masking() {
        assert_eq!(mask(&["abcdef"]).head("  abcdefgh ", 9), "[secret]g…");
    }
}
