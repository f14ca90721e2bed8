//! The gate that every call of a tool passes: who sees what, who may what, how often, and what is kept of it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::asking::Asking;
use crate::callers::{Callers, Who};
use crate::driving::mcp;
use crate::operator::Operator;

fn names(asking: &Asking) -> Vec<String> {
    let tools = mcp(&asking.place, &asking.key, "tools/list", json!({})).body["result"]["tools"].clone();
    tools.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

/// Every tool by family, with the permission that it needs. One that is missing here fails the test.
const AGENTS: &[Row] = &[
    ("agent_profile", None),
    ("agent_spawn", Some("delegate:agents")),
    ("agent_list", Some("delegate:agents")),
    ("agent_delegate", Some("delegate:agents")),
    ("agent_updateStatus", None),
    ("agent_logActivity", None),
    ("agent_runtime_test", Some("delegate:agents")),
];

const ASSIGNMENTS: &[Row] =
    &[("assignment_next", None), ("assignment_get", None), ("assignment_report", None)];

const QUESTIONS: &[Row] = &[("question_ask", None), ("question_get", None)];

const APPROVALS: &[Row] = &[("approval_request", None), ("approval_status", None)];

const SPACES: &[Row] = &[("space_list", Some("read:spaces")), ("space_get", Some("read:spaces"))];

const PAGES: &[Row] = &[
    ("page_list", Some("read:pages")),
    ("page_get", Some("read:pages")),
    ("page_create", Some("write:pages")),
    ("page_update", Some("write:pages")),
    ("page_move", Some("write:pages")),
    ("page_delete", Some("delete:pages")),
    ("page_recent", Some("read:pages")),
    ("page_breadcrumbs", Some("read:pages")),
    ("page_get_history", Some("read:pages")),
    ("page_restore", Some("write:pages")),
];

const COMMENTS: &[Row] = &[
    ("comment_create", Some("write:comments")),
    ("comment_list", Some("write:comments")),
    ("comment_resolve", Some("write:comments")),
    ("mention_list", None),
];

const SEARCHES: &[Row] = &[
    ("page_search", Some("read:pages")),
    ("search_query", Some("read:pages")),
    ("search_suggest", Some("read:pages")),
];

const PROJECTS: &[Row] = &[("project_list", Some("read:projects")), ("project_get", Some("read:projects"))];

const TASKS: &[Row] = &[
    ("task_list", Some("read:tasks")),
    ("task_get", Some("read:tasks")),
    ("task_create", Some("write:tasks")),
    ("task_update", Some("write:tasks")),
    ("task_complete", Some("write:tasks")),
    ("task_assign", Some("assign:tasks")),
    ("task_move_to_project", Some("write:tasks")),
    ("task_claim", Some("write:tasks")),
    ("task_delete", Some("delete:tasks")),
];

const MEMORY: &[Row] = &[
    ("memory_ingest", Some("write:memory")),
    ("memory_query", Some("read:memory")),
    ("memory_days", Some("read:memory")),
];

const CATALOGUE: &[Row] = &[("tool_search", None), ("tool_categories", None)];

type Row = (&'static str, Option<&'static str>);

fn tools() -> Vec<Row> {
    let families = [
        AGENTS,
        ASSIGNMENTS,
        QUESTIONS,
        APPROVALS,
        SPACES,
        PAGES,
        COMMENTS,
        SEARCHES,
        PROJECTS,
        TASKS,
        MEMORY,
        CATALOGUE,
    ];
    families.concat()
}

#[test]
fn every_tool_is_for_those_it_is_for() {
    let callers = Callers::gather();
    let place = &callers.place;
    let listed = |who| {
        let tools =
            mcp(place, callers.credential(who), "tools/list", json!({})).body["result"]["tools"].clone();
        let names = tools.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned());
        names.collect::<BTreeSet<_>>()
    };
    let all: BTreeSet<_> = tools().iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(listed(Who::AgentWith), all);
    let free = tools().into_iter().filter(|(_, needs)| needs.is_none()).map(|(name, _)| name.to_owned());
    assert_eq!(listed(Who::AgentWithout), free.collect());
    for (name, needs) in tools() {
        let call = json!({ "name": name, "arguments": {} });
        for (who, credential) in &callers.all {
            let answer = match who {
                Who::Anonymous | Who::OwnerInBrowser => callers.by_http(*who).post("/mcp", &json!({})),
                _ => mcp(place, credential, "tools/call", call.clone()),
            };
            match who {
                Who::AgentWith | Who::AgentWithout => {
                    let denied = answer.body["error"]["code"] == -32002;
                    let expected = *who == Who::AgentWithout && needs.is_some();
                    assert_eq!(
                        (answer.status, denied),
                        (200, expected),
                        "{name} as {who:?}: {}",
                        answer.body
                    );
                }
                _ => assert_eq!(answer.status, 401, "{name} as {who:?}: {}", answer.body),
            }
        }
    }
}

