//! Who may call what: every route of the description against every kind of caller.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::callers::{Callers, Who};
use crate::foreign::Foreign;
use crate::operator::Operator;
use crate::surroundings::{KEY, Place};

/// Whom a route is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    /// Everybody, signed in or not.
    Anyone,
    /// People in a browser, by their cookie: no token may do it.
    Browsers,
    /// Whoever is signed in, in any role.
    SignedIn,
    /// The same, and every agent.
    Askers,
    /// Whoever is signed in, and agents that may.
    Readers,
    /// Members and above.
    Drivers,
    /// Members and above, and agents that may.
    Spawners,
    /// Admins and above.
    Admins,
    /// The owners of a workspace.
    Owners,
    /// The same, and the workspace's control plane.
    Assigners,
    /// Whoever is signed in, every agent, and the control plane.
    Workers,
    /// Members and above, every agent, and the control plane.
    Reporters,
    /// The workspace's runtime or its control plane, and no person.
    Runtimes,
    /// The same, and whoever has the callback token of a spawn.
    Callbacks,
}

/// Every route. One that is missing here fails the test.
const ROUTES: &[(&str, &str, For)] = &[
    ("get", "/api/health", For::Anyone),
    ("post", "/api/auth/setup", For::Anyone),
    ("post", "/api/auth/login", For::Anyone),
    ("post", "/api/auth/logout", For::Anyone),
    ("get", "/api/auth/me", For::SignedIn),
    ("post", "/api/auth/join/look", For::Anyone),
    ("post", "/api/auth/join", For::Anyone),
    ("get", "/api/auth/sessions", For::Browsers),
    ("delete", "/api/auth/sessions/{id}", For::Browsers),
    ("post", "/api/auth/sessions/end-others", For::Browsers),
    ("post", "/api/auth/password", For::Browsers),
    ("post", "/api/auth/second-factor", For::Browsers),
    ("post", "/api/auth/second-factor/confirm", For::Browsers),
    ("post", "/api/auth/second-factor/disable", For::Browsers),
    ("post", "/api/auth/second-factor/recovery-codes", For::Browsers),
    ("post", "/api/auth/workspace", For::Browsers),
    ("get", "/api/workspaces", For::SignedIn),
    ("post", "/api/workspaces", For::Admins),
    ("patch", "/api/workspace", For::Owners),
    ("get", "/api/members", For::SignedIn),
    ("patch", "/api/members/{userId}", For::Admins),
    ("delete", "/api/members/{userId}", For::Admins),
    ("get", "/api/invitations", For::Admins),
    ("post", "/api/invitations", For::Admins),
    ("delete", "/api/invitations/{id}", For::Admins),
    ("get", "/api/workspace/sign-in", For::Owners),
    ("put", "/api/workspace/sign-in", For::Owners),
    ("delete", "/api/workspace/sign-in", For::Owners),
    ("get", "/api/auth/providers", For::Anyone),
    ("get", "/api/auth/oidc/{id}/start", For::Anyone),
    ("get", "/api/auth/oidc/callback", For::Anyone),
    ("get", "/api/auth/connections", For::Browsers),
    ("post", "/api/auth/connections", For::Browsers),
    ("post", "/api/auth/connections/{id}/remove", For::Browsers),
    ("get", "/api/tokens", For::SignedIn),
    ("post", "/api/tokens", For::SignedIn),
    ("delete", "/api/tokens/{id}", For::SignedIn),
    ("get", "/api/workspace/agent-settings", For::SignedIn),
    ("patch", "/api/workspace/agent-settings", For::Admins),
    ("post", "/api/workspace/agent-settings/update", For::Admins),
    ("post", "/api/parallax-agents/runtime/test", For::Drivers),
    ("get", "/api/parallax-agents/types", For::SignedIn),
    ("post", "/api/parallax-agents/types/{type}/install", For::Admins),
    ("get", "/api/parallax-agents/runtime/keys", For::Admins),
    ("put", "/api/parallax-agents/runtime/keys/{provider}", For::Admins),
    ("delete", "/api/parallax-agents/runtime/keys/{provider}", For::Admins),
    ("post", "/api/parallax-agents/spawn", For::Spawners),
    ("get", "/api/parallax-agents", For::SignedIn),
    ("get", "/api/parallax-agents/{id}", For::SignedIn),
    ("post", "/api/parallax-agents/access-request", For::Anyone),
    ("get", "/api/parallax-agents/pending", For::Admins),
    ("get", "/api/parallax-agents/available", For::SignedIn),
    ("post", "/api/parallax-agents/{id}/approve", For::Admins),
    ("post", "/api/parallax-agents/{id}/deny", For::Admins),
    ("post", "/api/parallax-agents/{id}/revoke", For::Admins),
    ("post", "/api/parallax-agents/{id}/permissions", For::Admins),
    ("post", "/api/parallax-agents/{id}/rotate-key", For::Admins),
    ("get", "/api/parallax-agents/invites", For::Admins),
    ("post", "/api/parallax-agents/invites", For::Admins),
    ("delete", "/api/parallax-agents/invites/{id}", For::Admins),
    ("post", "/api/parallax-agents/register", For::Anyone),
    ("post", "/api/parallax-agents/{id}/stop", For::Drivers),
    ("post", "/api/parallax-agents/{id}/restart", For::Drivers),
    ("post", "/api/parallax-agents/{id}/send", For::Drivers),
    ("delete", "/api/parallax-agents/{id}/messages/{messageId}", For::Drivers),
    ("post", "/api/parallax-agents/{id}/answer", For::Drivers),
    ("post", "/api/parallax-agents/{id}/interrupt", For::Drivers),
    ("get", "/api/parallax-agents/{id}/screen", For::SignedIn),
    ("get", "/api/parallax-agents/{id}/activity", For::SignedIn),
    ("get", "/api/parallax-agents/activity/workspace", For::SignedIn),
    ("get", "/api/activity", For::SignedIn),
    ("get", "/api/activity/export", For::SignedIn),
    ("get", "/api/audit", For::Admins),
    ("get", "/api/audit/export", For::Admins),
    ("get", "/api/audit/verify", For::Admins),
    ("get", "/api/audit/checkpoints", For::Admins),
    ("post", "/api/audit/checkpoints", For::Admins),
    ("get", "/api/audit/public-key", For::Admins),
    ("post", "/api/parallax-agents/spawn-callback", For::Callbacks),
    ("post", "/api/parallax-agents/runtime/heartbeat", For::Runtimes),
    ("get", "/api/terminal/sessions", For::SignedIn),
    ("post", "/api/terminal/sessions", For::Callbacks),
    ("get", "/api/terminal/sessions/{id}", For::SignedIn),
    ("delete", "/api/terminal/sessions/{id}", For::Drivers),
    ("post", "/api/terminal/sessions/{runtimeSessionId}/status", For::Callbacks),
    ("get", "/api/terminal/agents/{agentId}/session", For::SignedIn),
    ("get", "/api/terminal/sessions/{id}/recording", For::SignedIn),
    ("get", "/api/terminal/sessions/{id}/logs", For::SignedIn),
    ("get", "/api/terminal/sessions/{id}/recording/transcript", For::SignedIn),
    ("get", "/api/terminal/sessions/{id}/recording/verify", For::SignedIn),
    ("get", "/api/terminal/sessions/{id}/links", For::Drivers),
    ("post", "/api/terminal/sessions/{id}/links", For::Drivers),
    ("delete", "/api/terminal/sessions/{id}/links/{linkId}", For::Drivers),
    ("get", "/api/approvals", For::SignedIn),
    ("get", "/api/approvals/{id}", For::Askers),
    ("post", "/api/approvals/{id}/approve", For::Drivers),
    ("post", "/api/approvals/{id}/reject", For::Drivers),
    ("get", "/api/questions", For::SignedIn),
    ("post", "/api/questions/{id}/answer", For::Drivers),
    ("get", "/api/projects", For::Readers),
    ("post", "/api/projects", For::Spawners),
    ("get", "/api/projects/{id}", For::Readers),
    ("patch", "/api/projects/{id}", For::Spawners),
    ("delete", "/api/projects/{id}", For::Admins),
    ("get", "/api/tasks", For::Readers),
    ("post", "/api/tasks", For::Spawners),
    ("get", "/api/tasks/{id}", For::Readers),
    ("patch", "/api/tasks/{id}", For::Spawners),
    ("delete", "/api/tasks/{id}", For::Spawners),
    ("get", "/api/tasks/{id}/history", For::Readers),
    ("post", "/api/tasks/{id}/complete", For::Spawners),
    ("post", "/api/tasks/{id}/assign", For::Spawners),
    ("post", "/api/tasks/{id}/claim", For::Spawners),
    ("post", "/api/tasks/{id}/move", For::Spawners),
    ("get", "/api/memory", For::Readers),
    ("post", "/api/memory", For::Spawners),
    ("get", "/api/memory/days", For::Readers),
    ("delete", "/api/memory/{id}", For::Spawners),
    ("post", "/api/agents/{id}/assignments", For::Assigners),
    ("get", "/api/agents/{id}/assignments", For::Workers),
    ("get", "/api/assignments", For::Workers),
    ("get", "/api/assignments/{id}", For::Workers),
    ("post", "/api/assignments/{id}/report", For::Reporters),
    ("post", "/api/assignments/{id}/cancel", For::Assigners),
    ("get", "/api/policies", For::Admins),
    ("put", "/api/policies", For::Admins),
    ("get", "/api/parallax-agents/{id}/policy", For::Admins),
    ("put", "/api/parallax-agents/{id}/policy", For::Admins),
    ("get", "/api/notifications", For::SignedIn),
    ("post", "/api/notifications/{id}/read", For::SignedIn),
    ("post", "/api/notifications/read-all", For::SignedIn),
    ("get", "/api/notifications/preferences", For::SignedIn),
    ("put", "/api/notifications/preferences", For::SignedIn),
    ("post", "/api/notifications/test-email", For::SignedIn),
    ("get", "/api/webhooks", For::Admins),
    ("post", "/api/webhooks", For::Admins),
    ("patch", "/api/webhooks/{id}", For::Admins),
    ("delete", "/api/webhooks/{id}", For::Admins),
    ("post", "/api/webhooks/{id}/rotate", For::Admins),
    ("post", "/api/webhooks/{id}/test", For::Admins),
    ("get", "/api/webhooks/{id}/deliveries", For::Admins),
    ("post", "/api/webhooks/{id}/deliveries/{deliveryId}/redeliver", For::Admins),
    ("get", "/api/spaces", For::Readers),
    ("post", "/api/spaces", For::Drivers),
    ("get", "/api/spaces/{id}", For::Readers),
    ("patch", "/api/spaces/{id}", For::Drivers),
    ("delete", "/api/spaces/{id}", For::Admins),
    ("get", "/api/pages", For::Readers),
    ("post", "/api/pages", For::Spawners),
    ("get", "/api/pages/trash", For::Readers),
    ("get", "/api/pages/recent", For::Readers),
    ("get", "/api/pages/{id}", For::Readers),
    ("patch", "/api/pages/{id}", For::Spawners),
    ("delete", "/api/pages/{id}", For::Spawners),
    ("post", "/api/pages/{id}/move", For::Spawners),
    ("post", "/api/pages/{id}/untrash", For::Spawners),
    ("get", "/api/pages/{id}/history", For::Readers),
    ("get", "/api/pages/{id}/history/{versionId}", For::Readers),
    ("post", "/api/pages/{id}/restore", For::Spawners),
    ("get", "/api/pages/{id}/attachments", For::Readers),
    ("post", "/api/pages/{id}/attachments", For::Spawners),
    ("get", "/api/attachments/{id}", For::Readers),
    ("delete", "/api/attachments/{id}", For::Spawners),
    ("get", "/api/comments", For::Readers),
    ("post", "/api/comments", For::Spawners),
    ("post", "/api/comments/{id}/resolve", For::Spawners),
    ("delete", "/api/comments/{id}", For::Spawners),
    ("get", "/api/mentions", For::SignedIn),
    ("get", "/api/search", For::Readers),
    ("get", "/api/search/suggest", For::Readers),
];

