//! An interactive agent in miniature at a real runtime, and what it was given.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::operator::Answer;
use crate::programs::wait_for;
use crate::surroundings::Place;

/// What a worker does with what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Works {
    /// Until the test lets it go on.
    Until,
    /// It reports that it works, and that it is done.
    ByReports,
}

/// What it is called when it is spawned.
pub fn config(place: &Place, name: &str, works: Works) -> Value {
    let folder = place.path(name);
    std::fs::create_dir_all(&folder).unwrap();
    let script = place.path("worker.py");
    std::fs::write(&script, include_str!("worker.py")).unwrap();
    let mut command = vec!["python3", script.to_str().unwrap(), folder.to_str().unwrap()];
    if works == Works::ByReports {
        command.push("report");
    }
    json!({
        "command": command,
        "rules": [
            { "name": "working", "status": "busy", "all": ["^Working"] },
            { "name": "input line", "status": "ready", "all": ["^>"] },
        ],
        "drive": { "composer": "^> ?(.*)$" },
    })
}

/// Spawns one that is ready; answers its id.
pub fn spawn(place: &Place, name: &str, works: Works) -> String {
    let body = json!({ "agentType": "custom", "name": name, "config": config(place, name, works) });
    let spawned = place.owner().post("/api/parallax-agents/spawn", &body);
    assert_eq!(spawned.status, 201, "{}", spawned.body);
    let id = spawned.body["spawnedAgents"][0]["id"].as_str().unwrap().to_owned();
    place.agent_that_is(&id, "ready");
    id
}

/// Gives work; answers what the API says of it.
pub fn assign(place: &Place, agent: &str, title: &str) -> Answer {
    let body = json!({ "title": title, "instructions": format!("Do it.\nThis is {title}.") });
    place.owner().post(&format!("/api/agents/{agent}/assignments"), &body)
}

/// The id of work that was given.
pub fn given(place: &Place, agent: &str, title: &str) -> String {
    let answer = assign(place, agent, title);
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body["id"].as_str().unwrap().to_owned()
}

/// Waits until work is in a state; answers it.
pub fn assignment_that_is(place: &Place, id: &str, state: &str) -> Value {
    let (owner, path) = (place.owner(), format!("/api/assignments/{id}"));
    let mut last = Value::Null;
    let mut look = || {
        last = owner.get(&path).body;
        let over = ["failed", "done", "cancelled"].contains(&last["state"].as_str().unwrap_or_default());
        assert!(!over || last["state"] == state, "it ended otherwise: {last}");
        (last["state"] == state).then(|| last.clone())
    };
    wait_for(&format!("work that is {state}"), &mut look)
}

fn file(place: &Place, name: &str, of: &str) -> PathBuf {
    place.path(name).join(of)
}

/// The prompts that a worker took.
pub fn prompts(place: &Place, name: &str) -> Vec<String> {
    let kept = std::fs::read_to_string(file(place, name, "prompts")).unwrap_or_default();
    kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Lets a worker end a turn.
pub fn go(place: &Place, name: &str, turn: usize) {
    std::fs::write(file(place, name, &format!("go{turn}")), "").unwrap();
}
