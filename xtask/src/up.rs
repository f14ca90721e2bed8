//! `cargo xtask up`: from a clone to a running Raven, and back to nothing running.
//!
//! Owns the order in which the two programs are built, started and stopped, and what is printed
//! about it. Must not know what the programs do, or how one is started and stopped.

mod files;
mod running;

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::program::{Profile, build, built, root};
use crate::web;
use files::Files;
use running::{Fact, Running};

/// How long a program may take to listen: a migration of an old database is the slowest part.
const START_LIMIT: Duration = Duration::from_secs(60);

/// How long the runtime may take to end its agents: each is asked, then told, then killed.
const RUNTIME_STOP_LIMIT: Duration = Duration::from_secs(30);

/// How long the control plane may take to finish its requests.
const DOCS_STOP_LIMIT: Duration = Duration::from_secs(10);

/// How long after a program's end its last lines may still arrive.
const LAST_LINES_LIMIT: Duration = Duration::from_millis(300);

/// Facts that may wait for the main loop; a program that prints faster waits itself.
const FACTS: usize = 256;

/// What `up` takes.
#[derive(clap::Args)]
pub struct Options {
    /// Port of the web UI and its API; 0 for any free one
    #[arg(long, default_value_t = 3000)]
    docs_port: u16,
    /// Port of the agent runtime; 0 for any free one. A workspace keeps the endpoint it began with: after a
    /// change, set it in Settings → Agents
    #[arg(long, default_value_t = 8765)]
    runtime_port: u16,
    /// Folder that keeps everything between runs
    #[arg(long, default_value = ".raven")]
    data_dir: PathBuf,
    /// Build both programs optimised
    #[arg(long)]
    release: bool,
}

/// Builds, starts, waits for a signal, stops.
pub fn run(options: &Options) -> Result<()> {
    let docs_port = free_port(options.docs_port, "--docs-port")?;
    let runtime_port = free_port(options.runtime_port, "--runtime-port")?;
    if docs_port == runtime_port {
        bail!("--docs-port and --runtime-port are both {docs_port}: the programs need one each");
    }
    web::build()?;
    let profile = if options.release { Profile::Release } else { Profile::Debug };
    build(profile)?;
    let files = Files::prepare(&root().join(&options.data_dir))?;
    let mut house = House::new()?;
    let at = Addresses { docs_port, runtime_port };
    let starts = [docs_command(&at, &files, profile)?, runtime_command(&at, &files, profile)?];
    let done = house.live(starts, |setup_code| block(&at.docs(), setup_code, &files.folder));
    house.stop();
    done
}

/// Refuses a port that is taken, before minutes of building; picks one for 0.
fn free_port(port: u16, flag: &str) -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).with_context(|| {
        format!("port {port} cannot be used: end what listens there, or give {flag} another")
    })?;
    Ok(listener.local_addr()?.port())
}

struct Addresses {
    docs_port: u16,
    runtime_port: u16,
}

impl Addresses {
    fn docs(&self) -> String {
        format!("http://127.0.0.1:{}", self.docs_port)
    }

    fn runtime(&self) -> String {
        format!("http://127.0.0.1:{}", self.runtime_port)
    }
}

/// The programs that run, and what is heard of them.
struct House {
    facts: Receiver<Fact>,
    tell: SyncSender<Fact>,
    programs: Vec<Running>,
    setup_code: Option<String>,
}

/// How waiting ended without anything being wrong.
#[derive(PartialEq, Eq)]
enum Heard {
    Expected,
    StopAsked,
}

