//! Approvals: who is asked, who may decide, what then happens, and what does not.

use serde_json::{Value, json};

use crate::asking::{Asking, approve, reject};
use crate::browser::Browser;
use crate::driving::{mcp, prompt, tell};
use crate::invites::joined;
use crate::programs::{run_docs, wait_for};
use crate::surroundings::Place;

const SPAWN: &str = "/api/parallax-agents/spawn";

fn asks(action: &str) -> Value {
    json!([{ "action": action, "effect": "ask" }])
}

#[test]
fn a_persons_spawn_waits_for_somebody_else_and_is_done_once() {
    let asking = Asking::start();
    asking.policy(asks("agent.spawn"));
    let token = asking.place.account("member@example.com", "member", &[]);
    let (member, viewer) = (asking.place.person(&token), asking.person("viewer", "viewer"));
    let mut events = Browser::connect(&asking.place.base(), "/", "", Some(&token)).unwrap();
    let config = json!({ "command": ["cat"], "env": { "API_KEY": "sk-very-secret" } });
    let wanted = json!({ "agentType": "custom", "count": 2, "config": config });
    let by_key = asking.place.person(&token).header("idempotency-key", "once");
    let asked = by_key.post(SPAWN, &wanted);
    assert_eq!((asked.status, &asked.body["approval"]["state"]), (202, &json!("pending")), "{}", asked.body);
    let id = asked.body["approval"]["id"].as_str().unwrap();
    assert_eq!(by_key.post(SPAWN, &wanted).body["approval"]["id"], id, "asked for once");
    let other =
        by_key.post(SPAWN, &json!({ "agentType": "custom", "count": 3, "config": { "command": ["cat"] } }));
    assert_eq!(other.status, 422, "another spawn has another key: {}", other.body);
    let sealed =
        || asking.place.asked(&format!("SELECT length(action_sealed) > 0 FROM approvals WHERE id = '{id}'"));
    assert_eq!(sealed(), ["1"]);
    assert_eq!(events.next("approval:requested").args[0]["approval"]["id"], id);
    let list = viewer.get("/api/approvals?status=pending").body;
    assert_eq!(list["items"][0]["arguments"]["config"]["env"], json!(["API_KEY"]), "{list}");
    assert!(!list.to_string().contains("very-secret"));
    assert!(list["items"][0]["refusal"].as_str().unwrap().contains("admin"), "{list}");
    assert_eq!(approve(&viewer, id).status, 403);
    assert_eq!(approve(&member, id).status, 403, "who asked, and no admin");
    let agents = || asking.place.owner().get("/api/parallax-agents").body["items"].as_array().unwrap().len();
    assert_eq!(agents(), 1, "nothing was done");

    let approved =
        asking.place.owner().post(&format!("/api/approvals/{id}/approve"), &json!({ "note": "go on" }));
    assert_eq!((approved.status, &approved.body["state"]), (200, &json!("approved")), "{}", approved.body);
    assert_eq!(asking.foreign.asked("/api/spawn")["config"]["env"]["API_KEY"], "sk-very-secret");
    let done = asking.approval_that_is(id, "done");
    assert_eq!(sealed(), ["0"], "what is done needs its secrets no longer");
    assert_eq!(done["result"]["spawnedAgents"].as_array().unwrap().len(), 2, "{done}");
    assert_eq!(
        (&done["decisions"][0]["note"], &done["decisions"][0]["by"]["name"]),
        (&json!("go on"), &json!("Olga"))
    );
    assert_eq!(
        events.wait("approval:decided", |event| event.args[0]["state"] == "done").args[0]["approval"]["id"],
        id
    );
    let again = approve(&asking.place.owner(), id);
    assert_eq!((again.status, &again.body["code"]), (409, &json!("ALREADY_DECIDED")), "{}", again.body);
    assert_eq!(reject(&asking.place.owner(), id, "no").status, 409);
    let spawned = done["result"]["spawnedAgents"][0]["id"].as_str().unwrap();
    let row = asking.place.owner().get(&format!("/api/parallax-agents/{spawned}")).body;
    assert_eq!(row["spawnedBy"]["name"], "member@example.com", "by the right of who asked");
    assert_eq!(agents(), 3);
}

