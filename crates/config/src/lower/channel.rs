//! Channels: where a team is told.

use std::collections::BTreeMap;

use watchkeeper_model::{
    Channel, EmailChannel, Name, PagerdutyChannel, SlackChannel, SmtpTls, TeamsChannel, Transport, WebhookChannel,
};

use super::{Context, secret};
use crate::{
    place::{Place, Report},
    raw::{
        self,
        channel::{Email, MailFolder, Smtp},
    },
};

pub(crate) fn lower_all(context: &Context<'_>, report: &mut Report) -> BTreeMap<Name, Channel> {
    let Some((main, place)) = context.main else { return BTreeMap::new() };
    if let Some(smtp) = main.email.as_ref().and_then(|email| email.smtp.as_ref()) {
        // Checked even when no channel falls back on it.
        lower_smtp(smtp, place.key("email").key("smtp"), context, report);
    }
    let mut channels = BTreeMap::new();
    for (name, raw) in &main.channel {
        let channel = lower(raw, place.key("channel").key(name), context, report);
        channels.extend(Name::parse(name).ok().zip(channel));
    }
    channels
}

fn lower(raw: &raw::channel::Channel, place: Place<'_>, context: &Context<'_>, report: &mut Report) -> Option<Channel> {
    if let Some(slack) = &raw.slack {
        let token = secret::lower(&slack.token, place.key("slack").key("token"), context, report);
        let url = slack.url.as_ref().map(|url| url.0.clone());
        Some(Channel::Slack(SlackChannel { channel: slack.channel.clone(), token, url }))
    } else if let Some(webhook) = &raw.webhook {
        let at = place.key("webhook").key("secret");
        let key = webhook.secret.as_ref().map(|key| secret::lower(key, at, context, report));
        Some(Channel::Webhook(WebhookChannel { url: webhook.url.0.clone(), secret: key }))
    } else if let Some(email) = &raw.email {
        lower_email(email, place.key("email"), context, report).map(Channel::Email)
    } else if let Some(pagerduty) = &raw.pagerduty {
        let at = place.key("pagerduty").key("routing_key");
        let routing_key = secret::lower(&pagerduty.routing_key, at, context, report);
        let url = pagerduty.url.as_ref().map(|url| url.0.clone());
        Some(Channel::Pagerduty(PagerdutyChannel { routing_key, url }))
    } else if let Some(teams) = &raw.teams {
        let url = secret::lower(&teams.url, place.key("teams").key("url"), context, report);
        Some(Channel::Teams(TeamsChannel { url }))
    } else {
        raw.console.as_ref().map(|_| Channel::Console)
    }
}

fn lower_email(raw: &Email, place: Place<'_>, context: &Context<'_>, report: &mut Report) -> Option<EmailChannel> {
    let defaults = context.main.and_then(|(main, place)| Some((main.email.as_ref()?, place.key("email"))));
    let from = raw.from.clone().or_else(|| defaults.and_then(|(defaults, _)| defaults.from.clone()));
    if from.is_none() {
        let help = Some("give `from` here, or once under [email]".to_owned());
        place.mistake(report, "this channel has no sender", help);
    }
    let own = raw.smtp.is_some() || raw.file.is_some();
    let transport = match defaults {
        Some((defaults, place)) if !own => lower_transport(&defaults.smtp, &defaults.file, place, context, report),
        _ => lower_transport(&raw.smtp, &raw.file, place, context, report),
    };
    let to = raw.to.iter().map(|mailbox| mailbox.0.clone()).collect();
    Some(EmailChannel { from: from?.0, to, transport: transport? })
}

fn lower_transport(
    smtp: &Option<Smtp>,
    file: &Option<MailFolder>,
    place: Place<'_>,
    context: &Context<'_>,
    report: &mut Report,
) -> Option<Transport> {
    match (smtp, file) {
        (Some(smtp), None) => Some(lower_smtp(smtp, place.key("smtp"), context, report)),
        (None, Some(file)) => Some(Transport::File { folder: file.folder.clone() }),
        (Some(_), Some(_)) => {
            place.mistake_in_key("file", report, "mail leaves either by `smtp` or into `file`", None);
            None
        }
        (None, None) => {
            let help = Some("give `smtp` or `file` here, or once under [email]".to_owned());
            place.mistake(report, "nothing says how this mail leaves", help);
            None
        }
    }
}

fn lower_smtp(raw: &Smtp, place: Place<'_>, context: &Context<'_>, report: &mut Report) -> Transport {
    let password =
        raw.password.as_ref().map(|password| secret::lower(password, place.key("password"), context, report));
    if raw.user.is_some() != password.is_some() {
        place.mistake(report, "`user` and `password` belong together", None);
    }
    let tls = raw.tls.as_ref().map_or(SmtpTls::Starttls, |tls| tls.0);
    if tls == SmtpTls::None && !matches!(raw.host.as_str(), "localhost" | "127.0.0.1" | "::1") {
        let help = Some("use \"starttls\" or \"implicit\"".to_owned());
        place.key("tls").mistake(report, "mail without TLS goes to this machine's own relay only", help);
    }
    let usual = match tls {
        SmtpTls::Starttls => 587,
        SmtpTls::Implicit => 465,
        SmtpTls::None => 25,
    };
    Transport::Smtp {
        host: raw.host.clone(),
        port: raw.port.unwrap_or(usual),
        tls,
        credentials: raw.user.clone().zip(password),
    }
}
