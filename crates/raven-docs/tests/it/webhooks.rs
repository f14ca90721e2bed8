//! Webhooks: signed, filtered, retried, logged, tested, turned off; and where they may not lead.

use serde_json::{Value, json};

use crate::asking::Asking;
use crate::driving::{prompt, tell};
use crate::operator::Operator;
use crate::programs::wait_for;
use crate::receiver::{Receiver, free_port};
use crate::surroundings::Place;

const WEBHOOKS: &str = "/api/webhooks";

/// Makes a webhook; answers its id and secret.
fn made(owner: &Operator, wanted: Value) -> (String, String) {
    let made = owner.post(WEBHOOKS, &wanted);
    assert_eq!(made.status, 201, "{}", made.body);
    (made.body["id"].as_str().unwrap().to_owned(), made.body["secret"].as_str().unwrap().to_owned())
}

fn hook(url: &str) -> Value {
    json!({ "name": "Pager", "url": url })
}

fn block(asking: &Asking, prompt_id: &str) {
    tell(&asking.place, &asking.foreign, &asking.agent, "waiting", json!({ "prompt": prompt(prompt_id) }));
}

/// Waits until the newest delivery of a webhook fits; answers it.
fn delivery_that(owner: &Operator, id: &str, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
    wait_for(&format!("a delivery that {what}"), || {
        let log = owner.get(&format!("{WEBHOOKS}/{id}/deliveries")).body;
        Some(log["items"][0].clone()).filter(|newest| newest.is_object() && fits(newest))
    })
}

fn is(state: &'static str) -> impl Fn(&Value) -> bool {
    move |delivery| delivery["state"] == state
}

/// Lets the time pass until what failed is tried again.
fn later(place: &Place) {
    place.sql("UPDATE deliveries SET next_at = 1 WHERE state = 'pending'");
}

#[test]
fn messages_are_signed_and_say_what_happened() {
    let (asking, receiver) = (Asking::start(), Receiver::start());
    let owner = asking.place.owner();
    let (id, secret) = made(&owner, hook(&receiver.url));
    assert!(secret.starts_with("whsec_"));
    let list = owner.get(WEBHOOKS).body;
    assert!(!list.to_string().contains(&secret) && list["items"][0]["enabled"] == true, "{list}");
    block(&asking, "prm_1");
    let message = receiver.message();
    assert!(message.is_signed_with(&secret), "{message:?}");
    assert_eq!(message.header("webhook-id"), message.body["id"]);
    let agent = json!({ "id": asking.agent, "name": "Scout" });
    assert_eq!(
        (&message.body["type"], &message.body["kind"], &message.body["agent"], &message.body["detail"]),
        (&json!("blocked"), &json!("agent_prompt"), &agent, &json!("Run `ls`?"))
    );
    assert_eq!(message.body["url"], format!("{}/agents/{}", asking.place.base(), asking.agent));
    let done = delivery_that(&owner, &id, "arrived", is("delivered"));
    assert_eq!(
        (&done["code"], &done["attempts"], &done["type"]),
        (&json!(200), &json!(1), &json!("blocked"))
    );

    let rotated = owner.post(&format!("{WEBHOOKS}/{id}/rotate"), &json!({})).body["secret"].clone();
    block(&asking, "prm_2");
    let message = receiver.message();
    assert!(message.is_signed_with(rotated.as_str().unwrap()) && !message.is_signed_with(&secret));
}

#[test]
fn a_webhook_is_told_what_it_wants() {
    let (asking, receiver) = (Asking::start(), Receiver::start());
    let owner = asking.place.owner();
    let url = |name: &str| format!("{}?{name}", receiver.url);
    made(&owner, json!({ "name": "errors", "url": url("errors"), "topics": ["error"] }));
    made(&owner, json!({ "name": "other", "url": url("other"), "agentIds": ["agt_other"] }));
    let (off, _) = made(&owner, json!({ "name": "off", "url": url("off") }));
    let (own, _) = made(&owner, json!({ "name": "own", "url": url("own"), "agentIds": [asking.agent] }));
    let turned = owner.patch(&format!("{WEBHOOKS}/{off}"), &json!({ "enabled": false }));
    assert_eq!((turned.status, &turned.body["enabled"]), (200, &json!(false)), "{}", turned.body);
    block(&asking, "prm_1");
    assert_eq!(receiver.message().body["type"], "blocked");
    delivery_that(&owner, &own, "arrived", is("delivered"));
    assert!(receiver.is_empty(), "by one webhook alone");
    let on = json!({ "enabled": true, "agentIds": null, "topics": ["done", "blocked"], "name": "on" });
    let changed = owner.patch(&format!("{WEBHOOKS}/{off}"), &on).body;
    assert_eq!((&changed["topics"], &changed["name"]), (&json!(["blocked", "done"]), &json!("on")));
    block(&asking, "prm_2");
    for _ in 0..2 {
        assert_eq!(receiver.message().body["type"], "blocked");
    }
}

