//! Agents as members: who asks to be let in, who decides, and which permissions count from when.

use serde_json::{Value, json};

use crate::driving::{mcp, profile};
use crate::foreign::Foreign;
use crate::operator::{Answer, Operator, at_once};
use crate::surroundings::{KEY, Place};

const ASK: &str = "/api/parallax-agents/access-request";

pub fn allow_requests(place: &Place) -> String {
    let settings = json!({ "allowAccessRequests": true });
    assert_eq!(place.owner().patch("/api/workspace/agent-settings", &settings).status, 200);
    workspace(place)
}

fn workspace(place: &Place) -> String {
    place.owner().get("/api/auth/me").body["workspaceId"].as_str().unwrap().to_owned()
}

/// Lets agents spawn others without asking a person first.
pub fn let_agents_spawn(place: &Place) {
    let rules =
        json!([{ "action": "agent.spawn", "effect": "allow" }, { "action": "tool:*", "effect": "allow" }]);
    let version = place.owner().get("/api/policies").body["version"].clone();
    let body = json!({ "version": version, "rules": rules }).to_string();
    let put = place.owner().call("PUT", "/api/policies", Some(body));
    assert_eq!(put.status, 200, "{}", put.body);
}

fn request(place: &Place, workspace: &str, agent: &str) -> Answer {
    let body = json!({ "workspaceId": workspace, "agentId": agent, "agentName": "Scout",
        "capabilities": ["research"], "requestedPermissions": ["page.read", "write:pages"],
        "justification": "for the report", "endpoint": "https://scout.example.com", "metadata": { "team": "a" } });
    Operator::anonymous(&place.base()).post(ASK, &body)
}

fn decide(place: &Place, agent: &str, how: &str, body: &Value) -> Answer {
    place.owner().post(&format!("/api/parallax-agents/{agent}/{how}"), body)
}

/// The actions that the audit log holds of an agent, oldest first, with their outcomes.
fn audited(place: &Place, agent: &str) -> Vec<String> {
    place.asked(&format!(
        "SELECT action || ' ' || outcome FROM audit_log WHERE agent_id = '{agent}' AND action LIKE 'agent.%' ORDER BY seq"
    ))
}

