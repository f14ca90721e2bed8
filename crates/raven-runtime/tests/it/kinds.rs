//! Kinds of agents as the daemon and `doctor` tell them: version, whether it was tested, key or login.
//!
//! Owns the proof with programs of its own. Must not know our kinds.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::daemon::{Daemon, until};

const KEY: &str = "sk-kinds-0123456789";

/// Puts a program in the place of the one that is there, as an upgrade does.
fn program(path: &Path, version: &str) {
    let next = path.with_extension("next");
    let says =
        format!("#!/bin/sh\n[ \"$1\" = --version ] && [ -z \"$RAVEN_TEST_SECRET\" ] && echo x {version}\n");
    std::fs::write(&next, says).unwrap();
    std::fs::set_permissions(&next, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::rename(next, path).unwrap();
}

/// A data folder with a kind that somebody else installed, and one that nobody did.
fn folder(program: &Path) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let kinds = folder.path().join("kinds");
    std::fs::create_dir_all(&kinds).unwrap();
    for (name, command) in [("there", program.to_str().unwrap()), ("missing", "/nonexistent/x")] {
        let text = format!(
            "type = '{name}'\ntitle = '{name}'\n[keys]\nX_KEY = 'openrouter'\n[program]\ncommand = ['{command}']\n\
             [program.package]\nsource = 'npm'\nname = 'x'\nversion = '1.2.3'\nexecutable = 'x'\n\
             version_args = ['--version']\nversion_pattern = 'x (\\S+)'\ntested = ['1.2.3']\n"
        );
        std::fs::write(kinds.join(format!("{name}.toml")), text).unwrap();
    }
    folder
}

fn of<'a>(kinds: &'a Value, name: &str) -> &'a Value {
    kinds.as_array().unwrap().iter().find(|kind| kind["type"] == name).unwrap()
}

async fn told(daemon: &Daemon, version: &str) -> Value {
    until(&format!("the version is {version}"), async || {
        let kinds = daemon.json("/api/types").await["items"].take();
        let told = of(&kinds, "there").clone();
        (told["version"] == version && told["versionPending"] == Value::Null).then_some(told)
    })
    .await
}

#[tokio::test]
async fn a_program_that_somebody_else_installed_tells_its_version_and_again_after_an_upgrade() {
    let programs = tempfile::tempdir().unwrap();
    let there = programs.path().join("x");
    program(&there, "1.2.3");
    let daemon = Daemon::start_in(folder(&there), &["--openrouter-key", KEY]);
    let first = told(&daemon, "1.2.3").await;
    assert_eq!((&first["tested"], &first["path"]), (&json!(true), &json!(there.to_str().unwrap())));
    assert_eq!((&first["credential"], &first["keys"]), (&json!("key"), &json!(["openrouter"])));
    program(&there, "1.2.4");
    let second = told(&daemon, "1.2.4").await;
    assert_eq!(second["tested"], false);
    let said = daemon.command(&["doctor", "agt_none"]);
    let said = String::from_utf8(said.stdout).unwrap();
    let line = format!("{} · 1.2.4, not tested · has a key of openrouter", there.display());
    assert!(said.contains(&line) && !said.contains(KEY), "{said}");
}

#[tokio::test]
async fn doctor_tells_the_same_without_a_daemon() {
    let programs = tempfile::tempdir().unwrap();
    let there = programs.path().join("x");
    program(&there, "1.2.3");
    let mut daemon = Daemon::start_in(folder(&there), &[]);
    daemon.crash();
    let said = daemon.command(&["doctor", "agt_none"]);
    let said = String::from_utf8(said.stdout).unwrap();
    for line in [
        format!("{} · 1.2.3, tested · needs a key (openrouter) or a login", there.display()),
        "not installed: raven-runtime install missing · needs a key (openrouter) or a login".to_owned(),
    ] {
        assert!(said.contains(&line), "{line}\nnot in\n{said}");
    }
}
