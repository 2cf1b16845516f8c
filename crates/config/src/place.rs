//! Places in a file while it is checked: where to point, and whether pointing there still says anything new.

use std::{ops::Range, path::PathBuf, sync::Arc};

use crate::{
    diagnostic::{Diagnostic, DiagnosticSeverity},
    escape::offset_in_literal,
    tree::{Node, Value},
};

/// What a message may hold of the text that it quotes.
const MESSAGE_CHARS_MAX: usize = 500;

/// A file of the workspace.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// Relative to the workspace.
    pub(crate) path: PathBuf,
    pub(crate) text: Arc<str>,
}

impl File {
    pub(crate) fn mistake(&self, span: Range<usize>, message: impl Into<String>) -> Diagnostic {
        let (path, source) = (self.path.clone(), self.text.clone());
        let (message, label) = (readable(message.into()), String::new());
        Diagnostic { severity: DiagnosticSeverity::Error, message, path, source, span, label, help: None }
    }
}

impl Diagnostic {
    /// Stands for so many findings of its severity and file that are not told one by one.
    pub(crate) fn and_more(self, count: usize) -> Self {
        let (what, one) = if self.severity.is_mistake() { ("mistakes", "mistake") } else { ("warnings", "warning") };
        let what = if count == 1 { one } else { what };
        let message = format!("{count} more {what} from here to the file's end");
        Self { message, label: String::new(), help: Some("put right what is told above first".to_owned()), ..self }
    }

    pub(crate) fn label(self, label: impl Into<String>) -> Self {
        Self { label: label.into(), ..self }
    }

    pub(crate) fn help(self, help: Option<String>) -> Self {
        Self { help, ..self }
    }
}

/// A message that quotes a text without end is cut.
fn readable(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(MESSAGE_CHARS_MAX) {
        message.truncate(end);
        message.push('…');
    }
    message
}

/// Every finding so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) found: Vec<Diagnostic>,
}

/// A value in a file. What is absent stands at its nearest ancestor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) file: &'a File,
    node: &'a Node,
    /// Something on the way here has been reported and replaced.
    quiet: bool,
}

impl<'a> Place<'a> {
    pub(crate) fn root(file: &'a File, node: &'a Node) -> Self {
        Self { file, node, quiet: node.stand_in }
    }

    /// The value of a key.
    pub(crate) fn key(self, key: &str) -> Self {
        self.node.get(key).map_or(self, |(_, node)| self.at(node))
    }

    /// An element of an array.
    pub(crate) fn index(self, index: usize) -> Self {
        match &self.node.value {
            Value::Array(items) => items.get(index).map_or(self, |node| self.at(node)),
            _ => self,
        }
    }

    fn at(self, node: &'a Node) -> Self {
        Self { node, quiet: self.quiet || node.stand_in, ..self }
    }

    /// Reports a mistake here, unless this place has been reported.
    pub(crate) fn mistake(self, report: &mut Report, message: impl Into<String>, help: Option<String>) {
        self.report(report, self.node.span.clone(), message, help);
    }

    /// Warns of something here that is probably not meant.
    pub(crate) fn warn(self, report: &mut Report, message: impl Into<String>, help: Option<String>) {
        self.find(report, DiagnosticSeverity::Warning, message, help);
    }

    /// Reports what the workspace is loaded with, and what a monitor cannot work with.
    pub(crate) fn broken(self, report: &mut Report, message: impl Into<String>, help: Option<String>) {
        self.find(report, DiagnosticSeverity::Broken, message, help);
    }

    fn find(self, report: &mut Report, severity: DiagnosticSeverity, message: impl Into<String>, help: Option<String>) {
        if !self.quiet {
            let found = self.file.mistake(self.node.span.clone(), message).help(help);
            report.found.push(Diagnostic { severity, ..found });
        }
    }

    /// Reports a mistake in the key under which something stands here.
    pub(crate) fn mistake_in_key(
        self,
        key: &str,
        report: &mut Report,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        let span = self.node.get(key).map_or(self.node.span.clone(), |(key, _)| key.span.clone());
        self.report(report, span, message, help);
    }

    /// Reports a mistake at some bytes of the string that stands here.
    pub(crate) fn mistake_within(
        self,
        bytes: Range<usize>,
        report: &mut Report,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.report(report, span_within(self.file, self.node, bytes), message, help);
    }

    fn report(self, report: &mut Report, span: Range<usize>, message: impl Into<String>, help: Option<String>) {
        if !self.quiet {
            report.found.push(self.file.mistake(span, message).help(help));
        }
    }
}

/// Where some bytes of a string's meaning stand in the file.
pub(crate) fn span_within(file: &File, node: &Node, bytes: Range<usize>) -> Range<usize> {
    let literal = file.text.get(node.span.clone()).unwrap_or("");
    let [start, end] = [bytes.start, bytes.end].map(|at| node.span.start + offset_in_literal(literal, at));
    start..end.max(start)
}
