//! What an agent is at, and driving it: prompts, logins, messages, keys; against a runtime that says what a test wants.

use serde_json::{Value, json};

use crate::foreign::{Foreign, report};
use crate::operator::{Answer, Operator};
use crate::surroundings::{KEY, Place};

/// A control plane with a foreign runtime, an agent there, and what its spawn said.
pub fn spawned(more: Value) -> (Place, Foreign, String, Value) {
    let (place, foreign) = (Place::without_runtime(), Foreign::start());
    let (agent, asked) = spawn_at(&place, &foreign, more);
    (place, foreign, agent, asked)
}

/// Spawns an agent at a foreign runtime; answers its id and what its spawn said.
pub fn spawn_at(place: &Place, foreign: &Foreign, more: Value) -> (String, Value) {
    let settings = json!({ "runtimeEndpoint": foreign.address, "runtimeApiKey": KEY });
    assert_eq!(place.owner().patch("/api/workspace/agent-settings", &settings).status, 200);
    let mut body = json!({ "agentType": "custom" });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let answer = place.owner().post("/api/parallax-agents/spawn", &body);
    assert_eq!(answer.status, 201, "{}", answer.body);
    let agent = answer.body["spawnedAgents"][0]["id"].as_str().unwrap().to_owned();
    (agent, foreign.asked("/api/spawn"))
}

/// Has the runtime report an agent: it does so with its answer to an interruption.
pub fn tell(place: &Place, foreign: &Foreign, agent: &str, status: &str, doing: Value) -> Value {
    foreign.answers("/interrupt", 202, report(agent, status, doing));
    let answer = place.owner().post(&format!("/api/parallax-agents/{agent}/interrupt"), &json!({}));
    assert_eq!(answer.status, 202, "{}", answer.body);
    answer.body
}

pub fn prompt(id: &str) -> Value {
    json!({ "id": id, "kind": "permission", "question": "Run `ls`?", "tool": "Bash",
        "options": [{ "id": "1", "label": "Yes" }, { "id": "2", "label": "No" }] })
}

