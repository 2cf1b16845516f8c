//! What a page is made of besides HTML: one style sheet, one script, one icon, each under a path with its digest in it, so
//! that browsers may keep it for ever.

use std::sync::LazyLock;

use axum::{
    Router,
    extract::Path,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use watchkeeper_model::short_id;

use crate::problem::Problem;

/// A file that is carried along.
pub(crate) struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
    path: LazyLock<String>,
}

macro_rules! asset {
    ($name:literal, $kind:literal) => {
        Asset {
            name: $name,
            kind: $kind,
            text: include_str!(concat!("asset/", $name)),
            path: LazyLock::new(|| {
                format!("/assets/{}/{}", short_id(&[include_str!(concat!("asset/", $name))]), $name)
            }),
        }
    };
}

pub(crate) static STYLE: Asset = asset!("style.css", "text/css; charset=utf-8");
pub(crate) static SCRIPT: Asset = asset!("live.js", "text/javascript; charset=utf-8");
pub(crate) static ICON: Asset = asset!("icon.svg", "image/svg+xml");

impl Asset {
    pub(crate) fn path(&self) -> &str {
        &self.path
    }
}

pub(crate) fn router() -> Router {
    Router::new().route("/assets/{digest}/{name}", get(serve))
}

async fn serve(Path((_, name)): Path<(String, String)>) -> Response {
    let found = [&STYLE, &SCRIPT, &ICON].into_iter().find(|asset| asset.name == name);
    let Some(asset) = found else { return Problem::no_page().into_response() };
    let headers = [(CONTENT_TYPE, asset.kind), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, asset.text).into_response()
}
