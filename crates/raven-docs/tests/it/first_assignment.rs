//! Spawn to work in one step: an agent is made with its first work, connected to the tools, and gets it once.

use serde_json::{Value, json};

use crate::asking::approve;
use crate::programs::wait_for;
use crate::surroundings::Place;
use crate::worker::{Works, assignment_that_is, config, go, prompts};

const SPAWN: &str = "/api/parallax-agents/spawn";

fn body(place: &Place, name: &str, works: Works) -> Value {
    json!({
        "agentType": "custom", "name": name, "config": config(place, name, works),
        "assignment": { "title": "Begin", "instructions": "Read the plan." },
    })
}

/// The work of an agent.
fn work_of(place: &Place, agent: &str) -> Value {
    place.owner().get(&format!("/api/agents/{agent}/assignments")).body["items"].clone()
}

#[test]
fn an_agent_begins_with_its_work_and_is_connected_to_report_it() {
    let place = Place::with_runtime();
    let mut wanted = body(&place, "worker", Works::ByReports);
    wanted["count"] = json!(2);
    let keyed = || place.owner().header("idempotency-key", "once").post(SPAWN, &wanted);
    let (first, again) = (keyed(), keyed());
    assert_eq!((first.status, again.status), (201, 201), "{} {}", first.body, again.body);
    for number in 0..2 {
        let agent = first.body["spawnedAgents"][number]["id"].as_str().unwrap();
        let work = work_of(&place, agent);
        assert_eq!(work.as_array().unwrap().len(), 1, "{work}");
        let done = assignment_that_is(&place, work[0]["id"].as_str().unwrap(), "done");
        assert_eq!(done["summary"], "all done");
        assert_eq!(done["assignedBy"]["name"], "Olga");
    }
    assert_eq!(prompts(&place, "worker").len(), 2, "one for each");
}

#[test]
fn a_restart_of_either_program_gives_it_no_second_time() {
    let mut place = Place::with_runtime();
    let wanted = body(&place, "worker", Works::Until);
    let spawned = place.owner().post(SPAWN, &wanted);
    assert_eq!(spawned.status, 201, "{}", spawned.body);
    let agent = spawned.body["spawnedAgents"][0]["id"].as_str().unwrap().to_owned();
    place.docs.take().unwrap().crash();
    place.start_docs();
    let id = work_of(&place, &agent)[0]["id"].as_str().unwrap().to_owned();
    assignment_that_is(&place, &id, "delivered");
    place.runtime.take().unwrap().crash();
    place.start_runtime();
    place.docs.take().unwrap().crash();
    place.start_docs();
    go(&place, "worker", 1);
    place.agent_that_is(&agent, "ready");
    assert_eq!(prompts(&place, "worker").len(), 1);
    let restarted = place.owner().post(&format!("/api/parallax-agents/{agent}/restart"), &json!({}));
    assert_eq!(restarted.status, 202, "{}", restarted.body);
    place.agent_that_is(&agent, "ready");
    assert_eq!(work_of(&place, &agent)[0]["state"], "failed", "what it was at is not begun anew");
    assert_eq!(prompts(&place, "worker").len(), 1);
}

#[test]
fn work_comes_with_a_spawn_that_people_approved() {
    let place = Place::with_runtime();
    let (wanted, owner) = (body(&place, "worker", Works::ByReports), place.owner());
    let rules = json!({ "version": 0, "rules": [{ "action": "agent.spawn", "effect": "ask" }] });
    assert_eq!(owner.call("PUT", "/api/policies", Some(rules.to_string())).status, 200);
    let asked = owner.post(SPAWN, &wanted);
    assert_eq!(asked.status, 202, "{}", asked.body);
    let approval = &asked.body["approval"];
    assert_eq!(approval["arguments"]["assignment"]["title"], "Begin", "who decides sees it: {approval}");
    assert!(approval["summary"].as_str().unwrap().contains("Begin"), "{approval}");
    let boss = place.person(&place.account("boss@example.com", "admin", &[]));
    assert_eq!(approve(&boss, approval["id"].as_str().unwrap()).status, 200);
    let agent = wait_for("the agent", || {
        owner.get("/api/parallax-agents").body["items"][0]["id"].as_str().map(ToOwned::to_owned)
    });
    let id = work_of(&place, &agent)[0]["id"].as_str().unwrap().to_owned();
    assignment_that_is(&place, &id, "done");
    assert_eq!(prompts(&place, "worker").len(), 1);
}

#[test]
fn a_spawn_for_a_task_begins_with_it() {
    let place = Place::with_runtime();
    let task = place.owner().post("/api/tasks", &json!({ "title": "Do" })).body["id"].clone();
    let wanted = json!({ "agentType": "custom", "config": { "command": ["cat"] }, "taskId": task });
    let spawned = place.owner().post(SPAWN, &wanted);
    assert_eq!(spawned.status, 201, "{}", spawned.body);
    let work = work_of(&place, spawned.body["spawnedAgents"][0]["id"].as_str().unwrap());
    assert_eq!(work[0]["taskIds"], json!([task]), "{work}");
    assert!(work[0]["title"].as_str().unwrap().contains(task.as_str().unwrap()), "{work}");
}

#[test]
fn a_spawn_with_bad_work_makes_nothing_and_one_that_fails_fails_its_work() {
    let place = Place::with_runtime();
    let owner = place.owner();
    for (field, bad) in [
        ("title", json!({ "title": "", "instructions": "x" })),
        ("instructions", json!({ "title": "x", "instructions": "\u{7}" })),
        ("mood", json!({ "title": "x", "instructions": "x", "mood": "good" })),
    ] {
        let refused = owner.post(SPAWN, &json!({ "agentType": "custom", "assignment": bad }));
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert!(refused.body["detail"].as_str().unwrap().contains(field), "{}", refused.body);
    }
    let lost = json!({ "title": "x", "instructions": "x", "taskIds": ["tsk_none"] });
    let refused = owner.post(SPAWN, &json!({ "agentType": "custom", "assignment": lost }));
    assert_eq!(refused.status, 404, "{}", refused.body);
    assert_eq!(owner.get("/api/parallax-agents").body["items"], json!([]), "nor is the agent made");
    let wanted = json!({
        "agentType": "custom", "config": { "command": ["/nonexistent"] },
        "assignment": { "title": "x", "instructions": "x" },
    });
    assert!(owner.post(SPAWN, &wanted).status >= 201);
    let agent = owner.get("/api/parallax-agents").body["items"][0]["id"].as_str().unwrap().to_owned();
    let failed = wait_for("work that failed", || {
        let work = work_of(&place, &agent);
        (work[0]["state"] == "failed").then(|| work[0].clone())
    });
    assert!(failed["reason"].as_str().unwrap().starts_with("its agent "), "{failed}");
}
