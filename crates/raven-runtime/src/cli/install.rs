//! `raven-runtime install`.
//!
//! Owns what is shown meanwhile. Must not know how a package is installed.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::{Context as _, bail};

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
    let program = block_on(package.install(&installed_in(&root), asked.kind.as_str(), &installers, line));
    if shows {
        eprint!("\r\x1b[K");
    }
    let program = program.with_context(|| format!("{} was not installed", kind.is.title))?;
    println!("{}", program.display());
    Ok(())
}
