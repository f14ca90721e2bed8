//! The command line: what it prints, and what it says when it cannot go on.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use crate::programs::run_docs;
use crate::surroundings::Place;

fn fails_with(args: &[&str], words: &str) {
    let ended = run_docs(args, "");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    let line = said.lines().find(|line| line.starts_with("raven-docs: ")).unwrap_or_default();
    assert!(line.contains(words), "{words:?} in {said:?}");
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn a_taken_port_is_told_in_a_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    fails_with(&["serve", "--port", &port, "--data-dir", folder.path().to_str().unwrap()], "is taken");
}

#[test]
fn a_folder_that_cannot_be_written_is_told_in_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let below = file.join("data");
    // Root may write anywhere but below a file and in /proc.
    for place in [below.to_str().unwrap(), "/proc/raven"] {
        fails_with(&["serve", "--port", "0", "--data-dir", place], "choose a writable one with --data-dir");
    }
}

#[test]
fn a_folder_of_a_newer_version_is_left_alone() {
    let place = Place::without_runtime();
    let dir = place.path("docs");
    let database = dir.join("raven.db");
    let mut place = place;
    place.docs.take().unwrap().stop();
    let marked = std::process::Command::new("python3")
        .args([
            "-c",
            "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); \
                c.execute(\"INSERT INTO seaql_migrations VALUES ('m9999_future', 0)\"); c.commit()",
        ])
        .arg(&database)
        .status()
        .unwrap();
    assert!(marked.success());
    fails_with(&["serve", "--port", "0", "--data-dir", dir.to_str().unwrap()], "newer raven-docs");
}

#[test]
fn secrets_lie_in_the_folder_for_their_owner_alone_and_never_in_clear() {
    let mut place = Place::with_runtime();
    let dir = place.path("docs");
    place.docs.take().unwrap().stop();
    let mode = |name: &str| std::fs::metadata(dir.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("secret.key"), mode("raven.db")), (0o600, 0o600));
    assert_eq!(std::fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    let database = std::fs::read(dir.join("raven.db")).unwrap();
    for secret in [crate::surroundings::KEY, crate::surroundings::PASSWORD, &place.owner] {
        assert!(!crate::browser::contains(&database, secret.as_bytes()), "a secret in clear");
    }
}

#[test]
fn accounts_are_made_beside_a_running_server() {
    let place = Place::without_runtime();
    let token = place.account("member@example.com", "member", &[]);
    assert_eq!(place.person(&token).get("/api/auth/me").body["role"], "member");
    let dir = place.path("docs");
    let dir = dir.to_str().unwrap();
    let add = [
        "user",
        "add",
        "--email",
        "member@example.com",
        "--name",
        "M",
        "--role",
        "viewer",
        "--password-stdin",
    ];
    let again = run_docs(&[&add[..], &["--data-dir", dir]].concat(), "another password");
    assert!(String::from_utf8_lossy(&again.stderr).contains("has an account already"));
    let promoted = run_docs(
        &["user", "role", "--email", "member@example.com", "--role", "admin", "--data-dir", dir],
        "",
    );
    assert!(promoted.status.success());
    assert_eq!(place.person(&token).get("/api/auth/me").body["role"], "admin");
    let listed = run_docs(&["user", "list", "--data-dir", dir], "");
    assert!(String::from_utf8_lossy(&listed.stdout).contains("member@example.com\tadmin"));
}

#[test]
fn an_account_made_before_the_first_start_gets_the_runtime_too() {
    let mut place = Place::bare();
    place.start_runtime();
    let token = place.account("first@example.com", "owner", &[]);
    place.owner = token;
    place.start_docs();
    let settings = place.owner().get("/api/workspace/agent-settings").body;
    assert!(
        settings["runtimeEndpoint"].is_string() && settings["runtimeApiKeyFingerprint"].is_string(),
        "{settings}"
    );
    let tested = place.owner().post("/api/parallax-agents/runtime/test", &serde_json::json!({})).body;
    assert_eq!(tested["connected"], true, "{tested}");
}
