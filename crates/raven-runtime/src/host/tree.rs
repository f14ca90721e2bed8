//! The processes that an agent started, and their end.
//!
//! Owns finding every descendant of this process and signalling it. Must not know terminals or clients.
//! The host is the reaper of its descendants, so that one that left its parent is still found here.

use std::cell::Cell;
use std::collections::HashMap;
use std::time::Duration;

use raven_protocol::terminal::Exit;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, getpid, kill_process_group, pidfd_open, pidfd_send_signal, wait,
};
use tokio::time::Instant;

/// How often the tree is looked at while it is being ended.
const LOOK: Duration = Duration::from_millis(15);

/// How long after the hang-up the processes are asked to terminate.
const HANG_UP: Duration = Duration::from_millis(400);

/// A process, told apart from a later one with the same number by its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Process {
    pid: i32,
    parent: i32,
    session: i32,
    start: u64,
}

/// How to end a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// Ask first: hang up, then terminate.
    pub ask: bool,
    /// When to kill what is left, counted from the beginning.
    pub kill_after: Duration,
}

impl Ending {
    /// This order over one that was given before: asked again, a tree is not given more time.
    pub fn sooner_than(self, before: Option<(Instant, Self)>) -> Self {
        let Some((begin, before)) = before else { return self };
        let left = before.kill_after.saturating_sub(begin.elapsed());
        Self { ask: self.ask && before.ask, kill_after: self.kill_after.min(left) }
    }
}

/// Collects ended children; knows how the one that matters ended, and whether any is left.
pub struct Reaper {
    main: Pid,
    exit: Cell<Option<Exit>>,
}

impl Reaper {
    /// `main` is the child whose exit is the agent's.
    pub fn new(main: Pid) -> Self {
        Self { main, exit: Cell::new(None) }
    }

    /// How the main child ended, once it has been collected.
    pub fn exit(&self) -> Option<Exit> {
        self.exit.get()
    }

    /// Collects what has ended. True when nothing is left: every live descendant has an ancestor among
    /// our children, so no child means no descendant.
    pub fn collect(&self) -> bool {
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == self.main => {
                    let exit = Exit { code: status.exit_status(), signal: status.terminating_signal() };
                    self.exit.set(Some(exit));
                }
                Ok(Some(_)) => {}
                Ok(None) => return false,
                Err(_no_child) => return true,
            }
        }
    }
}

/// Ends every descendant; returns when none lives. `groups` are hung up first.
pub async fn end(reaper: &Reaper, ending: Ending, groups: Vec<Pid>) {
    let begin = Instant::now();
    if ending.ask {
        for group in groups {
            let _gone = kill_process_group(group, Signal::HUP);
            let _gone = kill_process_group(group, Signal::CONT);
        }
    }
    let hang_up = HANG_UP.min(ending.kill_after / 2);
    let mut asked: Vec<Process> = Vec::new();
    loop {
        if reaper.collect() {
            return;
        }
        let alive = descendants();
        let waited = begin.elapsed();
        if !ending.ask || waited >= ending.kill_after {
            alive.iter().for_each(|process| signal(*process, Signal::KILL));
        } else if waited >= hang_up {
            for process in alive.into_iter().filter(|process| !asked.contains(process)).collect::<Vec<_>>() {
                signal(process, Signal::TERM);
                signal(process, Signal::CONT);
                asked.push(process);
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn signal(process: Process, signal: Signal) {
    let Some(pid) = Pid::from_raw(process.pid) else { return };
    let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    // The number may have been given to another process since; the handle cannot.
    if read_process(process.pid).is_some_and(|now| now.start == process.start) {
        let _gone = pidfd_send_signal(handle, signal);
    }
}

/// Kills what is left of a session whose leader and host are gone.
pub fn kill_session(leader: u32) {
    let all = processes();
    let left = all.values().filter(|process| u32::try_from(process.session) == Ok(leader));
    // A leader that lives is another process: ours died with its host.
    if i32::try_from(leader).is_ok_and(|leader| !all.contains_key(&leader)) {
        left.for_each(|process| signal(*process, Signal::KILL));
    }
}

/// The parent of a process.
pub fn parent(pid: Pid) -> Option<Pid> {
    Pid::from_raw(read_process(pid.as_raw_nonzero().get())?.parent)
}

fn processes() -> HashMap<i32, Process> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return HashMap::new() };
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    numbers.filter_map(|pid| Some((pid, read_process(pid)?))).collect()
}

/// Every live process whose chain of parents leads here.
fn descendants() -> Vec<Process> {
    let all = processes();
    let root = getpid().as_raw_nonzero().get();
    let leads_here = |process: &&Process| {
        let mut parent = process.parent;
        for _ in 0..all.len() {
            if parent == root {
                return true;
            }
            let Some(next) = all.get(&parent) else { return false };
            parent = next.parent;
        }
        false
    };
    all.values().filter(leads_here).copied().collect()
}

/// Reads a process that has not ended. A zombie has: it only waits to be collected.
fn read_process(pid: i32) -> Option<Process> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    parse_stat(pid, &stat)
}

/// The name is in parentheses and may hold anything, so fields are counted from the last one.
fn parse_stat(pid: i32, stat: &str) -> Option<Process> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let session = fields.nth(1)?.parse().ok()?;
    let threads: u32 = fields.nth(13)?.parse().ok()?;
    let start = fields.nth(1)?.parse().ok()?;
    // One whose first thread has ended is shown as a zombie too, while its other threads go on.
    let alive = threads > 1 || !matches!(state, "Z" | "X");
    alive.then_some(Process { pid, parent, session, start })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_line_is_read_whatever_its_name_is() {
        let line = |name: &str, state: &str| {
            format!("7 ({name}) {state} 5 7 8 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 10 20 30")
        };
        let expected = Some(Process { pid: 7, parent: 5, session: 8, start: 4711 });
        for name in ["sh", "a b", "x) S 1", "(((", "😀"] {
            assert_eq!(parse_stat(7, &line(name, "S")), expected, "{name}");
        }
        assert_eq!(parse_stat(7, &line("sh", "Z")), None);
        assert_eq!(parse_stat(7, "7 (sh"), None);
    }
}
