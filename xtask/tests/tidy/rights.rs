//! The rule that whoever writes for a caller looks again at what the caller may do.
//!
//! Owns that rule, on text. Must not know what is looked at (`access/standing.rs` does).

use crate::Violation;
use crate::tree::Source;

const INSIDE: &str = "crates/raven-docs/src/";

/// What an agent called is kept on record, whatever it may do by then.
const EXEMPT: &str = "crates/raven-docs/src/tool_calls.rs";

/// What a signature has in it that acts for somebody who called.
const CALLERS: [&str; 3] = ["Granted<", "&Person", "&AgentCaller"];

/// What has looked again: what follows it in the same function is its end.
const LOOKED: [&str; 2] = ["changes.begin_for(", "on_record("];

const WHY: &str =
    "a right may be taken away while a write waits for its turn: begin with `changes.begin_for(by)`";

/// Every rule of this file.
pub fn check(source: &Source) -> Vec<Violation> {
    if !source.path.starts_with(INSIDE) || source.path == EXEMPT {
        return Vec::new();
    }
    let (mut found, mut in_signature, mut for_caller) = (Vec::new(), false, false);
    for (index, line) in source.text.lines().enumerate() {
        if begins_function(line) {
            (in_signature, for_caller) = (true, false);
        }
        if in_signature {
            for_caller |= CALLERS.iter().any(|word| line.contains(word));
            in_signature = !line.ends_with('{');
        } else if LOOKED.iter().any(|word| line.contains(word)) {
            for_caller = false;
        } else if for_caller && line.contains("changes.begin()") {
            let what = "a write for a caller begins without a look at their rights".to_owned();
            found.push(Violation { path: source.path.clone(), line: index + 1, what, why: WHY });
        }
    }
    found
}

fn begins_function(line: &str) -> bool {
    let line = line.trim_start();
    let after_pub = line.strip_prefix("pub").map_or(line, |rest| match rest.strip_prefix('(') {
        Some(rest) => rest.split_once(") ").map_or(rest, |(_, rest)| rest),
        None => rest.trim_start(),
    });
    after_pub.starts_with("fn ") || after_pub.starts_with("async fn ")
}

#[cfg(test)]
mod tests {
    use crate::expect;

    #[test]
    fn a_write_for_a_caller_looks_again() {
        let head = "//! A. Owns it. Must not know more.\n";
        for (signature, begin, lines) in [
            ("(&self, by: &Granted<P>)", "self.changes.begin().await?;", &[4][..]),
            ("(&self, by: &Granted<P>)", "self.changes.begin_for(by).await?;", &[]),
            ("(&self, person: &Person)", "self.changes.begin().await?;", &[4]),
            ("(&self)", "self.changes.begin().await?;", &[]),
        ] {
            let text = format!(
                "{head}impl A {{\n    pub async fn a{signature} {{\n        let b = {begin}\n    }}\n}}\n"
            );
            expect("crates/raven-docs/src/a.rs", &text, lines);
        }
    }
}
