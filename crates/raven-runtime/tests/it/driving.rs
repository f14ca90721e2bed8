//! Messages to an agent that is at something: they wait, are typed in order, and can be taken back.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::daemon::{Daemon, until};

/// A kind that tells by its screen whether it works.
const TURNS: &str = r"
type = 'turns'
title = 'Turns'
[program]
command = ['sh', '-c']
[drive]
composer = '^>(.*)$'
[[rules]]
name = 'working'
status = 'busy'
all = ['^working$']
[[rules]]
name = 'prompt'
status = 'ready'
all = ['^>']
";

/// Takes lines; each is a turn that ends when `goN` is there. `AFTER` is what its prompt shows then.
const WORKS: &str = r"stty -echo; printf '> '; n=0; while read -r line; do n=$((n+1))
    printf '\033[2J\033[Hworking\r\n'; echo $line >> got; while [ ! -e go$n ]; do sleep 0.05; done
    printf '\033[2J\033[H> AFTER'; test -n 'AFTER' && sleep 2 && printf '\033[2J\033[H> '; done";

async fn working(after: &str) -> (Daemon, String) {
    let daemon = Daemon::with_kind("turns", TURNS);
    let script = WORKS.replace("AFTER", after);
    let id = daemon.spawn_with(json!({"agentType": "turns", "count": 1, "config": {"args": [script]}})).await;
    daemon.status(&id, "ready").await;
    (daemon, id)
}

async fn send(daemon: &Daemon, id: &str, text: &str, state: &str) -> String {
    let body = json!({"message": text, "queue": true});
    let sent = daemon.post(&format!("/api/agents/{id}/send"), &body).await;
    assert_eq!(sent.status(), StatusCode::ACCEPTED);
    let sent: Value = sent.json().await.unwrap();
    assert_eq!(sent["state"], state, "{text}");
    sent["messageId"].as_str().unwrap().to_owned()
}

async fn take_back(daemon: &Daemon, id: &str, message: &str) -> (u16, Value) {
    let path = format!("/api/agents/{id}/messages/{message}");
    let answer = daemon.request(Method::DELETE, &path).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn go(daemon: &Daemon, id: &str, turn: u32) {
    std::fs::write(daemon.agent_folder(id).join(format!("work/go{turn}")), "").unwrap();
}

async fn got(daemon: &Daemon, id: &str, wanted: &str) {
    let file = daemon.agent_folder(id).join("work/got");
    until(&format!("it got {wanted:?}"), async || {
        (std::fs::read_to_string(&file).unwrap_or_default() == wanted).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_message_that_waits_can_be_taken_back_and_one_that_was_typed_cannot() {
    let (mut daemon, id) = working("").await;
    let first = send(&daemon, &id, "one", "submitted").await;
    daemon.status(&id, "busy").await;
    let second = send(&daemon, &id, "two", "queued").await;
    let third = send(&daemon, &id, "three", "queued").await;
    let told = daemon.json(&format!("/api/agents/{id}")).await;
    assert_eq!((&told["queued"], &told["queuedMessages"]), (&json!(2), &json!([second, third])));

    let (status, agent) = take_back(&daemon, &id, &second).await;
    assert_eq!((status, &agent["queued"], &agent["queuedMessages"]), (200, &json!(1), &json!([third])));
    let refused = async |message: &str| {
        let (status, problem) = take_back(&daemon, &id, message).await;
        (status, problem["code"].as_str().unwrap().to_owned())
    };
    assert_eq!(refused(&second).await, (404, "MESSAGE_NOT_FOUND".to_owned()), "it is gone");
    assert_eq!(refused("msg_none").await.0, 404);
    assert_eq!(refused("not%20an%20id").await.0, 404);
    assert_eq!(refused(&first).await, (409, "MESSAGE_TYPED".to_owned()));
    let nobody = take_back(&daemon, "agt_none", &third).await;
    assert_eq!((nobody.0, &nobody.1["code"]), (404, &json!("AGENT_NOT_FOUND")));

    daemon.crash_and_restart();
    assert_eq!(take_back(&daemon, &id, &first).await.0, 409, "that is remembered");
    for late in [second.as_str(), "msg_none"] {
        let body = json!({"message": "late", "queue": true});
        let path = format!("/api/agents/{id}/send");
        let sent = daemon.request(Method::POST, &path).header("idempotency-key", late).json(&body);
        let refused: Value = sent.send().await.unwrap().json().await.unwrap();
        assert_eq!(refused["code"], "MESSAGE_TAKEN_BACK", "taken back before it came: {refused}");
    }
    go(&daemon, &id, 1);
    got(&daemon, &id, "one\nthree\n").await;
    assert_eq!(take_back(&daemon, &id, &third).await.0, 409);
    go(&daemon, &id, 2);
    let ready = daemon.status(&id, "ready").await;
    assert_eq!((ready.doing.queued, ready.doing.queued_messages), (0, Vec::new()));
    got(&daemon, &id, "one\nthree\n").await;
}

#[tokio::test]
async fn a_message_waits_on_while_somebody_types() {
    let (daemon, id) = working("half a wo").await;
    send(&daemon, &id, "one", "submitted").await;
    daemon.status(&id, "busy").await;
    send(&daemon, &id, "two", "queued").await;
    go(&daemon, &id, 1);
    got(&daemon, &id, "one\ntwo\n").await;
    go(&daemon, &id, 2);
}

#[tokio::test]
async fn a_message_that_is_sent_again_under_its_key_is_typed_once_also_after_a_crash() {
    let (mut daemon, id) = working("").await;
    let again = async |daemon: &Daemon, key: &str, text: &str| {
        let path = format!("/api/agents/{id}/send");
        let request = daemon.request(Method::POST, &path).header("Idempotency-Key", key);
        let sent = request.json(&json!({"message": text, "queue": true})).send().await.unwrap();
        (sent.status().as_u16(), sent.json::<Value>().await.unwrap())
    };
    let first = again(&daemon, "msg_a", "one").await;
    assert_eq!(first, (202, json!({"messageId": "msg_a", "state": "submitted"})));
    assert_eq!(again(&daemon, "msg_a", "one").await, first);
    daemon.status(&id, "busy").await;
    let waits = again(&daemon, "msg_b", "two").await;
    assert_eq!(waits.1["state"], "queued");
    daemon.crash_and_restart();
    assert_eq!(again(&daemon, "msg_a", "one").await, first);
    assert_eq!(again(&daemon, "msg_b", "two").await, waits);
    assert_eq!(again(&daemon, "no key", "three").await.0, 422);
    go(&daemon, &id, 1);
    got(&daemon, &id, "one\ntwo\n").await;
    assert_eq!(again(&daemon, "msg_b", "two").await.1["state"], "submitted");
    go(&daemon, &id, 2);
    daemon.status(&id, "ready").await;
    got(&daemon, &id, "one\ntwo\n").await;
}
