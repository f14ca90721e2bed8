//! The two programs, started as processes on free ports with folders of their own, and ended with the test.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{OnceLock, mpsc};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a program may take to start or to end.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The `raven-docs` under test.
pub const DOCS: &str = env!("CARGO_BIN_EXE_raven-docs");

/// The `raven-runtime` of the same build: the one that `cargo xtask test` names, else built here.
#[expect(clippy::disallowed_methods, reason = "a test is told by its environment which program to test")]
pub fn runtime_program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        if let Some(named) = std::env::var_os("RAVEN_RUNTIME_BIN") {
            return named.into();
        }
        let cargo = env!("CARGO");
        let built =
            Command::new(cargo).args(["build", "--quiet", "--package", "raven-runtime"]).status().unwrap();
        assert!(built.success(), "raven-runtime does not build");
        Path::new(DOCS).with_file_name("raven-runtime")
    })
}

/// A program that runs, and the address it listens on.
pub struct Program {
    child: Child,
    pub address: String,
    lines: mpsc::Receiver<String>,
}

impl Program {
    /// Starts a program and waits for its `… listening on …` line.
    pub fn start(command: &mut Command) -> Self {
        for variable in ["RAVEN_DOCS_LOG", "RAVEN_RUNTIME_LOG"] {
            if !command.get_envs().any(|(name, _)| name == variable) {
                command.env(variable, "warn");
            }
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (heard, lines) = mpsc::sync_channel(1000);
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if heard.send(line).is_err() {
                    break;
                }
            }
        });
        let mut program = Self { child, address: String::new(), lines };
        let line = program.line_with(" listening on ");
        program.address = line.split(" listening on ").nth(1).unwrap().trim().to_owned();
        program
    }

    /// The next line of standard output that contains a text.
    pub fn line_with(&self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if line.contains(text) => return line,
                Ok(_) => {}
                Err(error) => panic!("no line with {text:?}: {error}"),
            }
        }
    }

    pub fn port(&self) -> u16 {
        self.address.rsplit(':').next().unwrap().parse().unwrap()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Ends it at once, as a crash would.
    pub fn crash(mut self) {
        self.signal(Signal::KILL);
        self.child.wait().unwrap();
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(mut self) {
        self.signal(Signal::TERM);
        wait_for("a program's end", || self.child.try_wait().unwrap());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.signal(Signal::TERM);
            let deadline = Instant::now() + PATIENCE;
            while self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
                if Instant::now() > deadline {
                    let _ = self.child.kill();
                }
                std::thread::park_timeout(Duration::from_millis(10));
            }
        }
    }
}

/// Waits on a fact, under a deadline.
pub fn wait_for<T>(what: &str, mut fact: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = fact() {
            return found;
        }
        assert!(Instant::now() < deadline, "no {what} within {PATIENCE:?}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// Runs `raven-docs` to its end with a text on standard input.
pub fn run_docs(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(DOCS)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that ends without reading its input has closed it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let status = wait_for("end of raven-docs", || child.try_wait().unwrap());
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    child.stdout.take().unwrap().read_to_end(&mut stdout).unwrap();
    child.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
    Output { status, stdout, stderr }
}

/// Whether a process is there and not just waiting to be reaped.
pub fn is_alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z')))
}
