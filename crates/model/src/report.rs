//! The handover: what happened in a time, what is open, what the machine did and whether it helped. One report for the
//! page, mail, Slack, Markdown and JSON.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::{Guarantee, Layer, Name, Severity, Time, Trend, is_hidden};

/// What happened in a time, for a team or for all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Whose incidents; all of them when absent.
    pub team: Option<Name>,
    /// From then on.
    pub from: Time,
    /// Until then.
    pub to: Time,
    /// The figures of this time.
    pub figures: Figures,
    /// The same of the time before, as long as this one.
    pub before: Figures,
    /// What is open at its end, what nobody has taken first.
    pub open: Vec<Reported>,
    /// What was resolved in it, newest first.
    pub resolved: Vec<Reported>,
    /// First steps by kind.
    pub acted: Vec<Acted>,
    /// What is left behind at its end.
    pub left: Vec<Left>,
    /// Series that breached in it, for charts.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub trends: Vec<(Name, Trend)>,
}

/// What is counted and measured of a time.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Incidents that were opened.
    pub opened: u32,
    /// Incidents that were resolved.
    pub resolved: u32,
    /// Of those opened, how many somebody has acknowledged.
    pub acknowledged: u32,
    /// Of those opened, how many had a first step that was done.
    pub acted: u32,
    /// Of those, how many were ok again without people: the remedy rate is this of `acted`.
    pub remedied: u32,
    /// From the tick to the end of the first step, the median in seconds.
    pub to_first_step: Option<f64>,
    /// From the tick to the acknowledgement, the median in seconds.
    pub to_acknowledge: Option<f64>,
    /// From the tick to the end of the incident, the median in seconds.
    pub to_resolve: Option<f64>,
    /// Messages that nobody took.
    pub undelivered: u32,
}

/// An incident in a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reported {
    /// Its id.
    pub incident: String,
    /// Its monitor.
    pub monitor: Name,
    /// The monitor's layer.
    pub layer: Layer,
    /// The monitor's severity.
    pub severity: Severity,
    /// Who answers for it.
    pub owner: Name,
    /// The worst series, as it was judged last.
    pub worst: Option<String>,
    /// When it was opened.
    pub opened_at: Time,
    /// Who has it.
    pub acknowledged_by: Option<String>,
    /// When it was over.
    pub resolved_at: Option<Time>,
    /// Who resolved it; absent where it recovered.
    pub resolved_by: Option<String>,
    /// How its first step ended, as in `pause: done`.
    pub first_step: Option<String>,
}

/// One first step, of every incident that it ran for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Acted {
    /// What it is for.
    pub description: String,
    /// What it does.
    pub summary: String,
    /// What may be counted on.
    pub guarantee: Guarantee,
    /// How often it was to run.
    pub runs: u32,
    /// How often it was done.
    pub done: u32,
    /// How often it failed.
    pub failed: u32,
    /// How often it was withheld.
    pub withheld: u32,
    /// How often nobody knows how it ended.
    pub unknown: u32,
    /// After how many of those done all was ok again without people.
    pub remedied: u32,
}

/// Something that is left behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// What: a gate, a hold, a silence, a step, a monitor, a message.
    pub what: String,
    /// Its state in a word.
    pub state: String,
    /// Since when.
    pub since: Option<Time>,
    /// What there is to know.
    pub note: String,
}

impl Report {
    /// One sentence from the state.
    pub fn headline(&self) -> String {
        let untaken = self.open.iter().filter(|open| open.acknowledged_by.is_none()).count();
        let opened = match self.figures.opened {
            0 => "no incident was opened".to_owned(),
            1 => "1 incident".to_owned(),
            several => format!("{several} incidents"),
        };
        let open = match (self.open.len(), untaken) {
            (0, _) => "none is open".to_owned(),
            (open, 0) => format!("{open} still open, somebody has each"),
            (open, untaken) if open == untaken => format!("{open} still open, nobody has taken any"),
            (open, untaken) => format!("{open} still open, {untaken} of them nobody has taken"),
        };
        let days = (self.to - self.from).num_days();
        let time = match days {
            7 => "The week".to_owned(),
            0 | 1 => format!("The last {} h", (self.to - self.from).num_hours()),
            days => format!("The last {days} days"),
        };
        format!("{time} up to {}: {opened}, {open}.", self.to.format("%-d %B %Y"))
    }

