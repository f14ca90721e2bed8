//! Notifications: who is told of what, in the inbox and by e-mail, and that a crash loses none.

use serde_json::{Value, json};

use crate::asking::Asking;
use crate::browser::Browser;
use crate::driving::{prompt, spawn_at, tell};
use crate::foreign::Foreign;
use crate::operator::Operator;
use crate::postbox::Postbox;
use crate::programs::wait_for;
use crate::surroundings::Place;

const INBOX: &str = "/api/notifications";
const PREFERENCES: &str = "/api/notifications/preferences";

fn turn(message: Option<&str>, ended: Option<&str>) -> Value {
    let mut turn = json!({ "startedAt": "2026-01-31T12:00:00.000Z" });
    if let Some(message) = message {
        turn["messageId"] = json!(message);
    }
    if let Some(ended) = ended {
        turn["endedAt"] = json!(ended);
    }
    json!({ "turn": turn })
}

fn topics_of(person: &Operator) -> Vec<String> {
    let items = person.get(INBOX).body["items"].clone();
    items.as_array().unwrap().iter().map(|item| item["topic"].as_str().unwrap().to_owned()).collect()
}

/// Waits until a person was told something of each topic, newest first.
fn told(person: &Operator, topics: &[&str]) -> Value {
    wait_for(&format!("{topics:?} in an inbox"), || (topics_of(person) == topics).then_some(()));
    person.get(INBOX).body
}

#[test]
fn who_is_told_hears_it_at_once_and_alone_and_marks_it_read() {
    let asking = Asking::start();
    let (place, agent) = (&asking.place, &asking.agent);
    let token = place.account("viewer@example.com", "viewer", &[]);
    let viewer = place.person(&token);
    let mut at_owner = place.browser("/");
    let mut at_viewer = Browser::connect(&place.base(), "/", "", Some(&token)).unwrap();
    tell(place, &asking.foreign, agent, "waiting", json!({ "prompt": prompt("prm_1") }));
    for heard in [&mut at_owner, &mut at_viewer] {
        let told = heard.next("notification:added").args[0].clone();
        assert_eq!((&told["unread"], &told["notification"]["topic"]), (&json!(1), &json!("blocked")));
        assert_eq!(told["notification"]["detail"], "Run `ls`?");
        assert_eq!(told["notification"]["path"], format!("/agents/{agent}"));
        assert_eq!(told["notification"]["agent"], json!({ "id": agent, "name": "Scout" }));
    }
    let inbox = viewer.get(INBOX).body;
    let (id, unread) = (inbox["items"][0]["id"].as_str().unwrap(), &inbox["unread"]);
    assert_eq!(unread, 1);
    let read = format!("{INBOX}/{id}/read");
    assert_eq!(place.owner().post(&read, &json!({})).status, 404, "it is the viewer's");
    for _ in 0..2 {
        assert_eq!(viewer.post(&read, &json!({})).body["unread"], 0, "also the second time");
    }
    assert_eq!(at_viewer.next("notification:read").args[0]["unread"], 0);
    assert_eq!(viewer.get(&format!("{INBOX}?unread=true")).body["items"], json!([]));

    tell(place, &asking.foreign, agent, "error", json!({ "error": "exit status 1\n\u{1b}[31m$ secret" }));
    let inbox = told(&place.owner(), &["error", "blocked"]);
    assert_eq!(inbox["items"][0]["detail"], "exit status 1", "one line, and nothing of the screen");
    assert_eq!(inbox["unread"], 2);
    assert_eq!(place.owner().post(&format!("{INBOX}/read-all"), &json!({})).body["unread"], 0);
    assert_eq!(at_owner.next("notification:read").args[0]["unread"], 0);
    at_viewer.wait("notification:added", |event| event.args[0]["unread"] == 1);
    let stray = |browser: &Browser| {
        browser.heard.iter().filter(|event| event.name.starts_with("notification:read")).count()
    };
    assert_eq!(stray(&at_viewer), 1, "the owner's reading is not the viewer's: {:?}", at_viewer.heard.len());
}

#[test]
fn the_end_of_a_turn_is_told_once_and_flicker_is_not() {
    let asking = Asking::start();
    let (place, agent, owner) = (&asking.place, &asking.agent, asking.place.owner());
    let report = |status: &str, doing: Value| tell(place, &asking.foreign, agent, status, doing);
    report("busy", turn(None, None));
    report("ready", turn(None, Some("2026-01-31T12:00:01.000Z")));
    report("busy", turn(Some("msg_1"), None));
    for _ in 0..3 {
        report("ready", turn(Some("msg_1"), Some("2026-01-31T12:00:03.000Z")));
    }
    report("waiting", json!({ "prompt": prompt("prm_1") }));
    let inbox = told(&owner, &["blocked", "done"]);
    assert_eq!(inbox["items"][1]["kind"], "turn_done");
    let mut failed = turn(Some("msg_2"), Some("2026-01-31T12:00:09.000Z"));
    failed["turn"]["startedAt"] = json!("2026-01-31T12:00:05.000Z");
    failed["turn"]["error"] = json!("rate limited");
    report("ready", failed);
    let inbox = told(&owner, &["error", "blocked", "done"]);
    assert_eq!(
        (&inbox["items"][0]["kind"], &inbox["items"][0]["detail"]),
        (&json!("turn_failed"), &json!("rate limited"))
    );
}

