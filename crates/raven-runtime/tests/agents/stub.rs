//! Model providers and an MCP server on loopback, which do what a prompt's text says.
//!
//! Owns the addresses, and what was asked of them. Must not know which program asks.

mod anthropic;
mod chat;
mod gemini;
mod responses;
pub mod script;
mod stream;
mod tools;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// What every good key of a provider begins with.
pub const GOOD_KEY: &str = "stub-key-";

/// The one key that the MCP server takes.
pub const MCP_KEY: &str = "mcp-key-of-the-agents-suite";

/// What each answer of a model says it used.
pub const INPUT_TOKENS: u64 = 1_200;
pub const CACHED_TOKENS: u64 = 200;
pub const OUTPUT_TOKENS: u64 = 34;

/// The providers, running until it is dropped.
pub struct Stub {
    /// Base address, without a slash at its end.
    pub url: String,
    seen: Seen,
    _running: DropGuard,
}

/// What was asked, oldest first: `METHOD /path?query key`.
type Seen = Arc<Mutex<Vec<String>>>;

impl Stub {
    /// Starts the providers.
    pub async fn start(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let running = CancellationToken::new();
        let seen = Seen::default();
        let app =
            routes(&running).layer(middleware::from_fn_with_state(seen.clone(), note)).fallback(unknown);
        let ended = running.clone().cancelled_owned();
        tokio::spawn(async move { axum::serve(listener, app).with_graceful_shutdown(ended).await });
        Self { url, seen, _running: running.drop_guard() }
    }

    /// Where the MCP server is.
    pub fn mcp(&self) -> String {
        format!("{}/mcp", self.url)
    }

    /// What was asked so far.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn routes(running: &CancellationToken) -> Router {
    Router::new()
        .route("/v1/messages", post(anthropic::messages))
        .route("/v1/messages/count_tokens", post(anthropic::count))
        .route("/v1/responses", post(responses::create))
        .route("/v1/chat/completions", post(chat::complete))
        .route("/v1/models", get(models))
        .route("/v1beta/models/{call}", post(gemini::call))
        .nest_service("/mcp", tools::service(running))
}

/// Notes what is asked, and refuses keys that are not good.
async fn note(State(seen): State<Seen>, request: Request, next: Next) -> Response {
    let key = key(request.headers(), request.uri());
    let line = format!("{} {} {key}", request.method(), request.uri());
    seen.lock().unwrap().push(line);
    let wanted = if request.uri().path() == "/mcp" { MCP_KEY } else { GOOD_KEY };
    if key.starts_with(wanted) {
        return next.run(request).await;
    }
    let refused = serde_json::json!({"type": "error",
        "error": {"type": "authentication_error", "code": 401, "message": "the key is not good", "status": "UNAUTHENTICATED"}});
    (StatusCode::UNAUTHORIZED, axum::Json(refused)).into_response()
}

/// The key of a request, wherever its provider wants it.
fn key(headers: &HeaderMap, uri: &Uri) -> String {
    let header = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
    let bearer = || Some(header("authorization")?.strip_prefix("Bearer ")?.to_owned());
    let query = || Some(uri.query()?.split('&').find_map(|pair| pair.strip_prefix("key="))?.to_owned());
    header("x-api-key")
        .or_else(|| header("x-goog-api-key"))
        .or_else(bearer)
        .or_else(query)
        .unwrap_or_default()
}

async fn models() -> Response {
    axum::Json(serde_json::json!({"object": "list", "data": [], "models": []})).into_response()
}

async fn unknown(body: Bytes) -> Response {
    drop(body);
    (StatusCode::NOT_FOUND, "{}").into_response()
}
