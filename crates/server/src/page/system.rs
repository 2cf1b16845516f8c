//! `/system`: how the daemon is, what it runs, and who may come in.

use maud::{Markup, html};
use watchkeeper_engine::ports::store::Store as _;
use watchkeeper_model::Role;

use super::{Nav, Page, parts::fact};
use crate::{
    health,
    look::{
        badge::{self, Shape, Strength},
        form::{Button, Form},
        time, words,
    },
    problem::Problem,
    routes::Ask,
};

pub(super) async fn show(ask: Ask) -> Result<Page, Problem> {
    let house = &ask.house;
    let pulse = house.pulse();
    let ready = health::reasons(house).await;
    let loaded = house.loaded();
    let workspace = &loaded.workspace;
    let unreadable = house.store().unreadable().await.map_err(Problem::store)?;
    let under_way = house.store().under_way().await.map_err(Problem::store)?;
    let replicas = house.store().replicas().await.map_err(Problem::store)?;
    let title = match (pulse.stalled.is_empty(), pulse.troubles.len() + ready.len()) {
        (false, _) => "Watchkeeper does not turn.".to_owned(),
        (true, 0) => "Watchkeeper is well.".to_owned(),
        (true, troubles) => format!("Watchkeeper turns, with {}.", words::count(troubles, "trouble")),
    };
    let tokens =
        if ask.visitor.may(Role::Admin) { house.store().tokens().await.map_err(Problem::store)? } else { Vec::new() };
    let content = html! {
        div id="health" data-live {
            h1 { (title) }
            @for reason in &ready { p { (badge::badge(Strength::FramedAmber, Shape::Triangle, "not ready")) " " (reason) } }
            @if !pulse.troubles.is_empty() {
                table {
                    thead { tr { th { "Part" } th { "Since" } th class="num" { "Failures" } th { "What" } } }
                    tbody { @for trouble in &pulse.troubles {
                        tr { td { (words::cut(&trouble.part, 80)) } td data-label="since" { (time::at(trouble.since)) } td class="num" data-label="failures" { (trouble.failures) } td { (words::cut(&trouble.message, 400)) } }
                    } }
                }
            }
        }
        section {
            div class="head" { h2 { "What runs" } }
            dl class="rows" {
                (fact("Version", html! { (env!("CARGO_PKG_VERSION")) }))
                (fact("Running", html! { "since " (time::at(house.began())) ", " (time::between(house.began(), ask.now)) }))
                (fact("Configuration", html! { code { (workspace.digests.config) } " since " (time::at(loaded.since)) }))
                (fact("Watched", html! { (words::count(workspace.monitors.len(), "monitor")) ", " (words::count(workspace.runbooks.len(), "runbook")) ", " (words::count(workspace.teams.len(), "team")) ", " (words::count(workspace.channels.len(), "channel")) }))
                (fact("Checks", html! { (plugins(workspace)) }))
                (fact("Under way", html! { @if under_way.is_empty() { "no tick" } @for tick in under_way.iter().take(20) { (tick.monitor) " of " (time::minute(tick.tick)) br; } }))
                (fact("Listens on", html! { (workspace.daemon.listen) @if let Some(url) = &workspace.web.url { ", as " (url) } }))
                (fact("Who may", html! { (access(workspace)) }))
                (fact("API", html! { a href="/v1/openapi.json" { "OpenAPI document" } ", " a href="/metrics" { "metrics" } ", " a href="/healthz" { "health" } ", " a href="/readyz" { "readiness" } }))
            }
            (Form { word: "reload", names: &[], hidden: &[], button: Button::Ordinary, label: "Read the configuration again" }.show(&ask.visitor, html! {}))
        }
        @if !replicas.is_empty() {
            section data-live id="daemons" {
                div class="head" { h2 { "Daemons on " (words::cut(&house.store().place(), 80)) } }
                table {
                    thead { tr { th { "Daemon" } th { "Version" } th { "Since" } th { "Heard of" } th class="num" { "In hand" } th class="num" { "Clock" } } }
                    tbody { @for replica in &replicas { tr {
                        td { (words::cut(&replica.name, 80)) @if !replica.alive { " " (badge::badge(Strength::FramedAmber, Shape::Triangle, "gone")) } }
                        td data-label="version" { (words::cut(&replica.version, 40)) }
                        td data-label="since" { (time::at(replica.since)) }
                        td data-label="heard of" { (time::at(replica.seen_at)) }
                        td class="num" data-label="in hand" { (replica.in_hand) }
                        td class="num" data-label="clock" { (format!("{:+} ms", replica.clock_ahead_ms)) }
                    } } }
                }
            }
        }
        @if !unreadable.is_empty() {
            section {
                div class="head" { h2 { "Rows that this version cannot read" } }
                table { tbody { @for row in unreadable.iter().take(50) { tr { td { (words::cut(&format!("{row:?}"), 300)) } } } } }
            }
        }
        @if !tokens.is_empty() {
            section {
                div class="head" { h2 { "Tokens" } }
                table {
                    thead { tr { th { "Name" } th { "Role" } th { "Made" } th { "Used" } th { "Ends" } } }
                    tbody { @for token in &tokens { tr {
                        td { (words::cut(&token.name, 80)) } td { (token.role) }
                        td data-label="made" { (time::day(token.since)) ", by " (words::cut(&token.by, 60)) }
                        td data-label="used" { @if let Some(used) = token.used_at { (time::minute(used)) } @else { "never" } }
                        td data-label="ends" { @if let Some(until) = token.until { (time::minute(until)) } @else { "when it is revoked" } }
                    } } }
                }
                p class="meta" { code { "watchkeeper token revoke NAME" } " ends one, and every session begun with it." }
            }
        }
    };
    Ok(Page::new(Nav::System, "System", content))
}

fn plugins(workspace: &watchkeeper_model::Workspace) -> Markup {
    let mut plugins: Vec<&str> = workspace.monitors.values().map(|monitor| monitor.check.plugin.as_str()).collect();
    plugins.sort_unstable();
    plugins.dedup();
    html! { (words::cut(&plugins.join(", "), 400)) }
}

fn access(workspace: &watchkeeper_model::Workspace) -> &'static str {
    let web = &workspace.web;
    match (&web.oidc, &web.proxy, web.is_closed()) {
        (Some(_), _, _) => "whom the provider knows, and who has a token",
        (None, Some(_), _) => "whom the proxy vouches for, and who has a token",
        (None, None, true) => "who has a token",
        (None, None, false) => "everybody on this machine, as responder, with a name that nobody has proved",
    }
}
