//! A message as Block Kit. Whatever comes from data stands in `plain_text`, where Slack reads no mentions and no links.

use std::collections::HashMap;

use slack_morphism::{
    SlackChannelId, SlackMessageContent, SlackMessageMetadata, SlackTs,
    api::{SlackApiChatPostMessageRequest, SlackApiChatUpdateRequest},
    blocks::{
        SlackBlock, SlackBlockMarkDownText, SlackBlockPlainText, SlackContextBlock, SlackHeaderBlock, SlackSectionBlock,
    },
};
use watchkeeper_model::{Message, MessageKind};

use super::Place;
use crate::wording::{Act, Heading, NextLine, Wording};

/// Slack's limits, in characters; it does not say whether these are code points or UTF-16 units, so both stay within.
const HEADER_CHARS_MAX: usize = 150;
const SECTION_CHARS_MAX: usize = 3_000;

/// The request for one message, in a story where one is given; its id goes along as metadata.
pub(super) fn request(
    channel: &str,
    message: &Message,
    wording: &Wording,
    thread: Option<Place>,
) -> SlackApiChatPostMessageRequest {
    let (channel, ts) = match thread {
        Some(Place { channel, ts }) => (channel, Some(SlackTs(ts))),
        None => (channel.to_owned(), None),
    };
    SlackApiChatPostMessageRequest::new(SlackChannelId(channel), content(message, wording))
        .opt_thread_ts(ts)
        .with_link_names(false)
        .with_unfurl_links(false)
        .with_unfurl_media(false)
}

/// The request that gives the first message of a story its present state.
pub(super) fn update(place: &Place, root: &Message, state: &str) -> SlackApiChatUpdateRequest {
    let wording = Wording::of(root);
    let wording = Wording { subject: format!("[{state}] {}", wording.subject), ..wording };
    let channel = SlackChannelId(place.channel.clone());
    SlackApiChatUpdateRequest::new(channel, content(root, &wording), SlackTs(place.ts.clone()))
}

/// What a message says of its incident's state; `None` where it changes nothing.
pub(super) fn state(message: &Message) -> Option<String> {
    match message.kind {
        MessageKind::Resolved if message.next_steps.is_empty() => Some("resolved".to_owned()),
        MessageKind::Resolved => Some("resolved, something is left behind".to_owned()),
        MessageKind::Acknowledged => Some("acknowledged".to_owned()),
        MessageKind::Escalation => Some("escalated".to_owned()),
        _ => None,
    }
}

fn content(message: &Message, wording: &Wording) -> SlackMessageContent {
    let payload = HashMap::from([("id".to_owned(), message.id.clone())]);
    let metadata = SlackMessageMetadata::new("watchkeeper_handoff".to_owned()).with_event_payload(payload);
    // `text` is what notifications and screen readers show. It is read as mrkdwn, so it is escaped.
    SlackMessageContent::new().with_text(escaped(&wording.subject)).with_blocks(blocks(wording)).with_metadata(metadata)
}

fn blocks(wording: &Wording) -> Vec<SlackBlock> {
    let mut blocks = vec![header(&wording.subject)];
    let lead = wording.drill.into_iter().chain([wording.lead.as_str()]).collect::<Vec<_>>().join("\n");
    blocks.push(section(&lead));
    blocks.extend(titled(wording.listing.as_str(), &wording.measured));
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
    SlackBlockPlainText::new(within(text, chars_max)).with_emoji(false)
}

/// The beginning of a text, in as many UTF-16 units, and so in as many characters; an ellipsis where something is cut off.
fn within(text: &str, units_max: usize) -> String {
    if text.encode_utf16().count() <= units_max {
        return text.to_owned();
    }
    let mut units = 0;
    let kept = text.chars().take_while(|c| {
        units += c.len_utf16();
        units < units_max
    });
    let kept: String = kept.collect();
    format!("{}…", kept.trim_end())
}

/// The three characters that begin mentions, links and entities in mrkdwn.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
