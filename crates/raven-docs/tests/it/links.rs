//! Read-only links: a guest watches one session, and nothing else, until the link ends.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::operator::Operator;
use crate::programs::{run_docs, wait_for};
use crate::surroundings::{PASSWORD, Place};

/// An agent that shows what is typed, and its session's id.
fn session(place: &Place) -> (String, String) {
    let agent = place.spawn(&["bash", "-c", "stty raw -echo; printf ready; exec cat"]);
    place.agent_that_is(&agent, "ready");
    let session = place.owner().get(&format!("/api/terminal/agents/{agent}/session")).body;
    (agent, session["id"].as_str().unwrap().to_owned())
}

fn link(by: &Operator, session: &str, body: &Value) -> Value {
    let made = by.post(&format!("/api/terminal/sessions/{session}/links"), body);
    assert_eq!(made.status, 201, "{}", made.body);
    made.body
}

fn guest(place: &Place, token: &Value) -> Result<Browser, String> {
    Browser::connect_with(&place.base(), "/terminal", "", Some(json!({ "link": token })))
}

fn watching(place: &Place, token: &Value) -> Browser {
    let mut guest = guest(place, token).unwrap();
    guest.emit("attach", &json!({}));
    guest.next("attached");
    guest
}

fn is_cut_off(guest: &mut Browser) {
    assert_eq!(guest.next("error").args[0]["code"], "LINK_ENDED");
    guest.next("detached");
    guest.next("#disconnect");
}

#[test]
fn a_guest_watches_and_never_types() {
    let place = Place::with_runtime();
    let (agent, session_id) = session(&place);
    let (other_agent, other_session) = session(&place);
    let made = link(&place.owner(), &session_id, &json!({ "label": "Demo" }));
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("raven_link_"), "{made}");
    assert_eq!(made["url"], format!("{}/watch#{token}", place.base()));
    assert_eq!((&made["label"], &made["createdBy"]["name"]), (&json!("Demo"), &json!("Olga")));

    let mut owner = place.browser("/terminal");
    let mut guest = guest(&place, &made["token"]).unwrap();
    guest.emit("attach", &json!({ "sessionId": session_id }));
    let attached = guest.next("attached").args[0].clone();
    assert_eq!((&attached["role"], &attached["sessionId"]), (&json!("viewer"), &json!(session_id)));
    assert_eq!((&attached["mayWrite"], &attached["mayTake"]), (&json!(false), &json!(false)));
    guest.see("ready");
    // Alone at a terminal without a writer, and still only watching.
    assert_eq!(guest.ask("input", &json!("x"))["error"]["code"], "READ_ONLY");
    for action in ["request", "take", "release", "grant", "decline"] {
        let asked = json!({ "action": action, "seat": attached["seat"] });
        assert_eq!(guest.ask("control", &asked)["error"]["code"], "NOT_ALLOWED", "{action}");
    }
    owner.emit("attach", &json!({ "agentId": agent }));
    assert_eq!(owner.next("attached").args[0]["role"], "writer");
    let shown = owner.next("viewers").args[0][0].clone();
    let expected = json!({ "id": made["id"], "name": "Demo", "role": "viewer", "seat": attached["seat"],
        "wants": false, "mayWrite": false, "guest": true });
    assert_eq!(shown, expected);
    let granting = json!({ "action": "grant", "seat": attached["seat"] });
    assert_eq!(owner.ask("control", &granting)["error"]["code"], "NOT_ALLOWED");
    guest.emit("resize", &json!({ "cols": 50, "rows": 10 }));
    assert_eq!(owner.ask("input", &json!("to all")), json!({ "ok": true, "error": null }));
    guest.see("to all");
    let size = place.owner().get(&format!("/api/terminal/sessions/{session_id}")).body;
    assert_eq!(size["cols"], 80, "a guest's window is nobody's size");

    for target in [
        json!({ "sessionId": other_session }),
        json!({ "agentId": other_agent }),
        json!({ "agentId": agent }),
    ] {
        guest.emit("attach", &target);
        guest.wait("error", |event| event.args[0]["code"] == "NOT_FOUND");
    }
    guest.emit("attach", &json!({}));
    guest.next("attached");
    guest.see("to all");
}

