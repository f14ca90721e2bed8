//! Revocation: key, permissions, links, viewers and process end at once, whatever is down meanwhile.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::driving::mcp;
use crate::programs::{is_alive, wait_for};
use crate::surroundings::Place;

/// An agent that tells its own key, and what there is of it.
struct Working {
    id: String,
    pid: u32,
    key: String,
    session: String,
    link: Value,
}

fn working(place: &Place) -> Working {
    let id = place.spawn(&["bash", "-c", "stty raw -echo; printf ready; exec cat"]);
    let agent = place.agent_that_is(&id, "ready");
    let pid = u32::try_from(agent["pid"].as_u64().unwrap()).unwrap();
    let key = place.known_key(&id);
    assert_eq!(mcp(place, &key, "tools/list", json!({})).status, 200);
    let session = place.owner().get(&format!("/api/terminal/agents/{id}/session")).body["id"].clone();
    let session = session.as_str().unwrap().to_owned();
    let link = place.owner().post(&format!("/api/terminal/sessions/{session}/links"), &json!({})).body;
    Working { id, pid, key, session, link: link["token"].clone() }
}

fn watch(place: &Place, agent: &Working) -> (Browser, Browser) {
    let mut viewer = place.browser("/terminal");
    viewer.emit("attach", &json!({ "agentId": agent.id }));
    viewer.next("attached");
    viewer.see("ready");
    let mut guest =
        Browser::connect_with(&place.base(), "/terminal", "", Some(json!({ "link": agent.link }))).unwrap();
    guest.emit("attach", &json!({}));
    guest.next("attached");
    (viewer, guest)
}

fn revoke(place: &Place, agent: &Working) -> Value {
    let path = format!("/api/parallax-agents/{}/revoke", agent.id);
    let revoked = place.owner().post(&path, &json!({ "reason": "it lies" }));
    assert_eq!(revoked.status, 200, "{}", revoked.body);
    revoked.body
}

/// What must hold at once, whether the runtime is there or not.
fn has_no_right(place: &Place, agent: &Working) {
    assert_eq!(mcp(place, &agent.key, "tools/list", json!({})).status, 401);
    let shown = place.owner().get(&format!("/api/parallax-agents/{}", agent.id)).body;
    assert_eq!((&shown["access"], &shown["permissions"]), (&json!("revoked"), &json!([])));
    assert_eq!(shown["decision"]["reason"], "it lies");
    let link = Browser::connect_with(&place.base(), "/terminal", "", Some(json!({ "link": agent.link })));
    assert_eq!(link.err().as_deref(), Some("LINK_ENDED"));
    let mut late = place.browser("/terminal");
    late.emit("attach", &json!({ "sessionId": agent.session }));
    assert_eq!(late.next("error").args[0]["code"], "SESSION_TERMINATED");
    for (how, body) in
        [("restart", json!({})), ("send", json!({ "message": "hi" })), ("interrupt", json!({}))]
    {
        let refused = place.owner().post(&format!("/api/parallax-agents/{}/{how}", agent.id), &body);
        assert_eq!((refused.status, &refused.body["code"]), (409, &json!("ACCESS_REVOKED")), "{how}");
    }
}

fn is_gone(place: &Place, agent: &Working) {
    wait_for("the end of the process", || (!is_alive(agent.pid)).then_some(()));
    wait_for("the end of the agent", || {
        let shown = place.owner().get(&format!("/api/parallax-agents/{}", agent.id)).body;
        ["stopped", "error"].contains(&shown["status"].as_str().unwrap()).then_some(())
    });
}

#[test]
fn everything_of_a_running_agent_ends_with_its_access() {
    let place = Place::with_runtime();
    let agent = working(&place);
    let other = working(&place);
    let (mut viewer, mut guest) = watch(&place, &agent);
    let (mut stays, _) = watch(&place, &other);
    let mut events = place.browser("/");
    revoke(&place, &agent);
    let told = events.next("agent:access_revoked").args[0].clone();
    assert_eq!((&told["agent"]["id"], &told["reason"]), (&json!(agent.id), &json!("it lies")));
    viewer.next("detached");
    guest.next("detached");
    has_no_right(&place, &agent);
    is_gone(&place, &agent);
    assert_eq!(revoke(&place, &agent)["access"], "revoked", "a second time changes nothing");
    let kinds = place.activity_of(&agent.id);
    assert_eq!(kinds.iter().filter(|kind| *kind == "access_revoked").count(), 1, "{kinds:?}");
    // The recording is whole, and nobody else is touched.
    place.recorded(&agent.id);
    assert_eq!(stays.ask("input", &json!("still here")), json!({ "ok": true, "error": null }));
    stays.see("still here");
    assert_eq!(mcp(&place, &other.key, "tools/list", json!({})).status, 200);
}

#[test]
fn a_revocation_stands_while_the_runtime_is_down_and_kills_when_it_is_back() {
    let mut place = Place::with_runtime();
    let agent = working(&place);
    let (mut viewer, _) = watch(&place, &agent);
    place.runtime.take().unwrap().crash();
    revoke(&place, &agent);
    viewer.next("detached");
    has_no_right(&place, &agent);
    assert!(is_alive(agent.pid), "nobody could end it yet");
    // The control plane dies too, and still knows what is to be ended.
    place.docs.take().unwrap().crash();
    place.start_runtime();
    place.start_docs();
    is_gone(&place, &agent);
    has_no_right(&place, &agent);
}

#[test]
fn an_agent_is_ended_that_is_revoked_before_its_runtime_tells_of_it() {
    let place = Place::without_runtime();
    let foreign = crate::foreign::Foreign::start();
    let settings = json!({ "runtimeEndpoint": foreign.address, "runtimeApiKey": crate::surroundings::KEY });
    assert_eq!(place.owner().patch("/api/workspace/agent-settings", &settings).status, 200);
    let agent = place.spawn(&["cat"]);
    assert_eq!(foreign.asked("/api/spawn")["count"], 1);
    let stop = format!("/api/agents/theirs-{agent}/stop");
    let stopping = crate::foreign::report(&format!("theirs-{agent}"), "stopping", json!({}));
    foreign.answers(&stop, 200, stopping);
    let path = format!("/api/parallax-agents/{agent}");
    assert_eq!(place.owner().post(&format!("{path}/revoke"), &json!({})).status, 200);
    assert_eq!(foreign.asked(&stop)["force"], true);
    assert_eq!(foreign.asked(&stop)["force"], true, "until it has ended, it is told again");
    assert_eq!(place.owner().get(&path).body["status"], "stopping");
}

#[test]
fn an_agent_that_was_revoked_spawns_nobody() {
    let place = Place::with_runtime();
    let agent = working(&place);
    crate::access::let_agents_spawn(&place);
    let permissions = json!({ "permissions": ["delegate:agents"] });
    let path = format!("/api/parallax-agents/{}/permissions", agent.id);
    assert_eq!(place.owner().post(&path, &permissions).status, 200);
    let spawn = || {
        let body = json!({ "agentType": "custom", "permissions": [], "config": { "command": ["cat"] } });
        place.person(&agent.key).post("/api/parallax-agents/spawn", &body).status
    };
    assert_eq!(spawn(), 201);
    revoke(&place, &agent);
    assert_eq!(spawn(), 401);
}
