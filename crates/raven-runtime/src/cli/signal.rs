//! `raven-runtime signal`: what a hook of an agent's program runs to tell the agent's host something.
//!
//! Owns that a hook never disturbs its program: it says nothing, soon ends, and never fails. Must not know
//! what is told.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::host::look::SignalSource;
use crate::host::wire::{self, MAX_SIGNAL, Request};

/// How long standard input is waited for: programs write it at once, and some never close it.
const INPUT: Duration = Duration::from_secs(1);

/// How long the host may take: it answers from memory.
const TELL: Duration = Duration::from_millis(900);

/// Longest name that a host takes, in bytes.
const MAX_NAME: usize = 100;

/// Chunks of input under way.
const CHUNKS: usize = 4;

/// Tells the host of a folder, the first argument, what standard input holds, under a name, the second.
/// Some programs give what they tell as one more argument instead.
pub fn run(arguments: &[OsString]) {
    let Some((folder, rest)) = arguments.split_first() else { return };
    let text = |at: usize| rest.get(at).map(|text| text.to_string_lossy().into_owned());
    let body = text(1).unwrap_or_else(|| String::from_utf8_lossy(&input()).into_owned());
    let request = Request::Signal {
        source: SignalSource::Hook,
        name: text(0).map(|name| shortened(name, MAX_NAME)).filter(|name| !name.is_empty()),
        body: shortened(body, MAX_SIGNAL),
    };
    let _nobody_to_tell = tell(Path::new(folder), &request);
}

fn tell(folder: &Path, request: &Request) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let told = async {
            let (mut to, mut from) = wire::frame(wire::connect(folder)?);
            to.json(request).await?;
            // What one hook says is there before the next one runs.
            wire::receive(&mut from).await.map(drop)
        };
        tokio::time::timeout(TELL, told).await?
    })
}

/// The beginning of standard input. All of it is read, because who writes it may not expect less.
fn input() -> Vec<u8> {
    if io::stdin().is_terminal() {
        return Vec::new();
    }
    let (chunks, come) = sync_channel(CHUNKS);
    // It may never end, and ends with the process then.
    let _reading = thread::spawn(move || read(&chunks));
    let (until, mut kept) = (Instant::now() + INPUT, Vec::new());
    while let Some(left) = until.checked_duration_since(Instant::now())
        && let Ok(chunk) = come.recv_timeout(left)
    {
        kept.extend(chunk.into_iter().take(MAX_SIGNAL - kept.len()));
    }
    kept
}

fn read(chunks: &SyncSender<Vec<u8>>) {
    let mut input = io::stdin().lock();
    let mut chunk = vec![0; MAX_SIGNAL];
    while let Ok(count @ 1..) = input.read(&mut chunk) {
        if chunks.send(chunk[..count].to_vec()).is_err() {
            return;
        }
    }
}

fn shortened(mut text: String, most: usize) -> String {
    text.truncate(text.floor_char_boundary(most));
    text
}
