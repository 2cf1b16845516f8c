//! HTML: every word passes through one escaping writer, so a row cannot become markup.

use super::picture::Picture;
use crate::wording::{Act, Heading, Wording};

const STYLE: &str = "font-family:system-ui,sans-serif;font-size:15px;line-height:1.45;max-width:44em";

/// A page under construction. Tags are fixed words of this file; everything else is text.
struct Page(String);

impl Page {
    /// Opens `tag`, writes what is in it, and closes it.
    fn within(&mut self, tag: &'static str, inside: impl FnOnce(&mut Self)) {
        self.0 += &format!("<{tag}>");
        inside(self);
        self.0 += &format!("</{tag}>\n");
    }

    /// One element that holds text only.
    fn element(&mut self, tag: &'static str, text: &str) {
        self.within(tag, |page| page.text(text));
    }

    /// Text, escaped for element content and for attributes.
    fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.0 += "&amp;",
                '<' => self.0 += "&lt;",
                '>' => self.0 += "&gt;",
                '"' => self.0 += "&quot;",
                '\'' => self.0 += "&#39;",
                c => self.0.push(c),
            }
        }
    }

    /// A picture that comes with the mail; what it shows is said for those who do not see it.
    fn picture(&mut self, picture: &Picture) {
        self.0 += "<p><img width=\"640\" style=\"max-width:100%;height:auto;border:0\" src=\"cid:";
        self.text(&picture.id);
        self.0 += "\" alt=\"";
        self.text(&picture.shows);
        self.0 += "\"></p>\n";
    }

    fn list(&mut self, lines: &[String]) {
        self.within("ul", |page| lines.iter().for_each(|line| page.element("li", line)));
    }
}

/// The words as an HTML page without scripts and links, and with no picture but the mail's own.
pub(super) fn page(wording: &Wording, picture: Option<&Picture>) -> String {
    let mut page = Page(format!("<!DOCTYPE html>\n<html lang=\"en\"><body style=\"{STYLE}\">\n"));
    if let Some(drill) = wording.drill {
        page.within("p", |page| page.element("strong", drill));
    }
    page.element("p", &wording.lead);
    if !wording.measured.is_empty() {
        page.element("h3", wording.listing.as_str());
        page.list(&wording.measured);
    }
    if let Some(picture) = picture {
        page.picture(picture);
    }
    if let Some(act) = &wording.act {
        acted(&mut page, act);
    }
    next(&mut page, wording);
    about(&mut page, wording);
    page.0 += "</body></html>\n";
    page.0
}

fn acted(page: &mut Page, act: &Act) {
    page.element("h3", act.heading);
    page.within("p", |page| page.element("strong", &act.summary));
    page.element("p", &act.ended);
    if !act.detail.is_empty() {
        page.element("p", &act.detail);
    }
}

fn next(page: &mut Page, wording: &Wording) {
    if wording.next.is_empty() {
        return;
    }
    page.element("h3", Heading::Next.as_str());
    for line in &wording.next {
        page.element("p", &line.what);
        if let Some(command) = &line.command {
            page.element("pre", command);
        }
    }
}

fn about(page: &mut Page, wording: &Wording) {
    page.element("h3", Heading::About.as_str());
    page.within("table", |page| {
        for (label, value) in &wording.about {
            page.within("tr", |page| {
                page.element("td", label);
                page.element("td", value);
            });
        }
    });
    if let Some(line) = wording.ledger_line() {
        page.within("p", |page| page.element("small", &line));
    }
}