#[test]
fn what_is_denied_is_not_asked_for() {
    let asking = Asking::start();
    asking.policy(json!([{ "action": "agent.spawn", "effect": "deny" }]));
    let refused = asking.place.owner().post(SPAWN, &json!({ "agentType": "custom" }));
    assert_eq!(refused.status, 403, "{}", refused.body);
    assert!(refused.body["detail"].as_str().unwrap().contains("the workspace's policy denies agent.spawn"));
    let refused = asking.tool("agent_spawn", json!({ "agentType": "custom" })).unwrap_err();
    assert_eq!(
        (&refused["code"], &refused["data"]["code"]),
        (&json!(-32002), &json!("FORBIDDEN")),
        "{refused}"
    );
    // The agent's own policy counts first.
    let own = format!("/api/parallax-agents/{}/policy", asking.agent);
    asking.policy_at(&own, json!([{ "action": "tool:agent_*", "effect": "allow" }]));
    let spawned = asking.tool("agent_spawn", json!({ "agent_type": "custom", "name": "Helper" })).unwrap();
    assert_eq!(spawned["spawnedAgents"][0]["name"], "Helper", "{spawned}");
}

#[test]
fn an_agents_spawn_is_decided_by_another_than_its_owner() {
    let asking = Asking::start();
    let admin = asking.person("admin", "admin");
    let refused = asking.tool("agent_spawn", json!({ "agentType": "custom" })).unwrap_err();
    let data = &refused["data"];
    assert_eq!((&refused["code"], &data["code"]), (&json!(-32005), &json!("APPROVAL_REQUIRED")), "{refused}");
    let id = data["requestId"].as_str().unwrap();
    assert!(id.starts_with("apr_") && data["deadline"].is_string());
    let by_agent = asking.place.person(&asking.key);
    assert_eq!(approve(&by_agent, id).status, 403, "no agent decides");
    assert_eq!(by_agent.get(&format!("/api/approvals/{id}")).body["state"], "pending", "it sees its own");
    let owner = asking.place.owner();
    let refused = approve(&owner, id);
    assert_eq!(refused.status, 403, "{}", refused.body);
    assert!(refused.body["detail"].as_str().unwrap().contains("is yours"), "{}", refused.body);
    let seen = owner.get(&format!("/api/approvals/{id}")).body;
    assert_eq!((&seen["owner"]["name"], &seen["askedBy"]["name"]), (&json!("Olga"), &json!("Scout")));
    let agent = asking.tools(&asking.key);
    let status =
        |wait: u64| agent.call("approval_status", &json!({ "request_id": id, "wait_seconds": wait }));
    assert_eq!(status(0).unwrap()["approved"], Value::Null);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| status(50).unwrap());
        assert_eq!(approve(&admin, id).status, 200);
        assert_eq!(waiting.join().unwrap()["approved"], true, "a waiting caller is told");
    });
    asking.approval_that_is(id, "done");
    let told = status(0).unwrap();
    let helper = told["result"]["spawnedAgents"][0]["id"].as_str().unwrap();
    assert_eq!(told["decidedBy"], json!(["admin@example.com"]), "{told}");
    // The agent that an agent spawned has the same person at its root.
    let asked = asking.foreign.asked("/api/spawn");
    assert_eq!(asked["permissions"], json!(["read:pages"]), "no more than its spawner has");
    let key = asked["mcp"]["keys"][helper].as_str().unwrap();
    let request = json!({ "action": "rewrite it all", "reason": "it is old" });
    let yes = asking.tools(key).call("approval_request", &request).unwrap();
    let id = yes["requestId"].as_str().unwrap();
    assert_eq!(approve(&owner, id).status, 403, "the person at its root");
    assert_eq!(
        asking.tool("approval_status", json!({ "requestId": id })).unwrap_err()["code"],
        -32001,
        "not its own"
    );
    let rejected = reject(&admin, id, "not now");
    assert_eq!(rejected.body["state"], "rejected", "{}", rejected.body);
    let told = asking.tools(key).call("approval_status", &json!({ "requestId": id })).unwrap();
    assert_eq!((&told["approved"], &told["reason"]), (&json!(false), &json!("not now")));
}

