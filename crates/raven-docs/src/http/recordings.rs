//! Routes of recordings: the recording in its forms, its list, its text, its check.

use std::ops::Range;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use raven_protocol::id::SessionId;
use serde::Deserialize;

use super::extract::{May, Path, Query};
use super::lasting;
use crate::access::{Drive, Granted, Read};
use crate::app::App;
use crate::error::Error;
use crate::page::{Page, PageQuery};
use crate::recordings::cast::{Form, Format, Inputs};
use crate::recordings::log::{self, LogItem, LogQuery, unreadable};
use crate::recordings::ranges::Layout;
use crate::recordings::transcript::{self, Transcript};
use crate::recordings::verify::Verdict;

/// In which form a recording is wanted.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RecordingQuery {
    /// `cast` for asciicast v3, `raw` for the output's bytes alone; `cast` by default.
    #[serde(default)]
    #[param(inline)]
    format: Format,
    /// Whether a browser is to save it as a file.
    #[serde(default)]
    download: bool,
}

/// Which entries of a recording are wanted.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EntriesQuery {
    /// `output`, `input`, `resize`, `marker`, `gap`, with commas between; all by default.
    kind: Option<String>,
}

/// The recording of a session, as far as it is durable. Byte ranges are served.
#[utoipa::path(get, path = "/api/terminal/sessions/{id}/recording", tag = "terminal",
    params(("id" = String, Path), RecordingQuery),
    responses((status = 200, description = "asciicast v3, or bytes", content_type = "application/x-asciicast"),
        (status = 206), (status = 401), (status = 404), (status = 409), (status = 416)))]
pub async fn recording(
    State(app): State<App>,
    May(by): May<Read>,
    Path(id): Path<SessionId>,
    Query(RecordingQuery { format, download }): Query<RecordingQuery>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let mut reader = app.recordings.read(&by, &id).await?;
    let form = Form { format, inputs: inputs_for(&by) };
    let layout = Layout::of(&mut reader, form).await.map_err(unreadable)?;
    let total = layout.total;
    // The same link ends the same chain: what a client has of it is still right.
    let tag = format!("\"{}-{form:?}\"", reader.chain_link()).replace(['{', '}', ' '], "");
    let fresh = headers.get(header::IF_RANGE).is_none_or(|given| given.as_bytes() == tag.as_bytes());
    let asked = headers.get(header::RANGE).filter(|_| fresh).and_then(|range| range.to_str().ok());
    let (status, range) = match asked.map(|asked| parse_range(asked, total)) {
        None | Some(Asked::All) => (StatusCode::OK, 0..total),
        Some(Asked::Part(range)) => (StatusCode::PARTIAL_CONTENT, range),
        Some(Asked::Outside) => {
            let range = format!("bytes */{total}");
            let refused = Error::OutsideRange { total };
            return Ok(([(header::CONTENT_RANGE, range)], refused).into_response());
        }
    };
    let length = range.end - range.start;
    let mut response = Response::new(lasting::body(app.db, by, layout.stream(reader, range.clone())));
    *response.status_mut() = status;
    let mut set = |name, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, format.content_type().to_owned());
    set(header::CONTENT_LENGTH, length.to_string());
    set(header::ACCEPT_RANGES, "bytes".to_owned());
    set(header::ETAG, tag);
    // What was typed is in it: no cache but the asker's own.
    set(header::CACHE_CONTROL, "private, no-cache".to_owned());
    if status == StatusCode::PARTIAL_CONTENT {
        set(header::CONTENT_RANGE, format!("bytes {}-{}/{total}", range.start, range.end - 1));
    }
    if download {
        let name = format!("attachment; filename=\"{id}.{}\"", format.extension());
        set(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// What people typed may be what they would not show: it is for those who could have typed it.
fn inputs_for(by: &Granted<Read>) -> Inputs {
    if by.and::<Drive>().is_ok() { Inputs::Shown } else { Inputs::Counted }
}

/// What a `Range` header asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// Nothing that is understood: the whole.
    All,
    Part(Range<u64>),
    Outside,
}

/// Reads one range. Several, and other units, are answered with the whole, as HTTP allows.
fn parse_range(text: &str, total: u64) -> Asked {
    let Some((first, last)) = text.trim().strip_prefix("bytes=").and_then(|range| range.split_once('-'))
    else {
        return Asked::All;
    };
    let range = match (first.trim(), last.trim()) {
        ("", suffix) => suffix.parse::<u64>().map(|count| total.saturating_sub(count)..total),
        (first, "") => first.parse::<u64>().map(|first| first..total),
        (first, last) => first.parse::<u64>().and_then(|first| {
            let last: u64 = last.parse()?;
            Ok(first..last.saturating_add(1).min(total))
        }),
    };
    match range {
        Err(_) => Asked::All,
        Ok(range) if range.start >= total || range.is_empty() => Asked::Outside,
        Ok(range) => Asked::Part(range),
    }
}

/// What happened at the terminal, oldest first.
#[utoipa::path(get, path = "/api/terminal/sessions/{id}/logs", tag = "terminal",
    params(("id" = String, Path), EntriesQuery, PageQuery),
    responses((status = 200, body = Page<LogItem>), (status = 401), (status = 404), (status = 409), (status = 422)))]
