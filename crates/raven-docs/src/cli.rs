//! The command line of `raven-docs`.

use clap::{Parser, Subcommand};

mod audit;
mod recording;
mod secrets;
mod serve;
mod token;
mod user;

/// The control plane of Raven: people, settings, agents, terminals, activity, web UI.
#[derive(Parser)]
#[command(name = "raven-docs", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve(Box<crate::config::ServeArgs>),
    /// Make and change accounts; works beside a running server
    #[command(subcommand)]
    User(user::UserCommand),
    /// Make personal tokens; works beside a running server
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Check and export recordings; works beside a running server
    #[command(subcommand)]
    Recording(recording::RecordingCommand),
    /// Look at the key that seals secrets, and replace it
    #[command(subcommand)]
    Secrets(secrets::SecretsCommand),
    /// Check and export the audit log; works beside a running server
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Print the OpenAPI description
    Openapi,
    /// Print the tools that agents can call, as JSON
    Tools,
}

impl Cli {
    /// Does what was asked.
    ///
    /// # Errors
    /// What failed and what to do, for one line on standard error.
    pub async fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Serve(args) => serve::run(*args).await,
            Command::User(command) => command.run().await,
            Command::Token(command) => command.run().await,
            Command::Recording(command) => command.run().await,
            Command::Secrets(command) => command.run().await,
            Command::Audit(command) => command.run().await,
            Command::Openapi => print(&crate::http::openapi::json()?),
            Command::Tools => print(&crate::mcp::tools::catalogue::json()?),
        }
    }
}

/// Prints a line to standard output.
fn print(line: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
