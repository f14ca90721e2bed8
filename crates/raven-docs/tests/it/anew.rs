//! Restarts of agents through the control plane: the same agent, a new session, and nothing of the former lost.

use std::thread::JoinHandle;

use serde_json::{Value, json};

use crate::foreign::{Foreign, report};
use crate::operator::Answer;
use crate::programs::wait_for;
use crate::surroundings::{KEY, Place};

/// Tells which run of its folder it is.
const COUNTS: [&str; 3] = ["sh", "-c", "echo run >> runs; echo \"run $(wc -l < runs)\"; cat"];

fn restart(place: &Place, agent: &str) -> Answer {
    place.owner().post(&format!("/api/parallax-agents/{agent}/restart"), &json!({}))
}

/// Asks for a restart while the test does something else.
fn asked_aside(place: &Place, agent: &str) -> JoinHandle<Answer> {
    let owner = place.owner();
    let path = format!("/api/parallax-agents/{agent}/restart");
    std::thread::spawn(move || owner.post(&path, &json!({})))
}

fn transcript(place: &Place, session: &Value) -> String {
    let id = session["id"].as_str().unwrap();
    let (_, cast) = place.owner().bytes(&format!("/api/terminal/sessions/{id}/recording"), None);
    String::from_utf8_lossy(&cast).into_owned()
}

/// Waits until a session's recording is over, and its text has something.
fn recorded(place: &Place, session: &Value, text: &str) {
    wait_for(&format!("the recording of {text:?}"), || {
        transcript(place, session).contains(text).then_some(())
    });
}

#[test]
fn an_agent_is_restarted_under_its_id_and_each_run_has_its_recording() {
    let place = Place::with_runtime();
    let agent = place.spawn(&COUNTS);
    place.agent_that_is(&agent, "ready");
    let first = place.session_of(&agent);
    let answer = restart(&place, &agent);
    assert_eq!((answer.status, &answer.body["id"]), (202, &json!(agent)), "{}", answer.body);
    let ready = place.agent_that_is(&agent, "ready");
    assert_eq!((&ready["error"], &ready["endedAt"]), (&Value::Null, &Value::Null));
    let second = place.session_of(&agent);
    assert_ne!(first["id"], second["id"]);
    recorded(&place, &first, "run 1");
    recorded(&place, &second, "run 2");
    assert!(!transcript(&place, &first).contains("run 2"));
    let kinds = place.activity_of(&agent);
    let count = |kind: &str| kinds.iter().filter(|is| *is == kind).count();
    assert_eq!(
        (count("agent_restarted"), count("agent_stopped"), count("agent_ready")),
        (1, 1, 2),
        "{kinds:?}"
    );

    // One that was stopped is started again, too.
    assert_eq!(place.owner().post(&format!("/api/parallax-agents/{agent}/stop"), &json!({})).status, 202);
    wait_for("its end", || {
        (place.owner().get(&format!("/api/parallax-agents/{agent}")).body["status"] == "stopped")
            .then_some(())
    });
    assert_eq!(restart(&place, &agent).status, 202);
    place.agent_that_is(&agent, "ready");
    recorded(&place, &place.session_of(&agent), "run 3");
    assert_eq!(place.owner().get("/api/parallax-agents").body["items"].as_array().unwrap().len(), 1);
    let unknown = restart(&place, "agt_none");
    assert_eq!(unknown.status, 404);
}

#[test]
fn of_two_restarts_at_once_one_is_refused() {
    let place = Place::with_runtime();
    let agent = place.spawn(&["sh", "-c", "trap '' HUP TERM; while :; do sleep 1; done"]);
    place.agent_that_is(&agent, "ready");
    let asked = asked_aside(&place, &agent);
    let here = restart(&place, &agent);
    let there = asked.join().unwrap();
    let (one, other) = (here, there);
    let (accepted, refused) = if one.status == 202 { (one, other) } else { (other, one) };
    assert_eq!(accepted.status, 202, "{}", accepted.body);
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (409, &json!("RESTART_UNDER_WAY")),
        "{}",
        refused.body
    );
    place.agent_that_is(&agent, "ready");
}

#[test]
fn an_agent_that_is_stopped_while_it_is_restarted_does_not_start_again() {
    let place = Place::with_runtime();
    let agent = place.spawn(&["sh", "-c", "echo $$ >> runs; trap '' HUP TERM; while :; do sleep 1; done"]);
    let stop = format!("/api/parallax-agents/{agent}/stop");
    let mut runs = Vec::new();
    for how in [json!({}), json!({ "force": true })] {
        runs.push(place.agent_that_is(&agent, "ready")["pid"].clone());
        let asked = asked_aside(&place, &agent);
        place.agent_that_is(&agent, "stopping");
        let stopped = place.owner().post(&stop, &how);
        assert_eq!((stopped.status, &stopped.body["status"]), (202, &json!("stopping")), "{}", stopped.body);
        let refused = asked.join().unwrap();
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (409, &json!("RESTART_CALLED_OFF")),
            "{}",
            refused.body
        );
        place.agent_that_is(&agent, "stopped");
        assert_eq!(place.runtime_get(&format!("/api/agents/{agent}"))["status"], "stopped");
        assert_eq!(restart(&place, &agent).status, 202, "nothing of it is left that another would meet");
    }
    place.agent_that_is(&agent, "ready");
    // Each run wrote down which process it was.
    let written = std::fs::read_to_string(place.path(&format!("runtime/agents/{agent}/work/runs"))).unwrap();
    runs.push(place.owner().get(&format!("/api/parallax-agents/{agent}")).body["pid"].clone());
    let runs: Vec<String> = runs.iter().map(ToString::to_string).collect();
    assert_eq!(written.lines().collect::<Vec<_>>(), runs);
}