#[test]
fn a_stranger_is_let_in_by_an_admin_and_by_nobody_else() {
    let place = Place::without_runtime();
    let workspace = workspace(&place);
    let closed = request(&place, &workspace, "scout-1");
    assert_eq!(closed.status, 403);
    let nowhere = request(&place, "ws_none", "scout-1");
    let without_id = |answer: &Answer| {
        let mut body = answer.body.clone();
        body["requestId"] = Value::Null;
        body
    };
    assert_eq!(
        (nowhere.status, without_id(&nowhere)),
        (403, without_id(&closed)),
        "nothing tells them apart"
    );
    allow_requests(&place);
    let mut events = place.browser("/");
    let asked = request(&place, &workspace, "scout-1");
    assert_eq!(asked.status, 202, "{}", asked.body);
    assert_eq!(asked.body.as_object().unwrap().len(), 1);
    assert!(asked.body["requestId"].as_str().unwrap().starts_with("areq_"));
    let told = events.next("agent:access_requested").args[0]["agent"].clone();
    assert_eq!(
        (&told["id"], &told["access"], &told["status"]),
        (&json!("scout-1"), &json!("pending"), &json!("waiting"))
    );
    assert!(!told.to_string().contains("for the report"), "{told}");
    assert_eq!(request(&place, &workspace, "scout-1").body, asked.body, "asked twice is asked once");

    let waiting = place.owner().get("/api/parallax-agents/pending").body;
    assert_eq!(waiting["items"].as_array().unwrap().len(), 1);
    let shown = &waiting["items"][0];
    assert_eq!(shown["requestId"], asked.body["requestId"]);
    assert_eq!(shown["requestedPermissions"], json!(["read:pages", "write:pages"]));
    assert_eq!(
        (&shown["justification"], &shown["metadata"]["team"]),
        (&json!("for the report"), &json!("a"))
    );
    assert_eq!(place.owner().get("/api/parallax-agents").body["items"], json!([]));

    let member = place.person(&place.account("ada@example.com", "member", &[]));
    let grant = json!({ "grantedPermissions": ["page.read"] });
    assert_eq!(member.post("/api/parallax-agents/scout-1/approve", &grant).status, 403);
    let stranger = place.person(&place.account("sam@example.com", "admin", &["--workspace", "Elsewhere"]));
    assert_eq!(stranger.post("/api/parallax-agents/scout-1/approve", &grant).status, 404);
    let approved = decide(&place, "scout-1", "approve", &grant);
    assert_eq!(approved.status, 200, "{}", approved.body);
    let key = approved.body["mcpApiKey"].as_str().unwrap();
    assert_eq!(approved.body["agent"]["permissions"], json!(["read:pages"]));
    assert_eq!(approved.body["agent"]["status"], "ready");
    assert_eq!(events.next("agent:access_approved").args[0]["agent"]["id"], "scout-1");
    let known = profile(&place, key);
    assert_eq!((&known["id"], &known["permissions"]), (&json!("scout-1"), &json!(["read:pages"])));
    assert_eq!(place.owner().get("/api/parallax-agents/available").body["items"][0]["id"], "scout-1");
    assert_eq!(decide(&place, "scout-1", "approve", &grant).body["code"], "ACCESS_DECIDED");
    assert_eq!(decide(&place, "scout-1", "deny", &json!({})).status, 409);

    // Who says to be it changes nothing, and learns nothing.
    let mut posing = json!({ "workspaceId": workspace, "agentId": "scout-1", "agentName": "Impostor" });
    let posed = Operator::anonymous(&place.base()).post(ASK, &posing);
    assert_eq!((posed.status, &posed.body), (202, &asked.body));
    let agent = place.owner().get("/api/parallax-agents/scout-1").body;
    assert_eq!((&agent["name"], &agent["access"]), (&json!("Scout"), &json!("approved")));
    assert_eq!(profile(&place, key)["name"], "Scout");
    posing["agentId"] = json!("pending");
    assert_eq!(Operator::anonymous(&place.base()).post(ASK, &posing).status, 422, "a word of ours");
    assert_eq!(
        audited(&place, "scout-1"),
        ["agent.access_request done", "agent.approve done", "agent.access_request refused"]
    );
    assert_eq!(
        place.activity_of("scout-1"),
        ["access_requested", "access_approved", "tool_called", "tool_called"]
    );
    assert!(!place.keeps(key), "the key is kept only as a digest");
}

#[test]
fn one_who_was_denied_or_revoked_may_ask_again() {
    let place = Place::without_runtime();
    let workspace = allow_requests(&place);
    let first = request(&place, &workspace, "scout-2").body;
    let denied = decide(&place, "scout-2", "deny", &json!({ "reason": "who are you?" }));
    assert_eq!((denied.status, &denied.body["access"]), (200, &json!("denied")));
    assert_eq!(denied.body["decision"]["reason"], "who are you?");
    assert_eq!(place.owner().get("/api/parallax-agents/pending").body["items"], json!([]));
    assert_eq!(request(&place, &workspace, "scout-2").body, first);
    let waiting = place.owner().get("/api/parallax-agents/pending").body;
    assert_eq!(waiting["items"][0]["decision"]["access"], "denied", "who asks again is seen to");
    let approved = decide(&place, "scout-2", "approve", &json!({ "grantedPermissions": [] })).body;
    let key = approved["mcpApiKey"].as_str().unwrap().to_owned();
    let revoked = decide(&place, "scout-2", "revoke", &json!({ "reason": "over" }));
    assert_eq!((revoked.status, &revoked.body["status"]), (200, &json!("stopped")));
    assert_eq!(mcp(&place, &key, "tools/list", json!({})).status, 401);
    assert_eq!(decide(&place, "scout-2", "permissions", &json!({ "permissions": [] })).status, 409);
    assert_eq!(decide(&place, "scout-2", "rotate-key", &json!({})).status, 409);
    assert_eq!(request(&place, &workspace, "scout-2").status, 202);
    assert_eq!(mcp(&place, &key, "tools/list", json!({})).status, 401, "the old key stays dead");
    let again = decide(&place, "scout-2", "approve", &json!({ "grantedPermissions": [] }));
    assert_eq!(again.status, 200, "{}", again.body);
    assert_eq!(mcp(&place, &key, "tools/list", json!({})).status, 401);
}

