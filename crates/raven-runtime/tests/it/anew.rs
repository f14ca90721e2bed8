//! Restarts of agents: the same id, folder and home, a new terminal; and daemons that die in between.

use raven_protocol::runtime_api::RuntimeAgent;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::daemon::{Daemon, until};
use crate::terminal::Terminal;

/// Asks nothing and does not end when asked: it is killed in the end.
const STUBBORN: &str = "trap '' HUP TERM; echo up; while :; do sleep 1; done";

/// Tells which run of its folder it is.
const COUNTS: &str = r#"echo run >> runs; echo "run $(wc -l < runs) with $KEPT"; cat"#;

async fn restart(daemon: &Daemon, id: &str) -> (u16, Value) {
    let answer = daemon.begin_anew(id).await;
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn stop(daemon: &Daemon, id: &str) -> RuntimeAgent {
    daemon.post(&format!("/api/agents/{id}/stop"), &json!({})).await;
    daemon.status(id, "stopped").await
}

/// All that a run's terminal said, from its beginning to its end.
async fn said(daemon: &Daemon, id: &str, run: &str) -> String {
    let mut terminal = Terminal::of_run(daemon, id, run).await;
    terminal.read_to_exit().await;
    String::from_utf8_lossy(&terminal.seen).into_owned()
}

#[tokio::test]
async fn an_agent_is_started_anew_in_its_place_and_its_former_output_stays() {
    let mut daemon = Daemon::start(&[]);
    let id = daemon
        .spawn_with(json!({"agentType": "custom", "count": 1, "name": "Again",
            "config": {"command": ["sh", "-c", COUNTS], "env": {"KEPT": "what was asked for"}}}))
        .await;
    daemon.shows(&id, "run 1 with what was asked for").await;
    let before = daemon.status(&id, "ready").await;
    let (status, answer) = restart(&daemon, &id).await;
    assert_eq!((status, &answer["id"], &answer["name"]), (202, &json!(id), &json!("Again")));
    daemon.shows(&id, "run 2 with what was asked for").await;
    let after = daemon.status(&id, "ready").await;
    assert_ne!((after.pid, &after.runtime_session_id), (before.pid, &before.runtime_session_id));
    assert_eq!(answer["runtimeSessionId"], after.runtime_session_id.as_str());
    assert_eq!(daemon.processes().len(), 2, "a shell and its cat, of one run");
    let first = said(&daemon, &id, before.runtime_session_id.as_str()).await;
    assert!(first.contains("run 1") && !first.contains("run 2"), "{first}");

    stop(&daemon, &id).await;
    assert_eq!(restart(&daemon, &id).await.0, 202, "one that was stopped, too");
    daemon.shows(&id, "run 3").await;
    assert_eq!(daemon.json("/api/agents").await["items"].as_array().unwrap().len(), 1);
    assert_eq!(restart(&daemon, "agt_none").await.0, 404);
    let other = Terminal::try_of_run(&daemon, &id, "..").await;
    assert!(other.is_err(), "no run of that name");

    // Its variables may be secrets: they end with the daemon.
    daemon.crash_and_restart();
    let (status, refused) = restart(&daemon, &id).await;
    assert_eq!((status, &refused["code"]), (409, &json!("NOT_RESTARTABLE")));
    assert!(refused["detail"].as_str().unwrap().contains("KEPT"), "{refused}");
    daemon.status(&id, "ready").await;
}

#[tokio::test]
async fn what_failed_is_tried_again_and_says_how_it_fares() {
    let daemon = Daemon::start(&["--max-agents", "1"]);
    let id = daemon.sh("test -e fixed || exit 3; cat").await;
    let failed = daemon.status(&id, "error").await;
    assert_eq!(restart(&daemon, &id).await.0, 202);
    let again = until("it failed again", async || {
        let agent = daemon.agent(&id).await;
        let anew = agent.runtime_session_id != failed.runtime_session_id;
        (anew && agent.status.as_str() == "error").then_some(agent)
    })
    .await;
    assert_eq!(again.exit_code, Some(3));
    std::fs::write(daemon.agent_folder(&id).join("work/fixed"), "").unwrap();
    let other = daemon.spawn(&["cat"]).await;
    assert_eq!(restart(&daemon, &id).await.1["code"], "AGENT_LIMIT");
    stop(&daemon, &other).await;
    assert_eq!(restart(&daemon, &id).await.0, 202);
    assert_eq!(daemon.status(&id, "ready").await.error, None);
}

#[tokio::test]
async fn of_two_restarts_at_once_one_is_refused() {
    let daemon = Daemon::start(&[]);
    let id = daemon.sh(STUBBORN).await;
    daemon.status(&id, "ready").await;
    let (one, other) = tokio::join!(restart(&daemon, &id), restart(&daemon, &id));
    let (accepted, refused) = if one.0 == 202 { (one, other) } else { (other, one) };
    assert_eq!(accepted.0, 202, "{accepted:?}");
    assert_eq!((refused.0, &refused.1["code"]), (409, &json!("RESTART_UNDER_WAY")));
    daemon.status(&id, "ready").await;
    assert_eq!(daemon.processes().len(), 2, "of one run");
}

#[tokio::test]
async fn what_cannot_start_again_is_refused_before_it_is_ended() {
    let program = tempfile::tempdir().unwrap();
    let (sleeper, work) = (program.path().join("sleeper"), program.path().join("work"));
    std::os::unix::fs::symlink("/bin/cat", &sleeper).unwrap();
    std::fs::create_dir(&work).unwrap();
    let kind = format!(
        "type = 'packed'\ntitle = 'Packed'\n[program]\ncommand = ['{}']\n\
         [program.package]\nsource = 'npm'\nname = 'x'\nversion = '1.2.3'\nexecutable = 'x'\n",
        sleeper.display()
    );
    let daemon = Daemon::with_kind("packed", &kind);
    let body = json!({"agentType": "packed", "count": 1, "config": {"cwd": work, "env": {"KEPT": "x"}}});
    let id = daemon.spawn_with(body).await;
    daemon.status(&id, "waiting").await;
    let before = daemon.agent(&id).await;
    let path = format!("/api/agents/{id}/restart");
    let refused = async |body: Value, status: u16, code: &str, word: &str| {
        let answer = daemon.post(&path, &body).await;
        let found = answer.status().as_u16();
        let told: Value = answer.json().await.unwrap();
        assert_eq!((found, &told["code"]), (status, &json!(code)), "{told}");
        assert!(told["detail"].as_str().unwrap().contains(word), "{told}");
        let after = daemon.agent(&id).await;
        assert_eq!((after.pid, after.status), (before.pid, before.status), "it goes on");
    };
    refused(json!({"env": {"NEW": "x"}}), 422, "INVALID", "NEW").await;
    refused(json!({"env": {"KEPT": "nul\u{0}"}}), 422, "INVALID", "env").await;
    std::fs::remove_dir(&work).unwrap();
    refused(json!({}), 409, "NOT_RESTARTABLE", "working folder").await;
    std::fs::create_dir(&work).unwrap();
    std::fs::remove_file(&sleeper).unwrap();
    refused(json!({}), 409, "NOT_RESTARTABLE", "not installed").await;
    std::os::unix::fs::symlink("/bin/cat", &sleeper).unwrap();
    assert_eq!(daemon.post(&path, &json!({})).await.status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn an_agent_of_a_control_plane_is_restarted_by_that_alone() {
    let daemon = Daemon::start(&[]);
    let of = json!({"agentType": "custom", "count": 1, "config": {"command": ["cat"]}, "workspaceId": "w",
        "callbackUrl": "http://127.0.0.1:9", "callbackToken": "first"});
    let id = daemon.spawn_with(of).await;
    let before = daemon.status(&id, "ready").await;
    let path = format!("/api/agents/{id}/restart");
    let refused = daemon.post(&path, &json!({})).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    assert_eq!(refused.json::<Value>().await.unwrap()["code"], "NOT_RESTARTABLE");
    assert_eq!(daemon.status(&id, "ready").await.pid, before.pid, "it goes on");
    assert_eq!(daemon.post(&path, &json!({"callbackToken": "second"})).await.status(), StatusCode::ACCEPTED);
    assert_ne!(daemon.status(&id, "ready").await.pid, before.pid);
}

#[tokio::test]
async fn an_agent_of_too_many_goes_on_when_it_cannot_be_restarted() {
    let mut daemon = Daemon::start(&["--max-agents", "2"]);
    let ids = [daemon.spawn(&["cat"]).await, daemon.spawn(&["cat"]).await];
    for id in &ids {
        daemon.status(id, "ready").await;
    }
    let before = daemon.agent(&ids[0]).await;
    daemon.crash();
    daemon.flags[1] = "1".to_owned();
    daemon.restart();
    let (status, refused) = restart(&daemon, &ids[0]).await;
    assert_eq!((status, &refused["code"]), (429, &json!("AGENT_LIMIT")), "{refused}");
    assert_eq!(daemon.status(&ids[0], "ready").await.pid, before.pid);
    stop(&daemon, &ids[1]).await;
    assert_eq!(restart(&daemon, &ids[0]).await.0, 202);
}

#[tokio::test]
async fn an_agent_that_is_stopped_while_it_is_restarted_does_not_start_again() {
    let daemon = Daemon::start(&[]);
    let id = daemon.sh(STUBBORN).await;
    let before = daemon.status(&id, "ready").await;
    let path = format!("/api/agents/{id}/stop");
    for how in [json!({}), json!({"force": true})] {
        let (refused, accepted) = tokio::join!(restart(&daemon, &id), async {
            daemon.status(&id, "stopping").await;
            daemon.post(&path, &how).await.status()
        });
        assert_eq!(accepted, StatusCode::ACCEPTED);
        assert_eq!((refused.0, &refused.1["code"]), (409, &json!("RESTART_CALLED_OFF")), "{refused:?}");
        let ended = daemon.status(&id, "stopped").await;
        assert_eq!(daemon.processes(), Vec::<u32>::new());
        // Nothing of it is left that another restart would meet.
        assert_eq!(restart(&daemon, &id).await.0, 202);
        let anew = daemon.status(&id, "ready").await;
        assert_ne!(anew.runtime_session_id, ended.runtime_session_id);
        assert_ne!(anew.runtime_session_id, before.runtime_session_id);
    }
}

#[tokio::test]
async fn a_daemon_that_is_killed_between_stop_and_start_leaves_an_agent_that_has_ended() {
    let mut daemon = Daemon::start(&[]);
    let id = daemon.sh(STUBBORN).await;
    let before = daemon.status(&id, "ready").await;
    {
        let restarting = restart_of(&daemon, &id);
        tokio::select! {
            answered = restarting => panic!("it takes as long as the stop: {answered:?}"),
            _ = daemon.status(&id, "stopping") => {}
        }
    }
    daemon.crash_and_restart();
    let ended = daemon.status(&id, "stopped").await;
    assert_eq!(ended.runtime_session_id, before.runtime_session_id);
    assert_eq!(daemon.processes(), Vec::<u32>::new());
    assert_eq!(restart(&daemon, &id).await.0, 202);
    daemon.status(&id, "ready").await;
}

/// A call that may be cut off.
async fn restart_of(daemon: &Daemon, id: &str) -> reqwest::Result<StatusCode> {
    let path = format!("/api/agents/{id}/restart");
    let answer = daemon.request(reqwest::Method::POST, &path).json(&json!({})).send().await?;
    Ok(answer.status())
}

#[tokio::test]
async fn a_restart_that_was_cut_off_while_it_was_written_down_leaves_a_true_state() {
    let mut daemon = Daemon::start(&[]);
    let id = daemon.sh("echo first; cat").await;
    let before = daemon.status(&id, "ready").await;
    stop(&daemon, &id).await;
    let folder = daemon.agent_folder(&id);
    daemon.crash();
    // What it left was put aside, and no more.
    let aside = folder.join("runs").join(before.runtime_session_id.as_str());
    std::fs::create_dir_all(&aside).unwrap();
    for name in ["log", "exit.json", "screen.json", "screen.ansi"] {
        std::fs::rename(folder.join(name), aside.join(name)).unwrap();
    }
    daemon.restart();
    assert_eq!(daemon.agent(&id).await.status.as_str(), "stopped");
    daemon.shows(&id, "first").await;
    assert!(said(&daemon, &id, before.runtime_session_id.as_str()).await.contains("first"));

    // The new run was written down in one of two files.
    daemon.crash();
    let mut state: Value =
        serde_json::from_slice(&std::fs::read(folder.join("state.json")).unwrap()).unwrap();
    state["agent"]["status"] = "spawning".into();
    state["agent"]["runtimeSessionId"] = "pty_cut_off".into();
    state["endedAt"] = Value::Null;
    std::fs::write(folder.join("state.json"), state.to_string()).unwrap();
    daemon.restart();
    let failed = daemon.status(&id, "error").await;
    assert_eq!(failed.error.as_deref(), Some("its host process is gone"));
    assert!(said(&daemon, &id, before.runtime_session_id.as_str()).await.contains("first"));
    assert_eq!(restart(&daemon, &id).await.0, 202);
    daemon.status(&id, "ready").await;
}
