//! What runs for this user on this machine, and what of it is an orphan: something that nobody will end.
//!
//! Owns the report and the rules behind it, as data. Must not know `/proc`, sockets, nor how it is shown.

pub mod clean;
pub mod look;
mod processes;

use std::path::PathBuf;

use raven_protocol::agent::AgentStatus;
use raven_protocol::id::AgentId;
use raven_protocol::kind::AgentTypeStatus;
use raven_protocol::time::Timestamp;
use serde::Serialize;

/// How long a host may stay after its program's end, in milliseconds: it gives its clients ten seconds to
/// take the rest, and a busy machine some more.
const LEAVING_MS: i64 = 30_000;

/// Everything that was found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The data folder that was asked about.
    pub folder: Folder,
    /// Hosts of this user, whatever data folder they belong to.
    pub hosts: Vec<Host>,
    /// Processes that agents started and that outlived their hosts.
    pub leftovers: Vec<Leftover>,
    /// What was ended, when that was asked for; it is not among the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
}

/// A data folder.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Folder {
    /// Its path.
    pub path: PathBuf,
    /// The daemon that runs on it.
    pub daemon: Option<Daemon>,
    /// The version that this daemon tells; `None` when it does not answer.
    pub version: Option<String>,
    /// Bytes that can still be written to its disk.
    pub disk_free: Option<u64>,
    /// Kinds of agents and whether they are installed.
    pub agent_types: Vec<AgentTypeStatus>,
    /// Why these cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
}

/// A running daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Daemon {
    /// Its process.
    pub pid: u32,
    /// Address of its API.
    pub endpoint: String,
}

/// One agent's host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Host {
    /// The agent.
    pub agent_id: AgentId,
    /// The host's process.
    pub pid: u32,
    /// The agent's folder.
    pub folder: PathBuf,
    /// What is to be thought of it.
    #[serde(flatten)]
    pub state: State,
    /// Bytes of output that wait to be recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unrecorded: Option<u64>,
    /// Since when the agent waits for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_since: Option<Timestamp>,
}

/// A process that outlived its host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Leftover {
    /// The agent that started it.
    pub agent_id: AgentId,
    /// The process.
    pub pid: u32,
    /// The name of its program; the arguments may hold secrets.
    pub name: String,
}

/// What was ended.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// Hosts, with their agents.
    pub hosts: Vec<Host>,
    /// Processes that had outlived their hosts.
    pub leftovers: Vec<Leftover>,
}

/// What is to be thought of a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum State {
    /// A daemon runs on its data folder.
    Followed {
        /// That daemon.
        daemon: Daemon,
    },
    /// No daemon runs on its data folder; the next one takes it up.
    Waiting,
    /// Its program has just ended, and it hands out the rest.
    Ending,
    /// Nobody will take it up.
    Orphan {
        /// Why.
        reason: Reason,
    },
}

/// Why a host is an orphan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// The agent's folder is not there any more.
    FolderGone,
    /// The folder is nobody's record.
    RecordGone,
    /// The record says that the agent has ended.
    RecordEnded,
    /// It does not answer on its socket.
    Silent,
}

/// What an agent's folder says of the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// There is none.
    Missing,
    /// Its status.
    Status(AgentStatus),
    /// It cannot be read, which says nothing.
    Unreadable,
}

/// What was found out of a host.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Whether its folder is there.
    pub folder: bool,
    /// The agent's record.
    pub record: Record,
    /// When its program ended, if the host has told so.
    pub ended_at: Option<Timestamp>,
    /// Whether it answers on its socket.
    pub answers: bool,
    /// The daemon on its data folder.
    pub daemon: Option<Daemon>,
}

/// What is to be thought of a host. Only what is certain makes it an orphan.
pub fn judge(facts: &Facts, now: Timestamp) -> State {
    let orphan = |reason| State::Orphan { reason };
    let fresh = |at: Timestamp| (now.as_millis() - at.as_millis()).abs() < LEAVING_MS;
    match (facts.record, facts.ended_at) {
        _ if !facts.folder => orphan(Reason::FolderGone),
        (_, Some(at)) if fresh(at) => State::Ending,
        (Record::Missing, _) => orphan(Reason::RecordGone),
        (Record::Status(status), _) if status.is_final() => orphan(Reason::RecordEnded),
        _ if !facts.answers => orphan(Reason::Silent),
        _ => match &facts.daemon {
            Some(daemon) => State::Followed { daemon: daemon.clone() },
            None => State::Waiting,
        },
    }
}

impl Host {
    /// Whether nobody will take it up.
    pub fn is_orphan(&self) -> bool {
        matches!(self.state, State::Orphan { .. })
    }
}

impl Report {
    /// How many things nobody will end.
    pub fn orphans(&self) -> usize {
        self.hosts.iter().filter(|host| host.is_orphan()).count() + self.leftovers.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_certain_makes_an_orphan() {
        let now = Timestamp::from_millis(1_000_000_000);
        let ago = |millis: i64| Some(Timestamp::from_millis(now.as_millis() - millis));
        let daemon = Daemon { pid: 7, endpoint: "http://127.0.0.1:1".to_owned() };
        let followed = State::Followed { daemon: daemon.clone() };
        let orphan = |reason| State::Orphan { reason };
        let (live, over) = (Record::Status(AgentStatus::Busy), Record::Status(AgentStatus::Error));
        let table = [
            // folder, record, ended, answers, with a daemon, and without
            (true, live, None, true, followed.clone(), State::Waiting),
            (true, Record::Unreadable, None, true, followed, State::Waiting),
            (true, live, None, false, orphan(Reason::Silent), orphan(Reason::Silent)),
            (true, Record::Unreadable, None, false, orphan(Reason::Silent), orphan(Reason::Silent)),
            (true, Record::Missing, None, true, orphan(Reason::RecordGone), orphan(Reason::RecordGone)),
            (true, over, None, true, orphan(Reason::RecordEnded), orphan(Reason::RecordEnded)),
            (true, over, ago(60_000), true, orphan(Reason::RecordEnded), orphan(Reason::RecordEnded)),
            (true, over, ago(5_000), true, State::Ending, State::Ending),
            (true, live, ago(5_000), false, State::Ending, State::Ending),
            (true, live, ago(60_000), false, orphan(Reason::Silent), orphan(Reason::Silent)),
            (false, Record::Missing, None, false, orphan(Reason::FolderGone), orphan(Reason::FolderGone)),
            (false, live, ago(0), true, orphan(Reason::FolderGone), orphan(Reason::FolderGone)),
        ];
        for (folder, record, ended_at, answers, with, without) in table {
            let facts = |daemon| Facts { folder, record, ended_at, answers, daemon };
            let told = format!("{folder} {record:?} {ended_at:?} {answers}");
            assert_eq!(judge(&facts(Some(daemon.clone())), now), with, "{told}");
            assert_eq!(judge(&facts(None), now), without, "{told}");
        }
    }
}
