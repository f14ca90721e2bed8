//! What models cost by their vendors' lists, ours and the user's.
//!
//! Owns the table and which of its names a model goes by. Must not know where tokens are counted.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use toml::value::Datetime;

/// Our table.
const OURS: &str = include_str!("prices.toml");

/// Largest file of prices, in bytes.
const MAX_FILE: u64 = 256 * 1024;

/// Prices by model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    models: BTreeMap<String, Price>,
}

/// US dollars for a million tokens.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Price {
    input: f64,
    cached: Option<f64>,
    written: Option<f64>,
    output: f64,
    /// Tokens that the model's context takes.
    context: Option<u64>,
    /// The last day on which it holds.
    until: Option<Datetime>,
}

/// Tokens of one kind of price each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Sent, all of them.
    pub input: u64,
    /// Those of them that were cached before.
    pub cached: u64,
    /// Those of them that were cached now.
    pub written: u64,
    /// Answered.
    pub output: u64,
}

impl Prices {
    /// Our prices, with those of a file laid over them.
    ///
    /// # Errors
    /// Worded for the person who wrote the file.
    pub fn load(file: &Path) -> anyhow::Result<Self> {
        let mut prices: Self = toml::from_str(OURS)?;
        let unreadable = || format!("cannot read {}", file.display());
        match std::fs::metadata(file) {
            Err(none) if none.kind() == std::io::ErrorKind::NotFound => return Ok(prices),
            Err(refused) => return Err(refused).with_context(unreadable),
            Ok(found) if found.len() > MAX_FILE => {
                bail!("{} is larger than {MAX_FILE} bytes", file.display())
            }
            Ok(_) => {}
        }
        let text = std::fs::read_to_string(file).with_context(unreadable)?;
        let theirs: Self = toml::from_str(&text).with_context(unreadable)?;
        if let Some((name, _)) = theirs.models.iter().find(|(_, price)| !price.is_possible()) {
            bail!("{}: no price of {name} may be below zero", file.display());
        }
        prices.models.extend(theirs.models);
        Ok(prices)
    }

    /// What tokens of a model cost on a day (`2027-01-31`), in millionths of a dollar; `None` when the
    /// model's price is not known.
    pub fn cost(&self, model: &str, tokens: Tokens, today: &str) -> Option<f64> {
        let price = self.of(model)?;
        if price.until.is_some_and(|last| last.to_string().as_str() < today) {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "more tokens than this holds cannot be counted")]
        let cost = |tokens: u64, dollars: f64| tokens as f64 * dollars;
        let plain = tokens.input.saturating_sub(tokens.cached).saturating_sub(tokens.written);
        let sent = cost(plain, price.input)
            + cost(tokens.cached, price.cached.unwrap_or(price.input))
            + cost(tokens.written, price.written.unwrap_or(price.input));
        Some(sent + cost(tokens.output, price.output))
    }

    /// How many tokens a model's context takes, where that is known here.
    pub fn context(&self, model: &str) -> Option<u64> {
        self.of(model)?.context
    }

    fn of(&self, model: &str) -> Option<&Price> {
        // A path before it names a provider, brackets after it a variant at the same price.
        let model = model.rsplit('/').next().unwrap_or(model);
        let model = model.split('[').next().unwrap_or(model);
        let fits = |name: &str| match name.strip_suffix('*') {
            Some(beginning) => model.starts_with(beginning),
            None => model.strip_prefix(name).is_some_and(is_version),
        };
        let fitting = self.models.iter().filter(|(name, _)| fits(name));
        fitting.max_by_key(|(name, _)| name.trim_end_matches('*').len()).map(|(_, price)| price)
    }
}

impl Price {
    fn is_possible(&self) -> bool {
        let prices = [Some(self.input), self.cached, self.written, Some(self.output)];
        prices.into_iter().flatten().all(|price| price.is_finite() && price >= 0.0)
    }
}

