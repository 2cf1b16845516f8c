//! Whether a baseline's data is still what it was: its identity where that tells, else its content.

use watchkeeper_model::{Name, digest_of};

use crate::ports::baseline::Fingerprint;
use crate::ports::frame::{Aggregate, Answer, Field, FieldKind, Frame, FrameError, Sources, Span};

/// So many of the most frequent texts are looked at.
const TOP: u32 = 16;

/// The data is not what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moved {
    /// How many rows there are now.
    pub(crate) rows: u64,
}

/// Takes the fingerprint of a source's rows in a span, which is open as `frame`. Reads every row once.
pub(crate) async fn take(
    sources: &dyn Sources,
    source: &Name,
    span: Span,
    frame: &dyn Frame,
) -> Result<Fingerprint, FrameError> {
    // Before the rows: a change in between makes the identity stale, and the content is then looked at again.
    let identity = sources.identity(source).await?;
    let rows = frame.count().await?;
    let content = content(frame).await?;
    Ok(Fingerprint { source: source.clone(), span, rows, identity, content })
}

/// Whether the data is known not to be the one of this fingerprint any more, without reading a row.
pub(crate) async fn moved_unread(sources: &dyn Sources, print: &Fingerprint) -> Result<bool, FrameError> {
    Ok(print.identity.is_some() && sources.identity(&print.source).await? != print.identity)
}

/// Whether the data is not the one of this fingerprint any more. Its rows are read only where its identity does not tell.
pub(crate) async fn moved(sources: &dyn Sources, print: &Fingerprint) -> Result<Option<Moved>, FrameError> {
    if print.identity.is_some() && sources.identity(&print.source).await? == print.identity {
        return Ok(None);
    }
    let frame = sources.open(&print.source, print.span).await?;
    let rows = frame.count().await?;
    let same = rows == print.rows && content(&*frame).await? == print.content;
    Ok((!same).then_some(Moved { rows }))
}

/// A digest of the columns and of statistics of each. Files that hold the same rows have the same.
async fn content(frame: &dyn Frame) -> Result<String, FrameError> {
    let asks: Vec<Aggregate> = frame.fields().iter().flat_map(asks).collect();
    let answers = if asks.is_empty() { Vec::new() } else { frame.aggregate(&asks).await? };
    let fields = frame.fields().iter().map(|field| format!("{field:?}"));
    let said = asks.iter().zip(&answers).map(|(ask, answer)| told(ask, answer));
    let parts: Vec<String> = fields.chain(said).collect();
    Ok(digest_of(&parts.iter().map(String::as_str).collect::<Vec<_>>()))
}

fn asks(field: &Field) -> Vec<Aggregate> {
    let name = || field.name.clone();
    let nulls = Aggregate::Nulls(name());
    match field.kind {
        FieldKind::Number | FieldKind::Integer => {
            vec![nulls, Aggregate::Minimum(name()), Aggregate::Maximum(name()), Aggregate::Mean(name())]
        }
        FieldKind::Time => vec![nulls, Aggregate::Minimum(name()), Aggregate::Maximum(name())],
        FieldKind::Flag => vec![nulls, Aggregate::Mean(name())],
        FieldKind::Text => vec![nulls, Aggregate::Distinct(name()), Aggregate::Top(name(), TOP)],
        FieldKind::Other => vec![nulls],
    }
}

/// A mean is rounded: how rows are parted among threads may change its last digits.
fn told(ask: &Aggregate, answer: &Answer) -> String {
    match (ask, answer) {
        (Aggregate::Mean(_), Answer::Number(Some(mean))) => format!("{mean:.10e}"),
        (_, answer) => format!("{answer:?}"),
    }
}
