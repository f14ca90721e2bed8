//! Restarts of agents through the control plane: the same agent, a new session, and nothing of the former lost.

use std::thread::JoinHandle;

use serde_json::{Value, json};

use crate::driving::mcp;
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

/// An agent of a runtime that answers what a test says.
struct Played {
    place: Place,
    foreign: Foreign,
    agent: String,
    /// Its id there.
    theirs: String,
    /// Its first run.
    former: String,
    /// What its runtime was asked for at its spawn.
    first: Value,
}

impl Played {
    fn start() -> Self {
        let (place, foreign) = (Place::without_runtime(), Foreign::start());
        let settings = json!({ "runtimeEndpoint": foreign.address, "runtimeApiKey": KEY });
        assert_eq!(place.owner().patch("/api/workspace/agent-settings", &settings).status, 200);
        let body = json!({ "agentType": "custom", "config": { "env": { "TOKEN": "s3cr3t-of-a-spawn" } } });
        let spawned = place.owner().post("/api/parallax-agents/spawn", &body);
        let agent = spawned.body["spawnedAgents"][0]["id"].as_str().unwrap().to_owned();
        let first = foreign.asked("/api/spawn");
        let (theirs, former) = (format!("theirs-{agent}"), format!("p-{agent}"));
        let played = Self { place, foreign, agent, theirs, former, first };
        assert_eq!(played.tell("ready", &played.former), "ready");
        played
    }

    fn report(&self, status: &str, run: &str) -> Value {
        let mut told = report(&self.theirs, status, json!({}));
        told["runtimeSessionId"] = json!(run);
        told
    }

    /// Has the runtime tell of a run; answers the agent's status after that.
    fn tell(&self, status: &str, run: &str) -> String {
        self.foreign.answers("/interrupt", 202, self.report(status, run));
        let path = format!("/api/parallax-agents/{}/interrupt", self.agent);
        let answer = self.place.owner().post(&path, &json!({}));
        assert_eq!(answer.status, 202, "{}", answer.body);
        answer.body["status"].as_str().unwrap().to_owned()
    }

    /// What it answers to a restart.
    fn begins(&self, run: &str) {
        let begun = json!({ "id": self.theirs, "name": "n", "type": "custom", "status": "spawning",
            "runtimeSessionId": run, "runtimeEndpoint": "wss://runtime.example.com/terminal" });
        self.foreign.answers("/restart", 202, begun);
    }

    fn refuses(&self, status: u16, code: &str) {
        let problem = json!({ "type": "t", "title": "t", "status": status, "detail": "it cannot be",
            "code": code, "requestId": "r" });
        self.foreign.answers("/restart", status, problem);
    }

    fn seen(&self) -> Value {
        self.place.owner().get(&format!("/api/parallax-agents/{}", self.agent)).body
    }

    fn restarts_told(&self) -> usize {
        self.place.activity_of(&self.agent).iter().filter(|kind| *kind == "agent_restarted").count()
    }
}

#[test]
fn a_restart_that_is_refused_leaves_the_agent_as_it_was() {
    let played = Played::start();
    assert_eq!(played.tell("stopped", &played.former), "stopped");
    let before = wait_for("the end of its session", || {
        Some(played.seen()).filter(|seen| seen["session"]["status"] == "terminated")
    });
    let refusals = [
        (409, "NOT_RESTARTABLE", 409, "NOT_RESTARTABLE"),
        (429, "AGENT_LIMIT", 409, "NOT_POSSIBLE_NOW"),
        (404, "AGENT_NOT_FOUND", 404, "NOT_FOUND"),
        (503, "UNAVAILABLE", 502, "RUNTIME_REFUSED"),
        (401, "UNAUTHENTICATED", 502, "RUNTIME_AUTH_FAILED"),
    ];
    for (status, code, told, word) in refusals {
        played.refuses(status, code);
        let refused = restart(&played.place, &played.agent);
        assert_eq!((refused.status, &refused.body["code"]), (told, &json!(word)), "{}", refused.body);
        assert_eq!(played.seen(), before, "after {code}");
        let asked = played.foreign.asked("/restart");
        let key = asked["mcp"]["keys"][&played.theirs].as_str().unwrap();
        assert_eq!(
            mcp(&played.place, key, "tools/list", json!({})).status,
            401,
            "its key is good for nothing"
        );
    }
    assert_eq!(played.restarts_told(), 0);

    // Nobody knows whether it began.
    played.refuses(500, "INTERNAL");
    assert_eq!(restart(&played.place, &played.agent).status, 502);
    let failed = played.seen();
    assert_eq!((&failed["status"], &failed["error"]), (&json!("error"), &json!("it cannot be")));
    played.begins("p-2");
    assert_eq!(restart(&played.place, &played.agent).status, 202);
    assert_eq!((played.restarts_told(), played.tell("ready", "p-2").as_str()), (1, "ready"));
}

