//! Spawns that cannot be done: refused with the field's name, or failed with the agent's last words.

use serde_json::json;

use crate::programs::wait_for;
use crate::surroundings::Place;

#[test]
fn what_is_out_of_bounds_is_refused_and_leaves_nothing() {
    let place = Place::with_runtime();
    for (body, status, code) in [
        (json!({ "agentType": "unknown-kind" }), 422, "UNKNOWN_AGENT_TYPE"),
        (json!({ "agentType": "No Kind" }), 422, "INVALID"),
        (json!({}), 422, "INVALID"),
        (json!({ "agentType": "custom", "count": 0 }), 422, "INVALID"),
        (json!({ "agentType": "custom", "count": 11 }), 422, "INVALID"),
        (json!({ "agentType": "custom", "count": "two" }), 422, "INVALID"),
        (json!({ "agentType": "custom", "count": -1 }), 422, "INVALID"),
        (json!({ "agentType": "custom", "name": "" }), 422, "INVALID"),
        (json!({ "agentType": "custom", "typo": 1 }), 422, "INVALID"),
        (json!({ "agentType": "custom", "config": { "comand": ["x"] } }), 422, "INVALID"),
        (json!({ "agentType": "custom", "config": { "command": [] } }), 422, "INVALID"),
        (json!({ "agentType": "claude-code", "config": { "command": ["x"] } }), 422, "INVALID"),
        (json!({ "agentType": "custom", "config": { "cols": 0 } }), 422, "INVALID"),
        (json!({ "agentType": "custom", "config": { "cwd": "relative" } }), 422, "INVALID"),
    ] {
        let answer = place.owner().post("/api/parallax-agents/spawn", &body);
        assert_eq!(
            (answer.status, answer.body["code"].as_str()),
            (status, Some(code)),
            "{body} {}",
            answer.body
        );
    }
    let answer = place.owner().call("POST", "/api/parallax-agents/spawn", Some("{".into()));
    assert_eq!((answer.status, &answer.body["code"]), (400, &json!("MALFORMED")));
    assert_eq!(place.owner().get("/api/parallax-agents").body["items"], json!([]));
}

#[test]
fn an_agent_that_cannot_start_ends_as_an_error_with_its_last_lines() {
    let place = Place::with_runtime();
    let mut events = place.browser("/");
    let missing = place.spawn(&["no-such-command-anywhere"]);
    let failed = place.agent_that_is(&missing, "error");
    assert!(failed["error"].as_str().unwrap().contains("no-such-command-anywhere"), "{failed}");
    let event = events.wait("agent:error", |event| event.args[0]["agent"]["id"] == missing.as_str());
    assert_eq!(event.args[0]["error"], failed["error"]);

    let dying = place.spawn(&["sh", "-c", "echo all is lost; exit 3"]);
    let failed = place.agent_that_is(&dying, "error");
    let error = failed["error"].as_str().unwrap();
    assert!(error.contains("all is lost") && error.contains('3'), "{error}");
    // The callback may tell of the end before the event stream, which knows the exit status too.
    wait_for("the exit status", || {
        let agent = place.owner().get(&format!("/api/parallax-agents/{dying}")).body;
        (agent["exitCode"] == 3).then_some(())
    });
    assert!(place.activity_of(&dying).contains(&"agent_failed".into()));
    let feed = place.owner().get("/api/activity?kind=agent_failed").body;
    assert!(feed["items"][0]["detail"].as_str().unwrap().contains("all is lost"), "{feed}");
}

#[test]
fn a_working_folder_that_is_missing_is_the_runtimes_to_refuse() {
    let place = Place::with_runtime();
    let body = json!({ "agentType": "custom", "count": 2, "config": { "cwd": "/no/such/folder" } });
    let answer = place.owner().post("/api/parallax-agents/spawn", &body);
    assert_eq!(
        (answer.status, &answer.body["title"]),
        (422, &json!("Agent spawn failed")),
        "{}",
        answer.body
    );
    assert!(answer.body["detail"].as_str().unwrap().contains("/no/such/folder"));
    let agents = place.owner().get("/api/parallax-agents").body;
    for agent in agents["items"].as_array().unwrap() {
        assert_eq!(agent["status"], "error", "never spawning for ever: {agent}");
    }
}
