//! Nothing is changed without its entry: every route that writes leaves one, or says here why not.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::asking::{Asking, approve, reject};
use crate::operator::Operator;
use crate::surroundings::{KEY, PASSWORD, Place};

/// Who calls a route in the tables below.
enum By {
    Anyone,
    Owner,
    /// A member in a browser.
    Browser,
    Runtime,
}

type Write = (&'static str, &'static str, By, Value, &'static str);

/// Whom the tables are about.
const MEL: &str = "mel@example.com";

/// Writes with who calls them and what they leave.
fn table(workspace: &str, agent: &str) -> Vec<Write> {
    use By::{Owner, Runtime};
    let new_session = json!({ "workspaceId": workspace, "agentId": agent, "runtimeSessionId": "own-1", "runtimeEndpoint": "ws://h/t" });
    let one = json!({ "agentType": "custom", "config": { "command": ["cat"] } });
    vec![
        ("PATCH", "/api/workspace/agent-settings", Owner, json!({ "auditDays": 400 }), "settings.change"),
        (
            "POST",
            "/api/workspace/agent-settings/update",
            Owner,
            json!({ "auditDays": 365 }),
            "settings.change",
        ),
        ("POST", "/api/parallax-agents/types/{type}/install", Owner, Value::Null, "runtime.install"),
        (
            "PUT",
            "/api/parallax-agents/runtime/keys/{provider}",
            Owner,
            json!({ "key": "sk-or-0123456789" }),
            "runtime.key_set",
        ),
        ("DELETE", "/api/parallax-agents/runtime/keys/{provider}", Owner, Value::Null, "runtime.key_remove"),
        ("POST", "/api/parallax-agents/spawn", Owner, one, "agent.spawn"),
        ("POST", "/api/parallax-agents/{id}/send", Owner, json!({ "message": "hello" }), "agent.send"),
        (
            "DELETE",
            "/api/parallax-agents/{id}/messages/{messageId}",
            Owner,
            Value::Null,
            "agent.message_cancel",
        ),
        (
            "POST",
            "/api/parallax-agents/{id}/answer",
            Owner,
            json!({ "promptId": "prm_1", "choice": "1" }),
            "agent.answer",
        ),
        ("POST", "/api/parallax-agents/{id}/interrupt", Owner, Value::Null, "agent.interrupt"),
        ("POST", "/api/terminal/sessions/{id}/links", Owner, json!({}), "link.create"),
        ("DELETE", "/api/terminal/sessions/{id}/links/{linkId}", Owner, Value::Null, "link.revoke"),
        ("PUT", "/api/policies", Owner, json!({ "version": 0, "rules": [] }), "policy.change"),
        (
            "PUT",
            "/api/parallax-agents/{id}/policy",
            Owner,
            json!({ "version": 0, "rules": [] }),
            "policy.change",
        ),
        ("PUT", "/api/notifications/preferences", Owner, json!({ "topics": [] }), "notification.preferences"),
        (
            "POST",
            "/api/webhooks",
            Owner,
            json!({ "name": "h", "url": "http://127.0.0.1:9/" }),
            "webhook.create",
        ),
        ("PATCH", "/api/webhooks/{id}", Owner, json!({ "name": "other" }), "webhook.change"),
        ("POST", "/api/webhooks/{id}/rotate", Owner, Value::Null, "webhook.rotate"),
        ("POST", "/api/webhooks/{id}/test", Owner, Value::Null, "webhook.test"),
        ("DELETE", "/api/webhooks/{id}", Owner, Value::Null, "webhook.delete"),
        ("POST", "/api/audit/checkpoints", Owner, Value::Null, "audit.checkpoint"),
        ("DELETE", "/api/terminal/sessions/{id}", Owner, Value::Null, "terminal.end"),
        ("POST", "/api/parallax-agents/{id}/restart", Owner, json!({}), "agent.restart"),
        ("POST", "/api/parallax-agents/{id}/stop", Owner, json!({}), "agent.stop"),
        ("POST", "/api/terminal/sessions", Runtime, new_session, "terminal.create"),
    ]
}

/// The same, of people and their accounts.
fn of_people(workspace: &str, token: &str) -> Vec<Write> {
    use By::{Anyone, Browser, Owner};
    let login = json!({ "email": MEL, "password": PASSWORD });
    let join = json!({ "token": token, "email": "new@example.com", "name": "New", "password": PASSWORD });
    let password = json!({ "current": PASSWORD, "new": PASSWORD });
    vec![
        ("POST", "/api/auth/login", Anyone, login, "login.done"),
        ("POST", "/api/auth/join", Anyone, join, "invitation.accept"),
        ("POST", "/api/auth/workspace", Browser, json!({ "workspaceId": workspace }), "workspace.switch"),
        ("POST", "/api/auth/second-factor", Browser, json!({ "password": PASSWORD }), "second_factor.begin"),
        ("DELETE", "/api/auth/sessions/{id}", Browser, Value::Null, "session.end"),
        ("POST", "/api/auth/password", Browser, password, "password.change"),
        ("POST", "/api/auth/sessions/end-others", Browser, Value::Null, "session.end"),
        ("POST", "/api/auth/logout", Browser, Value::Null, "session.end"),
        ("POST", "/api/workspaces", Owner, json!({ "name": "Second" }), "workspace.create"),
        ("PATCH", "/api/workspace", Owner, json!({ "name": "Renamed" }), "workspace.rename"),
        ("POST", "/api/invitations", Owner, json!({ "role": "member" }), "invitation.create"),
        ("DELETE", "/api/invitations/{id}", Owner, Value::Null, "invitation.revoke"),
        ("POST", "/api/tokens", Owner, json!({ "name": "t" }), "token.create"),
        ("DELETE", "/api/tokens/{id}", Owner, Value::Null, "token.revoke"),
        ("PATCH", "/api/members/{userId}", Owner, json!({ "role": "viewer" }), "member.role"),
        ("DELETE", "/api/members/{userId}", Owner, Value::Null, "member.remove"),
    ]
}

/// The same, of agents from outside.
fn of_access(workspace: &str, token: &str) -> Vec<Write> {
    use By::{Anyone, Owner};
    let asks = json!({ "workspaceId": workspace, "agentId": "new", "agentName": "New" });
    let joins = json!({ "inviteToken": token, "agentId": "joins", "agentName": "Joins" });
    let invite = json!({ "name": "Partners", "permissions": [] });
    let (granted, other) = (json!({ "grantedPermissions": [] }), json!({ "permissions": ["read:pages"] }));
    vec![
        ("POST", "/api/parallax-agents/access-request", Anyone, asks, "agent.access_request"),
        ("POST", "/api/parallax-agents/{id}/deny", Owner, json!({}), "agent.deny"),
        ("POST", "/api/parallax-agents/{id}/approve", Owner, granted, "agent.approve"),
        ("POST", "/api/parallax-agents/{id}/permissions", Owner, other, "agent.permissions"),
        ("POST", "/api/parallax-agents/{id}/rotate-key", Owner, Value::Null, "agent.key_rotate"),
        ("POST", "/api/parallax-agents/{id}/revoke", Owner, json!({}), "agent.revoke"),
        ("POST", "/api/parallax-agents/invites", Owner, invite, "invite.create"),
        ("POST", "/api/parallax-agents/register", Anyone, joins, "agent.register"),
        ("DELETE", "/api/parallax-agents/invites/{id}", Owner, Value::Null, "invite.revoke"),
    ]
}

/// The same, of the knowledge base.
fn of_knowledge(known: &Known) -> Vec<Write> {
    use By::Owner;
    let page = json!({ "spaceId": known.space, "title": "New" });
    let comment = json!({ "pageId": known.page, "content": "Well" });
    vec![
        ("POST", "/api/spaces", Owner, json!({ "name": "More" }), "space.create"),
        ("PATCH", "/api/spaces/{id}", Owner, json!({ "name": "Other" }), "space.change"),
        ("POST", "/api/pages", Owner, page, "page.create"),
        ("PATCH", "/api/pages/{id}", Owner, json!({ "content": "text" }), "page.change"),
        ("PATCH", "/api/pages/{id}", Owner, json!({ "agentAccessible": false }), "page.access"),
        ("POST", "/api/pages/{id}/move", Owner, json!({ "parentId": null }), "page.move"),
        ("POST", "/api/pages/{id}/restore", Owner, json!({ "historyId": known.version }), "page.restore"),
        ("POST", "/api/pages/{id}/attachments", Owner, json!("bytes"), "attachment.add"),
        ("DELETE", "/api/attachments/{id}", Owner, Value::Null, "attachment.remove"),
        ("POST", "/api/comments", Owner, comment, "comment.create"),
        ("POST", "/api/comments/{id}/resolve", Owner, json!({}), "comment.resolve"),
        ("DELETE", "/api/comments/{id}", Owner, Value::Null, "comment.delete"),
        ("DELETE", "/api/pages/{id}", Owner, Value::Null, "page.trash"),
        ("POST", "/api/pages/{id}/untrash", Owner, Value::Null, "page.untrash"),
        ("DELETE", "/api/spaces/{id}", Owner, Value::Null, "space.delete"),
    ]
}

/// What is there to be written.
#[derive(Default)]
struct Known {
    space: String,
    page: String,
    version: String,
    file: String,
    comment: String,
}

impl Known {
    fn make(place: &Place) -> Self {
        let owner = place.owner();
        let id = |body: &Value| body["id"].as_str().unwrap().to_owned();
        let space = id(&owner.post("/api/spaces", &json!({ "name": "Space" })).body);
        let page = id(&owner.post("/api/pages", &json!({ "spaceId": space, "title": "Page" })).body);
        let version = id(&owner.get(&format!("/api/pages/{page}/history")).body["items"][0]);
        let file = owner.call("POST", &format!("/api/pages/{page}/attachments?name=a.txt"), Some("a".into()));
        let comment = owner.post("/api/comments", &json!({ "pageId": page, "content": "Hm" })).body;
        Self { space, page, version, file: id(&file.body), comment: id(&comment) }
    }
}

#[test]
fn every_write_of_the_knowledge_base_leaves_an_entry_with_its_request() {
    let place = Place::without_runtime();
    let known = Known::make(&place);
    let empty = place.owner().post("/api/spaces", &json!({ "name": "Empty" })).body["id"].clone();
    for (number, write) in of_knowledge(&known).into_iter().enumerate() {
        let space = if write.0 == "DELETE" { empty.as_str().unwrap() } else { &known.space };
        let target = write
            .1
            .replace("spaces/{id}", &format!("spaces/{space}"))
            .replace("pages/{id}/attachments", &format!("pages/{}/attachments?name=b.txt", known.page))
            .replace("pages/{id}", &format!("pages/{}", known.page))
            .replace("attachments/{id}", &format!("attachments/{}", known.file))
            .replace("comments/{id}", &format!("comments/{}", known.comment));
        check(&place, number, write, &target);
    }
    let (fine, said) = place.audit_command(&["verify"]);
    assert!(fine, "{said}");
}

/// Makes a call with a request id of its own, and looks for what it left.
fn check(place: &Place, number: usize, write: Write, target: &str) {
    let (method, path, by, body, action) = write;
    let request = format!("test-{number}");
    let caller = match by {
        By::Anyone => Operator::anonymous(&place.base()),
        By::Owner => place.owner(),
        By::Browser => place.browsing(MEL),
        By::Runtime => place.person(KEY),
    };
    let body = (!body.is_null()).then(|| body.to_string());
    let answer = caller.header("x-request-id", &request).call(method, target, body);
    let of_request = format!("FROM audit_log WHERE request_id = '{request}'");
    let done = place.asked(&format!("SELECT action {of_request}"));
    let is_there = done.iter().any(|found| found == action);
    assert!(is_there, "{method} {path}: {done:?} after {} {}", answer.status, answer.body);
    let addresses = place.asked(&format!("SELECT DISTINCT address {of_request}"));
    assert_eq!(addresses, ["127.0.0.1"], "{method} {path}");
}

#[test]
fn every_write_of_people_leaves_an_entry_with_its_request() {
    let place = Place::without_runtime();
    place.account(MEL, "member", &[]);
    let owner = place.owner();
    let workspace = owner.get("/api/auth/me").body["workspaceId"].as_str().unwrap().to_owned();
    let invite = || owner.post("/api/invitations", &json!({ "role": "member" })).body;
    let (to_join, to_revoke) = (invite(), invite());
    let token = owner.post("/api/tokens", &json!({ "name": "t" })).body["id"].as_str().unwrap().to_owned();
    let mel = place.id_of(MEL);
    let other =
        place.browsing(MEL).get("/api/auth/sessions").body["items"][0]["id"].as_str().unwrap().to_owned();
    for (number, write) in of_people(&workspace, to_join["token"].as_str().unwrap()).into_iter().enumerate() {
        let target = write
            .1
            .replace("sessions/{id}", &format!("sessions/{other}"))
            .replace("tokens/{id}", &format!("tokens/{token}"))
            .replace("{id}", to_revoke["id"].as_str().unwrap())
            .replace("{userId}", &mel);
        check(&place, number, write, &target);
    }
    let (fine, said) = place.audit_command(&["verify"]);
    assert!(fine, "{said}");
}

#[test]
fn every_write_leaves_an_entry_with_its_request() {
    let place = Place::with_runtime();
    let workspace = place.owner().get("/api/auth/me").body["workspaceId"].as_str().unwrap().to_owned();
    let agent = place.spawn(&["cat"]);
    place.agent_that_is(&agent, "ready");
    let session = place.session_of(&agent)["id"].as_str().unwrap().to_owned();
    let link = place.owner().post(&format!("/api/terminal/sessions/{session}/links"), &json!({}));
    let link = link.body["id"].as_str().unwrap().to_owned();
    let hook = json!({ "name": "hook", "url": "http://127.0.0.1:9/" });
    let hook = place.owner().post("/api/webhooks", &hook).body["id"].as_str().unwrap().to_owned();
    for (number, write) in table(&workspace, &agent).into_iter().enumerate() {
        let target = write
            .1
            .replace("{type}", "none-such")
            .replace("{provider}", "openrouter")
            .replace("{linkId}", &link)
            .replace("{messageId}", "msg_none")
            .replace("webhooks/{id}", &format!("webhooks/{hook}"))
            .replace("sessions/{id}", &format!("sessions/{session}"))
            .replace("{id}", &agent);
        check(&place, number, write, &target);
    }
    let (fine, said) = place.audit_command(&["verify"]);
    assert!(fine, "{said}");
}

#[test]
fn decisions_and_answers_leave_entries_that_name_who_asked_and_who_decided() {
    let asking = Asking::start();
    asking.policy(json!([{ "action": "agent.spawn", "effect": "ask" }]));
    let boss = asking.person("boss", "admin");
    assert_eq!(reject(&boss, &asking.asks_to_spawn(), "not now").status, 200);
    let approved = asking.asks_to_spawn();
    assert_eq!(approve(&boss, &approved).status, 200);
    asking.approval_that_is(&approved, "done");
    let question = asking.tool("question_ask", json!({ "question": "Which?" })).unwrap();
    let path = format!("/api/questions/{}/answer", question["questionId"].as_str().unwrap());
    assert_eq!(boss.post(&path, &json!({ "answer": "this" })).status, 200);
    let work = json!({ "title": "Read", "instructions": "Read it." });
    let assign = || boss.post(&format!("/api/agents/{}/assignments", asking.agent), &work).body["id"].clone();
    let (first, second) = (assign(), assign());
    let said = json!({ "assignmentId": first, "state": "done" });
    assert_eq!(asking.tool("assignment_report", said).unwrap()["state"], "done");
    let cancel = format!("/api/assignments/{}/cancel", second.as_str().unwrap());
    assert_eq!(boss.post(&cancel, &json!({})).status, 200);
    let kept = asking.place.asked(
        "SELECT action || ' ' || actor_kind || ' ' || actor_name || ' ' || (agent_id IS NOT NULL) FROM audit_log \
         WHERE action LIKE 'approval.%' OR action LIKE 'question.%' OR action LIKE 'assignment.%' ORDER BY seq",
    );
    for wanted in [
        "approval.request agent Scout 1",
        "approval.reject user boss@example.com 1",
        "approval.approve user boss@example.com 1",
        "approval.execute agent Scout 1",
        "assignment.create user boss@example.com 1",
        "assignment.report agent Scout 1",
        "assignment.cancel user boss@example.com 1",
        "question.ask agent Scout 1",
        "question.answer user boss@example.com 1",
    ] {
        assert!(kept.iter().any(|entry| entry == wanted), "{wanted} in {kept:?}");
    }
    let (fine, said) = asking.place.audit_command(&["verify"]);
    assert!(fine, "{said}");
}

#[test]
fn every_write_of_access_leaves_an_entry_with_its_request() {
    let place = Place::without_runtime();
    let workspace = crate::access::allow_requests(&place);
    for id in ["denied", "approved"] {
        let asks = json!({ "workspaceId": workspace, "agentId": id, "agentName": id });
        let asked = Operator::anonymous(&place.base()).post("/api/parallax-agents/access-request", &asks);
        assert_eq!(asked.status, 202, "{}", asked.body);
    }
    let invite = json!({ "name": "Partners", "permissions": [] });
    let invite = place.owner().post("/api/parallax-agents/invites", &invite).body;
    let rows = of_access(&workspace, invite["token"].as_str().unwrap());
    for (number, write) in rows.into_iter().enumerate() {
        let agent = if write.1.ends_with("/deny") { "denied" } else { "approved" };
        let target = write
            .1
            .replace("invites/{id}", &format!("invites/{}", invite["id"].as_str().unwrap()))
            .replace("{id}", agent);
        check(&place, number, write, &target);
    }
}

/// The same, of projects, tasks and memory.
fn of_work() -> Vec<Write> {
    use By::Owner;
    vec![
        ("POST", "/api/projects", Owner, json!({ "name": "P" }), "project.create"),
        ("PATCH", "/api/projects/{id}", Owner, json!({ "name": "Q" }), "project.change"),
        ("POST", "/api/tasks", Owner, json!({ "title": "T" }), "task.create"),
        ("PATCH", "/api/tasks/{id}", Owner, json!({ "title": "U" }), "task.change"),
        ("POST", "/api/tasks/{id}/claim", Owner, Value::Null, "task.claim"),
        ("POST", "/api/tasks/{id}/assign", Owner, json!({ "assigneeId": null }), "task.assign"),
        ("POST", "/api/tasks/{id}/move", Owner, json!({ "status": "blocked" }), "task.move"),
        ("POST", "/api/tasks/{id}/complete", Owner, Value::Null, "task.complete"),
        ("DELETE", "/api/tasks/{id}", Owner, Value::Null, "task.delete"),
        ("DELETE", "/api/projects/{id}", Owner, Value::Null, "project.delete"),
        ("POST", "/api/memory", Owner, json!({ "content": "C" }), "memory.store"),
        ("DELETE", "/api/memory/{id}", Owner, Value::Null, "memory.delete"),
    ]
}

#[test]
fn every_write_of_work_leaves_an_entry_with_its_request() {
    let place = Place::without_runtime();
    let made =
        |path: &str, body: Value| place.owner().post(path, &body).body["id"].as_str().unwrap().to_owned();
    let (project, task) =
        (made("/api/projects", json!({ "name": "P" })), made("/api/tasks", json!({ "title": "T" })));
    let memory = made("/api/memory", json!({ "content": "C" }));
    for (number, write) in of_work().into_iter().enumerate() {
        let target = write
            .1
            .replace("projects/{id}", &format!("projects/{project}"))
            .replace("tasks/{id}", &format!("tasks/{task}"))
            .replace("memory/{id}", &format!("memory/{memory}"));
        check(&place, number, write, &target);
    }
    let (fine, said) = place.audit_command(&["verify"]);
    assert!(fine, "{said}");
}

#[test]
fn every_route_that_writes_is_covered() {
    let place = Place::without_runtime();
    let tables = table("", "").into_iter().chain(of_people("", "")).chain(of_access("", "")).chain(of_work());
    let tables = tables.chain(of_knowledge(&Known::default()));
    let silent: BTreeSet<&str> = SILENT.iter().map(|(route, _)| *route).collect();
    let covered: BTreeSet<String> =
        tables.map(|(method, path, ..)| format!("{} {path}", method.to_lowercase())).collect();
    for route in writes(&place) {
        let known = covered.contains(&route) || silent.contains(route.as_str());
        assert!(known, "{route}: say here which entry it leaves in the audit log");
    }
}

/// Writes that leave no entry of their own, or whose entries are tested where they are made.
const SILENT: &[(&str, &str)] = &[
    ("post /api/auth/setup", "every place begins with it, and so does its log"),
    ("post /api/auth/join/look", "asks, and changes nothing"),
    ("post /api/auth/second-factor/confirm", "leaves it in the server's log: tested with second factors"),
    ("post /api/auth/second-factor/disable", "leaves it in the server's log: tested with second factors"),
    (
        "post /api/auth/second-factor/recovery-codes",
        "leaves it in the server's log: tested with second factors",
    ),
    ("put /api/workspace/sign-in", "needs a provider: tested with a browser"),
    ("delete /api/workspace/sign-in", "needs a provider: tested with a browser"),
    ("post /api/auth/connections", "begins what its end records: tested with a browser"),
    ("post /api/auth/connections/{id}/remove", "needs a provider: tested with a browser"),
    ("post /api/approvals/{id}/approve", "tested above"),
    ("post /api/approvals/{id}/reject", "tested above"),
    ("post /api/questions/{id}/answer", "tested above"),
    ("post /api/agents/{id}/assignments", "tested above"),
    ("post /api/assignments/{id}/report", "tested above"),
    ("post /api/assignments/{id}/cancel", "tested above"),
    ("post /api/parallax-agents/access-request", "tested with access"),
    ("post /api/parallax-agents/{id}/approve", "tested with access"),
    ("post /api/parallax-agents/{id}/deny", "tested with access"),
    ("post /api/parallax-agents/{id}/revoke", "tested with access"),
    ("post /api/parallax-agents/{id}/permissions", "tested with access"),
    ("post /api/parallax-agents/{id}/rotate-key", "tested with access"),
    ("post /api/parallax-agents/invites", "tested with access"),
    ("delete /api/parallax-agents/invites/{id}", "tested with access"),
    ("post /api/parallax-agents/register", "tested with access"),
    ("post /api/notifications/{id}/read", "one's own reading"),
    ("post /api/notifications/read-all", "one's own reading"),
    ("post /api/notifications/test-email", "sends to oneself, and changes nothing"),
    ("post /api/webhooks/{id}/deliveries/{deliveryId}/redeliver", "tested with webhooks"),
    ("post /api/parallax-agents/runtime/test", "asks, and changes nothing"),
    ("post /api/parallax-agents/runtime/heartbeat", "tells that nothing changed"),
    ("post /api/parallax-agents/spawn-callback", "tells of changes, which leave entries"),
    ("post /api/terminal/sessions/{runtimeSessionId}/status", "tells of changes, which leave entries"),
];

fn writes(place: &Place) -> Vec<String> {
    let description = Operator::anonymous(&place.base()).get("/api/openapi.json").body;
    let mut writes = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        let methods = item.as_object().unwrap().keys().filter(|method| *method != "get");
        writes.extend(methods.map(|method| format!("{method} {path}")));
    }
    writes
}
