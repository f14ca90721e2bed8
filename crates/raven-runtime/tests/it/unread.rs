//! Programs that end, or let go of their terminal, while input waits that nobody read.
//!
//! Owns the proof that a host ends with its program, and stays idle before. Must not know how it writes.

use std::fs::File;
use std::time::Duration;

use raven_protocol::terminal::Exit;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::time::timeout;

use crate::daemon::{Daemon, until};
use crate::terminal::Terminal;

/// An end must be known by then on a busy machine; a host that is stuck is given up after longer.
const QUICKLY: Duration = Duration::from_secs(15);

/// More than a terminal and what is before it take in without a reader: 4 KiB and 64 KiB on Linux.
const PASTE: usize = 100_000;

/// What a terminal that nobody reads from holds at most, less the byte that it keeps free.
const FULL: u64 = 4095;

/// A program that reads nothing and ends by itself when a file is there.
const DEAF: &str = "stty raw -echo; echo READY; while [ ! -e go ]; do sleep 0.05; done; exit 7";

/// Starts it and pastes more than its terminal takes.
async fn filled(daemon: &Daemon) -> (String, Terminal) {
    let id = daemon.sh(DEAF).await;
    let mut terminal = Terminal::attach(daemon, &id, Some(0)).await;
    terminal.until_seen(b"READY").await;
    daemon.status(&id, "ready").await;
    terminal.keys(&vec![b'x'; PASTE]).await;
    let device = format!("/proc/{}/fd/0", daemon.agent(&id).await.pid.unwrap());
    until("its terminal is full", async || {
        let flags = rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::CLOEXEC;
        let device = rustix::fs::open(&device, flags, rustix::fs::Mode::empty()).unwrap();
        (rustix::io::ioctl_fionread(File::from(device)).unwrap() >= FULL).then_some(())
    })
    .await;
    (id, terminal)
}

fn kept(daemon: &Daemon, id: &str) -> Value {
    serde_json::from_slice(&std::fs::read(daemon.agent_folder(id).join("exit.json")).unwrap()).unwrap()
}

#[tokio::test]
async fn a_program_that_ends_with_unread_input_is_known_to_have_ended() {
    let daemon = Daemon::start(&[]);
    let (id, mut terminal) = filled(&daemon).await;
    std::fs::write(daemon.agent_folder(&id).join("work/go"), "").unwrap();
    // Who typed it is told as well, although their input was never taken.
    let exit = timeout(QUICKLY, terminal.read_to_exit()).await.expect("told quickly");
    assert_eq!(exit, Exit { code: Some(7), signal: None });
    let ended = timeout(QUICKLY, daemon.status(&id, "stopped")).await.expect("known quickly");
    assert_eq!(ended.evidence.as_deref(), Some("exited with status 7"));
    assert_eq!(kept(&daemon, &id)["exit"]["code"], 7);
    assert_eq!(daemon.processes(), Vec::<u32>::new());
}

#[tokio::test]
async fn a_forced_stop_of_a_program_with_unread_input_is_quick_and_has_an_outcome() {
    let daemon = Daemon::start(&[]);
    let (id, mut terminal) = filled(&daemon).await;
    let path = format!("/api/agents/{id}?force=true");
    let answer = daemon.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let exit = timeout(QUICKLY, terminal.read_to_exit()).await.expect("told quickly");
    assert_eq!(exit, Exit { code: None, signal: Some(9) });
    let ended = timeout(QUICKLY, daemon.status(&id, "stopped")).await.expect("known quickly");
    assert_eq!(ended.evidence.as_deref(), Some("stopped by request"));
    assert_eq!(kept(&daemon, &id)["exit"]["signal"], 9);
    assert_eq!(daemon.processes(), Vec::<u32>::new());
}

#[tokio::test]
async fn a_terminal_that_was_closed_and_opened_again_works() {
    let daemon = Daemon::start(&[]);
    let script = "stty raw -echo; exec </dev/null >/dev/null 2>&1; echo > closed; \
                  while [ ! -e open ]; do sleep 0.05; done; exec </dev/tty >/dev/tty 2>&1; echo again; \
                  for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1; echo tick $i.; done; \
                  while [ ! -e read ]; do sleep 0.05; done; echo reading; head -c 100000 > copy; echo whole; \
                  while :; do sleep 1; done";
    let id = daemon.sh(script).await;
    let mut terminal = Terminal::attach(&daemon, &id, Some(0)).await;
    let work = daemon.agent_folder(&id).join("work");
    until("it has let go", async || work.join("closed").exists().then_some(())).await;
    std::fs::write(work.join("open"), "").unwrap();
    timeout(QUICKLY, terminal.until_seen(b"again")).await.expect("shown quickly");
    terminal.keys(&vec![b'x'; PASTE]).await;
    timeout(QUICKLY, terminal.until_seen(b"tick 10.")).await.expect("shown quickly");
    std::fs::write(work.join("read"), "").unwrap();
    timeout(QUICKLY, terminal.until_seen(b"whole")).await.expect("read quickly");
    assert_eq!(std::fs::read(work.join("copy")).unwrap(), vec![b'x'; PASTE]);
}
