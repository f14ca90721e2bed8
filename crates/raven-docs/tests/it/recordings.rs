//! Recordings: every byte whether or not anybody watches, who typed what, what of it is kept, and the forms
//! in which it leaves.

use serde_json::{Value, json};

use crate::browser::{Browser, contains};
use crate::programs::wait_for;
use crate::surroundings::Place;

/// Numbered lines of 16 bytes each, so that every byte tells its place; then the exit.
pub fn counter(lines: usize) -> String {
    format!(
        "import sys\nout = sys.stdout.buffer\nfor at in range(0, {lines}, 4096):\n    \
         out.write(b''.join(b'%015d\\n' % n for n in range(at, min(at + 4096, {lines}))))\nout.flush()"
    )
}

/// Starts a counter on a terminal that adds nothing.
pub fn count(place: &Place, lines: usize, then: &str) -> String {
    let script = format!("stty -opost; python3 -c \"$0\"; {then}");
    place.spawn(&["bash", "-c", &script, &counter(lines)])
}

pub fn numbered(lines: std::ops::Range<usize>) -> Vec<u8> {
    lines.flat_map(|n| format!("{n:015}\n").into_bytes()).collect()
}

pub fn path(session: &Value, rest: &str) -> String {
    format!("/api/terminal/sessions/{}/{rest}", session["id"].as_str().unwrap())
}

fn attach(place: &Place, agent: &str) -> Browser {
    let mut terminal = place.browser("/terminal");
    terminal.emit("attach", &json!({ "agentId": agent, "binary": true }));
    terminal.next("attached");
    terminal
}

#[test]
fn every_byte_is_recorded_with_nobody_there_and_any_range_of_it_is_served() {
    let place = Place::with_runtime();
    let lines = 300_000;
    let agent = count(&place, lines, "exit 3");
    let session = place.recorded(&agent);
    let recording = &session["recording"];
    assert_eq!(
        (recording["state"].as_str(), recording["bytes"].as_u64()),
        (Some("complete"), Some(lines as u64 * 16))
    );
    assert!(recording["storedBytes"].as_u64().unwrap() < lines as u64 * 8, "it is compressed: {recording}");
    let owner = place.owner();
    let expected = numbered(0..lines);
    let raw = path(&session, "recording?format=raw");
    assert!(owner.bytes(&raw, None) == (200, expected.clone()), "every byte, in order, once");
    for (range, wanted) in [
        ("bytes=0-0", 0..1),
        ("bytes=1000000-3000000", 1_000_000..3_000_001),
        ("bytes=-17", expected.len() - 17..expected.len()),
        ("bytes=4799999-", 4_799_999..expected.len()),
    ] {
        let (status, bytes) = owner.bytes(&raw, Some(range));
        assert!(status == 206 && bytes == expected[wanted], "{range}: {status}, {} bytes", bytes.len());
    }
    assert_eq!(owner.bytes(&raw, Some("bytes=4800000-")).0, 416);

    let cast = path(&session, "recording");
    let (_, whole) = owner.bytes(&cast, None);
    let events: Vec<Value> = String::from_utf8(whole.clone())
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!((&events[0]["version"], &events[0]["term"]["cols"]), (&json!(3), &json!(80)));
    let output: String =
        events[1..].iter().filter(|event| event[1] == "o").map(|event| event[2].as_str().unwrap()).collect();
    assert!(output.as_bytes() == expected);
    let exit = events.last().unwrap();
    assert_eq!((&exit[1], &exit[2]), (&json!("x"), &json!("3")));
    let third = whole.len() / 3;
    let parts = [
        format!("bytes=0-{}", third - 1),
        format!("bytes={third}-{}", 2 * third),
        format!("bytes={}-", 2 * third + 1),
    ];
    let joined: Vec<u8> = parts.iter().flat_map(|range| owner.bytes(&cast, Some(range)).1).collect();
    assert!(joined == whole, "ranges join to the whole");
    assert_eq!(owner.get(&path(&session, "recording/verify")).body["outcome"], "intact");
    let (fine, said) = place.recording_command(&["verify"]);
    assert!(fine && said.contains("intact"), "{said}");
    let exported = place.path("out.cast");
    let id = session["id"].as_str().unwrap();
    let (fine, _) = place.recording_command(&["export", id, "--output", exported.to_str().unwrap()]);
    assert!(fine && std::fs::read(exported).unwrap() == whole);
    let exported = place.path("out.raw");
    let raw = ["export", id, "--format", "raw", "--output", exported.to_str().unwrap()];
    assert!(place.recording_command(&raw).0 && std::fs::read(&exported).unwrap() == expected);
    assert!(!place.recording_command(&raw).0, "no file is written over");
}