#[test]
fn a_links_token_is_good_for_nothing_else() {
    let place = Place::with_runtime();
    let (_, session_id) = session(&place);
    let made = link(&place.owner(), &session_id, &json!({}));
    let token = made["token"].as_str().unwrap();
    assert_eq!(made["label"], "Guest");
    for namespace in ["/", "/terminal"] {
        let refused = Browser::connect(&place.base(), namespace, "", Some(token)).err();
        assert_eq!(refused.as_deref(), Some("UNAUTHENTICATED"), "{namespace}");
    }
    let by_link = |namespace: &str, query: &str, auth: Value| {
        Browser::connect_with(&place.base(), namespace, query, Some(auth)).err()
    };
    assert_eq!(by_link("/", "", json!({ "link": token })).as_deref(), Some("UNAUTHENTICATED"));
    let as_runtime = format!("&runtimeSessionId={session_id}");
    assert_eq!(
        by_link("/terminal", &as_runtime, json!({ "link": token })).as_deref(),
        Some("UNAUTHENTICATED")
    );
    let both = json!({ "link": "raven_link_wrong", "token": place.owner });
    assert_eq!(by_link("/terminal", "", both).as_deref(), Some("LINK_ENDED"), "the lesser right counts");
    let foreign = json!({ "link": place.owner });
    assert_eq!(by_link("/terminal", "", foreign).as_deref(), Some("LINK_ENDED"));
    for path in ["/api/auth/me", "/api/terminal/sessions", "/api/activity"] {
        assert_eq!(place.person(token).get(path).status, 401, "{path}");
    }
    let path = format!("/api/terminal/sessions/{session_id}/links");
    assert_eq!(place.person(token).post(&path, &json!({})).status, 401);
    let listed = place.owner().get(&path).body;
    assert_eq!(listed["items"][0]["id"], made["id"]);
    assert!(!listed.to_string().contains("raven_link_"), "the token is shown once: {listed}");
    let kept = std::fs::read(place.path("docs").join("raven.db")).unwrap();
    let journal = std::fs::read(place.path("docs").join("raven.db-wal")).unwrap_or_default();
    for file in [kept, journal] {
        assert!(!crate::browser::contains(&file, token.as_bytes()), "the token is kept only as a digest");
    }
}

#[test]
fn a_revoked_link_cuts_off_whoever_watches() {
    let place = Place::with_runtime();
    let (agent, session_id) = session(&place);
    let member = place.person(&place.account("ada@example.com", "member", &[]));
    let made = link(&member, &session_id, &json!({ "label": "Gone" }));
    let stays = link(&member, &session_id, &json!({ "label": "Stays" }));
    let (mut one, mut two) = (watching(&place, &made["token"]), watching(&place, &made["token"]));
    let mut other = watching(&place, &stays["token"]);
    let path = format!("/api/terminal/sessions/{session_id}/links/{}", made["id"].as_str().unwrap());
    let as_account = |email: &str, role: &str, more: &[&str]| {
        place.person(&place.account(email, role, more)).call("DELETE", &path, None).status
    };
    assert_eq!(as_account("bob@example.com", "member", &[]), 403, "not theirs");
    assert_eq!(as_account("vic@example.com", "viewer", &[]), 403);
    assert_eq!(as_account("sam@example.com", "admin", &["--workspace", "Elsewhere"]), 404);
    let elsewhere = path.replace(&session_id, "ses_other");
    assert_eq!(member.call("DELETE", &elsewhere, None).status, 404);
    assert_eq!(place.owner().call("DELETE", &path, None).status, 204, "an admin may");
    is_cut_off(&mut one);
    is_cut_off(&mut two);
    assert_eq!(member.call("DELETE", &path, None).status, 204, "a second time changes nothing");
    assert_eq!(guest(&place, &made["token"]).err().as_deref(), Some("LINK_ENDED"));
    let listed = member.get(&format!("/api/terminal/sessions/{session_id}/links")).body;
    assert!(listed["items"][1]["revokedAt"].is_string() && listed["items"][0]["revokedAt"].is_null());
    other.emit("attach", &json!({}));
    other.next("attached");
    let kinds = place.activity_of(&agent);
    let of_links = |kind: &str| kinds.iter().filter(|told| *told == kind).count();
    assert_eq!((of_links("terminal_link_created"), of_links("terminal_link_revoked")), (2, 1), "{kinds:?}");
}

