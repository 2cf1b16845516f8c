//! Where state is kept, and for how long.

use watchkeeper_model::{Keep, StoreSettings};

use super::{Context, secret};
use crate::place::Report;

pub(crate) fn lower(context: &Context<'_>, report: &mut Report) -> StoreSettings {
    let Some((main, root)) = context.main else { return StoreSettings::default() };
    let (raw, place) = (main.store.clone().unwrap_or_default(), root.key("store"));
    let url = raw.url.as_ref().map(|url| secret::lower(url, place.key("url"), context, report));
    let (given, usual) = (raw.keep.unwrap_or_default(), Keep::default());
    let keep = Keep {
        evaluations: given.evaluations.map_or(usual.evaluations, |time| time.0),
        points: given.points.map_or(usual.points, |time| time.0),
        deliveries: given.deliveries.map_or(usual.deliveries, |time| time.0),
    };
    if keep.points < keep.evaluations {
        let message = "what a chart shows of an evaluation cannot be forgotten before the evaluation";
        let help = "make `points` at least as long as `evaluations`".to_owned();
        place.key("keep").mistake(report, message, Some(help));
    }
    StoreSettings { url, keep }
}
