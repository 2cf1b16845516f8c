//! The frame: navigation with counts of what is open, and a foot that says as of when.

use maud::{DOCTYPE, Markup, html};
use watchkeeper_store::OpenCounts;

use super::{time, words};
use crate::{
    House,
    access::How,
    asset,
    page::{Nav, Page, View},
};

/// What the navigation counts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) open: OpenCounts,
    pub(crate) paused: usize,
}

/// A whole page.
pub(crate) fn whole(house: &House, view: &View, page: &Page, counts: Counts) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (page.title) " · Watchkeeper " (house.name()) }
                link rel="stylesheet" href=(asset::STYLE.path());
                link rel="icon" href=(asset::ICON.path()) type="image/svg+xml";
                script src=(asset::SCRIPT.path()) defer {}
            }
            body data-after=[view.after] {
                a class="skip" href="#main" { "To the page" }
                header { div class="wide" {
                    a class="brand" href="/" { b { "Watchkeeper" } " " (house.name()) }
                    nav aria-label="Pages" id="nav" data-live {
                        ul { @for (nav, path, word) in Nav::ALL { li { (link(page.nav, nav, path, word, counts)) } } }
                    }
                    span class="who" { (who(view)) }
                } }
                main class="wide" id="main" tabindex="-1" {
                    (late(house))
                    @if let Some(note) = &view.note { p class="quiet" role="status" { (words::cut(note, 300)) } }
                    (page.content)
                }
                footer { div class="wide" id="foot" data-live { (foot(house, view)) } }
            }
        }
    }
}

fn link(current: Option<Nav>, nav: Nav, path: &str, word: &str, counts: Counts) -> Markup {
    let counted = match nav {
        Nav::Incidents => Some(counts.open.incidents.to_string()).filter(|_| counts.open.incidents > 0),
        Nav::Approvals => Some(counts.open.approvals.to_string()).filter(|_| counts.open.approvals > 0),
        Nav::Gates => Some(format!("{} paused", counts.paused)).filter(|_| counts.paused > 0),
        _ => None,
    };
    html! {
        a href=(path) aria-current=[(current == Some(nav)).then_some("page")] {
            (word) @if let Some(counted) = counted { " " b { (counted) } }
        }
    }
}

fn who(view: &View) -> Markup {
    match (&view.visitor.name, &view.visitor.how) {
        (Some(name), How::Open) => html! { (words::cut(name, 40)) " (unproved)" },
        (Some(name), _) => html! { (words::cut(name, 40)) },
        (None, _) => html! {},
    }
}

/// A loop that has stalled stands over everything else.
fn late(house: &House) -> Markup {
    let pulse = house.pulse();
    html! {
        div id="late" data-live {
            @if !pulse.stalled.is_empty() {
                div class="box red" role="alert" {
                    h2 { "Watchkeeper does not turn: " (pulse.stalled.join(", ")) }
                    p { "Everything below may be older than it seems. " a href="/system" { "System" } " says why." }
                }
            }
        }
    }
}

fn foot(house: &House, view: &View) -> Markup {
    let seal = house.seal().clone();
    let config = house.workspace().digests.config.get(..8).unwrap_or_default().to_owned();
    html! {
        span { "As of " (time::at(view.now)) (time::zone()) }
        span class="push" {
            a href="/system" { "Version " (env!("CARGO_PKG_VERSION")) ", configuration " (config) }
        }
        @match (&seal.fault, &seal.whole) {
            (Some(_), _) => a class="red" href="/ledger" { "The ledger is bad" },
            (None, Some(whole)) => a href="/ledger" { "Ledger verified up to " (whole.rows) },
            (None, None) => a href="/ledger" { "Ledger not verified yet" },
        }
        @if matches!(view.visitor.how, How::Token | How::Provider(_)) {
            form method="post" action="/logout" {
                (super::form::inside(&view.visitor))
                button class="plainly" type="submit" { "Sign off" }
            }
        }
    }
}
