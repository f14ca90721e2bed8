//! Programs that die under a busy agent: what was running runs on, and nothing is lost.

use serde_json::json;

use crate::browser::Browser;
use crate::operator::wait;
use crate::programs::{is_alive, wait_for};
use crate::surroundings::{KEY, Place};

/// Counts without end, one number a line.
const COUNTER: &str = "i=0; while :; do i=$((i+1)); echo n$i.; read -t 0.002 < /dev/null; done";

/// The numbers in some output, in order, less the first and last, which may be cut.
fn numbers(output: &[u8]) -> Vec<u64> {
    let text = String::from_utf8_lossy(output).into_owned();
    let parts: Vec<&str> = text.split('n').skip(1).filter(|part| part.contains('.')).collect();
    parts.iter().filter_map(|part| part.split('.').next().unwrap().parse().ok()).collect()
}

fn attach(place: &Place, agent: &str) -> Browser {
    let mut terminal = place.browser("/terminal");
    terminal.emit("attach", &json!({ "agentId": agent, "binary": true }));
    terminal.next("attached");
    terminal
}

#[test]
fn the_runtime_dies_and_its_agents_live() {
    let mut place = Place::with_runtime();
    let agent = place.spawn(&["bash", "-c", COUNTER]);
    let pid = wait_for("a process", || {
        let agent = place.owner().get(&format!("/api/parallax-agents/{agent}")).body;
        agent["pid"].as_u64().map(|pid| u32::try_from(pid).unwrap())
    });
    let mut terminal = attach(&place, &agent);
    let mut seen = terminal.see(".\r\n");
    place.runtime.take().unwrap().crash();
    terminal.wait("status", |event| event.args[0]["status"] == "disconnected");
    assert_eq!(terminal.ask("input", &json!("x"))["error"]["code"], "DISCONNECTED");
    assert!(is_alive(pid), "the host keeps the agent");
    place.start_runtime();
    terminal.wait("status", |event| event.args[0]["status"] == "active");
    for event in std::mem::take(&mut terminal.heard) {
        assert!(event.name != "data" || event.args[1]["repaint"] != true, "the link resumes where it was");
        seen.extend_from_slice(&event.bytes);
    }
    let length = seen.len();
    seen.extend(terminal.output_until("more numbers", |output| output.len() > 2000));
    assert!(seen.len() > length);
    let all = numbers(&seen);
    let first = all[0];
    let gap = all.iter().zip(first..).position(|(number, expected)| *number != expected);
    assert_eq!(gap, None, "no number is missing or doubled");
    assert!(is_alive(pid));
    assert_eq!(place.owner().get(&format!("/api/parallax-agents/{agent}")).body["pid"], pid);
}

#[test]
fn the_control_plane_dies_and_loses_nothing() {
    let mut place = Place::with_runtime();
    let agent = place.spawn(&["bash", "--norc"]);
    place.agent_that_is(&agent, "ready");
    let mut terminal = attach(&place, &agent);
    terminal.emit("input", &json!("echo before-$((40+2))\r"));
    terminal.see("before-42");
    terminal.emit("input", &json!("sleep 1; echo while-$((1000+1))\r"));
    terminal.see("sleep 1");
    place.docs.take().unwrap().crash();
    place.start_docs();
    let mut terminal = attach(&place, &agent);
    terminal.see("while-1001");
    terminal.emit("input", &json!("echo after-$((60+6))\r"));
    terminal.see("after-66");
    assert_eq!(place.agent_that_is(&agent, "ready")["id"], agent.as_str());

    // What ended while nobody looked is told afterwards.
    let sign = place.path("sign");
    let script =
        format!("printf up; until [ -e {} ]; do read -t 0.05 < /dev/zero; done; exit 7", sign.display());
    let other = place.spawn(&["bash", "-c", &script]);
    place.agent_that_is(&other, "ready");
    place.docs.take().unwrap().crash();
    std::fs::write(sign, "").unwrap();
    place.start_docs();
    let ended = place.agent_that_is(&other, "stopped");
    assert_eq!(ended["exitCode"], 7, "{ended}");
    wait_for("the feed", || {
        let kinds = place.activity_of(&other);
        (kinds.contains(&"agent_stopped".into()) && kinds.contains(&"terminal_session_terminated".into()))
            .then_some(())
    });
}

#[test]
fn heartbeats_keep_the_status_true() {
    let mut place = Place::with_runtime();
    let connected = || place.owner().get("/api/workspace/agent-settings").body["runtimeStatus"].clone();
    let status = wait_for("a heartbeat", || Some(connected()).filter(|status| status["connected"] == true));
    assert_eq!(status["version"], "0.1.0");
    assert!(status["lastHeartbeat"].is_string());
    let mut events = place.browser("/");
    let agent = place.spawn(&["cat"]);
    place.agent_that_is(&agent, "ready");
    // The next heartbeat tells of the new agent.
    events.wait("runtime:status", |event| event.args[0]["activeAgents"] == 1);
    // The one that was here before still has an agent, and the key.
    let former = json!({ "workspaceId": place.owner().get("/api/auth/me").body["workspaceId"], "runtimeId": "rt_former",
        "activeAgents": 7, "version": "0.0.9", "metadata": {} });
    let beat = place.person(KEY).post("/api/parallax-agents/runtime/heartbeat", &former);
    assert_eq!(beat.status, 204, "{}", beat.body);
    assert_eq!(connected()["version"], "0.1.0");
    let stopped = place.owner().post(&format!("/api/parallax-agents/{agent}/interrupt"), &json!({}));
    assert!(!stopped.body.to_string().contains("runs on"), "{}", stopped.body);
    place.runtime.take().unwrap().crash();
    let silent = events.wait("runtime:status", |event| event.args[0]["error"].is_string());
    // Another test's server may have got the port meanwhile.
    let said = silent.args[0]["error"].as_str().unwrap();
    assert!(said.contains("raven-runtime start") || said.contains("is not a raven-runtime"), "{silent:?}");
    place.start_runtime();
    events.wait("runtime:status", |event| {
        event.args[0]["connected"] == true && event.args[0]["activeAgents"] == 1
    });
}

#[test]
fn an_agent_asked_for_when_the_control_plane_died_does_not_spawn_for_ever() {
    let mut place = Place::with_runtime();
    let base = place.base();
    let token = place.owner.clone();
    let body = json!({ "agentType": "custom", "count": 10, "config": { "command": ["cat"] } });
    let asking = std::thread::spawn(move || {
        crate::browser::choose_tls();
        let asked =
            reqwest::Client::new().post(format!("{base}/api/parallax-agents/spawn")).bearer_auth(token);
        // The server dies under this call; whether it answers is not the point.
        let _ = wait(asked.json(&body).send());
    });
    let mut events = place.browser("/");
    events.wait("agent:status", |event| event.args[0]["status"] == "spawning");
    place.docs.take().unwrap().crash();
    asking.join().unwrap();
    place.start_docs();
    wait_for("every agent to be settled", || {
        let agents = place.owner().get("/api/parallax-agents").body;
        let agents = agents["items"].as_array().unwrap();
        assert!(!agents.is_empty());
        agents.iter().all(|agent| agent["status"] == "ready" || agent["status"] == "error").then_some(())
    });
}
