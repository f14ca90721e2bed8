//! Invites: as many agents come by one as an admin said, and no more.

use serde_json::{Value, json};

use crate::access::allow_requests;
use crate::asking::{approve, put};
use crate::driving::{mcp, profile};
use crate::operator::{Answer, Operator, at_once};
use crate::programs::wait_for;
use crate::surroundings::Place;

const INVITES: &str = "/api/parallax-agents/invites";

fn invite(place: &Place, more: Value) -> Value {
    let mut body = json!({ "name": "Partners", "permissions": ["read:pages", "task.write"] });
    for (field, value) in more.as_object().unwrap() {
        body[field] = value.clone();
    }
    let made = place.owner().post(INVITES, &body);
    assert_eq!(made.status, 201, "{}", made.body);
    made.body
}

fn register(place: &Place, token: &Value, agent: &str) -> Answer {
    let body = json!({ "inviteToken": token, "agentId": agent, "name": "Pat", "capabilities": ["review"],
        "description": "Reviews" });
    Operator::anonymous(&place.base()).post("/api/parallax-agents/register", &body)
}

/// Lets an agent in that may delegate, by an invite of somebody's; answers its key.
pub fn joined(place: &Place, by: &Operator, agent: &str) -> String {
    let invite = by.post(INVITES, &json!({ "name": "Partners", "permissions": ["delegate:agents"] }));
    assert_eq!(invite.status, 201, "{}", invite.body);
    let joined = register(place, &invite.body["token"], agent);
    assert_eq!(joined.status, 201, "{}", joined.body);
    joined.body["mcpApiKey"].as_str().unwrap().to_owned()
}

#[test]
fn who_was_revoked_comes_back_neither_by_its_invite_nor_with_what_it_had() {
    let place = Place::without_runtime();
    let workspace = allow_requests(&place);
    let invite =
        place.owner().post(INVITES, &json!({ "name": "P", "permissions": ["delegate:agents"] })).body;
    let key = register(&place, &invite["token"], "bot").body["mcpApiKey"].as_str().unwrap().to_owned();
    let own = "/api/parallax-agents/bot/policy";
    let rules = json!({ "version": 0, "rules": [{ "action": "tool:question_ask", "effect": "deny" }] });
    assert_eq!(put(&place.owner(), own, rules).status, 200);
    let wanted = json!({ "name": "agent_spawn", "arguments": { "agentType": "custom" } });
    let asked = mcp(&place, &key, "tools/call", wanted).body;
    let request =
        asked["error"]["data"]["requestId"].as_str().unwrap_or_else(|| panic!("{asked}")).to_owned();

    assert_eq!(place.owner().post("/api/parallax-agents/bot/revoke", &json!({})).status, 200);
    is_ended(&register(&place, &invite["token"], "bot-2"));
    let asks = json!({ "workspaceId": workspace, "agentId": "bot", "agentName": "Bot", "capabilities": [],
        "requestedPermissions": ["delegate:agents"] });
    let heard = Operator::anonymous(&place.base()).post("/api/parallax-agents/access-request", &asks);
    assert_eq!(heard.status, 202, "{}", heard.body);
    let granted = json!({ "grantedPermissions": ["delegate:agents"] });
    assert_eq!(place.owner().post("/api/parallax-agents/bot/approve", &granted).status, 200);
    assert_eq!(place.owner().get(own).body["rules"], json!([]), "the former agent's own policy");
    let boss = place.person(&place.account("boss@example.com", "admin", &[]));
    assert_eq!(approve(&boss, &request).status, 200);
    let path = format!("/api/approvals/{request}");
    let failed = wait_for("the end of a request", || {
        Some(place.owner().get(&path).body).filter(|body| body["state"] == "failed")
    });
    assert!(failed["error"].as_str().unwrap().contains("no access here any more"), "{failed}");
}

fn is_ended(answer: &Answer) {
    assert_eq!((answer.status, &answer.body["code"]), (401, &json!("INVITE_ENDED")), "{}", answer.body);
}

#[test]
fn an_agent_comes_in_by_an_invite_with_its_permissions() {
    let place = Place::without_runtime();
    let made = invite(&place, json!({ "description": "for the partners" }));
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("inv_"), "{made}");
    assert_eq!((&made["state"], &made["usesRemaining"]), (&json!("active"), &Value::Null));
    let mut events = place.browser("/");
    let joined = register(&place, &made["token"], "pat-1");
    assert_eq!(joined.status, 201, "{}", joined.body);
    let agent = &joined.body["agent"];
    assert_eq!(
        (&agent["id"], &agent["origin"], &agent["access"]),
        (&json!("pat-1"), &json!("external"), &json!("approved"))
    );
    assert_eq!(agent["permissions"], json!(["read:pages", "write:tasks"]));
    assert_eq!((&agent["invite"]["id"], &agent["decision"]["by"]["name"]), (&made["id"], &json!("Olga")));
    assert_eq!(profile(&place, joined.body["mcpApiKey"].as_str().unwrap())["name"], "Pat");
    assert_eq!(events.next("agent:access_approved").args[0]["agent"]["id"], "pat-1");
    let taken = register(&place, &made["token"], "pat-1");
    assert_eq!((taken.status, &taken.body["code"]), (409, &json!("AGENT_ID_TAKEN")));
    let listed = place.owner().get(INVITES).body;
    assert_eq!(listed["items"][0]["uses"], 1, "one that was refused is no use");
    assert!(!listed.to_string().contains("inv_"), "the token is shown once: {listed}");
    assert!(!place.keeps(token), "the token is kept only as a digest");
    assert_eq!(place.activity_of("pat-1"), ["agent_registered", "tool_called"]);
    assert_eq!(place.owner().get("/api/parallax-agents").body["items"][0]["id"], "pat-1");
}

