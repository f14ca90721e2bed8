//! The event stream: order, replay, heartbeats, gaps.

use futures_util::StreamExt as _;
use raven_protocol::agent::AgentStatus;
use raven_protocol::doing::Prompt;
use raven_protocol::event::{EventFrame, RuntimeEvent};
use serde_json::json;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::Message;

use crate::daemon::{DEADLINE, Daemon, until};
use crate::terminal::{Socket, open};

async fn next(socket: &mut Socket) -> EventFrame {
    loop {
        match timeout(DEADLINE, socket.next()).await.expect("an event in time").expect("open").unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

fn name(event: &RuntimeEvent) -> String {
    json!(event)["event"].as_str().unwrap().to_owned()
}

async fn take(socket: &mut Socket, count: usize) -> Vec<EventFrame> {
    let mut frames = Vec::new();
    let limit = Instant::now() + DEADLINE;
    while frames.len() < count {
        let frame = timeout_at(limit, next(socket)).await.unwrap_or_else(|_| panic!("only {frames:?}"));
        if !matches!(frame.event, RuntimeEvent::RuntimeHeartbeat(_)) {
            frames.push(frame);
        }
    }
    frames
}

#[tokio::test]
async fn every_change_is_told_in_order_and_replayed_over_a_restart() {
    let mut daemon = Daemon::start(&[]);
    let mut live = open(&daemon, "/ws/events", &[]).await.unwrap();
    let first = next(&mut live).await;
    assert!(
        matches!(&first.event, RuntimeEvent::RuntimeHeartbeat(beat) if beat.active_agents == 0),
        "{first:?}"
    );
    let id = daemon.spawn(&["cat"]).await;
    daemon.status(&id, "ready").await;
    daemon.post(&format!("/api/agents/{id}/stop"), &json!({})).await;
    let told = take(&mut live, 4).await;
    let names: Vec<String> = told.iter().map(|frame| name(&frame.event)).collect();
    assert_eq!(names, ["agent_started", "agent_ready", "agent_status", "agent_stopped"]);
    assert_eq!(told.iter().map(|frame| frame.seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(told.iter().all(|frame| frame.event.agent().unwrap().id.as_str() == id));
    daemon.crash_and_restart();
    let mut again = open(&daemon, "/ws/events?since=1", &[]).await.unwrap();
    assert_eq!(take(&mut again, 3).await, told[1..]);
    let other = daemon.sh("exit 1").await;
    let failed = take(&mut again, 2).await;
    assert_eq!(failed.iter().map(|frame| frame.seq).collect::<Vec<_>>(), [5, 6]);
    assert_eq!(name(&failed[1].event), "agent_error");
    let mut filtered = open(&daemon, &format!("/ws/events?since=0&agentId={other}"), &[]).await.unwrap();
    assert_eq!(take(&mut filtered, 2).await, failed);
}

#[tokio::test]
async fn a_place_that_is_not_kept_is_an_explicit_reset() {
    let daemon = Daemon::start(&[]);
    let id = daemon.sh("exit 1").await;
    daemon.status(&id, "error").await;
    let mut ahead = open(&daemon, "/ws/events?since=99", &[]).await.unwrap();
    let reset = next(&mut ahead).await;
    assert_eq!((reset.seq, name(&reset.event)), (2, "reset".to_owned()));
    let beat = next(&mut ahead).await;
    assert!(matches!(beat.event, RuntimeEvent::RuntimeHeartbeat(_)));
}

/// A kind whose program reports that it asks before it paints what.
const ASKING: &str = r"
type = 'asking'
title = 'Asking'
[program]
command = ['sh', '-c']
[[rules]]
name = 'permission'
status = 'waiting'
all = ['^Proceed\?']
prompt = { kind = 'permission', question = '^Run .*', option = '^ *(?<id>\d)\. (?<label>.*)$', choose = '{id}' }
[[rules]]
name = 'prompt'
status = 'ready'
all = ['^> *$']
";

/// Reports a question, paints it once `work/paint` is there, and works on when it is answered.
const ASKS: &str = r"stty -echo -icanon; printf '> '; while [ ! -e ask ]; do sleep 0.05; done
    printf '\033]7501;state=blocked:kind=permission\007'; while [ ! -e paint ]; do sleep 0.05; done
    printf '\033[2J\033[HRun touch x\r\nProceed?\r\n 1. Yes\r\n 2. No\r\n'; head -c 1
    printf '\033[2J\033[H\033]7501;state=working\007'; while :; do sleep 1; done";

async fn asking(paint_at: &str) -> (Daemon, Socket, String) {
    let daemon = Daemon::with_kind("asking", ASKING);
    let live = open(&daemon, "/ws/events", &[]).await.unwrap();
    let script = ASKS.replace("paint ]", &format!("{paint_at} ]"));
    let id =
        daemon.spawn_with(json!({"agentType": "asking", "count": 1, "config": {"args": [script]}})).await;
    daemon.status(&id, "ready").await;
    std::fs::write(daemon.agent_folder(&id).join("work/ask"), "").unwrap();
    daemon.status(&id, "waiting").await;
    (daemon, live, id)
}

/// The prompts of the events up to the one that says it is busy again.
async fn prompts(live: &mut Socket) -> Vec<Option<Prompt>> {
    let mut prompts = Vec::new();
    loop {
        let event = next(live).await.event;
        let busy = event.agent().is_some_and(|agent| agent.status == AgentStatus::Busy);
        match event {
            RuntimeEvent::AgentPrompt { prompt, .. } => prompts.push(prompt),
            _ if busy => return prompts,
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_question_that_is_reported_before_it_is_painted_is_one_event_with_its_options() {
    let (daemon, mut live, id) = asking("paint").await;
    assert_eq!(daemon.agent(&id).await.doing.prompt, None, "waiting is told at once, the question when read");
    std::fs::write(daemon.agent_folder(&id).join("work/paint"), "").unwrap();
    let prompt = until("the question is read", async || daemon.agent(&id).await.doing.prompt).await;
    let answer = json!({"promptId": prompt.id, "choice": "1"});
    assert_eq!(daemon.post(&format!("/api/agents/{id}/answer"), &answer).await.status(), 200);
    assert_eq!(prompts(&mut live).await, [Some(prompt.clone())]);
    assert_eq!((prompt.question.as_str(), prompt.options.len()), ("Run touch x", 2));
}

#[tokio::test]
async fn a_question_that_is_not_painted_in_time_is_told_and_its_options_follow_under_its_id() {
    let (daemon, mut live, id) = asking("late").await;
    let unread = until("it is told all the same", async || daemon.agent(&id).await.doing.prompt).await;
    assert_eq!(unread.options, []);
    std::fs::write(daemon.agent_folder(&id).join("work/late"), "").unwrap();
    let read = until("the question is read", async || {
        daemon.agent(&id).await.doing.prompt.filter(|prompt| !prompt.options.is_empty())
    })
    .await;
    assert_eq!(read.id, unread.id);
    let answer = json!({"promptId": read.id, "choice": "1"});
    assert_eq!(daemon.post(&format!("/api/agents/{id}/answer"), &answer).await.status(), 200);
    assert_eq!(prompts(&mut live).await, [Some(unread), Some(read)]);
}