/// Whether the rest of a name says which version of the model it is, and not that it is another one.
fn is_version(rest: &str) -> bool {
    let date = |rest: &str| rest.len() >= 8 && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    rest.is_empty() || rest == "-latest" || rest.strip_prefix(['-', '@']).is_some_and(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLION: u64 = 1_000_000;

    fn cost(prices: &Prices, model: &str, tokens: Tokens) -> Option<f64> {
        prices.cost(model, tokens, "2026-11-24").map(|micro| (micro / 1e4).round() / 100.0)
    }

    #[test]
    fn a_model_costs_what_its_own_entry_says() {
        let prices = Prices::load(Path::new("/nonexistent")).unwrap();
        let input = Tokens { input: MILLION, ..Tokens::default() };
        let output = Tokens { output: MILLION, ..Tokens::default() };
        for (model, sent, answered) in [
            ("claude-opus-5-5", Some(4.0), Some(20.0)),
            ("claude-opus-5", Some(5.0), Some(25.0)),
            ("claude-opus-4-20250514", Some(15.0), Some(75.0)),
            ("claude-opus-4-5-20251101", Some(5.0), Some(25.0)),
            ("anthropic/claude-sonnet-4-5@20250929", Some(3.0), Some(15.0)),
            ("claude-opus-4-7[1m]", Some(5.0), Some(25.0)),
            ("claude-opus-4-9", None, None),
            ("claude-haiku-5-5", None, None),
            ("gpt-5", Some(1.25), Some(10.0)),
            ("gpt-5-2025-08-07", Some(1.25), Some(10.0)),
            ("gpt-5-mini", Some(0.25), Some(2.0)),
            ("gpt-5-pro", None, None),
            ("gpt-5.9", None, None),
            ("models/gemini-2.5-flash-lite", Some(0.1), Some(0.4)),
            ("<synthetic>", None, None),
            ("", None, None),
        ] {
            assert_eq!(cost(&prices, model, input), sent, "{model}");
            assert_eq!(cost(&prices, model, output), answered, "{model}");
        }
    }

    #[test]
    fn cached_tokens_have_their_own_price_and_a_price_has_its_last_day() {
        let prices = Prices::load(Path::new("/nonexistent")).unwrap();
        let tokens = Tokens { input: 3 * MILLION, cached: MILLION, written: MILLION, output: 0 };
        assert_eq!(cost(&prices, "claude-opus-5", tokens), Some(5.0 + 0.5 + 6.25));
        assert_eq!(cost(&prices, "gpt-4.1", tokens), Some(2.0 + 0.5 + 2.0), "it has no price of its own");
        assert_eq!(prices.context("claude-opus-5-5"), Some(MILLION));
        assert_eq!(prices.context("claude-opus-4-5"), None);
        for (day, known) in [("2026-12-31", true), ("2027-01-01", false)] {
            assert_eq!(prices.cost("gemini-3.8-flash", tokens, day).is_some(), known, "{day}");
        }
    }

    #[test]
    fn a_file_of_the_users_is_laid_over_ours() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("prices.toml");
        let text = "[models]\n'gpt-5' = { input = 7.0, output = 9.0 }\n'mine-*' = { input = 1.0, output = 2.0 }\n\
                    'mine-large*' = { input = 3.0, output = 4.0 }\n";
        std::fs::write(&file, text).unwrap();
        let prices = Prices::load(&file).unwrap();
        let tokens = Tokens { input: MILLION, ..Tokens::default() };
        for (model, sent) in
            [("gpt-5", 7.0), ("gpt-5-mini", 0.25), ("mine-small", 1.0), ("mine-large-2", 3.0)]
        {
            assert_eq!(cost(&prices, model, tokens), Some(sent), "{model}");
        }
        for (text, said) in [
            ("[models]\nx = { input = 1.0 }", "missing field `output`"),
            ("[models]\nx = { input = -1.0, output = 1.0 }", "below zero"),
        ] {
            std::fs::write(&file, text).unwrap();
            let refused = format!("{:#}", Prices::load(&file).unwrap_err());
            assert!(refused.contains("prices.toml") && refused.contains(said), "{refused}");
        }
    }
}