/// The tools of who has no key.
const WITHOUT_KEY: &[&str] = &["agent_register"];

#[test]
fn without_a_key_one_sees_and_calls_the_way_to_one_and_nothing_else() {
    let place = crate::surroundings::Place::without_runtime();
    let invite = json!({ "name": "Partners", "permissions": ["read:pages"], "usesRemaining": 1 });
    let invite = place.owner().post("/api/parallax-agents/invites", &invite).body["token"].clone();
    let nobody = || {
        let accept = "application/json, text/event-stream";
        crate::operator::Operator::anonymous(&place.base()).header("accept", accept)
    };
    let say = |method: &str, params: Value| {
        nobody().post("/mcp", &json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }))
    };
    let client = json!({ "name": "c", "version": "1" });
    let hello = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client });
    let begun = say("initialize", hello);
    assert_eq!((begun.status, &begun.body["result"]["serverInfo"]["name"]), (200, &json!("raven")));
    assert_eq!(begun.body["result"]["capabilities"], json!({ "tools": {} }), "{}", begun.body);
    let listed = say("tools/list", json!({})).body["result"]["tools"].clone();
    let listed: Vec<&str> =
        listed.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(listed, WITHOUT_KEY);
    for (name, _) in tools() {
        let refused = say("tools/call", json!({ "name": name, "arguments": {} }));
        assert_eq!(refused.status, 401, "{name}: {}", refused.body);
    }
    for method in
        ["resources/list", "resources/read", "prompts/list", "completion/complete", "logging/setLevel"]
    {
        assert_eq!(say(method, json!({})).status, 401, "{method}");
    }
    assert_eq!(nobody().get("/mcp").status, 401);
    assert_eq!(nobody().post("/api/mcp-standard/list_tools", &json!({})).status, 401);
    let wrong = crate::operator::Operator::with_token(&place.base(), "raven_mcp_wrong");
    assert_eq!(
        wrong.post("/mcp", &json!({ "method": "tools/list" })).status,
        401,
        "a wrong key is no way in"
    );

    let register = |token: &Value| {
        let arguments = json!({ "inviteToken": token, "agent_name": "Pat", "agentDescription": "Reviews" });
        say("tools/call", json!({ "name": "agent_register", "arguments": arguments })).body
    };
    let joined = register(&invite)["result"]["structuredContent"].clone();
    assert_eq!(joined["permissions"], json!(["read:pages"]), "{joined}");
    assert_eq!(joined["workspaceId"], place.owner().get("/api/auth/me").body["workspaceId"]);
    let profile = crate::driving::profile(&place, joined["apiKey"].as_str().unwrap());
    assert_eq!((&profile["id"], &profile["description"]), (&joined["agentId"], &json!("Reviews")));
    let again = register(&invite);
    assert_eq!(again["error"]["data"]["code"], "INVITE_ENDED", "{again}");
    let limited = (0..40).map(|_| register(&json!("inv_guess"))).find(|answer| is_limit(&answer["error"]));
    assert!(limited.is_some(), "as the route of registrations is");
    let entries = place.asked("SELECT actor_name FROM audit_log WHERE action = 'agent.register'");
    assert_eq!(entries, ["Pat"]);
}

#[test]
fn an_agent_sees_and_uses_what_it_may() {
    let without = Asking::with(&["read:pages"]);
    let refused = without.tool("agent_spawn", json!({ "agentType": "custom" })).unwrap_err();
    assert_eq!(refused["code"], -32002, "{refused}");
    assert!(refused["message"].as_str().unwrap().contains("delegate:agents"), "{refused}");
    let with = Asking::start();
    assert!(names(&with).contains(&"agent_spawn".to_owned()));
    for bad in [json!({}), json!({ "agentType": "custom", "speed": 9 }), json!({ "agentType": "no such" })] {
        assert_eq!(with.tool("agent_spawn", bad.clone()).unwrap_err()["code"], -32602, "{bad}");
    }
}

