//! Addresses on a screen, whole, however they were cut to fit it. Pure.
//!
//! Owns how an address is put together again and which hosts it may lead to. Must not know why one is
//! looked for.

use url::Url;

use crate::host::look::Look;

/// Longest address that is read: sign-in addresses have been seen with 650 characters.
const MAX_URL: usize = 8 * 1024;

/// The address to sign in at: that of a link, or one in the text. Those at known hosts come first, then
/// the last on the screen.
pub fn find_link(look: &Look, hosts: &[String]) -> Option<String> {
    let linked = look.links.iter().map(|link| link.uri.clone());
    let mut found: Vec<String> = linked.filter(|uri| is_web(uri)).collect();
    if !found.iter().any(|url| is_at(url, hosts)) {
        found.extend(in_text(look));
    }
    found.iter().rev().find(|url| is_at(url, hosts)).or(found.last()).cloned()
}

/// Whether an address leads to one of these hosts, over TLS.
pub fn is_at(url: &str, hosts: &[String]) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let known = |host: &String| url.host_str().is_some_and(|at| at.eq_ignore_ascii_case(host));
    url.scheme() == "https"
        && url.username().is_empty()
        && url.password().is_none()
        && hosts.iter().any(known)
}

fn is_web(text: &str) -> bool {
    text.len() <= MAX_URL && Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// Addresses in the text. One that reaches the right edge goes on at the beginning of the next row:
/// programs that cut by themselves leave no mark of it.
fn in_text(look: &Look) -> Vec<String> {
    let cols = usize::from(look.size.cols);
    let mut found = Vec::new();
    for (number, row) in look.rows.iter().enumerate() {
        let starts = row.text.match_indices("http").map(|(at, _)| at);
        for at in starts.filter(|at| {
            let rest = &row.text[*at..];
            rest.starts_with("https://") || rest.starts_with("http://")
        }) {
            let mut url = word(&row.text[at..]).to_owned();
            let (mut from, mut next) = (row, number);
            while url.len() < MAX_URL && from.text.ends_with(last_of(&url)) {
                next += 1;
                let Some(more) = look.rows.get(next) else { break };
                let piece = word(&more.text);
                // Without a mark, a row that has more than a piece of an address is the next sentence.
                let is_whole = piece.len() == more.text.trim_end().len();
                if piece.is_empty() || !(from.wraps || is_whole && reaches_edge(&from.text, cols)) {
                    break;
                }
                url.push_str(piece);
                from = more;
            }
            found.push(url.trim_end_matches(['.', ',', ')', '>', '\'', '"']).to_owned());
        }
    }
    found.retain(|url| is_web(url));
    found
}

/// The text as far as it can be part of an address.
fn word(text: &str) -> &str {
    let is_part =
        |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '`' | '{' | '}' | '|' | '\\' | '^');
    text.split(|c| !is_part(c)).next().unwrap_or("")
}

fn last_of(url: &str) -> &str {
    &url[url.len().saturating_sub(1)..]
}

/// A row that is full, give or take the cell that some programs leave free.
fn reaches_edge(row: &str, cols: usize) -> bool {
    row.chars().count() + 1 >= cols
}

#[cfg(test)]
mod tests {
    use raven_protocol::terminal::TerminalSize;

    use super::*;
    use crate::host::look::{LookLink, LookRow};

    fn look(cols: u32, rows: &[(&str, bool)], links: &[&str]) -> Look {
        let row =
            |(text, wraps): &(&str, bool)| LookRow { text: (*text).to_owned(), bright: None, wraps: *wraps };
        let links = links.iter().map(|uri| LookLink { uri: (*uri).to_owned(), row: 0 }).collect();
        let size = TerminalSize::new(cols, 24).unwrap();
        Look { size, rows: rows.iter().map(row).collect(), links, ..Look::default() }
    }

    #[test]
    fn an_address_is_whole_however_it_was_cut() {
        let hosts = ["a.example".to_owned()];
        let whole = "https://a.example/oauth?x=1234567890&y=2";
        for (rows, links) in [
            (vec![("see https://a.example/oauth?x=1234567890&y=2 now", false)], vec![]),
            // By the terminal.
            (vec![("https://a.example/oa", true), ("uth?x=1234567890&y=2", false)], vec![]),
            // By the program, at the edge, without a mark.
            (
                vec![("https://a.example/oa", false), ("uth?x=1234567890&y=2", false), ("Paste it", false)],
                vec![],
            ),
            // By the program, one cell before the edge, the first row indented.
            (vec![("  https://a.example", false), ("/oauth?x=1234567890", false), ("&y=2", false)], vec![]),
            // Behind other words.
            (vec![("click here", false)], vec![whole]),
            (vec![("https://elsewhere.example/x", false)], vec![whole, "file:///etc/passwd"]),
        ] {
            assert_eq!(find_link(&look(20, &rows, &links), &hosts).as_deref(), Some(whole), "{rows:?}");
        }
        assert_eq!(find_link(&look(20, &[("no address", false)], &[]), &hosts), None);
    }

    #[test]
    fn only_known_hosts_over_tls_are_trusted() {
        let hosts = ["claude.ai".to_owned()];
        for (url, trusted) in [
            ("https://claude.ai/x", true),
            ("https://CLAUDE.ai/x", true),
            ("http://claude.ai/x", false),
            ("https://claude.ai.example/x", false),
            ("https://claude.ai@example.com/x", false),
            ("https://me@claude.ai/x", false),
            ("https://example.com/?https://claude.ai", false),
        ] {
            assert_eq!(is_at(url, &hosts), trusted, "{url}");
        }
    }
}