/// A body that a runtime's route can read, so that its caller is what is judged.
fn body_for(path: &str, workspace: &str) -> Value {
    match path {
        "/api/parallax-agents/spawn-callback" => {
            json!({ "workspaceId": workspace, "agentId": "agt_none", "status": "ready" })
        }
        "/api/parallax-agents/runtime/heartbeat" => {
            json!({ "workspaceId": workspace, "runtimeId": "rt_1", "activeAgents": 0, "version": "1" })
        }
        "/api/terminal/sessions" => {
            json!({ "workspaceId": workspace, "agentId": "agt_none", "runtimeSessionId": "p1", "runtimeEndpoint": "ws://h/t" })
        }
        path if path.ends_with("/send") => json!({ "message": "hello" }),
        path if path.ends_with("/answer") => json!({ "promptId": "prm_none", "choice": "1" }),
        path if path.ends_with("/stop") || path.ends_with("/links") => json!({}),
        path if path.ends_with("/status") => json!({ "status": "active" }),
        // What a person's route would do is not done: the body is refused after the caller is accepted.
        _ => json!({ "unknown": "field" }),
    }
}

/// Whether a route lets a caller in.
fn lets_in(whom: For, who: Who) -> bool {
    use Who::{
        Admin, AgentWith, AgentWithout, Callback, ControlPlane, Member, Owner, OwnerInBrowser, Runtime,
        Stranger, Viewer,
    };
    let browsing = who == OwnerInBrowser;
    match whom {
        For::Anyone => true,
        For::Browsers => browsing,
        For::SignedIn => browsing || matches!(who, Viewer | Member | Admin | Owner | Stranger),
        For::Askers => lets_in(For::SignedIn, who) || matches!(who, AgentWith | AgentWithout),
        For::Readers => lets_in(For::SignedIn, who) || who == AgentWith,
        For::Drivers => browsing || matches!(who, Member | Admin | Owner | Stranger),
        For::Spawners => browsing || matches!(who, Member | Admin | Owner | Stranger | AgentWith),
        For::Admins => browsing || matches!(who, Admin | Owner | Stranger),
        For::Owners => browsing || who == Owner,
        For::Assigners => lets_in(For::Spawners, who) || who == ControlPlane,
        For::Workers => lets_in(For::Askers, who) || who == ControlPlane,
        For::Reporters => {
            lets_in(For::Drivers, who) || matches!(who, AgentWith | AgentWithout | ControlPlane)
        }
        For::Runtimes => matches!(who, Runtime | ControlPlane),
        For::Callbacks => matches!(who, Runtime | Callback | ControlPlane),
    }
}

