//! MCP as clients of all revisions speak it: sessions, their streams and ends, and requests that stand for themselves.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::asking::Asking;
use crate::operator::wait;
use crate::programs::wait_for;
use crate::wire::{Told, Wire, hello, next_id};

const REVISIONS: [&str; 3] = ["2025-03-26", "2025-06-18", "2025-11-25"];

fn wire(asking: &Asking) -> Wire {
    Wire::new(&asking.place, &asking.key)
}

fn names(told: &Told) -> Vec<String> {
    let tools = told.message["result"]["tools"].as_array().unwrap_or_else(|| panic!("{}", told.message));
    tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

fn error(told: &Told) -> i64 {
    told.message["error"]["code"].as_i64().unwrap_or_else(|| panic!("{}", told.message))
}

/// Another agent of the same workspace, by an invite.
fn other_key(asking: &Asking) -> String {
    let invite = json!({ "name": "others", "permissions": ["read:pages"] });
    let token = asking.place.owner().post("/api/parallax-agents/invites", &invite).body["token"].clone();
    let newcomer = json!({ "inviteToken": token, "agentId": "other-1", "agentName": "Other" });
    let let_in = asking.place.owner().post("/api/parallax-agents/register", &newcomer);
    let_in.body["mcpApiKey"].as_str().unwrap_or_else(|| panic!("{}", let_in.body)).to_owned()
}

fn permit(asking: &Asking, permissions: &[&str]) {
    let path = format!("/api/parallax-agents/{}/permissions", asking.agent);
    assert_eq!(asking.place.owner().post(&path, &json!({ "permissions": permissions })).status, 200);
}

#[test]
fn sessions_begin_go_on_and_end_in_every_revision_that_has_them() {
    let asking = Asking::start();
    for revision in REVISIONS {
        let session = wire(&asking).begin(revision);
        for client in [
            session.clone(),
            session.with("mcp-protocol-version", revision),
            session.with("accept", "text/event-stream, application/json"),
        ] {
            assert!(names(&client.ask("tools/list", json!({}))).contains(&"agent_profile".to_owned()));
        }
        assert_eq!(session.ask("ping", json!({})).message["result"], json!({}));
        assert_eq!(session.listen().status, 200);
        assert_eq!(session.leave(), 202, "{revision}");
        for ended in [session.ask("tools/list", json!({})).status, session.listen().status, session.leave()] {
            assert_eq!(ended, 404, "{revision}");
        }
    }
}

#[test]
fn a_request_may_stand_for_itself_in_every_revision() {
    let asking = Asking::start();
    let alone = wire(&asking);
    assert!(names(&alone.ask("tools/list", json!({}))).contains(&"agent_profile".to_owned()));
    let newest = alone.newest();
    let found = newest.ask("server/discover", json!({}));
    let result = &found.message["result"];
    let revisions = result["supportedVersions"].as_array().unwrap();
    assert!(revisions.contains(&json!("2026-07-28")) && revisions.contains(&json!("2025-06-18")), "{result}");
    for ability in ["tools", "resources", "prompts"] {
        assert!(result["capabilities"][ability].is_object(), "{result}");
    }
    assert!(names(&newest.ask("tools/list", json!({}))).contains(&"agent_profile".to_owned()));
    let profile = newest.ask("tools/call", json!({ "name": "agent_profile", "arguments": {} }));
    assert_eq!(
        profile.message["result"]["structuredContent"]["id"],
        json!(asking.agent),
        "{}",
        profile.message
    );
    let unknown = alone.with("mcp-protocol-version", "2031-01-01").ask("tools/list", json!({}));
    assert_eq!(unknown.status, 400);
}

#[test]
fn what_is_not_known_is_refused_at_once() {
    let asking = Asking::start();
    let (alone, session) = (wire(&asking), wire(&asking).begin("2025-06-18"));
    for method in ["server/fly", "logging/setLevel", "completion/complete", "resources/subscribe"] {
        let params = json!({ "level": "info", "uri": "raven://page/a", "ref": { "type": "ref/prompt", "name": "a" },
            "argument": { "name": "a", "value": "b" } });
        assert_eq!(error(&session.ask(method, params.clone())), -32601, "{method}");
        assert_eq!(error(&alone.ask(method, params.clone())), -32601, "{method}");
        let refused = alone.newest().ask(method, params);
        assert_eq!((refused.status, error(&refused)), (404, -32601), "{method}");
    }
    let no_session = alone.with("mcp-session-id", "00000000-0000-0000-0000-000000000000");
    assert_eq!(no_session.ask("tools/list", json!({})).status, 404);
}

#[test]
fn a_session_is_of_the_key_that_began_it_and_gives_no_right() {
    let mut asking = Asking::start();
    let session = wire(&asking).begin("2025-11-25");
    let id = wire(&asking).ask("initialize", hello("2025-11-25")).session.unwrap();
    let stranger = Wire::new(&asking.place, &other_key(&asking)).with("mcp-session-id", &id);
    for status in [stranger.ask("tools/list", json!({})).status, stranger.listen().status, stranger.leave()] {
        assert_eq!(status, 404);
    }
    assert_eq!(wire(&asking).with("mcp-session-id", &id).ask("tools/list", json!({})).status, 200);
    permit(&asking, &["read:pages"]);
    let denied = session.ask("tools/call", json!({ "name": "agent_spawn", "arguments": {} }));
    assert_eq!(error(&denied), -32002, "{}", denied.message);
    let denied = wire(&asking).newest().ask("tools/call", json!({ "name": "agent_spawn", "arguments": {} }));
    assert_eq!(error(&denied), -32002, "{}", denied.message);
    asking.place.docs.take().unwrap().stop();
    asking.place.start_docs();
    let again = wire(&asking).with("mcp-session-id", &id);
    assert_eq!(again.ask("tools/list", json!({})).status, 404, "so that the client begins anew");
    let anew = wire(&asking).begin("2025-11-25");
    assert!(!names(&anew.ask("tools/list", json!({}))).is_empty());
}

#[test]
fn a_change_of_permissions_is_told_to_sessions_and_to_subscribers() {
    let asking = Asking::start();
    let session = wire(&asking).begin("2025-06-18");
    let mut stream = session.listen();
    let mut subscribed = wire(&asking).newest().listen();
    assert!(subscribed.hear("notifications/subscriptions/acknowledged").is_some());
    permit(&asking, &["read:pages"]);
    let changed = "notifications/tools/list_changed";
    assert!(stream.hear(changed).is_some() && subscribed.hear(changed).is_some());
    assert!(!names(&session.ask("tools/list", json!({}))).contains(&"agent_spawn".to_owned()));
    permit(&asking, &["delegate:agents"]);
    assert!(stream.hear(changed).is_some() && subscribed.hear(changed).is_some());
    assert!(names(&session.ask("tools/list", json!({}))).contains(&"agent_spawn".to_owned()));
}

/// Asks a question in the background that waits for long; answers when it is open.
fn asked_and_waiting(asking: &Asking, client: Wire, id: u64) -> std::thread::JoinHandle<Told> {
    let call = json!({ "name": "question_ask", "arguments": { "question": "Blue?", "waitSeconds": 50 } });
    let waiting = std::thread::spawn(move || wait(client.asking(id, "tools/call", call)));
    let path = format!("/api/questions?status=open&agentId={}", asking.agent);
    let asked = || (asking.place.owner().get(&path).body["items"] != json!([])).then_some(());
    wait_for("a question that waits", asked);
    waiting
}

/// The record of the call that ended, once it is there.
fn recorded(asking: &Asking) -> Value {
    let path = format!("/api/activity?kind=tool_called&agentId={}", asking.agent);
    wait_for("the record of the call", || asking.place.owner().get(&path).body["items"].get(0).cloned())
}

#[test]
fn a_wait_ends_when_its_call_is_cancelled_and_what_was_done_stays() {
    let asking = Asking::start();
    let (begun, session, id) = (Instant::now(), wire(&asking).begin("2025-06-18"), next_id());
    let _waiting = asked_and_waiting(&asking, session.clone(), id);
    let cancel = json!({ "requestId": id, "reason": "enough" });
    assert_eq!(session.tell("notifications/cancelled", cancel), 202);
    let record = recorded(&asking);
    assert!(record["detail"].as_str().unwrap().starts_with("question_ask · done"), "{record}");
    assert!(begun.elapsed() < Duration::from_secs(40), "the wait went on");
    let open = format!("/api/questions?status=open&agentId={}", asking.agent);
    assert_eq!(asking.place.owner().get(&open).body["items"].as_array().unwrap().len(), 1);
    assert!(!names(&session.ask("tools/list", json!({}))).is_empty(), "the session goes on");
}

#[test]
fn revocation_ends_calls_that_wait_and_streams_that_listen() {
    for kind in ["session", "alone"] {
        let asking = Asking::start();
        let begun = Instant::now();
        let session = wire(&asking).begin("2025-11-25");
        let mut streams = [session.listen(), wire(&asking).newest().listen()];
        let client = if kind == "session" { session.clone() } else { wire(&asking) };
        let waiting = asked_and_waiting(&asking, client, next_id());
        let path = format!("/api/parallax-agents/{}/revoke", asking.agent);
        assert_eq!(asking.place.owner().post(&path, &json!({ "reason": "over" })).status, 200);
        assert_eq!(waiting.join().unwrap().message.get("result"), None, "{kind}");
        for stream in &mut streams {
            assert_eq!(stream.hear("never"), None, "{kind}");
        }
        recorded(&asking);
        assert_eq!(session.ask("tools/list", json!({})).status, 401, "{kind}");
        assert!(begun.elapsed() < Duration::from_secs(40), "{kind}: something waited to its end");
    }
}
