//! Rules about Rust code, on its tokens: comments and texts cannot break them.
//!
//! Owns who may use which crate, and what no code may contain. Must not know types or resolution;
//! what needs those is clippy's (`clippy.toml`), the length of functions included.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use crate::Violation;
use crate::tree::Source;

struct Realm {
    crates: &'static [&'static str],
    /// Beginnings of the paths in which they may be used.
    inside: &'static [&'static str],
    why: &'static str,
}

const REALMS: [Realm; 2] = [
    Realm {
        crates: &["axum", "socketioxide", "rmcp", "utoipa_axum", "utoipa_swagger_ui"],
        inside: &[
            "crates/raven-docs/src/http",
            "crates/raven-docs/src/socket",
            "crates/raven-docs/src/mcp",
            "crates/raven-docs/src/app.rs",
            "crates/raven-runtime/src/api",
            "crates/raven-runtime/src/runtime.rs",
        ],
        why: "doors parse, act and render; a rule that knows its transport cannot serve the next door",
    },
    Realm {
        crates: &["sea_orm", "sea_orm_migration", "sqlx", "rusqlite"],
        inside: &["crates/raven-docs/src/db"],
        why: "queries live in `db/<noun>.rs`: rooms must not know the engine",
    },
];

/// The one file with code that the compiler cannot check.
const UNSAFE_INSIDE: &str = "crates/raven-runtime/src/host/pty.rs";

/// The one file that spells the names of events.
const EVENTS_INSIDE: &str = "crates/raven-protocol/src/event.rs";

/// Beginnings of the names of events.
const EVENT_PREFIXES: [&str; 4] = ["\"agent:", "\"activity:", "\"runtime:status", "\"terminal:status"];

/// Endings of type names that say nothing.
const EMPTY_ENDINGS: [&str; 6] = ["Manager", "Service", "Helper", "Impl", "Data", "Info"];

/// Every rule of this file.
pub fn check(source: &Source) -> Vec<Violation> {
    match source.text.parse::<TokenStream>() {
        Ok(tokens) => {
            let mut walk = Walk { source, found: Vec::new() };
            walk.stream(tokens, source.is_test());
            walk.found
        }
        Err(error) => vec![Violation {
            path: source.path.clone(),
            line: error.span().start().line,
            what: "cannot be read as Rust".to_owned(),
            why: "what cannot be read cannot be checked",
        }],
    }
}

struct Walk<'a> {
    source: &'a Source,
    found: Vec<Violation>,
}

