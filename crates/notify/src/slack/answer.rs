//! What Slack's refusals mean. Its error texts are codes; its bodies are never quoted, for they may repeat the message.

use std::error::Error;

use slack_morphism::errors::SlackClientError;
use watchkeeper_engine::ports::notifier::Delivery;

use crate::reason::{reason_of, retry};

/// Codes that say "not now"; every other one says "not like this".
const PASSING: [&str; 8] = [
    "ratelimited",
    "rate_limited",
    "message_limit_exceeded",
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "team_added_to_org",
];

/// Codes that say that the token is not taken: it may be a new one a minute later.
const CREDENTIAL: [&str; 5] = ["invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"];

/// Whether another attempt can help.
pub(super) fn outcome_of(error: &SlackClientError) -> Delivery {
    match error {
        SlackClientError::RateLimitError(limit) => {
            Delivery::Retry { reason: "Slack asks for fewer messages".to_owned(), after: limit.retry_after }
        }
        SlackClientError::ApiError(api) if PASSING.contains(&api.code.as_str()) => {
            retry(format!("Slack answered {}", api.code))
        }
        SlackClientError::ApiError(api) => {
            let reason = format!("Slack answered {}{}", api.code, hint(&api.code));
            if CREDENTIAL.contains(&api.code.as_str()) { Delivery::Unwell(reason) } else { Delivery::Refused(reason) }
        }
        SlackClientError::HttpError(http) => by_status(http.status_code.as_u16()),
        SlackClientError::ProtocolError(protocol) => {
            retry(format!("Slack's answer cannot be read: {}", protocol.json_error))
        }
        SlackClientError::HttpProtocolError(http) => retry(because(http.cause.as_deref().map(|cause| cause as _))),
        SlackClientError::SystemError(system) => retry(because(system.cause.as_deref().map(|cause| cause as _))),
        SlackClientError::EndOfStream(_) | SlackClientError::SocketModeProtocolError(_) => retry(because(None)),
    }
}

/// The words of an outcome.
pub(super) fn words_of(outcome: Delivery) -> String {
    match outcome {
        Delivery::Sent(_) => String::new(),
        Delivery::Retry { reason, .. } | Delivery::Unwell(reason) | Delivery::Refused(reason) => reason,
    }
}

fn because(cause: Option<&(dyn Error + 'static)>) -> String {
    let cause = cause.map(|cause| format!(": {}", reason_of(cause))).unwrap_or_default();
    format!("Slack could not be asked{cause}")
}

fn by_status(status: u16) -> Delivery {
    let reason = format!("Slack answered with HTTP status {status}");
    match status {
        408 | 500.. => retry(reason),
        401 | 403 | 404 => Delivery::Unwell(reason),
        _ => Delivery::Refused(reason),
    }
}

/// What to do about the refusals that people meet.
fn hint(code: &str) -> &'static str {
    match code {
        "invalid_auth" | "not_authed" | "account_inactive" | "token_revoked" | "token_expired" => {
            ": give this channel a bot token that is valid"
        }
        "channel_not_found" => ": look at the channel's name, or invite the app to it if it is private",
        "not_in_channel" => ": invite the app to the channel",
        "is_archived" => ": the channel is archived",
        "missing_scope" => ": the app needs the scope `chat:write`",
        _ => "",
    }
}
