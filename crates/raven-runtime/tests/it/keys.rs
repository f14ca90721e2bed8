//! Provider keys: given at the start, set by calls, shown by their end alone.

use std::process::{Command, Stdio};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::daemon::{Daemon, PROGRAM};

const KEY: &str = "sk-test-0123456789wxyz";

async fn put(daemon: &Daemon, provider: &str, body: Value) -> (StatusCode, Value) {
    let answer =
        daemon.request(Method::PUT, &format!("/api/keys/{provider}")).json(&body).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

async fn delete(daemon: &Daemon, provider: &str) -> StatusCode {
    daemon.request(Method::DELETE, &format!("/api/keys/{provider}")).send().await.unwrap().status()
}

#[tokio::test]
async fn a_key_is_set_survives_a_crash_and_is_forgotten() {
    let mut daemon = Daemon::start(&[]);
    assert_eq!(daemon.json("/api/keys").await, json!({"items": []}));
    let told = json!({"provider": "anthropic", "fingerprint": "wxyz", "source": "api"});
    assert_eq!(put(&daemon, "anthropic", json!({"key": KEY})).await, (StatusCode::OK, told.clone()));
    daemon.crash_and_restart();
    assert_eq!(daemon.json("/api/keys").await, json!({"items": [told]}));
    // An agent that does not take it does not get it.
    let agent = daemon.sh("env; echo done; cat").await;
    daemon.shows(&agent, "done").await;
    let screen = daemon.get(&format!("/api/agents/{agent}/screen")).await.text().await.unwrap();
    assert!(!screen.contains("0123456789"), "{screen}");
    assert_eq!(delete(&daemon, "anthropic").await, StatusCode::NO_CONTENT);
    assert_eq!(delete(&daemon, "anthropic").await, StatusCode::NO_CONTENT);
    assert_eq!(daemon.json("/api/keys").await, json!({"items": []}));
}

#[tokio::test]
async fn a_key_of_the_start_cannot_be_changed_by_a_call() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.toml");
    std::fs::write(&file, format!("openai = \"{KEY}\"\n")).unwrap();
    let daemon = Daemon::start(&["--keys-file", file.to_str().unwrap()]);
    let told = json!({"items": [{"provider": "openai", "fingerprint": "wxyz", "source": "start"}]});
    assert_eq!(daemon.json("/api/keys").await, told);
    let (status, problem) = put(&daemon, "openai", json!({"key": "another-key"})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &"KEY_FROM_START".into()));
    assert_eq!(delete(&daemon, "openai").await, StatusCode::CONFLICT);
    assert_eq!(daemon.json("/api/keys").await, told);
}

#[tokio::test]
async fn what_is_no_key_or_no_provider_is_refused_and_not_repeated() {
    let daemon = Daemon::start(&[]);
    let (status, problem) = put(&daemon, "nobody", json!({"key": KEY})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &"PROVIDER_NOT_FOUND".into()));
    assert_eq!(delete(&daemon, "nobody").await, StatusCode::NOT_FOUND);
    for body in [json!({"key": "has spaces in it"}), json!({"key": "short"}), json!({ KEY: KEY }), json!(KEY)]
    {
        let (status, problem) = put(&daemon, "openai", body).await;
        assert_eq!((status, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &"INVALID".into()));
        assert!(!problem.to_string().contains("0123456789") && !problem.to_string().contains("spaces in"));
    }
}

#[test]
fn a_key_in_the_process_list_and_a_file_that_others_can_read_are_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.toml");
    std::fs::write(&file, format!("openai = \"{KEY}\"\n")).unwrap();
    let said = |flags: &[&str], env: &[(&str, &str)]| {
        // Ends at once, because nothing can be kept there.
        let mut command = Command::new(PROGRAM);
        command
            .args(["start", "--host", "127.0.0.1", "--port", "1", "--data-dir", "/proc/raven"])
            .args(flags);
        let output = command.envs(env.iter().copied()).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!said.contains("0123456789"), "{said}");
        said
    };
    let warned = said(&["--gemini-key", KEY, "--keys-file", file.to_str().unwrap()], &[]);
    assert!(warned.contains("--gemini-key") && warned.contains("RAVEN_RUNTIME_GEMINI_KEY"), "{warned}");
    assert!(warned.contains("chmod 600"), "{warned}");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let quiet = said(&["--keys-file", file.to_str().unwrap()], &[("RAVEN_RUNTIME_GEMINI_KEY", KEY)]);
    assert!(!quiet.contains("other users"), "{quiet}");
}
