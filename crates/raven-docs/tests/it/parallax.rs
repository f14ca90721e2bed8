//! The hosting mode `parallax`: decisions are pushed to the control plane outside, which gives agents work.

use serde_json::{Value, json};

use crate::access::allow_requests;
use crate::operator::Operator;
use crate::programs::wait_for;
use crate::receiver::{Receiver, free_port};
use crate::surroundings::{KEY, Place};

const PLANE: &str = "plane-key-abcdefghij";
const SETTINGS: &str = "/api/workspace/agent-settings";

fn hosted(place: &Place, url: &str) {
    let settings = json!({ "hostingMode": "parallax", "controlPlaneUrl": url, "controlPlaneKey": PLANE });
    let set = place.owner().patch(SETTINGS, &settings);
    assert_eq!(set.status, 200, "{}", set.body);
}

/// An agent from outside that asks to be let in.
fn asks(place: &Place, workspace: &Value, id: &str) {
    let body = json!({ "workspaceId": workspace, "agentId": id, "agentName": "Pat" });
    let asked = Operator::anonymous(&place.base()).post("/api/parallax-agents/access-request", &body);
    assert_eq!(asked.status, 202, "{}", asked.body);
}

fn decide(place: &Place, id: &str, what: &str, body: Value) {
    let answer = place.owner().post(&format!("/api/parallax-agents/{id}/{what}"), &body);
    assert_eq!(answer.status, 200, "{}", answer.body);
}

fn later(place: &Place) {
    place.sql("UPDATE deliveries SET next_at = 1 WHERE state = 'pending'");
}

#[test]
fn decisions_are_pushed_with_the_key_and_nothing_that_is_secret() {
    let (place, receiver) = (Place::without_runtime(), Receiver::start());
    let workspace = json!(allow_requests(&place));
    hosted(&place, &receiver.url);
    let of = |id: &str, what: &str| {
        format!("/hook/api/agents/{id}/workspaces/{}/{what}", workspace.as_str().unwrap())
    };
    asks(&place, &workspace, "pat:1");
    asks(&place, &workspace, "pat-2");
    decide(&place, "pat:1", "approve", json!({ "grantedPermissions": ["read:pages"] }));
    let told = receiver.message();
    assert_eq!((told.path(), told.header("x-webhook-secret")), (of("pat%3A1", "approved").as_str(), PLANE));
    assert_eq!(told.header("idempotency-key"), told.body["id"]);
    assert_eq!(
        (&told.body["agent"]["id"], &told.body["permissions"], &told.body["decidedBy"]["name"]),
        (&json!("pat:1"), &json!(["read:pages"]), &json!("Olga"))
    );
    assert!(!told.body.to_string().contains("raven_mcp_"), "{}", told.body);
    decide(&place, "pat-2", "deny", json!({ "reason": "who?" }));
    let told = receiver.message();
    assert_eq!((told.path(), &told.body["reason"]), (of("pat-2", "denied").as_str(), &json!("who?")));
    decide(&place, "pat:1", "revoke", json!({}));
    assert_eq!(receiver.message().path(), of("pat%3A1", "revoked"));
    let local = place.owner().patch(SETTINGS, &json!({ "hostingMode": "local" }));
    assert_eq!(local.status, 200, "{}", local.body);
    asks(&place, &workspace, "pat-3");
    decide(&place, "pat-3", "approve", json!({ "grantedPermissions": [] }));
    assert_eq!(place.asked("SELECT count(*) FROM deliveries WHERE channel = 'control_plane'"), ["3"]);
}

#[test]
fn what_is_not_taken_is_pushed_until_it_is_in_order_and_over_a_crash() {
    let (mut place, port) = (Place::without_runtime(), free_port());
    let workspace = json!(allow_requests(&place));
    hosted(&place, &format!("http://127.0.0.1:{port}/"));
    asks(&place, &workspace, "pat");
    decide(&place, "pat", "approve", json!({ "grantedPermissions": [] }));
    let attempts = |place: &Place| place.asked("SELECT attempts FROM deliveries ORDER BY id");
    wait_for("an attempt", || (attempts(&place)[0] != "0").then_some(()));
    decide(&place, "pat", "revoke", json!({}));
    let times = place.asked("SELECT DISTINCT next_at > created_at FROM deliveries ORDER BY id");
    assert_eq!(times, ["1"], "the second waits for the first");
    place.docs.take().unwrap().crash();
    let receiver = Receiver::start_at(port);
    receiver.answers(302, "");
    later(&place);
    place.start_docs();
    let first = receiver.message();
    assert!(first.path().ends_with("/approved"), "{first:?}");
    wait_for("a refusal", || {
        (place.asked("SELECT code FROM deliveries ORDER BY id")[0] == "302").then_some(())
    });
    assert!(receiver.is_empty(), "nor is a redirect followed, nor the second sent before the first");
    receiver.answers(204, "");
    later(&place);
    let (again, second) = (receiver.message(), receiver.message());
    assert_eq!(again.header("idempotency-key"), first.header("idempotency-key"));
    assert!(again.path().ends_with("/approved") && second.path().ends_with("/revoked"), "{second:?}");
    wait_for("their end", || {
        let states = place.asked("SELECT DISTINCT state FROM deliveries");
        (states == ["delivered"]).then_some(())
    });
}

