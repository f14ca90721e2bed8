//! Work that is given to agents: typed when they are ready, once, in order; reported on; ended with them.

use serde_json::{Value, json};

use crate::asking::{Asking, approve};
use crate::operator::Operator;
use crate::programs::wait_for;
use crate::receiver::Receiver;
use crate::surroundings::Place;
use crate::worker::{Works, assign, assignment_that_is, given, go, prompts, spawn};

fn stop(place: &Place, agent: &str) {
    let answer = place.owner().post(&format!("/api/parallax-agents/{agent}/stop"), &json!({}));
    assert_eq!(answer.status, 202, "{}", answer.body);
}

fn report(by: &Operator, id: &str, body: Value) -> (u16, Value) {
    let answer = by.post(&format!("/api/assignments/{id}/report"), &body);
    (answer.status, answer.body)
}

/// The kinds of activity about work, oldest first.
fn told(place: &Place, agent: &str) -> Vec<String> {
    place.activity_of(agent).into_iter().filter(|kind| kind.starts_with("assignment_")).collect()
}

#[test]
fn work_is_typed_reported_by_the_agents_own_tools_and_done() {
    let place = Place::with_runtime();
    let agent = spawn(&place, "worker", Works::ByReports);
    let mut events = place.browser("/");
    let id = given(&place, &agent, "Read the plan");
    let first = events.next("assignment:changed").args[0]["assignment"].clone();
    assert_eq!((&first["id"], &first["state"]), (&json!(id), &json!("pending")));
    let done = assignment_that_is(&place, &id, "done");
    assert_eq!((&done["progress"], &done["summary"]), (&json!(100), &json!("all done")));
    assert!(done["result"]["lines"].as_u64().unwrap() > 5, "the prompt came as it was: {done}");
    assert!(done["deliveredAt"].is_string() && done["endedAt"].is_string(), "{done}");
    assert_eq!((&done["assignedBy"]["kind"], &done["assignedBy"]["name"]), (&json!("user"), &json!("Olga")));
    events.wait("assignment:changed", |event| event.args[0]["assignment"]["state"] == "done");
    let prompts = prompts(&place, "worker");
    assert_eq!(prompts.len(), 1, "{prompts:?}");
    for part in ["Read the plan", "Do it.\nThis is", &id, "assignment_report", "question_ask"] {
        assert!(prompts[0].contains(part), "{part} in {}", prompts[0]);
    }
    assert!(prompts[0].starts_with("Raven has work"), "no program takes it for a command of its own");
    let kinds = told(&place, &agent);
    assert_eq!(kinds.first().map(String::as_str), Some("assignment_given"), "{kinds:?}");
    assert_eq!(kinds.last().map(String::as_str), Some("assignment_done"), "{kinds:?}");
    let (fine, said) = place.audit_command(&["verify"]);
    assert!(fine, "{said}");
}

#[test]
fn work_comes_in_order_one_at_a_time_and_once_over_crashes_of_both_programs() {
    let mut place = Place::with_runtime();
    let agent = spawn(&place, "worker", Works::Until);
    let ids: Vec<String> = ["one", "two", "three"].iter().map(|title| given(&place, &agent, title)).collect();
    assignment_that_is(&place, &ids[0], "delivered");
    place.docs.take().unwrap().crash();
    place.start_docs();
    place.runtime.take().unwrap().crash();
    place.start_runtime();
    go(&place, "worker", 1);
    place.agent_that_is(&agent, "ready");
    assert_eq!(prompts(&place, "worker").len(), 1, "the second waits until the first has ended");
    for (turn, id) in ids.iter().enumerate() {
        assignment_that_is(&place, id, "delivered");
        assert_eq!(report(&place.owner(), id, json!({ "state": "done" })).0, 200);
        go(&place, "worker", turn + 1);
        if turn == 1 {
            place.docs.take().unwrap().crash();
            place.start_docs();
        }
    }
    wait_for("three prompts", || (prompts(&place, "worker").len() == 3).then_some(()));
    place.agent_that_is(&agent, "ready");
    for (prompt, title) in prompts(&place, "worker").iter().zip(["one", "two", "three"]) {
        assert!(prompt.contains(&format!("Title: {title}")), "{prompt}");
    }
    let begun = place
        .asked("SELECT count(*) FROM audit_log WHERE action = 'assignment.deliver' AND outcome = 'begun'");
    assert_eq!(begun, ["3"], "each was begun once");
}

