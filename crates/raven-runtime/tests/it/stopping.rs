//! Stops: gentle, forced, and of trees that do not want to end.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::daemon::{Daemon, until};

/// A tree with every way to get away: ignored signals, a session of its own, a parent that left.
const STUBBORN: &str = "trap '' HUP TERM INT; \
    setsid sh -c \"trap '' HUP TERM; while :; do sleep 1; done\" & \
    (setsid sh -c \"trap '' HUP TERM; (trap '' HUP TERM; sleep 1000) & sleep 1000\" &) ; \
    nohup sleep 1000 >/dev/null 2>&1 & \
    echo up; while :; do sleep 1; done";

#[tokio::test]
async fn a_stop_leaves_nothing_of_a_tree_that_does_not_want_to_end() {
    let daemon = Daemon::start(&[]);
    for query in ["?timeout=1", "?force=true"] {
        let id = daemon.sh(STUBBORN).await;
        daemon.shows(&id, "up").await;
        until("the tree has grown", async || (daemon.processes().len() >= 6).then_some(())).await;
        let answer =
            daemon.request(Method::DELETE, &format!("/api/agents/{id}{query}")).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
        assert_eq!(answer.json::<Value>().await.unwrap()["status"], "stopping");
        let ended = daemon.status(&id, "stopped").await;
        assert_eq!(ended.evidence.as_deref(), Some("stopped by request"));
        assert_eq!(daemon.processes(), Vec::<u32>::new(), "{query}");
    }
}

#[tokio::test]
async fn a_program_that_is_asked_may_tidy_up() {
    let daemon = Daemon::start(&[]);
    let id = daemon.sh("trap 'echo bye > bye; exit 0' TERM HUP; echo up; while :; do sleep 0.1; done").await;
    daemon.shows(&id, "up").await;
    let answer = daemon.post(&format!("/api/agents/{id}/stop"), &json!({"timeout": 20})).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    daemon.status(&id, "stopped").await;
    assert_eq!(std::fs::read_to_string(daemon.agent_folder(&id).join("work/bye")).unwrap(), "bye\n");
    // Again: it has ended, and that is what the answer says.
    let again = daemon.post(&format!("/api/agents/{id}/stop"), &json!({})).await;
    assert_eq!(again.json::<Value>().await.unwrap()["status"], "stopped");
}

#[tokio::test]
async fn what_an_ended_program_left_behind_is_ended_too() {
    let daemon = Daemon::start(&[]);
    // Its screen moves to the last, so that it was never ready; what stays behind ignores being asked, so
    // that the screen stands still for a while before the end is told.
    let script = "setsid sh -c \"trap '' HUP TERM; touch up; sleep 1000; sleep 1000\" & sleep 1000 & \
                  while [ ! -e up ]; do i=$((i+1)); echo $i; done; exit 0";
    let id = daemon.sh(script).await;
    daemon.status(&id, "error").await;
    assert_eq!(daemon.processes(), Vec::<u32>::new());
}

#[tokio::test]
async fn a_host_that_is_killed_takes_its_program_along_and_the_agent_says_so() {
    let daemon = Daemon::start(&[]);
    let id = daemon.sh("sleep 1000 & echo up; cat").await;
    daemon.shows(&id, "up").await;
    daemon.status(&id, "ready").await;
    let host = daemon.host(&id).await;
    rustix::process::kill_process(host, rustix::process::Signal::KILL).unwrap();
    let error = daemon.status(&id, "error").await.error.unwrap();
    assert_eq!(error, "its host process is gone");
    until("its processes are gone", async || daemon.processes().is_empty().then_some(())).await;
    // What it wrote is still there.
    let screen = daemon.json(&format!("/api/agents/{id}/screen?format=json")).await;
    assert_eq!(screen["lines"][0], "up");
}

#[tokio::test]
async fn the_command_line_finds_the_daemon_lists_and_stops() {
    let daemon = Daemon::start(&[]);
    let id = daemon.spawn(&["cat"]).await;
    daemon.status(&id, "ready").await;
    let status = daemon.command(&["status", "--json"]);
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status["activeAgents"], 1);
    let agents = daemon.command(&["agents"]);
    let agents = String::from_utf8(agents.stdout).unwrap();
    assert!(agents.contains(&id) && agents.contains("ready"), "{agents}");
    let stopped = daemon.command(&["stop", &id]);
    assert!(stopped.status.success() && String::from_utf8(stopped.stdout).unwrap().contains("stopped"));
    assert!(daemon.processes().is_empty());
    let unknown = daemon.command(&["stop", "agt_nobody"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8(unknown.stderr).unwrap().contains("there is no agent `agt_nobody`"));
}
