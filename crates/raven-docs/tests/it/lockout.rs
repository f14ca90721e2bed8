//! The lock-out: it survives a restart, tells a stranger nothing, and stands in the log.

use serde_json::{Value, json};

use crate::operator::{Answer, Operator};
use crate::programs::run_docs;
use crate::surroundings::{PASSWORD, Place};

fn log_in(place: &Place, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    Operator::anonymous(&place.base()).post("/api/auth/login", &body)
}

/// What a stranger sees of an answer.
fn face(answer: &Answer) -> (u16, Value, Value) {
    (answer.status, answer.body["code"].clone(), answer.body["detail"].clone())
}

#[test]
fn ten_failures_lock_the_account_over_a_restart_and_say_nothing() {
    let mut place = Place::without_runtime();
    let unknown = face(&log_in(&place, "nobody@x.de", PASSWORD));
    place.docs.take().unwrap().stop();
    place.start_docs();
    for _ in 0..10 {
        let failed = log_in(&place, "owner@example.com", "a guess");
        assert_eq!(face(&failed), unknown, "an account is not told from none");
    }
    place.docs.take().unwrap().crash();
    place.start_docs();
    let locked = log_in(&place, "owner@example.com", PASSWORD);
    assert_eq!(face(&locked), unknown, "nor is a lock");
    assert_eq!(place.owner().get("/api/auth/me").status, 200, "whoever is in stays in");
    let why = place.asked("SELECT json_extract(detail, '$.after.why') FROM audit_log WHERE action = 'login.failed' ORDER BY seq");
    assert_eq!(why.first().map(String::as_str), Some("unknown account"));
    assert_eq!(why.iter().filter(|why| *why == "password").count(), 10);
    assert_eq!(why.last().map(String::as_str), Some("locked"));
    let kept = place.asked("SELECT detail FROM audit_log WHERE action = 'login.failed'").join("\n");
    assert!(!kept.contains("nobody@x.de") && !kept.contains("a guess") && kept.contains("owner@example.com"));
    place.sql("UPDATE sign_in_failures SET locked_until = 1");
    assert_eq!(log_in(&place, "owner@example.com", PASSWORD).status, 200, "a lock ends");
}

#[test]
fn a_sign_in_ends_the_row_and_the_operator_ends_a_lock() {
    let mut place = Place::without_runtime();
    let fail = |place: &Place, times: usize| {
        for _ in 0..times {
            assert_eq!(log_in(place, "owner@example.com", "a guess").status, 401);
        }
    };
    fail(&place, 9);
    assert_eq!(log_in(&place, "owner@example.com", PASSWORD).status, 200);
    place.docs.take().unwrap().stop();
    place.start_docs();
    fail(&place, 9);
    assert_eq!(log_in(&place, "owner@example.com", PASSWORD).status, 200, "nine in a row again");
    place.docs.take().unwrap().stop();
    place.start_docs();
    fail(&place, 10);
    place.docs.take().unwrap().stop();
    place.start_docs();
    assert_eq!(log_in(&place, "owner@example.com", PASSWORD).status, 401);
    let dir = place.path("docs");
    let unlock = ["user", "unlock", "--email", "owner@example.com", "--data-dir", dir.to_str().unwrap()];
    assert!(run_docs(&unlock, "").status.success());
    assert_eq!(log_in(&place, "owner@example.com", PASSWORD).status, 200);
}