impl House {
    /// Hears signals from now on: until here, Ctrl-C simply ends a build.
    fn new() -> Result<Self> {
        let (tell, facts) = sync_channel(FACTS);
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).context("cannot listen for signals")?;
        let told = tell.clone();
        thread::spawn(move || signals.forever().try_for_each(|_| told.send(Fact::StopAsked)));
        Ok(Self { facts, tell, programs: Vec::new(), setup_code: None })
    }

    /// Starts both programs and lives with them until somebody asks for the end or one ends by itself.
    fn live(&mut self, starts: [Start; 2], block: impl Fn(Option<&str>) -> String) -> Result<()> {
        for (name, limit, command) in starts {
            self.programs.push(Running::start(name, limit, command, &self.tell)?);
            let deadline = Instant::now() + START_LIMIT;
            let heard =
                self.hear_until(Some(deadline), |house| house.programs.iter().all(|p| p.listening))?;
            if heard == Heard::StopAsked {
                return Ok(());
            }
        }
        println!("\n{}\n", block(self.setup_code.as_deref()));
        let told = self.setup_code.clone();
        if self.hear_until(None, |house| house.setup_code != told)? == Heard::Expected {
            println!("\n  Setup code  {}\n", self.setup_code.as_deref().unwrap_or_default());
            self.hear_until(None, |_| false)?;
        }
        Ok(())
    }

    /// Takes in facts until one makes `enough` true; a program's end and the deadline are errors.
    fn hear_until(&mut self, deadline: Option<Instant>, enough: impl Fn(&Self) -> bool) -> Result<Heard> {
        while !enough(self) {
            let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
            let fact = match left {
                Some(left) => self.facts.recv_timeout(left),
                None => self.facts.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match fact {
                Ok(Fact::StopAsked) => return Ok(Heard::StopAsked),
                Ok(Fact::Said { program, line }) => self.said(program, line),
                Ok(Fact::Ended { program, status }) => return Err(self.ended(program, &status)),
                Err(_) => {
                    let silent = self.programs.iter().find(|p| !p.listening).map_or("nothing", |p| p.name);
                    bail!("{silent} did not begin to listen within {} s", START_LIMIT.as_secs());
                }
            }
        }
        Ok(Heard::Expected)
    }

    fn said(&mut self, program: &'static str, line: String) {
        println!("{program:<13} | {line}");
        if let Some((_, code)) = line.split_once("setup code: ") {
            self.setup_code = Some(code.trim().to_owned());
        }
        if let Some(running) = self.programs.iter_mut().find(|p| p.name == program) {
            running.said(line);
        }
    }

    /// Notes an end that nobody asked for, and tells it with the last lines.
    fn ended(&mut self, program: &'static str, status: &str) -> anyhow::Error {
        while let Ok(fact) = self.facts.recv_timeout(LAST_LINES_LIMIT) {
            if let Fact::Said { program, line } = fact {
                self.said(program, line);
            }
        }
        let Some(running) = self.programs.iter_mut().find(|p| p.name == program) else {
            return anyhow::anyhow!("{program} ended ({status})");
        };
        running.ended = true;
        anyhow::anyhow!("{program} ended by itself ({status}); its last lines:\n{}", running.last_lines())
    }

    /// Stops what still runs: the last started first, so that the runtime's last words find a hearer.
    fn stop(&mut self) {
        for index in (0..self.programs.len()).rev() {
            let Some(program) = self.programs.get_mut(index).filter(|p| !p.ended) else { continue };
            println!("stopping {} …", program.name);
            program.ask_to_stop();
            let (name, deadline) = (program.name, Instant::now() + program.stop_limit);
            if !self.ended_before(index, deadline) {
                println!("{name} did not end in time and is killed");
                if let Some(program) = self.programs.get_mut(index) {
                    program.kill();
                }
                self.ended_before(index, Instant::now() + DOCS_STOP_LIMIT);
            }
        }
        println!("stopped");
    }

    /// Whether a program ends before the deadline; asking once more to stop ends the patience.
    fn ended_before(&mut self, index: usize, deadline: Instant) -> bool {
        loop {
            if self.programs.get(index).is_none_or(|p| p.ended) {
                return true;
            }
            match self.facts.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Fact::Said { program, line }) => self.said(program, line),
                Ok(Fact::Ended { program, .. }) => {
                    self.programs.iter_mut().filter(|p| p.name == program).for_each(|p| p.ended = true);
                }
                Ok(Fact::StopAsked) | Err(_) => return false,
            }
        }
    }
}

