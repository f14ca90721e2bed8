//! One started program: its process group, what it says, its end.
//!
//! Owns pipes, signals and the last lines. Must not know which program it is.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// Lines kept to be shown when the program ends by itself.
const LAST_LINES: usize = 20;

/// Longest line that is relayed whole, in bytes; a program that forgets its newlines must not fill memory.
const LINE_LIMIT: u64 = 16 * 1024;

/// What is heard from outside the main loop.
pub enum Fact {
    /// A program wrote a line.
    Said {
        /// Which one.
        program: &'static str,
        /// The line, without its end.
        line: String,
    },
    /// A program ended.
    Ended {
        /// Which one.
        program: &'static str,
        /// How, in words.
        status: String,
    },
    /// A signal asked us to stop.
    StopAsked,
}

/// A program in a process group of its own, so that a terminal's Ctrl-C reaches only us.
pub struct Running {
    /// Its name.
    pub name: &'static str,
    /// How long it may take to end when asked.
    pub stop_limit: Duration,
    /// Whether it has said that it listens.
    pub listening: bool,
    /// Whether it has ended; its process id means nothing from then on.
    pub ended: bool,
    process: Pid,
    last: VecDeque<String>,
}

impl Running {
    /// Starts a program; what it says and its end are told as facts.
    pub fn start(
        name: &'static str,
        limit: Duration,
        mut command: Command,
        tell: &SyncSender<Fact>,
    ) -> Result<Self> {
        // Behind our prefix nobody knows whether it is a terminal that reads.
        command.env("NO_COLOR", "1");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        let process = Pid::from_child(&child);
        if let Some(out) = child.stdout.take() {
            relay(name, out, tell.clone());
        }
        if let Some(err) = child.stderr.take() {
            relay(name, err, tell.clone());
        }
        wait(name, child, tell.clone());
        Ok(Self { name, stop_limit: limit, listening: false, ended: false, process, last: VecDeque::new() })
    }

    /// Takes in a line that it wrote.
    pub fn said(&mut self, line: String) {
        self.listening |= line.contains(" listening on http://");
        if self.last.len() == LAST_LINES {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    /// Its last lines, indented.
    pub fn last_lines(&self) -> String {
        let lines: Vec<_> = self.last.iter().map(|line| format!("  {line}")).collect();
        lines.join("\n")
    }

    /// Asks it to end.
    pub fn ask_to_stop(&self) {
        self.report(kill_process(self.process, Signal::TERM));
    }

    /// Ends it and everything in its process group.
    pub fn kill(&self) {
        self.report(kill_process_group(self.process, Signal::KILL));
    }

    /// A process that is gone already is what was wanted.
    fn report(&self, signalled: rustix::io::Result<()>) {
        if let Err(error) = signalled
            && error != rustix::io::Errno::SRCH
        {
            eprintln!("cannot signal {}: {error}", self.name);
        }
    }
}

/// Tells lines until the pipe closes or nobody listens; an endless line is told in pieces.
fn relay(program: &'static str, pipe: impl Read + Send + 'static, tell: SyncSender<Fact>) {
    thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut bytes = Vec::new();
        while pipe.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
            let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
            bytes.clear();
            if tell.send(Fact::Said { program, line }).is_err() {
                return;
            }
        }
    });
}

fn wait(program: &'static str, mut child: Child, tell: SyncSender<Fact>) {
    thread::spawn(move || {
        let status = child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        tell.send(Fact::Ended { program, status })
    });
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, sync_channel};

    use super::*;

    /// Longest wait for a fact before a test fails.
    const DEADLINE: Duration = Duration::from_secs(10);

    fn shell(script: &str) -> (Running, Receiver<Fact>) {
        let (tell, facts) = sync_channel(4);
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        (Running::start("sh", DEADLINE, command, &tell).unwrap(), facts)
    }

    fn until_end(running: &mut Running, facts: &Receiver<Fact>) -> String {
        let mut status = None;
        loop {
            match facts.recv_timeout(DEADLINE) {
                Ok(Fact::Said { line, .. }) => running.said(line),
                Ok(Fact::Ended { status: how, .. }) => status = Some(how),
                Ok(Fact::StopAsked) => unreachable!("nobody asks"),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return status.unwrap(),
                Err(late) => panic!("{late}"),
            }
        }
    }

    #[test]
    fn what_a_program_says_and_its_end_are_told_and_the_last_lines_kept() {
        let script = "echo 'x listening on http://127.0.0.1:1'; seq 100 >&2; exit 3";
        let (mut running, facts) = shell(script);
        let status = until_end(&mut running, &facts);
        assert!(status.contains('3'), "{status}");
        assert!(running.listening);
        assert!(running.last_lines().contains("  100"), "{}", running.last_lines());
        assert!(running.last_lines().lines().count() <= LAST_LINES);
    }

    #[test]
    fn a_program_that_ignores_the_request_is_killed_with_its_group() {
        let (mut running, facts) = shell("trap '' TERM; echo deaf; sleep 1000 & wait");
        match facts.recv_timeout(DEADLINE).unwrap() {
            Fact::Said { line, .. } => assert_eq!(line, "deaf"),
            _ => panic!("the first fact is its line"),
        }
        running.ask_to_stop();
        running.kill();
        let status = until_end(&mut running, &facts);
        assert!(status.contains("signal: 9"), "{status}");
    }

    #[test]
    fn an_endless_line_is_told_in_pieces() {
        let (mut running, facts) = shell("head -c 40000 /dev/zero | tr '\\0' x");
        until_end(&mut running, &facts);
        assert_eq!(running.last.iter().map(String::len).max(), Some(LINE_LIMIT as usize));
        assert_eq!(running.last.iter().map(String::len).sum::<usize>(), 40000);
    }
}
