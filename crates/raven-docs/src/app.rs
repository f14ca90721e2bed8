//! The running server: handles built, doors wired, tasks and their end.
//!
//! Owns start and shutdown. Holds no rule.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::extract::connect_info::IntoMakeServiceWithConnectInfo;
use axum::serve::ListenerExt as _;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::agents::Agents;
use crate::approvals::Approvals;
use crate::assignments::{Assignments, delivery as work};
use crate::attachments::Attachments;
use crate::audit::chain::Chains;
use crate::audit::keeper;
use crate::audit::log::AuditLog;
use crate::audit::refusals::Refusals;
use crate::auth::Auth;
use crate::comments::Comments;
use crate::config::Config;
use crate::db::Db;
use crate::deadlines;
use crate::deeds::Deeds;
use crate::events::Changes;
use crate::history;
use crate::http;
use crate::http::guard::Names;
use crate::http::proxies::Proxies;
use crate::links::Links;
use crate::lock::Lock;
use crate::mcp;
use crate::memory::Memories;
use crate::notifications::mail::Mailer;
use crate::notifications::{Notifications, delivery};
use crate::pages::Pages;
use crate::people::People;
use crate::people::openid::OpenId;
use crate::policies::Policies;
use crate::projects::Projects;
use crate::questions::Questions;
use crate::recordings::{Recordings, retention};
use crate::runtimes::watch::Watchers;
use crate::runtimes::{HostingDefaults, Runtimes};
use crate::search::Search;
use crate::secrets::{Secrets, rotation};
use crate::settings;
use crate::socket;
use crate::spaces::Spaces;
use crate::tasks::Tasks;
use crate::terminals::Terminals;
use crate::tool_calls::ToolCalls;

/// How long open connections may take to end at shutdown: browsers keep theirs for ever.
const DRAIN: Duration = Duration::from_secs(2);

/// How long what callers have asked for may take to end: most calls of a runtime are answered by then.
const DEEDS_END_WITHIN: Duration = Duration::from_secs(3);

/// How long tasks may take to end after that.
const TASKS_END_WITHIN: Duration = Duration::from_secs(5);

/// The handles that the doors share. No behaviour.
#[derive(Clone)]
pub struct App {
    pub db: Db,
    pub secrets: Secrets,
    pub auth: Auth,
    pub people: People,
    pub openid: OpenId,
    pub changes: Changes,
    pub runtimes: Runtimes,
    pub watchers: Watchers,
    pub terminals: Terminals,
    pub agents: Agents,
    pub policies: Policies,
    pub approvals: Approvals,
    pub questions: Questions,
    pub projects: Projects,
    pub tasks: Tasks,
    pub memory: Memories,
    pub assignments: Assignments,
    pub tool_calls: ToolCalls,
    pub spaces: Spaces,
    pub pages: Pages,
    pub attachments: Attachments,
    pub comments: Comments,
    pub search: Search,
    /// Told when something was stored that has a deadline.
    pub deadlines: Arc<Notify>,
    pub links: Links,
    pub recordings: Recordings,
    pub audit: AuditLog,
    pub refusals: Refusals,
    pub notifications: Notifications,
    /// What callers have asked for and is under way.
    pub deeds: Deeds,
    pub names: Arc<Names>,
    pub proxies: Arc<Proxies>,
    /// Where browsers reach this server.
    pub public_url: Arc<str>,
}

/// A server that listens.
pub struct Server {
    app: App,
    address: SocketAddr,
    tasks: TaskTracker,
    cancel: CancellationToken,
    served: tokio::task::JoinHandle<std::io::Result<()>>,
    _lock: Lock,
}

