//! Agents are watched by what they were spawned with: rules of the spawn itself, and kinds that are gone since.

use serde_json::{Value, json};

use crate::daemon::{Daemon, until};

/// Asks before each turn, in words of its own.
const ASKS: &str = r"stty -echo; printf 'you: '; while read -r line; do
    printf '\033[2J\033[HRun %s?\r\n [y] yes\r\n [n] no\r\n' $line; read -r answer; echo $answer >> answers
    printf '\033[2J\033[Hat work\r\n'; while [ ! -e go ]; do sleep 0.05; done; rm go; printf '\033[2J\033[Hyou: '; done";

fn rules() -> Value {
    json!([
        {"name": "question", "status": "waiting", "all": ["^Run .*\\?"], "prompt": {"kind": "permission",
            "question": "^Run .*\\?", "option": "^ *\\[(?<id>.)\\] (?<label>.*)$", "choose": "{id}\r"}},
        {"name": "work", "status": "busy", "all": ["^at work"]},
        {"name": "prompt", "status": "ready", "all": ["^you:"]},
    ])
}

/// One turn: a message, its question, the answer, the end.
async fn turn(daemon: &Daemon, id: &str) {
    daemon.status(id, "ready").await;
    let sent = daemon.post(&format!("/api/agents/{id}/send"), &json!({"message": "it"})).await;
    assert_eq!(sent.status(), 202);
    let asked = until("it asks", async || daemon.agent(id).await.doing.prompt).await;
    assert_eq!((asked.question.as_str(), asked.options.len()), ("Run it?", 2));
    let answer = json!({"promptId": asked.id, "choice": "y"});
    assert_eq!(daemon.post(&format!("/api/agents/{id}/answer"), &answer).await.status(), 200);
    daemon.status(id, "busy").await;
    std::fs::write(daemon.agent_folder(id).join("work/go"), "").unwrap();
    let ready = daemon.status(id, "ready").await;
    assert_eq!(ready.evidence.as_deref(), Some("its screen shows `prompt`"));
}

#[tokio::test]
async fn a_custom_agent_is_watched_by_the_rules_of_its_spawn_also_after_a_crash_and_a_restart() {
    let mut daemon = Daemon::start(&[]);
    let config = json!({"command": ["sh", "-c", ASKS], "rules": rules()});
    let id = daemon.spawn_with(json!({"agentType": "custom", "count": 1, "config": config})).await;
    turn(&daemon, &id).await;
    daemon.crash_and_restart();
    turn(&daemon, &id).await;
    let answer = daemon.begin_anew(&id).await;
    assert_eq!(answer.status(), 202);
    turn(&daemon, &id).await;
    let answers = std::fs::read_to_string(daemon.agent_folder(&id).join("work/answers")).unwrap();
    assert_eq!(answers, "y\ny\ny\n");
}

#[tokio::test]
async fn an_agent_whose_kind_is_gone_is_watched_and_driven_as_before() {
    let kind: toml::Table = serde_json::from_value(json!({"type": "asks", "title": "Asks",
        "program": {"command": ["sh", "-c", ASKS]}, "rules": rules()}))
    .unwrap();
    let mut daemon = Daemon::with_kind("asks", &toml::to_string(&kind).unwrap());
    let id = daemon.spawn_with(json!({"agentType": "asks", "count": 1})).await;
    turn(&daemon, &id).await;
    daemon.crash();
    std::fs::remove_file(daemon.folder.path().join("kinds/asks.toml")).unwrap();
    daemon.restart();
    turn(&daemon, &id).await;
    // It can be started anew, too, and others of its kind cannot.
    assert_eq!(daemon.begin_anew(&id).await.status(), 202);
    turn(&daemon, &id).await;
    let other = daemon.post("/api/spawn", &json!({"agentType": "asks", "count": 1})).await;
    assert_eq!(other.status(), 422);
}

#[tokio::test]
async fn an_agent_of_an_older_runtime_whose_kind_is_gone_is_watched_as_a_custom_one() {
    let kind = "type = 'gone'\ntitle = 'Gone'\n[program]\ncommand = ['cat']\n";
    let mut daemon = Daemon::with_kind("gone", kind);
    let id = daemon.spawn_with(json!({"agentType": "gone", "count": 1})).await;
    daemon.status(&id, "waiting").await;
    daemon.crash();
    std::fs::remove_file(daemon.folder.path().join("kinds/gone.toml")).unwrap();
    for kept in ["kind.toml", "spawn.json"] {
        std::fs::remove_file(daemon.agent_folder(&id).join(kept)).unwrap();
    }
    daemon.restart();
    let refused = daemon.begin_anew(&id).await;
    assert_eq!(refused.json::<Value>().await.unwrap()["code"], "NOT_RESTARTABLE");
    daemon.post(&format!("/api/agents/{id}/stop"), &json!({})).await;
    daemon.status(&id, "stopped").await;
}