pub async fn logs(
    State(app): State<App>,
    May(by): May<Read>,
    Path(id): Path<SessionId>,
    Query(entries): Query<EntriesQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<LogItem>>, Error> {
    let after = page.cursor.as_deref().map(|cursor| {
        cursor.parse().map_err(|_| Error::invalid("cursor", "is not one of a page of this list"))
    });
    let query = LogQuery {
        inputs: inputs_for(&by),
        kinds: LogQuery::kinds(entries.kind.as_deref())?,
        after: after.transpose()?,
        limit: page.limit()?,
    };
    let reader = app.recordings.read(&by, &id).await?;
    Ok(Json(log::page(reader, &query).await?))
}

/// What could be read on the terminal, line by line, with the time at which each was first seen.
#[utoipa::path(get, path = "/api/terminal/sessions/{id}/recording/transcript", tag = "terminal",
    params(("id" = String, Path)),
    responses((status = 200, body = Transcript), (status = 401), (status = 404), (status = 409)))]
pub async fn transcript(
    State(app): State<App>,
    May(by): May<Read>,
    Path(id): Path<SessionId>,
) -> Result<Json<Transcript>, Error> {
    let reader = app.recordings.read(&by, &id).await?;
    Ok(Json(transcript::of(reader).await?))
}

/// Check that the recording is what was written: every block, their order, and the end.
#[utoipa::path(get, path = "/api/terminal/sessions/{id}/recording/verify", tag = "terminal",
    params(("id" = String, Path)),
    responses((status = 200, body = Verdict), (status = 401), (status = 404)))]
pub async fn verify(
    State(app): State<App>,
    May(by): May<Read>,
    Path(id): Path<SessionId>,
) -> Result<Json<Verdict>, Error> {
    let reader = app.recordings.read(&by, &id).await?;
    Ok(Json(app.recordings.verify(reader).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_http_means_them() {
        for (text, asked) in [
            ("bytes=0-0", Asked::Part(0..1)),
            ("bytes=5-", Asked::Part(5..10)),
            ("bytes=-3", Asked::Part(7..10)),
            ("bytes=-30", Asked::Part(0..10)),
            ("bytes=2-99", Asked::Part(2..10)),
            ("bytes=10-", Asked::Outside),
            ("bytes=-0", Asked::Outside),
            ("bytes=4-2", Asked::Outside),
            ("bytes=1-2,5-6", Asked::All),
            ("lines=1-2", Asked::All),
            ("nonsense", Asked::All),
        ] {
            assert_eq!(parse_range(text, 10), asked, "{text}");
        }
        assert_eq!(parse_range("bytes=0-", 0), Asked::Outside);
    }
}
