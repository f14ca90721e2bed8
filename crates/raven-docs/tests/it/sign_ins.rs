//! Sessions: listed, ended, and ended by a new password; what is ended is cut off at once.

use serde_json::json;

use crate::browser::Browser;
use crate::operator::Operator;
use crate::surroundings::{PASSWORD, Place};

/// Browsers of the owner that are signed in: their cookies.
fn sign_in(place: &Place, count: usize) -> Vec<String> {
    (0..count).map(|_| place.log_in("owner@example.com").cookie.unwrap()).collect()
}

#[test]
fn sessions_are_listed_and_ended_at_once() {
    let place = Place::without_runtime();
    let cookies = sign_in(&place, 3);
    let browser = |cookie: &str| Operator::in_browser(&place.base(), cookie);
    let first = browser(&cookies[0]).header("user-agent", "curl/8.0");
    let listed = first.get("/api/auth/sessions").body;
    let sessions = listed["items"].as_array().unwrap();
    // Setup made one too.
    assert_eq!(sessions.len(), 4, "{listed}");
    assert_eq!(sessions.iter().filter(|one| one["current"] == true).count(), 1);
    assert!(sessions.iter().all(|one| one["address"] == "127.0.0.1"), "{listed}");
    assert!(!listed.to_string().contains("raven_cookie_"));
    let id_of = |cookie: &str| {
        let all = browser(cookie).get("/api/auth/sessions").body;
        let current =
            all["items"].as_array().unwrap().iter().find(|one| one["current"] == true).unwrap().clone();
        current["id"].as_str().unwrap().to_owned()
    };
    let mut second = Browser::connect_by_cookie(&place.base(), "/", &cookies[1]).unwrap();
    let mut third = Browser::connect_by_cookie(&place.base(), "/terminal", &cookies[2]).unwrap();
    let path = format!("/api/auth/sessions/{}", id_of(&cookies[1]));
    assert_eq!(first.delete(&path).status, 204);
    second.next("#disconnect");
    assert_eq!(browser(&cookies[1]).get("/api/auth/me").status, 401);
    assert_eq!(first.delete(&path).status, 404, "once");
    place.account("other@x.de", "owner", &[]);
    let theirs = format!("/api/auth/sessions/{}", id_of(&cookies[2]));
    assert_eq!(place.browsing("other@x.de").delete(&theirs).status, 404, "not theirs");
    assert_eq!(first.call("POST", "/api/auth/sessions/end-others", None).status, 204);
    third.next("#disconnect");
    assert_eq!(browser(&cookies[2]).get("/api/auth/me").status, 401);
    assert_eq!(first.get("/api/auth/sessions").body["items"].as_array().unwrap().len(), 1);
    assert_eq!(place.asked("SELECT action FROM audit_log WHERE action = 'session.end'").len(), 2);
}

#[test]
fn a_new_password_ends_every_other_browser() {
    let place = Place::without_runtime();
    let cookies = sign_in(&place, 2);
    let browser = Operator::in_browser(&place.base(), &cookies[0]);
    let mut other = Browser::connect_by_cookie(&place.base(), "/", &cookies[1]).unwrap();
    for (current, new, field) in [("wrong password", "a good new one", "current"), (PASSWORD, "short", "new")]
    {
        let refused = browser.post("/api/auth/password", &json!({ "current": current, "new": new }));
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert!(
            refused.body["detail"].as_str().unwrap().starts_with(&format!("`{field}`")),
            "{}",
            refused.body
        );
    }
    let wanted = json!({ "current": PASSWORD, "new": "a good new one" });
    assert_eq!(browser.post("/api/auth/password", &wanted).status, 204);
    other.next("#disconnect");
    assert_eq!(browser.get("/api/auth/me").status, 200, "this one stays");
    assert_eq!(Operator::in_browser(&place.base(), &cookies[1]).get("/api/auth/me").status, 401);
    assert_eq!(place.owner().get("/api/auth/me").status, 200, "tokens are not the password's");
    assert_eq!(place.log_in("owner@example.com").status, 401);
    let kept = place.asked("SELECT detail FROM audit_log").join("\n");
    assert!(!kept.contains(PASSWORD) && !kept.contains("a good new one"), "no password in the log");
}

#[test]
fn only_a_trusted_proxy_says_who_calls() {
    let mut place = Place::bare();
    let addresses = |place: &Place, forwarded: &str| {
        let cookie = place.log_in("owner@example.com").cookie.unwrap();
        let browser = Operator::in_browser(&place.base(), &cookie).header("x-forwarded-for", forwarded);
        let body = json!({ "email": "owner@example.com", "password": PASSWORD });
        let signed_in = Operator::anonymous(&place.base()).header("x-forwarded-for", forwarded);
        assert_eq!(signed_in.post("/api/auth/login", &body).status, 200);
        browser.get("/api/auth/sessions").body.to_string()
    };
    place.start_docs();
    assert!(!addresses(&place, "203.0.113.9").contains("203.0.113.9"), "nobody was named as trusted");
    place.docs.take().unwrap().crash();
    place.docs_flags = vec!["--trusted-proxy".into(), "127.0.0.1".into()];
    place.start_docs();
    let told = addresses(&place, "6.6.6.6, 203.0.113.9");
    assert!(told.contains("203.0.113.9") && !told.contains("6.6.6.6"), "{told}");
    // Each caller has attempts of its own.
    let body = json!({ "email": "owner@example.com", "password": "wrong" });
    let tries = |from: &str| {
        let caller = Operator::anonymous(&place.base()).header("x-forwarded-for", from);
        (0..12).map(|_| caller.post("/api/auth/login", &body).status).collect::<Vec<_>>()
    };
    assert!(tries("203.0.113.20").contains(&429));
    assert_eq!(tries("203.0.113.21")[0], 401);
}
