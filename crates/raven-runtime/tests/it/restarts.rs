//! The daemon dies or leaves; agents go on and are found again.

use crate::daemon::{Daemon, PROGRAM, until};
use crate::terminal::{Got, Terminal};

#[tokio::test]
async fn a_killed_daemon_finds_its_busy_agent_again_and_no_byte_is_missing() {
    let mut daemon = Daemon::start(&[]);
    let id = daemon.sh("stty -opost; i=0; while :; do i=$((i+1)); echo \"count $i\"; done").await;
    let before = daemon.status(&id, "starting").await;
    let mut terminal = Terminal::attach(&daemon, &id, Some(0)).await;
    terminal.until_length(200_000).await;
    daemon.crash();
    // What was on its way may still arrive.
    while !matches!(terminal.next().await, Got::Closed) {}
    let mut all = std::mem::take(&mut terminal.seen);
    daemon.restart();
    let after = daemon.agent(&id).await;
    assert_eq!((after.started_at, after.pid), (before.started_at, before.pid));
    let mut terminal = Terminal::attach(&daemon, &id, Some(all.len() as u64)).await;
    assert!(terminal.head > all.len() as u64, "it went on meanwhile");
    let wanted = terminal.head as usize - all.len() + 100_000;
    terminal.until_length(wanted).await;
    all.append(&mut terminal.seen);
    let text = String::from_utf8(all).unwrap();
    for (index, line) in text.lines().take(text.lines().count() - 1).enumerate() {
        assert_eq!(line, format!("count {}", index + 1));
    }
    daemon.status(&id, "busy").await;
}

#[tokio::test]
async fn statuses_survive_and_an_end_during_the_absence_is_told() {
    let mut daemon = Daemon::start(&[]);
    let stays = daemon.spawn(&["cat"]).await;
    let ends = daemon.sh("while [ ! -e go ]; do sleep 0.05; done; exit 4").await;
    daemon.status(&stays, "ready").await;
    daemon.status(&ends, "ready").await;
    let head = daemon.json("/metrics-none").await;
    assert_eq!(head["code"], "NOT_FOUND");
    daemon.crash();
    std::fs::write(daemon.agent_folder(&ends).join("work/go"), "").unwrap();
    let outcome = daemon.agent_folder(&ends).join("exit.json");
    until("it has ended without a daemon", async || outcome.exists().then_some(())).await;
    daemon.restart();
    let ended = daemon.status(&ends, "stopped").await;
    assert_eq!((ended.exit_code, ended.evidence.as_deref()), (Some(4), Some("exited with status 4")));
    assert_eq!(daemon.agent(&stays).await.status.as_str(), "ready");
    let mut terminal = Terminal::attach(&daemon, &stays, Some(0)).await;
    terminal.keys(b"still here\r").await;
    terminal.until_seen(b"still here\r\nstill here").await;
}

#[tokio::test]
async fn an_interrupted_daemon_leaves_its_agents_running_unless_told_otherwise() {
    let mut daemon = Daemon::start(&[]);
    let id = daemon.spawn(&["cat"]).await;
    daemon.status(&id, "ready").await;
    assert_eq!(daemon.interrupt(), Some(0));
    assert_eq!(daemon.processes().len(), 1);
    assert!(!daemon.folder.path().join("runtime.json").exists());
    daemon.restart();
    assert_eq!(daemon.agent(&id).await.status.as_str(), "ready");

    let mut other = Daemon::start(&["--stop-agents-on-exit"]);
    let id = other.sh("setsid sleep 1000 & cat").await;
    other.status(&id, "ready").await;
    assert_eq!(other.interrupt(), Some(0));
    assert!(other.processes().is_empty());
    other.restart();
    assert_eq!(other.agent(&id).await.status.as_str(), "stopped");
}

#[tokio::test]
async fn an_agent_that_got_ready_while_no_daemon_ran_is_ready() {
    let mut daemon = Daemon::start(&[]);
    let id = daemon.sh("while [ ! -e go ]; do echo $((i+=1)); done; echo quiet; cat").await;
    daemon.status(&id, "starting").await;
    let host = daemon.host(&id).await;
    daemon.crash();
    std::fs::write(daemon.agent_folder(&id).join("work/go"), "").unwrap();
    daemon.restart();
    daemon.shows(&id, "quiet").await;
    daemon.status(&id, "ready").await;
    assert_eq!(daemon.host(&id).await, host);
}

#[tokio::test]
async fn another_program_at_another_path_takes_up_what_the_old_one_started() {
    let old = tempfile::tempdir().unwrap();
    let program = old.path().join("raven-runtime");
    std::fs::copy(PROGRAM, &program).unwrap();
    let mut daemon = Daemon::start_as(program, tempfile::tempdir().unwrap(), &[]);
    let id = daemon.spawn(&["cat"]).await;
    let before = daemon.status(&id, "ready").await;
    daemon.crash();
    drop(old);
    daemon.program = PROGRAM.into();
    daemon.restart();
    let after = daemon.status(&id, "ready").await;
    assert_eq!((after.started_at, after.pid), (before.started_at, before.pid));
    let mut terminal = Terminal::attach(&daemon, &id, Some(0)).await;
    terminal.keys(b"still here\r").await;
    terminal.until_seen(b"still here\r\nstill here").await;
    // The old host's program is gone from the disk, and it is a host all the same.
    let told = daemon.command(&["doctor", &id, "--json"]);
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(told["hosts"][0]["state"], "followed", "{told}");
}
