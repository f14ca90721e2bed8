//! Where something happened, as a page of the web UI.
//!
//! Owns these paths, which the web's router serves. Must not know the server's address.

use super::topics::Topic;

/// Its own page, where it has one; otherwise that of an agent, or that of what waits for decisions.
pub fn of(own: Option<&str>, topic: &str, agent: Option<&str>) -> String {
    own.map_or_else(|| path(topic, agent), ToOwned::to_owned)
}

fn path(topic: &str, agent: Option<&str>) -> String {
    match (Topic::from_str_opt(topic), agent) {
        (Some(Topic::Approval), _) => "/approvals".to_owned(),
        (_, Some(agent)) => format!("/agents/{agent}"),
        (_, None) => "/activity".to_owned(),
    }
}
