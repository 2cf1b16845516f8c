//! Times: in UTC as they are served, in the reader's zone once the script has run; lengths in two units at most.

use maud::{Markup, html};
use watchkeeper_model::Time;

/// `10 Nov 2021, 00:06:12`.
pub(crate) fn at(time: Time) -> Markup {
    stamped(time, "full", "%-d %b %Y, %H:%M:%S")
}

/// `10 Nov 2021, 00:06`.
pub(crate) fn minute(time: Time) -> Markup {
    stamped(time, "minute", "%-d %b %Y, %H:%M")
}

/// `00:06:12`.
pub(crate) fn clock(time: Time) -> Markup {
    stamped(time, "clock", "%H:%M:%S")
}

/// `10 Nov 2021`.
pub(crate) fn day(time: Time) -> Markup {
    stamped(time, "day", "%-d %b %Y")
}

fn stamped(time: Time, form: &str, pattern: &str) -> Markup {
    let exact = time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    html! { time datetime=(exact) data-form=(form) { (time.format(pattern)) } }
}

/// The zone of what stands before it; the script takes it away where it shows other ones.
pub(crate) fn zone() -> Markup {
    html! { span class="utc" { " UTC" } }
}

/// How long ago, or until when: `6 min`, `3 d`.
pub(crate) fn between(from: Time, to: Time) -> String {
    length((to - from).num_seconds().abs())
}

/// A length in seconds, in its greatest unit.
pub(crate) fn length(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}