#[test]
fn a_request_never_touches_a_spawned_agent_and_ids_are_each_workspaces_own() {
    let place = Place::without_runtime();
    let foreign = Foreign::start();
    let settings = json!({ "runtimeEndpoint": foreign.address, "runtimeApiKey": KEY });
    assert_eq!(place.owner().patch("/api/workspace/agent-settings", &settings).status, 200);
    let workspace = allow_requests(&place);
    let agent = place.spawn(&["cat"]);
    let before = place.owner().get(&format!("/api/parallax-agents/{agent}")).body;
    assert_eq!(request(&place, &workspace, &agent).status, 202);
    assert_eq!(place.owner().get(&format!("/api/parallax-agents/{agent}")).body, before);

    let sam = place.person(&place.account("sam@example.com", "admin", &["--workspace", "Elsewhere"]));
    assert_eq!(
        sam.patch("/api/workspace/agent-settings", &json!({ "allowAccessRequests": true })).status,
        200
    );
    let elsewhere = sam.get("/api/auth/me").body["workspaceId"].as_str().unwrap().to_owned();
    for id in [agent.as_str(), "scout-3"] {
        assert_eq!(request(&place, &workspace, "scout-3").status, 202);
        assert_eq!(request(&place, &elsewhere, id).status, 202);
        let path = |how: &str| format!("/api/parallax-agents/{id}{how}");
        let approved = sam.post(&path("/approve"), &json!({ "grantedPermissions": ["read:tasks"] }));
        assert_eq!((approved.status, &approved.body["agent"]["id"]), (200, &json!(id)), "{}", approved.body);
        let theirs = profile(&place, approved.body["mcpApiKey"].as_str().unwrap());
        assert_eq!((&theirs["id"], &theirs["workspaceId"]), (&json!(id), &json!(elsewhere)));
        assert_eq!(sam.get(&path("")).body["access"], "approved");
        let feed = sam.get(&path("/activity")).body;
        assert_eq!(feed["items"].as_array().unwrap().len(), 2, "{feed}");
        assert_eq!(sam.post(&path("/revoke"), &json!({})).status, 200);
    }
    assert_eq!(place.owner().get("/api/parallax-agents/scout-3").body["access"], "pending");
    assert_eq!(place.owner().get(&format!("/api/parallax-agents/{agent}")).body, before);
}

#[test]
fn an_outside_agent_has_no_process_here() {
    let place = Place::without_runtime();
    let foreign = Foreign::start();
    let settings = json!({ "runtimeEndpoint": foreign.address, "runtimeApiKey": KEY });
    assert_eq!(place.owner().patch("/api/workspace/agent-settings", &settings).status, 200);
    let workspace = allow_requests(&place);
    request(&place, &workspace, "scout-4");
    decide(&place, "scout-4", "approve", &json!({ "grantedPermissions": ["delegate:agents"] }));
    let owner = place.owner();
    for (how, body) in [
        ("stop", json!({})),
        ("restart", json!({})),
        ("interrupt", json!({})),
        ("send", json!({ "message": "hello" })),
        ("answer", json!({ "promptId": "prm_1", "choice": "1" })),
    ] {
        let refused = owner.post(&format!("/api/parallax-agents/scout-4/{how}"), &body);
        assert_eq!((refused.status, &refused.body["code"]), (409, &json!("NOT_SPAWNED")), "{how}");
    }
    assert_eq!(owner.get("/api/parallax-agents/scout-4/screen").status, 409);
    // What a runtime says of one by this name is of no agent of its own.
    let runtime = place.person(KEY);
    let told = json!({ "workspaceId": workspace, "agentId": "scout-4", "status": "failed", "error": "gone" });
    assert_eq!(runtime.post("/api/parallax-agents/spawn-callback", &told).status, 404);
    let session = json!({ "workspaceId": workspace, "agentId": "scout-4", "runtimeSessionId": "p1", "runtimeEndpoint": "ws://h/t" });
    assert_eq!(runtime.post("/api/terminal/sessions", &session).status, 404);
    assert_eq!(owner.get("/api/parallax-agents/scout-4").body["status"], "ready");
}