/// The address of a route, with what is there for reading, and what is not for writing.
fn target(path: &str, method: &str, callers: &Callers) -> String {
    path.replace("{runtimeSessionId}", callers.session["runtimeSessionId"].as_str().unwrap())
        .replace("{agentId}", &callers.agent)
        .replace("{type}", "none-such")
        .replace("{provider}", "openrouter")
        .replace("{linkId}", "lnk_none")
        .replace("{messageId}", "msg_none")
        .replace("{deliveryId}", "dlv_none")
        .replace("{versionId}", "pgv_none")
        .replace("sessions/{id}", "sessions/ses_none")
        .replace(
            "agents/{id}",
            &format!("agents/{}", if method == "get" { &callers.agent } else { "agt_none" }),
        )
        .replace("{id}", "none")
        .replace("{userId}", "usr_none")
}

#[test]
fn every_route_is_for_those_it_is_for() {
    let callers = Callers::gather();
    let before = callers.place.owner().get(&format!("/api/parallax-agents/{}", callers.agent)).body;
    for (method, path, whom) in ROUTES {
        for (who, _) in &callers.all {
            let (status_path, who) = (path.ends_with("/status"), *who);
            if who == Who::OwnerInBrowser && *path == "/api/auth/logout" {
                // It would end the cookie that the rows after it need.
                continue;
            }
            let body = (*method != "get").then(|| body_for(path, &callers.workspace).to_string());
            let answer =
                callers.by_http(who).call(&method.to_uppercase(), &target(path, method, &callers), body);
            let refused = match answer.status {
                401 => true,
                // A setup or login with a wrong body is no refusal of the caller.
                403 => *whom != For::Anyone,
                _ => false,
            };
            let accepted = lets_in(*whom, who) || (*whom == For::Anyone && answer.status != 500);
            assert!(answer.status != 500, "{method} {path} as {who:?}: {}", answer.body);
            assert!(
                *whom == For::Anyone || refused != accepted,
                "{method} {path} as {who:?}: {} {}",
                answer.status,
                answer.body
            );
            // Of what belongs to no workspace, but to the runtime that the stranger's settings name, or to all.
            let of_runtime = path.contains("{type}") || path.contains("{provider}");
            let of_nobody = *whom == For::Anyone;
            if who == Who::Stranger
                && accepted
                && path.contains('{')
                && !status_path
                && !of_runtime
                && !of_nobody
            {
                assert!(
                    matches!(answer.status, 404 | 422),
                    "{method} {path} tells a stranger something: {}",
                    answer.body
                );
            }
        }
    }
    let after = callers.place.owner().get(&format!("/api/parallax-agents/{}", callers.agent)).body;
    assert_eq!(after["permissions"], before["permissions"], "nobody changed anything");
}

