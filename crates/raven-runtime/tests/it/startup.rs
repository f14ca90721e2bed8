//! Starts that must fail, and how they say so.

use std::process::{Command, Output, Stdio};

use crate::daemon::{Daemon, PROGRAM};

fn start(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).arg("start").args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// The last line of a failed start; nothing may be on standard output.
fn refused(arguments: &[&str]) -> String {
    let output = start(arguments);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    String::from_utf8(output.stderr).unwrap().lines().last().unwrap().to_owned()
}

#[tokio::test]
async fn a_taken_port_and_a_taken_folder_are_said_in_one_line() {
    let daemon = Daemon::start(&[]);
    let port = daemon.url.rsplit(':').next().unwrap();
    let other = tempfile::tempdir().unwrap();
    let line = refused(&["--port", port, "--data-dir", other.path().to_str().unwrap()]);
    assert_eq!(line, format!("raven-runtime: port {port} of 127.0.0.1 is taken; give --port another one"));
    let line = refused(&["--port", "0", "--data-dir", daemon.folder.path().to_str().unwrap()]);
    assert!(line.contains("another raven-runtime is using the data folder"), "{line}");
}

#[test]
fn a_folder_that_cannot_be_written_or_is_newer_is_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    for unwritable in [file.as_path(), std::path::Path::new("/proc/raven")] {
        let line = refused(&["--port", "0", "--data-dir", unwritable.to_str().unwrap()]);
        assert!(line.contains("cannot write to the data folder"), "{line}");
    }
    std::fs::write(folder.path().join("version"), "2\n").unwrap();
    let line = refused(&["--port", "0", "--data-dir", folder.path().to_str().unwrap()]);
    assert!(line.contains("written by a newer raven-runtime (version 2"), "{line}");
}

#[test]
fn listening_to_everybody_without_a_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let line = refused(&["--host", "0.0.0.0", "--port", "0", "--data-dir", folder.path().to_str().unwrap()]);
    assert!(line.contains("--insecure-no-auth"), "{line}");
}

#[test]
fn the_command_line_says_when_nothing_runs() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(PROGRAM).args(["status", "--data-dir"]).arg(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("no raven-runtime is running"));
}
