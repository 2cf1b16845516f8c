//! Mistakes in configuration, drawn as a compiler draws them: file, line, caret, what was expected, what to do.

use std::{collections::BTreeSet, ops::Range};

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use watchkeeper_config::{Diagnostic, DiagnosticSeverity};

use crate::render::text::harmless;

/// What is drawn of a mistake that is longer, in bytes.
const SPAN_BYTES_MAX: usize = 1_000;

/// Every mistake in one report, and a line that sums them up.
pub(crate) fn report(diagnostics: &[Diagnostic], styled: bool) -> String {
    let drawn = diagnostics.iter().map(|diagnostic| draw(diagnostic, styled));
    drawn.chain([summary(diagnostics)]).collect::<Vec<_>>().join("\n\n")
}

/// `2 errors and 1 warning in 2 files`.
pub(crate) fn summary(diagnostics: &[Diagnostic]) -> String {
    let mistakes = diagnostics.iter().filter(|diagnostic| diagnostic.severity.is_mistake()).count();
    let counts = [(mistakes, "error"), (diagnostics.len() - mistakes, "warning")];
    let counted: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(n, what)| plural(*n, what)).collect();
    if counted.is_empty() {
        return "no mistakes".to_owned();
    }
    let files = diagnostics.iter().map(|diagnostic| &diagnostic.path).collect::<BTreeSet<_>>().len();
    format!("{} in {}", counted.join(" and "), plural(files, "file"))
}

fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn draw(diagnostic: &Diagnostic, styled: bool) -> String {
    let level = match diagnostic.severity {
        DiagnosticSeverity::Error | DiagnosticSeverity::Broken => Level::ERROR,
        DiagnosticSeverity::Warning => Level::WARNING,
    };
    let path = harmless(&diagnostic.path.display().to_string());
    let group = located(level.primary_title(harmless(&diagnostic.message)), diagnostic, path);
    let group = match &diagnostic.help {
        Some(help) => group.element(Level::HELP.message(harmless(help))),
        None => group,
    };
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[group])
}

/// The title with the place below it; a file that could not be read has no lines to show.
fn located<'a>(title: annotate_snippets::Title<'a>, diagnostic: &'a Diagnostic, path: String) -> Group<'a> {
    if diagnostic.source.is_empty() {
        return title.element(Origin::path(path));
    }
    let excerpt = excerpt(&diagnostic.source, &diagnostic.span);
    let label = Some(harmless(&diagnostic.label)).filter(|label| !label.is_empty());
    let annotation = AnnotationKind::Primary.span(excerpt.span).label(label);
    let line = diagnostic.line_column().0;
    title.element(Snippet::source(excerpt.lines).line_start(line).path(path).annotation(annotation))
}

/// The lines of a text that hold a mistake, and where it is in them.
struct Excerpt<'a> {
    lines: &'a str,
    span: Range<usize>,
}

/// The renderer looks through all it is given: it gets the mistake's own lines, and of a mistake of many only the first.
fn excerpt<'a>(source: &'a str, span: &Range<usize>) -> Excerpt<'a> {
    let start = source.floor_char_boundary(span.start);
    let end = source.floor_char_boundary(span.end.clamp(start, start + SPAN_BYTES_MAX));
    let from = source[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let to = source[end..].find('\n').map_or(source.len(), |newline| end + newline);
    Excerpt { lines: &source[from..to], span: start - from..end - from }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown_owner() -> Diagnostic {
        let source = "[monitor]\nid = \"loan-auc\"\nowner = \"ml-taem\"\n";
        let start = source.find("\"ml-taem\"").unwrap();
        Diagnostic {
            severity: DiagnosticSeverity::Error,
            message: "there is no team `ml-taem`".to_owned(),
            path: "config/monitors/loan-auc.toml".into(),
            source: source.into(),
            span: start..start + 9,
            label: "a team of watchkeeper.toml".to_owned(),
            help: Some("did you mean `ml-team`?".to_owned()),
        }
    }

    #[test]
    fn a_mistake_has_its_place_a_caret_and_a_remedy() {
        let drawn = report(&[unknown_owner()], false);
        let expected = "\
error: there is no team `ml-taem`
 --> config/monitors/loan-auc.toml:3:9
  |
3 | owner = \"ml-taem\"
  |         ^^^^^^^^^ a team of watchkeeper.toml
  |
  = help: did you mean `ml-team`?

1 error in 1 file";
        assert_eq!(drawn, expected);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let (message, source) = ("cannot read the file".to_owned(), "".into());
        let unread = Diagnostic { message, source, span: 0..0, label: String::new(), help: None, ..unknown_owner() };
        let drawn = report(&[unread], false);
        assert_eq!(drawn, "error: cannot read the file\n--> config/monitors/loan-auc.toml\n\n1 error in 1 file");
    }

    #[test]
    fn a_span_past_the_end_is_drawn_at_the_end() {
        let cut = Diagnostic { span: 40..90, source: "[monitor]\n".into(), ..unknown_owner() };
        assert!(report(&[cut], false).contains("there is no team"));
    }

    #[test]
    fn errors_warnings_and_files_are_counted() {
        let warning = Diagnostic { severity: DiagnosticSeverity::Warning, path: "b.toml".into(), ..unknown_owner() };
        assert_eq!(summary(&[unknown_owner(), unknown_owner(), warning]), "2 errors and 1 warning in 2 files");
        assert_eq!(summary(&[]), "no mistakes");
    }

    #[test]
    fn escape_sequences_in_a_file_never_reach_the_terminal() {
        let source = "id = \"\u{1b}[2J\"\n";
        let evil =
            Diagnostic { source: source.into(), span: 5..11, message: "\u{1b}[2J".to_owned(), ..unknown_owner() };
        assert!(!report(&[evil], false).contains('\u{1b}'));
    }
}
