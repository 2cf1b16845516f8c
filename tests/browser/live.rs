//! What changes shows by itself, and the focus is never lost.

use super::{driver::Browser, stage::Stage};

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_elsewhere_shows_by_itself() {
    let stage = Stage::set();
    let browser = Browser::start(1280, true, true).await;
    browser.open(&stage.url("/")).await;
    browser.headline_with("1 incident is open, nobody has taken it.").await;
    let taken = stage.bench.run(&["ack", &stage.incident, "--by", "ml-lead"]);
    assert!(taken.status.success());
    browser.headline_with("1 incident is open, and somebody has it.").await;
    browser.page_with("ml-lead has it.").await;

    // Where somebody is in the middle of something, nothing moves.
    browser.open(&stage.url(&format!("/incidents/{}", stage.incident))).await;
    browser.press("Say something, or give it to others").await;
    browser.fill("textarea[name=text]", "half a sen").await;
    let said = stage.bench.run(&["comment", &stage.incident, "from elsewhere", "--by", "ml-lead"]);
    assert!(said.status.success());
    browser.page_with("from elsewhere").await;
    browser.keys("tence").await;
    let text = browser.find("textarea[name=text]").await.property("value").await.expect("it is read");
    assert_eq!(text, "half a sentence");
    assert_eq!(browser.stopped().await, Vec::<String>::new());
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_filter_is_a_key_away_and_times_are_the_readers() {
    let stage = Stage::set();
    let browser = Browser::start(1280, false, true).await;
    let zone = serde_json::json!({ "timezoneId": "Asia/Tokyo" });
    browser.session.devtools("Emulation.setTimezoneOverride", zone).await.expect("the zone is set");
    browser.open(&stage.url("/incidents")).await;
    browser.keys("/loan").await;
    let text = browser.find("input[type=search]").await.property("value").await.expect("it is read");
    assert_eq!(text, "loan");
    browser.page_with("26 Nov 2021, 09:00").await;
    browser.quit().await;
}
