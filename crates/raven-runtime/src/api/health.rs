//! `GET /api/health` and `GET /metrics`.
//!
//! Owns what is told of the daemon itself, and to whom. Must not know how agents are run.

use std::fmt::Write as _;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use raven_protocol::agent::AgentStatus;
use raven_protocol::runtime_api::Health;

use super::Api;
use crate::heartbeat::VERSION;

/// Details only for a caller who has shown the key.
pub async fn health(State(api): State<Api>, headers: HeaderMap) -> Json<Health> {
    let known = api.door.knows(&headers);
    Json(Health {
        status: "ok".to_owned(),
        version: VERSION.to_owned(),
        active_agents: known.then(|| u32::try_from(api.pulse.agents.active()).unwrap_or(u32::MAX)),
        uptime_seconds: known.then(|| api.pulse.started.elapsed().as_secs()),
        runtime_id: known.then(|| api.pulse.runtime_id.clone()),
        agent_types: known.then(|| api.pulse.agents.types()),
    })
}

/// Figures for Prometheus.
pub async fn metrics(State(api): State<Api>) -> impl IntoResponse {
    let agents = api.pulse.agents.all();
    let mut text = String::new();
    let mut figure = |name: &str, kind: &str, help: &str, values: &[(String, u64)]| {
        let _infallible = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in values {
            let _infallible = writeln!(text, "{name}{labels} {value}");
        }
    };
    let by_status = AgentStatus::ALL.map(|status| {
        let count = agents.iter().filter(|record| record.status() == status).count();
        (format!("{{status=\"{status}\"}}"), count as u64)
    });
    let bytes_out: u64 = agents.iter().map(|record| record.bytes_out()).sum();
    let plain = |value: u64| [(String::new(), value)];
    figure("raven_runtime_agents", "gauge", "Agents by status.", &by_status);
    figure(
        "raven_runtime_terminal_bytes",
        "gauge",
        "Bytes that the listed agents wrote to their terminals.",
        &plain(bytes_out),
    );
    let told: Vec<_> = agents.iter().map(|record| record.agent()).collect();
    let held = told.iter().filter(|agent| agent.held_since.is_some()).count();
    figure(
        "raven_runtime_agents_held",
        "gauge",
        "Agents that wait because as much of their output as is kept was not recorded yet.",
        &plain(held as u64),
    );
    figure(
        "raven_runtime_unrecorded_bytes",
        "gauge",
        "Bytes of terminal output that wait to be recorded by a control plane.",
        &plain(told.iter().filter_map(|agent| agent.unrecorded).sum()),
    );
    figure(
        "raven_runtime_outbox_waiting",
        "gauge",
        "Calls that wait to be delivered.",
        &plain(api.outbox.len() as u64),
    );
    figure(
        "raven_runtime_events_total",
        "counter",
        "Events since the first start.",
        &plain(api.events.head()),
    );
    figure(
        "raven_runtime_build_info",
        "gauge",
        "What is running.",
        &[(format!("{{version=\"{VERSION}\"}}"), 1)],
    );
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}
