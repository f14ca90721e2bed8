//! `raven-runtime start`: the daemon in the foreground, until a signal ends it.
//!
//! Owns what the person at the terminal is told, and signals. Must not know the daemon's parts.

use std::io::Write as _;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::config::{Config, Options, process_environment};
use crate::runtime::Runtime;

/// Environment variable that says how much is logged, such as `debug`.
const LOG: &str = "RAVEN_RUNTIME_LOG";

/// Threads of the daemon: it moves bytes between sockets, agents do the work elsewhere.
const WORKERS: usize = 2;

/// Runs the daemon.
pub fn run(flags: Options) -> anyhow::Result<()> {
    log_to_stderr("info");
    let shown = on_command_line(&flags);
    let config = Config::from_sources(flags, &process_environment())?;
    for (flag, instead, variable) in shown {
        tracing::warn!(
            "other users of this machine can read {flag} from the process list: use {instead}, or \
             {variable} in the environment"
        );
    }
    if config.api_key.is_none() {
        tracing::warn!("no API key is set: whoever can connect to {} can run programs here", config.host);
    }
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?;
    threads.block_on(serve(config))
}

/// Keys that were given where other users can read them: flag, flag to use instead, variable to use instead.
fn on_command_line(flags: &Options) -> Vec<(&'static str, &'static str, &'static str)> {
    let keys = [
        (&flags.api_key, ("--api-key", "--api-key-file", "RAVEN_RUNTIME_API_KEY")),
        (&flags.anthropic_key, ("--anthropic-key", "--keys-file", "RAVEN_RUNTIME_ANTHROPIC_KEY")),
        (&flags.openai_key, ("--openai-key", "--keys-file", "RAVEN_RUNTIME_OPENAI_KEY")),
        (&flags.gemini_key, ("--gemini-key", "--keys-file", "RAVEN_RUNTIME_GEMINI_KEY")),
        (&flags.openrouter_key, ("--openrouter-key", "--keys-file", "RAVEN_RUNTIME_OPENROUTER_KEY")),
    ];
    keys.into_iter().filter_map(|(key, names)| key.is_some().then_some(names)).collect()
}

async fn serve(config: Config) -> anyhow::Result<()> {
    // Listened for before anything is started, so that no signal ends us halfway.
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let stop_agents = config.stop_agents_on_exit;
    let runtime = Runtime::start(config).await?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "raven-runtime listening on http://{}", runtime.address())
        .and_then(|()| out.flush())
        .context("cannot write to standard output")?;
    drop(out);
    if runtime.active_agents() > 0 {
        tracing::info!("adopted {} running agents", runtime.active_agents());
    }
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    if stop_agents {
        tracing::info!("ending {} agents", runtime.active_agents());
        runtime.stop_agents().await;
    }
    match runtime.active_agents() {
        0 => tracing::info!("bye"),
        live => tracing::info!(
            "{live} agents go on running: start the daemon again to reach them, and `raven-runtime stop --all` to end them"
        ),
    }
    runtime.shutdown().await;
    Ok(())
}

/// Logs go to standard error; `otherwise` is how much when the environment does not say.
pub fn log_to_stderr(otherwise: &str) {
    let asked = process_environment().remove(LOG).unwrap_or_default();
    let filter = EnvFilter::try_new(&asked).ok().filter(|_| !asked.is_empty());
    let filter = filter.unwrap_or_else(|| EnvFilter::new(otherwise));
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
}
