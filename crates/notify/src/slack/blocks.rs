//! A message as Block Kit. Whatever comes from data stands in `plain_text`, where Slack reads no mentions and no links.

use std::collections::HashMap;

use slack_morphism::{
    SlackChannelId, SlackMessageContent, SlackMessageMetadata,
    api::SlackApiChatPostMessageRequest,
    blocks::{
        SlackBlock, SlackBlockMarkDownText, SlackBlockPlainText, SlackContextBlock, SlackHeaderBlock, SlackSectionBlock,
    },
};
use watchkeeper_model::Message;

use crate::wording::{Act, Heading, NextLine, Wording, cut};

/// Slack's limits, in characters.
const HEADER_CHARS_MAX: usize = 150;
const SECTION_CHARS_MAX: usize = 3_000;

/// The request for one message; its id goes along as metadata.
pub(super) fn request(channel: &str, message: &Message, wording: &Wording) -> SlackApiChatPostMessageRequest {
    let payload = HashMap::from([("id".to_owned(), message.id.clone())]);
    let metadata = SlackMessageMetadata::new("watchkeeper_handoff".to_owned()).with_event_payload(payload);
    // `text` is what notifications and screen readers show. It is read as mrkdwn, so it is escaped.
    let content = SlackMessageContent::new()
        .with_text(escaped(&wording.subject))
        .with_blocks(blocks(wording))
        .with_metadata(metadata);
    SlackApiChatPostMessageRequest::new(SlackChannelId(channel.to_owned()), content)
        .with_link_names(false)
        .with_unfurl_links(false)
        .with_unfurl_media(false)
}

fn blocks(wording: &Wording) -> Vec<SlackBlock> {
    let mut blocks = vec![header(&wording.subject)];
    let lead = wording.drill.into_iter().chain([wording.lead.as_str()]).collect::<Vec<_>>().join("\n");
    blocks.push(section(&lead));
    blocks.extend(titled(Heading::Measured.as_str(), &wording.measured));
    blocks.extend(wording.act.iter().flat_map(|act: &Act| titled(act.heading, &act.lines())));
    let next: Vec<String> = wording.next.iter().flat_map(NextLine::lines).collect();
    blocks.extend(titled(Heading::Next.as_str(), &next));
    blocks.push(context(wording));
    blocks
}

fn header(text: &str) -> SlackBlock {
    SlackHeaderBlock::new(plain(text, HEADER_CHARS_MAX).into()).into()
}

fn section(text: &str) -> SlackBlock {
    SlackSectionBlock::new().with_text(plain(text, SECTION_CHARS_MAX).into()).into()
}

/// A bold heading (fixed words, escaped all the same) over lines of plain text; nothing without lines.
fn titled(heading: &str, lines: &[String]) -> Vec<SlackBlock> {
    if lines.is_empty() {
        return Vec::new();
    }
    let heading = SlackBlockMarkDownText::new(format!("*{}*", escaped(heading)));
    vec![SlackSectionBlock::new().with_text(heading.into()).into(), section(&lines.join("\n"))]
}

fn context(wording: &Wording) -> SlackBlock {
    let about = wording.about.iter().map(|(label, value)| format!("{label}: {value}"));
    let lines: Vec<String> = about.chain(wording.ledger_line()).collect();
    SlackContextBlock::new(vec![plain(&lines.join("\n"), SECTION_CHARS_MAX).into()]).into()
}

fn plain(text: &str, chars_max: usize) -> SlackBlockPlainText {
    SlackBlockPlainText::new(cut(text, chars_max)).with_emoji(false)
}

/// The three characters that begin mentions, links and entities in mrkdwn.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
