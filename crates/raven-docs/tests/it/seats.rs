//! Who types at a terminal: control asked for, handed over, taken, given up, and what is told of it.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::programs::wait_for;
use crate::surroundings::Place;

/// A place with an agent that shows what is typed, an owner and two members.
struct Scene {
    place: Place,
    agent: String,
}

impl Scene {
    fn new() -> Self {
        let place = Place::with_runtime();
        let agent = place.spawn(&["bash", "-c", "stty raw -echo; printf ready; exec cat"]);
        place.agent_that_is(&agent, "ready");
        Self { place, agent }
    }

    fn attach(&self, token: &str, more: &Value) -> (Browser, Value) {
        let mut terminal = Browser::connect(&self.place.base(), "/terminal", "", Some(token)).unwrap();
        let mut request = json!({ "agentId": self.agent });
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        terminal.emit("attach", &request);
        let attached = terminal.next("attached").args[0].clone();
        (terminal, attached)
    }

    fn member(&self, name: &str) -> String {
        self.place.account(name, "member", &[])
    }

    /// What the feed says of control, oldest first, once it has so many entries.
    fn told(&self, entries: usize) -> Vec<Value> {
        let path = format!("/api/activity?agentId={}&kind=terminal_control_changed", self.agent);
        wait_for("entries of control", || {
            let mut items = self.place.owner().get(&path).body["items"].as_array().unwrap().clone();
            items.reverse();
            (items.len() >= entries).then_some(items)
        })
    }
}

fn ok() -> Value {
    json!({ "ok": true, "error": null })
}

/// Waits until somebody is shown as the writer, to whoever asks.
fn sees_writer(terminal: &mut Browser, seat: &Value) {
    terminal.wait("writer", |event| event.args[0]["seat"] == *seat);
}

fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or_default()
}

#[test]
fn a_hand_over_that_cannot_be_written_is_written_when_it_can() {
    let mut place = Place::bare();
    place.log_level = Some("warn");
    place.start_runtime();
    place.start_docs();
    let agent = place.spawn(&["cat"]);
    place.agent_that_is(&agent, "ready");
    let scene = Scene { place, agent };
    let (mut first, _) = scene.attach(&scene.member("ada@example.com"), &json!({}));
    scene.place.sql(
        "CREATE TRIGGER full BEFORE INSERT ON activities WHEN NEW.kind = 'terminal_control_changed' \
         BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
    );
    assert_eq!(first.ask("control", &json!("release")), ok());
    wait_for("a write that failed", || {
        let log = std::fs::read_to_string(scene.place.path("log")).unwrap();
        log.contains("could not be written yet").then_some(())
    });
    scene.place.sql("DROP TRIGGER full");
    assert_eq!(scene.told(1).len(), 1, "it is not lost");
    let entries = scene.place.owner().get("/api/audit?action=terminal.control").body;
    assert_eq!(entries["items"].as_array().unwrap().len(), 1, "nor twice in the log: {entries}");
}

#[test]
fn two_people_hand_over_and_everybody_sees_it() {
    let scene = Scene::new();
    let (ada, bob) = (scene.member("ada@example.com"), scene.member("bob@example.com"));
    let (mut first, at_first) = scene.attach(&ada, &json!({}));
    let (mut second, at_second) = scene.attach(&bob, &json!({}));
    assert_eq!((&at_first["role"], &at_first["mayWrite"]), (&json!("writer"), &json!(true)));
    assert_eq!((&at_second["role"], &at_second["mayTake"]), (&json!("viewer"), &json!(false)));
    assert_ne!(at_first["seat"], at_second["seat"]);

    assert_eq!(second.ask("control", &json!("request")), ok());
    let wishes = first.wait("viewers", |event| event.args[0][1]["wants"] == true).args[0].clone();
    assert_eq!((&wishes[1]["seat"], &wishes[1]["role"]), (&at_second["seat"], &json!("viewer")));
    assert_eq!((&wishes[1]["guest"], &wishes[1]["name"]), (&json!(false), &json!("bob@example.com")));
    assert_eq!(first.ask("control", &json!({ "action": "decline", "seat": at_second["seat"] })), ok());
    second.wait("viewers", |event| event.args[0][1]["wants"] == false);
    assert_eq!(code(&second.ask("input", &json!("no"))), "READ_ONLY");

    assert_eq!(second.ask("control", &json!({ "action": "request" })), ok());
    assert_eq!(first.ask("control", &json!({ "action": "grant", "seat": at_second["seat"] })), ok());
    let writer = second.wait("writer", |event| event.args[0]["you"] == true).args[0].clone();
    assert_eq!((&writer["user"]["name"], &writer["idle"]), (&json!("bob@example.com"), &json!(false)));
    sees_writer(&mut first, &at_second["seat"]);
    assert_eq!(code(&first.ask("input", &json!("no"))), "READ_ONLY");
    assert_eq!(second.ask("input", &json!("from bob")), ok());
    first.see("from bob");

    let told = scene.told(1);
    assert_eq!(told[0]["detail"], "ada@example.com handed control to bob@example.com");
    assert_eq!(told[0]["actor"]["name"], "ada@example.com");
    assert_eq!(told[0]["sessionId"], at_first["sessionId"]);
    assert_eq!(told.len(), 1, "neither the first attach nor a wish is a change: {told:?}");
}

