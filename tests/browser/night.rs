//! The night: from a breach to its end, by keyboard alone; and two people who press at once.

use super::{
    driver::{Browser, ENTER},
    stage::Stage,
};

#[tokio::test(flavor = "multi_thread")]
async fn from_breach_to_resolved_by_keyboard_alone() {
    let stage = Stage::set();
    let browser = Browser::start(1280, true, true).await;
    browser.open(&stage.url("/")).await;
    browser.headline_with("1 incident is open, nobody has taken it. Paused: Automatic loan approvals.").await;
    browser.enter_on("Acknowledge").await;

    // Who has not said who they are is asked, once.
    browser.headline_with("Who are you?").await;
    browser.keys("ml-on-call@example.com").await;
    browser.keys(ENTER).await;
    browser.headline_with("Two-week AUC of the loan model is 0.583, below 0.6").await;
    browser.page_with("Acknowledged").await;
    assert_eq!(stage.state(), "acknowledged");

    // A step that people start, over a page that says what will happen.
    browser.enter_on("Look at it, start").await;
    browser.headline_with("Compare recent predictions").await;
    browser.enter_on("Start…").await;
    browser.headline_with("Start “Compare recent predictions").await;
    browser.page_with("At most once.").await;
    browser.enter_on("Start: compare").await;
    browser.headline_with("Two-week AUC of the loan model").await;
    // The daemon runs it, and the page shows so by itself.
    browser.page_with("Done: run runbooks/scripts/issue.sh").await;

    // Decisions may go on.
    browser.enter_on("Open loan-decisions…").await;
    browser.headline_with("Open the gate loan-decisions?").await;
    browser.page_with("while loan-auc is still in breach").await;
    browser.tab_to("Why may decisions go on?").await;
    browser.keys("the labels were late").await;
    browser.enter_on("Open loan-decisions").await;
    browser.headline_with("All gates are open.").await;

    browser.open(&stage.url(&format!("/incidents/{}", stage.incident))).await;
    browser.enter_on("Resolve by hand…").await;
    browser.headline_with("by hand?").await;
    browser.enter_on("Resolve by hand").await;
    browser.page_with("Resolved by ml-on-call@example.com (unproved)").await;
    assert_eq!(stage.state(), "resolved");
    assert_eq!(browser.stopped().await, Vec::<String>::new());

    let verified = stage.bench.run(&["ledger", "verify"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_press_at_once_one_is_told_what_changed() {
    let stage = Stage::set();
    let (one, other) = (Browser::start(1280, true, true).await, Browser::start(360, false, true).await);
    let page = stage.url(&format!("/incidents/{}", stage.incident));
    for (browser, name) in [(&one, "first@example.com"), (&other, "second@example.com")] {
        browser.open(&page).await;
        // The page must not be looked at again before both have pressed.
        browser.press("Acknowledge").await;
        browser.headline_with("Who are you?").await;
        browser.fill("input[name=by]", name).await;
    }
    tokio::join!(one.press("Go on"), other.press("Go on"));
    let taken = async |browser: &Browser| {
        browser.page_with("cknowledged").await;
        browser.headline().await
    };
    let headlines = [taken(&one).await, taken(&other).await];
    let refused = headlines.iter().filter(|headline| *headline == "Nothing was done.").count();
    assert_eq!(refused, 1, "{headlines:?}");
    let shown = stage.bench.json(&["incidents", "show", &stage.incident], 0);
    let by = shown["incident"]["acknowledged_by"].as_str().expect("somebody has it").to_owned();
    let winner = if headlines[0] == "Nothing was done." { "second@example.com" } else { "first@example.com" };
    assert_eq!(by, format!("{winner} (unproved)"));
    one.quit().await;
    other.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_form_does_nothing_and_says_what_changed() {
    let stage = Stage::set();
    let browser = Browser::start(1280, false, true).await;
    browser.open(&stage.url("/confirm/open/loan-decisions")).await;
    let opened = stage.bench.run(&["open", "loan-decisions", "--by", "ml-lead", "--reason", "false alarm"]);
    assert!(opened.status.success());
    browser.fill("textarea[name=reason]", "all is well").await;
    browser.press("Open loan-decisions").await;
    browser.headline_with("Who are you?").await;
    browser.fill("input[name=by]", "on-call").await;
    browser.press("Go on").await;
    browser.headline_with("Nothing was done.").await;
    browser.page_with("You saw: paused. Now: gate loan-decisions is open now, set by ml-lead.").await;
    browser.press("Look again").await;
    browser.headline_with("All gates are open.").await;
    browser.quit().await;
}