#[test]
fn every_described_route_has_its_row() {
    let place = Place::without_runtime();
    let description = Operator::anonymous(&place.base()).get("/api/openapi.json").body;
    let mut described = BTreeSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            described.insert((method.clone(), path.clone()));
        }
    }
    let rows: BTreeSet<_> =
        ROUTES.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(described, rows);
}

#[test]
fn a_callback_token_speaks_for_its_own_spawn_only() {
    let place = Place::without_runtime();
    let foreign = Foreign::start();
    let settings = json!({ "runtimeEndpoint": foreign.address, "runtimeApiKey": KEY });
    assert_eq!(place.owner().patch("/api/workspace/agent-settings", &settings).status, 200);
    let spawn = || {
        let body = json!({ "agentType": "custom", "count": 2 });
        let answer = place.owner().post("/api/parallax-agents/spawn", &body);
        assert_eq!(answer.status, 201, "{}", answer.body);
        let ids: Vec<String> =
            (0..2).map(|n| answer.body["spawnedAgents"][n]["id"].as_str().unwrap().to_owned()).collect();
        let asked = foreign.asked("/api/spawn");
        (ids, asked["callbackToken"].as_str().unwrap().to_owned(), asked["workspaceId"].clone())
    };
    let (first, token, workspace) = spawn();
    let (other, _, _) = spawn();
    let say = |token: &str, agent: &str| {
        let body = json!({ "workspaceId": workspace, "agentId": agent, "status": "ready" });
        place.person(token).post("/api/parallax-agents/spawn-callback", &body).status
    };
    assert_eq!(say(&token, &first[0]), 204);
    assert_eq!(say(&token, &first[0]), 204, "said again");
    assert_eq!(say(&token, &format!("theirs-{}", first[1])), 204, "by the runtime's own id");
    assert_eq!(say(&token, &other[0]), 404, "another spawn's agent");
    assert_eq!(say("raven_cb_wrong", &first[0]), 401);
    assert_eq!(say(&place.owner, &first[0]), 401, "a person is no runtime");
    assert_eq!(say(KEY, &other[0]), 204, "the runtime's key speaks for all");
    let beat =
        json!({ "workspaceId": workspace, "runtimeId": "rt_evil", "activeAgents": 999, "version": "6" });
    let posing = place.person(&token).post("/api/parallax-agents/runtime/heartbeat", &beat);
    assert_eq!(posing.status, 401, "one spawn's token is not the whole runtime");
    for (field, bad) in [("loginUrl", "javascript:alert(1)"), ("runtimeEndpoint", "javascript:x")] {
        let mut body = json!({ "workspaceId": workspace, "agentId": first[0], "status": "ready" });
        body[field] = json!(bad);
        assert_eq!(
            place.person(&token).post("/api/parallax-agents/spawn-callback", &body).status,
            422,
            "{field}"
        );
    }
    let mut body = json!({ "workspaceId": workspace, "agentId": first[0], "status": "failed" });
    body["error"] = json!("x".repeat(20_000));
    assert_eq!(place.person(&token).post("/api/parallax-agents/spawn-callback", &body).status, 422);
    for agent in [&first[0], &first[1], &other[0]] {
        place.agent_that_is(agent, "ready");
    }
    assert_eq!(place.owner().get(&format!("/api/parallax-agents/{}", other[1])).body["status"], "spawning");
    // The foreign runtime's terminal waits for it to dial in.
    let session = place.owner().get(&format!("/api/terminal/agents/{}/session", first[0])).body;
    assert_eq!(session["status"], "pending");
}