#[test]
fn what_was_begun_when_the_server_died_is_asked_after_and_not_typed_again() {
    let mut place = Place::with_runtime();
    let agent = spawn(&place, "worker", Works::Until);
    let id = given(&place, &agent, "one");
    assignment_that_is(&place, &id, "delivered");
    // As if the server had died before it could write down the runtime's answer.
    place.docs.take().unwrap().crash();
    place.sql("UPDATE assignments SET state = 'pending', delivered_at = NULL");
    place.start_docs();
    assignment_that_is(&place, &id, "delivered");
    go(&place, "worker", 1);
    place.agent_that_is(&agent, "ready");
    assert_eq!(prompts(&place, "worker").len(), 1);
}

#[test]
fn a_bare_shell_is_typed_nothing_and_fetches_its_work() {
    let place = Place::with_runtime();
    let agent = place.spawn(&["cat"]);
    place.agent_that_is(&agent, "ready");
    let key = place.known_key(&agent);
    let tool = |name: &str, arguments: Value| {
        crate::driving::mcp(&place, &key, "tools/call", json!({ "name": name, "arguments": arguments })).body
    };
    let next = || tool("assignment_next", json!({}))["result"]["structuredContent"]["assignment"].clone();
    assert_eq!(next(), Value::Null);
    let (first, second) = (given(&place, &agent, "first"), given(&place, &agent, "second"));
    let got = next();
    assert_eq!((&got["assignmentId"], &got["state"]), (&json!(first), &json!("delivered")), "{got}");
    assert_eq!(next()["assignmentId"], json!(first), "what it has is answered again");
    let own = tool("assignment_get", json!({ "assignmentId": second }));
    assert_eq!(own["result"]["structuredContent"]["state"], "pending", "{own}");
    let said =
        tool("assignment_report", json!({ "assignmentId": first, "state": "blocked", "summary": "no key" }));
    assert_eq!(said["result"]["structuredContent"]["state"], "blocked", "{said}");
    assert_eq!(next()["state"], "blocked");
    let ended = json!({ "assignmentId": first, "state": "failed", "summary": "no key", "result": "none" });
    let said = tool("assignment_report", ended.clone());
    assert_eq!(said["result"]["structuredContent"]["state"], "failed", "{said}");
    let again = tool("assignment_report", ended);
    assert_eq!(again["result"]["structuredContent"]["state"], "failed", "said again: {again}");
    let late = tool("assignment_report", json!({ "assignmentId": first, "state": "done" }));
    assert_eq!(late["error"]["data"]["code"], "ASSIGNMENT_ENDED", "{late}");
    assert_eq!(next()["assignmentId"], json!(second));
    let screen = place.owner().get(&format!("/api/parallax-agents/{agent}/screen")).body["lines"].to_string();
    assert!(!screen.contains("Raven has work"), "{screen}");
}

#[test]
fn an_agent_that_ends_fails_its_work_and_one_that_restarts_gets_what_waits() {
    let place = Place::with_runtime();
    let agent = spawn(&place, "worker", Works::Until);
    let (first, second) = (given(&place, &agent, "first"), given(&place, &agent, "second"));
    assignment_that_is(&place, &first, "delivered");
    let restarted = place.owner().post(&format!("/api/parallax-agents/{agent}/restart"), &json!({}));
    assert_eq!(restarted.status, 202, "{}", restarted.body);
    let failed = assignment_that_is(&place, &first, "failed");
    assert_eq!(failed["reason"], "its agent was restarted while it was at it");
    assignment_that_is(&place, &second, "delivered");
    assert_eq!(prompts(&place, "worker").len(), 2);
    let third = given(&place, &agent, "third");
    stop(&place, &agent);
    for id in [&second, &third] {
        let failed = assignment_that_is(&place, id, "failed");
        assert!(failed["reason"].as_str().unwrap().starts_with("its agent "), "{failed}");
    }
    let refused = assign(&place, &agent, "fourth");
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("AGENT_ENDED")), "{}", refused.body);
}

#[test]
fn a_revoked_agent_and_a_deadline_end_work_and_people_are_told() {
    let asking = Asking::start();
    let (place, agent) = (&asking.place, &asking.agent);
    let mel = asking.person("mel", "member");
    let soon = given(place, agent, "soon");
    place.sql("UPDATE assignments SET deadline = 1");
    let failed = assignment_that_is(place, &soon, "failed");
    assert_eq!(failed["reason"], "its deadline has passed");
    wait_for("a notification", || {
        let inbox = mel.get("/api/notifications").body;
        inbox["items"].as_array()?.iter().find(|told| told["kind"] == "assignment_failed").map(|_| ())
    });
    let open = given(place, agent, "open");
    assert_eq!(place.owner().post(&format!("/api/parallax-agents/{agent}/revoke"), &json!({})).status, 200);
    let failed = assignment_that_is(place, &open, "failed");
    assert_eq!(failed["reason"], "its agent's access was revoked");
    assert_eq!(assign(place, agent, "more").body["code"], "ACCESS_REVOKED");
}

