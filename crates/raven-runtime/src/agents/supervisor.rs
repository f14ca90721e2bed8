//! One task per agent: starts or adopts its host, follows it, asks it to stop, takes its end.
//!
//! Owns when an agent is tried, given up and ended. Must not know HTTP, nor what a screen means.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use raven_protocol::runtime_api::RuntimeAgent;
use raven_protocol::time::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::kinds::Kind;
use super::prices::Prices;
use super::record::Record;
use super::usage;
use super::watch::{Observed, Watch};
use crate::environment::Environment;
use crate::host::tree;
use crate::host::wire::{HostSpec, Launch, Notice};
use crate::place::worktree::{Repositories, Wanted};
use crate::session::{Watching, is_no_host};

/// How long a host that does not answer is sought before it counts as gone: one that was starting when
/// its daemon was killed needs a moment.
const SEEK: Duration = Duration::from_secs(3);

/// How often it is sought.
const SEEK_EVERY: Duration = Duration::from_millis(50);

/// How long after its own deadline a host may take to end a tree before it is killed itself.
const OVERDUE: Duration = Duration::from_secs(10);

/// How often a change is looked for that time alone brings.
const AGAIN: Duration = Duration::from_millis(250);

/// How long a program has to end by itself once it was asked in its own way.
const QUIT: Duration = Duration::from_secs(3);

/// Between two keys that end a program: some want the second only after they have painted the first.
const BETWEEN_KEYS: Duration = Duration::from_millis(200);

/// How long after a turn its transcript is read: programs write it behind what they show.
const WRITTEN: Duration = Duration::from_millis(700);

/// How a stop is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopOrder {
    /// Kill without asking.
    pub force: bool,
    /// How long to wait after asking.
    pub wait: Duration,
}

/// What a start needs.
pub struct Plan {
    /// The program that becomes the host.
    pub host_program: PathBuf,
    /// The host's own environment, without anything of the spawn.
    pub host_env: Environment,
    /// What the host is told.
    pub spec: HostSpec,
    /// Why it cannot be started at all.
    pub missing: Option<String>,
    /// The worktree to make first, from these repositories.
    pub worktree: Option<(Repositories, Wanted)>,
}

/// The task's view of its agent.
pub struct Supervisor {
    /// The agent.
    pub record: Arc<Record>,
    /// Its kind.
    pub kind: Arc<Kind>,
    /// What models cost.
    pub prices: Arc<Prices>,
    /// Stops that were asked for.
    pub stops: watch::Receiver<Option<StopOrder>>,
    /// The daemon's end; the agent goes on.
    pub leave: CancellationToken,
}

impl Supervisor {
    /// Starts the agent and follows it.
    pub async fn start(self, plan: Plan) {
        if let Some(missing) = plan.missing {
            return self.fail(missing);
        }
        if let Some((repositories, wanted)) = &plan.worktree {
            let mut stops = self.stops.clone();
            let made = tokio::select! {
                made = repositories.make(wanted) => made.map_err(|why| format!("its worktree cannot be made: {why:#}")),
                _ = stops.wait_for(Option::is_some) => Err("it was stopped before its worktree was made".to_owned()),
                () = self.leave.cancelled() => return,
            };
            match made {
                Ok(()) => drop(self.record.change(|state| state.works_on(&wanted.branch))),
                Err(why) => return self.fail(why),
            }
        }
        let session = self.record.session();
        match session.launch(&plan.host_program, &plan.host_env, &plan.spec).await {
            Ok(Launch::Started { pid, at }) => {
                // Told here and not by the host's first notice: a short program is gone before we connect.
                self.take(&mut self.watcher(), &Notice::Running { pid, at });
                self.follow().await;
            }
            Ok(Launch::Failed { why }) => self.fail(why),
            Err(broken) => self.fail(format!("its host process could not be started: {broken}")),
        }
    }

    /// Follows an agent to its end, or until the daemon leaves.
    pub async fn follow(mut self) {
        let leave = self.leave.clone();
        while let Some(sought) = leave.run_until_cancelled(self.seek()).await {
            let Some(mut watching) = sought else { return self.host_is_gone() };
            match leave.run_until_cancelled(self.listen(&mut watching)).await {
                Some(Ok(Heard::End)) | None => return,
                Some(Ok(Heard::Nothing)) => {}
                Some(Err(broken)) => {
                    tracing::warn!(agent.id = %self.record.spec.id, error = %broken, "lost its host")
                }
            }
        }
    }

    /// Connects to the host; `None` when there is none any more.
    async fn seek(&self) -> Option<Watching> {
        let begin = Instant::now();
        loop {
            match self.record.session().watch(Watch::wants_looks(&self.kind), 0).await {
                Ok(watching) => return Some(watching),
                // Ours, such as too many open files: that says nothing about the host.
                Err(broken) if !is_no_host(&broken) => {
                    tracing::warn!(agent.id = %self.record.spec.id, error = %broken, "its host cannot be asked");
                    tokio::time::sleep(SEEK).await;
                }
                Err(_) if begin.elapsed() >= SEEK => return None,
                // One that has told its end is not coming back.
                Err(_) if matches!(self.record.session().outcome(), Ok(Some(_))) => return None,
                Err(_) => tokio::time::sleep(SEEK_EVERY).await,
            }
        }
    }