#[test]
fn an_admin_takes_control_and_a_member_does_not() {
    let scene = Scene::new();
    let bob = scene.member("bob@example.com");
    let (mut member, at_member) = scene.attach(&bob, &json!({}));
    let (mut owner, at_owner) = scene.attach(&scene.place.owner, &json!({}));
    assert_eq!(at_owner["mayTake"], true);
    let mut feed = scene.place.browser("/");
    assert_eq!(owner.ask("control", &json!("take")), ok());
    sees_writer(&mut member, &at_owner["seat"]);
    let heard = feed.wait("activity:added", |event| event.args[0]["kind"] == "terminal_control_changed");
    assert_eq!(heard.args[0]["detail"], "Olga took control from bob@example.com");
    assert_eq!(code(&member.ask("control", &json!("take"))), "NOT_ALLOWED");
    assert_eq!(member.next("error").args[0]["code"], "NOT_ALLOWED");
    let granting_itself = json!({ "action": "grant", "seat": at_member["seat"] });
    assert_eq!(code(&member.ask("control", &granting_itself)), "NOT_WRITER");
    assert_eq!(code(&owner.ask("control", &json!({ "action": "grant", "seat": 999 }))), "NO_SUCH_SEAT");
    assert_eq!(owner.ask("control", &granting_itself), ok());
    member.wait("writer", |event| event.args[0]["you"] == true);
}

#[test]
fn a_released_seat_goes_to_the_first_who_types() {
    let scene = Scene::new();
    let (ada, bob) = (scene.member("ada@example.com"), scene.member("bob@example.com"));
    let (mut first, _) = scene.attach(&ada, &json!({}));
    let (mut second, at_second) = scene.attach(&bob, &json!({}));
    let (mut shy, at_shy) = scene.attach(&scene.place.owner, &json!({ "readOnly": true }));
    assert_eq!((&at_shy["mayWrite"], &at_shy["mayTake"]), (&json!(false), &json!(false)));
    assert_eq!(first.ask("control", &json!("release")), ok());
    let free = second.wait("writer", |event| event.args[0]["user"].is_null()).args[0].clone();
    assert_eq!((&free["seat"], &free["you"]), (&Value::Null, &json!(false)));
    assert_eq!(code(&second.ask("input", &json!(""))), "READ_ONLY", "nothing is no typing");
    assert_eq!(code(&shy.ask("input", &json!("x"))), "READ_ONLY", "who only watches takes nothing");
    assert_eq!(second.ask("input", &json!("claimed")), ok());
    first.see("claimed");
    sees_writer(&mut first, &at_second["seat"]);
    assert_eq!(code(&first.ask("input", &json!("x"))), "READ_ONLY");

    // Who waits gets a released seat; who leaves is followed by who waits.
    assert_eq!(first.ask("control", &json!("request")), ok());
    assert_eq!(second.ask("control", &json!("release")), ok());
    first.wait("writer", |event| event.args[0]["you"] == true);
    let details: Vec<Value> = scene.told(3).iter().map(|entry| entry["detail"].clone()).collect();
    let expected = [
        "ada@example.com released control",
        "bob@example.com took control",
        "bob@example.com released control to ada@example.com",
    ];
    assert_eq!(details, expected);
}

#[test]
fn a_writer_who_attaches_anew_stays_the_writer() {
    let scene = Scene::new();
    let bob = scene.member("bob@example.com");
    let (mut owner, _) = scene.attach(&scene.place.owner, &json!({}));
    let (mut member, _) = scene.attach(&bob, &json!({}));
    assert_eq!(member.ask("control", &json!("request")), ok());
    owner.emit("attach", &json!({ "agentId": scene.agent }));
    let anew = owner.next("attached").args[0].clone();
    assert_eq!(anew["role"], "writer");
    member.wait("viewers", |event| {
        let present = event.args[0].as_array().unwrap();
        present.len() == 2 && present.iter().any(|who| who["seat"] == anew["seat"])
    });
    assert_eq!(code(&member.ask("input", &json!("x"))), "READ_ONLY");
    assert_eq!(owner.ask("input", &json!("still me")), ok());
    member.see("still me");
}

