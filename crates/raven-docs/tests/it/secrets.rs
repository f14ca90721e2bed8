//! The key that seals secrets: replaced, cut off in between, given from outside, and the wrong one.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::programs::{DOCS, run_docs};
use crate::surroundings::Place;

/// `raven-docs secrets …` on a folder: whether it succeeded, and what it said.
fn secrets(folder: &Path, args: &[&str]) -> (bool, String) {
    let args = [&["secrets"], args, &["--data-dir", folder.to_str().unwrap()]].concat();
    let ended = run_docs(&args, "");
    let said = [ended.stdout, ended.stderr].concat();
    (ended.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// A place with things that are sealed: a runtime's key, and an agent's variables.
fn with_secrets() -> (Place, String) {
    let mut place = Place::with_runtime();
    let body = json!({ "agentType": "custom", "config": { "command": ["cat"], "env": { "HIDDEN": "deep-secret" } } });
    let spawned = place.owner().post("/api/parallax-agents/spawn", &body);
    assert_eq!(spawned.status, 201, "{}", spawned.body);
    let agent = spawned.body["spawnedAgents"][0]["id"].as_str().unwrap().to_owned();
    place.agent_that_is(&agent, "ready");
    let (refused, said) = secrets(&place.path("docs"), &["rotate"]);
    assert!(!refused && said.contains("stop it first"), "a server runs: {said}");
    place.docs = None;
    (place, agent)
}

/// Whether the runtime's stored key is used and the agent's variables are there.
fn works(place: &mut Place, agent: &str) {
    place.start_docs();
    let tested = place.owner().post("/api/parallax-agents/runtime/test", &json!({})).body;
    assert_eq!(tested["connected"], true, "{tested}");
    let restarted = place.owner().post(&format!("/api/parallax-agents/{agent}/restart"), &json!({}));
    assert_eq!(restarted.status, 202, "{}", restarted.body);
    place.agent_that_is(agent, "ready");
    place.docs = None;
}

#[test]
fn a_rotated_key_opens_everything_and_the_former_one_nothing() {
    let (mut place, agent) = with_secrets();
    let folder = place.path("docs");
    let former = fs::read(folder.join("secret.key")).unwrap();
    let (fine, before) = secrets(&folder, &["status"]);
    assert!(fine && before.contains("2 sealed values"), "{before}");
    let (fine, said) = secrets(&folder, &["rotate"]);
    assert!(fine && said.contains("2 values"), "{said}");
    let (fine, after) = secrets(&folder, &["status"]);
    assert!(fine && after != before, "{after}");
    let mode = fs::metadata(folder.join("secret.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!folder.join("secret.key.new").exists());
    let rotated = fs::read(folder.join("secret.key")).unwrap();
    assert_ne!(former[..32], rotated[..32]);
    assert_eq!(former[32..], rotated[32..], "old records are verified as before");
    works(&mut place, &agent);
    let (intact, said) = place.recording_command(&["verify"]);
    assert!(intact, "{said}");

    fs::write(folder.join("secret.key"), &former).unwrap();
    let (opens, said) = secrets(&folder, &["status"]);
    assert!(!opens && said.contains("--secret-key-file"), "{said}");
    let mut serve = Command::new(DOCS);
    serve.args(["serve", "--port", "0", "--data-dir"]).arg(&folder);
    let refused = serve.output().unwrap();
    assert!(!refused.status.success(), "a server does not start with the wrong key");
}

#[test]
fn a_rotation_that_was_cut_off_is_undone_or_ended() {
    let (mut place, agent) = with_secrets();
    let folder = place.path("docs");
    let (former, database) = (fs::read(folder.join("secret.key")).unwrap(), folder.join("raven.db"));
    let before = fs::read(&database).unwrap();
    assert!(secrets(&folder, &["rotate"]).0);
    let next = fs::read(folder.join("secret.key")).unwrap();

    // Cut off after the database was sealed anew, before the key was replaced.
    fs::write(folder.join("secret.key"), &former).unwrap();
    fs::write(folder.join("secret.key.new"), &next).unwrap();
    works(&mut place, &agent);
    assert_eq!(fs::read(folder.join("secret.key")).unwrap(), next);
    assert!(!folder.join("secret.key.new").exists());

    // Cut off before the database was sealed anew.
    for name in ["raven.db-wal", "raven.db-shm"] {
        let _ = fs::remove_file(folder.join(name));
    }
    fs::write(&database, &before).unwrap();
    fs::write(folder.join("secret.key"), &former).unwrap();
    fs::write(folder.join("secret.key.new"), &next).unwrap();
    let (fine, said) = secrets(&folder, &["status"]);
    assert!(fine && said.contains("2 sealed values"), "{said}");
    assert!(folder.join("secret.key.new").exists(), "a look takes nothing from a rotation");
    place.start_docs();
    assert!(!folder.join("secret.key.new").exists());
}

#[test]
fn a_key_from_outside_leaves_none_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (data, key) = (folder.path().join("docs"), folder.path().join("mounted.key"));
    let seed = folder.path().join("seed");
    assert!(secrets(&seed, &["generate", "--out", key.to_str().unwrap()]).0);
    let given = ["--secret-key-file", key.to_str().unwrap()];
    let (fine, said) = secrets(&data, &[&["status"], &given[..]].concat());
    assert!(fine, "{said}");
    assert!(!data.join("secret.key").exists());
    let (opens, said) = secrets(&data, &["status"]);
    assert!(!opens && said.contains("sealed with the key"), "{said}");
    assert!(!data.join("secret.key").exists(), "nor is one made that would open nothing");

    let (rotates, said) = secrets(&data, &[&["rotate"], &given[..]].concat());
    assert!(!rotates && said.contains("--new-key-file"), "{said}");
    let next = folder.path().join("next.key");
    assert!(secrets(&data, &[&["generate", "--out", next.to_str().unwrap()], &given[..]].concat()).0);
    let (fine, said) =
        secrets(&data, &[&["rotate", "--new-key-file", next.to_str().unwrap()], &given[..]].concat());
    assert!(fine, "{said}");
    assert!(!secrets(&data, &[&["status"], &given[..]].concat()).0, "the former key opens nothing");
    assert!(secrets(&data, &["status", "--secret-key-file", next.to_str().unwrap()]).0);
}
