//! One running daemon: its parts put together, its tasks, its end.
//!
//! Owns the order of start and shutdown. Must not know what the parts do.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::agents::kinds::Kinds;
use crate::agents::prices::Prices;
use crate::agents::record::Listeners;
use crate::agents::{Agents, Setup};
use crate::api::{self, Api};
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::events::Events;
use crate::heartbeat::{Pulse, Sender};
use crate::keys::Keys;
use crate::outbox::{Outbox, http_client};
use crate::place::worktree::Repositories;

/// How long connections and tasks may take to end.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// A daemon that serves.
pub struct Runtime {
    address: SocketAddr,
    agents: Agents,
    tasks: TaskTracker,
    leave: CancellationToken,
    data: DataDir,
}

impl Runtime {
    /// Starts a daemon: takes the data folder, adopts its agents, listens.
    ///
    /// # Errors
    /// Worded for the person who starts it: folder unusable, port taken, options that make no sense.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        config.check()?;
        let data = DataDir::open(&config.data_dir)?;
        let asked = SocketAddr::new(config.host, config.port);
        let listener = TcpListener::bind(asked).await.map_err(|refused| cannot_listen(asked, &refused))?;
        let address = listener.local_addr()?;
        let client = http_client().context("cannot make an HTTP client")?;
        let (tasks, leave) = (TaskTracker::new(), CancellationToken::new());
        let events = Events::open(&data.events()).context("cannot open the event stream")?;
        let outbox = Outbox::open(&data.outbox(), client.clone(), tasks.clone(), leave.clone())
            .context("cannot open the outbox")?;
        let keys =
            Keys::open(data.keys(), config.provider_keys.clone()).context("cannot read the provider keys")?;
        let agents = Agents::open(Setup {
            folder: data.agents(),
            host_program: config.host_program.clone(),
            repositories: Repositories { folder: data.repositories(), env: config.git_environment.clone() },
            installed: data.installed(),
            install_env: config.install_environment.clone(),
            logins: data.logins(),
            prices: Prices::load(&data.prices()).context("cannot read the prices of models")?.into(),
            kinds: Kinds::load(&data.kinds()).context("cannot read the kinds of agents")?,
            env: config.environment.clone(),
            keys,
            max_agents: config.max_agents,
            journal_limit: config.journal_limit,
            listeners: Listeners { events: events.clone(), outbox: outbox.clone() },
            tasks: tasks.clone(),
            leave: leave.clone(),
        })
        .context("cannot read the agents")?;
        let pulse = Pulse { runtime_id: data.runtime_id()?, agents: agents.clone(), started: Instant::now() };
        let control_plane = config.control_plane.clone();
        let sender = Sender { pulse: pulse.clone(), client, control_plane, api_key: config.api_key.clone() };
        tasks.spawn(sender.run(leave.clone()));
        let api = Api::new(&config, address, pulse, events, outbox, leave.clone());
        tasks.spawn(api::serve(listener, api));
        data.announce(format!("http://{address}")).context("cannot write to the data folder")?;
        Ok(Self { address, agents, tasks, leave, data })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Agents that have not ended.
    #[must_use]
    pub fn active_agents(&self) -> usize {
        self.agents.active()
    }

    /// Ends every agent, whole process trees, and waits until all are gone.
    pub async fn stop_agents(&self) {
        self.agents.stop_all().await;
    }

    /// Ends the daemon; agents live on and are adopted by the next one on the same folder.
    pub async fn shutdown(self) {
        self.leave.cancel();
        self.tasks.close();
        if tokio::time::timeout(SHUTDOWN, self.tasks.wait()).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
        self.data.retract();
    }
}

fn cannot_listen(address: SocketAddr, refused: &std::io::Error) -> anyhow::Error {
    match refused.kind() {
        std::io::ErrorKind::AddrInUse => {
            anyhow::anyhow!("port {} of {} is taken; give --port another one", address.port(), address.ip())
        }
        _ => anyhow::anyhow!("cannot listen on {address}: {refused}"),
    }
}
