//! axe-core on every page, light and dark, broad and narrow: no finding at WCAG 2.2 AA; nothing is stopped by the policy;
//! nothing scrolls sideways; no page is heavier than it may be.

use std::{fs, path::PathBuf};

use serde_json::Value;

use super::{driver::Browser, stage::Stage};

/// What a first visit may load, in bytes.
const VISIT_MAX: u64 = 100 * 1024;

/// axe-core, which `cargo xtask browser` puts there.
fn axe() -> String {
    let test = std::env::current_exe().expect("the test knows where it is");
    let target = test.ancestors().nth(3).expect("tests lie in target/debug/deps");
    let path: PathBuf = target.join("browser/axe_playwright_python/axe.min.js");
    fs::read_to_string(&path)
        .unwrap_or_else(|_| panic!("{} is missing: `cargo xtask browser` puts it there", path.display()))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_light_and_dark_broad_and_narrow() {
    let (stage, axe) = (Stage::set(), axe());
    for (width, dark) in [(1280, true), (1280, false), (360, true), (360, false)] {
        let browser = Browser::start(width, dark, true).await;
        for page in stage.pages() {
            browser.open(&stage.url(&page)).await;
            let what = format!("{page} at {width}, dark: {dark}");
            assert_eq!(browser.stopped().await, Vec::<String>::new(), "{what}");
            let script = format!(
                "{axe}; const done = arguments[arguments.length - 1]; \
                 axe.run(document, {{ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }}) \
                 .then((found) => done(found.violations.map((one) => one.id + ': ' + one.nodes.map((node) => node.html + ' ' + node.failureSummary).join('; '))))"
            );
            let found = browser.session.execute_async(&script).await.expect("axe runs");
            let found: Vec<String> = serde_json::from_value(found).expect("a list");
            assert_eq!(found, Vec::<String>::new(), "{what}");
            let sideways = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
            let sideways: i64 = number(&browser, sideways).await;
            assert!(sideways <= 0, "{what} scrolls {sideways} px sideways");
        }
        browser.quit().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_visit_is_light() {
    let stage = Stage::set();
    let browser = Browser::start(1280, true, true).await;
    browser.open(&stage.url("/monitors/loan-auc?days=30")).await;
    let weight = "return performance.getEntries().reduce((sum, entry) => sum + (entry.encodedBodySize || 0), 0)";
    let weight = u64::try_from(number(&browser, weight).await).expect("a size");
    assert!(weight > 1_000 && weight < VISIT_MAX, "{weight} bytes");
    let packed = "return performance.getEntries().reduce((sum, entry) => sum + (entry.transferSize || 0), 0)";
    assert!(number(&browser, packed).await < 40 * 1024);
    browser.quit().await;
}

async fn number(browser: &Browser, script: &str) -> i64 {
    let value: Value = browser.session.execute(script).await.expect("it is read");
    value.as_f64().map(|value| value as i64).expect("a number")
}