#[test]
fn what_does_not_arrive_is_sent_until_it_does_also_after_a_crash_with_the_same_id() {
    let mut asking = Asking::start();
    let (owner, port) = (asking.place.owner(), free_port());
    let (id, secret) = made(&owner, hook(&format!("http://127.0.0.1:{port}/hook")));
    block(&asking, "prm_1");
    let failed = delivery_that(&owner, &id, "was tried", |delivery| delivery["attempts"] == 1);
    assert_eq!((&failed["state"], &failed["code"]), (&json!("pending"), &Value::Null), "{failed}");
    assert!(failed["answer"].as_str().unwrap().contains("nothing answers"), "{failed}");
    assert!(failed["nextAt"].is_string(), "{failed}");
    // Something happens, and the server dies before it can tell of it.
    block(&asking, "prm_2");
    asking.place.docs.take().unwrap().crash();
    let receiver = Receiver::start_at(port);
    receiver.answers(503, "not yet");
    later(&asking.place);
    asking.place.start_docs();
    let (first, second) = (receiver.message(), receiver.message());
    assert_eq!(first.header("webhook-id"), failed["eventId"], "in their order");
    let refused = delivery_that(&owner, &id, "was refused", |delivery| delivery["code"] == 503);
    assert_eq!(refused["answer"], "not yet");
    receiver.answers(204, "");
    later(&asking.place);
    let again = [receiver.message(), receiver.message()];
    assert!(again.iter().all(|message| message.is_signed_with(&secret)));
    let ids = |messages: [&str; 2]| messages.map(str::to_owned);
    let [third, fourth] = &again;
    assert_eq!(
        ids([third.header("webhook-id"), fourth.header("webhook-id")]),
        ids([first.header("webhook-id"), second.header("webhook-id")])
    );
    delivery_that(&owner, &id, "arrived", is("delivered"));
    assert_eq!(owner.get(&format!("{WEBHOOKS}/{id}/deliveries")).body["items"].as_array().unwrap().len(), 2);
}

#[test]
fn a_test_tells_how_it_went() {
    let (place, receiver) = (Place::without_runtime(), Receiver::start());
    let owner = place.owner();
    let (id, secret) = made(&owner, hook(&receiver.url));
    let test = || owner.post(&format!("{WEBHOOKS}/{id}/test"), &json!({}));
    let went = test();
    assert_eq!((went.status, &went.body["delivered"]), (200, &json!(true)), "{}", went.body);
    let message = receiver.message();
    assert!(message.is_signed_with(&secret) && message.body["type"] == "test", "{message:?}");
    receiver.answers(500, &"x".repeat(5000));
    let went = test().body;
    assert_eq!((&went["delivered"], &went["delivery"]["state"]), (&json!(false), &json!("failed")), "{went}");
    assert_eq!(went["delivery"]["answer"].as_str().unwrap().len(), 1024);
    receiver.answers(302, "");
    let went = test().body;
    assert_eq!((&went["delivered"], &went["delivery"]["code"]), (&json!(false), &json!(302)));
    assert!(went["delivery"]["answer"].as_str().unwrap().contains("redirect"), "{went}");
    let nowhere = json!({ "url": format!("http://127.0.0.1:{}/", free_port()) });
    owner.patch(&format!("{WEBHOOKS}/{id}"), &nowhere);
    assert!(test().body["delivery"]["answer"].as_str().unwrap().contains("nothing answers"));
    let statuses: Vec<u16> = (0..4).map(|_| test().status).collect();
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
}

#[test]
fn one_that_wants_nothing_more_or_fails_for_days_is_turned_off() {
    let (asking, receiver) = (Asking::start(), Receiver::start());
    let owner = asking.place.owner();
    let (id, _) = made(&owner, hook(&receiver.url));
    let path = format!("{WEBHOOKS}/{id}");
    let state = || owner.get(WEBHOOKS).body["items"][0].clone();
    receiver.answers(410, "");
    block(&asking, "prm_1");
    wait_for("a webhook that is off", || (state()["enabled"] == false).then_some(()));
    assert!(state()["disabledBecause"].as_str().unwrap().contains("410"), "{}", state());
    let feed = owner.get("/api/activity?kind=webhook_disabled").body;
    assert_eq!(feed["items"].as_array().unwrap().len(), 1, "{feed}");
    receiver.message();

    let log = owner.get(&format!("{path}/deliveries")).body;
    let again = format!("{path}/deliveries/{}/redeliver", log["items"][0]["id"].as_str().unwrap());
    let refused = owner.post(&again, &json!({}));
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("NOT_SENDABLE")), "{}", refused.body);
    assert_eq!(owner.patch(&path, &json!({ "enabled": true })).body["failingSince"], Value::Null);
    receiver.answers(200, "");
    assert_eq!(owner.post(&again, &json!({})).body["state"], "pending");
    assert_eq!(receiver.message().header("webhook-id"), log["items"][0]["eventId"], "the same id");
    delivery_that(&owner, &id, "arrived", is("delivered"));

    receiver.answers(500, "");
    block(&asking, "prm_2");
    wait_for("a webhook that fails", || state()["failingSince"].is_string().then_some(()));
    assert_eq!(state()["enabled"], true);
    asking.place.sql("UPDATE webhooks SET failing_since = 1");
    later(&asking.place);
    wait_for("a webhook that is off", || (state()["enabled"] == false).then_some(()));
    assert!(state()["disabledBecause"].as_str().unwrap().contains("5 days"));
}

