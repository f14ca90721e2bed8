//! Rules about text, whatever the language: waiting in tests, skipped tests, paths of one machine.
//!
//! Owns patterns in lines. Must not know Rust: what needs tokens is in `rust`.

use crate::Violation;
use crate::tree::Source;

struct Rule {
    applies: fn(&Source) -> bool,
    words: &'static [&'static str],
    why: &'static str,
}

const RULES: [Rule; 4] = [
    Rule {
        applies: |source| source.is_script() && source.is_test(),
        words: &["waitForTimeout(", "sleep(", "setTimeout(resolve", "setTimeout(done"],
        why: "a test that waits for time is slow when it passes and wrong when the machine is busy: wait for a fact",
    },
    Rule {
        applies: |source| source.is_script() && source.is_test(),
        words: &[
            "test.skip(",
            "it.skip(",
            "describe.skip(",
            "test.only(",
            "it.only(",
            "describe.only(",
            "test.fixme(",
        ],
        why: "a test that does not run looks like one that passes",
    },
    Rule {
        applies: |source| source.is_script() && !source.is_test(),
        words: &["@ts-ignore", "@ts-nocheck", "eslint-disable "],
        why: "say why at the place: `@ts-expect-error reason`, `eslint-disable-next-line rule -- reason`",
    },
    // The path is spelled in two halves, so that this file does not break its own rule.
    Rule {
        applies: |_| true,
        words: &[concat!("../", "shared"), concat!("/work", "/main"), concat!("/root", "/.cargo")],
        why: "what is on one machine is not there on another",
    },
];

/// Every rule of this file.
pub fn check(source: &Source) -> Vec<Violation> {
    let rules = || RULES.iter().filter(|rule| (rule.applies)(source));
    let lines = source.text.lines().enumerate();
    lines
        .flat_map(|(index, line)| rules().filter_map(move |rule| broken(source, rule, index + 1, line)))
        .collect()
}

fn broken(source: &Source, rule: &Rule, line: usize, text: &str) -> Option<Violation> {
    let word = rule.words.iter().find(|word| contains_word(text, word))?;
    Some(Violation { path: source.path.clone(), line, what: format!("`{word}`"), why: rule.why })
}

/// Whether the text has the word, not merely as the end of a longer one.
fn contains_word(text: &str, word: &str) -> bool {
    let starts_name = word.starts_with(|c: char| c.is_ascii_alphabetic());
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|head| head.chars().next_back());
        !(starts_name && before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_'))
    })
}

#[cfg(test)]
mod tests {
    use crate::expect;

    #[test]
    fn browser_tests_wait_for_facts_and_all_of_them_run() {
        let test = |line: &str| format!("/** Owns a. */\n{line}\n");
        expect("web/tests/browser/a.spec.ts", &test("await page.waitForTimeout(100);"), &[2]);
        expect("web/tests/browser/a.spec.ts", &test("test.only('x', …);"), &[2]);
        expect("web/src/app/a.test.ts", &test("await sleep(3);"), &[2]);
        expect("web/src/app/a.ts", &test("await sleep(3);"), &[]);
        expect("web/tests/browser/a.spec.ts", &test("oversleep(3); latest.skip(1)"), &[]);
    }

    #[test]
    fn suppressions_without_a_reason_and_paths_of_one_machine_are_found() {
        expect("web/src/app/a.ts", "/** Owns a. */\n// @ts-ignore\n", &[2]);
        let path = concat!("see ../", "shared/design\n");
        expect("docs/a.md", path, &[1]);
    }
}
