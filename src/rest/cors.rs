//! Pages of other origins in a browser: which of them may ask, and what they may send and see (the CORS protocol of the
//! Fetch standard).
//!
//! Owns the answers to what a browser asks before such a request, and the headers of the answers to it. Without an origin
//! that is named, there are none of these, and a browser lets no page of another origin see anything. Cookies are not
//! among what is asked with: there are none.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Rest;

/// What pages may send beside what every page may.
const HEADERS: &str = "authorization, content-type, if-match, x-api-key, x-request-id";
/// How they may send it.
const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
/// What they may see beside what every page may.
const SEEN: &str = "etag, retry-after, x-request-id";
/// Seconds for which a browser need not ask again.
const REMEMBERED: &str = "600";

/// Whether a text is an origin as browsers send it: a scheme and a host, with a port where that is not the usual one.
pub fn is_origin(text: &str) -> bool {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let sound =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.:[]".contains(&byte);
    host.is_some_and(|host| !host.is_empty() && host.bytes().all(sound))
}

/// Answers what a browser asks before a request of a page of an origin that is named, and lets the page see the answers.
pub async fn share(State(rest): State<Arc<Rest>>, request: Request, next: Next) -> Response {
    let named = named_origin(&rest.settings.cors_origins, request.headers());
    let asks = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match (&named, asks) {
        (Some(_), true) => leave().into_response(),
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    // What is kept of an answer to one origin is none for another.
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = named {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let seen = HeaderValue::from_static(SEEN);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, seen);
    }
    response
}

/// The origin that a request comes from, if it is one of these.
fn named_origin(origins: &[String], headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    let named = origins.iter().any(|of| of.as_bytes() == origin.as_bytes());
    named.then(|| origin.clone())
}

fn leave() -> (StatusCode, [(HeaderName, &'static str); 3]) {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED),
    ];
    (StatusCode::NO_CONTENT, headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_and_a_host_and_nothing_else() {
        for good in [
            "https://hub.example.org",
            "http://localhost:8080",
            "https://[::1]:3000",
        ] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "",
            "*",
            "null",
            "https://",
            "hub.example.org",
            "https://hub.example.org/",
            "https://*.example.org",
            "https://Hub.example.org",
            "https://a b",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }
}