#[test]
fn the_workspace_is_ones_own() {
    let asking = Asking::start();
    let workspace = asking.place.owner().get("/api/auth/me").body["workspaceId"].clone();
    for name in ["workspaceId", "workspace_id"] {
        let mut arguments = json!({});
        arguments[name] = workspace.clone();
        assert_eq!(asking.tool("agent_profile", arguments).unwrap()["name"], "Scout");
        let mut other = json!({});
        other[name] = json!("ws_other");
        assert_eq!(asking.tool("agent_profile", other).unwrap_err()["code"], -32002, "{name}");
    }
}

#[test]
fn every_call_is_in_the_feed_with_how_it_went() {
    let asking = Asking::start();
    asking.tool("agent_profile", json!({})).unwrap();
    asking.tool("agent_profile", json!({ "x": 1 })).unwrap_err();
    asking.asks_to_spawn();
    let path = format!("/api/activity?kind=tool_called&agentId={}", asking.agent);
    let feed = asking.place.owner().get(&path).body["items"].clone();
    let told: Vec<&str> =
        feed.as_array().unwrap().iter().map(|entry| entry["detail"].as_str().unwrap()).collect();
    assert_eq!(told.len(), 3, "{feed}");
    for (entry, begins) in told.iter().zip([
        "agent_spawn · waits for approval",
        "agent_profile · failed",
        "agent_profile · done",
    ]) {
        assert!(entry.starts_with(begins), "{entry}");
    }
}

#[test]
fn an_agent_that_calls_too_often_is_told_when_to_come_back() {
    let asking = Asking::start();
    let agent = asking.tools(&asking.key);
    let refused = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    (0..300)
                        .find_map(|_| agent.call("agent_profile", &json!({ "x": 1 })).err().filter(is_limit))
                })
            })
            .collect();
        callers.into_iter().find_map(|caller| caller.join().unwrap()).expect("a limit")
    });
    assert_eq!(refused["data"]["code"], "RATE_LIMITED", "{refused}");
    assert!(refused["data"]["retryAfter"].as_u64().unwrap() >= 1, "{refused}");
    // Another door has no other limit.
    let by_http = Operator::with_token(&asking.place.base(), &asking.key);
    let spawn = json!({ "agentType": "no such type" });
    let answers = (0..60).map(|_| by_http.post("/api/parallax-agents/spawn", &spawn).status);
    assert!(answers.collect::<Vec<_>>().contains(&429));
}

fn is_limit(error: &Value) -> bool {
    error["code"] == -32029
}

#[test]
fn an_argument_that_cannot_be_taken_is_named() {
    let asking = Asking::start();
    for (tool, arguments, named) in [
        ("agent_spawn", json!({}), "agentType"),
        ("agent_spawn", json!({ "agentType": "custom", "speed": 9 }), "speed"),
        ("agent_spawn", json!({ "agent_type": "custom", "config": { "cols": "wide" } }), "config.cols"),
        ("question_ask", json!({ "question": "Which?", "options": ["a", 2] }), "options[1]"),
        ("question_get", json!({}), "questionId"),
    ] {
        let refused = asking.tool(tool, arguments.clone()).unwrap_err();
        assert_eq!(
            (&refused["code"], &refused["data"]["argument"]),
            (&json!(-32602), &json!(named)),
            "{refused}"
        );
        assert!(refused["message"].as_str().unwrap().contains(named), "{refused}");
    }
}

#[test]
fn a_tool_tells_all_that_a_client_wants_to_know() {
    let asking = Asking::start();
    let tools = mcp(&asking.place, &asking.key, "tools/list", json!({})).body["result"]["tools"].clone();
    let of = |name: &str| tools.as_array().unwrap().iter().find(|tool| tool["name"] == name).unwrap().clone();
    let spawn = of("agent_spawn");
    assert_eq!(spawn["title"], "Spawn agents");
    assert_eq!(spawn["_meta"], json!({ "raven/category": "agent", "raven/permission": "delegate:agents" }));
    let adds = json!({
        "title": "Spawn agents",
        "readOnlyHint": false,
        "destructiveHint": false,
        "idempotentHint": false,
        "openWorldHint": false,
    });
    assert_eq!(spawn["annotations"], adds);
    let takes = &spawn["inputSchema"];
    assert_eq!((&takes["required"], &takes["additionalProperties"]), (&json!(["agentType"]), &json!(false)));
    assert_eq!(takes["properties"]["count"]["maximum"], 10, "{takes}");
    assert!(takes["properties"]["permissions"].to_string().contains("read:pages"), "{takes}");
    let answers = &of("question_ask")["outputSchema"];
    assert_eq!(answers["properties"]["deadline"]["format"], "date-time", "{answers}");
    assert_eq!(of("agent_profile")["annotations"]["readOnlyHint"], true);
}