#[test]
fn a_link_ends_with_its_makers_right_to_make_it() {
    let place = Place::with_runtime();
    let (_, session_id) = session(&place);
    let member = place.person(&place.account("ada@example.com", "member", &[]));
    let made = link(&member, &session_id, &json!({}));
    let mut watcher = watching(&place, &made["token"]);
    let dir = place.path("docs");
    let args = [
        "user",
        "role",
        "--email",
        "ada@example.com",
        "--role",
        "viewer",
        "--data-dir",
        dir.to_str().unwrap(),
    ];
    assert!(run_docs(&args, PASSWORD).status.success());
    is_cut_off(&mut watcher);
    assert_eq!(guest(&place, &made["token"]).err().as_deref(), Some("LINK_ENDED"));
}

#[test]
fn a_link_to_a_session_that_has_ended_shows_nothing() {
    let place = Place::with_runtime();
    let (agent, session_id) = session(&place);
    let made = link(&place.owner(), &session_id, &json!({}));
    let mut watcher = watching(&place, &made["token"]);
    place.owner().post(&format!("/api/parallax-agents/{agent}/stop"), &json!({ "force": true }));
    watcher.next("detached");
    wait_for("the session's end", || {
        let session = place.owner().get(&format!("/api/terminal/sessions/{session_id}")).body;
        (session["status"] == "terminated").then_some(())
    });
    watcher.emit("attach", &json!({}));
    assert_eq!(watcher.next("error").args[0]["code"], "SESSION_TERMINATED");
    assert_eq!(guest(&place, &made["token"]).err().as_deref(), Some("LINK_ENDED"));
    let path = format!("/api/terminal/sessions/{session_id}/links");
    let refused = place.owner().post(&path, &json!({}));
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("SESSION_TERMINATED")));
}

#[test]
fn a_link_has_bounds() {
    let place = Place::with_runtime();
    let (_, session_id) = session(&place);
    let path = format!("/api/terminal/sessions/{session_id}/links");
    for bad in [
        json!({ "expiresInSeconds": 59 }),
        json!({ "expiresInSeconds": 2_592_001 }),
        json!({ "expiresInSeconds": -1 }),
        json!({ "label": " " }),
        json!({ "label": "x".repeat(101) }),
        json!({ "writes": true }),
    ] {
        assert_eq!(place.owner().post(&path, &bad).status, 422, "{bad}");
    }
    for expires in [60, 2_592_000] {
        link(&place.owner(), &session_id, &json!({ "expiresInSeconds": expires }));
    }
    for _ in 2..50 {
        link(&place.owner(), &session_id, &json!({}));
    }
    let refused = place.owner().post(&path, &json!({}));
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("TOO_MANY_LINKS")));
    let first = place.owner().get(&format!("{path}?limit=49")).body;
    let cursor = first["nextCursor"].as_str().unwrap();
    let rest = place.owner().get(&format!("{path}?limit=49&cursor={cursor}")).body;
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["nextCursor"]), (1, &Value::Null));
}

#[test]
fn guessing_a_link_is_slowed_down_and_a_crowd_is_bounded() {
    let place = Place::with_runtime();
    let (_, session_id) = session(&place);
    let made = link(&place.owner(), &session_id, &json!({}));
    let mut crowd: Vec<Browser> = (0..50).map(|_| guest(&place, &made["token"]).unwrap()).collect();
    let mut late = guest(&place, &made["token"]).unwrap();
    assert_eq!(late.next("error").args[0]["code"], "LINK_FULL");
    late.next("#disconnect");
    drop(crowd.pop());
    wait_for("room for one more", || {
        let mut one = guest(&place, &made["token"]).unwrap();
        one.emit("attach", &json!({}));
        while !one.heard.iter().any(|event| ["attached", "error"].contains(&event.name.as_str())) {
            one.listen();
        }
        one.heard.iter().any(|event| event.name == "attached").then_some(())
    });
    let refusals: Vec<String> =
        (0..12).map(|_| guest(&place, &json!("raven_link_guess")).err().unwrap()).collect();
    assert_eq!((refusals[0].as_str(), refusals[11].as_str()), ("LINK_ENDED", "RATE_LIMITED"));
}

#[test]
fn a_guest_who_attaches_again_and_again_is_slowed_down() {
    let place = Place::with_runtime();
    let (_, session_id) = session(&place);
    let made = link(&place.owner(), &session_id, &json!({}));
    let mut busy = guest(&place, &made["token"]).unwrap();
    for _ in 0..130 {
        busy.emit("attach", &json!({}));
    }
    busy.wait("error", |event| event.args[0]["code"] == "RATE_LIMITED");
}
