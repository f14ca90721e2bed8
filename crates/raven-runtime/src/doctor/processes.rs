//! Processes as `/proc` shows them: which are hosts, which carry an agent's id, which are ours to judge.
//!
//! Owns telling them apart, and handles that no later process with the same number can take over. Must
//! not know folders' content or what is an orphan.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use raven_protocol::id::AgentId;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, geteuid, pidfd_open, pidfd_send_signal};
use tokio::time::Instant;

use crate::environment::AGENT_ID;

/// Beginning of our program's name; a copy that was set aside by an upgrade may go on after it.
const PROGRAM: &[u8] = b"raven-runtime";

/// What the kernel puts after the path of a program whose file was replaced or removed.
const DELETED: &[u8] = b" (deleted)";

/// Most bytes of arguments or environment that are read: the kernel takes 6 MiB at most by default.
const MAX_READ: u64 = 8 * 1024 * 1024;

/// How often a process is looked at while its end is waited for.
const LOOK: Duration = Duration::from_millis(20);

/// A process, held by a handle: what is done to it is done to no other.
#[derive(Debug)]
pub struct Held {
    pid: Pid,
    handle: OwnedFd,
}

impl Held {
    fn open(pid: i32) -> Option<Self> {
        let pid = Pid::from_raw(pid)?;
        Some(Self { pid, handle: pidfd_open(pid, PidfdFlags::empty()).ok()? })
    }

    /// Its number.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Its number, for a report.
    pub fn number(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Whether it has ended, collected by its parent or not.
    pub fn has_ended(&self) -> bool {
        let mut handles = [PollFd::new(&self.handle, PollFlags::IN)];
        matches!(poll(&mut handles, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })), Ok(ready) if ready > 0)
    }

    /// Waits for its end; whether it came in time.
    pub async fn ends_within(&self, limit: Duration) -> bool {
        let begin = Instant::now();
        while !self.has_ended() {
            if begin.elapsed() >= limit {
                return false;
            }
            tokio::time::sleep(LOOK).await;
        }
        true
    }

    /// Signals it, and wakes it when it was stopped.
    pub fn signal(&self, signal: Signal) {
        let _gone = pidfd_send_signal(&self.handle, signal);
        let _gone = pidfd_send_signal(&self.handle, Signal::CONT);
    }
}

/// A process that is a host by its arguments.
#[derive(Debug)]
pub struct HostProcess {
    /// The agent.
    pub agent: AgentId,
    /// The agent's folder.
    pub folder: PathBuf,
    /// Whether it runs our program: if not, nobody asked us about it, but its agent's processes have it.
    pub ours: bool,
    /// Whether it sees the same processes and files as we do: if not, its folder means nothing here.
    pub in_sight: bool,
    /// The process.
    pub held: Held,
}

/// A process in whose environment an agent's id stands.
#[derive(Debug)]
pub struct AgentProcess {
    /// The agent.
    pub agent: AgentId,
    /// The name of its program.
    pub name: String,
    /// The process.
    pub held: Held,
}

/// Processes of this user that have not ended.
fn of_this_user() -> Vec<i32> {
    let user = geteuid().as_raw();
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let numbers = entries.flatten().filter_map(|entry| {
        let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
        (entry.metadata().ok()?.uid() == user).then_some(pid)
    });
    numbers.collect()
}

/// Every host of this user. A host that is just starting its program is two processes with the same
/// arguments for a moment: the child of a host is not one.
pub fn hosts() -> Vec<HostProcess> {
    let found: Vec<_> = of_this_user().into_iter().filter_map(host).collect();
    let parents: Vec<_> = found.iter().map(|host| crate::host::tree::parent(host.held.pid)).collect();
    let of_a_host = |host: &HostProcess, parent: Option<Pid>| {
        found.iter().any(|other| Some(other.held.pid) == parent && other.folder == host.folder)
    };
    let children: Vec<bool> =
        found.iter().zip(parents).map(|(host, parent)| of_a_host(host, parent)).collect();
    let alone = found.into_iter().zip(children).filter(|(_, child)| !child);
    alone.map(|(host, _)| host).collect()
}

fn host(pid: i32) -> Option<HostProcess> {
    let told = || host_arguments(&read(pid, "cmdline")?);
    told()?;
    let held = Held::open(pid)?;
    // Again, with the handle: the number may have been given to another process before it was open.
    let (agent, folder) = told()?;
    Some(HostProcess { agent, folder, ours: is_our_program(pid), in_sight: in_sight(pid), held })
}

/// Every process of this user that carries an agent's id and sees what we see.
pub fn agents() -> Vec<AgentProcess> {
    of_this_user().into_iter().filter_map(agent).collect()
}

fn agent(pid: i32) -> Option<AgentProcess> {
    let told = || agent_of(&read(pid, "environ")?).filter(|_| in_sight(pid));
    told()?;
    let held = Held::open(pid)?;
    let agent = told()?;
    let name = String::from_utf8_lossy(&read(pid, "comm")?).trim_end().to_owned();
    Some(AgentProcess { agent, name, held })
}

/// This process and those above it.
pub fn above_us() -> Vec<Pid> {
    let mut chain = vec![rustix::process::getpid()];
    while let Some(parent) = chain.last().and_then(|last| crate::host::tree::parent(*last)) {
        if chain.contains(&parent) {
            break;
        }
        chain.push(parent);
    }
    chain
}