#[test]
fn what_somebody_made_who_is_no_admin_any_more_is_turned_off() {
    let (asking, receiver) = (Asking::start(), Receiver::start());
    let owner = asking.place.owner();
    made(&owner, hook(&receiver.url));
    for (name, loses) in [("demoted", json!({ "role": "member" })), ("removed", Value::Null)] {
        let own = Receiver::start();
        let admin = asking.person(name, "admin");
        let (id, _) = made(&admin, hook(&own.url));
        let path = format!("/api/members/{}", asking.place.id_of(&format!("{name}@example.com")));
        let same = owner.patch(&path, &json!({ "role": "owner" }));
        assert_eq!(same.status, 200, "{}", same.body);
        let state = || {
            let all = owner.get(WEBHOOKS).body["items"].as_array().unwrap().clone();
            all.into_iter().find(|one| one["id"] == id).unwrap()
        };
        assert_eq!(state()["enabled"], true, "another role that may make webhooks: {name}");
        let lost = if loses.is_null() { owner.delete(&path) } else { owner.patch(&path, &loses) };
        assert!(lost.status < 300, "{}", lost.body);
        let off = state();
        assert_eq!(off["enabled"], false, "{off}");
        assert!(off["disabledBecause"].as_str().unwrap().contains("no admin any more"), "{off}");
        block(&asking, name);
        assert_eq!(receiver.message().body["kind"], "agent_prompt", "the owner's goes on");
        assert!(own.is_empty(), "{name}");
        let on = owner.patch(&format!("{WEBHOOKS}/{id}"), &json!({ "enabled": true }));
        assert_eq!((on.status, &on.body["enabled"]), (200, &json!(true)), "{}", on.body);
        assert_eq!(owner.delete(&format!("{WEBHOOKS}/{id}")).status, 204);
    }
    let entries = owner.get("/api/audit?action=webhook.disable").body["items"].clone();
    assert_eq!(entries.as_array().unwrap().len(), 2, "{entries}");
}

#[test]
fn webhooks_are_the_matter_of_admins_and_lead_to_no_metadata() {
    let (place, receiver) = (Place::without_runtime(), Receiver::start());
    let admin = place.person(&place.account("admin@example.com", "admin", &[]));
    let member = place.person(&place.account("member@example.com", "member", &[]));
    let elsewhere = ["--workspace", "Elsewhere"];
    let stranger = place.person(&place.account("stranger@example.com", "admin", &elsewhere));
    let (id, _) = made(&admin, hook(&receiver.url));
    assert_eq!(member.post(WEBHOOKS, &hook(&receiver.url)).status, 403);
    assert_eq!(stranger.get(WEBHOOKS).body["items"], json!([]));
    for (method, rest) in
        [("PATCH", ""), ("DELETE", ""), ("POST", "/rotate"), ("POST", "/test"), ("GET", "/deliveries")]
    {
        let body = (method != "GET").then(|| "{}".to_owned());
        assert_eq!(
            stranger.call(method, &format!("{WEBHOOKS}/{id}{rest}"), body).status,
            404,
            "{method} {rest}"
        );
    }
    for url in [
        "http://169.254.169.254/latest/meta-data",
        "http://[fe80::1]/",
        "ftp://example.com",
        "x",
        "http://u:p@example.com",
    ] {
        let refused = admin.post(WEBHOOKS, &hook(url));
        assert_eq!((refused.status, &refused.body["code"]), (422, &json!("INVALID")), "{url}");
        assert_eq!(admin.patch(&format!("{WEBHOOKS}/{id}"), &json!({ "url": url })).status, 422, "{url}");
    }
    for bad in [
        json!({ "name": "", "url": receiver.url }),
        json!({ "name": "n", "url": receiver.url, "topics": [] }),
        json!({ "name": "n", "url": receiver.url, "topics": ["weather"] }),
        json!({ "name": "n", "url": receiver.url, "agentIds": [] }),
        json!({ "name": "n", "url": receiver.url, "secret": "mine" }),
    ] {
        assert_eq!(admin.post(WEBHOOKS, &bad).status, 422, "{bad}");
    }
    for _ in 1..20 {
        made(&admin, hook(&receiver.url));
    }
    assert_eq!(admin.post(WEBHOOKS, &hook(&receiver.url)).body["code"], "TOO_MANY_WEBHOOKS");
    assert_eq!(admin.call("DELETE", &format!("{WEBHOOKS}/{id}"), None).status, 204);
    assert_eq!(admin.call("DELETE", &format!("{WEBHOOKS}/{id}"), None).status, 404);
}
