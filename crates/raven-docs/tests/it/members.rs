//! Members and their roles: who may change whose, the last owner, and that a change holds at once.

use serde_json::json;

use crate::browser::Browser;
use crate::operator::Operator;
use crate::surroundings::Place;

/// The path of a member.
fn member(place: &Place, email: &str) -> String {
    format!("/api/members/{}", place.id_of(email))
}

/// How many owners the workspace has.
fn owners(place: &Place) -> usize {
    place.asked("SELECT user_id FROM memberships WHERE role = 'owner'").len()
}

#[test]
fn roles_are_given_and_taken_within_ones_own_reach() {
    let place = Place::without_runtime();
    let tokens: Vec<(&str, String)> = ["viewer", "member", "admin"]
        .into_iter()
        .map(|role| (role, place.account(&format!("{role}@x.de"), role, &[])))
        .chain([("owner", place.owner.clone())])
        .collect();
    let caller = |role: &str| {
        let (_, token) = tokens.iter().find(|(known, _)| *known == role).unwrap();
        place.person(token)
    };
    place.account("target@x.de", "member", &[]);
    let path = member(&place, "target@x.de");
    for (by, before, wanted, status) in [
        ("viewer", "member", "viewer", 403),
        ("member", "member", "viewer", 403),
        ("admin", "member", "admin", 200),
        ("admin", "admin", "viewer", 200),
        ("admin", "member", "owner", 403),
        ("admin", "owner", "viewer", 403),
        ("owner", "member", "owner", 200),
        ("owner", "owner", "member", 200),
        ("owner", "member", "emperor", 422),
    ] {
        let set = place.owner().patch(&path, &json!({ "role": before }));
        assert_eq!(set.status, 200, "{}", set.body);
        let answer = caller(by).patch(&path, &json!({ "role": wanted }));
        assert_eq!(answer.status, status, "{by}: {before} → {wanted}: {}", answer.body);
        let members = place.owner().get("/api/members").body;
        let now =
            members["items"].as_array().unwrap().iter().find(|one| one["email"] == "target@x.de").unwrap();
        assert_eq!(now["role"], if status == 200 { wanted } else { before });
    }
    for (by, status) in [("viewer", 403), ("member", 403), ("admin", 204), ("admin", 404)] {
        assert_eq!(caller(by).delete(&path).status, status, "{by}");
    }
    assert_eq!(
        caller("viewer").delete(&member(&place, "viewer@x.de")).status,
        204,
        "leaving is one's own matter"
    );
    assert_eq!(caller("viewer").get("/api/auth/me").status, 401);
    assert_eq!(caller("admin").delete(&member(&place, "owner@example.com")).status, 403);
    let kept = place.asked("SELECT action || ' ' || outcome FROM audit_log WHERE action LIKE 'member.%'");
    assert!(
        kept.iter().any(|line| line == "member.role done")
            && kept.iter().any(|line| line == "member.remove done")
    );
}

#[test]
fn a_workspace_keeps_an_owner() {
    let place = Place::without_runtime();
    let own = member(&place, "owner@example.com");
    for answer in [place.owner().patch(&own, &json!({ "role": "admin" })), place.owner().delete(&own)] {
        assert_eq!((answer.status, &answer.body["code"]), (409, &json!("LAST_OWNER")));
    }
    for round in 0..5 {
        let email = format!("owner{round}@x.de");
        let other = place.account(&email, "owner", &[]);
        let others = member(&place, &email);
        let at_once = |first: (&Operator, &str), second: (&Operator, &str)| {
            std::thread::scope(|threads| {
                let demote =
                    |(by, path): (&Operator, &str)| by.patch(path, &json!({ "role": "member" })).status;
                let (one, two) =
                    (threads.spawn(move || demote(first)), threads.spawn(move || demote(second)));
                [one.join().unwrap(), two.join().unwrap()]
            })
        };
        let (olga, other) = (place.owner(), place.person(&other));
        // Each the other, or each themselves.
        let statuses = if round % 2 == 0 {
            at_once((&olga, &others), (&other, &own))
        } else {
            at_once((&olga, &own), (&other, &others))
        };
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(owners(&place), 1, "{statuses:?}");
        place.sql("UPDATE memberships SET role = 'member'");
        let owner = "(SELECT id FROM users WHERE email = 'owner@example.com')";
        place.sql(&format!("UPDATE memberships SET role = 'owner' WHERE user_id = {owner}"));
    }
}

#[test]
fn a_role_holds_at_once_wherever_one_is_connected() {
    let place = Place::without_runtime();
    let token = place.account("m@x.de", "member", &[]);
    let cookie = place.log_in("m@x.de").cookie.unwrap();
    let mut sockets = [
        Browser::connect(&place.base(), "/", "", Some(&token)).unwrap(),
        Browser::connect(&place.base(), "/terminal", "", Some(&token)).unwrap(),
        Browser::connect_by_cookie(&place.base(), "/", &cookie).unwrap(),
    ];
    let path = member(&place, "m@x.de");
    assert_eq!(place.owner().patch(&path, &json!({ "role": "viewer" })).status, 200);
    for socket in &mut sockets {
        socket.next("#disconnect");
    }
    let spawn = json!({ "agentType": "custom" });
    assert_eq!(place.person(&token).post("/api/parallax-agents/spawn", &spawn).status, 403);
    assert_eq!(Operator::in_browser(&place.base(), &cookie).get("/api/auth/me").body["role"], "viewer");
    let mut sockets = [
        Browser::connect(&place.base(), "/", "", Some(&token)).unwrap(),
        Browser::connect_by_cookie(&place.base(), "/terminal", &cookie).unwrap(),
    ];
    assert_eq!(place.owner().delete(&path).status, 204);
    for socket in &mut sockets {
        socket.next("#disconnect");
    }
    assert_eq!(place.person(&token).get("/api/auth/me").status, 401);
    assert_eq!(Operator::in_browser(&place.base(), &cookie).get("/api/auth/me").status, 401);
    assert!(Browser::connect(&place.base(), "/", "", Some(&token)).is_err());
    let again = place.log_in("m@x.de");
    assert_eq!(
        (again.status, &again.body["code"]),
        (403, &json!("FORBIDDEN")),
        "an account, but nowhere to go"
    );
}

#[test]
fn whoever_is_removed_goes_on_where_else_they_belong() {
    let place = Place::without_runtime();
    place.account("m@x.de", "admin", &[]);
    let browser = place.browsing("m@x.de");
    let here = browser.get("/api/auth/me").body["workspaceId"].clone();
    let made = browser.post("/api/workspaces", &json!({ "name": "Mine" }));
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(browser.get("/api/auth/me").body["workspaceId"], here, "nobody is moved unasked");
    assert_eq!(place.owner().delete(&member(&place, "m@x.de")).status, 204);
    let me = browser.get("/api/auth/me").body;
    assert_eq!((&me["workspaceId"], &me["role"]), (&made.body["id"], &json!("owner")));
    assert_eq!(me["workspaces"].as_array().unwrap().len(), 1);
}

#[test]
fn the_list_is_paged() {
    let place = Place::without_runtime();
    for name in ["a", "b", "c"] {
        place.account(&format!("{name}@x.de"), "viewer", &[]);
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = place.owner().get(&format!("/api/members?limit=3{cursor}")).body;
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|one| one["email"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    seen.sort();
    assert_eq!(seen, ["a@x.de", "b@x.de", "c@x.de", "owner@example.com"]);
}
