//! How well a text fits what is looked for, and the part of it that shows so.
//!
//! Owns both, by the text alone: how rare a word is among all texts would tell of texts that one may not read. Pure.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::expression::Phrase;

/// Where a match begins and ends in a snippet; taken out of texts before they are kept.
pub const MARKS: [char; 2] = ['⟦', '⟧'];

/// Weight of a title against a body.
const TITLE: f64 = 8.0;

/// Words that titles and bodies have as a rule: in a longer one a match says less.
const TITLE_LENGTH: f64 = 6.0;
const BODY_LENGTH: f64 = 300.0;

/// How soon a further match of the same words says nothing more, and how much the length counts: the usual figures of
/// such formulas.
const SATURATION: f64 = 1.2;
const LENGTH_COUNTS: f64 = 0.75;

/// Words of a snippet, and those of it before its first match.
const SNIPPET_WORDS: usize = 24;
const WORDS_BEFORE: usize = 5;

/// Matches of a text at which a snippet may begin.
const MAX_BEGINNINGS: usize = 200;

/// A word of a text: where it stands, and how it is compared.
struct Word {
    begin: usize,
    end: usize,
    folded: String,
}

/// Words of a text that are what is looked for.
struct Match {
    phrase: usize,
    first: usize,
    /// One after the last.
    end: usize,
}

/// How well a title and the beginning of a body fit; higher is better.
pub fn score(phrases: &[Phrase], title: &str, body: &str) -> f64 {
    let of = |text: &str, length: f64| {
        let words = words(text);
        let found = matches(phrases, &words);
        let weight = SATURATION * (1.0 - LENGTH_COUNTS + LENGTH_COUNTS * as_f64(words.len()) / length);
        (0..phrases.len())
            .map(|nth| as_f64(found.iter().filter(|found| found.phrase == nth).count()))
            .map(|times| times * (SATURATION + 1.0) / (times + weight))
            .sum::<f64>()
    };
    TITLE * of(title, TITLE_LENGTH) + of(body, BODY_LENGTH)
}

fn as_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The part of a text that has most of what is looked for, with its matches marked; its beginning when it has none.
pub fn snippet(phrases: &[Phrase], text: &str) -> Option<String> {
    let words = words(text);
    let found = matches(phrases, &words);
    let first = |begin: &Match| begin.first.saturating_sub(WORDS_BEFORE);
    let within = |from: usize| {
        found.iter().filter(move |found| found.first >= from && found.end <= from + SNIPPET_WORDS)
    };
    let worth = |from: usize| {
        let different = (0..phrases.len()).filter(|nth| within(from).any(|found| found.phrase == *nth));
        (different.count(), within(from).count())
    };
    let beginnings = found.iter().take(MAX_BEGINNINGS).map(first);
    // Of those that are worth the same the first.
    let from = beginnings.rev().max_by_key(|from| worth(*from))?;
    Some(marked(text, &words, (from, (from + SNIPPET_WORDS).min(words.len())), within(from)))
}

/// The beginning of a text, as long as a snippet.
pub fn beginning(text: &str) -> String {
    let words = words(text);
    marked(text, &words, (0, SNIPPET_WORDS.min(words.len())), std::iter::empty())
}

fn marked<'a>(
    text: &str,
    words: &[Word],
    (from, to): (usize, usize),
    found: impl Iterator<Item = &'a Match>,
) -> String {
    let begin = if from == 0 { 0 } else { words[from].begin };
    let end = if to == words.len() { text.len() } else { words[to - 1].end };
    let mut shown = String::from(if from == 0 { "" } else { "…" });
    let mut at = begin;
    for found in found {
        let (first, last) = (words[found.first].begin, words[found.end - 1].end);
        // Of matches that overlap the first is marked.
        if first >= at {
            shown.push_str(&text[at..first]);
            shown.push(MARKS[0]);
            shown.push_str(&text[first..last]);
            shown.push(MARKS[1]);
            at = last;
        }
    }
    shown.push_str(&text[at..end]);
    if to < words.len() {
        shown.push('…');
    }
    shown
}