#[test]
fn the_only_admin_decides_for_their_own_agent_but_never_for_themselves() {
    let asking = Asking::start();
    let id = asking.asks_to_spawn();
    assert_eq!(approve(&asking.place.owner(), &id).status, 200);
    asking.approval_that_is(&id, "done");
    asking.policy(asks("agent.spawn"));
    let own = asking.place.owner().post(SPAWN, &json!({ "agentType": "custom" })).body;
    let refused = approve(&asking.place.owner(), own["approval"]["id"].as_str().unwrap());
    assert_eq!(refused.status, 403, "{}", refused.body);
}

#[test]
fn as_many_people_decide_as_the_rule_says() {
    let asking = Asking::start();
    let people: Vec<_> = ["a", "b", "c"].map(|name| asking.person(name, "member")).into();
    asking.policy(
        json!([{ "action": "agent.spawn", "effect": "ask", "deciders": 2, "deciderRole": "member" }]),
    );
    let id = asking.asks_to_spawn();
    let first = approve(&people[0], &id);
    assert_eq!((first.status, &first.body["state"]), (200, &json!("pending")), "{}", first.body);
    assert_eq!(approve(&people[0], &id).status, 409, "the same person counts once");
    assert_eq!(approve(&people[1], &id).body["state"], "approved");
    assert_eq!(approve(&people[2], &id).status, 409);
    asking.approval_that_is(&id, "done");
    let id = asking.asks_to_spawn();
    assert_eq!(approve(&people[0], &id).status, 200);
    assert_eq!(reject(&people[1], &id, "no").body["state"], "rejected", "one no is enough");
    assert_eq!(approve(&people[2], &id).status, 409);
}

#[test]
fn a_vote_ends_with_the_right_to_it() {
    let asking = Asking::start();
    let (first, second, third) =
        (asking.person("a", "admin"), asking.person("b", "admin"), asking.person("c", "admin"));
    asking.policy(json!([{ "action": "agent.spawn", "effect": "ask", "deciders": 2 }]));
    let id = asking.asks_to_spawn();
    assert_eq!(approve(&first, &id).body["state"], "pending");
    let user = first.get("/api/auth/me").body["user"]["id"].as_str().unwrap().to_owned();
    let demoted = asking.place.owner().patch(&format!("/api/members/{user}"), &json!({ "role": "viewer" }));
    assert_eq!(demoted.status, 200, "{}", demoted.body);
    assert_eq!(approve(&second, &id).body["state"], "pending", "one of two votes counts");
    assert_eq!(approve(&third, &id).body["state"], "approved");
}

#[test]
fn who_let_an_outside_agent_in_does_not_decide_for_it() {
    let place = Place::without_runtime();
    let boss = place.person(&place.account("boss@example.com", "admin", &[]));
    let key = joined(&place, &place.owner(), "outside");
    let request = json!({ "action": "sell the company", "reason": "it is late" });
    let asked = mcp(&place, &key, "tools/call", json!({ "name": "approval_request", "arguments": request }));
    let id = asked.body["result"]["structuredContent"]["requestId"].as_str().unwrap().to_owned();
    let own = approve(&place.owner(), &id);
    assert_eq!(own.status, 403, "{}", own.body);
    assert_eq!(approve(&boss, &id).body["state"], "approved");
}

#[test]
fn of_many_who_decide_at_once_one_does() {
    let asking = Asking::start();
    let admins: Vec<_> = (0..6).map(|n| asking.person(&format!("admin{n}"), "admin")).collect();
    for _ in 0..3 {
        let id = asking.asks_to_spawn();
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let deciding = admins.iter().enumerate().map(|(n, admin)| {
                let id = &id;
                scope.spawn(
                    move || if n % 2 == 0 { approve(admin, id) } else { reject(admin, id, "no") }.status,
                )
            });
            let deciding: Vec<_> = deciding.collect();
            deciding.into_iter().map(|decided| decided.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| matches!(status, 200 | 409)), "{statuses:?}");
        let seen = asking.place.owner().get(&format!("/api/approvals/{id}")).body;
        assert_eq!(seen["decisions"].as_array().unwrap().len(), 1, "{seen}");
    }
}