#[test]
fn everybody_is_told_what_they_want_and_may_and_nobody_their_own_deeds() {
    let asking = Asking::start();
    let person = |name: &str, role: &str| asking.person(name, role);
    let (member, viewer, admin) =
        (person("member", "member"), person("viewer", "viewer"), person("admin", "admin"));
    let kept = admin.get(PREFERENCES).body;
    assert_eq!(kept["topics"].as_array().unwrap().len(), 7, "{kept}");
    assert_eq!((&kept["agents"], &kept["email"]["available"]), (&json!("all"), &json!(false)));
    assert_eq!(kept["email"]["address"], "admin@example.com");
    assert!(kept["topics"].as_array().unwrap().iter().all(|t| t["inApp"] == true && t["email"] == false));
    for bad in [
        json!({ "topics": [], "agents": "some" }),
        json!({ "topics": [{ "topic": "weather", "inApp": true, "email": true }] }),
        json!({ "topics": [], "more": 1 }),
        json!({ "topics": [{ "topic": "done", "inApp": true, "email": true }, { "topic": "done", "inApp": true, "email": true }] }),
    ] {
        assert_eq!(admin.call("PUT", PREFERENCES, Some(bad.to_string())).status, 422, "{bad}");
    }
    let quiet =
        json!({ "topics": [{ "topic": "blocked", "inApp": false, "email": false }], "agents": "all" });
    assert_eq!(admin.call("PUT", PREFERENCES, Some(quiet.to_string())).status, 200);
    let mine = json!({ "topics": [], "agents": "mine" });
    assert_eq!(member.call("PUT", PREFERENCES, Some(mine.to_string())).body["agents"], "mine");

    // The agent is the owner's.
    tell(&asking.place, &asking.foreign, &asking.agent, "waiting", json!({ "prompt": prompt("prm_1") }));
    told(&asking.place.owner(), &["blocked"]);
    told(&viewer, &["blocked"]);
    // A decision is asked for: of whoever may decide, and not of who asks.
    asking.policy(json!([{ "action": "agent.spawn", "effect": "ask" }]));
    let all = json!({ "topics": [], "agents": "all" });
    assert_eq!(member.call("PUT", PREFERENCES, Some(all.to_string())).status, 200);
    let asked = member.post("/api/parallax-agents/spawn", &json!({ "agentType": "custom" }));
    assert_eq!(asked.status, 202, "{}", asked.body);
    told(&asking.place.owner(), &["approval", "blocked"]);
    let inbox = told(&admin, &["approval"]);
    assert_eq!(inbox["items"][0]["path"], "/approvals");
    assert_eq!(topics_of(&viewer), ["blocked"], "a viewer decides nothing");
    assert_eq!(topics_of(&member), Vec::<String>::new(), "neither another's agent nor the own deed");
}

#[test]
fn another_workspace_is_told_nothing() {
    let asking = Asking::start();
    let token = asking.place.account("stranger@example.com", "owner", &["--workspace", "Elsewhere"]);
    tell(&asking.place, &asking.foreign, &asking.agent, "waiting", json!({ "prompt": prompt("prm_1") }));
    told(&asking.place.owner(), &["blocked"]);
    assert_eq!(asking.place.person(&token).get(INBOX).body["items"], json!([]));
}

#[test]
fn what_was_noted_before_a_crash_is_told_after_it_once() {
    let mut asking = Asking::start();
    let (foreign, agent) = (&asking.foreign, asking.agent.clone());
    for n in 0..5 {
        tell(&asking.place, foreign, &agent, "waiting", json!({ "prompt": prompt(&format!("prm_{n}")) }));
        asking.place.docs.take().unwrap().crash();
        asking.place.start_docs();
    }
    told(&asking.place.owner(), &["blocked"; 5]);
}

/// A control plane that sends by a mail server, and an agent.
fn mailing() -> (Place, Foreign, String, Postbox) {
    let (postbox, mut place, foreign) = (Postbox::open(), Place::bare(), Foreign::start());
    std::fs::write(place.path("smtp"), format!("smtp://127.0.0.1:{}", postbox.port)).unwrap();
    let file = place.path("smtp").to_str().unwrap().to_owned();
    let more = ["--smtp-url-file", &file, "--mail-from", "Raven <raven@example.com>"];
    place.docs_flags = more.map(str::to_owned).to_vec();
    place.start_docs();
    let (agent, _) = spawn_at(&place, &foreign, json!({ "name": "Scout" }));
    (place, foreign, agent, postbox)
}

