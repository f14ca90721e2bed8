//! What a host tells of its screen and of its program: looks, signals, and typing that looks first.
//!
//! Owns the tests of the host's socket as the daemon uses it. Must not know what statuses are made of it.

use std::path::Path;
use std::process::{Command, Stdio};

use raven_runtime::host::look::{Look, LookLink, Signal, SignalSource};
use raven_runtime::host::wire::{self, Notice, Receiver, Request, Sender, Typed};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::daemon::{DEADLINE, Daemon, PROGRAM, until};
use crate::terminal::{contains, plain, plain_until};

/// A connection that watches a host.
struct Watcher {
    _to: Sender,
    from: Receiver,
}

impl Watcher {
    async fn new(folder: &Path, looks: bool, signals_since: u64) -> Self {
        let (to, from) = open(folder, &Request::Watch { looks, signals_since }).await;
        Self { _to: to, from }
    }

    async fn next(&mut self) -> Option<Notice> {
        timeout(DEADLINE, wire::receive_json(&mut self.from)).await.expect("a notice in time").unwrap()
    }

    async fn signal(&mut self) -> Signal {
        loop {
            if let Notice::Signal(signal) = self.next().await.expect("a signal before the end") {
                return signal;
            }
        }
    }

    async fn look_that(&mut self, fits: impl Fn(&Look) -> bool) -> Look {
        loop {
            match self.next().await.expect("a look before the end") {
                Notice::Look(look) if fits(&look) => return look,
                _ => {}
            }
        }
    }
}

async fn open(folder: &Path, request: &Request) -> (Sender, Receiver) {
    let (mut to, from) = wire::frame(wire::connect(folder).unwrap());
    to.json(request).await.unwrap();
    (to, from)
}

async fn ask<T: DeserializeOwned>(folder: &Path, request: &Request) -> T {
    let (_to, mut from) = open(folder, request).await;
    timeout(DEADLINE, wire::receive_json(&mut from)).await.expect("an answer in time").unwrap().unwrap()
}

async fn type_text(folder: &Path, text: &str, when: Option<u64>) -> bool {
    let Typed { typed } = ask(folder, &Request::Type { text: text.to_owned(), when }).await;
    typed
}

fn rows(look: &Look) -> Vec<&str> {
    look.rows.iter().map(|row| row.text.as_str()).collect()
}

fn said(signal: &Signal) -> (u64, SignalSource, Option<&str>, &str) {
    (signal.seq, signal.source, signal.name.as_deref(), &signal.body)
}

/// Runs a hook outside of the terminal; answers whether it was silent and fine.
fn hook(arguments: &[&str], input: Stdio) -> bool {
    let out = Command::new(PROGRAM).arg("signal").args(arguments).stdin(input).output().unwrap();
    out.status.success() && out.stdout.is_empty() && out.stderr.is_empty()
}

#[tokio::test]
async fn a_program_that_asks_whether_status_is_heard_is_told_so_first_and_its_reports_are_heard() {
    let daemon = Daemon::start(&[]);
    let script = r"stty raw -echo; printf '\033]7501;?\033\\\033[c'; head -c 19 > reply
                   printf '\033]7501;state=working:app=x\033\\\033]9;Needs you\007\033]9;4;1;50\007up'
                   printf '\033]7501;state=idle\007'; read -r _";
    let id = daemon.sh(script).await;
    daemon.shows(&id, "up").await;
    let folder = daemon.agent_folder(&id);
    let reply = std::fs::read(folder.join("work/reply")).unwrap();
    assert_eq!(String::from_utf8_lossy(&reply), "\x1b]7501;?\x1b\\\x1b[?62;22c");
    use SignalSource::{Notification, ProgramStatus};
    let wanted = [
        (1, ProgramStatus, None, "state=working:app=x"),
        (2, Notification, None, "Needs you"),
        (3, ProgramStatus, None, "state=idle"),
    ];
    for known in 0..3 {
        let mut watcher = Watcher::new(&folder, false, known).await;
        for wanted in &wanted[known as usize..] {
            assert_eq!(said(&watcher.signal().await), *wanted, "after {known}");
        }
    }
    let viewed = plain_until(&mut plain(&daemon, &id).await, "up").await;
    assert!(!contains(&viewed, b"7501"), "viewers are not told: {:?}", String::from_utf8_lossy(&viewed));
}

#[tokio::test]
async fn a_hook_in_the_agent_tells_its_host_in_order_and_disturbs_nothing() {
    let daemon = Daemon::start(&[]);
    let script = format!(
        r#"folder=$(dirname "$PWD"); echo '{{"tool":"é"}}' | '{PROGRAM}' signal "$folder" PreToolUse; one=$?
           '{PROGRAM}' signal "$folder" Stop < /dev/null; two=$?
           '{PROGRAM}' signal "$folder" notify '{{"type":"done"}}'
           '{PROGRAM}' signal "$folder"; echo "codes $one $two end"; read -r _"#
    );
    let id = daemon.sh(&script).await;
    let screen = daemon.shows(&id, "codes 0 0 end").await;
    assert_eq!(screen["lines"][0], "codes 0 0 end", "hooks print nothing");
    let mut watcher = Watcher::new(&daemon.agent_folder(&id), false, 0).await;
    for wanted in [
        (1, SignalSource::Hook, Some("PreToolUse"), "{\"tool\":\"é\"}\n"),
        (2, SignalSource::Hook, Some("Stop"), ""),
        (3, SignalSource::Hook, Some("notify"), "{\"type\":\"done\"}"),
        (4, SignalSource::Hook, None, ""),
    ] {
        assert_eq!(said(&watcher.signal().await), wanted);
    }
}

