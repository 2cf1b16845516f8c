//! WebDriver, as far as these tests speak it: one request and one answer a command.

use reqwest::{Client, Method};
use serde_json::{Value, json};

/// The name under which an answer holds an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A session of a browser.
pub(super) struct Session {
    client: Client,
    url: String,
}

/// An element of its page.
pub(super) struct Element<'a> {
    session: &'a Session,
    id: String,
}

/// Why a command did nothing: the driver's own words.
#[derive(Debug)]
pub(super) struct Refused(#[expect(dead_code, reason = "a test that fails prints it")] String);

type Answer<T> = Result<T, Refused>;

impl Session {
    /// Begins a session at a driver with these options of Chromium.
    pub(super) async fn begin(driver: &str, options: Value) -> Self {
        // Fails only when another test of this binary installed it first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().build().expect("a client");
        let nowhere = Self { client, url: driver.to_owned() };
        let wanted = json!({ "browserName": "chrome", "goog:chromeOptions": options });
        let begun = nowhere.post("session", json!({ "capabilities": { "alwaysMatch": wanted } })).await;
        let begun = begun.expect("the browser starts");
        let id = begun["sessionId"].as_str().expect("a session has an id").to_owned();
        Self { url: format!("{driver}/session/{id}"), ..nowhere }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer<Value> {
        let path = if path.is_empty() { String::new() } else { format!("/{path}") };
        let request = self.client.request(method, format!("{}{path}", self.url));
        let request = body.iter().fold(request, |request, body| request.json(body));
        let refused = |error: reqwest::Error| Refused(error.to_string());
        let answer: Value = request.send().await.map_err(refused)?.json().await.map_err(refused)?;
        match answer["value"]["error"].as_str() {
            Some(error) => Err(Refused(format!("{error}: {}", answer["value"]["message"]))),
            None => Ok(answer["value"].clone()),
        }
    }

    async fn post(&self, path: &str, body: Value) -> Answer<Value> {
        self.ask(Method::POST, path, Some(body)).await
    }

    async fn get(&self, path: &str) -> Answer<String> {
        let value = self.ask(Method::GET, path, None).await?;
        Ok(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }

    pub(super) async fn open(&self, url: &str) -> Answer<()> {
        self.post("url", json!({ "url": url })).await.map(drop)
    }

    pub(super) async fn address(&self) -> Answer<String> {
        self.get("url").await
    }

    pub(super) async fn source(&self) -> Answer<String> {
        self.get("source").await
    }

    /// The first element of a CSS selector, or of an XPath that begins with `//`.
    pub(super) async fn find(&self, selector: &str) -> Answer<Element<'_>> {
        let using = if selector.starts_with("//") { "xpath" } else { "css selector" };
        let found = self.post("element", json!({ "using": using, "value": selector })).await?;
        Ok(Element { session: self, id: found[ELEMENT].as_str().unwrap_or_default().to_owned() })
    }

    pub(super) async fn execute(&self, script: &str) -> Answer<Value> {
        self.post("execute/sync", json!({ "script": script, "args": [] })).await
    }

    /// A script that calls its last argument with what it gives.
    pub(super) async fn execute_async(&self, script: &str) -> Answer<Value> {
        self.post("execute/async", json!({ "script": script, "args": [] })).await
    }

    /// Types keys where the focus is.
    pub(super) async fn keys(&self, keys: &str) -> Answer<()> {
        let press = |key: char| [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })];
        let strokes: Vec<Value> = keys.chars().flat_map(press).collect();
        self.post("actions", json!({ "actions": [{ "type": "key", "id": "keys", "actions": strokes }] }))
            .await
            .map(drop)
    }

    /// A command of Chromium's own protocol.
    pub(super) async fn devtools(&self, command: &str, params: Value) -> Answer<Value> {
        self.post("goog/cdp/execute", json!({ "cmd": command, "params": params })).await
    }

    pub(super) async fn end(&self) -> Answer<()> {
        self.ask(Method::DELETE, "", None).await.map(drop)
    }
}

impl Element<'_> {
    pub(super) async fn click(&self) -> Answer<()> {
        self.session.post(&format!("element/{}/click", self.id), json!({})).await.map(drop)
    }

    pub(super) async fn fill(&self, text: &str) -> Answer<()> {
        self.session.post(&format!("element/{}/value", self.id), json!({ "text": text })).await.map(drop)
    }

    pub(super) async fn text(&self) -> Answer<String> {
        self.session.get(&format!("element/{}/text", self.id)).await
    }

    pub(super) async fn property(&self, name: &str) -> Answer<String> {
        self.session.get(&format!("element/{}/property/{name}", self.id)).await
    }
}
