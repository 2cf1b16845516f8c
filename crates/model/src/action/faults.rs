//! Faults of an action: what every run of it would refuse. `lint` says it beforehand, and a step before it is sent.

use super::{Action, ExecAction, HttpAction, JiraAction};

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

/// Headers that are the connection's or the call's own.
const RESERVED_HEADERS: [&str; 7] =
    ["host", "content-length", "transfer-encoding", "connection", "upgrade", "idempotency-key", "x-watchkeeper-drill"];
/// Headers that carry nothing but credentials.
const CREDENTIAL_HEADERS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "x-api-key"];
/// Words in the name of a header or variable that say that its value is a secret.
const SECRET_WORDS: [&str; 8] =
    ["token", "secret", "password", "passwd", "api_key", "apikey", "credential", "private_key"];
/// Variables that change what a program is, whatever its path says: loaders, shells and language runtimes read them.
const CHANGING: [&str; 17] = [
    "BASH_ENV",
    "ENV",
    "IFS",
    "SHELLOPTS",
    "BASHOPTS",
    "PS4",
    "PROMPT_COMMAND",
    "GCONV_PATH",
    "CLASSPATH",
    "NODE_OPTIONS",
    "NODE_PATH",
    "RUBYOPT",
    "RUBYLIB",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "GLIBC_TUNABLES",
];
/// The beginnings of more of them.
const CHANGING_FAMILIES: [&str; 6] = ["LD_", "DYLD_", "PYTHON", "PERL", "GIT_", "BASH_FUNC_"];

impl Action {
    /// What every run of this action would refuse, in the order of its table.
    pub fn faults(&self) -> Vec<ActionFault> {
        match self {
            Self::Gate(_) => Vec::new(),
            Self::Exec(exec) => of_exec(exec),
            Self::Http(http) => of_http(http),
            Self::Jira(jira) | Self::JiraResolve(jira) => of_jira(jira),
        }
    }
}

fn fault(keys: &[&str], message: impl Into<String>, help: &str) -> ActionFault {
    let help = Some(help).filter(|help| !help.is_empty()).map(str::to_owned);
    ActionFault { keys: keys.iter().map(|key| (*key).to_owned()).collect(), message: message.into(), help }
}

fn of_exec(exec: &ExecAction) -> Vec<ActionFault> {
    let arguments = exec.command.iter().enumerate().filter(|(_, argument)| argument.contains('\0'));
    let mut faults: Vec<ActionFault> = arguments
        .map(|(index, _)| fault(&["command", &index.to_string()], "no argument can hold a NUL character", ""))
        .collect();
    for name in exec.env.keys() {
        let at = ["env", name.as_str()];
        faults.extend(of_variable(name).map(|message| fault(&at, message, "")));
        if is_secret_name(name) {
            let help = format!("name where it is kept: [step.exec.secrets] {name} = {{ file = \"…\" }}");
            faults.push(fault(&at, format!("`{name}` is a secret by its name, and its value would stand here"), &help));
        }
    }
    for name in exec.secrets.keys() {
        faults.extend(of_variable(name).map(|message| fault(&["secrets", name], message, "")));
    }
    faults
}

/// Why a variable cannot be set for a program.
fn of_variable(name: &str) -> Option<String> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Some(format!("`{}` is not the name of a variable", name.escape_default()));
    }
    let changes = CHANGING.contains(&name) || CHANGING_FAMILIES.iter().any(|family| name.starts_with(family));
    changes.then(|| format!("`{name}` changes what a program is, so that the list of allowed programs means nothing"))
}

fn of_http(http: &HttpAction) -> Vec<ActionFault> {
    let mut faults = of_url("url", &http.url);
    for (name, value) in &http.headers {
        let at = ["headers", name.as_str()];
        let lower = name.to_lowercase();
        faults.extend(of_header_name(name).map(|message| fault(&at, message, "")));
        if CREDENTIAL_HEADERS.contains(&lower.as_str()) || is_secret_name(name) {
            let help = match lower.as_str() {
                "authorization" => "give `token = { file = \"…\" }`, which is sent as a bearer token".to_owned(),
                _ => format!("name where it is kept: [step.http.secrets] {name} = {{ file = \"…\" }}"),
            };
            faults.push(fault(&at, format!("`{name}` carries a credential, and its value would stand here"), &help));
        }
        if !value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)) {
            let help = "write it in ASCII, without line ends";
            faults.push(fault(&at, format!("the value of `{name}` cannot be sent in a header"), help));
        }
    }
    for name in http.secrets.keys() {
        faults.extend(of_header_name(name).map(|message| fault(&["secrets", name], message, "")));
    }
    faults
}

/// Why a header cannot be sent; its name is what RFC 9110 calls a token.
fn of_header_name(name: &str) -> Option<String> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Some(format!("`{}` is not the name of a header", name.escape_default()));
    }
    let reserved = RESERVED_HEADERS.contains(&name.to_lowercase().as_str());
    reserved.then(|| format!("`{name}` is the connection's or the call's own header"))
}

fn of_jira(jira: &JiraAction) -> Vec<ActionFault> {
    let mut faults = of_url("url", &jira.url);
    for (index, label) in jira.labels.iter().enumerate() {
        let at = ["labels", &index.to_string()];
        if label.is_empty() || label.chars().any(char::is_whitespace) {
            faults.push(fault(
                &at,
                format!("`{label}` is no label: Jira takes none with spaces"),
                "join it by hyphens",
            ));
        } else if label.encode_utf16().count() > 255 {
            faults.push(fault(&at, "this label is longer than Jira takes", "give at most 255 characters"));
        }
    }
    let is_key = |key: &str| key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !key.is_empty();
    if !is_key(&jira.project) {
        let help = "give the project's key, as in \"MLOPS\"";
        faults.push(fault(&["project"], format!("`{}` is not a project's key", jira.project), help));
    }
    faults
}

/// A user in a URL is a credential in the open, and no request is sent with it.
fn of_url(key: &str, url: &str) -> Vec<ActionFault> {
    let authority = url.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or(""));
    let has_user = authority.contains('@');
    let message = "a URL with a user or a password in it is not asked";
    has_user.then(|| fault(&[key], message, "give `token` instead")).into_iter().collect()
}

fn is_secret_name(name: &str) -> bool {
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
