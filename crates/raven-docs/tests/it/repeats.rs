//! Requests that are repeated with their `Idempotency-Key`: what they ask for is made once.

use serde_json::{Value, json};

use crate::operator::{Operator, at_once};
use crate::pages::{Wiki, id};

/// What may be made: by which route, two different ones of it, and how it is called in a refusal.
fn wanted(wiki: &Wiki) -> Vec<(&'static str, [Value; 2], &'static str)> {
    let page = wiki.page("Commented", json!({}));
    let page = id(&page);
    let one = |field: &str, more: Value| {
        ["One", "Two"].map(|text| {
            let mut body = json!({ field: text });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        })
    };
    vec![
        ("/api/spaces", one("name", json!({})), "space"),
        ("/api/pages", one("title", json!({ "spaceId": wiki.space, "content": "x" })), "page"),
        ("/api/projects", one("name", json!({})), "project"),
        ("/api/tasks", one("title", json!({ "priority": "high", "agentAccessible": null })), "task"),
        ("/api/comments", one("content", json!({ "pageId": page })), "comment"),
        ("/api/memory", one("content", json!({ "tags": ["a"] })), "memory"),
    ]
}

/// How many there are.
fn count(owner: &Operator, path: &str, body: &Value) -> usize {
    let of = body["pageId"].as_str().map(|page| format!("?pageId={page}")).unwrap_or_default();
    owner.get(&format!("{path}{of}")).body["items"].as_array().unwrap().len()
}

#[test]
fn what_is_asked_for_again_with_its_key_is_made_once() {
    let wiki = Wiki::start();
    let owner = wiki.place.owner();
    let other = wiki.place.account("second@example.com", "admin", &[]);
    for (path, [body, another], noun) in wanted(&wiki) {
        let keyed = || wiki.place.owner().header("idempotency-key", "k1");
        let before = count(&owner, path, &body);
        let first = keyed().post(path, &body);
        let again = keyed().post(path, &body);
        assert_eq!((first.status, again.status), (201, 201), "{noun}: {} {}", first.body, again.body);
        assert_eq!(first.body, again.body, "{noun}");
        assert_eq!(count(&owner, path, &body), before + 1, "{noun}");

        let refused = keyed().post(path, &another);
        assert_eq!(refused.status, 422, "{noun}: {}", refused.body);
        let why = refused.body["detail"].as_str().unwrap();
        assert!(why.contains(&format!("was used for another {noun}; choose a new one")), "{why}");

        let theirs = wiki.place.person(&other).header("idempotency-key", "k1").post(path, &body);
        assert_ne!(theirs.body["id"], first.body["id"], "{noun}: another person's key is another key");
        let unkeyed = owner.post(path, &body);
        assert_ne!(unkeyed.body["id"], first.body["id"], "{noun}");
        let bad = wiki.place.owner().header("idempotency-key", "two words").post(path, &body);
        assert_eq!(bad.status, 422, "{noun}: {}", bad.body);
    }
}

#[test]
fn of_requests_at_the_same_time_one_makes_it() {
    let wiki = Wiki::start();
    let body = json!({ "title": "Once", "spaceId": wiki.space });
    let calls = (0..5).map(|_| {
        let keyed = wiki.place.owner().header("idempotency-key", "k");
        (keyed, "/api/pages".to_owned(), body.clone())
    });
    let answers = at_once(calls.collect());
    let mut ids: Vec<&str> = answers.iter().map(|answer| id(&answer.body)).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
}

#[test]
fn what_is_gone_is_not_made_again() {
    let wiki = Wiki::start();
    let keyed = || wiki.place.owner().header("idempotency-key", "k");
    let made = keyed().post("/api/tasks", &json!({ "title": "Gone" })).body;
    assert_eq!(wiki.place.owner().delete(&format!("/api/tasks/{}", id(&made))).status, 204);
    assert_eq!(keyed().post("/api/tasks", &json!({ "title": "Gone" })).status, 404);
}
