//! Charts in pages. The one place where markup is taken as it is: crate chart escapes its own texts.

use maud::{Markup, PreEscaped, html};
use watchkeeper_chart::{Drawing, inline};
use watchkeeper_model::{Time, Trend, Verdict};

use super::{time, words};

/// A chart with its words: what a reader hears who cannot see it.
pub(crate) fn chart(trend: &Trend, open: &[(Time, Time)], recorded: u64, id: &str) -> Markup {
    let drawn = |of| inline(trend, open, of, id).unwrap_or_default();
    let breaches = trend.points.iter().filter(|point| point.verdict == Verdict::Breach).count();
    let shown = trend.points.len();
    let of = if recorded > shown as u64 { format!("{shown} of {recorded} ticks") } else { words::count(shown, "tick") };
    html! {
        figure class="chart" {
            (PreEscaped(drawn(Drawing::Broad)))
            (PreEscaped(drawn(Drawing::Middle)))
            (PreEscaped(drawn(Drawing::Narrow)))
            figcaption class="meta" id=(id) {
                (words::cut(&trend.series.to_string(), 120)) ": " (of) ", " (breaches) " in breach"
                @if !open.is_empty() { ", " (words::count(open.len(), "incident")) }
                ". A disc is a tick in breach; the bar below, an open incident."
                @if let (Some(first), Some(last)) = (trend.points.first(), trend.points.last()) {
                    " From " (time::minute(first.at)) " to " (time::minute(last.at)) "."
                }
            }
        }
    }
}
