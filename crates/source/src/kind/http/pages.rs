//! The next page of a document: told by a header, or by the document itself. It is asked of the same server only, because
//! the token goes with it.

use serde_json::Value;
use url::Url;
use watchkeeper_engine::ports::frame::FrameFault;
use watchkeeper_model::NextPage;

use crate::fault::Why;
use crate::web::{self, Answer};

/// The page after this one; none after the last.
pub(super) fn next(first: &Url, this: &Url, told: &NextPage, answer: &Answer) -> Result<Option<Url>, Why> {
    let document = || serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
    let text = |pointer: &str| match document().pointer(pointer) {
        Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let next = match told {
        NextPage::Link => answer.link.as_deref().and_then(linked).map(str::to_owned),
        NextPage::Url(pointer) => text(pointer),
        NextPage::Cursor(pointer, param) => {
            return Ok(text(pointer).map(|cursor| with(first, param, &cursor)));
        }
    };
    let Some(next) = next else { return Ok(None) };
    let page = this.join(&next).map_err(|error| format!("its next page `{next}` is not a URL: {error}"))?;
    if page.origin() != first.origin() {
        let (page, place) = (web::shown(&page), web::shown(first));
        let what = format!("{place} sends on to {page}, which is another server; give that one a source of its own");
        return Err(Why::new(FrameFault::Refused, what));
    }
    Ok(Some(page))
}

/// The URL of `rel="next"` in a header `Link`: `<https://…?page=2>; rel="next", <…>; rel="last"`.
fn linked(header: &str) -> Option<&str> {
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let (url, after) = after.split_once('>')?;
        let (parameters, others) = after.split_once('<').map_or((after, ""), |(own, _)| (own, &after[own.len()..]));
        let is_next = parameters.split([';', ',']).any(|parameter| {
            let (key, value) = parameter.split_once('=').unwrap_or_default();
            key.trim().eq_ignore_ascii_case("rel") && value.trim().trim_matches('"').split(' ').any(|rel| rel == "next")
        });
        if is_next {
            return Some(url);
        }
        rest = others;
    }
    None
}

/// A URL with one parameter of another value.
fn with(url: &Url, param: &str, value: &str) -> Url {
    let others: Vec<(String, String)> =
        url.query_pairs().filter(|(key, _)| key != param).map(|(key, value)| (key.into(), value.into())).collect();
    let mut url = url.clone();
    url.query_pairs_mut().clear().extend_pairs(others).append_pair(param, value);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_the_one_of_its_relation() {
        let header = "<https://a.example/x?page=1,2>; rel=\"prev\", <https://a.example/x?page=3>; rel=\"next last\"";
        assert_eq!(linked(header), Some("https://a.example/x?page=3"));
        assert_eq!(linked("<https://a.example/x>; rel=\"prev\""), None);
    }

    #[test]
    fn a_cursor_takes_the_place_of_the_one_before() {
        let url: Url = "https://a.example/x?limit=2&cursor=a".parse().expect("a URL");
        assert_eq!(with(&url, "cursor", "b c").as_str(), "https://a.example/x?limit=2&cursor=b+c");
    }
}
