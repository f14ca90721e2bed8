//! Ends orphans: hosts first, then what is left of their trees.
//!
//! Owns the order (ask, terminate, kill) and its bounds. Must not know how an orphan is recognised.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use rustix::process::Signal;
use tokio::time::Instant;

use super::look::{self, Scope, SeenHost};
use super::{Ended, Leftover};

/// How long the program of a host that was asked over its socket may take to tidy up.
const TIDY: Duration = Duration::from_secs(5);

/// How long a host may take in all after each step: what it gives its program, and some for itself.
const STEP: Duration = Duration::from_secs(10);

/// How long what was killed may take to be gone: a process in the kernel's hands dies when it returns.
const GONE: Duration = Duration::from_secs(5);

/// How long a leftover process may take to end by itself once it was asked.
const ASKED: Duration = Duration::from_secs(2);

/// How often leftovers are looked for while they are being ended.
const LOOK: Duration = Duration::from_millis(100);

/// Hosts that are ended at a time.
const AT_A_TIME: usize = 16;

/// Ends the orphans among these hosts, and then every leftover. What does not end is not in the answer.
pub async fn clean(hosts: Vec<SeenHost>, scope: &Scope) -> Ended {
    let orphans = hosts.into_iter().filter(|seen| seen.host.is_orphan());
    let ends =
        futures_util::stream::iter(orphans).map(async |seen| end_host(&seen).await.then_some(seen.host));
    let hosts = ends.buffered(AT_A_TIME).filter_map(async |host| host).collect().await;
    Ended { hosts, leftovers: end_leftovers(scope).await }
}

async fn end_host(seen: &SeenHost) -> bool {
    let SeenHost { host, held } = seen;
    if let Some(mut watching) = look::connect(&host.folder, held).await
        && watching.stop(false, TIDY).await.is_ok()
        && held.ends_within(STEP).await
    {
        return true;
    }
    held.signal(Signal::TERM);
    if held.ends_within(STEP).await {
        return true;
    }
    held.signal(Signal::KILL);
    held.ends_within(GONE).await
}

/// Leftovers start others and end by themselves: they are looked for again until there is none.
async fn end_leftovers(scope: &Scope) -> Vec<Leftover> {
    let begin = Instant::now();
    let mut asked: BTreeMap<u32, Leftover> = BTreeMap::new();
    loop {
        let left = look::leftovers(scope);
        if left.is_empty() || begin.elapsed() >= ASKED + GONE {
            asked.retain(|pid, _| left.iter().all(|(leftover, _)| leftover.pid != *pid));
            return asked.into_values().collect();
        }
        for (leftover, held) in left {
            if begin.elapsed() >= ASKED {
                held.signal(Signal::KILL);
            } else if asked.get(&leftover.pid) != Some(&leftover) {
                held.signal(Signal::TERM);
            }
            asked.insert(leftover.pid, leftover);
        }
        tokio::time::sleep(LOOK).await;
    }
}