type Start = (&'static str, Duration, std::process::Command);

fn docs_command(at: &Addresses, files: &Files, profile: Profile) -> Result<Start> {
    let mut docs = std::process::Command::new(built("raven-docs", profile)?);
    docs.arg("serve").args(["--port", &at.docs_port.to_string()]).arg("--data-dir").arg(files.docs());
    docs.args(["--runtime-endpoint", &at.runtime()]).arg("--runtime-api-key-file").arg(&files.key);
    Ok(("raven-docs", DOCS_STOP_LIMIT, docs))
}

fn runtime_command(at: &Addresses, files: &Files, profile: Profile) -> Result<Start> {
    let mut runtime = std::process::Command::new(built("raven-runtime", profile)?);
    runtime
        .arg("start")
        .args(["--port", &at.runtime_port.to_string()])
        .arg("--data-dir")
        .arg(files.runtime());
    runtime.arg("--api-key-file").arg(&files.key).args([
        "--control-plane",
        &at.docs(),
        "--stop-agents-on-exit",
    ]);
    Ok(("raven-runtime", RUNTIME_STOP_LIMIT, runtime))
}

/// What is printed once everything runs.
fn block(address: &str, setup_code: Option<&str>, folder: &Path) -> String {
    let mut lines = vec![format!("  Raven       {address}")];
    if let Some(code) = setup_code {
        lines.push(format!("  Setup code  {code}   (asked for once, when you create the first admin)"));
    }
    lines.push(format!("  Data        {}", folder.display()));
    let runtime = folder.join("runtime");
    lines.push(format!("  Runtime     {}   (its `--data-dir`, and where kinds/ goes)", runtime.display()));
    lines.push("  Ctrl-C stops everything, agents included.".to_owned());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_told_with_the_flag_that_changes_it() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let refused = free_port(port, "--docs-port").unwrap_err().to_string();
        assert!(refused.contains(&port.to_string()) && refused.contains("--docs-port"), "{refused}");
        assert_ne!(free_port(0, "--docs-port").unwrap(), 0);
    }

    /// Longest wait for a fact before a test fails.
    const DEADLINE: Duration = Duration::from_secs(10);

    fn start(name: &'static str, script: &str) -> Start {
        let mut command = std::process::Command::new("sh");
        command.args(["-c", script]);
        (name, DEADLINE, command)
    }

    /// Lives with two scripts until they end or, once both listen, until a stop is asked for.
    fn live(docs: &str, runtime: &str) -> (Result<()>, House, Option<String>) {
        let (tell, facts) = sync_channel(FACTS);
        let mut house = House { facts, tell: tell.clone(), programs: Vec::new(), setup_code: None };
        let told = std::cell::RefCell::new(None);
        let done = house.live([start("docs", docs), start("runtime", runtime)], |setup_code| {
            *told.borrow_mut() = setup_code.map(str::to_owned);
            tell.send(Fact::StopAsked).unwrap();
            String::new()
        });
        house.stop();
        (done, house, told.into_inner())
    }

    /// Listens, and ends with a last word when asked to.
    const GENTLE: &str =
        "trap 'echo bye; exit 0' TERM; echo 'x listening on http://y'; while :; do sleep 0.02; done";

    #[test]
    fn both_programs_are_started_told_of_and_stopped() {
        let docs = format!("echo 'setup code: AAAA-BBBB'; {GENTLE}");
        let (done, house, code) = live(&docs, GENTLE);
        done.unwrap();
        assert_eq!(code.as_deref(), Some("AAAA-BBBB"));
        assert!(house.programs.iter().all(|p| p.ended));
        assert!(house.programs.iter().any(|p| p.last_lines().contains("bye")));
    }

    #[test]
    fn when_one_program_dies_its_last_lines_are_told_and_the_other_is_stopped() {
        let (done, house, _) = live(GENTLE, "echo 'the database is locked' >&2; exit 7");
        let told = done.unwrap_err().to_string();
        assert!(
            told.contains("runtime ended by itself") && told.contains("the database is locked"),
            "{told}"
        );
        assert!(told.contains('7'), "{told}");
        assert!(house.programs.iter().all(|p| p.ended));
    }

    #[test]
    fn the_block_names_the_setup_code_only_while_there_is_one() {
        let folder = Path::new("/data");
        let first = block("http://127.0.0.1:3000", Some("AAAA-BBBB"), folder);
        assert!(first.contains("http://127.0.0.1:3000") && first.contains("AAAA-BBBB"), "{first}");
        assert!(!block("http://127.0.0.1:3000", None, folder).contains("code"));
    }
}
