//! Recorders: every byte until it is acknowledged, an agent that waits for them, and control that is never
//! stuck behind input.
//!
//! Owns the proof. Must not know how a host keeps its log.

use std::time::Duration;

use raven_protocol::terminal::{INPUT_WINDOW, ServerControl};
use serde_json::json;
use tokio::time::timeout;

use crate::daemon::{Daemon, until};
use crate::terminal::{Got, Terminal};

const MIB: u64 = 1024 * 1024;

/// Least that an agent has put out when it is held: what goes with the bytes counts as well.
const HELD: u64 = MIB - 64 * 1024;

/// Numbered lines of 16 bytes each, and a file that says how many were written.
const LINES: &str = "stty -opost; i=0; while [ $i -lt 400000 ]; do printf '%015d\\n' $i; i=$((i+1)); done; echo done > written; sleep 60";

fn lines(count: usize) -> Vec<u8> {
    (0..count).flat_map(|n| format!("{n:015}\n").into_bytes()).collect()
}

async fn recorded(daemon: &Daemon, script: &str) -> String {
    let config = json!({"command": ["sh", "-c", script]});
    let body = json!({"agentType": "custom", "count": 1, "keep": "untilRecorded", "config": config});
    daemon.spawn_with(body).await
}

#[tokio::test]
async fn an_agent_waits_for_its_recorder_and_no_byte_is_lost() {
    let daemon = Daemon::start(&["--journal-mib", "1"]);
    let id = recorded(&daemon, LINES).await;
    let held = until("the agent is held", async || {
        let agent = daemon.agent(&id).await;
        agent.held_since.is_some().then_some(agent)
    })
    .await;
    assert!(held.unrecorded.unwrap() >= HELD && held.unrecorded.unwrap() < 2 * MIB, "{:?}", held.unrecorded);
    assert_ne!(held.status.as_str(), "ready", "a screen that stands still because it is held says nothing");
    let metrics = daemon.get("/metrics").await.text().await.unwrap();
    assert!(metrics.contains("raven_runtime_agents_held 1\n"), "{metrics}");

    for command in ["agents", "status"] {
        let told = String::from_utf8(daemon.command(&[command]).stdout).unwrap();
        assert!(told.contains("not recorded; is the control plane reachable?"), "{told}");
    }
    let told = daemon.command(&["doctor", &id, "--json"]);
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    assert!(told["hosts"][0]["heldSince"].is_string(), "{told}");
    assert!(told["hosts"][0]["unrecorded"].as_u64().unwrap() >= HELD, "{told}");

    // A viewer sees the screen, and makes no room.
    let mut viewer = Terminal::attach(&daemon, &id, None).await;
    assert!(matches!(viewer.next().await, Got::Repaint(..)));
    viewer.control(json!({"type": "ack", "offset": 100 * MIB})).await;
    match viewer.next().await {
        Got::Control(ServerControl::Error { message, .. }) => assert!(message.contains("record=true")),
        other => panic!("not {other:?}"),
    }

    let whole = lines(400_000);
    let mut recorder = Terminal::record(&daemon, &id, 0).await;
    while recorder.seen.len() < whole.len() / 2 {
        recorder.next().await;
        recorder.acknowledge().await;
    }
    // One that comes back goes on where it was.
    let (first, offset) = (recorder.seen.clone(), recorder.offset.unwrap());
    drop(recorder);
    let mut recorder = Terminal::record(&daemon, &id, offset).await;
    while first.len() + recorder.seen.len() < whole.len() {
        recorder.next().await;
        recorder.acknowledge().await;
    }
    assert!([&first[..], &recorder.seen].concat() == whole, "every byte, in order, once");
    assert!(recorder.times.is_sorted());
    until("nothing waits", async || {
        let agent = daemon.agent(&id).await;
        (agent.held_since.is_none() && agent.unrecorded == Some(0)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_recorder_gets_what_is_left_and_one_that_lets_go_frees_the_agent() {
    let daemon = Daemon::start(&["--journal-mib", "1"]);
    let id = recorded(&daemon, LINES).await;
    until("held", async || daemon.agent(&id).await.held_since).await;
    let mut recorder = Terminal::record(&daemon, &id, 0).await;
    recorder.control(json!({"type": "release"})).await;
    let written = daemon.agent_folder(&id).join("work/written");
    until("it goes on by itself", async || written.exists().then_some(())).await;
    drop(recorder);
    // What was dropped since shows as a gap in the offsets, never as silence.
    let mut late = Terminal::record(&daemon, &id, 5).await;
    assert!(late.base > 5 && late.head == 400_000 * 16);
    late.until_length((late.head - late.base) as usize).await;
    assert!(late.seen == lines(400_000)[late.base as usize..]);
}

#[tokio::test]
async fn what_an_ended_agent_wrote_is_kept_for_its_recorder_with_its_times() {
    let daemon = Daemon::start(&[]);
    let id = recorded(&daemon, "printf early; sleep 0.3; printf late; exit 4").await;
    daemon.status(&id, "error").await;
    let mut recorder = Terminal::record(&daemon, &id, 0).await;
    assert_eq!(recorder.read_to_exit().await.code, Some(4));
    assert_eq!(recorder.seen, b"earlylate");
    let [early, late] = recorder.times[..] else { panic!("two times, not {:?}", recorder.times) };
    assert!(late.as_millis() - early.as_millis() >= 290);
}

/// Reads nothing until a file is there, then all.
const DEAF: &str = "stty raw -echo; echo READY; while [ ! -e go ]; do sleep 0.05; done; head -c 300000 > copy; echo WHOLE; sleep 60";

#[tokio::test]
async fn sizes_and_repaints_overtake_input_that_nobody_reads() {
    let daemon = Daemon::start(&[]);
    let id = daemon.sh(DEAF).await;
    let mut terminal = Terminal::attach(&daemon, &id, Some(0)).await;
    terminal.until_seen(b"READY").await;
    let paste: Vec<u8> = (0..300_000u32).map(|n| b'a' + (n % 26) as u8).collect();
    for chunk in paste[..INPUT_WINDOW as usize].chunks(60_000) {
        terminal.keys(chunk).await;
    }
    terminal.resize(101, 31).await;
    terminal.control(json!({"type": "repaint"})).await;
    let mut heard = Vec::new();
    let both = async {
        while heard.len() < 2 {
            heard.push(match terminal.next().await {
                Got::Control(ServerControl::Size { size }) => size.cols,
                Got::Repaint(..) => 0,
                _ => continue,
            });
        }
    };
    timeout(Duration::from_secs(15), both).await.expect("control is not stuck behind input");
    heard.sort_unstable();
    assert_eq!(heard, [0, 101]);
    assert!(terminal.taken < 10_000, "the terminal takes little without a reader: {}", terminal.taken);
    std::fs::write(daemon.agent_folder(&id).join("work/go"), "").unwrap();
    terminal.keys(&paste[INPUT_WINDOW as usize..]).await;
    terminal.until_taken(paste.len() as u64).await;
    terminal.until_seen(b"WHOLE").await;
    assert!(std::fs::read(daemon.agent_folder(&id).join("work/copy")).unwrap() == paste);
}