#[test]
fn the_control_plane_gives_work_and_tells_of_runtimes_and_does_nothing_else() {
    let place = Place::without_runtime();
    let foreign = crate::foreign::Foreign::start();
    let (agent, _) = crate::driving::spawn_at(&place, &foreign, json!({}));
    hosted(&place, "http://127.0.0.1:9");
    let plane = || place.person(PLANE);
    let work = json!({ "title": "Read", "instructions": "Read it." });
    let path = format!("/api/agents/{agent}/assignments");
    let given = plane().post(&path, &work);
    assert_eq!(given.status, 201, "{}", given.body);
    assert_eq!(given.body["assignedBy"]["kind"], "control_plane");
    let by_secret = Operator::anonymous(&place.base()).header("x-webhook-secret", PLANE);
    assert_eq!(by_secret.get(&path).body["items"].as_array().unwrap().len(), 1);
    let one = format!("/api/assignments/{}", given.body["id"].as_str().unwrap());
    let said = plane().post(&format!("{one}/report"), &json!({ "state": "working", "progress": 5 }));
    assert_eq!((said.status, &said.body["progress"]), (200, &json!(5)), "{}", said.body);
    assert_eq!(plane().post(&format!("{one}/cancel"), &json!({})).body["state"], "cancelled");
    let kinds = place.asked("SELECT DISTINCT actor_kind FROM audit_log WHERE action LIKE 'assignment.%'");
    assert_eq!(kinds, ["control_plane"]);

    let workspace = place.owner().get("/api/auth/me").body["workspaceId"].clone();
    let ready = json!({ "workspaceId": workspace, "agentId": agent, "status": "ready" });
    assert_eq!(plane().post("/api/parallax-agents/spawn-callback", &ready).status, 204);
    place.agent_that_is(&agent, "ready");
    let beat = json!({ "workspaceId": workspace, "runtimeId": "rt_p", "activeAgents": 1, "version": "1" });
    assert_eq!(plane().post("/api/parallax-agents/runtime/heartbeat", &beat).status, 204);

    for (method, path) in [
        ("GET", "/api/parallax-agents".to_owned()),
        ("GET", SETTINGS.to_owned()),
        ("POST", format!("/api/parallax-agents/{agent}/stop")),
        ("POST", format!("/api/parallax-agents/{agent}/revoke")),
        ("POST", "/api/parallax-agents/spawn".to_owned()),
        ("POST", "/mcp".to_owned()),
    ] {
        let status = plane().call(method, &path, (method == "POST").then(|| "{}".to_owned())).status;
        assert!(matches!(status, 401 | 403), "{method} {path}: {status}");
    }
    assert_eq!(place.owner().patch(SETTINGS, &json!({ "hostingMode": "custom" })).status, 200);
    assert_eq!(plane().get(&path).status, 401, "only the mode lets it in");
}

#[test]
fn the_control_planes_address_and_key_have_bounds() {
    let place = Place::without_runtime();
    let owner = place.owner();
    hosted(&place, "https://plane.example/base/");
    let shown = owner.get(SETTINGS).body;
    assert_eq!(shown["controlPlaneUrl"], "https://plane.example/base");
    assert_eq!(shown["controlPlaneKeyFingerprint"].as_str().unwrap().len(), 8);
    assert!(!shown.to_string().contains(PLANE) && !place.keeps(PLANE), "it is sealed");
    assert_eq!(owner.patch(SETTINGS, &json!({ "runtimeApiKey": KEY })).status, 200);
    for (field, bad) in [
        ("controlPlaneUrl", json!("http://169.254.169.254/")),
        ("controlPlaneUrl", json!("http://[fe80::1]/")),
        ("controlPlaneUrl", json!("ftp://plane.example")),
        ("controlPlaneUrl", json!("https://u:p@plane.example")),
        ("controlPlaneKey", json!("short")),
        ("controlPlaneKey", json!("has spaces in it, too")),
        ("controlPlaneKey", json!(KEY)),
        ("controlPlaneKey", json!("raven_mcp_0123456789abcdef")),
    ] {
        let refused = owner.patch(SETTINGS, &json!({ field: bad }));
        assert_eq!(refused.status, 422, "{field} {bad}");
        assert!(refused.body["detail"].as_str().unwrap().contains(field), "{}", refused.body);
    }
    let stranger = place.account("sam@example.com", "admin", &["--workspace", "Elsewhere"]);
    let taken = place.person(&stranger).patch(SETTINGS, &json!({ "controlPlaneKey": PLANE }));
    assert_eq!(taken.status, 422, "a key is for one workspace: {}", taken.body);
    let moved = owner.patch(SETTINGS, &json!({ "controlPlaneUrl": "https://other.example" }));
    assert_eq!(moved.body["controlPlaneKeyFingerprint"], Value::Null, "a key is not carried elsewhere");
}
