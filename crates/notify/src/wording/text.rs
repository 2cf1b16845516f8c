//! Plain text: what the console prints and the mail's first part.

use super::{Act, Heading, NextLine, Wording};

impl Wording {
    /// Everything but the subject, as lines that end in `\n`.
    pub fn to_text(&self) -> String {
        let mut lines = Vec::new();
        lines.extend(self.drill.map(str::to_owned));
        lines.push(self.lead.clone());
        lines.extend(under(self.listing.as_str(), self.measured.clone()));
        lines.extend(self.act.iter().flat_map(|act| under(act.heading, act.lines())));
        lines.extend(under(Heading::Next.as_str(), self.next.iter().flat_map(NextLine::lines).collect()));
        let about = self.about.iter().map(|(label, value)| format!("{:<13}{value}", format!("{label}:")));
        lines.extend(under(Heading::About.as_str(), about.collect()));
        lines.extend(self.ledger_line().map(|line| format!("\n{line}")));
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// How the ledger's head is told.
    pub(crate) fn ledger_line(&self) -> Option<String> {
        self.ledger_head.as_ref().map(|head| format!("Ledger head: {head}"))
    }
}

impl Act {
    /// One line each: what, how it ended, what is to be added.
    pub(crate) fn lines(&self) -> Vec<String> {
        [&self.summary, &self.ended, &self.detail].into_iter().filter(|line| !line.is_empty()).cloned().collect()
    }
}

impl NextLine {
    /// What it is for, and its command on a line of its own.
    pub(crate) fn lines(&self) -> Vec<String> {
        let command = self.command.iter().map(|command| format!("  {command}"));
        [self.what.clone()].into_iter().chain(command).collect()
    }

    /// Both on one line.
    pub(crate) fn line(&self) -> String {
        self.lines().iter().map(|line| line.trim()).collect::<Vec<_>>().join(": ")
    }
}

/// A heading and its lines, indented; nothing when there are none.
fn under(heading: &str, lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() {
        return lines;
    }
    [format!("\n{heading}")].into_iter().chain(lines.into_iter().map(|line| format!("  {line}"))).collect()
}
