//! Invitations: made, looked at, used once, and never beyond what their maker may.

use serde_json::{Value, json};

use crate::operator::{Answer, Operator};
use crate::surroundings::{PASSWORD, Place};

/// Invites as the owner; answers the id and the token.
fn invite(place: &Place, body: &Value) -> (String, String) {
    let made = place.owner().post("/api/invitations", body);
    assert_eq!(made.status, 201, "{}", made.body);
    let text = |name: &str| made.body[name].as_str().unwrap().to_owned();
    assert_eq!(text("url"), format!("{}/join#{}", place.base(), text("token")));
    (text("id"), text("token"))
}

fn look(place: &Place, token: &str) -> Answer {
    Operator::anonymous(&place.base()).post("/api/auth/join/look", &json!({ "token": token }))
}

fn join(base: &str, token: &str, email: &str, name: &str) -> Answer {
    let body = json!({ "token": token, "email": email, "name": name, "password": PASSWORD });
    Operator::anonymous(base).post("/api/auth/join", &body)
}

#[test]
fn a_link_makes_one_account_with_its_role() {
    let place = Place::without_runtime();
    let (_, token) = invite(&place, &json!({ "role": "member", "email": "New@X.de" }));
    assert!(token.starts_with("raven_inv_"));
    let listed = place.owner().get("/api/invitations").body;
    assert_eq!(listed["items"][0]["email"], "new@x.de");
    assert!(!listed.to_string().contains(&token), "the token is shown once");
    let seen = look(&place, &token).body;
    assert_eq!(
        (&seen["workspaceName"], &seen["role"], &seen["invitedBy"]),
        (&json!("Workspace"), &json!("member"), &json!("Olga"))
    );
    let other = join(&place.base(), &token, "other@x.de", "Other");
    assert_eq!(other.status, 403, "it is for another address: {}", other.body);
    let joined = join(&place.base(), &token, "new@x.de", "Nora");
    assert_eq!(joined.status, 201, "{}", joined.body);
    let me = Operator::in_browser(&place.base(), &joined.cookie.unwrap()).get("/api/auth/me").body;
    assert_eq!((&me["role"], &me["user"]["name"]), (&json!("member"), &json!("Nora")));
    for answer in [look(&place, &token), join(&place.base(), &token, "new2@x.de", "N")] {
        assert_eq!((answer.status, &answer.body["code"]), (410, &json!("INVITATION_ENDED")));
    }
    assert_eq!(place.owner().get("/api/invitations").body["items"], json!([]));
    let kept = place.asked("SELECT coalesce(detail, '') || target_id FROM audit_log").join("\n");
    assert!(!kept.contains("raven_inv_"), "no token in the log");
    let actions = place.asked("SELECT action FROM audit_log WHERE action LIKE 'invitation.%' ORDER BY seq");
    assert_eq!(actions, ["invitation.create", "invitation.accept"]);
}

#[test]
fn one_invitation_is_used_once_however_many_try() {
    let place = Place::without_runtime();
    let (_, token) = invite(&place, &json!({ "role": "viewer" }));
    let base = place.base();
    let statuses: Vec<u16> = std::thread::scope(|threads| {
        let (base, token) = (&base, &token);
        let tries: Vec<_> = (0..5)
            .map(|n| threads.spawn(move || join(base, token, &format!("racer{n}@x.de"), "Racer").status))
            .collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [201, 410].contains(status)), "{statuses:?}");
    let accounts = place.asked("SELECT email FROM users WHERE email LIKE 'racer%'");
    assert_eq!(accounts.len(), 1, "whoever was too late has no account: {accounts:?}");
}

