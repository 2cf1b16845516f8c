//! `/monitors`: each with its verdict now, the last and the next tick.

use maud::html;
use watchkeeper_model::{Layer, Verdict};

use super::{Nav, Page, parts::monitor_name};
use crate::{
    look::{badge, time, words},
    page::LAYERS,
    problem::Problem,
    routes::Ask,
};

/// So many are listed at once.
const LISTED: usize = 50;

pub(super) async fn show(ask: Ask) -> Result<Page, Problem> {
    let workspace = ask.house.workspace();
    let verdicts = ask.house.store().last_verdicts().await.map_err(Problem::store)?;
    let last = |id: &watchkeeper_model::Name| {
        verdicts.binary_search_by(|last| last.monitor.cmp(id)).ok().map(|index| &verdicts[index])
    };
    let layer = ask.parsed("layer", "data, model, system or business", |text| {
        LAYERS.into_iter().find(|layer| layer.as_str() == text)
    })?;
    let text = ask.query("text").unwrap_or_default().to_lowercase();
    let after = ask.query("after").unwrap_or_default().to_owned();
    let fits = |monitor: &&watchkeeper_model::Monitor| {
        layer.is_none_or(|layer: Layer| monitor.layer == layer)
            && (text.is_empty()
                || monitor.id.as_str().contains(&text)
                || monitor.description.to_lowercase().contains(&text)
                || monitor.owner.as_str().contains(&text))
    };
    let all: Vec<_> = workspace.monitors.values().filter(fits).collect();
    let mut sorted: Vec<_> = all.iter().map(|monitor| (*monitor, last(&monitor.id))).collect();
    // What is not ok comes first.
    sorted.sort_by_key(|(monitor, last)| {
        (std::cmp::Reverse(last.map_or(Verdict::Ok, |last| last.verdict)), monitor.id.clone())
    });
    let begin = sorted.iter().position(|(monitor, _)| monitor.id.as_str() == after).map_or(0, |index| index + 1);
    let shown = sorted.get(begin..).unwrap_or_default();
    let bad = sorted.iter().filter(|(_, last)| last.is_some_and(|last| last.verdict != Verdict::Ok)).count();
    let headline = match (all.len(), bad) {
        (0, _) if workspace.monitors.is_empty() => "No monitor yet.".to_owned(),
        (0, _) => format!("None of {} matches.", words::count(workspace.monitors.len(), "monitor")),
        (all, 0) => format!("{}, all ok or not judged yet.", words::count(all, "monitor")),
        (all, bad) => format!("{}, {bad} not ok.", words::count(all, "monitor")),
    };
    let content = html! {
        h1 { (headline) }
        form class="filter" method="get" action="/monitors" role="search" {
            label { "Text, id or team" input type="search" name="text" value=(ask.query("text").unwrap_or_default()) maxlength="200"; }
            label { "Layer" select name="layer" { option value="" { "all" } @for known in LAYERS { option value=(known) selected[layer == Some(known)] { (known) } } } }
            button type="submit" { "Show" }
        }
        section id="list" data-live {
            @if workspace.monitors.is_empty() { p class="quiet" { code { "watchkeeper init" } " writes one that works." } }
            table {
                thead { tr { th { "Monitor" } th { "Verdict" } th { "Layer" } th { "Owner" } th { "Judged" } th { "Next tick" } } }
                tbody { @for (monitor, last) in shown.iter().take(LISTED) {
                    tr {
                        td { a href=(format!("/monitors/{}", monitor.id)) { (words::cut(&monitor_name(&workspace, &monitor.id), 100)) } " " span class="meta" { (monitor.id) } }
                        td {
                            @if let Some(last) = last { (badge::verdict(last.verdict)) } @else { span class="muted" { "never ran" } }
                            @if let Some(reason) = last.and_then(|last| last.reason.as_deref()) { br; span class="meta" { (words::cut(reason, 120)) } }
                        }
                        td class="muted" { (monitor.layer) ", " (monitor.severity) }
                        td data-label="owner" { (monitor.owner) }
                        td data-label="judged" { @if let Some(last) = last { (time::minute(last.scheduled_at)) } }
                        td data-label="next" { @if let Some(next) = monitor.schedule.next_after(ask.now) { (time::minute(next)) } }
                    }
                } }
            }
            @if shown.len() > LISTED {
                div class="buttons" { a class="button" rel="next" href=(next(&ask, shown[LISTED - 1].0.id.as_str())) { "More monitors" } }
            }
        }
    };
    Ok(Page::new(Nav::Monitors, "Monitors", content))
}

fn next(ask: &Ask, last: &str) -> String {
    let kept =
        ["text", "layer"].iter().filter_map(|name| Some(format!("{name}={}&", super::escaped(ask.query(name)?))));
    format!("/monitors?{}after={last}", kept.collect::<String>())
}
