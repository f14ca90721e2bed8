//! `raven-runtime doctor`: the report gathered, orphans ended when that is asked for, both worded.
//!
//! Owns words and the exit code. Must not know what makes an orphan.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::bail;
use raven_protocol::kind::AgentTypeStatus;

use super::query::{self, block_on, held, kind_line, print, size};
use super::{Doctor, Where};
use crate::agents::kinds::{Equipment, Kinds};
use crate::config::{Config, Options, data_dir, process_environment};
use crate::data_dir::{installed_in, keys_in, kinds_in, logins_in};
use crate::doctor::look::{self, Scope};
use crate::doctor::{Folder, Host, Leftover, Reason, Report, State, clean};
use crate::keys::Keys;

/// How long a daemon may take to tell how it fares; one that hangs must not hang us.
const ANSWER: Duration = Duration::from_secs(5);

pub fn run(asked: Doctor) -> anyhow::Result<()> {
    block_on(async {
        let scope = Scope(asked.agents.into_iter().collect());
        let root = data_dir(asked.data_dir, &process_environment())?;
        let ended = match asked.clean {
            true => Some(clean::clean(look::hosts(&scope).await, &scope).await),
            false => None,
        };
        let hosts = look::hosts(&scope).await.into_iter().map(|seen| seen.host).collect();
        let leftovers = look::leftovers(&scope).into_iter().map(|(leftover, _)| leftover).collect();
        let report = Report { folder: folder(root, asked.api_key_file).await, hosts, leftovers, ended };
        match asked.json {
            true => print(&serde_json::to_string_pretty(&report)?)?,
            false => print(&words(&report))?,
        }
        match (report.orphans(), asked.clean) {
            (0, _) => Ok(()),
            (left, true) => bail!("{left} could not be ended"),
            (found, false) => {
                bail!("{found} will not be ended by anybody: `raven-runtime doctor --clean` ends them")
            }
        }
    })
}

async fn folder(path: PathBuf, api_key_file: Option<PathBuf>) -> Folder {
    let daemon = look::daemon(&path);
    let endpoint = daemon.as_ref().map(|daemon| daemon.endpoint.clone());
    let health = async {
        let asked = Where { data_dir: None, endpoint: Some(endpoint?), api_key_file, json: true };
        query::Daemon::find(&asked).ok()?.health().await.ok()
    };
    let health = tokio::time::timeout(ANSWER, health).await.ok().flatten();
    let told = health.as_ref().and_then(|health| health.agent_types.clone());
    let (agent_types, unreadable) = match told {
        Some(told) => (told, None),
        None => match kinds(&path).await {
            Ok(kinds) => (kinds, None),
            Err(why) => (Vec::new(), Some(format!("{why:#}"))),
        },
    };
    let disk = rustix::fs::statvfs(&path).ok();
    Folder {
        daemon,
        version: health.map(|health| health.version),
        disk_free: disk.map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize)),
        agent_types,
        unreadable,
        path,
    }
}

/// The kinds as a daemon on this folder would tell them, and what their programs tell of their versions.
async fn kinds(root: &Path) -> anyhow::Result<Vec<AgentTypeStatus>> {
    let asked = Options { data_dir: Some(root.to_owned()), ..Options::default() };
    let config = Config::from_sources(asked, &process_environment())?;
    let keys = Keys::open(keys_in(root), config.provider_keys)?;
    let (installed, logins, env) = (installed_in(root), logins_in(root), config.environment);
    let here = Equipment { installed: &installed, env: &env, keys: &keys, logins: &logins };
    let mut told = Vec::new();
    for kind in Kinds::load(&kinds_in(root))?.all() {
        let mut status = kind.status(&here);
        if let Some(program) = kind.asks_version(&status) {
            kind.tell_version(kind.ask_version(&program, &env).await, &mut status);
        }
        told.push(status);
    }
    Ok(told)
}

/// The report for a person.
fn words(report: &Report) -> String {
    let mut lines = folder_lines(&report.folder);
    if let Some(ended) = &report.ended {
        lines.extend(ended.hosts.iter().map(|host| format!("ended: {}", host_line(host))));
        lines.extend(ended.leftovers.iter().map(|left| format!("ended: {}", leftover_line(left))));
    }
    match report.hosts.is_empty() {
        true => lines.push("no hosts".to_owned()),
        false => lines.push("hosts".to_owned()),
    }
    lines.extend(report.hosts.iter().map(|host| format!("  {}", host_line(host))));
    if !report.leftovers.is_empty() {
        lines.push("processes that outlived their hosts".to_owned());
    }
    lines.extend(report.leftovers.iter().map(|left| format!("  {}", leftover_line(left))));
    lines.join("\n")
}