fn by_email(person: &Operator) {
    let topic = |topic: &str| json!({ "topic": topic, "inApp": true, "email": true });
    let wanted = json!({ "topics": [topic("blocked"), topic("error")], "agents": "all" });
    let set = person.call("PUT", PREFERENCES, Some(wanted.to_string()));
    assert_eq!((set.status, &set.body["email"]["available"]), (200, &json!(true)), "{}", set.body);
}

/// Lets the time pass for which a letter gathers.
fn gathered(place: &Place) {
    place.sql("UPDATE deliveries SET next_at = 1 WHERE channel = 'email' AND state = 'pending'");
}

#[test]
fn letters_gather_say_what_is_wrong_and_can_be_no_more_than_letters() {
    let (place, foreign, agent, postbox) = mailing();
    let owner = place.owner();
    let test = owner.post("/api/notifications/test-email", &json!({}));
    assert_eq!((test.status, &test.body["delivered"]), (200, &json!(true)), "{}", test.body);
    assert!(test.body["answer"].as_str().unwrap().contains("kept as 42"), "{}", test.body);
    assert_eq!(postbox.letter().header("Subject").unwrap(), "[Raven] Test");

    by_email(&owner);
    let ask = |id: &str, question: &str| {
        let mut prompt = prompt(id);
        prompt["question"] = json!(question);
        tell(&place, &foreign, &agent, "waiting", json!({ "prompt": prompt }));
    };
    ask("prm_1", "Delete it?\r\nBcc: evil@example.com");
    ask("prm_2", "And that?");
    told(&owner, &["blocked"; 2]);
    assert!(postbox.is_empty(), "it gathers");
    gathered(&place);
    let letter = postbox.letter();
    assert_eq!(letter.header("Subject").unwrap(), "[Raven] Scout is blocked: Delete it?");
    assert!(letter.to.len() == 1 && letter.to[0].contains("<owner@example.com>"), "{letter:?}");
    assert!(letter.header("Bcc").is_none() && letter.header("Auto-Submitted").is_some(), "{letter:?}");
    assert!(letter.text.contains("And that?"), "both in one: {letter:?}");
    assert!(letter.text.contains(&format!("{}/agents/{agent}", place.base())), "{letter:?}");
    assert!(postbox.is_empty(), "one letter for both");

    // What was read meanwhile needs no letter.
    ask("prm_3", "A third?");
    told(&owner, &["blocked"; 3]);
    owner.post(&format!("{INBOX}/read-all"), &json!({}));
    gathered(&place);
    tell(&place, &foreign, &agent, "error", json!({ "error": "gone" }));
    told(&owner, &["error", "blocked", "blocked", "blocked"]);
    gathered(&place);
    assert_eq!(postbox.letter().header("Subject").unwrap(), "[Raven] Scout failed: gone");
    assert!(postbox.is_empty());
}

#[test]
fn a_letter_that_is_refused_is_tried_again_or_given_up_as_the_server_says() {
    let (mut place, foreign, agent, postbox) = mailing();
    by_email(&place.owner());
    postbox.refuses(Some("451 4.7.1 come back later"));
    tell(&place, &foreign, &agent, "waiting", json!({ "prompt": prompt("prm_1") }));
    told(&place.owner(), &["blocked"]);
    gathered(&place);
    let test = place.owner().post("/api/notifications/test-email", &json!({}));
    assert_eq!(test.body["delivered"], false);
    assert!(test.body["answer"].as_str().unwrap().contains("come back later"), "{}", test.body);
    wait_for("a refused letter", || (postbox.refused() == 2).then_some(()));
    place.docs.take().unwrap().crash();
    postbox.refuses(None);
    place.start_docs();
    gathered(&place);
    assert_eq!(postbox.letter().header("Subject").unwrap(), "[Raven] Scout is blocked: Run `ls`?");

    postbox.refuses(Some("550 5.1.1 no such box"));
    tell(&place, &foreign, &agent, "error", json!({ "error": "gone" }));
    told(&place.owner(), &["error", "blocked"]);
    gathered(&place);
    let failure = wait_for("a letter that was given up", || {
        let kept = place.owner().get(PREFERENCES).body["email"]["lastFailure"].clone();
        kept.is_object().then_some(kept)
    });
    assert!(failure["why"].as_str().unwrap().contains("no such box"), "{failure}");
}

#[test]
fn a_server_without_mail_says_so() {
    let place = Place::without_runtime();
    let test = place.owner().post("/api/notifications/test-email", &json!({}));
    assert_eq!((test.status, &test.body["code"]), (409, &json!("NO_MAIL_SERVER")), "{}", test.body);
}
