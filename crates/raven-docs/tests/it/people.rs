//! Setup, sign-in, tokens: by cookie as browsers do, and by token as scripts do.

use serde_json::json;

use crate::browser::Browser;
use crate::operator::{Operator, wait};
use crate::surroundings::{PASSWORD, Place};

/// Signs in as a browser does; answers the cookie.
fn cookie(place: &Place, password: &str) -> Option<String> {
    crate::browser::choose_tls();
    let answer = wait(
        reqwest::Client::new()
            .post(format!("{}/api/auth/login", place.base()))
            .json(&json!({ "email": "Owner@Example.com", "password": password }))
            .send(),
    )
    .unwrap();
    let cookie = answer.headers().get("set-cookie")?.to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    Some(cookie.split(';').next().unwrap().to_owned())
}

#[test]
fn setup_happens_once_and_only_with_the_code() {
    let place = Place::without_runtime();
    let again = json!({ "code": "AAAA-AAAA", "email": "b@x.de", "name": "B", "password": PASSWORD });
    let refused = Operator::anonymous(&place.base()).post("/api/auth/setup", &again);
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("SETUP_DONE")));
    let health = Operator::anonymous(&place.base()).get("/api/health").body;
    assert_eq!(health["setupRequired"], false);

    let mut fresh = Place::bare();
    let dir = fresh.path("docs");
    let mut command = std::process::Command::new(crate::programs::DOCS);
    command.args(["serve", "--port", "0", "--data-dir", dir.to_str().unwrap()]);
    fresh.docs = Some(crate::programs::Program::start(&mut command));
    let base = fresh.docs.as_ref().unwrap().address.clone();
    let refused = Operator::anonymous(&base).post("/api/auth/setup", &again);
    assert_eq!((refused.status, &refused.body["code"]), (403, &json!("FORBIDDEN")));
    let code = fresh.docs.as_ref().unwrap().line_with("setup code: ");
    let code = code.rsplit(' ').next().unwrap();
    for (field, bad) in [("email", "nobody"), ("password", "short"), ("name", " ")] {
        let mut body = json!({ "code": code, "email": "b@x.de", "name": "B", "password": PASSWORD });
        body[field] = json!(bad);
        let refused = Operator::anonymous(&base).post("/api/auth/setup", &body);
        assert_eq!(refused.status, 422, "{field}: {}", refused.body);
        assert!(refused.body["detail"].as_str().unwrap().contains(field), "{}", refused.body);
    }
}

#[test]
fn a_cookie_works_for_own_pages_only() {
    let place = Place::without_runtime();
    assert_eq!(cookie(&place, "wrong password"), None);
    let cookie = cookie(&place, PASSWORD).unwrap();
    let browser = || Operator::anonymous(&place.base()).header("cookie", &cookie);
    assert_eq!(browser().get("/api/auth/me").body["role"], "owner");
    let change = json!({ "hostingMode": "custom" });
    assert_eq!(browser().patch("/api/workspace/agent-settings", &change).status, 403, "no origin");
    let own = browser().header("origin", &place.base());
    assert_eq!(own.patch("/api/workspace/agent-settings", &change).status, 200);
    let foreign = browser().header("origin", "https://evil.example");
    assert_eq!(foreign.patch("/api/workspace/agent-settings", &change).status, 403);
    assert_eq!(foreign.get("/api/auth/me").status, 403, "another site reads nothing");
    let rebound = browser().header("host", "evil.example");
    assert_eq!(rebound.get("/api/auth/me").status, 403);
    let cross = browser().header("sec-fetch-site", "cross-site");
    assert_eq!(cross.patch("/api/workspace/agent-settings", &change).status, 403);
    assert_eq!(own.call("POST", "/api/auth/logout", None).status, 204);
    assert_eq!(browser().get("/api/auth/me").status, 401, "signed out for good");
}

#[test]
fn a_revoked_token_is_refused_everywhere_at_once() {
    let place = Place::without_runtime();
    let made = place.owner().post("/api/tokens", &json!({ "name": "ci" }));
    assert_eq!(made.status, 201);
    let (id, token) = (made.body["id"].as_str().unwrap(), made.body["token"].as_str().unwrap());
    assert!(token.starts_with("raven_pat_"));
    assert_eq!(place.person(token).get("/api/auth/me").status, 200);
    let listed = place.owner().get("/api/tokens").body.to_string();
    assert!(listed.contains(id) && !listed.contains(token), "the secret is shown once");
    let mut socket = Browser::connect(&place.base(), "/", "", Some(token)).unwrap();
    let member = place.account("member@example.com", "member", &[]);
    assert_eq!(
        place.person(&member).call("DELETE", &format!("/api/tokens/{id}"), None).status,
        404,
        "not theirs"
    );
    assert_eq!(place.owner().call("DELETE", &format!("/api/tokens/{id}"), None).status, 204);
    assert_eq!(place.person(token).get("/api/auth/me").status, 401);
    assert!(Browser::connect(&place.base(), "/", "", Some(token)).is_err());
    socket.next("#disconnect");
}

#[test]
fn guessing_a_password_is_slowed_down() {
    let place = Place::without_runtime();
    let guess = json!({ "email": "owner@example.com", "password": "guess" });
    let caller = Operator::anonymous(&place.base());
    let statuses: Vec<u16> = (0..12).map(|_| caller.post("/api/auth/login", &guess).status).collect();
    assert_eq!(statuses[0], 401);
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
}

#[test]
fn sockets_want_credentials() {
    let place = Place::without_runtime();
    for namespace in ["/", "/terminal"] {
        for token in [None, Some("raven_pat_wrong"), Some("")] {
            let refused = Browser::connect(&place.base(), namespace, "", token).err();
            assert_eq!(refused.as_deref(), Some("UNAUTHENTICATED"), "{namespace} {token:?}");
        }
    }
    let refused =
        Browser::connect(&place.base(), "/terminal", "&runtimeSessionId=unknown", Some(&place.owner));
    assert_eq!(refused.err().as_deref(), Some("UNAUTHENTICATED"));
}