#[test]
fn a_prompt_is_told_answered_once_and_gone_with_its_agent() {
    let (place, foreign, agent, _) = spawned(json!({}));
    let mut events = place.browser("/");
    let shown = tell(&place, &foreign, &agent, "waiting", json!({ "prompt": prompt("prm_1"), "queued": 1 }));
    assert_eq!((&shown["prompt"]["id"], &shown["queued"]), (&json!("prm_1"), &json!(1)), "{shown}");
    assert_eq!(events.next("agent:prompt").args[0]["prompt"]["tool"], "Bash");

    let path = format!("/api/parallax-agents/{agent}/answer");
    for bad in [json!({ "promptId": "prm_1" }), json!({ "promptId": "prm_1", "choice": "1", "text": "x" })] {
        assert_eq!(place.owner().post(&path, &bad).status, 422, "{bad}");
    }
    let refusal = json!({ "type": "t", "title": "t", "status": 409, "detail": "it asks something else now",
        "code": "PROMPT_CHANGED", "requestId": "r" });
    foreign.answers("/answer", 409, refusal);
    let stale = place.owner().post(&path, &json!({ "promptId": "prm_0", "choice": "1" }));
    assert_eq!((stale.status, &stale.body["code"]), (409, &json!("PROMPT_CHANGED")));
    assert_eq!(stale.body["detail"], "it asks something else now");

    foreign.answers("/answer", 200, report(&agent, "busy", json!({})));
    let answered = place.owner().post(&path, &json!({ "promptId": "prm_1", "choice": "1" }));
    assert_eq!((answered.status, &answered.body["prompt"]), (200, &Value::Null), "{}", answered.body);
    assert_eq!(events.next("agent:prompt").args[0]["prompt"], Value::Null);

    let limit = json!({ "limit": { "text": "5-hour limit" }, "prompt": prompt("prm_2") });
    tell(&place, &foreign, &agent, "waiting", limit);
    let gone = tell(&place, &foreign, &agent, "stopped", json!({ "prompt": prompt("prm_2"), "queued": 2 }));
    assert_eq!(
        (&gone["prompt"], &gone["limit"], &gone["queued"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );

    let feed = place.owner().get(&format!("/api/parallax-agents/{agent}/activity")).body;
    let of = |kind: &str| {
        let entries = feed["items"].as_array().unwrap().iter().filter(|entry| entry["kind"] == kind);
        entries.map(|entry| entry["detail"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(of("agent_prompt"), ["Run `ls`?", "Run `ls`?"], "{feed}");
    assert_eq!(of("agent_prompt_answered"), ["Yes"]);
    assert_eq!(of("agent_interrupted").len(), 3);
}

#[test]
fn what_is_shown_is_told_although_the_status_stays() {
    let (place, foreign, agent, _) = spawned(json!({}));
    tell(&place, &foreign, &agent, "busy", json!({}));
    let mut events = place.browser("/");
    let usage = json!({ "usage": { "inputTokens": 7 }, "version": "2.1", "branch": "raven/one" });
    let shown = tell(&place, &foreign, &agent, "busy", usage);
    assert_eq!((&shown["usage"]["inputTokens"], &shown["version"]), (&json!(7), &json!("2.1")));
    let told = events.wait("agent:status", |event| event.args[0]["agent"]["usage"].is_object());
    assert_eq!(
        (&told.args[0]["status"], &told.args[0]["agent"]["branch"]),
        (&json!("busy"), &json!("raven/one"))
    );
}

#[test]
fn a_login_is_told_again_when_more_of_it_is_known() {
    let (place, foreign, agent, _) = spawned(json!({}));
    let mut events = place.browser("/");
    tell(&place, &foreign, &agent, "login_required", json!({ "login": { "kind": "menu" } }));
    assert_eq!(events.next("agent:login_required").args[0]["loginUrl"], Value::Null);
    let login = json!({ "kind": "device_code", "url": "https://a.example/device", "trusted": true, "userCode": "AB-12" });
    let shown = tell(&place, &foreign, &agent, "login_required", json!({ "login": login }));
    assert_eq!(shown["loginUrl"], "https://a.example/device");
    let again = events.next("agent:login_required").args[0].clone();
    assert_eq!((&again["loginUrl"], &again["userCode"]), (&login["url"], &json!("AB-12")));
    assert_eq!(again["agent"]["login"], login);
    let ready = tell(&place, &foreign, &agent, "ready", json!({}));
    assert_eq!((&ready["login"], &ready["loginUrl"]), (&Value::Null, &Value::Null));
    let logins = place.activity_of(&agent).iter().filter(|kind| *kind == "login_required").count();
    assert_eq!(logins, 1);
}

#[test]
fn a_session_wants_the_login_of_its_agent_and_is_active_again_after_it() {
    let place = Place::with_runtime();
    let agent = place.spawn(&["cat"]);
    place.agent_that_is(&agent, "ready");
    let mut terminal = place.browser("/terminal");
    terminal.emit("attach", &json!({ "agentId": agent }));
    assert_eq!(terminal.next("attached").args[0]["status"], "active");
    let workspace = place.owner().get("/api/auth/me").body["workspaceId"].clone();
    let call = |status: &str, url: Value| {
        let body = json!({ "workspaceId": workspace, "agentId": agent, "status": status, "loginUrl": url });
        assert_eq!(place.person(KEY).post("/api/parallax-agents/spawn-callback", &body).status, 204);
    };
    for url in ["https://a.example/one", "https://a.example/two"] {
        call("requires_login", json!(url));
        let told = terminal.wait("status", |event| event.args[0]["status"] == "login_required");
        assert_eq!(told.args[0]["loginUrl"], url);
    }
    assert_eq!(place.agent_that_is(&agent, "login_required")["loginUrl"], "https://a.example/two");
    crate::programs::wait_for("the session's status", || {
        (place.session_of(&agent)["status"] == "login_required").then_some(())
    });
    call("ready", Value::Null);
    terminal.wait("status", |event| event.args[0]["status"] == "active");
    assert_eq!(place.agent_that_is(&agent, "ready")["loginUrl"], Value::Null);
}

#[test]
fn a_message_is_passed_on_and_its_text_kept_nowhere() {
    let (place, foreign, agent, _) = spawned(json!({}));
    let path = format!("/api/parallax-agents/{agent}/send");
    foreign.answers("/send", 202, json!({ "messageId": "msg_1", "state": "queued" }));
    let sent = place.owner().post(&path, &json!({ "message": "the secret plan", "queue": true }));
    assert_eq!((sent.status, &sent.body), (202, &json!({ "messageId": "msg_1", "state": "queued" })));
    let asked = foreign.asked("/send");
    assert_eq!(asked, json!({ "message": "the secret plan", "submit": true, "queue": true }));
    let refusal = json!({ "type": "t", "title": "t", "status": 409, "detail": "it works", "code": "AGENT_BUSY", "requestId": "r" });
    foreign.answers("/send", 409, refusal);
    let busy = place.owner().post(&path, &json!({ "message": "more" }));
    assert_eq!((busy.status, &busy.body["code"]), (409, &json!("AGENT_BUSY")));
    let long = place.owner().post(&path, &json!({ "message": "x".repeat(70_000) }));
    assert_eq!((long.status, &long.body["code"]), (422, &json!("INVALID")));
    let feed = place.owner().get(&format!("/api/parallax-agents/{agent}/activity")).body.to_string();
    assert!(feed.contains("agent_message_sent") && !feed.contains("secret plan"), "{feed}");
}

#[test]
fn a_message_that_waits_is_taken_back_and_the_feed_tells_who_did_it() {
    let (place, foreign, agent, _) = spawned(json!({}));
    let waits = json!({ "queued": 2, "queuedMessages": ["msg_1", "msg_2"] });
    let shown = tell(&place, &foreign, &agent, "busy", waits);
    assert_eq!(shown["queuedMessages"], json!(["msg_1", "msg_2"]));
    let mut events = place.browser("/");
    let left = json!({ "queued": 1, "queuedMessages": ["msg_2"] });
    foreign.answers("/messages/msg_1", 200, report(&agent, "busy", left));
    let path = |message: &str| format!("/api/parallax-agents/{agent}/messages/{message}");
    let taken = place.owner().call("DELETE", &path("msg_1"), None);
    assert_eq!((taken.status, &taken.body["queuedMessages"]), (200, &json!(["msg_2"])), "{}", taken.body);
    events.wait("agent:status", |event| event.args[0]["agent"]["queued"] == 1);
    for (message, status, code, ours) in
        [("msg_2", 409, "MESSAGE_TYPED", "MESSAGE_TYPED"), ("msg_3", 404, "MESSAGE_NOT_FOUND", "NOT_FOUND")]
    {
        let problem = json!({ "type": "t", "title": "t", "status": status, "detail": "it was typed", "code": code, "requestId": "r" });
        foreign.answers(&format!("/messages/{message}"), status, problem);
        let refused = place.owner().call("DELETE", &path(message), None);
        assert_eq!((refused.status, &refused.body["code"]), (status, &json!(ours)), "{}", refused.body);
    }
    let cancelled =
        place.activity_of(&agent).iter().filter(|kind| *kind == "agent_message_cancelled").count();
    assert_eq!(cancelled, 1);
    let ended =
        tell(&place, &foreign, &agent, "stopped", json!({ "queued": 1, "queuedMessages": ["msg_2"] }));
    assert_eq!(ended["queuedMessages"], Value::Null, "who has ended waits for nothing");
}

#[test]
fn a_provider_key_passes_through_and_is_told_nowhere() {
    let (place, foreign, _, _) = spawned(json!({}));
    let path = "/api/parallax-agents/runtime/keys/anthropic";
    foreign.answers(
        "/api/keys/anthropic",
        200,
        json!({ "provider": "anthropic", "source": "api", "fingerprint": "wxyz" }),
    );
    let put = |body: Value| place.owner().call("PUT", path, Some(body.to_string()));
    for bad in ["short", "with a space in it", &"x".repeat(600)] {
        assert_eq!(put(json!({ "key": bad })).status, 422, "{bad}");
    }
    let set = put(json!({ "key": "sk-very-secret-wxyz" }));
    assert_eq!((set.status, &set.body["fingerprint"]), (200, &json!("wxyz")));
    assert_eq!(foreign.asked("/api/keys/anthropic"), json!({ "key": "sk-very-secret-wxyz" }));
    assert!(put(json!({ "key": 5 })).status >= 400);
    let other = place.owner().call("PUT", "/api/parallax-agents/runtime/keys/evil", Some("{}".to_owned()));
    assert_eq!(other.status, 400);
    let feed = place.owner().get("/api/activity").body.to_string();
    assert!(feed.contains("anthropic key given") && !feed.contains("very-secret"), "{feed}");
}

#[test]
fn the_real_runtime_is_driven_and_its_reasons_are_told() {
    let place = Place::with_runtime();
    let agent = place.spawn(&["cat"]);
    place.agent_that_is(&agent, "ready");
    let post =
        |what: &str, body: Value| place.owner().post(&format!("/api/parallax-agents/{agent}/{what}"), &body);
    let sent = post("send", json!({ "message": "hello there", "submit": false }));
    assert_eq!((sent.status, &sent.body["state"]), (202, &json!("typed")), "{}", sent.body);
    let stale = post("answer", json!({ "promptId": "prm_none", "choice": "1" }));
    assert_eq!((stale.status, &stale.body["code"]), (409, &json!("PROMPT_CHANGED")), "{}", stale.body);

    let key = "/api/parallax-agents/runtime/keys/openai";
    let put = place.owner().call("PUT", key, Some(json!({ "key": "sk-very-secret-wxyz" }).to_string()));
    assert_eq!((put.status, &put.body["source"]), (200, &json!("api")), "{}", put.body);
    let held = place.owner().get("/api/parallax-agents/runtime/keys").body;
    assert_eq!(held["items"][0]["provider"], "openai", "{held}");
    assert!(!held.to_string().contains("very-secret"));
    assert_eq!(place.owner().call("DELETE", key, None).status, 204);
    assert_eq!(place.owner().get("/api/parallax-agents/runtime/keys").body["items"], json!([]));
}

/// Calls the MCP endpoint.
pub fn mcp(place: &Place, key: &str, method: &str, params: Value) -> Answer {
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let accept = "text/event-stream, application/json";
    Operator::with_token(&place.base(), key).header("accept", accept).post("/mcp", &request)
}

/// What an agent is told of itself.
pub fn profile(place: &Place, key: &str) -> Value {
    let answer = mcp(place, key, "tools/call", json!({ "name": "agent_profile" }));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["result"]["structuredContent"].clone()
}

#[test]
fn an_agent_is_known_by_its_key_until_it_ends() {
    let permissions = json!({ "permissions": ["page.read", "write:tasks", "write:tasks"], "name": "Scout" });
    let (place, foreign, agent, asked) = spawned(permissions);
    assert_eq!(asked["permissions"], json!(["read:pages", "write:tasks"]));
    assert_eq!(asked["mcp"]["url"], format!("{}/mcp", place.base()));
    let key = asked["mcp"]["keys"][&agent].as_str().unwrap().to_owned();
    assert!(key.starts_with("raven_mcp_"));

    let client = json!({ "name": "t", "version": "1" });
    for revision in ["2025-03-26", "2025-06-18", "2025-11-25"] {
        let hello = json!({ "protocolVersion": revision, "capabilities": {}, "clientInfo": client });
        let answer = mcp(&place, &key, "initialize", hello);
        assert_eq!((answer.status, &answer.body["result"]["protocolVersion"]), (200, &json!(revision)));
    }
    let tools = mcp(&place, &key, "tools/list", json!({})).body["result"]["tools"].clone();
    assert_eq!(tools[0]["name"], "agent_profile", "{tools}");
    let profile = mcp(&place, &key, "tools/call", json!({ "name": "agent_profile" })).body["result"].clone();
    let told = &profile["structuredContent"];
    assert_eq!((&told["id"], &told["name"]), (&json!(agent), &json!("Scout")), "{profile}");
    assert_eq!(told["permissions"], asked["permissions"]);
    let text: Value = serde_json::from_str(profile["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(&text, told);
    assert_eq!(mcp(&place, &key, "tools/call", json!({ "name": "none" })).body["error"]["code"], -32602);

    for bad in [place.owner.as_str(), KEY, "raven_mcp_wrong"] {
        assert_eq!(mcp(&place, bad, "tools/list", json!({})).status, 401, "{bad}");
    }
    assert_eq!(place.person(&key).get("/api/parallax-agents").status, 403, "an agent is no person");
    tell(&place, &foreign, &agent, "stopped", json!({}));
    assert_eq!(mcp(&place, &key, "tools/list", json!({})).status, 401, "it has ended");
    let unknown = json!({ "agentType": "custom", "permissions": ["fly:pages"] });
    let refused = place.owner().post("/api/parallax-agents/spawn", &unknown);
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert!(refused.body["detail"].as_str().unwrap().contains("fly:pages"), "{}", refused.body);
}
