//! Orphans: found, told apart from what is healthy, and ended; and hosts that end by themselves.
//!
//! Owns the proof. Each test names its agents: other tests, and whoever else works here, have hosts too.

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::{Value, json};

use crate::daemon::{Daemon, until};

/// What `doctor` answers, and its exit code.
fn doctor(daemon: &Daemon, arguments: &[&str]) -> (Option<i32>, Value) {
    let output = daemon.command(&[&["doctor", "--json"], arguments].concat());
    let report = serde_json::from_slice(&output.stdout);
    (output.status.code(), report.unwrap_or_else(|_| panic!("{output:?}")))
}

/// The host of an agent in a report.
fn host<'a>(hosts: &'a Value, id: &str) -> &'a Value {
    hosts.as_array().unwrap().iter().find(|host| host["agentId"] == id).unwrap_or(&Value::Null)
}

async fn gone(host: Pid) {
    until("the host has ended", async || test_kill_process(host).is_err().then_some(())).await;
}

#[tokio::test]
async fn a_host_is_followed_then_waits_then_is_an_orphan_and_ends_and_others_are_left_alone() {
    let (mut daemon, other) = (Daemon::start(&[]), Daemon::start(&[]));
    let (id, healthy) = (daemon.sh("setsid sleep 1000 & cat").await, other.spawn(&["cat"]).await);
    daemon.status(&id, "ready").await;
    let before = other.status(&healthy, "ready").await;
    let (pid, processes) = (daemon.host(&id).await, daemon.processes());

    let (code, report) = doctor(&daemon, &[&id, &healthy]);
    assert_eq!(code, Some(0), "{report}");
    for (daemon, id) in [(&daemon, &id), (&other, &healthy)] {
        let host = host(&report["hosts"], id);
        let told = json!({"pid": daemon.pid(), "endpoint": daemon.url});
        assert_eq!((&host["state"], &host["daemon"]), (&json!("followed"), &told));
    }
    assert_eq!(host(&report["hosts"], &id)["pid"], pid.as_raw_nonzero().get());
    assert_eq!(report["folder"]["daemon"]["endpoint"], daemon.url);
    assert_eq!(report["folder"]["version"], env!("CARGO_PKG_VERSION"));
    assert!(report["folder"]["diskFree"].as_u64().is_some());
    assert_eq!(report["folder"]["agentTypes"].as_array().unwrap().len(), 5);
    assert_eq!(report["leftovers"], json!([]));

    daemon.crash();
    let (code, report) = doctor(&daemon, &["--clean", &id, &healthy]);
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(host(&report["hosts"], &id)["state"], "waiting");
    assert_eq!(report["ended"], json!({"hosts": [], "leftovers": []}));
    assert_eq!(report["folder"]["daemon"], Value::Null, "what is announced was killed");

    std::fs::remove_dir_all(daemon.folder.path().join("agents")).unwrap();
    let (code, report) = doctor(&daemon, &[&id, &healthy]);
    assert_eq!(code, Some(1), "{report}");
    let orphan = host(&report["hosts"], &id);
    assert_eq!((&orphan["state"], &orphan["reason"]), (&json!("orphan"), &json!("folderGone")));
    assert_eq!(daemon.processes(), processes, "without --clean nothing is ended");
    let said = daemon.command(&["doctor", &id]);
    assert!(String::from_utf8_lossy(&said.stdout).contains("its folder is gone"), "{said:?}");
    assert!(String::from_utf8_lossy(&said.stderr).contains("doctor --clean"), "{said:?}");

    let (code, report) = doctor(&daemon, &["--clean", &id, &healthy]);
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(host(&report["ended"]["hosts"], &id)["reason"], "folderGone");
    assert_eq!(host(&report["hosts"], &id), &Value::Null);
    gone(pid).await;
    assert_eq!(daemon.processes(), Vec::<u32>::new());
    assert_eq!(host(&report["hosts"], &healthy)["state"], "followed");
    let after = other.agent(&healthy).await;
    assert_eq!((after.status, after.pid), (before.status, before.pid));
}

