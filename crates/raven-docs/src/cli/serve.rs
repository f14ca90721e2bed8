//! `raven-docs serve`.

use secrecy::ExposeSecret as _;
use tokio::signal::unix::{SignalKind, signal};

use super::print;
use crate::Server;
use crate::config::ServeArgs;

pub async fn run(args: ServeArgs) -> anyhow::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let server = Server::start(args.resolve()?).await?;
    print(&format!("raven-docs listening on http://{}", server.address()))?;
    if let Some(code) = server.setup_code().await? {
        print(&format!("setup code: {}", code.expose_secret()))?;
    }
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("stopping");
    server.shutdown().await
}
