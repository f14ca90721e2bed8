//! Personal tokens: what their scopes and their time allow, and what no token may do.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::surroundings::Place;

fn token(made: &Value) -> &str {
    made["token"].as_str().unwrap()
}

#[test]
fn a_scope_bounds_the_role_of_its_person() {
    let place = Place::without_runtime();
    let member = place.account("member@x.de", "member", &[]);
    for (by, scopes, role) in [
        (&place.owner, json!(["read"]), "viewer"),
        (&place.owner, json!(["drive", "read"]), "member"),
        (&place.owner, json!(["admin"]), "admin"),
        (&place.owner, json!(["owner"]), "owner"),
        (&place.owner, Value::Null, "owner"),
        (&member, json!(["owner"]), "member"),
        (&member, json!(["read"]), "viewer"),
    ] {
        let made = place.person(by).post("/api/tokens", &json!({ "name": "t", "scopes": scopes }));
        assert_eq!(made.status, 201, "{scopes}: {}", made.body);
        assert_eq!(place.person(token(&made.body)).get("/api/auth/me").body["role"], role, "{scopes}");
    }
    for bad in [
        json!({ "name": "t", "scopes": [] }),
        json!({ "name": "t", "scopes": ["everything"] }),
        json!({ "name": "t", "expiresInDays": 0 }),
        json!({ "name": "t", "expiresInDays": 3651 }),
        json!({ "name": "t", "admin": true }),
    ] {
        assert_eq!(place.owner().post("/api/tokens", &bad).status, 422, "{bad}");
    }
}

#[test]
fn a_token_makes_none_that_is_stronger_or_lives_longer() {
    let place = Place::without_runtime();
    let made =
        place.owner().post("/api/tokens", &json!({ "name": "ci", "scopes": ["drive"], "expiresInDays": 2 }));
    let weak = place.person(token(&made.body));
    for (wanted, status) in [
        (json!({ "name": "t" }), 201),
        (json!({ "name": "t", "scopes": ["read"], "expiresInDays": 1 }), 201),
        (json!({ "name": "t", "scopes": ["admin"] }), 403),
        (json!({ "name": "t", "scopes": ["read", "owner"] }), 403),
        (json!({ "name": "t", "expiresInDays": 3 }), 403),
    ] {
        let answer = weak.post("/api/tokens", &wanted);
        assert_eq!(answer.status, status, "{wanted}: {}", answer.body);
        if status == 201 {
            assert!(answer.body["expiresAt"].is_string(), "it ends with its maker at the latest");
        }
    }
    let strong = place.owner().post("/api/tokens", &json!({ "name": "strong" })).body;
    let path = format!("/api/tokens/{}", strong["id"].as_str().unwrap());
    assert_eq!(weak.delete(&path).status, 403);
    assert_eq!(place.owner().delete(&path).status, 204);
    assert_eq!(place.asked("SELECT action FROM audit_log WHERE action = 'token.revoke'").len(), 1);
}

#[test]
fn an_expired_token_is_refused_also_where_it_is_connected() {
    let place = Place::without_runtime();
    let made = place.owner().post("/api/tokens", &json!({ "name": "ci", "expiresInDays": 1 })).body;
    let mut socket = Browser::connect(&place.base(), "/", "", Some(token(&made))).unwrap();
    assert_eq!(place.person(token(&made)).get("/api/auth/me").status, 200);
    place.sql(&format!("UPDATE tokens SET expires_at = 1 WHERE id = '{}'", made["id"].as_str().unwrap()));
    assert_eq!(place.person(token(&made)).get("/api/auth/me").status, 401);
    socket.next("#disconnect");
    let actions = place.asked("SELECT action FROM audit_log WHERE action LIKE 'token.%'");
    assert_eq!(actions, ["token.create", "token.create"]);
}

#[test]
fn no_token_touches_passwords_second_factors_or_sessions() {
    let place = Place::without_runtime();
    for (method, path, body) in [
        ("GET", "/api/auth/sessions", None),
        ("POST", "/api/auth/sessions/end-others", None),
        ("DELETE", "/api/auth/sessions/sgn_1", None),
        ("POST", "/api/auth/password", Some(json!({ "current": "x", "new": "y" }))),
        ("POST", "/api/auth/second-factor", Some(json!({ "password": "x" }))),
        ("POST", "/api/auth/second-factor/disable", Some(json!({ "password": "x", "code": "1" }))),
        ("POST", "/api/auth/workspace", Some(json!({ "workspaceId": "ws_1" }))),
    ] {
        let answer = place.owner().call(method, path, body.map(|body| body.to_string()));
        assert_eq!((answer.status, &answer.body["code"]), (403, &json!("FORBIDDEN")), "{method} {path}");
    }
}

#[test]
fn a_request_that_is_held_open_does_not_outlive_its_token() {
    let place = Place::without_runtime();
    let token = place.account("m@example.com", "member", &[]);
    let (id, body) =
        (place.person(&token).get("/api/tokens").body["items"][0]["id"].clone(), r#"{"name":"held"}"#);
    let address = place.base().replace("http://", "");
    let mut held = TcpStream::connect(&address).unwrap();
    let head = format!(
        "POST /api/tokens HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    held.write_all(format!("{head}{}", &body[..5]).as_bytes()).unwrap();
    let revoked = place.person(&token).call("DELETE", &format!("/api/tokens/{}", id.as_str().unwrap()), None);
    assert_eq!(revoked.status, 204, "{}", revoked.body);
    held.write_all(&body.as_bytes()[5..]).unwrap();
    let mut answer = String::new();
    held.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
}
