//! The process that owns one agent's terminal and outlives the daemon.
//!
//! Owns the order of a terminal's life: start, serve, take the end, leave nothing behind. Must not know
//! agents' kinds and statuses, the daemon's API, or any secret but those in the program's environment.

pub mod client;
mod frames;
pub mod hub;
pub mod journal;
pub mod look;
pub mod motion;
pub mod pty;
pub mod pump;
pub mod tree;
mod typing;
mod watching;
pub mod wire;

use std::cell::Cell;
use std::fs::Permissions;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use raven_protocol::terminal::Exit;
use raven_protocol::time::Timestamp;
use rustix::process::Pid;
use tokio::io::unix::AsyncFd;
use tokio::net::UnixListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, LocalSet, spawn_local};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use self::client::Controls;
use self::hub::Hub;
use self::journal::{Bounds, Journal};
use self::pty::{Master, Program};
use self::tree::{Ending, Reaper};
use self::wire::{HostSpec, Launch, Notice, Outcome, file};
use crate::files::{self, Durability};

/// Largest description of an agent that is read, in bytes: twice the largest spawn request.
const MAX_SPEC: u64 = 2 * 1024 * 1024;

/// How long processes that an ended program left behind have, once asked, before they are killed.
const LEFTOVERS: Duration = Duration::from_secs(2);

/// How long the last output is waited for when something outside the tree holds the terminal open.
const DRAIN: Duration = Duration::from_secs(2);

/// How long an ended host waits for its clients to take the rest of the stream.
const LINGER: Duration = Duration::from_secs(10);

/// How long to wait when a connection cannot be taken: the usual reason is a limit that passes.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// How long a host that is asked to terminate gives its program.
const TERMINATED: Duration = Duration::from_secs(5);

/// Runs a host until its program has ended: what `raven-runtime host` does. `named` is the folder that
/// stands in its arguments, so that it is found in the process list.
///
/// # Errors
/// When the terminal or the folder cannot be used; the daemon is told of it where it still listens.
pub fn run(named: Option<&Path>) -> anyhow::Result<()> {
    // A session of its own: no signal meant for the daemon's terminal or group arrives here.
    let _already_leader = rustix::process::setsid();
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    let mut text = Vec::new();
    io::stdin().take(MAX_SPEC).read_to_end(&mut text)?;
    let spec: HostSpec = serde_json::from_slice(&text)?;
    drop(text);
    if named.is_some_and(|named| named != spec.folder) {
        anyhow::bail!("the folder in the arguments is not that of the agent");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, live(spec))
}

async fn live(spec: HostSpec) -> anyhow::Result<()> {
    let listener = wire::with_socket(&spec.folder, |path| {
        let _left_by_a_host_that_is_gone = std::fs::remove_file(path);
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, Permissions::from_mode(0o600)).map(|()| listener)
    })?;
    let signals = Signals::listen()?;
    let bounds = Bounds { keep: spec.keep, limit: spec.journal_limit };
    let hub = Hub::new(Journal::create(&spec.folder.join(file::LOG), bounds)?, spec.size);
    let program = Program { argv: &spec.argv, env: &spec.env, cwd: &spec.cwd };
    let (master, pid) = match pty::start(&program, spec.size) {
        Ok(started) => started,
        Err(refused) => {
            tell_daemon(&Launch::Failed { why: why_not_started(&spec, &refused) });
            return Ok(());
        }
    };
    let started = Launch::Started { pid: pid.as_raw_nonzero().get().unsigned_abs(), at: Timestamp::now() };
    tell_daemon(&started);
    let HostSpec { folder, .. } = spec;
    Host::serve(hub, master, pid, &started, listener)?.until_end(signals, &folder).await
}

/// A daemon that is gone meanwhile finds us by the folder instead.
fn tell_daemon(launch: &Launch) {
    let mut line = serde_json::to_vec(launch).unwrap_or_default();
    line.push(b'\n');
    let mut daemon = io::stdout().lock();
    let _gone = daemon.write_all(&line).and_then(|()| daemon.flush());
}

fn why_not_started(spec: &HostSpec, refused: &io::Error) -> String {
    let name = spec.argv.first().map_or("", String::as_str);
    let path = spec.cwd.join(name);
    match refused.kind() {
        _ if !spec.cwd.is_dir() => format!("the working folder {} is not there", spec.cwd.display()),
        io::ErrorKind::NotFound if !name.contains('/') => format!(
            "command not found: {name} (not in PATH={})",
            spec.env.get("PATH").map_or("", String::as_str)
        ),
        io::ErrorKind::NotFound if path.exists() => {
            format!("{name} cannot be started: the interpreter that it names is not there")
        }
        io::ErrorKind::NotFound => format!("command not found: {name} (no such file)"),
        io::ErrorKind::PermissionDenied => format!("{name} is not executable"),
        _ => format!("{name} cannot be started: {refused}"),
    }
}

/// The signals that a host hears. A terminal's hang-up and interrupt are not meant for it.
struct Signals {
    child: Signal,
    terminate: Signal,
    _hang_up: Signal,
    _interrupt: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            child: signal(SignalKind::child())?,
            terminate: signal(SignalKind::terminate())?,
            _hang_up: signal(SignalKind::hangup())?,
            _interrupt: signal(SignalKind::interrupt())?,
        })
    }
}