impl Walk<'_> {
    fn stream(&mut self, tokens: TokenStream, in_test: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut test_item = false;
        for (index, token) in tokens.iter().enumerate() {
            let rest = tokens.get(index + 1..).unwrap_or_default();
            test_item |= opens_test(token, rest);
            let in_test = in_test || test_item;
            self.token(token, rest, in_test);
            if let TokenTree::Group(group) = token {
                self.stream(group.stream(), in_test);
                // The item that an attribute stands on ends with its braces.
                test_item &= group.delimiter() != Delimiter::Brace;
            }
            test_item &= !is_punct(token, ';');
        }
    }

    fn token(&mut self, token: &TokenTree, rest: &[TokenTree], in_test: bool) {
        match token {
            TokenTree::Ident(ident) => self.ident(token, &ident.to_string(), rest, in_test),
            TokenTree::Literal(literal) if !in_test && self.source.path != EVENTS_INSIDE => {
                let text = literal.to_string();
                if EVENT_PREFIXES.iter().any(|prefix| text.starts_with(prefix)) {
                    let why = "every event is spelled once, in raven-protocol/src/event.rs: use its constant";
                    self.report(token, format!("{text} is the name of an event"), why);
                }
            }
            TokenTree::Punct(_) if is_punct(token, '#') => self.attribute(rest),
            _ => {}
        }
    }

    fn ident(&mut self, token: &TokenTree, name: &str, rest: &[TokenTree], in_test: bool) {
        let path = &self.source.path;
        let used = begins_path(rest) || ends_use(rest);
        for realm in REALMS.iter().filter(|realm| used && !in_test && realm.crates.contains(&name)) {
            if !realm.inside.iter().any(|inside| path.starts_with(inside)) {
                self.report(token, format!("`{name}` is used outside its realm"), realm.why);
            }
        }
        if name == "unsafe" && path != UNSAFE_INSIDE && !rest.first().is_some_and(is_code_attribute) {
            self.report(
                token,
                "`unsafe`".to_owned(),
                "only host/pty.rs may: what cannot be checked is kept in one place",
            );
        }
        if name == "sleep"
            && in_test
            && rest.first().is_some_and(|next| is_group(next, Delimiter::Parenthesis))
        {
            let why =
                "a sleeping test is slow when it passes and wrong when the machine is busy: wait for a fact";
            self.report(token, "`sleep(` in a test".to_owned(), why);
        }
        if let ("struct" | "enum" | "trait", Some(TokenTree::Ident(named))) = (name, rest.first()) {
            let named = named.to_string();
            if EMPTY_ENDINGS.iter().any(|ending| named.ends_with(ending)) {
                self.report(
                    token,
                    format!("`{named}`"),
                    "the ending says nothing: name the thing by a plain noun",
                );
            }
        }
    }

    /// An attribute's brackets, after its `#` and perhaps `!`.
    fn attribute(&mut self, rest: &[TokenTree]) {
        let Some(group) = attribute_group(rest) else { return };
        let words: Vec<TokenTree> = group.stream().into_iter().collect();
        let Some(first @ TokenTree::Ident(name)) = words.first() else { return };
        let reasoned = group.stream().to_string().contains("=");
        if name == "allow" {
            let why = "use `#[expect(lint, reason = \"…\")]`: it tells why, and when it is no longer needed";
            self.report(first, "`#[allow(`".to_owned(), why);
        } else if name == "expect" && !group.stream().to_string().contains("reason") {
            self.report(first, "`#[expect` without a reason".to_owned(), "the next reader must know why");
        } else if name == "ignore" && !reasoned {
            self.report(
                first,
                "`#[ignore]` without a reason".to_owned(),
                "a test that does not run looks like one that passes",
            );
        }
    }

    fn report(&mut self, token: &TokenTree, what: String, why: &'static str) {
        let line = token.span().start().line;
        self.found.push(Violation { path: self.source.path.clone(), line, what, why });
    }
}

/// Whether `#[cfg(test)]`, `#[test]` or `#[…::test]` begins here.
fn opens_test(token: &TokenTree, rest: &[TokenTree]) -> bool {
    if !is_punct(token, '#') || rest.first().is_some_and(|next| is_punct(next, '!')) {
        return false;
    }
    let Some(group) = attribute_group(rest) else { return false };
    let text = group.stream().to_string().replace(' ', "");
    text == "cfg(test)" || text.starts_with("cfg(all(test") || text == "test" || text.contains("::test")
}

fn attribute_group(rest: &[TokenTree]) -> Option<&Group> {
    let group = match rest {
        [TokenTree::Group(group), ..] => group,
        [bang, TokenTree::Group(group), ..] if is_punct(bang, '!') => group,
        _ => return None,
    };
    (group.delimiter() == Delimiter::Bracket).then_some(group)
}

/// `name::`, not `name :` of a field.
fn begins_path(rest: &[TokenTree]) -> bool {
    matches!(rest, [first, second, ..] if is_punct(first, ':') && is_punct(second, ':'))
}

/// `use name;` or `use name as`.
fn ends_use(rest: &[TokenTree]) -> bool {
    rest.first().is_some_and(|next| matches!(next, TokenTree::Ident(word) if word == "as"))
}

