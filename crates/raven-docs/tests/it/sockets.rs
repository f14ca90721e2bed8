//! Who may connect to which namespace, and who may send which event of a terminal: every event against every
//! kind of caller.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::callers::{Callers, Who};

fn connect(callers: &Callers, who: Who, namespace: &str, query: &str) -> Result<Browser, String> {
    let credential = Some(callers.credential(who)).filter(|text| !text.is_empty());
    Browser::connect(&callers.place.base(), namespace, query, credential)
}

/// The query with which a runtime dials in for the spawned agent's terminal.
fn dialling(callers: &Callers) -> String {
    format!("&runtimeSessionId={}", callers.session["runtimeSessionId"].as_str().unwrap())
}

#[test]
fn every_namespace_is_for_those_it_is_for() {
    let callers = Callers::gather();
    let dialling = dialling(&callers);
    // A cookie travels as a header, which the official client in a browser sends: see the browser tests.
    let by_token = callers.all.iter().map(|(who, _)| *who).filter(|who| *who != Who::OwnerInBrowser);
    for who in by_token {
        let person = matches!(who, Who::Viewer | Who::Member | Who::Admin | Who::Owner | Who::Stranger);
        let runtime = matches!(who, Who::Runtime | Who::Callback | Who::ControlPlane);
        for (namespace, query, accepted) in
            [("/", "", person), ("/terminal", "", person), ("/terminal", dialling.as_str(), runtime)]
        {
            let connected = connect(&callers, who, namespace, query);
            let refusal = connected.as_ref().err().cloned();
            assert_eq!(connected.is_ok(), accepted, "{namespace}{query} as {who:?}: {refusal:?}");
            if let Some(refusal) = refusal {
                assert_eq!(refusal, "UNAUTHENTICATED", "{namespace}{query} as {who:?}");
            }
        }
    }
}

/// What an event of a terminal is answered with: a code, or `ok`. The seat is taken by the owner.
const EVENTS: &[(&str, &[(Who, &str)])] = &[
    ("attach", &[(Who::Viewer, "ok"), (Who::Member, "ok"), (Who::Admin, "ok")]),
    ("input", &[(Who::Viewer, "READ_ONLY"), (Who::Member, "READ_ONLY"), (Who::Admin, "READ_ONLY")]),
    ("request", &[(Who::Viewer, "NOT_ALLOWED"), (Who::Member, "ok"), (Who::Admin, "ok")]),
    // Who is not the writer takes back a wish by it, and nothing of another's.
    ("release", &[(Who::Viewer, "NOT_ALLOWED"), (Who::Member, "ok"), (Who::Admin, "ok")]),
    ("grant", &[(Who::Viewer, "NOT_ALLOWED"), (Who::Member, "NOT_WRITER")]),
    ("decline", &[(Who::Viewer, "NOT_ALLOWED"), (Who::Member, "NOT_WRITER")]),
    // The last, because it succeeds.
    ("take", &[(Who::Viewer, "NOT_ALLOWED"), (Who::Member, "NOT_ALLOWED"), (Who::Admin, "ok")]),
];

fn attach(callers: &Callers, who: Who) -> (Browser, Value) {
    let mut terminal = connect(callers, who, "/terminal", "").unwrap();
    terminal.emit("attach", &json!({ "agentId": callers.agent }));
    let attached = terminal.next("attached").args[0].clone();
    (terminal, attached)
}

#[test]
fn every_event_of_a_terminal_is_for_those_it_is_for() {
    let callers = Callers::gather();
    let mut runtime = connect(&callers, Who::Callback, "/terminal", &dialling(&callers)).unwrap();
    let (mut writer, at_writer) = attach(&callers, Who::Owner);
    assert_eq!(at_writer["role"], "writer");
    for (event, expected) in EVENTS {
        for (who, answer) in *expected {
            let (mut terminal, attached) = attach(&callers, *who);
            assert_eq!(attached["role"], "viewer", "{who:?}");
            let acknowledged = match *event {
                "attach" => continue,
                "input" => terminal.ask("input", &json!("x")),
                "grant" | "decline" => {
                    terminal.ask("control", &json!({ "action": event, "seat": attached["seat"] }))
                }
                word => terminal.ask("control", &json!(word)),
            };
            let code = if acknowledged["ok"] == true {
                "ok"
            } else {
                acknowledged["error"]["code"].as_str().unwrap()
            };
            assert_eq!(code, *answer, "{event} as {who:?}");
            if *event != "take" {
                assert_eq!(writer.ask("input", &json!("y"))["ok"], true, "{event} as {who:?} moved the seat");
            }
        }
    }
    // A viewer's size is nobody's but its own, and what only runtimes send is not heard of anybody else.
    let (mut viewer, _) = attach(&callers, Who::Viewer);
    viewer.emit("resize", &json!({ "cols": 33, "rows": 11 }));
    viewer.emit(
        "output",
        &json!({ "runtimeSessionId": callers.session["runtimeSessionId"], "data": "forged" }),
    );
    viewer.emit(
        "status",
        &json!({ "runtimeSessionId": callers.session["runtimeSessionId"], "status": "terminated" }),
    );
    runtime.emit("attach", &json!({ "agentId": callers.agent }));
    runtime.emit("control", &json!("take"));
    runtime.emit(
        "output",
        &json!({ "runtimeSessionId": callers.session["runtimeSessionId"], "data": "genuine" }),
    );
    let shown = writer.see("genuine");
    assert!(!crate::browser::contains(&shown, b"forged"));
    assert!(!runtime.heard.iter().any(|event| event.name == "attached"));
    let session = callers.place.session_of(&callers.agent);
    assert_eq!((&session["status"], &session["cols"]), (&json!("active"), &json!(80)), "{session}");
}

#[test]
fn a_terminal_of_another_workspace_is_not_there() {
    let callers = Callers::gather();
    let mut stranger = connect(&callers, Who::Stranger, "/terminal", "").unwrap();
    for target in [json!({ "agentId": callers.agent }), json!({ "sessionId": callers.session["id"] })] {
        stranger.emit("attach", &target);
        assert_eq!(stranger.next("error").args[0]["code"], "NOT_FOUND", "{target}");
    }
    assert_eq!(stranger.ask("input", &json!("x"))["error"]["code"], "NOT_ATTACHED");
}
