//! Spawns on a git repository.

use std::process::Command;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::daemon::{Daemon, until};

fn git(at: &std::path::Path, arguments: &[&str]) -> String {
    let out = Command::new("git")
        .arg("-C")
        .arg(at)
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(out.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn agents_of_one_repository_work_on_a_branch_each() {
    let origin = tempfile::tempdir().unwrap();
    git(origin.path(), &["init", "-q", "-b", "main"]);
    git(origin.path(), &["commit", "-q", "--allow-empty", "-m", "one"]);
    let daemon = Daemon::start(&[]);
    let command = ["sh", "-c", "git branch --show-current; cat"];
    let spawn = |path: &str, at: Option<&str>| {
        let repository = json!({"path": path, "ref": at});
        json!({"agentType": "custom", "count": 3, "name": "worker", "config": {"command": command, "repository": repository}})
    };
    let path = origin.path().to_str().unwrap();
    let spawned = daemon.post("/api/spawn", &spawn(path, None)).await;
    assert_eq!(spawned.status(), StatusCode::CREATED);
    let spawned: Value = spawned.json().await.unwrap();
    for agent in spawned["agents"].as_array().unwrap() {
        let id = agent["id"].as_str().unwrap();
        let branch = format!("-{}", &id[id.len() - 6..]);
        daemon.shows(id, &branch).await;
        let told = daemon.agent(id).await.doing.branch.unwrap();
        assert!(told.starts_with("raven/worker-") && told.ends_with(&branch), "{told}");
    }
    assert_eq!(git(origin.path(), &["worktree", "list"]).lines().count(), 4);
    let mut nowhere = spawn(path, Some("nowhere"));
    nowhere["count"] = 1.into();
    let failed = daemon.spawn_with(nowhere).await;
    let error = daemon.status(&failed, "error").await.error.unwrap();
    assert!(error.contains("no branch, tag or commit `nowhere`"), "{error}");
    let refused = daemon.post("/api/spawn", &spawn("/nonexistent", None)).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

/// Opens a pipe once somebody reads from it, who goes on when it is dropped.
async fn once_read(pipe: &std::path::Path) -> std::fs::File {
    until("git reads its configuration", async || {
        let flags = rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::NONBLOCK;
        rustix::fs::open(pipe, flags, rustix::fs::Mode::empty()).ok().map(std::fs::File::from)
    })
    .await
}

#[tokio::test]
async fn an_agent_that_is_being_forgotten_is_not_started_anew() {
    let origin = tempfile::tempdir().unwrap();
    git(origin.path(), &["init", "-q", "-b", "main"]);
    git(origin.path(), &["commit", "-q", "--allow-empty", "-m", "one"]);
    let mut daemon = Daemon::start(&[]);
    let config = json!({"command": ["cat"], "repository": {"path": origin.path()}});
    let id = daemon.spawn_with(json!({"agentType": "custom", "count": 1, "config": config})).await;
    daemon.status(&id, "ready").await;
    daemon.post(&format!("/api/agents/{id}/stop"), &json!({})).await;
    daemon.status(&id, "stopped").await;
    daemon.crash();
    let folder = daemon.agent_folder(&id);
    let mut state: Value =
        serde_json::from_slice(&std::fs::read(folder.join("state.json")).unwrap()).unwrap();
    assert!(state["endedAt"].is_string(), "{state}");
    state["endedAt"] = "2020-01-01T00:00:00.000Z".into();
    std::fs::write(folder.join("state.json"), state.to_string()).unwrap();

    // Its worktree is taken away by a git that waits for the rest of its configuration.
    let pipe = origin.path().join("more");
    git(origin.path(), &["config", "include.path", pipe.to_str().unwrap()]);
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    daemon.restart();
    let waits = once_read(&pipe).await;
    let refused = daemon.begin_anew(&id).await;
    let (status, told) = (refused.status(), refused.json::<Value>().await.unwrap());
    assert_eq!((status, &told["code"]), (StatusCode::CONFLICT, &json!("RESTART_UNDER_WAY")), "{told}");
    std::fs::remove_file(&pipe).unwrap();
    std::fs::write(&pipe, "").unwrap();
    drop(waits);
    until("it is forgotten", async || (!folder.exists()).then_some(())).await;
    assert_eq!(daemon.begin_anew(&id).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(git(origin.path(), &["worktree", "list"]).lines().count(), 1);
}