/// `unsafe(…)` inside an attribute is a spelling, not unsafe code.
fn is_code_attribute(next: &TokenTree) -> bool {
    is_group(next, Delimiter::Parenthesis)
}

fn is_group(token: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter)
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

#[cfg(test)]
mod tests {
    use crate::expect;

    const ROOM: &str = "crates/raven-docs/src/agents.rs";

    fn file(code: &str) -> String {
        format!("//! Owns a. Must not know b.\n{code}\n")
    }

    #[test]
    fn transports_stay_in_doors_and_queries_in_the_cellar() {
        expect(ROOM, &file("use axum::Json;"), &[2]);
        expect(ROOM, &file("fn f() -> axum::Json<u8> { sea_orm::x() }"), &[2, 2]);
        expect("crates/raven-docs/src/http/agents.rs", &file("use axum::Json;"), &[]);
        expect("crates/raven-docs/src/http/agents.rs", &file("use sea_orm::Set;"), &[2]);
        expect("crates/raven-docs/src/db/agents.rs", &file("use sea_orm::Set;"), &[]);
        expect("crates/raven-runtime/src/agents.rs", &file("use axum::Json;"), &[2]);
        expect("crates/raven-docs/tests/it/main.rs", &file("use axum::Json;"), &[]);
        expect(ROOM, &file("// axum::Json\nconst A: &str = \"axum::Json\";"), &[]);
        expect(ROOM, &file("#[cfg(test)]\nmod tests { use axum::Json; }\nuse axum::Json;"), &[4]);
    }

    #[test]
    fn unsafe_code_is_in_one_file() {
        expect(ROOM, &file("fn f() { unsafe { g() } }"), &[2]);
        expect("crates/raven-runtime/src/host/pty.rs", &file("fn f() { unsafe { g() } }"), &[]);
        expect(ROOM, &file("/// unsafe\nfn f() {}"), &[]);
    }

    #[test]
    fn tests_do_not_sleep() {
        expect(ROOM, &file("#[cfg(test)]\nmod tests {\n fn f() { sleep(D) }\n}"), &[4]);
        expect(ROOM, &file("#[tokio::test]\nasync fn f() { tokio::time::sleep(D).await }"), &[3]);
        expect("crates/raven-docs/tests/it/a.rs", &file("async fn f() { time::sleep(D).await }"), &[2]);
        expect(ROOM, &file("async fn f() { time::sleep(D).await }"), &[]);
        expect(ROOM, &file("#[cfg(test)]\nuse a::b;\nasync fn f() { time::sleep(D).await }"), &[]);
    }

    #[test]
    fn lints_are_expected_with_a_reason_and_never_allowed() {
        expect(ROOM, &file("#[allow(dead_code)]\nfn f() {}"), &[2]);
        expect(ROOM, &file("#![allow(dead_code)]"), &[2]);
        expect(ROOM, &file("#[expect(dead_code)]\nfn f() {}"), &[2]);
        expect(ROOM, &file("#[expect(dead_code, reason = \"…\")]\nfn f() {}"), &[]);
        expect(ROOM, &file("#![cfg_attr(test, allow(clippy::unwrap_used, reason = \"…\"))]"), &[]);
        expect(ROOM, &file("#[test]\n#[ignore]\nfn f() {}"), &[3]);
    }

    #[test]
    fn names_say_something_and_events_are_spelled_once() {
        expect(ROOM, &file("struct AgentManager;\nenum Agent {}"), &[2]);
        expect(ROOM, &file("fn f() { emit(\"agent:ready\") }"), &[2]);
        expect("crates/raven-protocol/src/event.rs", &file("const A: &str = \"agent:ready\";"), &[]);
        expect(ROOM, &file("#[test]\nfn f() { hear(\"agent:ready\") }"), &[]);
    }

    #[test]
    fn a_file_that_is_not_rust_is_told() {
        expect(ROOM, &file("fn f( {"), &[2]);
    }
}