#[test]
fn past_its_deadline_the_answer_is_no() {
    let mut asking = Asking::start();
    let (late, over) = (asking.asks_to_spawn(), asking.asks_to_spawn());
    let admin = asking.person("admin", "admin");
    let mut events = asking.place.browser("/");
    asking.place.sql(&format!("UPDATE approvals SET deadline = 1 WHERE id = '{late}'"));
    let refused = approve(&admin, &late);
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("DEADLINE_PASSED")), "{}", refused.body);
    let told = events.next("approval:decided");
    assert_eq!((&told.args[0]["state"], &told.args[0]["approval"]["id"]), (&json!("expired"), &json!(late)));
    assert_eq!(asking.tool("approval_status", json!({ "requestId": late })).unwrap()["approved"], false);
    // A deadline that passes while nobody is there.
    asking.place.docs.take().unwrap().crash();
    asking.place.sql(&format!("UPDATE approvals SET deadline = 1 WHERE id = '{over}'"));
    asking.place.start_docs();
    asking.approval_that_is(&over, "expired");
    assert_eq!(approve(&admin, &over).status, 409);
    let feed = asking.place.activity_of(&asking.agent);
    assert_eq!(feed.iter().filter(|kind| *kind == "approval_expired").count(), 2, "{feed:?}");
}

#[test]
fn requests_outlive_the_server_and_what_was_approved_is_done_once() {
    let mut asking = Asking::start();
    let admin = asking.person("admin", "admin");
    let [pending, approved, running] = [(); 3].map(|()| asking.asks_to_spawn());
    asking.place.docs.take().unwrap().crash();
    for (id, state) in [(&approved, "approved"), (&running, "running")] {
        asking.place.sql(&format!("UPDATE approvals SET state = '{state}' WHERE id = '{id}'"));
    }
    asking.place.start_docs();
    let done = asking.approval_that_is(&approved, "done");
    assert_eq!(done["result"]["success"], true, "{done}");
    let failed = asking.approval_that_is(&running, "failed");
    assert!(failed["error"].as_str().unwrap().contains("look whether it happened"), "{failed}");
    assert_eq!(asking.foreign.asked("/api/spawn")["name"], "Helper");
    assert_eq!(approve(&admin, &pending).status, 200);
    asking.approval_that_is(&pending, "done");
    let agents = asking.place.owner().get("/api/parallax-agents").body;
    assert_eq!(
        agents["items"].as_array().unwrap().len(),
        3,
        "one each, and none for the one that was cut off"
    );
}

#[test]
fn a_right_that_is_gone_does_nothing_any_more() {
    let asking = Asking::start();
    asking.policy(asks("agent.spawn"));
    let admin = asking.person("admin", "admin");
    // A member who is none any more.
    let member = asking.person("member", "member");
    let by_member = member.post(SPAWN, &json!({ "agentType": "custom" })).body;
    let by_member = by_member["approval"]["id"].as_str().unwrap();
    let dir = asking.place.path("docs");
    let demoted = run_docs(
        &[
            "user",
            "role",
            "--email",
            "member@example.com",
            "--role",
            "viewer",
            "--data-dir",
            dir.to_str().unwrap(),
        ],
        "",
    );
    assert!(demoted.status.success(), "{}", String::from_utf8_lossy(&demoted.stderr));
    assert_eq!(approve(&admin, by_member).status, 200);
    let failed = asking.approval_that_is(by_member, "failed");
    assert!(failed["error"].as_str().unwrap().contains("you are viewer"), "{failed}");
    // What a policy denies by now.
    let denied = asking.asks_to_spawn();
    asking.policy(json!([{ "action": "tool:agent_spawn", "effect": "deny" }]));
    assert_eq!(approve(&admin, &denied).status, 200);
    assert!(asking.approval_that_is(&denied, "failed")["error"].as_str().unwrap().contains("policy"));
    asking.policy(json!([]));
    // An agent that has ended.
    let gone = asking.asks_to_spawn();
    tell(&asking.place, &asking.foreign, &asking.agent, "stopped", json!({}));
    assert_eq!(approve(&admin, &gone).status, 200);
    let failed = asking.approval_that_is(&gone, "failed");
    assert!(failed["error"].as_str().unwrap().contains("no access here any more"), "{failed}");
    let agents = asking.place.owner().get("/api/parallax-agents").body;
    assert_eq!(agents["items"].as_array().unwrap().len(), 1, "nothing was spawned");
    let failures = asking.place.owner().get("/api/activity?kind=approval_failed").body;
    assert_eq!(failures["items"].as_array().unwrap().len(), 3, "{failures}");
}

