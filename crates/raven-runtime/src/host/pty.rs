//! The pseudo terminal and the program on it: opened, started, resized.
//!
//! Owns the only unsafe code of the crate. Must not know journals, clients or why it is started.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use raven_protocol::terminal::TerminalSize;
use rustix::fs::{Mode, OFlags, fcntl_setfl};
use rustix::process::Pid;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcgetpgrp, tcsetwinsize};
use tokio::io::unix::AsyncFd;

/// The program to start.
pub struct Program<'a> {
    /// Program and arguments, never empty.
    pub argv: &'a [String],
    /// Its whole environment.
    pub env: &'a BTreeMap<String, String>,
    /// Its working folder.
    pub cwd: &'a Path,
}

/// The side of a pseudo terminal that we keep; reads and writes never block.
pub struct Master {
    fd: OwnedFd,
}

impl Master {
    /// Sets the size; the program in the foreground hears of it.
    pub fn resize(&self, size: TerminalSize) -> io::Result<()> {
        let cells = Winsize { ws_row: size.rows, ws_col: size.cols, ws_xpixel: 0, ws_ypixel: 0 };
        Ok(tcsetwinsize(&self.fd, cells)?)
    }

    /// The process group that the terminal's signals go to.
    pub fn foreground(&self) -> Option<Pid> {
        tcgetpgrp(&self.fd).ok()
    }

    /// Has the event loop watch it.
    #[expect(unsafe_code, reason = "the descriptor must stay open while it is watched, which no type says")]
    pub fn watched(self) -> io::Result<AsyncFd<Self>> {
        // SAFETY: the descriptor is owned by `self`, which gives it to nobody and closes it when dropped.
        Ok(unsafe { AsyncFd::register(self) }?)
    }

    /// Reads what is there.
    pub fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(&self.fd, into)?)
    }

    /// Writes as much as fits.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(&self.fd, bytes)?)
    }
}

impl AsFd for Master {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl std::os::fd::AsRawFd for Master {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.fd.as_raw_fd()
    }
}

/// Opens a pseudo terminal and starts the program on it: in a session of its own, with the terminal
/// as its controlling one, default signals, no other file descriptor, and dying with this process.
pub fn start(program: &Program<'_>, size: TerminalSize) -> io::Result<(Master, Pid)> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = Master { fd: openpt(flags)? };
    grantpt(&master.fd)?;
    unlockpt(&master.fd)?;
    let name = ptsname(&master.fd, Vec::new())?;
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let slave = rustix::fs::open(OsStr::from_bytes(name.as_bytes()), flags, Mode::empty())?;
    master.resize(size)?;
    fcntl_setfl(&master.fd, OFlags::RDWR | OFlags::NONBLOCK)?;
    let child = command(program, slave)?.spawn()?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    // The handle is let go: every child of this process is reaped in one place, by its id.
    pid.map(|pid| (master, pid)).ok_or_else(|| io::Error::other("the kernel gave no process id"))
}

#[expect(unsafe_code, reason = "what must happen between fork and exec has no safe interface")]
fn command(program: &Program<'_>, slave: OwnedFd) -> io::Result<Command> {
    let (name, arguments) = program.argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let terminal = File::from(slave);
    let mut command = Command::new(name);
    command.args(arguments).env_clear().envs(program.env).current_dir(program.cwd);
    command.stdin(Stdio::from(terminal.try_clone()?));
    command.stdout(Stdio::from(terminal.try_clone()?));
    command.stderr(Stdio::from(terminal));
    // SAFETY: `become_agent` makes plain system calls only: it allocates nothing and takes no lock.
    unsafe { command.pre_exec(become_agent) };
    Ok(command)
}

/// Runs in the child between fork and exec, after its standard streams became the terminal.
#[expect(unsafe_code, reason = "sigaction and close_range have no safe interface here")]
fn become_agent() -> io::Result<()> {
    rustix::process::setsid()?;
    rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    for signal in 1..=64 {
        // SAFETY: setting a default disposition touches no memory of ours; SIGKILL and SIGSTOP refuse.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    // SAFETY: it marks descriptors to be closed by exec and closes none now. Errors are of old kernels,
    // where the close-on-exec flag that every descriptor of ours carries must do.
    unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    Ok(())
}
