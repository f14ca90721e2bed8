//! The web UI's build, embedded when it was there at compile time.

use axum::http::{StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::RustEmbed;

use crate::error::Error;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Build;

/// Shown where the UI would be.
const NO_BUILD: &str = "<!doctype html><title>Raven</title><h1>The web UI is not built</h1>\
    <p>Build it with <code>npm ci &amp;&amp; npm run build</code> in <code>web/</code>, then build raven-docs again; \
    <code>cargo xtask up</code> does both. The API works without it: <a href=\"/api/docs\">/api/docs</a>.</p>";

/// A file of the build; any other page is the UI's, which finds its own way.
pub async fn serve(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("api/") || path == "api" {
        return Error::NoRoute.into_response();
    }
    if let Some(file) = Build::get(path) {
        // Files below assets/ carry a hash of their content in their name.
        let lasting = path.starts_with("assets/");
        let cache = if lasting { "public, max-age=31536000, immutable" } else { "no-cache" };
        return respond(path, file, cache);
    }
    if path.starts_with("assets/") {
        return Error::NoRoute.into_response();
    }
    match Build::get("index.html") {
        Some(index) => respond("index.html", index, "no-cache"),
        None => (StatusCode::OK, Html(NO_BUILD)).into_response(),
    }
}

fn respond(path: &str, file: rust_embed::EmbeddedFile, cache: &'static str) -> Response {
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let headers =
        [(header::CONTENT_TYPE, kind.as_ref().to_owned()), (header::CACHE_CONTROL, cache.to_owned())];
    (headers, file.data.into_owned()).into_response()
}
