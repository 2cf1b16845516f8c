//! PagerDuty's Events API v2: OpenAPI 3 in JSON.

pub(super) const FILE: &str = "pagerduty-events-v2.openapi.json";
