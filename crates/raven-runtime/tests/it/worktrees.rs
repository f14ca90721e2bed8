//! Spawns on a git repository.

use std::process::Command;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::daemon::Daemon;

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
