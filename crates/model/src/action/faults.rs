//! Faults of an action: what every run of it would refuse. `lint` says it beforehand, and a step before it is sent.

/// What is wrong with an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionFault {
    /// The keys of its table that lead there.
    pub keys: Vec<String>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// Words in the name of a header or variable that say that its value is a secret.
const SECRET_WORDS: [&str; 8] =
    ["token", "secret", "password", "passwd", "api_key", "apikey", "credential", "private_key"];
pub(super) fn fault(keys: &[&str], message: impl Into<String>, help: &str) -> ActionFault {
    let help = Some(help).filter(|help| !help.is_empty()).map(str::to_owned);
    ActionFault { keys: keys.iter().map(|key| (*key).to_owned()).collect(), message: message.into(), help }
}

/// A user in a URL is a credential in the open, and no request is sent with it.
pub(super) fn of_url(key: &str, url: &str) -> Vec<ActionFault> {
    let authority = url.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or(""));
    let has_user = authority.contains('@');
    let message = "a URL with a user or a password in it is not asked";
    has_user.then(|| fault(&[key], message, "give `token` instead")).into_iter().collect()
}

pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.to_lowercase().replace('-', "_");
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// Whether a value written out looks like a secret: by the beginnings that vendors give theirs.
pub fn looks_secret(value: &str) -> bool {
    const SCHEMES: [&str; 2] = ["Bearer ", "Basic "];
    const BEGINNINGS: [&str; 10] =
        ["xoxb-", "xoxp-", "xapp-", "ghp_", "github_pat_", "glpat-", "AKIA", "eyJ", "-----BEGIN", "sk-"];
    let words = || value.split(|c: char| c.is_whitespace() || "=,;\"'".contains(c));
    let long = |word: &str, beginning: &str| word.starts_with(beginning) && word.len() >= beginning.len() + 12;
    let credential = SCHEMES.iter().any(|scheme| value.contains(scheme));
    credential || BEGINNINGS.iter().any(|beginning| words().any(|word| long(word, beginning)))
}

/// A name that becomes a segment of a path: a pattern, a way up or another path is none.
pub(super) fn of_name(keys: &[&str], name: &str, what: &str) -> Option<ActionFault> {
    let plain = |c: char| c.is_alphanumeric() || "-_.@: ".contains(c);
    let is_name =
        !name.trim().is_empty() && name.len() <= 253 && name.chars().all(plain) && !name.trim_matches('.').is_empty();
    let help = "write one name; patterns and paths are not taken";
    (!is_name).then(|| fault(keys, format!("`{}` is not the name of {what}", name.escape_default()), help))
}