#[tokio::test]
async fn what_outlived_a_killed_host_is_found_and_ended() {
    let (mut daemon, other) = (Daemon::start(&[]), Daemon::start(&[]));
    let stubborn = "setsid sleep 1000 & \
                    setsid sh -c \"trap '' TERM HUP; touch up; while :; do sleep 0.1; done\" & \
                    while [ ! -e up ]; do sleep 0.05; done; echo up; cat";
    let (id, healthy) = (daemon.sh(stubborn).await, other.sh("setsid sleep 1000 & echo up; cat").await);
    daemon.shows(&id, "up").await;
    other.shows(&healthy, "up").await;
    daemon.status(&id, "ready").await;
    let host = daemon.host(&id).await;
    let others = other.processes();
    let clean = doctor(&daemon, &[&id, &healthy]);
    assert_eq!((clean.0, &clean.1["leftovers"]), (Some(0), &json!([])));

    daemon.crash();
    kill_process(host, Signal::KILL).unwrap();
    gone(host).await;
    let report = until("only what left the session is left", async || {
        let (code, report) = doctor(&daemon, &[&id, &healthy]);
        let names: Vec<_> =
            report["leftovers"].as_array().unwrap().iter().map(|left| &left["name"]).collect();
        (code == Some(1) && !names.contains(&&json!("cat"))).then_some(report.clone())
    })
    .await;
    let leftovers = report["leftovers"].as_array().unwrap();
    assert!(leftovers.iter().any(|left| left["name"] == "sh"), "{report}");
    assert!(leftovers.iter().any(|left| left["name"] == "sleep"), "{report}");
    assert!(leftovers.iter().all(|left| left["agentId"] == id), "{report}");
    assert_eq!(self::host(&report["hosts"], &id), &Value::Null);

    let (code, report) = doctor(&daemon, &["--clean", &id, &healthy]);
    assert_eq!(code, Some(0), "{report}");
    assert!(report["ended"]["leftovers"].as_array().unwrap().len() >= 2, "{report}");
    assert_eq!(daemon.processes(), Vec::<u32>::new());
    assert_eq!(other.processes(), others, "another's processes go on");
    daemon.restart();
    assert_eq!(daemon.status(&id, "error").await.error.as_deref(), Some("its host process is gone"));
}

#[tokio::test]
async fn records_that_end_or_are_gone_and_hosts_that_do_not_answer_make_orphans() {
    let mut daemon = Daemon::start(&[]);
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(daemon.spawn(&["cat"]).await);
    }
    for id in &ids {
        daemon.status(id, "ready").await;
    }
    daemon.crash();
    let [ended, unrecorded, silent, unreadable] = [0, 1, 2, 3].map(|index| ids[index].as_str());
    let state = daemon.agent_folder(ended).join("state.json");
    let text = std::fs::read_to_string(&state).unwrap();
    std::fs::write(&state, text.replace("\"status\":\"ready\"", "\"status\":\"error\"")).unwrap();
    std::fs::remove_file(daemon.agent_folder(unrecorded).join("spec.json")).unwrap();
    std::fs::remove_file(daemon.agent_folder(silent).join("host.sock")).unwrap();
    let state = daemon.agent_folder(unreadable).join("state.json");
    let text = std::fs::read_to_string(&state).unwrap();
    std::fs::write(&state, "{").unwrap();

    let (code, report) = doctor(&daemon, &["--clean", ended, unrecorded, silent, unreadable]);
    assert_eq!(code, Some(0), "{report}");
    for (id, reason) in [(ended, "recordEnded"), (unrecorded, "recordGone"), (silent, "silent")] {
        assert_eq!(host(&report["ended"]["hosts"], id)["reason"], reason, "{report}");
    }
    assert_eq!(host(&report["hosts"], unreadable)["state"], "waiting", "what cannot be read proves nothing");
    assert_eq!(daemon.processes().len(), 1);
    std::fs::write(&state, text).unwrap();
}

#[tokio::test]
async fn a_host_whose_program_ends_tells_it_and_ends_with_a_folder_and_without() {
    let mut daemon = Daemon::start(&[]);
    let script = "echo up; while [ ! -e \"$GO\" ]; do sleep 0.05; done; exit 4";
    let go = daemon.folder.path().join("go");
    let config = json!({"command": ["sh", "-c", script], "env": {"GO": go}});
    let body = json!({"agentType": "custom", "count": 1, "config": config});
    let heard = daemon.spawn_with(body.clone()).await;
    daemon.status(&heard, "ready").await;
    let first = daemon.host(&heard).await;
    std::fs::remove_dir_all(daemon.folder.path().join("agents")).unwrap();
    std::fs::write(&go, "").unwrap();
    assert_eq!(daemon.status(&heard, "stopped").await.exit_code, Some(4), "the daemon hears it all the same");
    gone(first).await;

    std::fs::remove_file(&go).unwrap();
    let (kept, lost) = (daemon.spawn_with(body.clone()).await, daemon.spawn_with(body).await);
    let mut hosts = Vec::new();
    for id in [&kept, &lost] {
        daemon.status(id, "ready").await;
        hosts.push(daemon.host(id).await);
    }
    daemon.crash();
    std::fs::remove_dir_all(daemon.agent_folder(&lost)).unwrap();
    std::fs::write(&go, "").unwrap();
    for host in hosts {
        gone(host).await;
    }
    daemon.restart();
    assert_eq!(daemon.status(&kept, "stopped").await.exit_code, Some(4));
    assert_eq!(doctor(&daemon, &[&kept, &lost]).1["hosts"], json!([]));
}

#[tokio::test]
async fn every_process_of_an_agent_carries_its_id_whatever_the_spawn_says() {
    let daemon = Daemon::start(&[]);
    let config =
        json!({"command": ["sh", "-c", "echo I am $RAVEN_AGENT_ID; cat"], "env": {"RAVEN_AGENT_ID": "x"}});
    let id = daemon.spawn_with(json!({"agentType": "custom", "count": 1, "config": config})).await;
    daemon.shows(&id, &format!("I am {id}")).await;
}
