//! The MCP endpoint: who calls is known by the key of their agent, and each request goes to its session or stands
//! for itself.
//!
//! Owns the endpoint's transport (decision 11). Must not know what can be asked for.

use std::sync::Arc;

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json, Router, routing};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::anteroom::Anteroom;
use super::door::Door;
use super::sessions::Sessions;
use super::streams::{Place, Streams, ahead, holding};
use super::told;
use crate::app::App;
use crate::auth::{AgentCaller, Auth};
use crate::error::Error;
use crate::http::extract::{MAX_BODY, credentials};
use crate::origin::Origin;
use crate::tool_calls::ToolCalls;

const SESSION: &str = "mcp-session-id";
const REVISION: &str = "mcp-protocol-version";

/// The word of a refusal for programs.
const DENIED: &str = "FORBIDDEN";

/// What counts as a call where it is answered; all else counts as a message.
const CALLS: [&str; 3] = ["tools/call", "resources/list", "resources/read"];

/// What is answered by a stream that stays open.
const LISTENS: &str = "subscriptions/listen";

/// The first revision that has no sessions.
const WITHOUT_SESSIONS: &str = "2026-07-28";

/// The endpoint, for whoever has an agent's key.
pub fn route(app: &App, cancel: CancellationToken) -> Router<App> {
    let (wires, ends) = (Wires::new(app, &cancel), cancel.clone());
    tokio::spawn(wires.sessions.clone().keep_tidy(app.auth.clone(), cancel));
    let endpoint = routing::any(move |Extension(caller), request| wires.serve(caller, request));
    let anteroom = Anteroom::new(app, config(&ends));
    let entering = middleware::from_fn_with_state((app.clone(), anteroom), enter);
    Router::new().route("/mcp", endpoint).route_layer(entering)
}

/// Leads agents in, and those who have no key yet into the anteroom.
async fn enter(State((app, anteroom)): State<(App, Anteroom)>, request: Request, next: Next) -> Response {
    if Anteroom::is_for(&request) {
        return anteroom.serve(request).await;
    }
    recognise(State(app), request, next).await
}

/// How requests are read, whoever sends them.
fn config(cancel: &CancellationToken) -> StreamableHttpServerConfig {
    // The guard has checked `Host` and `Origin` before, by the names under which this server is known.
    StreamableHttpServerConfig::default()
        .with_sse_retry(None)
        .with_json_response(true)
        .with_max_request_body_bytes(MAX_BODY)
        .with_cancellation_token(cancel.clone())
        .disable_allowed_hosts()
}

/// Lets only agents pass, and remembers which one it is.
pub async fn recognise(State(app): State<App>, mut request: Request, next: Next) -> Response {
    match app.auth.agent(&credentials(request.headers(), None)).await {
        Ok(caller) => {
            // Nothing below is to see the key, nor to log it.
            request.headers_mut().remove(header::AUTHORIZATION);
            request.extensions_mut().insert(caller.clone());
            request.extensions_mut().insert(Origin::current());
            tokio::select! {
                response = next.run(request) => until_key_ends(response, app.auth, caller),
                () = app.auth.key_ended(&caller) => refused(Error::UnknownAgentKey),
            }
        }
        Err(error) => refused(error),
    }
}

