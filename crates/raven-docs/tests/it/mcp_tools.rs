//! The gate that every call of a tool passes: who sees what, who may what, how often, and what is kept of it.

use serde_json::{Value, json};

use crate::asking::Asking;
use crate::driving::mcp;

fn names(asking: &Asking) -> Vec<String> {
    let tools = mcp(&asking.place, &asking.key, "tools/list", json!({})).body["result"]["tools"].clone();
    tools.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_agent_sees_and_uses_what_it_may() {
    let usual = ["agent_profile", "question_ask", "question_get", "approval_request", "approval_status"];
    let without = Asking::with(&["read:pages"]);
    assert_eq!(names(&without), usual);
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
}

fn is_limit(error: &Value) -> bool {
    error["code"] == -32029
}
