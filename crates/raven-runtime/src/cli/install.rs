//! `raven-runtime install`.
//!
//! Owns what is shown meanwhile. Must not know how a package is installed.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::{Context as _, anyhow, bail};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Install;
use super::query::block_on;
use crate::agents::kinds::Kinds;
use crate::config::{data_dir, process_environment};
use crate::data_dir::{installed_in, kinds_in};
use crate::environment;

/// Installs a kind's program; the last line of the output is its path.
///
/// # Errors
/// Worded for the person who typed it.
pub fn run(asked: Install) -> anyhow::Result<()> {
    let env = process_environment();
    let root = data_dir(asked.data_dir, &env)?;
    let kinds = Kinds::load(&kinds_in(&root))?;
    let Some(kind) = kinds.find(&asked.kind) else {
        let known: Vec<&str> = kinds.all().iter().map(|kind| kind.is.agent_type.as_str()).collect();
        bail!("agent type `{}` is unknown here; known are {}", asked.kind, known.join(", "));
    };
    let Some(package) = &kind.is.program.package else {
        bail!("`{}` names no package: install its program by hand", asked.kind);
    };
    let shows = io::stderr().is_terminal();
    let line = |text: &str| {
        if shows {
            let short: String = text.chars().filter(|c| !c.is_control()).take(76).collect();
            let _closed = write!(io::stderr(), "\r\x1b[K{short}").and_then(|()| io::stderr().flush());
        }
    };
    eprintln!("installing {} {} into {}", kind.is.title, package.version, installed_in(&root).display());
    let installers = environment::for_installers(&env);
    let installed = installed_in(&root);
    let program = block_on(async {
        // The installer is no part of this terminal's group: what ends us ends it by the future's end.
        tokio::select! {
            program = package.install(&installed, asked.kind.as_str(), &installers, line) => program,
            ended = told_to_end() => Err(ended),
        }
    });
    if shows {
        eprint!("\r\x1b[K");
    }
    let program = program.with_context(|| format!("{} was not installed", kind.is.title))?;
    println!("{}", program.display());
    Ok(())
}

/// Waits for Ctrl-C, or for another signal that means the end.
async fn told_to_end() -> anyhow::Error {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let signals: io::Result<Vec<Signal>> = kinds.into_iter().map(signal).collect();
    let Ok(mut signals) = signals else { return std::future::pending().await };
    let [interrupt, terminate, hangup] = &mut signals[..] else { return std::future::pending().await };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    anyhow!("it was interrupted: what was begun is thrown away by the next installation")
}