#[test]
fn five_at_once_on_two_uses_are_two() {
    let place = Place::without_runtime();
    let made = invite(&place, json!({ "usesRemaining": 2 }));
    let joining = (0..5).map(|n| {
        let body = json!({ "inviteToken": made["token"], "agentId": format!("pat-{n}"), "agentName": "Pat" });
        (Operator::anonymous(&place.base()), "/api/parallax-agents/register".to_owned(), body)
    });
    let answers = at_once(joining.collect());
    let (joined, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!((joined.len(), refused.len()), (2, 3));
    refused.iter().for_each(|answer| is_ended(answer));
    let listed = place.owner().get(INVITES).body;
    assert_eq!((&listed["items"][0]["uses"], &listed["items"][0]["state"]), (&json!(2), &json!("exhausted")));
    assert_eq!(place.owner().get("/api/parallax-agents").body["items"].as_array().unwrap().len(), 2);
}

#[test]
fn an_invite_that_is_no_good_says_nothing_of_why() {
    let place = Place::without_runtime();
    let (gone, late, used) = (
        invite(&place, json!({})),
        invite(&place, json!({ "expiresAt": "2999-01-01T00:00:00.000Z" })),
        invite(&place, json!({ "usesRemaining": 1 })),
    );
    assert_eq!(register(&place, &used["token"], "pat-1").status, 201);
    place.sql("UPDATE agent_invites SET expires_at = 1000 WHERE expires_at IS NOT NULL");
    let path = format!("{INVITES}/{}", gone["id"].as_str().unwrap());
    let by = |email: &str, role: &str, more: &[&str]| {
        place.person(&place.account(email, role, more)).call("DELETE", &path, None).status
    };
    assert_eq!(by("ada@example.com", "member", &[]), 403);
    assert_eq!(by("sam@example.com", "admin", &["--workspace", "Elsewhere"]), 404);
    assert_eq!(place.owner().call("DELETE", &path, None).status, 204);
    assert_eq!(place.owner().call("DELETE", &path, None).status, 204, "a second time changes nothing");
    let mut said: Vec<Value> = Vec::new();
    for token in [&gone["token"], &late["token"], &used["token"], &json!("inv_guess")] {
        let refused = register(&place, token, "pat-2");
        is_ended(&refused);
        said.push(refused.body["detail"].clone());
    }
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
    let states = place.owner().get(INVITES).body;
    let states: Vec<&Value> = states["items"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["exhausted", "expired", "revoked"]);
}

#[test]
fn an_id_that_only_asks_is_free_for_who_has_an_invite() {
    let place = Place::without_runtime();
    let workspace = allow_requests(&place);
    let squatting = json!({ "workspaceId": workspace, "agentId": "pat-1", "agentName": "Squatter",
        "requestedPermissions": ["delete:pages"] });
    let ask =
        || Operator::anonymous(&place.base()).post("/api/parallax-agents/access-request", &squatting).status;
    assert_eq!(ask(), 202);
    let made = invite(&place, json!({}));
    let joined = register(&place, &made["token"], "pat-1");
    assert_eq!((joined.status, &joined.body["agent"]["name"]), (201, &json!("Pat")), "{}", joined.body);
    assert_eq!(joined.body["agent"]["requestedPermissions"], Value::Null);
    assert_eq!(place.owner().get("/api/parallax-agents/pending").body["items"], json!([]));
    assert_eq!(place.owner().post("/api/parallax-agents/pat-1/revoke", &json!({})).status, 200);
    is_ended(&register(&place, &made["token"], "pat-1"));
}

#[test]
fn an_invite_has_bounds() {
    let place = Place::without_runtime();
    let full = json!({ "name": "Partners", "permissions": ["read:pages"] });
    for (field, value) in [
        ("name", json!(" ")),
        ("permissions", json!(["read:all"])),
        ("usesRemaining", json!(0)),
        ("usesRemaining", json!(1001)),
        ("expiresAt", json!("2001-01-01T00:00:00.000Z")),
        ("description", json!("x".repeat(2001))),
        ("token", json!("inv_mine")),
    ] {
        let mut body = full.clone();
        body[field] = value.clone();
        assert_eq!(place.owner().post(INVITES, &body).status, 422, "{field} {value}");
    }
    for _ in 0..100 {
        assert_eq!(place.owner().post(INVITES, &full).status, 201);
    }
    assert_eq!(place.owner().post(INVITES, &full).body["code"], "TOO_MANY_INVITES");
}

#[test]
fn an_invite_ends_with_the_right_of_who_made_it() {
    let place = Place::without_runtime();
    let admin = place.person(&place.account("admin@example.com", "admin", &[]));
    let made = admin.post(INVITES, &json!({ "name": "Mine", "permissions": ["delegate:agents"] })).body;
    let user = admin.get("/api/auth/me").body["user"]["id"].as_str().unwrap().to_owned();
    let member = format!("/api/members/{user}");
    let demoted = place.owner().patch(&member, &json!({ "role": "member" }));
    assert_eq!(demoted.status, 200, "{}", demoted.body);
    is_ended(&register(&place, &made["token"], "late"));
    assert_eq!(place.owner().call("DELETE", &member, None).status, 204);
    is_ended(&register(&place, &made["token"], "later"));
}

#[test]
fn an_agent_does_not_take_the_id_of_a_person() {
    let place = Place::without_runtime();
    let made = invite(&place, json!({}));
    let user = place.owner().get("/api/auth/me").body["user"]["id"].as_str().unwrap().to_owned();
    let refused = register(&place, &made["token"], &user);
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert!(refused.body["detail"].as_str().unwrap().contains("agentId"), "{}", refused.body);
}