pub(super) fn refused(error: Error) -> Response {
    let unknown = matches!(error, Error::UnknownAgentKey);
    let mut response = error.into_response();
    if unknown {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// A response whose stream, if it is one, ends with the caller's key.
fn until_key_ends(response: Response, auth: Auth, caller: AgentCaller) -> Response {
    let (parts, body) = response.into_parts();
    if body.size_hint().exact().is_some() {
        return Response::from_parts(parts, body);
    }
    Response::from_parts(parts, ahead(body, async move { auth.key_ended(&caller).await }))
}

/// The two ways in which requests are served.
#[derive(Clone)]
struct Wires {
    with_sessions: StreamableHttpService<Door, LocalSessionManager>,
    without: StreamableHttpService<Door, NeverSessionManager>,
    sessions: Sessions,
    streams: Streams,
    counted: ToolCalls,
}

/// As much of a message as tells where it goes.
#[derive(Default, Deserialize)]
struct Message {
    method: Option<String>,
    id: Option<Value>,
}

impl Message {
    /// What can be read of a message; the SDK says what is wrong with one that cannot be.
    fn of(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    fn is(&self, method: &str) -> bool {
        self.method.as_deref() == Some(method)
    }
}

/// As much of an answer as tells whether it is denied.
#[derive(Deserialize)]
struct Refusal {
    error: Told,
}

#[derive(Deserialize)]
struct Told {
    data: Coded,
}

#[derive(Deserialize)]
struct Coded {
    code: String,
}

impl Wires {
    fn new(app: &App, cancel: &CancellationToken) -> Self {
        let config = config(cancel);
        let sessions = Sessions::new();
        let door = |app: &App| {
            let shared = app.clone();
            move || Ok(Door::new(shared.clone()))
        };
        Self {
            with_sessions: StreamableHttpService::new(door(app), Arc::clone(&sessions.wires), config.clone()),
            without: StreamableHttpService::new(
                door(app),
                Arc::default(),
                config.with_legacy_session_mode(false),
            ),
            sessions,
            streams: Streams::default(),
            counted: app.tool_calls.clone(),
        }
    }

    async fn serve(self, caller: AgentCaller, request: Request) -> Response {
        if request.method() == Method::POST {
            self.message(caller, request).await
        } else {
            self.stream(caller, request).await
        }
    }

    /// A message: the first of a session, one of a session, or one for itself.
    async fn message(self, caller: AgentCaller, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let Ok(bytes) = to_bytes(body, MAX_BODY).await else {
            return Error::TooLarge { limit_kib: MAX_BODY / 1024 }.into_response();
        };
        let session = session(&parts.headers);
        let message = Message::of(&bytes);
        let place = match self.admitted(&caller, &message).await {
            Ok(place) => place,
            Err(error) => return too_many(&error, message.id),
        };
        let begins = message.is("initialize");
        let request = Request::from_parts(parts, Body::from(bytes));
        let response = match session {
            Some(id) if !begins => self.within(&id, &caller, request).await,
            _ if begins => self.begin(caller, request).await,
            _ => with_its_code(answered(self.without.oneshot(request).await)).await,
        };
        with_place(response, place)
    }

    /// Counts a message, and takes a place for the stream that it may ask for.
    async fn admitted(&self, caller: &AgentCaller, message: &Message) -> Result<Option<Place>, Error> {
        if !CALLS.iter().any(|call| message.is(call)) {
            self.counted.limit_message(caller).await?;
        }
        message.is(LISTENS).then(|| self.streams.take(caller)).transpose()
    }

    /// The stream of a session, or its end.
    async fn stream(self, caller: AgentCaller, request: Request) -> Response {
        let Some(id) = session(request.headers()) else {
            return answered(self.without.oneshot(request).await);
        };
        if request.method() == Method::DELETE {
            let response = self.clone().within(&id, &caller, request).await;
            if response.status().is_success() {
                self.sessions.end(&id).await;
            }
            return response;
        }
        let counted = self.counted.limit_message(&caller).await;
        match counted.and_then(|()| self.streams.take(&caller)) {
            Ok(place) => with_place(self.within(&id, &caller, request).await, Some(place)),
            Err(error) => too_many(&error, None),
        }
    }

    async fn begin(self, caller: AgentCaller, request: Request) -> Response {
        let response = answered(self.with_sessions.oneshot(request).await);
        if let Some(id) = session(response.headers()) {
            self.sessions.opened(id, caller).await;
        }
        response
    }

    async fn within(self, id: &str, caller: &AgentCaller, request: Request) -> Response {
        let Some(entered) = self.sessions.entered(id, caller) else { return no_such_session() };
        // It keeps its session from being idle until it was read.
        answered(self.with_sessions.oneshot(request).await).map(|body| holding(body, entered))
    }
}

pub(super) fn answered<B>(response: Result<axum::http::Response<B>, std::convert::Infallible>) -> Response
where
    B: axum::body::HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    match response {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    }
}

/// The session of a request, unless its revision has none.
fn session(headers: &HeaderMap) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if text(REVISION).is_some_and(|revision| revision >= WITHOUT_SESSIONS) {
        return None;
    }
    text(SESSION).map(ToOwned::to_owned)
}

/// An answer in whose error our code for what is denied is ours again. In the newest revision -32002 is no code of MCP
/// any more, and the SDK makes another of it, whatever it was said of.
async fn with_its_code(response: Response) -> Response {
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if !is_json || response.body().size_hint().exact().is_none() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return Error::Internal(anyhow::anyhow!("an answer could not be read")).into_response();
    };
    let denied = serde_json::from_slice::<Refusal>(&bytes).is_ok_and(|told| told.error.data.code == DENIED);
    let answer = denied.then(|| serde_json::from_slice::<Value>(&bytes).ok()).flatten();
    let Some(mut answer) = answer else { return Response::from_parts(parts, Body::from(bytes)) };
    answer["error"]["code"] = told::DENIED.0.into();
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(answer.to_string()))
}

/// What clients are told whose session has ended, or never was theirs: they begin anew.
fn no_such_session() -> Response {
    let why = "there is no such session; begin one with `initialize`";
    let error = json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32001, "message": why } });
    (StatusCode::NOT_FOUND, Json(error)).into_response()
}

/// What a client is told that says too much: as a call is refused, or by the status when no answer is expected.
fn too_many(error: &Error, id: Option<Value>) -> Response {
    let status = if id.is_some() { StatusCode::OK } else { StatusCode::TOO_MANY_REQUESTS };
    let answer = json!({ "jsonrpc": "2.0", "id": id, "error": told::told(error) });
    let mut response = (status, Json(answer)).into_response();
    if let Error::RateLimited { seconds } = error {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
    }
    response
}

fn with_place(response: Response, place: Option<Place>) -> Response {
    match place {
        Some(place) => response.map(|body| holding(body, place)),
        None => response,
    }
}
