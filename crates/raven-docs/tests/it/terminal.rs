//! Terminals: who may attach and type, what bad input gets, and that bytes come through whole.

use serde_json::json;

use crate::browser::{Browser, contains};
use crate::programs::wait_for;
use crate::surroundings::Place;

/// A shell that echoes nothing of its own, ready.
fn cat(place: &Place) -> String {
    let agent = place.spawn(&["bash", "-c", "stty raw -echo; printf ready; exec cat"]);
    place.agent_that_is(&agent, "ready");
    agent
}

fn attached(place: &Place, agent: &str, binary: bool) -> Browser {
    let mut terminal = place.browser("/terminal");
    terminal.emit("attach", &json!({ "agentId": agent, "binary": binary }));
    terminal.next("attached");
    terminal
}

#[test]
fn the_first_is_the_writer_and_others_are_told_when_they_type() {
    let place = Place::with_runtime();
    let agent = cat(&place);
    let mut first = attached(&place, &agent, false);
    let session = place.owner().get(&format!("/api/terminal/agents/{agent}/session")).body;
    let mut second = place.browser("/terminal");
    second.emit("attach", &json!({ "sessionId": session["id"] }));
    assert_eq!(second.next("attached").args[0]["role"], "viewer");
    second.see("ready");
    assert_eq!(second.ask("input", &json!("x"))["error"]["code"], "READ_ONLY");
    assert_eq!(second.next("error").args[0]["code"], "READ_ONLY");
    assert_eq!(first.ask("input", &json!("typed")), json!({ "ok": true, "error": null }));
    second.see("typed");

    let token = place.account("viewer@example.com", "viewer", &[]);
    let mut viewer = Browser::connect(&place.base(), "/terminal", "", Some(&token)).unwrap();
    first.emit("detach", &json!({}));
    first.next("detached");
    second.wait("writer", |event| event.args[0]["you"] == true);
    second.emit("detach", &json!({}));
    viewer.emit("attach", &json!({ "agentId": agent }));
    assert_eq!(viewer.next("attached").args[0]["role"], "viewer", "a viewer never types, also alone");
    assert_eq!(viewer.ask("input", &json!("x"))["error"]["code"], "READ_ONLY");
}

#[test]
fn bad_input_gets_a_clear_error_and_loses_nothing() {
    let place = Place::with_runtime();
    let agent = cat(&place);
    let mut terminal = place.browser("/terminal");
    for (event, data, code) in [
        ("input", json!("early"), "NOT_ATTACHED"),
        ("resize", json!({ "cols": 80, "rows": 24 }), "NOT_ATTACHED"),
        ("attach", json!({}), "MALFORMED"),
        ("attach", json!("agent"), "MALFORMED"),
        ("attach", json!({ "agentId": "a/b" }), "NOT_FOUND"),
        ("attach", json!({ "agentId": "agt_unknown" }), "NOT_FOUND"),
        ("attach", json!({ "sessionId": "ses_unknown" }), "NOT_FOUND"),
    ] {
        terminal.emit(event, &data);
        assert_eq!(terminal.next("error").args[0]["code"], code, "{event} {data}");
    }
    terminal.emit("attach", &json!({ "agentId": agent }));
    terminal.next("attached");
    for (event, data, code) in [
        ("resize", json!({ "cols": 0, "rows": 0 }), "INVALID_SIZE"),
        ("resize", json!({ "cols": 10_000, "rows": 10_000 }), "INVALID_SIZE"),
        ("resize", json!({ "cols": "80", "rows": 24 }), "INVALID_SIZE"),
        ("input", json!({ "text": "x" }), "MALFORMED"),
        ("input", json!(7), "MALFORMED"),
    ] {
        terminal.emit(event, &data);
        assert_eq!(terminal.next("error").args[0]["code"], code, "{event} {data}");
    }
    terminal.emit("input", &json!("still here"));
    terminal.see("still here");
}

#[test]
fn nothing_is_told_of_another_workspace() {
    let place = Place::with_runtime();
    let agent = cat(&place);
    let session = place.owner().get(&format!("/api/terminal/agents/{agent}/session")).body["id"].clone();
    let stranger = place.account("stranger@example.com", "owner", &["--workspace", "Elsewhere"]);
    let mut terminal = Browser::connect(&place.base(), "/terminal", "", Some(&stranger)).unwrap();
    for target in [json!({ "agentId": agent }), json!({ "sessionId": session })] {
        terminal.emit("attach", &target);
        assert_eq!(terminal.next("error").args[0]["code"], "NOT_FOUND");
    }
    let mut events = Browser::connect(&place.base(), "/", "", Some(&stranger)).unwrap();
    let mut own = place.browser("/");
    place.spawn(&["cat"]);
    own.next("agent:ready");
    for _ in 0..5 {
        events.listen();
    }
    assert!(events.heard.is_empty(), "{:?}", events.heard);
}

