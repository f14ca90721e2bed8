//! Sign-in by other services, as far as no provider is needed; the browser's tests have a real one.

use reqwest::redirect::Policy;
use serde_json::{Value, json};

use crate::operator::wait;
use crate::surroundings::{PASSWORD, Place};

fn provider(issuer: &str) -> Value {
    json!({
        "name": "Company", "issuer": issuer, "clientId": "raven", "clientSecret": "s3cret",
        "allowedDomains": ["company.com"], "defaultRole": "viewer", "createAccounts": true
    })
}

fn put(place: &Place, body: &Value) -> crate::operator::Answer {
    place.owner().call("PUT", "/api/workspace/sign-in", Some(body.to_string()))
}

/// Where a browser is sent.
fn sent_to(place: &Place, path: &str, cookie: &str) -> String {
    crate::browser::choose_tls();
    let http = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let answer = wait(http.get(format!("{}{path}", place.base())).header("cookie", cookie).send()).unwrap();
    assert_eq!(answer.status(), 303, "{path}");
    answer.headers()["location"].to_str().unwrap().to_owned()
}

#[test]
fn only_what_can_be_used_is_kept() {
    let place = Place::without_runtime();
    let mut cases = vec![];
    for issuer in ["http://id.company.com", "https://id.company.com?x=1", "file:///etc", "http://127.0.0.1:1"]
    {
        cases.push((provider(issuer), "issuer"));
    }
    for (field, value) in [
        ("clientId", json!(" ")),
        ("clientSecret", json!("a\nb")),
        ("allowedDomains", json!([])),
        ("allowedDomains", json!(["*.com"])),
        ("name", json!("")),
    ] {
        let mut body = provider("http://127.0.0.1:1");
        body[field] = value;
        cases.push((body, field));
    }
    for (body, field) in cases {
        let refused = put(&place, &body);
        assert_eq!(refused.status, 422, "{body}: {}", refused.body);
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains(field), "{body}: {detail}");
    }
    let mut above = provider("http://127.0.0.1:1");
    above["defaultRole"] = json!("admin");
    assert_eq!(put(&place, &above).status, 422, "nobody becomes an admin by a provider's word");
    let none = place.owner().get("/api/workspace/sign-in").body;
    assert_eq!(none["provider"], Value::Null);
    assert_eq!(none["redirectUrl"], format!("{}/api/auth/oidc/callback", place.base()));
    assert_eq!(place.owner().get("/api/auth/providers").body["items"], json!([]));
    assert_eq!(place.owner().delete("/api/workspace/sign-in").status, 404);
}

#[test]
fn what_began_nowhere_ends_on_the_sign_in_page() {
    let place = Place::without_runtime();
    let callback = "/api/auth/oidc/callback?state=guessed&code=guessed";
    assert_eq!(sent_to(&place, callback, ""), "/login?problem=SIGN_IN_STALE");
    assert_eq!(sent_to(&place, callback, "raven_openid=guessed"), "/login?problem=SIGN_IN_STALE");
    assert_eq!(sent_to(&place, "/api/auth/oidc/callback", ""), "/login?problem=SIGN_IN_STALE");
    assert_eq!(sent_to(&place, "/api/auth/oidc/idp_none/start", ""), "/login?problem=NOT_FOUND");
    let kept = place.asked("SELECT detail FROM audit_log WHERE action = 'login.failed'");
    assert_eq!(kept.len(), 3);
    assert!(kept.iter().all(|detail| detail.contains("SIGN_IN_STALE") && !detail.contains("guessed")));
    let limited = (0..20).any(|_| sent_to(&place, callback, "") == "/login?problem=RATE_LIMITED");
    assert!(limited, "nobody may guess for ever");
}

#[test]
fn an_identity_is_connected_from_ones_own_page_with_ones_password() {
    let place = Place::without_runtime();
    let browser = place.browsing("owner@example.com");
    let wanted = json!({ "providerId": "idp_none", "password": PASSWORD });
    assert_eq!(browser.post("/api/auth/connections", &wanted).status, 404);
    let cookie = place.log_in("owner@example.com").cookie.unwrap();
    let elsewhere = crate::operator::Operator::anonymous(&place.base()).header("cookie", &cookie);
    assert_eq!(elsewhere.post("/api/auth/connections", &wanted).status, 403, "not from another site's page");
    let list = browser.get("/api/auth/connections").body;
    assert_eq!(list, json!({ "items": [], "nextCursor": null, "available": [] }));
    let gone = browser.post("/api/auth/connections/con_none/remove", &json!({ "password": PASSWORD }));
    assert_eq!(gone.status, 404);
    let wrong = browser.post("/api/auth/connections/con_none/remove", &json!({ "password": "wrong" }));
    assert_eq!(wrong.status, 422);
}