/// A running program and the tasks around it.
struct Host {
    hub: Hub,
    master: Rc<AsyncFd<Master>>,
    main: Pid,
    ended: Rc<Cell<bool>>,
    notices: watch::Sender<Notice>,
    ending: watch::Receiver<Option<Ending>>,
    input: JoinHandle<()>,
    output: JoinHandle<io::Result<()>>,
    motion: JoinHandle<()>,
    clients: TaskTracker,
}

impl Host {
    fn serve(
        hub: Hub,
        master: Master,
        main: Pid,
        launch: &Launch,
        listener: UnixListener,
    ) -> io::Result<Self> {
        let Launch::Started { pid, at } = *launch else { return Err(io::ErrorKind::InvalidInput.into()) };
        let master = Rc::new(master.watched()?);
        let (notices, heard) = watch::channel(Notice::Moving(hub.motion()));
        let (ending_asked, ending) = watch::channel(None);
        let (keys, queue) = mpsc::channel(pump::INPUT_QUEUE);
        let (answers, ended, clients) =
            (pump::Answers::default(), Rc::new(Cell::new(false)), TaskTracker::new());
        let closed = {
            let ended = Rc::clone(&ended);
            move || ended.get()
        };
        let output = spawn_local(pump::output(hub.clone(), Rc::clone(&master), answers.clone(), closed));
        let input = spawn_local(pump::input(Rc::clone(&master), answers, queue));
        let motion = spawn_local(motion::follow(hub.clone(), notices.clone()));
        let resize = {
            let (hub, master) = (hub.clone(), Rc::clone(&master));
            move |size| {
                if hub.resize(size)
                    && let Err(refused) = master.get_ref().resize(size)
                {
                    tracing::warn!(error = %refused, "the terminal refused its size");
                }
            }
        };
        let running = Notice::Running { pid, at };
        let controls = Controls {
            hub: hub.clone(),
            input: keys,
            resize: Rc::new(resize),
            notices: heard,
            running,
            ending: ending_asked,
        };
        spawn_local(accept(listener, controls, clients.clone()));
        Ok(Self { hub, master, main, ended, notices, ending, input, output, motion, clients })
    }

    /// Lives with the program, then takes its end: every process gone, every byte taken, every client told.
    async fn until_end(mut self, mut signals: Signals, folder: &Path) -> anyhow::Result<()> {
        let reaper = Reaper::new(self.main);
        let exit = self.end_of_tree(&reaper, &mut signals).await?;
        self.ended.set(true);
        if tokio::time::timeout(DRAIN, &mut self.output).await.is_err() {
            tracing::warn!("something else holds the terminal open; its output is no longer taken");
            self.output.abort();
        }
        let outcome = self.hub.outcome(exit);
        // The folder may be gone, or the disk full: whoever listens hears of the end all the same.
        let kept = keep(folder, &self.hub, &outcome);
        self.hub.end(exit);
        self.notices.send_replace(Notice::Ended(outcome));
        self.clients.close();
        let _late = tokio::time::timeout(LINGER, self.clients.wait()).await;
        let _gone = wire::with_socket(folder, |path| std::fs::remove_file(path));
        Ok(kept?)
    }

    async fn end_of_tree(&mut self, reaper: &Reaper, signals: &mut Signals) -> anyhow::Result<Exit> {
        let mut order: Option<(Instant, Ending)> = None;
        let mut work: Work<'_> = Box::pin(std::future::pending());
        loop {
            let nothing_left = reaper.collect();
            if let (true, Some(exit)) = (nothing_left, reaper.exit()) {
                return Ok(exit);
            }
            if reaper.exit().is_some() {
                // The screen of a program that is gone stands still, and that means nothing;
                // and what was typed was meant for nobody else.
                self.motion.abort();
                self.input.abort();
            }
            let asked = if reaper.exit().is_some() && order.is_none() {
                Some(Ending { ask: true, kill_after: LEFTOVERS })
            } else {
                tokio::select! {
                    _ = signals.child.recv() => None,
                    _ = signals.terminate.recv() => Some(Ending { ask: true, kill_after: TERMINATED }),
                    asked = self.ending.changed() => { asked?; *self.ending.borrow_and_update() }
                    () = &mut work => { work = Box::pin(std::future::pending()); None }
                }
            };
            if let Some(asked) = asked {
                let ending = asked.sooner_than(order);
                order = Some((Instant::now(), ending));
                let foreground = self.master.get_ref().foreground();
                let groups = [Some(self.main), foreground].into_iter().flatten().collect();
                work = Box::pin(tree::end(reaper, ending, groups));
            }
        }
    }
}

/// The tree's end under way.
type Work<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

async fn accept(listener: UnixListener, controls: Controls, clients: TaskTracker) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let controls = controls.clone();
                clients.spawn_local(async move {
                    if let Err(broken) = client::serve(stream, controls).await {
                        tracing::debug!(error = %broken, "a connection broke");
                    }
                });
            }
            Err(refused) => {
                tracing::warn!(error = %refused, "a connection could not be taken");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

fn keep(folder: &Path, hub: &Hub, outcome: &Outcome) -> io::Result<()> {
    files::replace(&folder.join(file::REPAINT), &hub.repaint(), Durability::Process)?;
    files::replace_json(&folder.join(file::SCREEN), &hub.screen(), Durability::Process)?;
    // Last, because it says that the others are there.
    files::replace_json(&folder.join(file::OUTCOME), outcome, Durability::Disk)
}
