//! Jira Cloud REST v3: OpenAPI 3.0 in JSON.

pub(super) const FILE: &str = "jira-cloud-v3.openapi.json";