    /// The report as plain lines, each of which says in capitals what it is about.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.team.as_ref().map_or_else(|| "All teams".to_owned(), |team| format!("Team {team}"))];
        lines.extend(self.figures().map(|(name, now, before)| format!("{name}: {now} (before: {before})")));
        for open in &self.open {
            let who = open.acknowledged_by.as_ref().map_or("nobody has it", String::as_str);
            lines.push(format!("OPEN {}", open.told(who)));
        }
        for resolved in &self.resolved {
            let by = resolved.resolved_by.as_deref().unwrap_or("recovery");
            lines.push(format!("RESOLVED {}", resolved.told(&format!("by {by}"))));
        }
        for acted in &self.acted {
            lines.push(format!("DID {}", acted.told()));
        }
        for left in &self.left {
            lines.push(format!("LEFT {}", left.told()));
        }
        lines
    }

    /// Name, figure and the figure of the time before.
    pub fn figures(&self) -> impl Iterator<Item = (&'static str, String, String)> {
        let (now, before) = (self.figures, self.before);
        let of = |part: u32, all: u32| if all == 0 { "-".to_owned() } else { format!("{part} of {all}") };
        let length = |seconds: Option<f64>| seconds.map_or_else(|| "-".to_owned(), words);
        [
            ("opened", now.opened.to_string(), before.opened.to_string()),
            ("resolved", now.resolved.to_string(), before.resolved.to_string()),
            ("acknowledged", of(now.acknowledged, now.opened), of(before.acknowledged, before.opened)),
            ("ok again after the first step alone", of(now.remedied, now.acted), of(before.remedied, before.acted)),
            ("to the first step, median", length(now.to_first_step), length(before.to_first_step)),
            ("to acknowledge, median", length(now.to_acknowledge), length(before.to_acknowledge)),
            ("to resolve, median", length(now.to_resolve), length(before.to_resolve)),
            ("messages undelivered", now.undelivered.to_string(), before.undelivered.to_string()),
        ]
        .into_iter()
    }

    /// The report in Markdown.
    pub fn markdown(&self) -> String {
        let mut text = format!("# {}\n\n", self.headline());
        let team = self.team.as_ref().map_or("All teams", Name::as_str);
        let _ = writeln!(text, "{team}, {} to {} UTC.\n", self.from.format("%F %R"), self.to.format("%F %R"));
        text += "| | now | before |\n| --- | --- | --- |\n";
        for (name, now, before) in self.figures() {
            let _ = writeln!(text, "| {name} | {now} | {before} |");
        }
        let mut part = |title: &str, lines: Vec<String>| {
            if !lines.is_empty() {
                let _ = writeln!(text, "\n## {title}\n");
                for line in &lines {
                    let _ = writeln!(text, "- {}", plain(line));
                }
            }
        };
        let who = |open: &Reported| open.acknowledged_by.clone().unwrap_or_else(|| "nobody has it".to_owned());
        part("Still open", self.open.iter().map(|open| open.told(&who(open))).collect());
        let by = |over: &Reported| format!("by {}", over.resolved_by.as_deref().unwrap_or("recovery"));
        part("Resolved", self.resolved.iter().map(|over| over.told(&by(over))).collect());
        part("What the machine did", self.acted.iter().map(Acted::told).collect());
        part("Left behind", self.left.iter().map(Left::told).collect());
        text
    }
}

impl Reported {
    fn told(&self, who: &str) -> String {
        let worst = self.worst.as_deref().unwrap_or("-");
        let step = self.first_step.as_deref().unwrap_or("no first step");
        let opened = self.opened_at.format("%F %R");
        format!(
            "{} ({}, {}): {worst}; since {opened}, {who}; {step} [{}]",
            self.monitor, self.severity, self.owner, self.incident
        )
    }
}

impl Acted {
    fn told(&self) -> String {
        let counts =
            [(self.done, "done"), (self.failed, "failed"), (self.withheld, "withheld"), (self.unknown, "UNKNOWN")];
        let counts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
        let counts = counts.collect::<Vec<_>>().join(", ");
        format!("{} ({}): {counts}; {} ok again without people", self.description, self.summary, self.remedied)
    }
}

impl Left {
    fn told(&self) -> String {
        let since = self.since.map_or_else(String::new, |since| format!(" since {}", since.format("%F %R")));
        let note = if self.note.is_empty() { String::new() } else { format!(": {}", self.note) };
        format!("{}: {}{since}{note}", self.what, self.state)
    }
}

/// What Markdown would take for its own.
fn plain(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    for c in line.chars() {
        match c {
            c if is_hidden(c) => text.push(' '),
            '<' => text += "&lt;",
            '&' => text += "&amp;",
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' => text.extend(['\\', c]),
            c => text.push(c),
        }
    }
    text
}

/// A length in its greatest unit.
fn words(seconds: f64) -> String {
    match seconds {
        ..60.0 => format!("{seconds:.0} s"),
        60.0..3_600.0 => format!("{:.0} min", seconds / 60.0),
        3_600.0..172_800.0 => format!("{:.1} h", seconds / 3_600.0),
        _ => format!("{:.1} d", seconds / 86_400.0),
    }
}

/// The middle of some numbers; between the middle two where their count is even.
pub fn median(mut numbers: Vec<f64>) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    match numbers.len() {
        0 => None,
        len if len % 2 == 1 => numbers.get(middle).copied(),
        _ => Some(f64::midpoint(*numbers.get(middle - 1)?, *numbers.get(middle)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_numbers() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0]), Some(3.0));
        assert_eq!(median(vec![9.0, 1.0, 3.0]), Some(3.0));
        assert_eq!(median(vec![4.0, 1.0, 3.0, 9.0]), Some(3.5));
    }

    #[test]
    fn nothing_in_a_report_is_markdown_of_its_own() {
        assert_eq!(plain("a <b> [c](d) `e` *f*\n# g"), "a &lt;b> \\[c\\](d) \\`e\\` \\*f\\* \\# g");
    }
}
