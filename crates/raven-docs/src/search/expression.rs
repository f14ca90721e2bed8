//! What people type, as an expression of the index: whatever they type, it is one.
//!
//! Owns the index's language of queries, and which words are near to one that may be mistyped. Pure.

use std::fmt::Write as _;

/// Most words of a query that are looked for.
const MAX_WORDS: usize = 16;

/// Shortest word that may be mistyped, in characters.
const SHORTEST: usize = 4;

/// Shortest word that is taken for the beginning of one: shorter ones begin nearly everything.
const SHORTEST_BEGINNING: usize = 2;

/// From this length on a word may have two typos.
const LONG: usize = 8;

/// A word, or several in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    words: Vec<String>,
    /// Whether it is looked for as the beginning of a word too.
    begins: Begins,
    near: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begins {
    Yes,
    No,
}

/// Reads a query: words, of which all must be there, and words in a row between quotes. The last word may be the
/// beginning of one.
pub fn phrases(query: &str) -> Vec<Phrase> {
    let mut phrases = Vec::new();
    let mut left = MAX_WORDS;
    // Of pieces between quotes each second one was quoted.
    for (nth, piece) in query.split('"').enumerate() {
        let quoted = nth % 2 == 1;
        let chunks: Vec<&str> = if quoted { vec![piece] } else { piece.split_whitespace().collect() };
        for chunk in chunks {
            let words: Vec<String> = words(chunk).take(left).collect();
            left -= words.len();
            if !words.is_empty() {
                phrases.push(Phrase { words, begins: Begins::No, near: Vec::new() });
            }
        }
    }
    if !query.trim_end().ends_with('"')
        && let Some(last) = phrases.last_mut()
        && last.words.last().is_some_and(|word| word.chars().count() >= SHORTEST_BEGINNING)
    {
        last.begins = Begins::Yes;
    }
    phrases
}

/// What the index takes for words.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// The expression for texts that have all phrases.
pub fn all(phrases: &[Phrase]) -> String {
    phrases.iter().map(any_of).collect::<Vec<_>>().join(" AND ")
}

/// The same for titles.
pub fn in_title(phrases: &[Phrase]) -> String {
    format!("{{title}} : ({})", all(phrases))
}

/// The expression for texts of which some phrase is in the title.
pub fn any_in_title(phrases: &[Phrase]) -> String {
    format!("{{title}} : ({})", phrases.iter().map(any_of).collect::<Vec<_>>().join(" OR "))
}

fn any_of(phrase: &Phrase) -> String {
    let mut text = format!("(\"{}\"", phrase.words.join(" "));
    if phrase.begins == Begins::Yes {
        text.push('*');
    }
    for near in &phrase.near {
        let _never_fails = write!(text, " OR \"{near}\"");
    }
    text.push(')');
    text
}

impl Phrase {
    /// The word, if it is one that may be mistyped.
    pub fn mistyped(&self) -> Option<&str> {
        match self.words.as_slice() {
            [word] if word.chars().count() >= SHORTEST => Some(word),
            _ => None,
        }
    }

    /// Its words, in lower case.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Whether it is looked for as the beginning of a word too.
    pub fn begins(&self) -> bool {
        self.begins == Begins::Yes
    }

    /// Words that are looked for in its place.
    pub fn near(&self) -> &[String] {
        &self.near
    }

    /// Looks for these words too.
    pub fn widen(&mut self, near: Vec<String>) {
        self.near = near;
    }

    /// Those of some words that are near to this one, the nearest first.
    pub fn nearest(&self, candidates: Vec<String>) -> Vec<String> {
        let Some(word) = self.mistyped() else { return Vec::new() };
        let most = if word.chars().count() < LONG { 1 } else { 2 };
        let mut near: Vec<(usize, String)> = candidates
            .into_iter()
            .filter(|candidate| candidate != word)
            .filter_map(|candidate| {
                let within = candidate.contains(word).then_some(most);
                let typos = Some(distance(word, &candidate)).filter(|typos| *typos <= most).or(within)?;
                Some((typos, candidate))
            })
            .collect();
        near.sort();
        near.into_iter().map(|(_, candidate)| candidate).collect()
    }
}

/// The expression for words that share trigrams with one.
pub fn trigrams(word: &str) -> String {
    let chars: Vec<char> = word.chars().collect();
    let all: Vec<String> =
        chars.windows(3).map(|three| format!("\"{}\"", three.iter().collect::<String>())).collect();
    all.join(" OR ")
}

/// How many letters must be put in, left out, replaced or swapped with the next to come from one word to another.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut before = vec![0; to.len() + 1];
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for row in 1..=from.len() {
        let mut now = vec![row; to.len() + 1];
        for column in 1..=to.len() {
            let same = usize::from(from[row - 1] != to[column - 1]);
            let mut least = (last[column] + 1).min(now[column - 1] + 1).min(last[column - 1] + same);
            let swapped =
                row > 1 && column > 1 && from[row - 1] == to[column - 2] && from[row - 2] == to[column - 1];
            if swapped {
                least = least.min(before[column - 2] + 1);
            }
            now[column] = least;
        }
        (before, last) = (last, now);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_becomes_an_expression() {
        for (typed, expected) in [
            ("deploy", r#"("deploy"*)"#),
            ("Deploy Guide", r#"("deploy") AND ("guide"*)"#),
            (r#""exact words" more"#, r#"("exact words") AND ("more"*)"#),
            (r#"open "quote"#, r#"("open") AND ("quote"*)"#),
            ("of c", r#"("of") AND ("c")"#),
            (r#"a "b""#, r#"("a") AND ("b")"#),
            ("foo-bar(baz)", r#"("foo bar baz"*)"#),
            (
                "NEAR(a b) OR title:x* ^y -z",
                r#"("near a") AND ("b") AND ("or") AND ("title x") AND ("y") AND ("z")"#,
            ),
            ("   ", ""),
            ("\u{0}\"*()^", ""),
            ("知识", r#"("知识"*)"#),
        ] {
            assert_eq!(all(&phrases(typed)), expected, "{typed}");
        }
        assert_eq!(phrases(&"w ".repeat(100)).len(), MAX_WORDS);
        assert_eq!(in_title(&phrases("ab")), r#"{title} : (("ab"*))"#);
    }

    #[test]
    fn distances_count_typos() {
        for (from, to, typos) in [
            ("deploy", "deploy", 0),
            ("deploy", "depoly", 1),
            ("deploy", "deplo", 1),
            ("deploy", "deployy", 1),
            ("deploy", "deplay", 1),
            ("deploy", "employ", 2),
            ("", "abc", 3),
        ] {
            assert_eq!(distance(from, to), typos, "{from} {to}");
        }
    }

    #[test]
    fn near_words_are_looked_for_too() {
        let mut phrase = phrases("deplyo").remove(0);
        let candidates = ["deploy", "employ", "deplyo", "deplyoment"].map(ToOwned::to_owned);
        phrase.widen(phrase.nearest(candidates.to_vec()));
        assert_eq!(all(&[phrase]), r#"("deplyo"* OR "deploy" OR "deplyoment")"#);
        let short = phrases("abc").remove(0);
        assert!(short.nearest(vec!["abd".to_owned()]).is_empty(), "short words have no typos");
        assert_eq!(trigrams("word"), r#""wor" OR "ord""#);
    }
}