#[tokio::test]
async fn a_hook_that_is_told_too_much_too_long_or_nowhere_succeeds_all_the_same() {
    let daemon = Daemon::start(&[]);
    let id = daemon.sh("echo up; read -r _").await;
    daemon.shows(&id, "up").await;
    let folder = daemon.agent_folder(&id);
    let mut watcher = Watcher::new(&folder, false, 0).await;
    let path = folder.to_str().unwrap();
    assert!(hook(&[path, "endless"], std::fs::File::open("/dev/zero").unwrap().into()));
    assert_eq!(watcher.signal().await.body.len(), wire::MAX_SIGNAL);
    let (open_end, mut write) = std::io::pipe().unwrap();
    std::io::Write::write_all(&mut write, b"and never closed").unwrap();
    assert!(hook(&[path, "open"], open_end.into()));
    assert_eq!(watcher.signal().await.body, "and never closed");
    drop(write);
    for arguments in [&[][..], &["--help"], &["/nowhere", "Stop"], &[path, "--flag", "body", "more"]] {
        assert!(hook(arguments, Stdio::null()), "{arguments:?}");
    }
    assert_eq!(said(&watcher.signal().await), (3, SignalSource::Hook, Some("--flag"), "body"));
}

#[tokio::test]
async fn of_a_flood_of_signals_the_last_are_kept_for_a_watcher_that_comes_later() {
    let daemon = Daemon::start(&[]);
    let script =
        r"i=0; while [ $i -lt 300 ]; do i=$((i+1)); printf '\033]7501;n=%s\007' $i; done; echo up; read -r _";
    let id = daemon.sh(script).await;
    daemon.shows(&id, "up").await;
    let mut watcher = Watcher::new(&daemon.agent_folder(&id), false, 0).await;
    let mut kept = Vec::new();
    while kept.last().is_none_or(|last: &Signal| last.body != "n=300") {
        kept.push(watcher.signal().await);
    }
    assert!(kept.len() <= 256, "{}", kept.len());
    assert!(kept.windows(2).all(|pair| pair[1].seq == pair[0].seq + 1));
}

#[tokio::test]
async fn looks_come_when_the_screen_or_only_its_title_changes_and_not_within_a_frame() {
    let daemon = Daemon::start(&[]);
    let script = r"printf '\033[?2004h\033]8;;http://a/?q\033\\link\033]8;;\033\\ up\r\n'
                   read -r _; printf '\033]0;title\007'; read -r _
                   printf '\033[?2026h\033[2J\033[Hhalf'; printf ' whole\033[?2026l'; read -r _";
    let id = daemon.sh(&format!("stty -echo; {script}")).await;
    daemon.shows(&id, "up").await;
    let folder = daemon.agent_folder(&id);
    let mut watcher = Watcher::new(&folder, true, 0).await;
    let first = watcher.look_that(|look| look.rows[0].text == "link up").await;
    assert_eq!(first.links, [LookLink { uri: "http://a/?q".to_owned(), row: 0 }]);
    assert_eq!((first.title.as_deref(), first.bracketed_paste, first.cursor), (None, true, (1, 0)));
    assert_eq!(ask::<Look>(&folder, &Request::Look).await, first);
    assert!(type_text(&folder, "\n", None).await);
    let titled = watcher.look_that(|look| look.title.is_some()).await;
    assert_eq!((titled.title.as_deref(), titled.fingerprint), (Some("title"), first.fingerprint));
    assert!(type_text(&folder, "\n", None).await);
    let painted = watcher.look_that(|look| look.fingerprint != first.fingerprint).await;
    assert_eq!(rows(&painted)[0], "half whole");
}

#[tokio::test]
async fn what_is_typed_for_one_screen_is_refused_by_another() {
    let daemon = Daemon::start(&[]);
    let id = daemon
        .sh("stty -echo; echo one; read -r a; echo \"two $a\"; read -r b; echo \"three $b\"; read -r _")
        .await;
    daemon.shows(&id, "one").await;
    let folder = daemon.agent_folder(&id);
    let mut watcher = Watcher::new(&folder, true, 0).await;
    let one = watcher.look_that(|look| rows(look).contains(&"one")).await;
    assert!(type_text(&folder, "yes\n", Some(one.fingerprint)).await, "the screen is that one");
    let two = watcher.look_that(|look| rows(look).contains(&"two yes")).await;
    assert!(!type_text(&folder, "no\n", Some(one.fingerprint)).await, "it is another one now");
    assert!(type_text(&folder, "go\n", Some(two.fingerprint)).await);
    let three = watcher.look_that(|look| rows(look).iter().any(|row| row.starts_with("three"))).await;
    assert_eq!(rows(&three)[..3], ["one", "two yes", "three go"]);
}

#[tokio::test]
async fn who_asks_for_no_looks_gets_none_and_the_last_words_come_before_the_end() {
    let daemon = Daemon::start(&[]);
    let script =
        r"echo up; read -r _; i=0; while [ $i -lt 50 ]; do i=$((i+1)); printf '\033]7501;n=%s\007x' $i; done";
    let id = daemon.sh(script).await;
    daemon.shows(&id, "up").await;
    let folder = daemon.agent_folder(&id);
    let (mut with, mut without) =
        (Watcher::new(&folder, true, 0).await, Watcher::new(&folder, false, 0).await);
    assert!(type_text(&folder, "\n", None).await);
    for (watcher, looks) in [(&mut with, true), (&mut without, false)] {
        let (mut heard, mut looked) = (0, false);
        while let Some(notice) = watcher.next().await {
            match notice {
                Notice::Signal(signal) => heard = signal.seq,
                Notice::Look(_) => looked = true,
                _ => {}
            }
        }
        assert_eq!((heard, looked), (50, looks));
    }
    until("its host is gone", async || wire::connect(&folder).is_err().then_some(())).await;
}
