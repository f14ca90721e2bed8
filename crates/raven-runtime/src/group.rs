//! A program and everything that it starts, ended together.
//!
//! Owns the process group. Must not know which program it is or what it is for.

use std::io;
use std::process::{ExitStatus, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

/// Most bytes of each stream that are kept of an output.
const MAX_OUTPUT: u64 = 64 * 1024;

/// A running program in a process group of its own. When this is dropped before the program has ended,
/// the whole group is killed: what it started, and what that started. Only who left the group escapes.
pub struct Group(Child);

impl Group {
    /// Starts it without input; what it prints is to be taken.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(Self(command.kill_on_drop(true).spawn()?))
    }

    /// What it prints; once.
    pub fn stdout(&mut self) -> Option<ChildStdout> {
        self.0.stdout.take()
    }

    /// What it prints of errors; once.
    pub fn stderr(&mut self) -> Option<ChildStderr> {
        self.0.stderr.take()
    }

    /// Waits for the program itself.
    ///
    /// # Errors
    /// When the system does not tell.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.0.wait().await
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // It has a number until its end was collected; before that no other group can have the number.
        let number = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(group) = number {
            let _gone = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Runs a program to its end; what it prints is cut at a bound.
///
/// # Errors
/// When it cannot be started or read.
pub async fn output(command: &mut Command) -> io::Result<Output> {
    let mut group = Group::start(command)?;
    let (out, err) = (group.stdout(), group.stderr());
    let (stdout, stderr) = tokio::try_join!(all(out), all(err))?;
    Ok(Output { status: group.wait().await?, stdout, stderr })
}

async fn all(from: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        from.take(MAX_OUTPUT).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}
