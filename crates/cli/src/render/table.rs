//! Tables for people: columns, no lines; colours only where the terminal takes them.

use std::io;

use comfy_table::{Attribute, Cell as Drawn, Color, ContentArrangement, Table as Drawing, presets};
use watchkeeper_model::{GateState, Outcome, Remedy, Verdict};

use crate::render::{terminal::Terminal, text::harmless};

/// A table under way.
pub(crate) struct Table {
    headers: &'static [&'static str],
    rows: Vec<Vec<Cell>>,
}

/// One cell: a text from anywhere, and how it is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

/// How a cell is meant; never the only carrier of a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it is.
    Plain,
    /// All is well.
    Good,
    /// To be looked at.
    Attention,
    /// Something is wrong.
    Bad,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new(headers: &'static [&'static str]) -> Self {
        Self { headers, rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Writes it, or the sentence when there is no row.
    pub(crate) fn print(&self, terminal: &mut Terminal, when_empty: &str) -> io::Result<()> {
        if self.rows.is_empty() {
            return terminal.line(when_empty);
        }
        terminal.line(self.draw(terminal.styled))
    }

    /// Writes it after an empty line, where it has rows.
    pub(crate) fn print_after(&self, terminal: &mut Terminal) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        terminal.line("")?;
        terminal.line(self.draw(terminal.styled))
    }

    fn draw(&self, styled: bool) -> String {
        let mut drawing = Drawing::new();
        drawing.load_style(presets::NOTHING);
        if styled {
            drawing.set_content_arrangement(ContentArrangement::Dynamic).enforce_styling();
        } else {
            drawing.force_no_tty();
        }
        drawing.set_header(self.headers.iter().map(|header| Drawn::new(header).add_attribute(Attribute::Bold)));
        drawing.add_rows(self.rows.iter().map(|row| row.iter().map(Cell::drawn).collect::<Vec<_>>()));
        for column in drawing.column_iter_mut() {
            column.set_padding((0, 2));
        }
        drawing.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
    }
}

impl Cell {
    /// A cell with a tone.
    pub(crate) fn toned(text: impl ToString, tone: Tone) -> Self {
        Self { text: harmless(&text.to_string()), tone }
    }

    fn drawn(&self) -> Drawn {
        let drawn = Drawn::new(&self.text);
        match self.tone {
            Tone::Plain => drawn,
            Tone::Good => drawn.fg(Color::Green),
            Tone::Attention => drawn.fg(Color::Yellow),
            Tone::Bad => drawn.fg(Color::Red),
        }
    }
}

/// A cell as it is.
pub(crate) fn cell(text: impl ToString) -> Cell {
    Cell::toned(text, Tone::Plain)
}

/// What a verdict means.
pub(crate) fn verdict_tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Ok => Tone::Good,
        Verdict::Warn | Verdict::NoData => Tone::Attention,
        Verdict::Breach | Verdict::Error => Tone::Bad,
    }
}

/// What an outcome means.
pub(crate) fn outcome_tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Done => Tone::Good,
        Outcome::Withheld => Tone::Attention,
        Outcome::Failed | Outcome::Unknown => Tone::Bad,
    }
}

/// What it means whether a step helped.
pub(crate) fn remedy_tone(remedy: Remedy) -> Tone {
    match remedy {
        Remedy::Acted => Tone::Plain,
        Remedy::Verifying => Tone::Attention,
        Remedy::Remediated => Tone::Good,
        Remedy::NotRemediated => Tone::Bad,
    }
}

/// What a gate's state means.
pub(crate) fn gate_tone(state: GateState) -> Tone {
    match state {
        GateState::Open => Tone::Good,
        GateState::Paused => Tone::Attention,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::terminal::tests::on_paper;

    fn gates() -> Table {
        let mut table = Table::new(&["GATE", "STATE"]);
        table.row([cell("loan-decisions"), Cell::toned(GateState::Paused, gate_tone(GateState::Paused))]);
        table.row([cell("cards"), Cell::toned(GateState::Open, gate_tone(GateState::Open))]);
        table
    }

    #[test]
    fn columns_line_up_without_colours() {
        let (mut terminal, out, _) = on_paper();
        gates().print(&mut terminal, "no gates").unwrap();
        assert_eq!(out.text(), "GATE            STATE\nloan-decisions  paused\ncards           open\n");
    }

    #[test]
    fn a_terminal_gets_colours() {
        assert!(gates().draw(true).contains("\u{1b}["));
    }

    #[test]
    fn an_empty_table_is_a_sentence() {
        let (mut terminal, out, _) = on_paper();
        Table::new(&["GATE"]).print(&mut terminal, "no gates").unwrap();
        assert_eq!(out.text(), "no gates\n");
    }

    #[test]
    fn data_cannot_write_escape_sequences() {
        let mut table = Table::new(&["ID"]);
        table.row([cell("\u{1b}]0;owned\u{7}")]);
        assert_eq!(table.draw(false), "ID\n\\u{1b}]0;owned\\u{7}");
    }
}
