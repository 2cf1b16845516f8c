//! PagerDuty, Events API v2.

use super::{Field, Kind, Operation};

pub(super) const OPERATIONS: &[Operation] = &[Operation {
    method: "POST",
    path: "enqueue",
    query: &[],
    fields: &[
        Field { pointer: "/routing_key", required: true, kind: Kind::Text(64) },
        Field { pointer: "/event_action", required: true, kind: Kind::Text(16) },
        Field { pointer: "/dedup_key", required: true, kind: Kind::Text(255) },
        Field { pointer: "/payload/summary", required: false, kind: Kind::Text(1_024) },
        Field { pointer: "/payload/source", required: false, kind: Kind::Text(1_024) },
        Field { pointer: "/payload/severity", required: false, kind: Kind::Text(16) },
        Field { pointer: "/payload/custom_details", required: false, kind: Kind::Table },
    ],
}];
