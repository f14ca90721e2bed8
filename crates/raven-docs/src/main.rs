//! `raven-docs`: the command line, and nothing else.

use std::process::ExitCode;

use clap::Parser as _;
use raven_docs::cli::Cli;
use tracing_subscriber::EnvFilter;

/// Libraries that write whole messages into the log when one asks them to: tokens, and what people type.
const KEPT_QUIET: [&str; 6] = [
    "socketioxide=info",
    "engineioxide=info",
    "rmcp=error",
    "tungstenite=info",
    "tokio_tungstenite=info",
    "lettre=info",
];

/// What is logged: what `RAVEN_DOCS_LOG` says, but never a secret.
fn filter() -> EnvFilter {
    let asked = EnvFilter::try_from_env("RAVEN_DOCS_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,sea_orm_migration=warn"));
    KEPT_QUIET.iter().filter_map(|quiet| quiet.parse().ok()).fold(asked, EnvFilter::add_directive)
}

fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter()).init();
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::warn!("another TLS provider was installed before");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(Cli::parse().run()),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("raven-docs: {error:#}");
            ExitCode::FAILURE
        }
    }
}