#[test]
fn who_typed_what_is_recorded_as_the_workspace_wants_it_and_sealed() {
    let place = Place::with_runtime();
    let agent = place.spawn(&["bash", "--norc", "-c", "read -s a; echo one; read -s b; echo two; sleep 60"]);
    place.agent_that_is(&agent, "ready");
    let mut terminal = attach(&place, &agent);
    assert_eq!(terminal.ask("input", &json!("first-secret-42\r"))["ok"], true);
    terminal.see("one");
    let owner = place.owner();
    let wanted = json!({ "recordInput": "output_only", "recordingRetentionDays": 30 });
    let settings = owner.patch("/api/workspace/agent-settings", &wanted);
    assert_eq!(
        (settings.status, &settings.body["recordInput"]),
        (200, &json!("output_only")),
        "{}",
        settings.body
    );
    assert_eq!(terminal.ask("input", &json!("second-secret-43\r"))["ok"], true);
    terminal.see("two");
    terminal.emit("resize", &json!({ "cols": 100, "rows": 30 }));
    terminal.wait("size", |event| event.args[0]["cols"] == 100);
    owner.post(&format!("/api/parallax-agents/{agent}/stop"), &json!({}));
    let session = place.recorded(&agent);

    let items = owner.get(&path(&session, "logs?kind=input")).body["items"].clone();
    assert_eq!(items[0]["text"], "first-secret-42\r");
    assert_eq!((&items[0]["user"]["name"], &items[0]["bytes"]), (&json!("Olga"), &json!(16)));
    assert_eq!((items[1].get("text"), &items[1]["bytes"]), (None, &json!(17)), "{items}");
    let all = owner.get(&path(&session, "logs?limit=200")).body["items"].clone();
    let viewer = place.person(&place.account("viewer@example.com", "viewer", &[]));
    let counted = viewer.get(&path(&session, "logs?kind=input")).body["items"].clone();
    assert_eq!(
        (counted[0].get("text"), &counted[0]["bytes"]),
        (None, &json!(16)),
        "only who could have typed it"
    );
    let (status, cast) = viewer.bytes(&path(&session, "recording"), None);
    assert!(status == 200 && !contains(&cast, b"first-secret-42"));
    let labels: Vec<&str> =
        all.as_array().unwrap().iter().filter_map(|item| item["label"].as_str()).collect();
    for label in ["status: ready", "writer: Olga", "from here on, only who types and how much is recorded"] {
        assert!(labels.contains(&label), "{label} in {labels:?}");
    }
    assert!(all.as_array().unwrap().iter().any(|item| item["cols"] == 100 && item["kind"] == "resize"));
    let first = owner.get(&path(&session, "logs?limit=2")).body;
    let next =
        owner.get(&path(&session, &format!("logs?limit=2&cursor={}", first["nextCursor"].as_str().unwrap())));
    assert_eq!(next.body["items"].as_array().unwrap()[..], all.as_array().unwrap()[2..4], "pages go on");
    assert_eq!(owner.get(&path(&session, "logs?kind=nonsense")).status, 422);

    let (_, cast) = owner.bytes(&path(&session, "recording"), None);
    assert!(contains(&cast, b"first-secret-42") && !contains(&cast, b"second-secret-43"));
    let text = owner.get(&path(&session, "recording/transcript")).body;
    let seen: Vec<&str> =
        text["lines"].as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect();
    assert!(seen.contains(&"one") && seen.contains(&"two"), "{seen:?}");
    for file in files_below(&place.path("docs")) {
        let content = std::fs::read(&file).unwrap();
        assert!(!contains(&content, b"first-secret-42"), "{} holds what was typed", file.display());
        assert!(!contains(&content, b"second-secret-43"), "{}", file.display());
    }
    let kept = &place.session_of(&agent)["recording"];
    assert!(kept["expiresAt"].is_string(), "{kept}");
}

fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files
}

#[test]
fn a_control_plane_that_is_away_for_too_long_makes_the_agent_wait_and_loses_nothing() {
    let mut place = Place::bare();
    place.runtime_flags = vec!["--journal-mib", "1"];
    place.start_runtime();
    place.start_docs();
    let lines = 400_000;
    let script = format!("stty -opost; read; python3 -c \"$0\"; {}", "sleep 60");
    let agent = place.spawn(&["bash", "-c", &script, &counter(lines)]);
    place.agent_that_is(&agent, "ready");
    let mut terminal = attach(&place, &agent);
    terminal.ask("input", &json!("\r"));
    terminal.see("\n");
    drop(terminal);
    place.docs.take().unwrap().crash();
    let held = wait_for("an agent that waits", || {
        let answer = place.runtime_get(&format!("/api/agents/{agent}"));
        answer["heldSince"].is_string().then_some(answer)
    });
    assert!(held["unrecorded"].as_u64().unwrap() >= 1024 * 1024, "{held}");
    place.start_docs();
    let session = wait_for("everything", || {
        let session = place.session_of(&agent);
        (session["recording"]["bytes"].as_u64() >= Some(lines as u64 * 16)).then_some(session)
    });
    let (_, raw) = place.owner().bytes(&path(&session, "recording?format=raw"), None);
    let begin = raw.windows(16).position(|window| window == &numbered(0..1)[..]).unwrap();
    assert!(raw[begin..begin + lines * 16] == numbered(0..lines)[..], "no byte is missing, doubled or moved");
    assert_eq!(session["recording"]["gaps"], 0);
    wait_for("an agent that goes on", || {
        let answer = place.runtime_get(&format!("/api/agents/{agent}"));
        (answer.get("heldSince").is_none() && answer["unrecorded"] == 0).then_some(())
    });
}

#[test]
fn an_agent_whose_session_was_ended_by_hand_waits_for_no_recorder() {
    let mut place = Place::bare();
    place.runtime_flags = vec!["--journal-mib", "1"];
    place.start_runtime();
    place.start_docs();
    for _ in 0..5 {
        let agent = place.spawn(&["bash", "-c", "while :; do echo something that goes on; done"]);
        let session = wait_for("some output", || {
            let session = place.session_of(&agent);
            (session["recording"]["bytes"].as_u64() > Some(10_000)).then_some(session)
        });
        let ended = place.owner().call("DELETE", path(&session, "").trim_end_matches('/'), None);
        assert_eq!(ended.status, 204);
        wait_for("an agent that nobody records", || {
            place.runtime_get(&format!("/api/agents/{agent}")).get("unrecorded").is_none().then_some(())
        });
        let stop = json!({ "force": true });
        place.owner().post(&format!("/api/parallax-agents/{agent}/stop"), &stop);
        let session = place.recorded(&agent);
        let verdict = place.owner().get(&path(&session, "recording/verify")).body;
        assert_eq!(verdict["outcome"], "intact", "{verdict}");
    }
}

#[test]
fn retention_removes_what_is_old_and_says_so() {
    let mut place = Place::with_runtime();
    let agent = place.spawn(&["echo", "short"]);
    let session = place.recorded(&agent);
    let owner = place.owner();
    for bad in [json!(0), json!(4000), json!(-1)] {
        let refused = owner.patch("/api/workspace/agent-settings", &json!({ "recordingRetentionDays": bad }));
        assert_eq!(refused.status, 422, "{bad}");
    }
    owner.patch("/api/workspace/agent-settings", &json!({ "recordingRetentionDays": 1 }));
    place.docs.take().unwrap().stop();
    // Two days ago.
    place.sql("UPDATE recordings SET ended_at = ended_at - 172800000");
    place.start_docs();
    wait_for("the end of the recording", || {
        (place.session_of(&agent)["recording"]["state"] == "expired").then_some(())
    });
    assert_eq!(place.owner().get(&path(&session, "recording/verify")).status, 404);
    assert_eq!(place.owner().bytes(&path(&session, "recording"), None).0, 404);
    assert_eq!(files_below(&place.path("docs/recordings")).len(), 0);
    let (fine, said) = place.recording_command(&["verify", session["id"].as_str().unwrap()]);
    assert!(!fine && said.is_empty());
}