impl Server {
    /// Opens the data folder, listens, and takes up what the last run left.
    ///
    /// # Errors
    /// When the folder or the port cannot be used, in words that say what to do.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let listener = listen(&config).await?;
        let address = listener.local_addr()?;
        let lock = Lock::take(&config.data_dir)?;
        let (tasks, cancel) = (TaskTracker::new(), CancellationToken::new());
        let app = build((&config, &lock), address, &tasks, &cancel).await?;
        app.recordings.tidy()?;
        app.terminals.resume().await?;
        app.recordings.settle().await?;
        tasks.spawn(retention::keep_to_it(app.recordings.clone()));
        app.audit.begin_chains().await?;
        tasks.spawn(keeper::keep(app.audit.clone(), config.audit_places.clone(), cancel.clone()));
        app.watchers.start().await?;
        app.approvals.settle().await?;
        take_up_approvals(&app, &tasks, &cancel);
        tasks.spawn(app.pages.clone().keep_emptying(cancel.clone()));
        tasks.spawn(app.attachments.clone().keep_sweeping(cancel.clone()));
        tasks.spawn(history::keep_to_it(app.db.clone(), app.changes.clone(), cancel.clone()));
        tasks.spawn(delivery::keep_telling(app.notifications.clone(), cancel.clone()));
        let (sockets, io) = socket::layer(&app, &tasks, &cancel);
        let of_agents = mcp::server::route(&app, cancel.child_token()).merge(mcp::standard::route(&app));
        let service = http::router::service(app.clone(), of_agents, sockets);
        let listener = listener.tap_io(|stream| {
            // Keystrokes must not wait for a full packet.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "no TCP_NODELAY");
            }
        });
        let make: IntoMakeServiceWithConnectInfo<_, SocketAddr> = service;
        let stop = cancel.clone();
        let serving = axum::serve(listener, make).with_graceful_shutdown(async move {
            stop.cancelled().await;
            io.close().await;
        });
        let served = tokio::spawn(async move { serving.await });
        Ok(Self { app, address, tasks, cancel, served, _lock: lock })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The one-time code for the first account, while there is none.
    pub async fn setup_code(&self) -> anyhow::Result<Option<SecretString>> {
        Ok(self.app.people.setup_code().await?.cloned())
    }

    /// Ends every connection and task, and closes the database.
    pub async fn shutdown(self) -> anyhow::Result<()> {
        self.cancel.cancel();
        let mut served = self.served;
        if tokio::time::timeout(DRAIN, &mut served).await.is_err() {
            served.abort();
        }
        self.app.deeds.ended(DEEDS_END_WITHIN).await;
        self.tasks.close();
        let ended = tokio::time::timeout(TASKS_END_WITHIN, self.tasks.wait()).await;
        self.app.db.close().await;
        ended.context("some tasks did not end within 5 s")
    }
}

async fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    let wanted = SocketAddr::new(config.host, config.port);
    TcpListener::bind(wanted).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "port {} on {} is taken: end the program that uses it, or choose another with --port",
            config.port,
            config.host
        ),
        _ => anyhow::anyhow!("cannot listen on {wanted}: {error}"),
    })
}

