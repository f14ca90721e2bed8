//! Who may call, and how calls are refused.

use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use tokio_tungstenite::tungstenite::Error;

use crate::daemon::Daemon;
use crate::terminal::open;

async fn refused(answer: Response, status: u16, code: &str) -> Value {
    assert_eq!(answer.status(), status);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["code"], code, "{problem}");
    assert_eq!(problem["requestId"], id.as_str());
    assert_eq!(problem["status"], status);
    problem
}

#[tokio::test]
async fn only_the_key_opens_and_health_tells_strangers_little() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, "the-key\n").unwrap();
    let daemon = Daemon::start(&["--api-key-file", key.to_str().unwrap()]);
    for credential in [None, Some("Bearer wrong"), Some("Bearer the-key2"), Some("the-key")] {
        let mut call = daemon.request(Method::GET, "/api/agents");
        if let Some(credential) = credential {
            call = call.header("authorization", credential);
        }
        let problem = refused(call.send().await.unwrap(), 401, "UNAUTHENTICATED").await;
        assert_eq!(problem["title"], "Authentication failed");
    }
    match open(&daemon, "/ws/events", &[]).await {
        Err(Error::Http(answer)) => assert_eq!(answer.status(), StatusCode::UNAUTHORIZED),
        other => panic!("{other:?}"),
    }
    open(&daemon, "/ws/events", &[("authorization", "Bearer the-key")]).await.unwrap();
    let known = daemon.request(Method::GET, "/api/agents").bearer_auth("the-key").send().await.unwrap();
    assert_eq!(known.status(), StatusCode::OK);
    let stranger = daemon.json("/api/health").await;
    assert_eq!(stranger["status"], "ok");
    assert_eq!(stranger.get("activeAgents").or(stranger.get("runtimeId")), None);
    let details = daemon.request(Method::GET, "/api/health").bearer_auth("the-key").send().await.unwrap();
    assert_eq!(details.json::<Value>().await.unwrap()["activeAgents"], 0);
}

#[tokio::test]
async fn foreign_hosts_and_origins_are_refused_everywhere() {
    let daemon = Daemon::start(&["--allow-origin", "https://raven.example.com"]);
    let call = |name: &'static str, value: &'static str| {
        daemon.request(Method::GET, "/api/health").header(name, value).send()
    };
    refused(call("host", "evil.example").await.unwrap(), 403, "HOST_REFUSED").await;
    refused(call("origin", "https://evil.example").await.unwrap(), 403, "ORIGIN_REFUSED").await;
    refused(call("origin", "null").await.unwrap(), 403, "ORIGIN_REFUSED").await;
    assert_eq!(call("host", "raven.example.com").await.unwrap().status(), StatusCode::OK);
    assert_eq!(call("origin", "https://raven.example.com").await.unwrap().status(), StatusCode::OK);
    match open(&daemon, "/ws/events", &[("origin", "https://evil.example")]).await {
        Err(Error::Http(answer)) => assert_eq!(answer.status(), StatusCode::FORBIDDEN),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn calls_that_make_no_sense_are_problems_and_never_a_500() {
    let daemon = Daemon::start(&[]);
    refused(daemon.get("/nowhere").await, 404, "NOT_FOUND").await;
    refused(daemon.request(Method::PUT, "/api/spawn").send().await.unwrap(), 405, "METHOD_NOT_ALLOWED").await;
    refused(daemon.get("/api/agents/agt_nobody").await, 404, "AGENT_NOT_FOUND").await;
    refused(daemon.get("/api/agents/%2e%2e%2fetc").await, 404, "AGENT_NOT_FOUND").await;
    refused(daemon.get("/api/agents/%ff").await, 400, "MALFORMED").await;
    refused(daemon.get("/api/agents?limit=0").await, 422, "INVALID").await;
    refused(daemon.get("/api/agents?limit=many").await, 400, "MALFORMED").await;
    refused(daemon.get("/api/agents?cursor=zzz").await, 422, "INVALID").await;
    refused(daemon.get("/ws/events").await, 400, "MALFORMED").await;
    let body = |text: String| daemon.request(Method::POST, "/api/spawn").body(text).send();
    refused(body("{".to_owned()).await.unwrap(), 400, "MALFORMED").await;
    refused(body(String::new()).await.unwrap(), 400, "MALFORMED").await;
    refused(body("x".repeat(1024 * 1024 + 1)).await.unwrap(), 413, "TOO_LARGE").await;
    let long = daemon.request(Method::GET, "/api/health").header("x-long", "x".repeat(17 * 1024));
    refused(long.send().await.unwrap(), 431, "HEADERS_TOO_LARGE").await;
    let named =
        daemon.request(Method::GET, "/nowhere").header("x-request-id", "mine-1").send().await.unwrap();
    assert_eq!(refused(named, 404, "NOT_FOUND").await["requestId"], "mine-1");
}