#[test]
fn two_admins_who_decide_at_once_decide_once() {
    let place = Place::without_runtime();
    let workspace = allow_requests(&place);
    for round in 0..3 {
        let id = format!("scout-5-{round}");
        request(&place, &workspace, &id);
        let decisions = (0..6).map(|n| {
            let (how, body) = if n % 2 == 0 {
                ("approve", json!({ "grantedPermissions": [] }))
            } else {
                ("deny", json!({}))
            };
            (place.owner(), format!("/api/parallax-agents/{id}/{how}"), body)
        });
        let answers: Vec<u16> = at_once(decisions.collect()).iter().map(|answer| answer.status).collect();
        assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
        assert_eq!(answers.iter().filter(|status| **status == 409).count(), 5, "{answers:?}");
    }
}

#[test]
fn who_sent_a_request_does_not_decide_of_it() {
    let place = Place::without_runtime();
    let workspace = allow_requests(&place);
    let body = json!({ "workspaceId": workspace, "agentId": "mine", "agentName": "Mine" });
    assert_eq!(place.owner().post(ASK, &body).status, 202);
    let refused = decide(&place, "mine", "approve", &json!({ "grantedPermissions": [] }));
    assert_eq!(refused.status, 403, "{}", refused.body);
    let other = place.person(&place.account("ann@example.com", "admin", &[]));
    assert_eq!(
        other.post("/api/parallax-agents/mine/approve", &json!({ "grantedPermissions": [] })).status,
        200
    );
}

#[test]
fn what_a_stranger_may_say_is_bounded_and_so_is_how_often() {
    let place = Place::without_runtime();
    let workspace = allow_requests(&place);
    let anybody = Operator::anonymous(&place.base());
    let with = |field: &str, value: Value| {
        let mut body = json!({ "workspaceId": workspace, "agentId": "scout-6", "agentName": "Scout" });
        body[field] = value;
        body
    };
    for (field, value) in [
        ("agentId", json!("a b")),
        ("agentId", json!("x".repeat(129))),
        ("agentName", json!("x".repeat(101))),
        ("agentName", json!(" ")),
        ("capabilities", json!(vec!["x"; 33])),
        ("requestedPermissions", json!(["read:everything"])),
        ("description", json!("x".repeat(2001))),
        ("justification", json!("x".repeat(2001))),
        ("endpoint", json!("javascript:alert(1)")),
        ("avatarUrl", json!("file:///etc/passwd")),
        ("metadata", json!({ "x": "x".repeat(4100) })),
        ("grantedPermissions", json!(["read:pages"])),
    ] {
        let refused = anybody.post(ASK, &with(field, value.clone()));
        assert_eq!(refused.status, 422, "{field} {value}: {}", refused.body);
    }
    let mut last = 0;
    for n in 0..40 {
        last = anybody.post(ASK, &with("agentId", json!(format!("flood-{n}")))).status;
        assert!(last == 202 || last == 429, "{last}");
    }
    assert_eq!(last, 429, "a flood is slowed down");
}

