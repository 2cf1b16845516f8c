//! Badges: a shape and a word before any colour, in three strengths. Lit: a person is needed now; framed: not normal;
//! plain: as it should be.

use maud::{Markup, html};
use watchkeeper_model::{GateState, Verdict};
use watchkeeper_store::IncidentRecord;

/// The shapes; each means the same in a badge, in the timeline and in a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Disc,
    HalfDisc,
    Ring,
    Cross,
    Triangle,
    Tick,
    Diamond,
    Dash,
    Hollow,
    Solid,
    Dot,
    Bars,
    Arrow,
    Envelope,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strength {
    Lit,
    Lamp,
    Framed,
    FramedAmber,
    FramedRed,
    Plain,
}

impl Strength {
    fn class(self) -> &'static str {
        match self {
            Self::Lit => "badge lit",
            Self::Lamp => "badge lit lamp",
            Self::Framed => "badge framed",
            Self::FramedAmber => "badge framed amber",
            Self::FramedRed => "badge framed red",
            Self::Plain => "badge plain",
        }
    }
}

pub(crate) fn shape(shape: Shape) -> Markup {
    let drawn = match shape {
        Shape::Disc => html! { circle cx="6" cy="6" r="5"; },
        Shape::HalfDisc => {
            html! { path d="M6 1a5 5 0 0 1 0 10z"; circle cx="6" cy="6" r="4.4" fill="none" stroke-width="1.2"; }
        }
        Shape::Ring => html! { circle cx="6" cy="6" r="4.2" fill="none" stroke-width="1.6"; },
        Shape::Cross => html! { path d="M2 2l8 8M10 2l-8 8" fill="none" stroke-width="2.2"; },
        Shape::Triangle => html! { path d="M6 1l5.5 10H.5z"; },
        Shape::Tick => html! { path d="M1.5 6.5l3 3 6-7" fill="none" stroke-width="1.8"; },
        Shape::Diamond => html! { path fill-rule="evenodd" d="M6 0l6 6-6 6-6-6zM5.2 3v6h1.6V3z"; },
        Shape::Dash => html! { path d="M1 6h10" fill="none" stroke-width="2.2"; },
        Shape::Hollow => html! { path d="M2.5 1.5l7.5 4.5-7.5 4.5z" fill="none" stroke-width="1.4"; },
        Shape::Solid => html! { path d="M2 1l9 5-9 5z"; },
        Shape::Dot => html! { circle cx="6" cy="6" r="2"; },
        Shape::Bars => html! { path d="M2 1h3v10H2zM7 1h3v10H7z"; },
        Shape::Arrow => html! { path d="M1 6h9M6.5 2.5L10 6l-3.5 3.5" fill="none" stroke-width="1.5"; },
        Shape::Envelope => html! { path d="M1 2.5h10v7H1zM1 2.5l5 4 5-4" fill="none" stroke-width="1.2"; },
    };
    html! { svg viewBox="0 0 12 12" aria-hidden="true" focusable="false" { (drawn) } }
}

pub(crate) fn badge(strength: Strength, of: Shape, word: &str) -> Markup {
    html! { span class=(strength.class()) { (shape(of)) (word) } }
}

pub(crate) fn verdict(verdict: Verdict) -> Markup {
    match verdict {
        Verdict::Breach => badge(Strength::Lit, Shape::Disc, "breach"),
        Verdict::Error => badge(Strength::FramedRed, Shape::Cross, "error"),
        Verdict::Warn => badge(Strength::FramedAmber, Shape::Triangle, "warn"),
        Verdict::NoData => badge(Strength::Framed, Shape::Ring, "no data"),
        Verdict::Ok => badge(Strength::Plain, Shape::Tick, "ok"),
    }
}

/// A step by its status: `waiting` is told apart by whether it waits for an agreement.
pub(crate) fn step(status: &str, for_approval: bool) -> Markup {
    match status {
        "unknown" => badge(Strength::Lamp, Shape::Diamond, "UNKNOWN"),
        "failed" => badge(Strength::Lit, Shape::Cross, "failed"),
        "withheld" => badge(Strength::FramedAmber, Shape::Dash, "withheld"),
        "waiting" if for_approval => badge(Strength::Framed, Shape::Hollow, "waits for approval"),
        "waiting" => badge(Strength::Framed, Shape::Hollow, "waits to be started"),
        "intent" | "released" => badge(Strength::Framed, Shape::Solid, "sending"),
        "done" => badge(Strength::Plain, Shape::Tick, "done"),
        _ => badge(Strength::Plain, Shape::Dot, "planned"),
    }
}

pub(crate) fn incident(incident: &IncidentRecord) -> Markup {
    match incident.state {
        "open" => badge(Strength::Lit, Shape::Disc, "unacknowledged"),
        "acknowledged" => badge(Strength::Framed, Shape::HalfDisc, "acknowledged"),
        _ => badge(Strength::Plain, Shape::Tick, "resolved"),
    }
}

pub(crate) fn gate(state: GateState) -> Markup {
    match state {
        GateState::Paused => badge(Strength::FramedAmber, Shape::Bars, "paused"),
        GateState::Open => badge(Strength::Plain, Shape::Arrow, "open"),
    }
}

/// A delivery by its outcome: `sent`, `failed: …` or `retry: …`.
pub(crate) fn delivery(outcome: &str) -> Markup {
    match outcome.split(':').next().unwrap_or_default() {
        "sent" => badge(Strength::Plain, Shape::Envelope, "sent"),
        "retry" => badge(Strength::FramedAmber, Shape::Triangle, "tried again"),
        _ => badge(Strength::Lit, Shape::Cross, "not delivered"),
    }
}
