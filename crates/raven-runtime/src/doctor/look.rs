//! Looks: finds hosts and leftovers, asks hosts how they fare, and reads what their folders say.
//!
//! Owns the order of looking, on which it depends that nothing healthy is taken for an orphan. Must not
//! know how anything is ended.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt as _;
use raven_protocol::id::AgentId;
use raven_protocol::terminal::TerminalSize;
use raven_protocol::time::Timestamp;
use tokio::time::{Instant, timeout};

use super::processes::{self, AgentProcess, Held, HostProcess};
use super::{Daemon, Facts, Host, Leftover, Record, judge};
use crate::agents::record;
use crate::data_dir;
use crate::host::wire::{Motion, Notice};
use crate::session::{Session, Watching};

/// How long a host is asked before it counts as silent: one that is starting, or a machine that is
/// overloaded, must not look like an orphan.
const ASK: Duration = Duration::from_secs(10);

/// How often a host that does not answer is asked.
const ASK_EVERY: Duration = Duration::from_millis(100);

/// Hosts that are asked at a time.
const AT_A_TIME: usize = 16;

/// Agents that are looked at: those named, or all.
#[derive(Debug, Default)]
pub struct Scope(pub BTreeSet<AgentId>);

impl Scope {
    fn holds(&self, agent: &AgentId) -> bool {
        self.0.is_empty() || self.0.contains(agent)
    }
}

/// A host and what is to be thought of it.
pub struct SeenHost {
    /// For the report.
    pub host: Host,
    /// Its process.
    pub held: Held,
}

/// Every host in the scope, by folder.
pub async fn hosts(scope: &Scope) -> Vec<SeenHost> {
    let mut found = processes::hosts();
    found.retain(|host| host.ours && host.in_sight && scope.holds(&host.agent));
    found.sort_by(|a, b| (&a.folder, a.held.number()).cmp(&(&b.folder, b.held.number())));
    let seen = futures_util::stream::iter(found).map(examine).buffered(AT_A_TIME);
    seen.filter_map(async |seen| seen).collect().await
}

/// Processes in the scope that outlived their host.
///
/// The processes are read before the hosts: a host that lived when its process was seen is still there
/// to be seen, or it has ended since, and then its processes have ended before it.
pub fn leftovers(scope: &Scope) -> Vec<(Leftover, Held)> {
    let carrying = processes::agents();
    let alive: BTreeSet<AgentId> = processes::hosts().into_iter().map(|host| host.agent).collect();
    // Who asks from a terminal that outlived its host wants an answer, not the end of the terminal.
    let above = processes::above_us();
    let left = carrying.into_iter().filter(|process| {
        let AgentProcess { agent, held, .. } = process;
        scope.holds(agent) && !alive.contains(agent) && !above.contains(&held.pid()) && !held.has_ended()
    });
    let told = left.map(|AgentProcess { agent, name, held }| {
        (Leftover { agent_id: agent, pid: held.number(), name }, held)
    });
    told.collect()
}

/// The daemon that runs on a data folder.
pub fn daemon(root: &Path) -> Option<Daemon> {
    let running = data_dir::followed_by(root)?;
    Some(Daemon { pid: running.pid, endpoint: running.endpoint })
}

/// What is to be thought of a host; `None` when it has ended meanwhile.
async fn examine(process: HostProcess) -> Option<SeenHost> {
    let HostProcess { agent, folder, held, .. } = process;
    let there = is_there(&folder);
    let answer = if there { ask(&folder, &held).await } else { Answer::Silent };
    let facts = Facts {
        folder: there,
        record: match record::status_in(&folder) {
            Ok(Some(status)) => Record::Status(status),
            Ok(None) => Record::Missing,
            Err(_) => Record::Unreadable,
        },
        ended_at: match answer {
            Answer::Ends(at) => Some(at),
            Answer::Lives(_) | Answer::Silent => {
                session(&folder).outcome().ok().flatten().map(|outcome| outcome.at)
            }
        },
        answers: !matches!(answer, Answer::Silent),
        daemon: root_of(&folder).and_then(daemon),
    };
    let motion = match answer {
        Answer::Lives(motion) => Some(motion),
        Answer::Ends(_) | Answer::Silent => None,
    };
    let host = Host {
        agent_id: agent,
        pid: held.number(),
        folder,
        state: judge(&facts, Timestamp::now()),
        unrecorded: motion.and_then(|motion| motion.unrecorded),
        held_since: motion.and_then(|motion| motion.held_since),
    };
    (!held.has_ended()).then_some(SeenHost { host, held })
}

/// The host of a folder; the size is of no use to who only asks.
pub fn session(folder: &Path) -> Session {
    Session::new(folder.to_owned(), TerminalSize::default())
}

/// The data folder of an agent's folder.
fn root_of(folder: &Path) -> Option<&Path> {
    let agents = folder.parent()?;
    agents.parent().filter(|_| agents.ends_with("agents"))
}

/// What cannot be looked at may be there.
fn is_there(folder: &Path) -> bool {
    match std::fs::metadata(folder) {
        Ok(found) => found.is_dir(),
        Err(why) => !matches!(why.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    }
}

/// What a host said.
#[derive(Clone, Copy)]
enum Answer {
    Lives(Motion),
    Ends(Timestamp),
    Silent,
}

async fn ask(folder: &Path, held: &Held) -> Answer {
    let begin = Instant::now();
    while begin.elapsed() < ASK && !held.has_ended() {
        let left = ASK.saturating_sub(begin.elapsed());
        if let Ok(Some(answer)) = timeout(left, ask_once(folder, held)).await {
            return answer;
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
    Answer::Silent
}

async fn ask_once(folder: &Path, held: &Held) -> Option<Answer> {
    let mut watching = connect(folder, held).await?;
    loop {
        match watching.next().await.ok()?? {
            Notice::Running { .. } | Notice::Look(_) | Notice::Signal(_) => {}
            Notice::Ended(outcome) => return Some(Answer::Ends(outcome.at)),
            Notice::Moving(motion) | Notice::Still(motion) | Notice::Held(motion) => {
                return Some(Answer::Lives(motion));
            }
        }
    }
}

/// A watching connection, when it is this very process that serves the folder.
pub async fn connect(folder: &Path, held: &Held) -> Option<Watching> {
    let watching = session(folder).watch(false, u64::MAX).await.ok()?;
    (watching.host() == Some(held.pid())).then_some(watching)
}
