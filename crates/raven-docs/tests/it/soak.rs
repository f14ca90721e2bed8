//! A day's output in a minute: one GiB through one session, with the memory of every program flat.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::browser::Browser;
use crate::chance::Chance;
use crate::kills::parent_of;
use crate::programs::wait_for;
use crate::recordings::path;
use crate::surroundings::Place;

const MIB: u64 = 1024 * 1024;

/// What goes through, and after how much of it memory is looked at, each time.
const WHOLE: u64 = 1024 * MIB;
const LOOK: u64 = 128 * MIB;

/// By how much the host and the runtime may have grown from the first look to the end.
const GROWTH: u64 = 12 * MIB;

/// What the control plane may have at any look. It is not as flat as the others: it goes up in a few steps,
/// to 65 to 90 MiB here, and stays there. Which of its buffers the steps are is not known yet; this bound
/// finds what grows with the output, and not a step more or less.
const MOST: u64 = 128 * MIB;

/// How long the whole may take.
const PATIENCE: Duration = Duration::from_secs(400);

/// The first number: each has 15 digits, and a line 16 bytes.
const FIRST: u64 = 100_000_000_000_000;

/// Bytes of a process that it shares with nobody.
fn memory_of(pid: u64) -> u64 {
    let told = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
    let own =
        told.lines().filter(|line| line.starts_with("Private_Clean:") || line.starts_with("Private_Dirty:"));
    own.map(|line| line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024).sum()
}

fn attach(place: &Place, agent: &str) -> Browser {
    let mut terminal = place.browser("/terminal");
    terminal.emit("attach", &json!({ "agentId": agent, "binary": true, "readOnly": true }));
    terminal.next("attached");
    terminal
}

/// What is written between two offsets.
fn slice(from: u64, to: u64) -> Vec<u8> {
    let lines = (from / 16..to.div_ceil(16)).map(|line| format!("{}\n", FIRST + line));
    let bytes = lines.collect::<String>().into_bytes();
    bytes[(from % 16) as usize..][..(to - from) as usize].to_vec()
}

#[test]
fn a_gibibyte_goes_through_and_memory_stays_flat() {
    let place = Place::with_runtime();
    let last = FIRST + WHOLE / 16 - 1;
    let script = format!("stty raw -echo; printf ready; read -n 1; seq {FIRST} {last}; read -n 1");
    let agent = place.spawn(&["bash", "-c", &script]);
    let pid = wait_for("a process", || {
        place.owner().get(&format!("/api/parallax-agents/{agent}")).body["pid"].as_u64()
    });
    let programs = [
        ("host", parent_of(pid)),
        ("raven-runtime", place.runtime.as_ref().unwrap().pid().into()),
        ("raven-docs", place.docs.as_ref().unwrap().pid().into()),
    ];
    let memory = || programs.map(|(_, pid)| memory_of(pid));
    let mut typist = place.browser("/terminal");
    typist.emit("attach", &json!({ "agentId": agent }));
    typist.see("ready");
    let mut reads = attach(&place, &agent);
    // It is dropped in the end, because it does not even answer pings.
    let _never_reads = attach(&place, &agent);
    assert_eq!(typist.ask("input", &json!("x"))["ok"], true);
    drop(typist);

    let (begin, whole) = (Instant::now(), WHOLE + b"ready".len() as u64);
    let (mut looks, mut read) = (Vec::new(), 0);
    loop {
        let until = Instant::now() + Duration::from_millis(200);
        while Instant::now() < until {
            reads.listen();
            for event in std::mem::take(&mut reads.heard) {
                read += event.bytes.len() as u64;
                assert_ne!(event.name, "detached");
            }
        }
        let bytes = place.session_of(&agent)["recording"]["bytes"].as_u64().unwrap();
        if bytes / LOOK > looks.len() as u64 {
            looks.push(memory());
        }
        if bytes >= whole {
            break;
        }
        assert!(begin.elapsed() < PATIENCE, "{} MiB in {:?}", bytes / MIB, begin.elapsed());
    }
    let end = memory();
    let kib = |look: &[u64; 3]| look.map(|bytes| bytes / 1024);
    let told: Vec<_> = looks.iter().chain([&end]).map(kib).collect();
    println!("{:?}; the viewer read {} MiB; KiB of {programs:?}: {told:?}", begin.elapsed(), read / MIB);
    for (at, (name, _)) in programs.iter().enumerate() {
        let (first, most) = (looks[0][at], looks.iter().chain([&end]).map(|look| look[at]).max().unwrap());
        let bound = if *name == "raven-docs" { MOST } else { first + GROWTH };
        assert!(most < bound, "{name} had {first} bytes after the first {LOOK}, and then {most}");
    }
    whole_and_right(&place, &agent, whole);
}

fn whole_and_right(place: &Place, agent: &str, whole: u64) {
    let session = place.session_of(agent);
    assert_eq!((&session["recording"]["bytes"], &session["recording"]["gaps"]), (&json!(whole), &json!(0)));
    let (raw, mut chance) = (path(&session, "recording?format=raw"), Chance::new("soak"));
    let ready = whole - WHOLE;
    for _ in 0..10 {
        let from = chance.below(WHOLE - MIB);
        let to = from + 1 + chance.below(MIB);
        let range = format!("bytes={}-{}", ready + from, ready + to - 1);
        let (status, bytes) = place.owner().bytes(&raw, Some(&range));
        assert!(status == 206 && bytes == slice(from, to), "{range}: {status}, {} bytes", bytes.len());
    }
}