async fn build(
    (config, lock): (&Config, &Lock),
    address: SocketAddr,
    tasks: &TaskTracker,
    cancel: &CancellationToken,
) -> anyhow::Result<App> {
    let db = Db::open(&config.data_dir).await?;
    let secrets = rotation::settle(&config.secret_key, &config.data_dir, &db, lock).await?;
    let changes = Changes::new(db.clone(), Chains::open(&secrets)?);
    let runtimes = Runtimes::new(db.clone(), secrets.clone(), changes.clone())?;
    let cellar = (db.clone(), changes.clone());
    let recordings = Recordings::open(&config.data_dir, cellar, &secrets, tasks.clone(), cancel.clone())?;
    let running = (tasks.clone(), cancel.clone());
    let terminals =
        Terminals::new(db.clone(), changes.clone(), runtimes.clone(), recordings.clone(), running);
    let public_url = config.public_url.as_ref().map_or_else(|| own_url(address), ToString::to_string);
    let reached = (public_url.as_str(), secrets.clone());
    let agents = Agents::new(db.clone(), changes.clone(), runtimes.clone(), terminals.clone(), reached);
    let defaults = HostingDefaults {
        endpoint: config.runtime_endpoint.clone(),
        key: config.runtime_api_key.clone(),
        secrets: secrets.clone(),
    };
    settings::seed(&changes, &defaults).await?;
    let notifications =
        Notifications::new((db.clone(), changes.clone(), secrets.clone()), mailer(config)?, &public_url)?;
    let auth = Auth::new(db.clone(), secrets.clone());
    let policies = Policies::new(db.clone(), changes.clone());
    let people = People::new(db.clone(), changes.clone(), defaults);
    let (deadlines, deeds) = (Arc::<Notify>::default(), Deeds::default());
    Ok(App {
        approvals: Approvals::new(
            (db.clone(), changes.clone(), secrets.clone()),
            (auth.clone(), agents.clone(), policies.clone()),
            Arc::clone(&deadlines),
        ),
        questions: Questions::new(db.clone(), changes.clone(), Arc::clone(&deadlines)),
        projects: Projects::new(db.clone(), changes.clone()),
        tasks: Tasks::new(db.clone(), changes.clone()),
        memory: Memories::new(db.clone(), changes.clone()),
        assignments: Assignments::new(db.clone(), changes.clone(), agents.clone(), Arc::clone(&deadlines)),
        tool_calls: ToolCalls::new(changes.clone(), deeds.clone()),
        spaces: Spaces::new(db.clone(), changes.clone()),
        pages: Pages::new(db.clone(), changes.clone()),
        attachments: Attachments::open(&config.data_dir, db.clone(), changes.clone())?,
        comments: Comments::new(db.clone(), changes.clone()),
        search: Search::new(db.clone()),
        policies,
        deadlines,
        notifications,
        auth,
        openid: OpenId::new(people.clone(), &public_url)?,
        people,
        watchers: Watchers::new(runtimes.clone(), agents.clone(), tasks.clone(), cancel.clone()),
        links: Links::new(db.clone(), changes.clone(), &public_url),
        audit: AuditLog::open(db.clone(), changes.clone(), &secrets, recordings.clone())?,
        refusals: Refusals::new(changes.clone()),
        recordings,
        deeds,
        names: Arc::new(Names::new(address, config.public_url.as_ref())),
        proxies: Arc::new(Proxies::new(&config.trusted_proxies)),
        public_url: public_url.into(),
        db,
        secrets,
        changes,
        runtimes,
        terminals,
        agents,
    })
}

/// Who hands e-mail on, where a mail server was given.
fn mailer(config: &Config) -> anyhow::Result<Option<Mailer>> {
    config.mail.as_ref().map(|mail| Mailer::new(&mail.server, &mail.from)).transpose()
}

/// Begins to carry out what was approved, and to keep to deadlines.
fn take_up_approvals(app: &App, tasks: &TaskTracker, cancel: &CancellationToken) {
    let (of_tool, running) = (app.clone(), (tasks.clone(), cancel.clone()));
    let call_tool = move |call| mcp::tools::approved(of_tool.clone(), call);
    tasks.spawn(app.approvals.clone().carry_out(call_tool, running.0, running.1));
    let rooms = deadlines::Rooms {
        approvals: app.approvals.clone(),
        questions: app.questions.clone(),
        assignments: app.assignments.clone(),
    };
    tasks.spawn(deadlines::keep(rooms, Arc::clone(&app.deadlines), cancel.clone()));
    tasks.spawn(work::keep_delivering(app.assignments.clone(), cancel.clone()));
}

/// The server's own address as seen from this machine.
fn own_url(address: SocketAddr) -> String {
    let ip = if address.ip().is_unspecified() { std::net::Ipv4Addr::LOCALHOST.into() } else { address.ip() };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}
