//! The command line.
//!
//! Owns argv: names, help, exit codes. Must not know how agents are run.

mod attach;
mod doctor;
mod drive;
mod install;
mod query;
mod signal;
mod start;

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use raven_protocol::agent::AgentType;
use raven_protocol::id::AgentId;
use secrecy::SecretString;

use crate::config::Options;

/// Runs coding agents, each on a terminal of its own, behind an HTTP and WebSocket API.
#[derive(Parser)]
#[command(name = "raven-runtime", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the daemon
    ///
    /// Each option can also be given as an environment variable (`--max-agents` is
    /// RAVEN_RUNTIME_MAX_AGENTS) or in raven-runtime.toml in the data folder (`max-agents = 8`).
    /// A flag beats the environment, which beats the file.
    Start(Start),
    /// Tell whether a daemon runs, and how it fares
    Status(Where),
    /// List agents
    Agents(Where),
    /// Put the program of a kind of agents into the data folder, at the version that was tested
    ///
    /// Nothing else of the system is touched. It works beside a running daemon, and without one.
    Install(Install),
    /// Start agents
    Spawn(Box<drive::Spawn>),
    /// Show an agent's terminal here; Ctrl-] detaches
    Attach(attach::Attach),
    /// Type a message for an agent, and see that its program takes it
    Send(drive::Send),
    /// Write what an agent has put out, as far as it is kept
    Logs(attach::Logs),
    /// End an agent and everything it started
    Stop(Stop),
    /// Tell what runs for this user and what nobody will end; with --clean, end that
    ///
    /// Hosts of every data folder are listed. `followed`: a daemon runs on its folder. `waiting`: none
    /// does, start one to take it up. `orphan`: its folder or its record is gone, the record says that
    /// the agent ended, or it does not answer. Processes that an agent started, known by RAVEN_AGENT_ID
    /// in their environment, are orphans when the agent has no host any more.
    ///
    /// Exit code: 0 when there are no orphans, 1 when there are; with --clean, 0 when none is left.
    Doctor(Doctor),
    /// The process that owns one agent's terminal
    #[command(hide = true)]
    Host {
        /// The agent's folder
        folder: Option<PathBuf>,
    },
    /// Tells an agent's host what a hook of its program has to say
    #[command(hide = true, disable_help_flag = true)]
    Signal {
        /// The agent's folder, then the hook's name; what it says comes on standard input
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

#[derive(Args)]
struct Start {
    /// Address to listen on [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    host: Option<IpAddr>,
    /// Port to listen on; 0 for any free one [default: 8765]
    #[arg(long)]
    port: Option<u16>,
    /// Key that callers must present; other users of this machine can read it here
    #[arg(long, value_name = "KEY", conflicts_with = "api_key_file")]
    api_key: Option<SecretString>,
    /// File whose first line is that key
    #[arg(long, value_name = "FILE")]
    api_key_file: Option<PathBuf>,
    /// Anthropic's key, for the agents that take it; other users of this machine can read it here
    #[arg(long, value_name = "KEY")]
    anthropic_key: Option<SecretString>,
    /// OpenAI's key; other users of this machine can read it here
    #[arg(long, value_name = "KEY")]
    openai_key: Option<SecretString>,
    /// Google's key for Gemini; other users of this machine can read it here
    #[arg(long, value_name = "KEY")]
    gemini_key: Option<SecretString>,
    /// OpenRouter's key; other users of this machine can read it here
    #[arg(long, value_name = "KEY")]
    openrouter_key: Option<SecretString>,
    /// TOML file with those keys by provider: `anthropic = "…"`
    #[arg(long, value_name = "FILE")]
    keys_file: Option<PathBuf>,
    /// Control plane that hears heartbeats
    #[arg(long, value_name = "URL")]
    control_plane: Option<String>,
    /// Folder for everything that is kept [default: ~/.local/share/raven-runtime]
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// Most agents at a time [default: 50]
    #[arg(long, value_name = "N")]
    max_agents: Option<usize>,
    /// MiB of each agent's output that are kept until they are recorded; beyond that the agent waits
    /// [default: 64]
    #[arg(long, value_name = "MIB")]
    journal_mib: Option<u64>,
    /// Origin of pages that may call, and host by which this runtime may be called; repeatable
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,
    /// Listen beyond this machine without a key: anybody who can reach it can run programs here
    #[arg(long)]
    insecure_no_auth: bool,
    /// End all agents when the daemon ends; they live on otherwise
    #[arg(long)]
    stop_agents_on_exit: bool,
}

/// Which daemon is asked.
#[derive(Args)]
struct Where {
    /// The daemon's data folder, when it is not the default one
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// Address of a daemon elsewhere
    #[arg(long, value_name = "URL", conflicts_with = "data_dir")]
    endpoint: Option<String>,
    /// File whose first line is the daemon's key
    #[arg(long, value_name = "FILE")]
    api_key_file: Option<PathBuf>,
    /// Answer as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Doctor {
    /// Only these agents; all when none is named
    #[arg(value_name = "AGENT", value_parser = |id: &str| AgentId::parse(id))]
    agents: Vec<AgentId>,
    /// End orphans: ask, then terminate, then kill; nothing else is touched
    #[arg(long)]
    clean: bool,
    /// The data folder to tell about, when it is not the default one
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// File whose first line is the daemon's key
    #[arg(long, value_name = "FILE")]
    api_key_file: Option<PathBuf>,
    /// Answer as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Install {
    /// The kind, such as claude-code
    #[arg(value_name = "TYPE", value_parser = |name: &str| AgentType::parse(name))]
    kind: AgentType,
    /// The data folder, when it is not the default one
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
}

#[derive(Args)]
struct Stop {
    /// The agent's id
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    agent: Option<String>,
    /// Every agent
    #[arg(long)]
    all: bool,
    /// Kill at once instead of asking first
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    daemon: Where,
}

/// Runs the command that the process was started with.
///
/// # Errors
/// Worded for the person who typed it.
pub fn run() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Start(start) => start::run(start.into()),
        Command::Status(daemon) => query::status(&daemon),
        Command::Agents(daemon) => query::agents(&daemon),
        Command::Install(asked) => install::run(asked),
        Command::Spawn(asked) => drive::spawn(*asked),
        Command::Attach(asked) => attach::attach(&asked),
        Command::Send(asked) => drive::send(&asked),
        Command::Logs(asked) => attach::logs(&asked),
        Command::Stop(stop) => query::stop(&stop),
        Command::Doctor(asked) => doctor::run(asked),
        Command::Signal { arguments } => {
            signal::run(&arguments);
            Ok(())
        }
        Command::Host { folder } => {
            // A host lives long and mostly sleeps: its log holds only what went wrong.
            start::log_to_stderr("warn");
            crate::host::run(folder.as_deref())
        }
    }
}

impl From<Start> for Options {
    fn from(flags: Start) -> Self {
        Self {
            host: flags.host,
            port: flags.port,
            api_key: flags.api_key,
            api_key_file: flags.api_key_file,
            anthropic_key: flags.anthropic_key,
            openai_key: flags.openai_key,
            gemini_key: flags.gemini_key,
            openrouter_key: flags.openrouter_key,
            keys_file: flags.keys_file,
            control_plane: flags.control_plane,
            data_dir: flags.data_dir,
            max_agents: flags.max_agents,
            journal_mib: flags.journal_mib,
            allow_origin: Some(flags.allow_origin).filter(|origins| !origins.is_empty()),
            insecure_no_auth: flags.insecure_no_auth.then_some(true),
            stop_agents_on_exit: flags.stop_agents_on_exit.then_some(true),
        }
    }
}
