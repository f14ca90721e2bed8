//! Policies: documents that are changed one at a time, by admins, on record.

use serde_json::json;

use crate::asking::{Asking, put};
use crate::driving::mcp;
use crate::invites::joined;
use crate::surroundings::Place;

#[test]
fn a_policy_is_changed_by_admins_and_no_change_is_lost() {
    let asking = Asking::start();
    let owner = asking.place.owner();
    let member = asking.person("member", "member");
    assert_eq!(member.get("/api/policies").status, 403);
    let empty = owner.get("/api/policies").body;
    assert_eq!((&empty["version"], &empty["rules"]), (&json!(0), &json!([])));
    assert_eq!(empty["defaults"][0]["action"], "agent.spawn", "{empty}");
    let rules = json!([{ "action": "tool:page_*", "effect": "deny" }, { "action": "agent.spawn", "effect": "ask",
        "deciders": 2, "deciderRole": "member", "deadlineMinutes": 5 }]);
    let change = json!({ "version": 0, "rules": rules });
    assert_eq!(put(&member, "/api/policies", change.clone()).status, 403);
    let put_first = put(&owner, "/api/policies", change.clone());
    assert_eq!((put_first.status, &put_first.body["version"]), (200, &json!(1)), "{}", put_first.body);
    assert_eq!(put_first.body["updatedBy"]["name"], "Olga");
    let lost = put(&owner, "/api/policies", change);
    assert_eq!((lost.status, &lost.body["code"]), (409, &json!("POLICY_CHANGED")), "{}", lost.body);
    for bad in [
        json!([{ "action": "spawn", "effect": "ask" }]),
        json!([{ "action": "tool:*", "effect": "maybe" }]),
        json!([{ "action": "tool:*", "effect": "ask", "deciders": 6 }]),
        json!([{ "action": "tool:*", "effect": "ask", "deciderRole": "viewer" }]),
        json!([{ "action": "tool:*", "effect": "ask" }, { "action": "tool:*", "effect": "deny" }]),
    ] {
        assert_eq!(put(&owner, "/api/policies", json!({ "version": 1, "rules": bad })).status, 422, "{bad}");
    }
    let read = owner.get("/api/policies").body;
    assert_eq!(read["rules"][1]["deadlineMinutes"], 5, "{read}");
    let feed = owner.get("/api/activity?kind=policy_changed").body;
    assert_eq!(feed["items"].as_array().unwrap().len(), 1, "{feed}");
    assert_eq!(owner.get("/api/parallax-agents/agt_none/policy").status, 404);
    let none = put(&owner, "/api/parallax-agents/agt_none/policy", json!({ "version": 0, "rules": [] }));
    assert_eq!(none.status, 404);
}

#[test]
fn a_rule_that_nobody_can_meet_is_refused_and_one_that_nobody_can_meet_any_more_is_told_of() {
    let place = Place::without_runtime();
    let owner = place.owner();
    let rule = |deciders: u32, role: &str, effect: &str| json!([{ "action": "tool:*", "effect": effect, "deciders": deciders, "deciderRole": role }]);
    let rules = |rules| {
        put(
            &owner,
            "/api/policies",
            json!({ "version": owner.get("/api/policies").body["version"], "rules": rules }),
        )
    };
    let refused = rules(rule(2, "member", "ask"));
    assert_eq!((refused.status, &refused.body["code"]), (422, &json!("INVALID")), "{}", refused.body);
    let why = refused.body["detail"].as_str().unwrap();
    for part in ["rules[0].deciders", "1 of the workspace's people", "invite somebody"] {
        assert!(why.contains(part), "{part} in {why}");
    }
    assert_eq!(rules(rule(2, "member", "deny")).status, 200, "nobody is asked");
    for (name, role) in [("a", "admin"), ("m", "member"), ("v", "viewer")] {
        place.account(&format!("{name}@example.com"), role, &[]);
    }
    for (deciders, role, status) in
        [(4, "member", 422), (3, "admin", 422), (3, "member", 200), (2, "admin", 200)]
    {
        assert_eq!(rules(rule(deciders, role, "ask")).status, status, "{deciders} {role}");
    }
    let told = || owner.get("/api/activity?kind=policy_unmeetable").body["items"].as_array().unwrap().clone();
    let member = |name: &str| format!("/api/members/{}", place.id_of(&format!("{name}@example.com")));
    assert_eq!(owner.delete(&member("m")).status, 204);
    assert_eq!(told().len(), 0, "two admins are left");
    assert_eq!(owner.patch(&member("a"), &json!({ "role": "member" })).status, 200);
    assert_eq!(told()[0]["detail"], "tool:*: 2 must approve, and 1 are admin or above");
    assert_eq!(owner.delete(&member("a")).status, 204);
    assert_eq!(told().len(), 1, "it was told of then");
}

#[test]
fn an_agents_own_policy_counts_whatever_it_is_called() {
    let place = Place::without_runtime();
    // The id is taken elsewhere, so that ours is kept under another.
    let elsewhere = place.person(&place.account("other@example.com", "owner", &["--workspace", "Elsewhere"]));
    joined(&place, &elsewhere, "ci-bot");
    let key = joined(&place, &place.owner(), "ci-bot");
    let spawn = json!({ "name": "agent_spawn", "arguments": { "agentType": "custom" } });
    let code = || mcp(&place, &key, "tools/call", spawn.clone()).body["error"]["code"].clone();
    assert_eq!(code(), -32005, "people are asked");
    let path = "/api/parallax-agents/ci-bot/policy";
    let rules = json!({ "version": 0, "rules": [{ "action": "agent.spawn", "effect": "deny" }] });
    assert_eq!(put(&place.owner(), path, rules).status, 200);
    assert_eq!(place.owner().get(path).body["rules"][0]["effect"], "deny");
    assert_eq!(code(), -32002, "it is denied");
}
