//! Callbacks and heartbeats, against a small control plane that can be away.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use crate::daemon::{Daemon, until};

/// What arrived: path, headers, body.
type Calls = Arc<Mutex<Vec<(String, HeaderMap, Value)>>>;

/// A control plane; it takes its address again after an absence.
struct ControlPlane {
    address: SocketAddr,
    calls: Calls,
    server: Option<tokio::task::JoinHandle<()>>,
}

async fn take(State((calls, mode)): State<(Calls, Mode)>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let body = serde_json::from_slice(&body).unwrap();
    calls.lock().await.push((parts.uri.path().to_owned(), parts.headers, body));
    match mode {
        Mode::Take => StatusCode::NO_CONTENT.into_response(),
        Mode::Refuse => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
        Mode::Redirect => Redirect::temporary("/elsewhere").into_response(),
    }
}

#[derive(Clone, Copy)]
enum Mode {
    Take,
    Refuse,
    Redirect,
}

impl ControlPlane {
    async fn reserve() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { address: listener.local_addr().unwrap(), calls: Calls::default(), server: None }
    }

    async fn start(&mut self, mode: Mode) {
        let address = self.address;
        let listener = until("the address is free", async || TcpListener::bind(address).await.ok()).await;
        let app = axum::Router::new().fallback(take).with_state((Arc::clone(&self.calls), mode));
        self.server = Some(tokio::spawn(async move { axum::serve(listener, app).await.unwrap() }));
    }

    async fn callbacks(&self) -> Vec<(HeaderMap, Value)> {
        let calls = self.calls.lock().await;
        let wanted =
            |call: &&(String, HeaderMap, Value)| call.0 == "/base/api/parallax-agents/spawn-callback";
        calls.iter().filter(wanted).map(|(_, headers, body)| (headers.clone(), body.clone())).collect()
    }

    fn spawn(&self, command: &[&str]) -> Value {
        json!({"agentType": "custom", "count": 1, "workspaceId": "ws_1", "callbackToken": "cb-secret",
            "callbackUrl": format!("http://{}/base", self.address), "config": {"command": command}})
    }
}

#[tokio::test]
async fn a_control_plane_that_is_away_hears_every_callback_once_after_a_crash_of_the_daemon_too() {
    let mut plane = ControlPlane::reserve().await;
    let mut daemon = Daemon::start(&[]);
    let good = daemon.spawn_with(plane.spawn(&["cat"])).await;
    daemon.status(&good, "ready").await;
    let bad = daemon.spawn_with(plane.spawn(&["no-such-program"])).await;
    daemon.status(&bad, "error").await;
    daemon.crash_and_restart();
    assert!(daemon.get("/metrics").await.text().await.unwrap().contains("raven_runtime_outbox_waiting 2"));
    plane.start(Mode::Take).await;
    let callbacks =
        until("both arrive", async || Some(plane.callbacks().await).filter(|calls| calls.len() >= 2)).await;
    let told: Vec<_> = callbacks
        .iter()
        .map(|(_, body)| (body["agentId"].as_str().unwrap(), body["status"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [(good.as_str(), "ready"), (bad.as_str(), "failed")], "in order");
    let (headers, body) = &callbacks[0];
    assert_eq!(headers["authorization"], "Bearer cb-secret");
    assert_eq!(
        headers["idempotency-key"],
        format!("{}-ready", daemon.agent(&good).await.runtime_session_id).as_str()
    );
    assert_eq!(body["workspaceId"], "ws_1");
    assert!(body["runtimeEndpoint"].as_str().unwrap().starts_with("ws://127.0.0.1:"));
    assert!(callbacks[1].1["error"].as_str().unwrap().contains("command not found"));
    until("the outbox is empty", async || {
        daemon
            .get("/metrics")
            .await
            .text()
            .await
            .unwrap()
            .contains("raven_runtime_outbox_waiting 0")
            .then_some(())
    })
    .await;
    assert_eq!(plane.callbacks().await.len(), 2, "once");
}

#[tokio::test]
async fn a_refused_callback_is_dropped_and_a_redirect_is_not_followed() {
    let mut plane = ControlPlane::reserve().await;
    plane.start(Mode::Refuse).await;
    let daemon = Daemon::start(&[]);
    let id = daemon.spawn_with(plane.spawn(&["no-such-program"])).await;
    daemon.status(&id, "error").await;
    until("it was dropped", async || {
        let waiting =
            daemon.get("/metrics").await.text().await.unwrap().contains("raven_runtime_outbox_waiting 0");
        (waiting && plane.callbacks().await.len() == 1).then_some(())
    })
    .await;
    let mut elsewhere = ControlPlane::reserve().await;
    elsewhere.start(Mode::Redirect).await;
    let id = daemon.spawn_with(elsewhere.spawn(&["no-such-program"])).await;
    daemon.status(&id, "error").await;
    until("it was tried twice", async || (elsewhere.callbacks().await.len() >= 2).then_some(())).await;
    assert!(elsewhere.calls.lock().await.iter().all(|(path, ..)| path != "/elsewhere"));
}

#[tokio::test]
async fn heartbeats_go_to_the_named_control_plane_and_to_those_of_live_agents() {
    let mut plane = ControlPlane::reserve().await;
    plane.start(Mode::Take).await;
    let folder = tempfile::tempdir().unwrap();
    let agent = {
        let daemon = Daemon::start_in(folder, &["--control-plane", &format!("http://{}", plane.address)]);
        let beat = until("the named one hears", async || {
            let calls = plane.calls.lock().await;
            calls.iter().find(|(path, ..)| path == "/api/parallax-agents/runtime/heartbeat").cloned()
        })
        .await;
        assert_eq!(beat.2.get("workspaceId"), None);
        assert!(beat.2["runtimeId"].as_str().unwrap().starts_with("rt_"));
        let id = daemon.spawn_with(plane.spawn(&["cat"])).await;
        let (_, headers, body) = until("the spawn's hears", async || {
            let calls = plane.calls.lock().await;
            calls.iter().find(|(path, ..)| path == "/base/api/parallax-agents/runtime/heartbeat").cloned()
        })
        .await;
        assert_eq!(headers["authorization"], "Bearer cb-secret");
        assert_eq!((body["workspaceId"].as_str(), body["activeAgents"].as_u64()), (Some("ws_1"), Some(1)));
        id
    };
    assert!(agent.starts_with("agt_"));
}