#[test]
fn webhooks_hear_of_all_of_it_and_people_of_how_it_ends() {
    let (asking, receiver) = (Asking::start(), Receiver::start());
    let owner = asking.place.owner();
    let hook = json!({ "name": "work", "url": receiver.url, "topics": ["work"] });
    assert_eq!(owner.post("/api/webhooks", &hook).status, 201);
    let mel = asking.person("mel", "member");
    let id = given(&asking.place, &asking.agent, "Read");
    asking.tool("assignment_next", json!({})).unwrap();
    for state in ["working", "blocked", "done"] {
        let said = json!({ "assignmentId": id, "state": state, "summary": "so it goes" });
        asking.tool("assignment_report", said).unwrap();
    }
    for kind in ["given", "delivered", "working", "blocked", "done"] {
        let told = receiver.message();
        assert_eq!(
            (&told.body["type"], &told.body["kind"]),
            (&json!("work"), &json!(format!("assignment_{kind}")))
        );
    }
    let inbox = mel.get("/api/notifications").body;
    let kinds: Vec<&str> =
        inbox["items"].as_array().unwrap().iter().map(|told| told["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["assignment_done", "assignment_blocked"], "{inbox}");
}

#[test]
fn who_may_give_see_report_on_and_call_off_work() {
    let asking = Asking::start();
    let place = &asking.place;
    let other = crate::driving::spawn_at(place, &asking.foreign, json!({ "permissions": ["read:pages"] }));
    let other_key = other.1["mcp"]["keys"][&other.0].as_str().unwrap().to_owned();
    let id = given(place, &asking.agent, "mine");
    let (viewer, member) = (asking.person("vera", "viewer"), asking.person("mel", "member"));
    assert_eq!(viewer.get(&format!("/api/assignments/{id}")).status, 200);
    assert_eq!(report(&viewer, &id, json!({ "state": "done" })).0, 403);
    assert_eq!(viewer.post(&format!("/api/assignments/{id}/cancel"), &json!({})).status, 403);
    let stranger = place.account("sam@example.com", "admin", &["--workspace", "Elsewhere"]);
    assert_eq!(place.person(&stranger).get(&format!("/api/assignments/{id}")).status, 404);
    let (own, foreign) = (place.person(&asking.key), place.person(&other_key));
    assert_eq!(own.get(&format!("/api/assignments/{id}")).status, 200);
    assert_eq!(foreign.get(&format!("/api/assignments/{id}")).status, 404);
    assert_eq!(report(&foreign, &id, json!({ "state": "done" })).0, 404);
    assert_eq!(foreign.get(&format!("/api/agents/{}/assignments", asking.agent)).status, 404);
    let refused = own.post(&format!("/api/assignments/{id}/cancel"), &json!({}));
    assert_eq!(refused.status, 403, "{}", refused.body);
    for bad in [
        json!({ "state": "cancelled" }),
        json!({ "state": "working", "progress": 101 }),
        json!({ "state": "working", "summary": "x".repeat(4001) }),
        json!({ "state": "working", "result": "x".repeat(70_000) }),
        json!({ "state": "working", "mood": "good" }),
    ] {
        assert_eq!(report(&own, &id, bad.clone()).0, 422, "{}", bad["state"]);
    }
    let (status, after) = report(&member, &id, json!({ "state": "working", "progress": 10 }));
    assert_eq!((status, &after["progress"]), (200, &json!(10)), "{after}");
    let off = member.post(&format!("/api/assignments/{id}/cancel"), &json!({}));
    assert_eq!((off.status, &off.body["state"]), (200, &json!("cancelled")), "{}", off.body);
    assert_eq!(member.post(&format!("/api/assignments/{id}/cancel"), &json!({})).status, 200);
    assert_eq!(report(&own, &id, json!({ "state": "done" })).1["code"], "ASSIGNMENT_ENDED");
    let list = viewer.get(&format!("/api/agents/{}/assignments?state=cancelled", asking.agent)).body;
    assert_eq!(list["items"][0]["id"], json!(id), "{list}");
}

#[test]
fn one_list_has_the_open_work_of_all_agents() {
    let asking = Asking::start();
    let place = &asking.place;
    let other = crate::driving::spawn_at(place, &asking.foreign, json!({ "permissions": ["read:pages"] }));
    let other_key = other.1["mcp"]["keys"][&other.0].as_str().unwrap().to_owned();
    let (first, second) = (given(place, &asking.agent, "first"), given(place, &other.0, "second"));
    let ended = given(place, &asking.agent, "ended");
    place.owner().post(&format!("/api/assignments/{ended}/cancel"), &json!({}));
    let (viewer, own) = (asking.person("vera", "viewer"), place.person(&other_key));
    let stranger = place.account("sam@example.com", "admin", &["--workspace", "Elsewhere"]);
    let of_one = format!("?agentId={}", asking.agent);
    for (who, by, query, expected) in [
        ("viewer", &viewer, "?open=true", vec![&second, &first]),
        ("viewer", &viewer, "", vec![&ended, &second, &first]),
        ("viewer", &viewer, "?state=cancelled", vec![&ended]),
        ("viewer", &viewer, of_one.as_str(), vec![&ended, &first]),
        ("agent", &own, "?open=true", vec![&second]),
        ("stranger", &place.person(&stranger), "", vec![]),
    ] {
        let list = by.get(&format!("/api/assignments{query}")).body;
        let ids = list["items"].as_array().map(|all| all.iter().map(|one| &one["id"]).collect::<Vec<_>>());
        let expected = expected.into_iter().map(|id| json!(id)).collect::<Vec<_>>();
        assert_eq!(ids, Some(expected.iter().collect()), "{who} {query}: {list}");
    }
    let page = viewer.get("/api/assignments?open=true&limit=1").body;
    let next = page["nextCursor"].as_str().unwrap();
    let rest = viewer.get(&format!("/api/assignments?open=true&limit=1&cursor={next}")).body;
    assert_eq!((&rest["items"][0]["id"], &rest["nextCursor"]), (&json!(first), &Value::Null), "{rest}");
    assert_eq!(own.get(&format!("/api/assignments{of_one}")).status, 404, "another agent's");
    assert_eq!(viewer.get("/api/assignments?state=lost").status, 400);
}

#[test]
fn an_agent_delegates_to_those_that_may_no_more_than_itself() {
    let asking = Asking::start();
    let place = &asking.place;
    let below = crate::driving::spawn_at(place, &asking.foreign, json!({ "permissions": ["read:pages"] })).0;
    let above = crate::driving::spawn_at(place, &asking.foreign, json!({ "permissions": ["write:pages"] })).0;
    let seen = asking.tool("agent_list", json!({})).unwrap();
    let ids: Vec<&str> =
        seen["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [below.as_str()], "{seen}");
    let first = asking.tool("agent_list", json!({ "limit": 1 })).unwrap();
    assert_eq!(
        (&first["items"][0]["id"], &first["nextCursor"]),
        (&json!(below), &json!(null)),
        "no page tells of one that is hidden"
    );
    let work = |to: &str| json!({ "agentId": to, "title": "Help", "instructions": "Please." });
    for hidden in [&above, &asking.agent, &"agt_none".to_owned()] {
        let refused = asking.tool("agent_delegate", work(hidden)).unwrap_err();
        assert_eq!(refused["code"], -32001, "{hidden}: {refused}");
    }
    let given = asking.tool("agent_delegate", work(&below)).unwrap();
    assert_eq!(given["state"], "pending", "{given}");
    let id = given["assignmentId"].as_str().unwrap();
    let shown = place.owner().get(&format!("/api/assignments/{id}")).body;
    assert_eq!(
        (&shown["assignedBy"]["kind"], &shown["assignedBy"]["id"]),
        (&json!("agent"), &json!(asking.agent))
    );
    let own = place.person(&asking.key);
    assert_eq!(report(&own, id, json!({ "state": "done" })).0, 403, "it gave it, and does not do it");
    assert_eq!(own.post(&format!("/api/assignments/{id}/cancel"), &json!({})).body["state"], "cancelled");

    asking.policy(json!([{ "action": "agent.delegate", "effect": "ask" }]));
    let body = json!({ "title": "Help", "instructions": "By REST." });
    let asked = own.post(&format!("/api/agents/{below}/assignments"), &body);
    assert_eq!((asked.status, &asked.body["code"]), (409, &json!("APPROVAL_REQUIRED")), "{}", asked.body);
    let waits = place.asked("SELECT id FROM approvals WHERE state = 'pending'");
    assert_eq!(approve(&asking.person("boss", "admin"), &waits[0]).status, 200);
    let done = asking.approval_that_is(&waits[0], "done");
    assert_eq!(done["result"]["instructions"], "By REST.", "{done}");
}

#[test]
fn work_refers_to_what_is_there_and_open_to_agents() {
    let asking = Asking::start();
    let owner = asking.place.owner();
    let made = |path: &str, body: Value| {
        let answer = owner.post(path, &body);
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body["id"].as_str().unwrap().to_owned()
    };
    let space = made("/api/spaces", json!({ "name": "Plans" }));
    let page = |title: &str, open: bool| {
        made("/api/pages", json!({ "spaceId": space, "title": title, "agentAccessible": open }))
    };
    let (open, closed) = (page("Open", true), page("Closed", false));
    let task = made("/api/tasks", json!({ "title": "Do" }));
    let secret = made("/api/tasks", json!({ "title": "Not you", "agentAccessible": false }));
    let path = format!("/api/agents/{}/assignments", asking.agent);
    let give = |pages: Value, tasks: Value| {
        let body = json!({ "title": "Read", "instructions": "It.", "pageIds": pages, "taskIds": tasks });
        owner.post(&path, &body)
    };
    let given = give(json!([open]), json!([task]));
    assert_eq!((given.status, &given.body["pageIds"]), (201, &json!([open])), "{}", given.body);
    for (pages, tasks, code) in [
        (json!([closed]), json!([]), "NOT_ACCESSIBLE"),
        (json!([]), json!([secret]), "NOT_ACCESSIBLE"),
        (json!(["pg_none"]), json!([]), "NOT_FOUND"),
        (json!([]), json!(["tsk_none"]), "NOT_FOUND"),
    ] {
        assert_eq!(give(pages, tasks).body["code"], code);
    }
    let got = asking.tool("assignment_next", json!({})).unwrap();
    assert_eq!(got["assignment"]["taskIds"], json!([task]), "{got}");
}

#[test]
fn a_request_that_is_repeated_with_its_key_gives_nothing_more() {
    let asking = Asking::start();
    let path = format!("/api/agents/{}/assignments", asking.agent);
    let body = json!({ "title": "Once", "instructions": "Only." });
    let keyed = || asking.place.owner().header("idempotency-key", "k1");
    let first = keyed().post(&path, &body);
    let again = keyed().post(&path, &body);
    assert_eq!((first.status, again.status, &again.body["id"]), (201, 201, &first.body["id"]));
    let other = keyed().post(&path, &json!({ "title": "Other", "instructions": "Only." }));
    assert_eq!(other.status, 422, "{}", other.body);
    for more in [json!({ "deadline": "2099-01-01T00:00:00.000Z" }), json!({ "taskIds": ["tsk_1"] })] {
        let mut other = body.clone();
        other.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let refused = keyed().post(&path, &other);
        assert_eq!((refused.status, &refused.body["code"]), (422, &json!("INVALID")), "{}", refused.body);
    }
    assert_eq!(asking.place.owner().get(&path).body["items"].as_array().unwrap().len(), 1);
}

#[test]
fn agents_say_what_they_are_at_and_write_into_the_feed() {
    let asking = Asking::start();
    let said = json!({ "status": "paused", "metadata": { "until": "noon" } });
    assert_eq!(asking.tool("agent_updateStatus", said).unwrap()["status"], "paused");
    let shown = asking.place.owner().get(&format!("/api/parallax-agents/{}", asking.agent)).body;
    assert_eq!(shown["ownStatus"]["metadata"]["until"], "noon", "{shown}");
    assert_eq!(asking.tool("agent_updateStatus", json!({ "status": "asleep" })).unwrap_err()["code"], -32602);
    let word = json!({ "action": "read", "resource_id": "pg_1", "details": "twice\u{1b}[2J" });
    assert_eq!(asking.tool("agent_logActivity", word).unwrap()["detail"], "read · pg_1: twice [2J");
    assert!(asking.place.activity_of(&asking.agent).contains(&"agent_logged".to_owned()));
    let tested = asking.tool("agent_runtime_test", json!({})).unwrap();
    assert_eq!(tested["connected"], true, "{tested}");
    let elsewhere = json!({ "endpoint": "http://127.0.0.1:1" });
    assert_eq!(asking.tool("agent_runtime_test", elsewhere).unwrap_err()["code"], -32002);
}