    async fn listen(&mut self, watching: &mut Watching) -> io::Result<Heard> {
        let mut watch = self.watcher();
        let (mut overdue, mut asked): (Option<Instant>, Option<(Instant, StopOrder)>) = (None, None);
        let (mut turn, mut used_at) = (None, None);
        // An order from before the connection is given again: it may not have arrived.
        self.stops.mark_changed();
        loop {
            let ended = self.record.agent().doing.turn.and_then(|turn| turn.ended_at);
            if ended != turn {
                (turn, used_at) = (ended, Some(Instant::now() + WRITTEN));
            }
            tokio::select! {
                notice = watching.next() => match notice? {
                    Some(notice) => {
                        if self.take(&mut watch, &notice) == Heard::End {
                            return Ok(Heard::End);
                        }
                    }
                    None => return Ok(Heard::Nothing),
                },
                changed = self.stops.changed() => {
                    changed.map_err(io::Error::other)?;
                    let order = *self.stops.borrow_and_update();
                    if let Some(order) = order {
                        let begin = Instant::now() + self.quit(order);
                        asked = Some((begin, order));
                    }
                }
                () = until(asked.map(|(begin, _)| begin)) => {
                    if let Some((begin, StopOrder { force, wait })) = asked.take() {
                        watching.stop(force, wait).await?;
                        let limit = begin + wait + OVERDUE;
                        overdue = Some(overdue.map_or(limit, |before| before.min(limit)));
                    }
                }
                () = until(used_at) => {
                    used_at = None;
                    self.read_usage();
                }
                () = tokio::time::sleep(AGAIN), if watch.is_restless(Timestamp::now()) => {
                    self.tell(watch.again(Timestamp::now()), |_| ());
                }
                () = until(overdue) => {
                    tracing::error!(agent.id = %self.record.spec.id, "its host did not end it and is killed");
                    watching.kill_host();
                    overdue = None;
                }
            }
        }
    }

    fn take(&self, watch: &mut Watch, notice: &Notice) -> Heard {
        if let Notice::Moving(motion) | Notice::Still(motion) | Notice::Held(motion) = notice {
            self.record.moved(*motion);
        }
        if let Notice::Ended(outcome) = notice {
            self.record.ended(outcome);
            return Heard::End;
        }
        self.tell(watch.on(notice, Timestamp::now()), |agent| {
            if let Notice::Running { pid, at } = *notice {
                (agent.pid, agent.started_at) = (Some(pid), Some(at));
            }
        });
        Heard::Nothing
    }

    fn watcher(&self) -> Watch {
        let agent = self.record.agent();
        Watch::new(Arc::clone(&self.kind), agent.status, &agent.doing)
    }

    fn tell(&self, observed: Option<Observed>, more: impl FnOnce(&mut RuntimeAgent)) {
        if let Some(observed) = observed {
            let _it_is_stopping = self.record.apply(observed, more);
        }
    }

    /// Lets a program that can be asked end by itself; answers how long it has for that.
    fn quit(&self, order: StopOrder) -> Duration {
        let quit = self.kind.is.drive.quit.clone();
        if order.force || quit.is_empty() || !self.record.was_idle() {
            return Duration::ZERO;
        }
        let session = self.record.session();
        tokio::spawn(async move {
            for keys in quit {
                if session.type_text(keys, None).await.is_err() {
                    return;
                }
                tokio::time::sleep(BETWEEN_KEYS).await;
            }
        });
        QUIT.min(order.wait)
    }

    /// Reads what it has used, aside: a transcript may be long.
    fn read_usage(&self) {
        let (record, kind) = (Arc::clone(&self.record), Arc::clone(&self.kind));
        let prices = Arc::clone(&self.prices);
        if kind.is.usage.is_none() {
            return;
        }
        tokio::task::spawn_blocking(move || {
            let home = record.folder().join("home");
            let source = kind.is.usage.as_ref();
            if let Some(used) = source.and_then(|source| usage::read(source, &home, &prices)) {
                record.used(used);
            }
        });
    }

    fn host_is_gone(&self) {
        match self.record.session().outcome() {
            Ok(Some(outcome)) => self.record.ended(&outcome),
            Ok(None) => {
                if let Some(leader) = self.record.agent().pid {
                    tree::kill_session(leader);
                }
                self.fail("its host process is gone".to_owned());
            }
            Err(broken) => {
                self.fail(format!("its host process is gone, and how it ended cannot be read: {broken}"))
            }
        }
    }

    fn fail(&self, why: String) {
        let _already_ended = self.record.apply(Observed::failure(why), |_| ());
    }
}

/// What a notice meant for the task.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    /// The agent ended, and its record says so.
    End,
    /// It goes on, as far as is known.
    Nothing,
}

async fn until(limit: Option<Instant>) {
    match limit {
        Some(limit) => tokio::time::sleep_until(limit).await,
        None => std::future::pending().await,
    }
}