#[test]
fn a_stop_that_meets_the_former_run_ends_the_new_one() {
    let played = Played::start();
    assert_eq!(played.tell("stopped", &played.former), "stopped");
    played.begins("p-2");
    let release = played.foreign.holds("/restart");
    let asked = asked_aside(&played.place, &played.agent);
    played.foreign.asked("/restart");
    let stop = format!("/api/parallax-agents/{}/stop", played.agent);
    played.foreign.answers("/stop", 202, played.report("stopped", &played.former));
    let stopped = played.place.owner().post(&stop, &json!({ "force": true }));
    assert_eq!((stopped.status, &stopped.body["status"]), (202, &json!("spawning")), "{}", stopped.body);
    played.foreign.asked("/stop");
    played.foreign.answers("/stop", 202, played.report("stopping", "p-2"));
    drop(release);
    let refused = asked.join().unwrap();
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (409, &json!("RESTART_CALLED_OFF")),
        "{}",
        refused.body
    );
    assert_eq!(played.foreign.asked("/stop")["force"], true, "as it was asked for");
    assert_eq!(played.seen()["status"], "stopping");
    assert_eq!(played.tell("stopped", "p-2"), "stopped");
}

#[test]
fn a_run_gets_a_new_key_and_what_is_still_heard_of_the_former_changes_nothing() {
    let played = Played::start();
    let Played { place, foreign, agent, theirs, former, first } = &played;
    assert_eq!(played.tell("stopped", former), "stopped");
    played.begins("p-2");
    let restarted = restart(place, agent);
    assert_eq!(
        (restarted.status, &restarted.body["status"]),
        (202, &json!("spawning")),
        "{}",
        restarted.body
    );
    let second = foreign.asked("/restart");
    let key_of = |asked: &Value, id: &str| asked["mcp"]["keys"][id].as_str().unwrap().to_owned();
    let token_of = |asked: &Value| asked["callbackToken"].as_str().unwrap().to_owned();
    let (old, new) = (key_of(first, agent), key_of(&second, theirs));
    assert_ne!(old, new);
    assert_eq!(mcp(place, &old, "tools/list", json!({})).status, 401);
    assert_eq!(mcp(place, &new, "tools/list", json!({})).status, 200);
    assert_ne!(token_of(first), token_of(&second));
    let call = |by: &str, status: &str, run: &str| {
        let body = json!({ "workspaceId": first["workspaceId"], "agentId": agent, "status": status,
            "error": "told", "runtimeSessionId": run });
        place.person(by).post("/api/parallax-agents/spawn-callback", &body).status
    };
    assert_eq!(call(&token_of(first), "ready", "p-2"), 401);
    assert_eq!(second["env"]["TOKEN"], "s3cr3t-of-a-spawn", "its variables, which are kept sealed");
    let mut grep = std::process::Command::new("grep");
    let found = grep.args(["-r", "-l", "s3cr3t-of-a-spawn"]).arg(place.folder.path());
    assert_eq!(String::from_utf8(found.output().unwrap().stdout).unwrap(), "");
    assert_eq!(played.tell("stopped", former), "spawning", "late news of the former run");
    // The runtime's key is good for all that it tells, and for what it tells late.
    for status in ["ready", "requires_login", "failed"] {
        assert_eq!(call(KEY, status, former), 204, "{status}");
        assert_eq!((&played.seen()["status"], &played.seen()["error"]), (&json!("spawning"), &Value::Null));
    }
    let creates = |run: &str| {
        let body = json!({ "workspaceId": first["workspaceId"], "agentId": agent, "runtimeSessionId": run });
        place.person(KEY).post("/api/terminal/sessions", &body)
    };
    let refused = creates(former);
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (409, &json!("SESSION_TERMINATED")),
        "{}",
        refused.body
    );
    assert_eq!(place.session_of(agent)["runtimeSessionId"], "p-2");
    assert_eq!(call(&token_of(&second), "ready", "p-2"), 204);
    assert_eq!(played.seen()["status"], "ready");
    assert_eq!(played.tell("error", former), "ready");
    assert_eq!(call(KEY, "failed", former), 204);
    assert_eq!(creates(former).status, 409);
    assert_eq!((&played.seen()["status"], &played.seen()["error"]), (&json!("ready"), &json!("told")));
    assert_eq!(place.session_of(agent)["runtimeSessionId"], "p-2");
}
