//! The HTTP and WebSocket API: every route on this page.
//!
//! Owns the routes and what passes before them. Must not know rules: each call is parsed, made, rendered.

mod agents;
mod driving;
mod events;
mod guard;
mod health;
mod keys;
mod problem;
mod terminal;
mod types;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, delete, get, post, put};
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

use self::guard::Door;
use self::problem::Refusal;
use crate::config::Config;
use crate::events::Events;
use crate::heartbeat::Pulse;
use crate::outbox::Outbox;

/// Longest body of a request, in bytes.
const MAX_BODY: usize = 1024 * 1024;

/// What the calls act on.
#[derive(Clone)]
pub struct Api {
    door: Arc<Door>,
    pulse: Pulse,
    events: Events,
    outbox: Outbox,
    address: SocketAddr,
    leave: CancellationToken,
}

impl Api {
    /// Puts the handles together.
    pub fn new(
        config: &Config,
        address: SocketAddr,
        pulse: Pulse,
        events: Events,
        outbox: Outbox,
        leave: CancellationToken,
    ) -> Self {
        let door = Door::new(config.api_key.clone(), address, config.allow_origins.clone());
        Self { door: Arc::new(door), pulse, events, outbox, address, leave }
    }
}

/// Serves until the daemon leaves and every connection has ended.
pub async fn serve(listener: TcpListener, api: Api) {
    let leave = api.leave.clone();
    let listener = listener.tap_io(|connection| {
        if let Err(refused) = connection.set_nodelay(true) {
            tracing::debug!(error = %refused, "a connection stays slow to send");
        }
    });
    let server = axum::serve(listener, router(api)).with_graceful_shutdown(leave.cancelled_owned());
    if let Err(broken) = server.await {
        tracing::error!(error = %broken, "the server ended");
    }
}

/// Every route.
fn router(api: Api) -> Router {
    let known = Router::new()
        .route("/api/spawn", post(agents::spawn))
        .route("/api/agents", get(agents::list))
        .route("/api/agents/{id}", get(agents::show).delete(agents::delete))
        .route("/api/agents/{id}/stop", post(agents::stop))
        .route("/api/agents/{id}/restart", post(agents::restart))
        .route("/api/agents/{id}/send", post(driving::send))
        .route("/api/agents/{id}/messages/{message}", delete(driving::cancel))
        .route("/api/agents/{id}/answer", post(driving::answer))
        .route("/api/agents/{id}/interrupt", post(driving::interrupt))
        .route("/api/agents/{id}/screen", get(agents::screen))
        .route("/api/keys", get(keys::list))
        .route("/api/keys/{provider}", put(keys::put).delete(keys::delete))
        .route("/api/types", get(types::list))
        .route("/api/types/{type}/install", post(types::install))
        .route("/ws/events", any(events::listen))
        .route("/ws/agents/{id}/terminal", any(terminal::attach))
        .route("/metrics", get(health::metrics))
        .route_layer(from_fn_with_state(api.clone(), guard::authenticate));
    Router::new()
        .route("/api/health", get(health::health))
        .merge(known)
        .fallback(async || Refusal::NoRoute)
        .method_not_allowed_fallback(async || Refusal::NoMethod)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(CatchPanicLayer::new())
        .layer(from_fn_with_state(api.clone(), guard::admit))
        .layer(from_fn(guard::identify))
        .with_state(api)
}
