//! Without script: everything works, and a page need only be loaded again.

use super::{driver::Browser, stage::Stage};

#[tokio::test(flavor = "multi_thread")]
async fn every_page_and_button_works_without_script() {
    let stage = Stage::set();
    let browser = Browser::start(360, true, false).await;
    browser.open(&stage.url("/gates")).await;
    browser.fill("#holds textarea[name=reason]", "a change is going out").await;
    browser.press("Hold all automatic steps").await;
    browser.fill("input[name=by]", "ml-on-call@example.com").await;
    browser.press("Go on").await;
    browser.page_with("a change is going out").await;
    browser.press("Release").await;
    browser.page_with("No holds.").await;

    browser.press("Silence something").await;
    browser.fill("#silences input[name=match]", "monitor=loan-*").await;
    browser.fill("#silences input[name=for]", "2h").await;
    browser.fill("#silences textarea[name=reason]", "labels are late").await;
    browser.press("Silence it").await;
    browser.page_with("labels are late").await;
    browser.press("End this silence").await;
    browser.page_with("No message is held back.").await;

    // What is wrong with a form is said, and nothing is done.
    browser.press("Silence something").await;
    browser.fill("#silences input[name=match]", "nonsense").await;
    browser.fill("#silences input[name=for]", "2h").await;
    browser.fill("#silences textarea[name=reason]", "x").await;
    browser.press("Silence it").await;
    browser.headline_with("Nothing was done.").await;
    browser.page_with("is not a matcher").await;

    browser.open(&stage.url("/")).await;
    browser.press("Acknowledge").await;
    browser.page_with("Acknowledged").await;
    browser.press("Say something, or give it to others").await;
    browser.fill("textarea[name=text]", "<b>looking</b> at the labels").await;
    browser.press("Comment").await;
    browser.page_with("<b>looking</b> at the labels").await;
    browser.press("Say something, or give it to others").await;
    browser.press("Give it back").await;
    browser.page_with("Given back").await;
    assert_eq!(stage.state(), "open");
    browser.press("Say something, or give it to others").await;
    browser.press("Assign").await;
    browser.page_with("Assigned").await;

    browser.open(&stage.url("/monitors/loan-auc")).await;
    browser.press("Check now").await;
    browser.page_with("checked now, and acted on nothing").await;
    browser.press("Hold its steps").await;
    browser.find("#act details[open] button").await.click().await.expect("it is pressed");
    browser.page_with("loan-auc").await;

    browser.open(&stage.url("/handover")).await;
    browser.press("Take the watch").await;
    browser.page_with("ml-on-call@example.com (unproved) has it").await;

    // A filter is a plain form, and stands in the address.
    browser.open(&stage.url("/incidents")).await;
    browser.fill("input[name=text]", "loan-auc").await;
    browser.press("Show").await;
    browser.page_with(&stage.incident).await;
    let address = browser.session.address().await.expect("an address");
    assert!(address.contains("text=loan-auc"), "{address}");

    // A step that needs an agreement takes a member of its team, which this name is.
    browser.open(&stage.url(&format!("/runs/{}/steps/compare", stage.run))).await;
    browser.press("Start…").await;
    browser.press("Start: compare").await;
    browser.page_with("Started").await;

    // One that needs an agreement: whoever asked for it cannot agree, but can say no.
    browser.open(&stage.url(&format!("/runs/{}/steps/retrain", stage.run))).await;
    browser.press("Start again…").await;
    browser.press("Start again: retrain").await;
    browser.page_with("Started again").await;
    browser.open(&stage.url("/approvals")).await;
    browser.headline_with("1 step waits for your team, ml-team.").await;
    browser.press("Schedule retraining if needed").await;
    browser.page_with("runbooks/scripts/start-job.sh retrain-loan").await;
    browser.press("Approve…").await;
    browser.press("Approve: retrain").await;
    browser.headline_with("Nothing was done.").await;
    browser.page_with("somebody else has to agree").await;
    browser.press("Look again").await;
    browser.fill("textarea[name=reason]", "the labels are late").await;
    browser.press("Reject").await;
    browser.page_with("Rejected step retrain").await;
    browser.quit().await;
}
