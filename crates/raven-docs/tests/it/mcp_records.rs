//! What is recorded of agents: each call and each reading, whoever goes meanwhile; and how arguments may be spelled.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::asking::Asking;
use crate::crew::Crew;
use crate::programs::wait_for;
use crate::wire::ACCEPT;

/// A request whose client hangs up when this is dropped.
fn asked(asking: &Asking, path: &str, (headers, body): (&str, &Value)) -> TcpStream {
    let address = asking.place.base().replace("http://", "");
    let (key, body) = (&asking.key, body.to_string());
    let mut wire = TcpStream::connect(&address).unwrap();
    let length = body.len();
    write!(
        wire,
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\nAccept: {ACCEPT}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
    .unwrap();
    wire
}

/// The surfaces that have no session, as they are spoken to: a name, a path, headers, and a call's body.
fn alone(call: &Value) -> [(&'static str, &'static str, &'static str, Value); 3] {
    let message =
        |params: Value| json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    let mut newest = call.clone();
    newest["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let headers = "mcp-protocol-version: 2026-07-28\r\nmcp-method: tools/call\r\nmcp-name: question_ask\r\n";
    [
        ("older", "/api/mcp-standard/call_tool", "", call.clone()),
        ("alone", "/mcp", "", message(call.clone())),
        ("newest", "/mcp", headers, message(newest)),
    ]
}

#[test]
fn a_call_whose_client_hangs_up_waits_no_longer_and_is_recorded() {
    let asking = Asking::start();
    let owner = asking.place.owner();
    let ask = json!({ "name": "question_ask", "arguments": { "question": "Blue?", "waitSeconds": 50 } });
    for (n, (surface, path, headers, body)) in alone(&ask).into_iter().enumerate() {
        let begun = Instant::now();
        let wire = asked(&asking, path, (headers, &body));
        let open = format!("/api/questions?status=open&agentId={}", asking.agent);
        let is_open = || (owner.get(&open).body["items"].as_array()?.len() == n + 1).then_some(());
        wait_for("a question that waits", is_open);
        drop(wire);
        let calls = format!("/api/activity?kind=tool_called&agentId={}", asking.agent);
        let feed = wait_for("the record of the call", || {
            let items = owner.get(&calls).body["items"].clone();
            (items.as_array()?.len() == n + 1).then_some(items)
        });
        assert!(feed[0]["detail"].as_str().unwrap().starts_with("question_ask · done"), "{surface}: {feed}");
        assert!(begun.elapsed() < Duration::from_secs(40), "{surface}: the wait went on");
    }
}

#[test]
fn what_was_done_is_answered_although_it_could_not_be_recorded() {
    let crew = Crew::start();
    let agent = crew.worker("Worker");
    let full = "CREATE TRIGGER full BEFORE INSERT ON audit_log WHEN NEW.action = 'tool.call' \
        BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
    crew.place.asked(full);
    let made = crew.tool(&agent, "task_create", json!({ "title": "Once" })).expect("it is done");
    assert_eq!(made["title"], "Once", "{made}");
    assert_eq!(crew.place.owner().get("/api/tasks").body["items"].as_array().unwrap().len(), 1);
}

#[test]
fn what_agents_read_by_http_is_recorded_as_their_calls_are() {
    let crew = Crew::start();
    let (owner, agent) = (crew.place.owner(), crew.worker("Reader"));
    let space = crew.made("/api/spaces", json!({ "name": "Handbook" }));
    let page = crew.made("/api/pages", json!({ "spaceId": space, "title": "Open", "content": "x" }));
    let closed =
        crew.made("/api/pages", json!({ "spaceId": space, "title": "Closed", "agentAccessible": false }));
    let task = crew.made("/api/tasks", json!({ "title": "Do" }));
    let project = crew.made("/api/projects", json!({ "name": "Release" }));
    for (path, tool) in [
        ("/api/spaces".to_owned(), "space_list"),
        (format!("/api/spaces/{space}"), "space_get"),
        ("/api/pages".to_owned(), "page_list"),
        (format!("/api/pages/{page}"), "page_get"),
        (format!("/api/pages/{page}/history"), "page_get_history"),
        (format!("/api/pages/{page}/attachments"), "page_get"),
        ("/api/pages/recent".to_owned(), "page_recent"),
        (format!("/api/comments?pageId={page}"), "comment_list"),
        ("/api/search?q=open".to_owned(), "search_query"),
        ("/api/search/suggest?q=op".to_owned(), "search_suggest"),
        ("/api/tasks".to_owned(), "task_list"),
        (format!("/api/tasks/{task}"), "task_get"),
        ("/api/projects".to_owned(), "project_list"),
        (format!("/api/projects/{project}"), "project_get"),
        ("/api/memory".to_owned(), "memory_query"),
        ("/api/memory/days".to_owned(), "memory_days"),
        (format!("/api/agents/{}/assignments", agent.id), "assignment_get"),
    ] {
        let rows = || {
            crew.place.asked(
                "SELECT actor_kind || ' ' || target_id FROM audit_log WHERE action = 'tool.call' ORDER BY seq",
            )
        };
        let before = rows().len();
        assert_eq!(owner.get(&path).status, 200, "{path}");
        assert_eq!(rows().len(), before, "{path}: people read unrecorded");
        assert_eq!(crew.by_http(&agent).get(&path).status, 200, "{path}");
        assert_eq!(rows()[before..], [format!("agent {tool}")], "{path}");
    }
    let path = format!("/api/pages/{closed}");
    assert_eq!(crew.by_http(&agent).get(&path).status, 403);
    let refused = "SELECT target_id FROM audit_log WHERE action = 'access.refused' AND actor_kind = 'agent'";
    assert_eq!(crew.place.asked(refused), [format!("GET {path}")]);
    let feed = owner.get(&format!("/api/activity?kind=tool_called&agentId={}&limit=200", agent.id)).body;
    assert!(feed.to_string().contains("page_get · asked for by HTTP"), "{feed}");
}

#[test]
fn arguments_within_arguments_are_taken_in_both_spellings() {
    let asking = Asking::start();
    let spelled = json!({
        "agent_type": "custom",
        "config": { "command": ["cat"], "permission_mode": "plan", "env": { "MY_KEY": "x" } },
        "assignment": { "title": "Look", "instructions": "Look around.", "page_ids": [] },
    });
    let asked = asking.tool("agent_spawn", spelled).unwrap_err();
    assert_eq!(asked["code"], -32005, "{asked}");
    let request = asked["data"]["requestId"].as_str().unwrap();
    let approval = asking.place.owner().get(&format!("/api/approvals/{request}")).body.to_string();
    assert!(!approval.contains("permission_mode"), "{approval}");
    let decided = crate::asking::approve(&asking.place.owner(), request);
    assert_eq!(decided.status, 200, "{}", decided.body);
    let spawn = asking.foreign.asked("/api/spawn");
    assert_eq!(
        (&spawn["config"]["permissionMode"], &spawn["config"]["env"]["MY_KEY"]),
        (&json!("plan"), &json!("x"))
    );
    let unknown = json!({ "agentType": "custom", "config": { "no_such": 1 } });
    let refused = asking.tool("agent_spawn", unknown).unwrap_err();
    assert_eq!(refused["data"]["argument"], "config.no_such", "{refused}");
}

#[test]
fn an_agent_tests_the_runtime_of_the_settings_and_no_other_address() {
    let asking = Asking::start();
    for arguments in [json!({}), json!({ "endpoint": asking.foreign.address })] {
        let tested = asking.tool("agent_runtime_test", arguments.clone()).unwrap();
        assert!(tested["connected"].is_boolean(), "{arguments}: {tested}");
    }
    for other in ["http://127.0.0.1:9", "http://192.0.2.1:8765", "none"] {
        let refused = asking.tool("agent_runtime_test", json!({ "endpoint": other })).unwrap_err();
        assert_eq!(refused["code"], -32002, "{other}: {refused}");
    }
    let without = Asking::with(&["read:pages"]);
    assert_eq!(without.tool("agent_runtime_test", json!({})).unwrap_err()["code"], -32002);
}
