//! Server-sent events, at once or one at a time.
//!
//! Owns the pace. Must not know what is sent.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use futures_util::stream;
use serde_json::Value;

/// Time between two events of a slow answer.
const SLOW: Duration = Duration::from_millis(200);

/// How fast events follow each other.
#[derive(Clone, Copy)]
pub enum Pace {
    AtOnce,
    Slow,
}

/// The number of the next answer, for ids.
pub fn number() -> u64 {
    static ANSWERS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    ANSWERS.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

/// Events whose name is the `type` of their data.
pub fn typed(events: Vec<Value>, pace: Pace) -> Response {
    let named = events.into_iter().map(|data| {
        let name = data["type"].as_str().unwrap_or_default().to_owned();
        Event::default().event(name).data(data.to_string())
    });
    answer(named.collect(), pace)
}

/// Events without a name, and perhaps a last one that says that it is the last.
pub fn plain(events: Vec<Value>, end: Option<&str>, pace: Pace) -> Response {
    let data = events.into_iter().map(|data| data.to_string()).chain(end.map(str::to_owned));
    answer(data.map(|data| Event::default().data(data)).collect(), pace)
}

fn answer(events: Vec<Event>, pace: Pace) -> Response {
    let at_once = stream::iter(events.into_iter().map(Ok::<_, std::convert::Infallible>));
    match pace {
        Pace::AtOnce => Sse::new(at_once).into_response(),
        Pace::Slow => {
            let turns = stream::unfold(tokio::time::interval(SLOW), |mut turns| async {
                turns.tick().await;
                Some(((), turns))
            });
            Sse::new(at_once.zip(turns).map(|(event, ())| event)).into_response()
        }
    }
}

/// A refusal with a body of JSON.
pub fn refusal(status: StatusCode, body: Value) -> Response {
    (status, axum::Json(body)).into_response()
}
