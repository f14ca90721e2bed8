//! The event stream: order, replay, heartbeats, gaps.

use futures_util::StreamExt as _;
use raven_protocol::event::{EventFrame, RuntimeEvent};
use serde_json::json;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::Message;

use crate::daemon::{DEADLINE, Daemon};
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
