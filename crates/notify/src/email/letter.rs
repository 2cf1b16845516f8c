//! A message as a letter: typed headers, and the same words as text and as HTML.

use std::error::Error;

use lettre::message::{
    Attachment, Mailbox, MultiPart, SinglePart,
    header::{ContentType, Header, HeaderName, HeaderValue},
};
use watchkeeper_model::{Message, digest_of};

use super::{html, picture::Picture};
use crate::wording::Wording;

/// Tells other machines not to answer this mail (RFC 3834), so that nobody's absence note comes back.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Writes the letter. Sending the same message again gives the same Message-ID, so that a repeat is recognised.
pub(super) fn write(
    (from, to): (&Mailbox, &[Mailbox]),
    message: &Message,
    wording: &Wording,
    picture: Option<Picture>,
) -> Result<lettre::Message, lettre::error::Error> {
    let addressed = to.iter().fold(lettre::Message::builder().from(from.clone()), |letter, to| letter.to(to.clone()));
    let domain = from.email.domain();
    let mut letter =
        addressed.subject(&wording.subject).message_id(Some(mail_id(&message.id, domain))).header(AutoSubmitted);
    if let Some(incident) = &message.facts.incident {
        let thread = mail_id(incident, domain);
        letter = letter.in_reply_to(thread.clone()).references(thread);
    }
    let (text, page) = (wording.to_text(), html::page(wording, picture.as_ref()));
    letter.multipart(match picture {
        None => MultiPart::alternative_plain_html(text, page),
        Some(picture) => MultiPart::alternative().singlepart(SinglePart::plain(text)).multipart(with(picture, page)?),
    })
}

/// The page and the picture that it shows.
fn with(picture: Picture, page: String) -> Result<MultiPart, lettre::error::Error> {
    let png = ContentType::parse("image/png").map_err(|_| lettre::error::Error::NonAsciiChars)?;
    let attached = Attachment::new_inline_with_name(picture.id, "trend.png".to_owned()).body(picture.png, png);
    Ok(MultiPart::related().singlepart(SinglePart::html(page)).singlepart(attached))
}

/// `<id@domain>`, with the sender's domain; an id that is no dot-atom is replaced by its digest. A domain that is not
/// ASCII has no place in a mail id, so a name takes its place that nobody can own.
fn mail_id(id: &str, domain: &str) -> String {
    let domain = if domain.is_ascii() { domain } else { "watchkeeper.invalid" };
    let part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if id.len() <= 200 && id.split('.').all(part) {
        format!("<{id}@{domain}>")
    } else {
        format!("<{}@{domain}>", digest_of(&[id]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_dot_atom_stands_in_a_mail_id_as_it_is() {
        assert_eq!(mail_id("0a1b.handoff.ml-team", "example.com"), "<0a1b.handoff.ml-team@example.com>");
        for odd in ["a>\r\nBcc: x", "", "a..b", "a@b", "ä"] {
            assert_eq!(mail_id(odd, "example.com"), format!("<{}@example.com>", digest_of(&[odd])));
        }
        assert_eq!(mail_id("0a1b", "größe.example"), "<0a1b@watchkeeper.invalid>");
    }
}