#[test]
fn a_stopped_agents_terminal_says_so() {
    let place = Place::with_runtime();
    let agent = cat(&place);
    place.owner().post(&format!("/api/parallax-agents/{agent}/stop"), &json!({ "force": true }));
    place.agent_that_is(&agent, "stopped");
    wait_for("the session's end", || {
        let session = place.owner().get(&format!("/api/terminal/agents/{agent}/session")).body;
        (session["status"] == "terminated").then_some(())
    });
    let mut terminal = place.browser("/terminal");
    terminal.emit("attach", &json!({ "agentId": agent }));
    assert_eq!(terminal.next("error").args[0]["code"], "SESSION_TERMINATED");
}

#[test]
fn a_paste_of_two_mebibytes_arrives_whole_and_in_order() {
    let place = Place::with_runtime();
    let file = place.path("paste");
    let script = format!("stty raw -echo; printf ready; head -c 2097152 > {}; printf done", file.display());
    let agent = place.spawn(&["bash", "-c", &script]);
    place.agent_that_is(&agent, "ready");
    let mut terminal = attached(&place, &agent, false);
    terminal.see("ready");
    let text: String = (0..2_097_152 / 8).map(|line| format!("{line:07}\n")).collect();
    assert_eq!(terminal.ask("input", &json!(text))["ok"], true);
    terminal.see("done");
    assert!(std::fs::read_to_string(&file).unwrap() == text, "the paste has changed on its way");
}

#[test]
fn bytes_that_are_no_text_reach_a_binary_viewer_unchanged() {
    let place = Place::with_runtime();
    let agent = cat(&place);
    let mut binary = attached(&place, &agent, true);
    let mut text = attached(&place, &agent, false);
    binary.see("ready");
    text.see("ready");
    let strange = b"[\xff\xfe\x80\xc3\x28\xe2\x82]\x00\xf0\x9f\x98\x80end";
    binary.emit_bytes("input", strange);
    let output = binary.see("end");
    assert!(contains(&output, strange), "{output:?}");
    let shown = String::from_utf8(text.see("end")).unwrap();
    assert!(shown.contains('\u{fffd}') && shown.contains('😀'), "{shown:?}");
}

#[test]
fn queries_are_answered_once_and_reach_no_viewer() {
    let place = Place::with_runtime();
    let script =
        "stty raw -echo; printf 'ask\\033[6n'; IFS= read -r -d R answer; printf 'got[%q]' \"$answer\"; cat";
    let agent = place.spawn(&["bash", "-c", script]);
    let mut terminal = wait_for("a session", || {
        let mut terminal = place.browser("/terminal");
        terminal.emit("attach", &json!({ "agentId": agent, "binary": true }));
        let answered = terminal.wait("attached", |_| true);
        Some((answered, terminal)).map(|(_, terminal)| terminal)
    });
    let output = terminal.see("[1;4");
    assert!(!contains(&output, b"\x1b[6n"), "{:?}", String::from_utf8_lossy(&output));
    terminal.emit("input", &json!("end"));
    let rest = terminal.see("end");
    assert!(!contains(&rest, b"1;4"), "answered once: {:?}", String::from_utf8_lossy(&rest));
}

#[test]
fn a_viewer_that_comes_back_gets_the_right_screen() {
    let place = Place::with_runtime();
    let agent = place.spawn(&["bash", "--norc"]);
    place.agent_that_is(&agent, "ready");
    let mut terminal = attached(&place, &agent, true);
    terminal.emit("input", &json!("PS1='$ '; clear; seq 1 20 > numbers; less numbers\r"));
    terminal.see("(END)");
    drop(terminal);
    let mut back = attached(&place, &agent, true);
    let first = back.next("data");
    assert_eq!(first.args[1]["repaint"], true);
    let screen = String::from_utf8_lossy(&first.bytes).into_owned();
    assert!(
        screen.contains("?1049h") || screen.contains("?47h"),
        "the alternate screen is shown: {screen:?}"
    );
    for number in 1..=20 {
        assert!(screen.contains(&number.to_string()), "{number} is on the screen");
    }
}