#[test]
fn permissions_count_from_the_next_call() {
    let place = Place::without_runtime();
    let workspace = allow_requests(&place);
    request(&place, &workspace, "scout-7");
    let approved =
        decide(&place, "scout-7", "approve", &json!({ "grantedPermissions": ["read:pages"] })).body;
    let key = approved["mcpApiKey"].as_str().unwrap().to_owned();
    let spawn =
        || place.person(&key).post("/api/parallax-agents/spawn", &json!({ "agentType": "custom" })).status;
    assert_eq!(spawn(), 403);
    let_agents_spawn(&place);
    let mut events = place.browser("/");
    let more = json!({ "permissions": ["page.read", "delegate:agents"] });
    let changed = decide(&place, "scout-7", "permissions", &more);
    assert_eq!(changed.body["permissions"], json!(["read:pages", "delegate:agents"]), "{}", changed.body);
    events.wait("agent:status", |event| event.args[0]["agent"]["permissions"] == changed.body["permissions"]);
    assert_eq!(spawn(), 409, "it may, and there is no runtime");
    assert_eq!(decide(&place, "scout-7", "permissions", &more).status, 200, "the same again");
    assert_eq!(decide(&place, "scout-7", "permissions", &json!({ "permissions": [] })).status, 200);
    assert_eq!(spawn(), 403);
    assert_eq!(profile(&place, &key)["permissions"], json!([]));
    let changes = audited(&place, "scout-7");
    assert_eq!(changes.iter().filter(|line| *line == "agent.permissions done").count(), 2, "{changes:?}");

    let rotated = decide(&place, "scout-7", "rotate-key", &json!({})).body;
    assert_eq!(mcp(&place, &key, "tools/list", json!({})).status, 401);
    assert_eq!(profile(&place, rotated["mcpApiKey"].as_str().unwrap())["id"], "scout-7");
}

#[test]
fn nobody_gives_more_than_they_have_and_no_more_run_than_may() {
    let place = Place::without_runtime();
    let foreign = Foreign::start();
    let settings = json!({ "runtimeEndpoint": foreign.address, "runtimeApiKey": KEY, "maxAgents": 4 });
    assert_eq!(place.owner().patch("/api/workspace/agent-settings", &settings).status, 200);
    for bad in [0, 201, -1] {
        let refused = place.owner().patch("/api/workspace/agent-settings", &json!({ "maxAgents": bad }));
        assert_eq!(refused.status, 422, "{bad}");
    }
    let workspace = allow_requests(&place);
    let_agents_spawn(&place);
    request(&place, &workspace, "lead");
    let grant = json!({ "grantedPermissions": ["delegate:agents", "read:pages", "write:pages"] });
    let key = decide(&place, "lead", "approve", &grant).body["mcpApiKey"].as_str().unwrap().to_owned();
    let lead = place.person(&key);
    let spawn = |by: &Operator, permissions: Value| {
        let mut body = json!({ "agentType": "custom", "config": { "command": ["cat"] } });
        if !permissions.is_null() {
            body["permissions"] = permissions;
        }
        by.post("/api/parallax-agents/spawn", &body)
    };
    let beyond = spawn(&lead, json!(["read:pages", "delete:pages", "read:users"]));
    assert_eq!(beyond.status, 422);
    let said = beyond.body["detail"].as_str().unwrap();
    assert!(
        said.contains("delete:pages") && said.contains("read:users") && !said.contains("read:pages"),
        "{said}"
    );
    let child = |answer: &Answer| {
        let id = answer.body["spawnedAgents"][0]["id"].as_str().unwrap().to_owned();
        place.owner().get(&format!("/api/parallax-agents/{id}")).body
    };
    let usual = child(&spawn(&lead, Value::Null));
    assert_eq!(usual["permissions"], json!(["read:pages"]), "the usual, as far as it has it itself");
    assert_eq!(usual["spawnedBy"], json!({ "id": "lead", "name": "Scout", "kind": "agent" }));
    assert_eq!(child(&spawn(&lead, json!(["write:pages"])))["permissions"], json!(["write:pages"]));

    let member = place.person(&place.account("ada@example.com", "member", &[]));
    for sensitive in ["delete:pages", "delete:tasks", "delegate:agents"] {
        assert_eq!(spawn(&member, json!([sensitive])).status, 403, "{sensitive}");
    }
    assert_eq!(spawn(&member, json!(["write:pages", "assign:tasks", "execute:research"])).status, 201);

    // One place is left, for which five ask at once.
    let body =
        json!({ "agentType": "custom", "permissions": ["delete:pages"], "config": { "command": ["cat"] } });
    let asking = (0..5).map(|_| (place.owner(), "/api/parallax-agents/spawn".to_owned(), body.clone()));
    let answers = at_once(asking.collect());
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    let refused = answers.iter().find(|answer| answer.status != 201).unwrap();
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("AGENT_LIMIT")));
    assert_eq!(
        place.owner().get("/api/parallax-agents?origin=spawned").body["items"].as_array().unwrap().len(),
        4
    );
}