#[test]
fn a_program_that_is_killed_between_stop_and_start_leaves_a_true_state() {
    let mut place = Place::with_runtime();
    let agent = place.spawn(&["sh", "-c", "trap '' HUP TERM; while :; do sleep 1; done"]);
    let first = place.agent_that_is(&agent, "ready")["pid"].clone();
    let asked = asked_aside(&place, &agent);
    place.agent_that_is(&agent, "stopping");
    place.runtime.take().unwrap().crash();
    place.start_runtime();
    let answer = asked.join().unwrap();
    assert_eq!(answer.status, 202, "it waited for the runtime: {}", answer.body);
    assert_ne!(place.agent_that_is(&agent, "ready")["pid"], first);

    let asked = asked_aside(&place, &agent);
    place.agent_that_is(&agent, "stopping");
    place.docs.take().unwrap().crash();
    assert!(asked.join().is_err(), "nobody answers");
    place.start_docs();
    let ended = place.agent_that_is(&agent, "stopped");
    assert_eq!(ended["pid"], Value::Null);
    assert_eq!(restart(&place, &agent).status, 202);
    place.agent_that_is(&agent, "ready");
}

#[test]
fn a_run_gets_a_new_key_and_what_is_still_heard_of_the_former_changes_nothing() {
    let (place, foreign) = (Place::without_runtime(), Foreign::start());
    let settings = json!({ "runtimeEndpoint": foreign.address, "runtimeApiKey": KEY });
    assert_eq!(place.owner().patch("/api/workspace/agent-settings", &settings).status, 200);
    let body = json!({ "agentType": "custom", "config": { "env": { "TOKEN": "s3cr3t-of-a-spawn" } } });
    let spawned = place.owner().post("/api/parallax-agents/spawn", &body);
    let agent = spawned.body["spawnedAgents"][0]["id"].as_str().unwrap().to_owned();
    let theirs = format!("theirs-{agent}");
    let first = foreign.asked("/api/spawn");
    let tell = |status: &str, run: &str| {
        let mut told = report(&theirs, status, json!({}));
        told["runtimeSessionId"] = json!(run);
        foreign.answers("/interrupt", 202, told);
        let answer = place.owner().post(&format!("/api/parallax-agents/{agent}/interrupt"), &json!({}));
        assert_eq!(answer.status, 202, "{}", answer.body);
        answer.body["status"].as_str().unwrap().to_owned()
    };
    let former = format!("p-{agent}");
    assert_eq!(tell("ready", &former), "ready");
    assert_eq!(tell("stopped", &former), "stopped");
    let problem = json!({ "type": "t", "title": "t", "status": 409, "detail": "it cannot be", "code": "NOT_RESTARTABLE", "requestId": "r" });
    foreign.answers("/restart", 409, problem);
    let refused = restart(&place, &agent);
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("NOT_RESTARTABLE")), "{}", refused.body);
    let failed = place.agent_that_is(&agent, "error");
    assert_eq!(failed["error"], "it cannot be");

    let begun = json!({ "id": theirs, "name": "n", "type": "custom", "status": "spawning",
        "runtimeSessionId": "p-2", "runtimeEndpoint": "wss://runtime.example.com/terminal" });
    foreign.answers("/restart", 202, begun);
    let restarted = restart(&place, &agent);
    assert_eq!(
        (restarted.status, &restarted.body["status"]),
        (202, &json!("spawning")),
        "{}",
        restarted.body
    );
    let second = std::iter::from_fn(|| Some(foreign.asked("/restart")))
        .find(|asked| asked["callbackToken"] != Value::Null);
    let second = second.unwrap();
    assert_ne!(second["mcp"]["keys"][&theirs], first["mcp"]["keys"][&agent], "a new key");
    assert_ne!(second["callbackToken"], first["callbackToken"]);
    assert_eq!(second["env"]["TOKEN"], "s3cr3t-of-a-spawn", "its variables, which are kept sealed");
    let mut grep = std::process::Command::new("grep");
    let found = grep.args(["-r", "-l", "s3cr3t-of-a-spawn"]).arg(place.folder.path());
    assert_eq!(String::from_utf8(found.output().unwrap().stdout).unwrap(), "");
    assert_eq!(tell("stopped", &former), "spawning", "late news of the former run");
    assert_eq!(tell("ready", "p-2"), "ready");
    assert_eq!(tell("error", &former), "ready");
    assert_eq!(place.session_of(&agent)["runtimeSessionId"], "p-2");
}