fn read(pid: i32, file: &str) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    File::open(format!("/proc/{pid}/{file}")).ok()?.take(MAX_READ).read_to_end(&mut content).ok()?;
    Some(content)
}

/// Agent and folder from the arguments of a host.
fn host_arguments(cmdline: &[u8]) -> Option<(AgentId, PathBuf)> {
    let mut arguments = cmdline.strip_suffix(b"\0")?.split(|byte| *byte == 0);
    let (Some(_program), Some(b"host"), Some(folder), None) =
        (arguments.next(), arguments.next(), arguments.next(), arguments.next())
    else {
        return None;
    };
    let folder = Path::new(OsStr::from_bytes(folder));
    let agent = AgentId::parse(folder.file_name()?.to_str()?).ok()?;
    folder.is_absolute().then(|| (agent, folder.to_owned()))
}

/// The agent's id in an environment.
fn agent_of(environ: &[u8]) -> Option<AgentId> {
    let value = environ
        .split(|byte| *byte == 0)
        .find_map(|entry| entry.strip_prefix(AGENT_ID.as_bytes())?.strip_prefix(b"="))?;
    AgentId::parse(std::str::from_utf8(value).ok()?).ok()
}

/// Whether a process runs our program: this very file, or one of its name, replaced meanwhile or not.
fn is_our_program(pid: i32) -> bool {
    let exe = format!("/proc/{pid}/exe");
    let same_file = match (std::fs::metadata(&exe), std::fs::metadata("/proc/self/exe")) {
        (Ok(its), Ok(ours)) => (its.dev(), its.ino()) == (ours.dev(), ours.ino()),
        _ => false,
    };
    let name = |exe: &str| std::fs::read_link(exe).ok().map(|path| program_name(&path).to_owned());
    let (its, ours) = (name(&exe), name("/proc/self/exe"));
    same_file || its.is_some_and(|its| its.starts_with(PROGRAM) || Some(its) == ours)
}

/// The name of a program's file, replaced meanwhile or not.
fn program_name(exe: &Path) -> &[u8] {
    let path = exe.as_os_str().as_bytes();
    let path = path.strip_suffix(DELETED).unwrap_or(path);
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

/// Whether a process sees the same processes and files as we do: one in a container does not, and what
/// it says of a folder is of another one.
fn in_sight(pid: i32) -> bool {
    ["ns/pid", "ns/mnt", "root"].iter().all(|link| {
        let its = std::fs::read_link(format!("/proc/{pid}/{link}"));
        let ours = std::fs::read_link(format!("/proc/self/{link}"));
        matches!((its, ours), (Ok(its), Ok(ours)) if its == ours)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_known_by_its_whole_argv() {
        let told = host_arguments(b"/opt/raven-runtime\0host\0/d/agents/agt_1\0").unwrap();
        assert_eq!((told.0.as_str(), told.1.as_path()), ("agt_1", Path::new("/d/agents/agt_1")));
        for other in [
            &b""[..],
            b"raven-runtime\0host\0",
            b"raven-runtime\0host\0/d/agents/agt_1",
            b"raven-runtime\0host\0d/agents/agt_1\0",
            b"raven-runtime\0host\0/d/agents/a b\0",
            b"raven-runtime\0host\0/\0",
            b"raven-runtime\0host\0/d/agents/agt_1\0more\0",
            b"raven-runtime\0start\0/d/agents/agt_1\0",
            b"sh\0-c\0raven-runtime host /d/agents/agt_1\0",
        ] {
            assert_eq!(host_arguments(other), None, "{}", String::from_utf8_lossy(other));
        }
    }

    #[test]
    fn a_program_that_was_replaced_is_still_ours_and_another_never() {
        for (exe, ours) in [
            ("/usr/bin/raven-runtime", true),
            ("/usr/bin/raven-runtime (deleted)", true),
            ("/opt/v1/raven-runtime.old (deleted)", true),
            ("/usr/bin/raven", false),
            ("/raven-runtime/bin/sh", false),
            ("/raven-runtime/bin/sh (deleted)", false),
            ("/usr/bin/my-raven-runtime", false),
            ("", false),
        ] {
            assert_eq!(program_name(Path::new(exe)).starts_with(PROGRAM), ours, "{exe}");
        }
    }

    #[test]
    fn an_agents_id_is_read_whole_or_not_at_all() {
        for (environ, agent) in [
            (&b"A=1\0RAVEN_AGENT_ID=agt_1\0B=2\0"[..], Some("agt_1")),
            (b"RAVEN_AGENT_ID=agt_1", Some("agt_1")),
            (b"RAVEN_AGENT_ID=\0", None),
            (b"RAVEN_AGENT_ID=a b\0", None),
            (b"RAVEN_AGENT_ID=\xff\0", None),
            (b"RAVEN_AGENT_IDS=agt_1\0", None),
            (b"X=RAVEN_AGENT_ID=agt_1\0", None),
            (b"", None),
        ] {
            assert_eq!(agent_of(environ).as_ref().map(AgentId::as_str), agent);
        }
    }

    #[test]
    fn we_and_what_started_us_are_above_us() {
        let above = above_us();
        assert_eq!(above.first(), Some(&rustix::process::getpid()));
        assert_eq!(above.get(1).copied(), rustix::process::getppid());
        assert!(in_sight(rustix::process::getpid().as_raw_nonzero().get()));
    }
}
