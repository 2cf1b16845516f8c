//! `/ledger`: the record, newest first, and how far its chain is known to be whole.

use maud::html;
use watchkeeper_store::LedgerFilter;

use super::{Nav, Page, escaped};
use crate::{
    look::{time, words},
    problem::Problem,
    routes::Ask,
};

/// So many are listed at once.
const LISTED: u32 = 50;

pub(super) async fn show(ask: Ask) -> Result<Page, Problem> {
    let filter = filter(&ask)?;
    let mut rows = ask.house.store().ledger_newest(&filter, LISTED + 1).await.map_err(Problem::store)?;
    let length = ask.house.store().ledger_length().await.map_err(Problem::store)?;
    let more = rows.len() > LISTED as usize;
    rows.truncate(LISTED as usize);
    let seal = ask.house.seal().clone();
    let title = match (&seal.fault, &seal.whole) {
        (Some(_), _) => "The ledger is bad.".to_owned(),
        (None, Some(whole)) => format!("{}, verified up to {}.", words::count(words::small(length), "row"), whole.rows),
        (None, None) => format!("{}, not verified yet.", words::count(words::small(length), "row")),
    };
    let subject = ask.query("subject").unwrap_or_default().to_owned();
    let kind = ask.query("kind").unwrap_or_default().to_owned();
    let content = html! {
        div id="head" data-live {
            h1 { (title) }
            @if let Some(fault) = &seal.fault { div class="box red" role="alert" { h2 { (words::capital(fault)) } p { "Somebody has changed or cut the record. " code { "watchkeeper ledger verify --head HASH" } " compares it with a head from a message." } } }
            @if let Some(whole) = &seal.whole { p class="meta" { "Head " code { (whole.head) } } }
        }
        form class="filter" method="get" action="/ledger" role="search" {
            label { "About: an incident, a gate, a monitor" input type="search" name="subject" value=(subject) maxlength="200"; }
            label { "Kind begins with" input type="text" name="kind" value=(kind) maxlength="60"; }
            button type="submit" { "Show" }
            a class="button" href="/v1/ledger?download=true" download="ledger.jsonl" { "Download all" }
        }
        section id="list" data-live {
            @if rows.is_empty() { p class="quiet" { "None of " (length) " rows matches. " a href="/ledger" { "Show all" } } }
            @else {
                table {
                    thead { tr { th class="num" { "Row" } th { "Time" } th { "Kind" } th { "About" } th { "Facts" } } }
                    tbody { @for row in &rows {
                        tr id=(format!("r{}", row.seq)) {
                            td class="num" { a href=(format!("#r{}", row.seq)) { (row.seq) } }
                            td class="nowrap" { (time::at(row.at)) }
                            td { (row.kind) }
                            td { a href=(format!("/ledger?subject={}", escaped(&row.subject))) { (words::cut(&row.subject, 60)) } }
                            td { details { summary { (words::cut(&row.body, 60)) } pre { (row.body) } p class="meta" { "hash " code { (row.hash) } } } }
                        }
                    } }
                }
            }
            @if let Some(last) = rows.last().filter(|_| more) {
                div class="buttons" { a class="button" rel="next" href=(format!("/ledger?subject={}&kind={}&before={}", escaped(&subject), escaped(&kind), last.seq)) { "Older rows" } }
            }
        }
    };
    Ok(Page::new(Nav::Ledger, "Ledger", content))
}

/// The filter of an address, for the page and the API.
pub(crate) fn filter(ask: &Ask) -> Result<LedgerFilter, Problem> {
    Ok(LedgerFilter {
        before: ask
            .parsed("before", "the number of a row", |text| text.parse().ok().filter(|row| *row <= i64::MAX as u64))?,
        subject: ask.query("subject").map(str::to_owned),
        kind: ask.query("kind").map(str::to_owned),
    })
}