fn folder_lines(folder: &Folder) -> Vec<String> {
    let daemon = match (&folder.daemon, &folder.version) {
        (Some(daemon), Some(version)) => {
            format!("daemon: {} · pid {} · raven-runtime {version}", daemon.endpoint, daemon.pid)
        }
        (Some(daemon), None) => format!("daemon: {} · pid {} · does not answer", daemon.endpoint, daemon.pid),
        (None, _) => "daemon: none; `raven-runtime start` starts one".to_owned(),
    };
    let mut lines = vec![format!("data folder: {}", folder.path.display()), daemon];
    lines.push(match folder.disk_free {
        Some(free) => format!("disk: {} left", size(free)),
        None => "disk: the folder is not there yet".to_owned(),
    });
    lines.push(match &folder.unreadable {
        Some(why) => format!("agent types: {why}"),
        None => "agent types".to_owned(),
    });
    lines.extend(folder.agent_types.iter().map(kind_line));
    lines
}

fn host_line(host: &Host) -> String {
    let folder = host.folder.display();
    let state = match &host.state {
        State::Followed { daemon } => {
            format!("followed  by the daemon at {} (pid {})", daemon.endpoint, daemon.pid)
        }
        State::Waiting => "waiting  no daemon runs on its data folder: start one to take it up".to_owned(),
        State::Ending => "ending  its program has just ended".to_owned(),
        State::Orphan { reason } => format!("orphan  {}", why(*reason)),
    };
    let journal = match (host.held_since, host.unrecorded) {
        (Some(_), unrecorded) => format!(" · {}", held(unrecorded.unwrap_or_default())),
        (None, Some(bytes)) if bytes > 0 => format!(" · {} not recorded yet", size(bytes)),
        (None, _) => String::new(),
    };
    format!("{} pid {} {state} · {folder}{journal}", host.agent_id, host.pid)
}

fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::FolderGone => "its folder is gone",
        Reason::RecordGone => "its agent's record is gone",
        Reason::RecordEnded => "its agent's record says that it ended",
        Reason::Silent => "it does not answer on its socket",
    }
}

fn leftover_line(left: &Leftover) -> String {
    format!("{} pid {} {}", left.agent_id, left.pid, left.name)
}

#[cfg(test)]
mod tests {
    use raven_protocol::id::AgentId;
    use raven_protocol::time::Timestamp;

    use super::*;
    use crate::doctor::{Daemon, Ended};

    fn host(state: State) -> Host {
        let agent_id = AgentId::parse("agt_1").unwrap();
        Host { agent_id, pid: 5, folder: "/d/agents/agt_1".into(), state, unrecorded: None, held_since: None }
    }

    #[test]
    fn every_state_is_said_in_one_line() {
        let daemon = Daemon { pid: 7, endpoint: "http://127.0.0.1:1".to_owned() };
        let orphan = |reason| State::Orphan { reason };
        for (state, told) in [
            (State::Followed { daemon }, "followed  by the daemon at http://127.0.0.1:1 (pid 7)"),
            (State::Waiting, "waiting  no daemon runs on its data folder: start one to take it up"),
            (State::Ending, "ending  its program has just ended"),
            (orphan(Reason::FolderGone), "orphan  its folder is gone"),
            (orphan(Reason::RecordGone), "orphan  its agent's record is gone"),
            (orphan(Reason::RecordEnded), "orphan  its agent's record says that it ended"),
            (orphan(Reason::Silent), "orphan  it does not answer on its socket"),
        ] {
            assert_eq!(host_line(&host(state)), format!("agt_1 pid 5 {told} · /d/agents/agt_1"));
        }
        let waits = Host {
            unrecorded: Some(64 << 20),
            held_since: Some(Timestamp::from_millis(0)),
            ..host(State::Waiting)
        };
        assert!(
            host_line(&waits).ends_with(" · waits: 64 MiB not recorded; is the control plane reachable?")
        );
        let behind = Host { held_since: None, unrecorded: Some(3072), ..waits };
        assert!(host_line(&behind).ends_with(" · 3 KiB not recorded yet"));
    }

    #[test]
    fn a_report_says_the_folder_then_what_was_ended_then_what_is_there() {
        let left = Leftover { agent_id: AgentId::parse("agt_2").unwrap(), pid: 6, name: "sleep".to_owned() };
        let report = Report {
            folder: Folder {
                path: "/d".into(),
                daemon: None,
                version: None,
                disk_free: Some(3 << 30),
                agent_types: Vec::new(),
                unreadable: None,
            },
            hosts: Vec::new(),
            leftovers: vec![left.clone()],
            ended: Some(Ended { hosts: Vec::new(), leftovers: vec![Leftover { pid: 9, ..left }] }),
        };
        assert_eq!(report.orphans(), 1);
        assert_eq!(
            words(&report).lines().collect::<Vec<_>>(),
            [
                "data folder: /d",
                "daemon: none; `raven-runtime start` starts one",
                "disk: 3 GiB left",
                "agent types",
                "ended: agt_2 pid 9 sleep",
                "no hosts",
                "processes that outlived their hosts",
                "  agt_2 pid 6 sleep",
            ]
        );
    }
}