#[test]
fn an_invitation_ends_with_its_time_its_revocation_or_its_makers_role() {
    let place = Place::without_runtime();
    let admin = place.account("admin@x.de", "admin", &[]);
    let made = place.person(&admin).post("/api/invitations", &json!({ "role": "admin" }));
    let token = made.body["token"].as_str().unwrap();
    assert_eq!(look(&place, token).status, 200);
    let path = format!("/api/members/{}", place.id_of("admin@x.de"));
    assert_eq!(place.owner().patch(&path, &json!({ "role": "member" })).status, 200);
    assert_eq!(look(&place, token).status, 410, "its maker could not make it any more");
    assert_eq!(place.owner().patch(&path, &json!({ "role": "admin" })).status, 200);
    assert_eq!(look(&place, token).status, 200);
    let id = made.body["id"].as_str().unwrap();
    assert_eq!(place.owner().delete(&format!("/api/invitations/{id}")).status, 204);
    assert_eq!(place.owner().delete(&format!("/api/invitations/{id}")).status, 404, "once");
    assert_eq!(look(&place, token).status, 410);
    let (_, late) = invite(&place, &json!({ "role": "member", "expiresInDays": 1 }));
    place.sql("UPDATE invitations SET expires_at = 1");
    assert_eq!(join(&place.base(), &late, "late@x.de", "Late").status, 410);
    assert_eq!(look(&place, "raven_inv_never").status, 410);
}

#[test]
fn nobody_invites_above_themselves() {
    let place = Place::without_runtime();
    let admin = place.account("admin@x.de", "admin", &[]);
    let member = place.account("member@x.de", "member", &[]);
    for (by, body, status) in [
        (&admin, json!({ "role": "admin" }), 201),
        (&admin, json!({ "role": "owner" }), 403),
        (&member, json!({ "role": "viewer" }), 403),
        (&place.owner, json!({ "role": "owner" }), 201),
        (&place.owner, json!({ "role": "owner", "expiresInDays": 0 }), 422),
        (&place.owner, json!({ "role": "owner", "expiresInDays": 31 }), 422),
        (&place.owner, json!({ "role": "viewer", "email": "nobody" }), 422),
        (&place.owner, json!({ "role": "viewer", "uses": 2 }), 422),
    ] {
        assert_eq!(place.person(by).post("/api/invitations", &body).status, status, "{body}");
    }
}

#[test]
fn people_with_an_account_join_with_it() {
    let place = Place::without_runtime();
    place.account("far@x.de", "admin", &["--workspace", "Far away"]);
    let (_, token) = invite(&place, &json!({ "role": "viewer" }));
    let base = place.base();
    let wrong = json!({ "token": token, "email": "far@x.de", "password": "not the password" });
    let refused = Operator::anonymous(&base).post("/api/auth/join", &wrong);
    assert_eq!((refused.status, &refused.body["code"]), (401, &json!("LOGIN_FAILED")));
    let joined = join(&place.base(), &token, "far@x.de", "Ignored");
    assert_eq!((joined.status, &joined.body["role"]), (201, &json!("viewer")), "{}", joined.body);
    assert_eq!(joined.body["workspaces"].as_array().unwrap().len(), 2);

    place.account("here@x.de", "admin", &["--workspace", "Far away"]);
    let cookie = place.log_in("here@x.de").cookie.unwrap();
    let browser = Operator::in_browser(&place.base(), &cookie);
    let (_, token) = invite(&place, &json!({ "role": "member" }));
    let joined = browser.post("/api/auth/join", &json!({ "token": token }));
    assert_eq!((joined.status, &joined.body["role"]), (201, &json!("member")), "{}", joined.body);
    assert_eq!(browser.get("/api/auth/me").body["workspaceName"], "Workspace");
    let (_, open) = invite(&place, &json!({ "role": "admin" }));
    let again = browser.post("/api/auth/join", &json!({ "token": open }));
    assert_eq!((again.status, &again.body["code"]), (409, &json!("ALREADY_MEMBER")));
    assert_eq!(look(&place, &open).status, 200, "it stays open for whom it was meant");
    let foreign =
        Operator::anonymous(&place.base()).header("cookie", &cookie).header("sec-fetch-site", "cross-site");
    assert_eq!(foreign.post("/api/auth/join", &json!({ "token": open })).status, 403);
}