/// Where a text has what is looked for, in its order.
fn matches(phrases: &[Phrase], words: &[Word]) -> Vec<Match> {
    let phrases: Vec<Folded> = phrases.iter().map(Folded::of).collect();
    let mut found = Vec::new();
    for first in 0..words.len() {
        for (phrase, wanted) in phrases.iter().enumerate() {
            if let Some(count) = wanted.at(&words[first..]) {
                found.push(Match { phrase, first, end: first + count });
            }
        }
    }
    found
}

/// A phrase as it is compared.
struct Folded {
    words: Vec<String>,
    begins: bool,
    near: Vec<String>,
}

impl Folded {
    fn of(phrase: &Phrase) -> Self {
        let fold_all = |words: &[String]| words.iter().map(|word| fold(word)).collect();
        Self { words: fold_all(phrase.words()), begins: phrase.begins(), near: fold_all(phrase.near()) }
    }

    /// How many of these words it is, if they begin with it.
    fn at(&self, words: &[Word]) -> Option<usize> {
        let (last, before) = self.words.split_last()?;
        let same = words.len() > before.len()
            && before.iter().zip(words).all(|(wanted, word)| *wanted == word.folded)
            && match &words[before.len()].folded {
                word if self.begins => word.starts_with(last.as_str()),
                word => word == last,
            };
        let near = || self.near.contains(&words[0].folded);
        if same { Some(self.words.len()) } else { near().then_some(1) }
    }
}

/// The words of a text: what lies between characters that are neither letters nor digits.
fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut begin = None;
    for (at, char) in text.char_indices().chain([(text.len(), ' ')]) {
        match (begin, char.is_alphanumeric() || is_combining_mark(char)) {
            (None, true) => begin = Some(at),
            (Some(first), false) => {
                words.push(Word { begin: first, end: at, folded: fold(&text[first..at]) });
                begin = None;
            }
            _ => {}
        }
    }
    words
}

/// A word without its accents, in lower case: as the index compares.
fn fold(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    word.nfd().filter(|char| !is_combining_mark(*char)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::super::expression::phrases;
    use super::*;

    fn shown(query: &str, text: &str) -> Option<String> {
        snippet(&phrases(query), text)
    }

    #[test]
    fn snippets_show_where() {
        for (query, text, expected) in [
            ("ship", "How\n\nWe ship on Fridays.", Some("How\n\nWe ⟦ship⟧ on Fridays.")),
            ("ship", "We sail.", None),
            ("ubung", "Die Übung, übungsweise", Some("Die ⟦Übung⟧, ⟦übungsweise⟧")),
            ("\"b c\"", "a b c d", Some("a ⟦b c⟧ d")),
            ("\"b c\"", "c b", None),
            ("x", "x", Some("⟦x⟧")),
            ("", "x", None),
        ] {
            assert_eq!(shown(query, text).as_deref(), expected, "{query} in {text}");
        }
        let long = format!("{} needle {}", "hay ".repeat(50), "hay ".repeat(50));
        let snippet = shown("needle", &long).unwrap();
        assert!(snippet.starts_with("…hay") && snippet.ends_with("hay…"), "{snippet}");
        assert_eq!(snippet.matches("hay").count(), SNIPPET_WORDS - 1, "{snippet}");
        let both = format!("one {} one two", "hay ".repeat(50));
        assert!(shown("one two", &both).unwrap().ends_with("⟦one⟧ ⟦two⟧"));
        assert_eq!(beginning("a b"), "a b");
        assert_eq!(beginning(""), "");
    }

    #[test]
    fn titles_count_more_and_length_counts_against() {
        let score = |query: &str, title: &str, body: &str| score(&phrases(query), title, body);
        assert!(score("ship", "Ship", "") > score("ship", "Other", &"ship ".repeat(100)));
        assert!(score("ship", "Ship", "") > score("ship", "How we ship on Fridays", ""));
        assert!(score("ship", "", "ship ship") > score("ship", "", "ship"));
        assert!(score("ship", "", "ship") > score("ship", "", &format!("ship {}", "x ".repeat(500))));
        assert!(score("a b", "", "a b") > score("a b", "", "a a"));
        assert!(score("ship", "", "sail").abs() < f64::EPSILON);
    }
}