#[test]
fn a_tool_that_was_asked_for_is_used_with_the_arguments_that_people_saw() {
    let asking = Asking::start();
    asking.policy(asks("tool:agent_profile"));
    let refused = asking.tool("agent_profile", json!({})).unwrap_err();
    assert_eq!(refused["code"], -32005, "{refused}");
    let id = refused["data"]["requestId"].as_str().unwrap();
    assert_eq!(approve(&asking.place.owner(), id).status, 200);
    let done = asking.approval_that_is(id, "done");
    assert_eq!(
        (&done["tool"], &done["result"]["name"]),
        (&json!("agent_profile"), &json!("Scout")),
        "{done}"
    );
}

#[test]
fn an_agents_rights_are_the_most_that_it_gives() {
    let asking = Asking::start();
    let wanted = json!({ "agentType": "custom", "permissions": ["read:pages", "write:pages"] });
    let refused = asking.tool("agent_spawn", wanted.clone()).unwrap_err();
    assert_eq!(refused["code"], -32602, "{refused}");
    let refused = asking.place.person(&asking.key).post(SPAWN, &wanted);
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert!(refused.body["detail"].as_str().unwrap().contains("write:pages"), "{}", refused.body);
    assert_eq!(asking.place.owner().get("/api/approvals").body["items"], json!([]));
}

#[test]
fn another_workspace_sees_and_decides_nothing() {
    let asking = Asking::start();
    let id = asking.asks_to_spawn();
    let stranger = asking.place.account("stranger@example.com", "owner", &["--workspace", "Elsewhere"]);
    let stranger = asking.place.person(&stranger);
    assert_eq!(stranger.get("/api/approvals").body["items"], json!([]));
    assert_eq!(stranger.get(&format!("/api/approvals/{id}")).status, 404);
    assert_eq!(approve(&stranger, &id).status, 404);
    assert_eq!(reject(&stranger, &id, "no").status, 404);
}

#[test]
fn prompts_of_programs_stand_in_the_same_queue() {
    let asking = Asking::start();
    tell(&asking.place, &asking.foreign, &asking.agent, "waiting", json!({ "prompt": prompt("prm_1") }));
    asking.tool("question_ask", json!({ "question": "Which?" })).unwrap();
    let id = asking.asks_to_spawn();
    let kinds = |query: &str| {
        let items = asking.place.owner().get(&format!("/api/approvals{query}")).body["items"].clone();
        let kinds = items.as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap().to_owned());
        kinds.collect::<Vec<_>>()
    };
    assert_eq!(kinds("?status=pending"), ["prompt", "question", "approval"]);
    assert_eq!(kinds(&format!("?agentId={}", asking.agent)), ["prompt", "question", "approval"]);
    assert_eq!(kinds("?agentId=agt_other"), [""; 0]);
    assert_eq!(kinds("?status=done"), [""; 0]);
    let items = asking.place.owner().get("/api/approvals").body["items"].clone();
    assert_eq!(items[0]["agent"]["prompt"]["id"], "prm_1", "{items}");
    assert_eq!((&items[1]["question"], &items[2]["id"]), (&json!("Which?"), &json!(id)));
    tell(&asking.place, &asking.foreign, &asking.agent, "busy", json!({}));
    assert_eq!(kinds("?status=pending"), ["question", "approval"]);
}

#[test]
fn nobody_floods_the_queue() {
    let asking = Asking::start();
    let refused = wait_for("a refusal", || {
        let refused = asking.tool("agent_spawn", json!({ "agentType": "custom" })).unwrap_err();
        (refused["code"] != -32005).then_some(refused)
    });
    assert_eq!(refused["data"]["code"], "TOO_MANY_REQUESTS", "{refused}");
    let pending = asking.place.owner().get("/api/approvals?status=pending&limit=7").body;
    assert_eq!(pending["items"].as_array().unwrap().len(), 7);
    let next = pending["nextCursor"].as_str().unwrap();
    let more = asking.place.owner().get(&format!("/api/approvals?status=pending&cursor={next}")).body;
    assert_eq!(more["items"].as_array().unwrap().len(), 13);
    let bad = asking.place.owner().post(
        &format!("/api/approvals/{}/reject", pending["items"][0]["id"].as_str().unwrap()),
        &json!({ "reason": " " }),
    );
    assert_eq!(bad.status, 422);
}
