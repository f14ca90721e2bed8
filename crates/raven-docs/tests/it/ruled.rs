//! Rules that must not be got around by another name, another tool or another field.
//!
//! Owns these ways around. Must not know how rules are matched.

use serde_json::{Value, json};

use crate::crew::Crew;

fn rule(crew: &Crew, rules: &Value) {
    let owner = crew.place.owner();
    let version = owner.get("/api/policies").body["version"].clone();
    let put =
        owner.call("PUT", "/api/policies", Some(json!({ "version": version, "rules": rules }).to_string()));
    assert_eq!(put.status, 200, "{}", put.body);
}

#[test]
fn a_change_of_a_task_does_nothing_that_the_tool_for_it_is_denied() {
    let crew = Crew::start();
    let agent = crew.worker("agent");
    let task = crew.task(json!({ "title": "T" }));
    let project = crew.made("/api/projects", json!({ "name": "P" }));
    let http = crew.by_http(&agent);
    for (tool, change) in [
        ("task_complete", json!({ "status": "done" })),
        ("task_assign", json!({ "assigneeId": agent.id })),
        ("task_claim", json!({ "assigneeId": agent.id })),
        ("task_move_to_project", json!({ "projectId": project })),
    ] {
        rule(&crew, &json!([{ "action": format!("tool:{tool}"), "effect": "deny" }]));
        let mut arguments = change.clone();
        arguments["taskId"] = json!(task);
        let by_tool = crew.tool(&agent, "task_update", arguments).unwrap_err();
        assert!(by_tool["message"].as_str().unwrap().contains(tool), "{by_tool}");
        let by_http = http.patch(&format!("/api/tasks/{task}"), &change);
        assert_eq!((by_http.status, &by_http.body["code"]), (403, &json!("FORBIDDEN")), "{}", by_http.body);
        let named = http.patch(&format!("/api/tasks/{task}"), &json!({ "title": tool }));
        assert_eq!(named.status, 200, "the rest is free: {}", named.body);
    }
    rule(&crew, &json!([{ "action": "tool:task_complete", "effect": "deny" }]));
    let moved = http.post(&format!("/api/tasks/{task}/move"), &json!({ "status": "done" }));
    assert_eq!(moved.status, 403, "{}", moved.body);
    let seen = crew.seen(&task);
    assert_eq!((&seen["status"], &seen["projectId"]), (&json!("todo"), &Value::Null), "{seen}");
}

#[test]
fn a_rule_on_another_name_of_a_tool_counts() {
    let crew = Crew::start();
    let agent = crew.worker("agent");
    for (rule_of, called) in [
        ("memory_store", "memory_store"),
        ("memory_store", "memory_ingest"),
        ("memory_ingest", "memory_store"),
    ] {
        rule(&crew, &json!([{ "action": format!("tool:{rule_of}"), "effect": "deny" }]));
        let denied = crew.tool(&agent, called, json!({ "content": "x" })).unwrap_err();
        assert!(denied["message"].as_str().unwrap().contains("denies"), "{rule_of}, {called}: {denied}");
    }
    rule(&crew, &json!([]));
    assert!(crew.tool(&agent, "memory_store", json!({ "content": "x" })).is_ok());
}

#[test]
fn an_agent_that_is_denied_reading_reads_nothing_by_writing_or_searching() {
    let crew = Crew::start();
    let agent = crew.worker("agent");
    let space = crew.made("/api/spaces", json!({ "name": "Handbook", "slug": "handbook" }));
    let page = json!({ "spaceId": space, "title": "Plan", "content": "the quagga sleeps" });
    let page = crew.made("/api/pages", page);
    let http = crew.by_http(&agent);
    let path = format!("/api/pages/{page}");
    let shown = |change: Value| {
        let mut arguments = change.clone();
        arguments["pageId"] = json!(page);
        let by_tool = crew.tool(&agent, "page_update", arguments);
        let search = crew.tool(&agent, "search_query", json!({ "query": "quagga" })).unwrap();
        let found = http.get("/api/search?q=quagga").body;
        assert_eq!(found["items"][0]["title"], "Plan", "{found}");
        format!("{} {by_tool:?} {search} {found}", http.patch(&path, &change).body)
    };
    let told = shown(json!({ "append": "more" }));
    assert!(told.contains("quagga"), "{told}");
    rule(&crew, &json!([{ "action": "tool:page_get", "effect": "deny" }]));
    for change in [json!({ "append": "more" }), json!({ "content": "other", "version": 1 })] {
        let told = shown(change);
        assert!(!told.contains("quagga"), "{told}");
    }
}
