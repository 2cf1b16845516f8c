//! Chromium by its driver: one process and one empty profile a test.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::json;
use tempfile::TempDir;

use super::webdriver::{Element, Session};

/// The keys of the keyboard that have no letter.
pub(super) const TAB: &str = "\u{e004}";
pub(super) const ENTER: &str = "\u{e007}";

/// How long something may take to appear.
const PATIENCE: Duration = Duration::from_secs(20);

/// A browser.
pub(super) struct Browser {
    pub(super) session: Session,
    process: Child,
    _profile: TempDir,
}

impl Browser {
    /// A browser with a window of this width; `dark`: its reader's screen is dark.
    pub(super) async fn start(width: u32, dark: bool, script: bool) -> Self {
        let mut process =
            Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect(
                "chromedriver starts; `cargo xtask test` installs it, or `apt-get install chromium chromium-driver`",
            );
        let said = BufReader::new(process.stdout.take().expect("stdout is piped")).lines();
        let port = said
            .map(|line| line.expect("it writes text"))
            .find_map(|line| line.split("successfully on port ").nth(1)?.trim_end_matches('.').parse::<u16>().ok())
            .expect("chromedriver says its port");
        let profile = tempfile::tempdir().expect("a temporary folder");
        let prefs =
            if script { json!({}) } else { json!({ "profile.managed_default_content_settings.javascript": 2 }) };
        let args = [
            "--headless".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--force-prefers-reduced-motion".to_owned(),
            format!("--blink-settings=preferredColorScheme={}", u8::from(!dark)),
            format!("--user-data-dir={}", profile.path().display()),
            format!("--window-size={width},1400"),
        ];
        let session =
            Session::begin(&format!("http://127.0.0.1:{port}"), json!({ "args": args, "prefs": prefs })).await;
        if script {
            // What the policy stops is noted from the first line of every page on.
            let noted = "window.stopped = []; document.addEventListener('securitypolicyviolation', \
                         (event) => window.stopped.push(event.violatedDirective + ' ' + event.blockedURI))";
            let command = json!({ "source": noted });
            session.devtools("Page.addScriptToEvaluateOnNewDocument", command).await.expect("a script is added");
        }
        Self { session, process, _profile: profile }
    }

    /// Opens a page.
    pub(super) async fn open(&self, url: &str) {
        self.session.open(url).await.expect("the page opens");
    }

    /// The headline.
    pub(super) async fn headline(&self) -> String {
        self.find("h1").await.text().await.expect("it has text")
    }

    /// Waits until the headline holds a text.
    pub(super) async fn headline_with(&self, text: &str) {
        let last = tokio::time::timeout(PATIENCE, async {
            loop {
                let found = self.session.find("h1").await;
                if let Ok(found) = found
                    && found.text().await.is_ok_and(|headline| headline.contains(text))
                {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        if last.await.is_err() {
            panic!("the headline is {:?}, and never had {text:?}:\n{}", self.headline().await, self.source().await);
        }
    }

    /// Waits until the page holds a text.
    pub(super) async fn page_with(&self, text: &str) {
        let waiting = async {
            while !self.text().await.contains(text) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
            panic!("the page never had {text:?}:\n{}", self.text().await);
        }
    }

    pub(super) async fn text(&self) -> String {
        match self.session.find("body").await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    pub(super) async fn source(&self) -> String {
        self.session.source().await.expect("the page has a source")
    }

    pub(super) async fn find(&self, selector: &str) -> Element<'_> {
        let found = self.session.find(selector).await;
        match found {
            Ok(found) => found,
            Err(_) => panic!("there is no {selector}:\n{}", self.source().await),
        }
    }

    /// The button of these words.
    pub(super) async fn button(&self, words: &str) -> Element<'_> {
        let path = format!(
            "//button[normalize-space()={words:?}]|//a[normalize-space()={words:?}]|//summary[normalize-space()={words:?}]"
        );
        match self.session.find(&path).await {
            Ok(found) => found,
            Err(_) => panic!("there is no {words:?}:\n{}", self.source().await),
        }
    }

    /// Presses the button of these words.
    pub(super) async fn press(&self, words: &str) {
        self.button(words).await.click().await.expect("it is pressed");
    }

    /// Types into a field.
    pub(super) async fn fill(&self, selector: &str, text: &str) {
        let field = self.find(selector).await;
        field.fill(text).await.expect("text is typed");
    }

    /// Types where the focus is.
    pub(super) async fn keys(&self, keys: &str) {
        self.session.keys(keys).await.expect("keys are typed");
    }

    /// Goes on with the tabulator until what has the focus reads so.
    pub(super) async fn tab_to(&self, words: &str) {
        for _ in 0..120 {
            self.keys(TAB).await;
            let label = "const at = document.activeElement; \
                         return (at.labels && at.labels.length ? at.labels[0].firstChild.textContent : at.textContent).trim()";
            let label = self.session.execute(label).await.expect("it is read");
            if label == words {
                return;
            }
        }
        panic!("the tabulator never came to {words:?}:\n{}", self.text().await);
    }

    /// Goes there and presses Enter.
    pub(super) async fn enter_on(&self, words: &str) {
        self.tab_to(words).await;
        self.keys(ENTER).await;
    }

    /// What the policy has stopped on this page.
    pub(super) async fn stopped(&self) -> Vec<String> {
        let stopped = self.session.execute("return window.stopped || ['not noted']").await;
        serde_json::from_value(stopped.expect("it is read")).expect("a list")
    }

    pub(super) async fn quit(mut self) {
        self.session.end().await.expect("the browser ends");
        self.process.kill().expect("the driver ends");
        self.process.wait().expect("the driver ended");
    }
}