#[test]
fn who_may_only_watch_changes_nothing() {
    let scene = Scene::new();
    let token = scene.place.account("vic@example.com", "viewer", &[]);
    let mut early = Browser::connect(&scene.place.base(), "/terminal", "", Some(&token)).unwrap();
    assert_eq!(code(&early.ask("control", &json!("request"))), "NOT_ATTACHED");
    let (mut owner, at_owner) = scene.attach(&scene.place.owner, &json!({}));
    let (mut viewer, at_viewer) = scene.attach(&token, &json!({}));
    assert_eq!((&at_viewer["mayWrite"], &at_viewer["mayTake"]), (&json!(false), &json!(false)));
    for action in ["request", "take", "release", "grant", "decline"] {
        let asked = json!({ "action": action, "seat": at_owner["seat"] });
        assert_eq!(code(&viewer.ask("control", &asked)), "NOT_ALLOWED", "{action}");
    }
    let granting = json!({ "action": "grant", "seat": at_viewer["seat"] });
    assert_eq!(code(&owner.ask("control", &granting)), "NOT_ALLOWED");
    for bad in
        [json!("grant"), json!("seize"), json!({}), json!(7), json!({ "action": "grant", "seat": "one" })]
    {
        assert_eq!(code(&owner.ask("control", &bad)), "MALFORMED", "{bad}");
    }
    assert_eq!(owner.ask("control", &json!("release")), ok());
    assert_eq!(code(&viewer.ask("input", &json!("x"))), "READ_ONLY", "not even a free seat");
    assert_eq!(owner.ask("input", &json!("still mine")), ok());
    viewer.see("still mine");
}

#[test]
fn a_flood_of_control_is_refused_and_the_terminal_goes_on() {
    let scene = Scene::new();
    let (mut owner, _) = scene.attach(&scene.place.owner, &json!({}));
    let answers: Vec<Value> = (0..50)
        .map(|turn| owner.ask("control", &json!(if turn % 2 == 0 { "release" } else { "take" })))
        .collect();
    assert_eq!(answers[0], ok());
    let refused = answers.iter().filter(|answer| code(answer) == "RATE_LIMITED").count();
    assert!(refused >= 20, "{refused} of 50 were refused");
    assert_eq!(owner.ask("input", &json!("typed on")), ok());
    owner.see("typed on");
}

#[test]
fn a_lowered_role_ends_a_wish_and_the_right_to_type() {
    let scene = Scene::new();
    let bob = scene.member("bob@example.com");
    let (mut owner, _) = scene.attach(&scene.place.owner, &json!({}));
    let (mut member, _) = scene.attach(&bob, &json!({}));
    assert_eq!(member.ask("control", &json!("request")), ok());
    owner.wait("viewers", |event| event.args[0][1]["wants"] == true);
    let dir = scene.place.path("docs");
    let args = [
        "user",
        "role",
        "--email",
        "bob@example.com",
        "--role",
        "viewer",
        "--data-dir",
        dir.to_str().unwrap(),
    ];
    let lowered = crate::programs::run_docs(&args, "");
    assert!(lowered.status.success(), "{}", String::from_utf8_lossy(&lowered.stderr));
    member.next("#disconnect");
    owner.wait("viewers", |event| event.args[0].as_array().unwrap().len() == 1);
    assert_eq!(owner.ask("control", &json!("release")), ok());
    let (mut again, attached) = scene.attach(&bob, &json!({}));
    assert_eq!(attached["mayWrite"], false);
    assert_eq!(code(&again.ask("control", &json!("request"))), "NOT_ALLOWED");
}

#[test]
fn what_was_handed_over_last_is_in_the_feed_after_a_stop() {
    let mut scene = Scene::new();
    let bob = scene.member("bob@example.com");
    let (mut owner, _) = scene.attach(&scene.place.owner, &json!({}));
    let (_member, at_member) = scene.attach(&bob, &json!({}));
    for _ in 0..2 {
        assert_eq!(owner.ask("control", &json!({ "action": "grant", "seat": at_member["seat"] })), ok());
        assert_eq!(owner.ask("control", &json!("take")), ok());
    }
    scene.place.docs.take().unwrap().stop();
    scene.place.start_docs();
    let details: Vec<Value> = scene.told(4).iter().map(|entry| entry["detail"].clone()).collect();
    let (there, back) = ("Olga handed control to bob@example.com", "Olga took control from bob@example.com");
    assert_eq!(details, [there, back, there, back]);
}
