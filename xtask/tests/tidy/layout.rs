//! Rules about files: names, lengths, opening lines, which crate may depend on which.
//!
//! Owns no reading of code. Must not know tokens.

use crate::Violation;
use crate::tree::Source;

/// Lines of a source file; beyond it nobody can say in one sentence what the file owns.
const MAX_LINES: usize = 600;

/// Lines of the architecture page: what is longer is not read.
const MAX_ARCHITECTURE_LINES: usize = 200;

/// Names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 8] = ["mod", "utils", "util", "common", "helpers", "helper", "misc", "shared"];

/// A crate, and what its manifest must not name as a dependency.
const NO_DEPENDENCY: [(&str, &[&str], &str); 4] = [
    (
        "crates/raven-protocol/Cargo.toml",
        &["tokio", "axum", "reqwest", "sea-orm", "raven-docs", "raven-runtime"],
        "the protocol has no IO: both programs and every test must be able to link it for nothing",
    ),
    (
        "crates/raven-screen/Cargo.toml",
        &["tokio", "axum", "reqwest", "sea-orm", "raven-docs", "raven-runtime"],
        "the screen model is a pure function of bytes",
    ),
    (
        "crates/raven-runtime/Cargo.toml",
        &["sea-orm", "sea-orm-migration", "sqlx", "raven-docs"],
        "the runtime sits on other people's machines and links neither database nor control plane",
    ),
    (
        "crates/raven-docs/Cargo.toml",
        &["raven-runtime", "portable-pty", "pty-process"],
        "the control plane has no PTY; it knows a runtime only by its protocol, except in tests",
    ),
];

/// Every rule of this file.
pub fn check(source: &Source) -> Vec<Violation> {
    [name(source), length(source), opening(source)]
        .into_iter()
        .flatten()
        .chain(dependencies(source))
        .collect()
}

fn name(source: &Source) -> Option<Violation> {
    let file = source.path.rsplit('/').next()?;
    let stem = file.split('.').next()?;
    let code = source.is_rust() || source.is_script();
    let barrel = source.is_script() && stem == "index" && source.path.starts_with("web/src/");
    let why = "a file is named after the one thing it owns; such a name lets it own anything";
    (code && (EMPTY_NAMES.contains(&stem) || barrel))
        .then(|| violation(source, 1, format!("`{file}` says nothing of what is inside"), why))
}

fn length(source: &Source) -> Option<Violation> {
    let lines = source.text.lines().count();
    let code = source.is_rust() || source.is_script() || source.path.ends_with(".css");
    let limit = if code { MAX_LINES } else { MAX_ARCHITECTURE_LINES };
    let why = "longer files are not read, and own more than one thing: split it by what it owns";
    ((code || source.path == "ARCHITECTURE.md") && lines > limit)
        .then(|| violation(source, limit + 1, format!("{lines} lines, at most {limit}"), why))
}

fn opening(source: &Source) -> Option<Violation> {
    let first = source.text.lines().next().unwrap_or_default();
    let opens = if source.is_rust() { first.starts_with("//! ") } else { first.starts_with("/**") };
    let wanted = if source.is_rust() { "`//! `" } else { "`/**`" };
    let why = "the first lines tell a reader whether this is the place he is looking for";
    ((source.is_rust() || source.is_script()) && !opens).then(|| {
        violation(
            source,
            1,
            format!("does not open with {wanted}, what it owns and what it must not know"),
            why,
        )
    })
}

fn dependencies(source: &Source) -> Vec<Violation> {
    let Some((_, banned, why)) = NO_DEPENDENCY.iter().find(|(path, ..)| *path == source.path) else {
        return Vec::new();
    };
    let mut section = "";
    let mut found = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        if line.starts_with('[') {
            section = line;
        }
        let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
        let linked = section == "[dependencies]" || section.contains("build-dependencies");
        if linked && banned.contains(&name) {
            found.push(violation(source, index + 1, format!("depends on `{name}`"), why));
        }
    }
    found
}

fn violation(source: &Source, line: usize, what: String, why: &'static str) -> Violation {
    Violation { path: source.path.clone(), line, what, why }
}

#[cfg(test)]
mod tests {
    use crate::expect;

    #[test]
    fn files_are_named_opened_and_kept_short() {
        expect("crates/raven-docs/src/agents.rs", "//! Owns a. Must not know b.\n", &[]);
        expect("crates/raven-docs/src/agents.rs", "use std::fs;\n", &[1]);
        expect("crates/raven-docs/src/http/mod.rs", "//! Owns a.\n", &[1]);
        expect("crates/raven-docs/src/utils.rs", "//! Owns a.\n", &[1]);
        expect("web/src/app/theme.ts", "import x from 'y';\n", &[1]);
        expect("web/src/app/theme.ts", "/** Owns a. */\n", &[]);
        expect("web/src/app/index.ts", "/** Owns a. */\n", &[1]);
        expect("web/src/app/long.ts", &format!("/** Owns a. */\n{}", "x;\n".repeat(600)), &[601]);
        expect("crates/a/src/long.rs", &format!("//! Owns a.\n{}", "\n".repeat(600)), &[601]);
        expect("crates/a/src/full.rs", &format!("//! Owns a.\n{}", "\n".repeat(599)), &[]);
        expect("ARCHITECTURE.md", &"line\n".repeat(201), &[201]);
    }

    #[test]
    fn crates_depend_in_one_direction() {
        let manifest = "[package]\n[dependencies]\nraven-runtime = { workspace = true }\n";
        expect("crates/raven-docs/Cargo.toml", manifest, &[3]);
        expect("crates/raven-docs/Cargo.toml", &manifest.replace("[dep", "[dev-dep"), &[]);
        expect("crates/raven-runtime/Cargo.toml", "[dependencies]\nsea-orm.workspace = true\n", &[2]);
        expect("crates/raven-protocol/Cargo.toml", "[dependencies]\nserde = \"1\"\ntokio = \"1\"\n", &[3]);
    }
}
