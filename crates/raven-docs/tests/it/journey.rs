//! The main job from end to end: test the runtime, spawn, watch it live, type, stop, read the feed.

use serde_json::{Value, json};

use crate::programs::{is_alive, wait_for};
use crate::surroundings::Place;

#[test]
fn spawn_type_and_stop() {
    let place = Place::with_runtime();
    let owner = place.owner();

    let tested = owner.post("/api/parallax-agents/runtime/test", &json!({}));
    assert_eq!(tested.body["connected"], true, "{}", tested.body);
    assert!(tested.body["latency"].as_f64().unwrap() > 0.0);
    assert_eq!((&tested.body["version"], &tested.body["activeAgents"]), (&json!("0.1.0"), &json!(0)));
    let settings = owner.get("/api/workspace/agent-settings").body;
    assert_eq!(settings["hostingMode"], "local");
    assert_eq!(settings["runtimeAuthType"], "api_key");
    assert_eq!(settings["runtimeStatus"]["connected"], true, "{settings}");

    let mut events = place.browser("/");
    let agent = place.spawn(&["bash", "--norc"]);
    for status in ["spawning", "starting", "ready"] {
        let event = events.wait("agent:status", |event| event.args[0]["status"] == status);
        assert_eq!(event.args[0]["agent"]["id"], agent.as_str());
    }
    assert_eq!(events.next("agent:started").args[0]["agent"]["id"], agent.as_str());
    assert_eq!(events.next("agent:ready").args[0]["agent"]["id"], agent.as_str());
    events.wait("terminal:status", |event| event.args[0]["status"] == "active");

    let mut terminal = place.browser("/terminal");
    terminal.emit("attach", &json!({ "agentId": agent }));
    let attached = terminal.next("attached").args[0].clone();
    assert_eq!((&attached["role"], &attached["status"]), (&json!("writer"), &json!("active")), "{attached}");
    assert_eq!((&attached["cols"], &attached["rows"]), (&json!(80), &json!(24)));
    terminal.emit("resize", &json!({ "cols": 100, "rows": 30 }));
    assert_eq!(terminal.next("size").args[0], json!({ "cols": 100, "rows": 30 }));
    terminal.emit("input", &json!("stty size; echo $((6*7))-$TERM-$COLORTERM\r"));
    let output = terminal.see("42-xterm-256color-truecolor");
    assert!(String::from_utf8_lossy(&output).contains("30 100"));

    let pid = u32::try_from(place.agent_that_is(&agent, "ready")["pid"].as_u64().unwrap()).unwrap();
    assert!(is_alive(pid));
    let stopped = owner.post(&format!("/api/parallax-agents/{agent}/stop"), &json!({}));
    assert_eq!(stopped.status, 202, "{}", stopped.body);
    let event = events.next("agent:stopped");
    assert_eq!(event.args[0]["reason"], "stopped by request", "{:?}", event.args);
    assert!(!is_alive(pid));
    terminal.wait("status", |event| event.args[0]["status"] == "terminated");
    terminal.next("detached");

    let kinds = wait_for("the session's end in the feed", || {
        let kinds = place.activity_of(&agent);
        (kinds.len() >= 5).then_some(kinds)
    });
    let (last_two, first) = (&kinds[3..], &kinds[..3]);
    assert_eq!(first, ["agent_spawned", "terminal_session_created", "agent_ready"]);
    assert!(
        last_two.contains(&"agent_stopped".into())
            && last_two.contains(&"terminal_session_terminated".into())
    );
    events.wait("activity:added", |event| event.args[0]["kind"] == "agent_stopped");
}

#[test]
fn several_agents_get_numbered_names_and_a_command_of_their_own() {
    let place = Place::with_runtime();
    let body = json!({
        "agentType": "custom", "count": 3, "name": "Reviewers", "capabilities": ["code_review"],
        "config": { "command": ["cat"], "env": { "GREETING": "hallo" }, "cols": 90, "rows": 20 },
    });
    let spawned = place.owner().post("/api/parallax-agents/spawn", &body).body;
    let names: Vec<&str> = spawned["spawnedAgents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|agent| agent["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Reviewers 1", "Reviewers 2", "Reviewers 3"]);
    let listed = place.owner().get("/api/parallax-agents?capabilities=code_review&limit=2").body;
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let cursor = listed["nextCursor"].as_str().unwrap();
    let rest =
        place.owner().get(&format!("/api/parallax-agents?capabilities=code_review&limit=2&cursor={cursor}"));
    assert_eq!(rest.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(rest.body["nextCursor"], json!(null));
    for agent in spawned["spawnedAgents"].as_array().unwrap() {
        place.agent_that_is(agent["id"].as_str().unwrap(), "ready");
    }
    let tested = place.owner().post("/api/parallax-agents/runtime/test", &json!({})).body;
    assert_eq!(tested["activeAgents"], 3);
}

#[test]
fn a_repeated_spawn_with_its_key_spawns_nothing_more() {
    let place = Place::with_runtime();
    let body = json!({ "agentType": "custom", "count": 2, "config": { "command": ["cat"] } });
    let asked = |token: &str, key: &str, body: &Value| {
        place.person(token).header("idempotency-key", key).post("/api/parallax-agents/spawn", body)
    };
    let first = asked(&place.owner, "k1", &body);
    let again = asked(&place.owner, "k1", &body);
    let ids = |answer: &Value| {
        answer["spawnedAgents"].as_array().unwrap().iter().map(|a| a["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(ids(&first.body), ids(&again.body));
    let other = json!({ "agentType": "custom", "count": 1 });
    assert_eq!(asked(&place.owner, "k1", &other).status, 422, "the key of another request");
    let member = place.account("member@example.com", "member", &[]);
    assert_ne!(ids(&asked(&member, "k1", &body).body), ids(&first.body), "somebody else's key");
    assert_eq!(place.owner().get("/api/parallax-agents").body["items"].as_array().unwrap().len(), 4);
}

#[test]
fn a_repeated_spawn_that_failed_has_still_failed() {
    let place = Place::with_runtime();
    let body = json!({ "agentType": "custom", "config": { "cwd": "/no/such/folder" } });
    let ask = || place.owner().header("idempotency-key", "k").post("/api/parallax-agents/spawn", &body);
    assert_eq!(ask().status, 422);
    let again = ask();
    assert_eq!(again.body["title"], "Agent spawn failed", "{}", again.body);
    assert!(again.body["detail"].as_str().unwrap().contains("/no/such/folder"));
}
