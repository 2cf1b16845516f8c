//! `http`: one request, and where the server starts something, what to ask about how it goes on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Action, ActionFault, Fields, Fill, Guarantee, Kind, Undo,
    faults::{fault, is_secret_name, of_url},
    fields,
};
use crate::Secret;

/// Headers that are the connection's or the call's own.
const RESERVED_HEADERS: [&str; 7] =
    ["host", "content-length", "transfer-encoding", "connection", "upgrade", "idempotency-key", "x-watchkeeper-drill"];
/// Headers that carry nothing but credentials.
const CREDENTIAL_HEADERS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "x-api-key"];

/// Send one HTTP request; any 2xx answer is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpAction {
    /// `POST` and the like.
    pub method: String,
    /// The absolute URL; fixed, so data cannot choose the host.
    pub url: String,
    /// Fixed headers.
    pub headers: BTreeMap<String, String>,
    /// JSON members of the body; texts in it may carry placeholders.
    pub body: Fields,
    /// How the body is written.
    #[serde(default)]
    pub encoding: BodyEncoding,
    /// Sent as `Authorization: Bearer …`.
    pub token: Option<Secret>,
    /// Headers whose values are secrets; masked in captured answers.
    #[serde(default)]
    pub secrets: BTreeMap<String, Secret>,
    /// Whether the peer honours `Idempotency-Key`, so that a lost answer may be asked for again.
    pub idempotent: bool,
    /// How what the request starts is followed to its end.
    #[serde(default)]
    pub follow: Option<Follow>,
}

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BodyEncoding {
    /// As JSON.
    #[default]
    Json,
    /// As `application/x-www-form-urlencoded`; members are texts.
    Form,
}

/// How what a request starts is followed: asked for by the id that the answer gives, until it has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Follow {
    /// Where the answer says the id: a JSON pointer, as in `/id`.
    pub id: String,
    /// What is asked, with one `{id}` in its path or query; on the host of the request.
    pub url: String,
    /// Where that answer says how it stands: a JSON pointer.
    pub state: String,
    /// The states in which it has done what it should.
    pub done: Vec<String>,
    /// The states in which it has not, and will not.
    pub failed: Vec<String>,
}

impl Kind for HttpAction {
    fn word(&self) -> &'static str {
        "http"
    }

    fn guarantee(&self) -> Guarantee {
        if self.idempotent { Guarantee::Guarded } else { Guarantee::Once }
    }

    fn target(&self) -> String {
        format!("http:{} {}", self.method, self.url)
    }

    fn excludes_others(&self) -> bool {
        true
    }

    fn summary(&self) -> String {
        format!("{} {}", self.method, self.url)
    }

    fn arguments(&self) -> String {
        self.summary() + &fields::lines(&self.body)
    }

    fn faults(&self) -> Vec<ActionFault> {
        of_http(self)
    }

    fn filled(&self, fill: &mut Fill<'_>) -> Action {
        Action::Http(Self { body: fields::filled(&self.body, fill), ..self.clone() })
    }

    fn output(&self) -> Option<&'static str> {
        self.follow.as_ref().map(|_| "id")
    }

    fn reads_back(&self) -> bool {
        self.follow.is_some()
    }

    fn undo(&self) -> Undo {
        Undo::Never("nobody knows what the server has done")
    }

    fn undone(&self, _: &Value) -> Option<Action> {
        None
    }
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
    faults.extend(http.follow.iter().flat_map(|follow| of_follow(&http.url, follow)));
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

/// What is followed is asked of the same server, at one fixed place.
fn of_follow(url: &str, follow: &Follow) -> Vec<ActionFault> {
    let origin = |url: &str| {
        let (scheme, rest) = url.split_once("://").unwrap_or_default();
        (scheme.to_lowercase(), rest.split(['/', '?', '#']).next().unwrap_or_default().to_lowercase())
    };
    let mut faults = Vec::new();
    if origin(url) != origin(&follow.url) {
        let help = "what is followed is asked of the server that started it";
        faults.push(fault(&["follow", "url"], "this is another server than that of `url`", help));
    }
    let after_host = follow.url.splitn(4, '/').nth(3).unwrap_or_default();
    if follow.url.matches("{id}").count() != 1 || !after_host.contains("{id}") {
        let help = "as in \"https://host/executions/{id}\"";
        faults.push(fault(&["follow", "url"], "the path or query has to hold `{id}` once", help));
    }
    for (key, pointer) in [("id", &follow.id), ("state", &follow.state)] {
        let is_header = key == "id" && pointer == Follow::LOCATION;
        if !pointer.starts_with('/') && !is_header {
            let help = "write the way to it in the answer, as in \"/data/id\"";
            faults.push(fault(&["follow", key], format!("`{pointer}` is not a JSON pointer"), help));
        }
    }
    faults
}

impl Follow {
    /// In the place of a pointer: the id is the last part of the path that the header `Location` names.
    pub const LOCATION: &'static str = "Location";
}
