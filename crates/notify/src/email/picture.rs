//! The chart in a mail: a PNG that comes along as a part of it. Mail clients show that everywhere; they remove inline
//! SVG and pictures in the text, and do not load what lies on a server without being asked.

use watchkeeper_chart::Panel;
use watchkeeper_model::{Message, short_id};

use crate::wording::one_line;

/// A picture that comes with a mail.
pub(super) struct Picture {
    /// Its `Content-ID`, unique to the message.
    pub(super) id: String,
    /// What it shows, for those who do not see it.
    pub(super) shows: String,
    /// The PNG file.
    pub(super) png: Vec<u8>,
}

impl Picture {
    /// The chart of a message's trend; `None` when it has none. A chart that cannot be drawn must not keep the mail.
    pub(super) async fn of(message: &Message) -> Option<Self> {
        let trend = message.facts.trend.clone()?;
        let ticks = trend.points.len();
        let panel = Panel { title: one_line(&format!("{}: {}", message.facts.monitor, trend.series)), trend };
        let shows = format!("Chart of {} over the last {ticks} ticks", panel.title);
        let drawn = tokio::task::spawn_blocking(move || watchkeeper_chart::png(&panel)).await;
        match drawn {
            Ok(Ok(png)) => Some(Self { id: format!("trend-{}@watchkeeper", short_id(&[&message.id])), shows, png }),
            Ok(Err(error)) => {
                tracing::warn!(message = %message.id, %error, "a mail goes without its chart");
                None
            }
            Err(error) => {
                tracing::warn!(message = %message.id, %error, "a mail goes without its chart");
                None
            }
        }
    }
}
