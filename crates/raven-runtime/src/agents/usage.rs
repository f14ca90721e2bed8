//! What an agent has used, from where its program tells it.
//!
//! Owns the reading of transcripts and notes for that. Must not know when it is worth reading them.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use raven_protocol::doing::Usage;
use regex::Regex;
use serde_json::Value;

use super::kinds::description::{Context, ContextSize, Only, UsageSource};
use super::prices::{Prices, Tokens};

/// Most bytes of transcripts that are read; of longer ones nothing is told.
const MAX_TRANSCRIPT: u64 = 64 * 1024 * 1024;

/// Most folders that are looked through for one.
const MAX_FOLDERS: usize = 2_000;

/// What an agent with this home has used, and what that costs by a list where the program does not tell.
/// `None` where nothing is told yet.
pub fn read(source: &UsageSource, home: &Path, prices: &Prices) -> Option<Usage> {
    match source {
        UsageSource::Notes(notes) => notes.read(&text(&files(home, &notes.path))?),
        UsageSource::Transcript(records) => {
            let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
            records.read(&records.text(home)?, prices, &today)
        }
    }
}

/// A text for people in which a program notes what each message used. Expressions have a first group: a
/// number, which may end in k or M.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notes {
    /// A path in the home, `*` for any one name and `**` for any folders.
    path: String,
    /// Tokens sent; every match is added up.
    input: String,
    /// Tokens that the model answered; every match is added up.
    output: String,
    /// US dollars so far; the last match counts.
    cost: Option<String>,
}

impl Notes {
    fn read(&self, text: &str) -> Option<Usage> {
        let sum = |expression: &str| {
            let found = numbers(expression, text);
            (!found.is_empty()).then(|| whole(found.iter().sum()))
        };
        let cost = self.cost.as_deref().and_then(|cost| numbers(cost, text).pop());
        let usage = Usage {
            input_tokens: sum(&self.input),
            output_tokens: sum(&self.output),
            cost_micro_usd: cost.map(|usd| whole(usd * 1e6)),
            ..Usage::default()
        };
        (usage != Usage::default()).then_some(usage)
    }
}

/// The numbers that an expression finds; `2.4k` is 2400.
fn numbers(expression: &str, text: &str) -> Vec<f64> {
    let Ok(expression) = Regex::new(expression) else { return Vec::new() };
    let read = |found: regex::Captures<'_>| {
        let word = found.get(1)?.as_str().replace(',', "");
        let (digits, scale) = match word.as_bytes().last()? {
            b'k' => (&word[..word.len() - 1], 1e3),
            b'M' => (&word[..word.len() - 1], 1e6),
            _ => (word.as_str(), 1.0),
        };
        digits.parse::<f64>().ok().map(|number| number * scale)
    };
    expression.captures_iter(text).filter_map(read).collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
fn whole(number: f64) -> u64 {
    number.round() as u64
}

/// The files that a path with `*` and `**` names, oldest first.
fn files(home: &Path, path: &str) -> Vec<PathBuf> {
    let mut folders = vec![home.to_owned()];
    let (parts, name) = path.rsplit_once('/').unwrap_or(("", path));
    for part in parts.split('/').filter(|part| !part.is_empty()) {
        folders = match part {
            "*" => folders.iter().flat_map(|folder| children(folder)).collect(),
            "**" => below(folders),
            part => folders.iter().map(|folder| folder.join(part)).collect(),
        };
    }
    let (begins, ends) = name.split_once('*').unwrap_or((name, ""));
    let files = folders.iter().flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten().flatten());
    let fits = files.filter(|file| {
        file.file_name().to_str().is_some_and(|file| file.starts_with(begins) && file.ends_with(ends))
    });
    let dated = fits.filter_map(|file| Some((file.metadata().ok()?.modified().ok()?, file.path())));
    let mut dated: Vec<_> = dated.collect();
    dated.sort_unstable();
    dated.into_iter().map(|(_, path)| path).collect()
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}

fn below(mut folders: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut at = 0;
    while at < folders.len() && folders.len() < MAX_FOLDERS {
        folders.extend(children(&folders[at].clone()));
        at += 1;
    }
    folders
}

/// What stands in files, one after another.
fn text(files: &[PathBuf]) -> Option<String> {
    let mut text = String::new();
    for file in files {
        let left = MAX_TRANSCRIPT.saturating_sub(text.len() as u64);
        let file = std::fs::File::open(file).ok()?;
        if file.metadata().ok()?.len() > left {
            return None;
        }
        file.take(left).read_to_string(&mut text).ok()?;
        // The last line may still be being written.
        text.push('\n');
    }
    Some(text)
}

/// Records of a transcript.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Records {
    /// A path in the home, `*` for any one name and `**` for any folders. Every match is read, or only the
    /// newest when records tell the whole.
    path: String,
    /// Records count only when the value at this pointer is that text.
    #[serde(default)]
    only: Option<Only>,
    /// Records with the same value at this pointer are one; the last counts.
    #[serde(default)]
    same: Option<String>,
    /// Whether each record tells the whole so far, so that the last counts; they are added up otherwise.
    #[serde(default)]
    running_total: bool,
    /// JSON pointers to tokens sent; added up.
    input: Vec<String>,
    /// JSON pointers to those of them that were cached; added up.
    #[serde(default)]
    cached: Vec<String>,
    /// JSON pointers to those of them that were cached now, which some providers charge more for; added up.
    #[serde(default)]
    written: Vec<String>,
    /// JSON pointers to tokens answered; added up.
    output: Vec<String>,
    /// JSON pointer to the model, in the record or in any before it.
    #[serde(default)]
    model: Option<String>,
    /// How full the model's context is.
    #[serde(default)]
    context: Option<Context>,
}

impl Records {
    fn text(&self, home: &Path) -> Option<String> {
        let files = files(home, &self.path);
        text(if self.running_total { &files[files.len().saturating_sub(1)..] } else { &files })
    }

    fn read(&self, text: &str, prices: &Prices, today: &str) -> Option<Usage> {
        let records = self.counted(text);
        let last = records.last()?;
        let counted: Vec<&Record> = match (&self.same, self.running_total) {
            (_, true) => vec![last],
            (Some(same), false) => {
                let keyed =
                    records.iter().map(|record| (record.value.pointer(same).map(Value::to_string), record));
                keyed.collect::<BTreeMap<_, _>>().into_values().collect()
            }
            (None, false) => records.iter().collect(),
        };
        let sum = |of: fn(Tokens) -> u64| counted.iter().map(|record| of(record.tokens)).sum();
        // One model without a price, and the whole has none.
        let costs = counted.iter().map(|record| prices.cost(record.model.as_deref()?, record.tokens, today));
        let cost: Option<f64> = costs.sum();
        Some(Usage {
            input_tokens: Some(sum(|tokens| tokens.input)),
            cached_tokens: (!self.cached.is_empty()).then(|| sum(|tokens| tokens.cached)),
            output_tokens: Some(sum(|tokens| tokens.output)),
            cost_micro_usd: cost.map(whole),
            cost_is_estimate: cost.is_some(),
            context_left_percent: self.context.as_ref().and_then(|context| context.left(last, prices)),
            model: last.model.clone(),
        })
    }

    /// The records that tell of tokens, each with the model that was last named.
    fn counted(&self, text: &str) -> Vec<Record> {
        let mut model = None;
        let mut counted = Vec::new();
        for value in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
            if let Some(named) = self.model.as_ref().and_then(|at| value.pointer(at)?.as_str()) {
                model = Some(named.to_owned());
            }
            let fits = self
                .only
                .as_ref()
                .is_none_or(|only| value.pointer(&only.at).and_then(Value::as_str) == Some(&only.is));
            let tokens = Tokens {
                input: tokens(&value, &self.input),
                cached: tokens(&value, &self.cached),
                written: tokens(&value, &self.written),
                output: tokens(&value, &self.output),
            };
            // What a program says in a model's place costs nothing, and names no model.
            if fits && tokens != Tokens::default() {
                counted.push(Record { value, model: model.clone(), tokens });
            }
        }
        counted
    }
}

/// A record that tells of tokens.
struct Record {
    value: Value,
    model: Option<String>,
    tokens: Tokens,
}

impl Context {
    fn left(&self, record: &Record, prices: &Prices) -> Option<u8> {
        let of_model = || prices.context(record.model.as_deref()?);
        let size = match &self.size {
            ContextSize::Tokens(size) => of_model().unwrap_or(*size),
            ContextSize::At(at) => record.value.pointer(at)?.as_u64()?,
        };
        let used = tokens(&record.value, &self.used).min(size);
        u8::try_from((size - used) * 100 / size.max(1)).ok()
    }
}

fn tokens(record: &Value, pointers: &[String]) -> u64 {
    pointers.iter().filter_map(|at| record.pointer(at)?.as_u64()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::kinds::Kinds;
    use raven_protocol::agent::AgentType;

    fn used(kind: &str, home: &Path) -> Option<Usage> {
        read(&source(kind), home, &Prices::load(Path::new("/nonexistent")).unwrap())
    }

    fn source(kind: &str) -> UsageSource {
        let kinds = Kinds::load(Path::new("/nonexistent")).unwrap();
        kinds.find(&AgentType::parse(kind).unwrap()).unwrap().is.usage.clone().unwrap()
    }

    #[test]
    fn a_message_in_several_records_counts_once() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".claude/projects/-w");
        std::fs::create_dir_all(&folder).unwrap();
        let record = |id: &str, output: u64| {
            serde_json::json!({"type": "assistant", "message": {"id": id, "model": "claude-opus-5", "usage":
                {"input_tokens": 10, "cache_read_input_tokens": 90, "output_tokens": output}}})
        };
        let lines = [record("a", 1), record("a", 5), serde_json::json!({"type": "user"}), record("b", 7)];
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(folder.join("s.jsonl"), text + "{broken").unwrap();
        // A person began anew, and something was said in the model's place.
        let said = serde_json::json!({"type": "assistant", "message": {"id": "c", "model": "<synthetic>",
            "usage": {"input_tokens": 0, "output_tokens": 0}}});
        std::fs::write(folder.join("t.jsonl"), format!("{}\n{said}\n", record("d", 8))).unwrap();
        let usage = used("claude-code", home.path()).unwrap();
        assert_eq!(
            (usage.input_tokens, usage.cached_tokens, usage.output_tokens),
            (Some(300), Some(270), Some(20))
        );
        assert_eq!((usage.model.as_deref(), usage.context_left_percent), (Some("claude-opus-5"), Some(99)));
        // 30 plain at 5, 270 cached at 0.5, 20 answered at 25.
        assert_eq!((usage.cost_micro_usd, usage.cost_is_estimate), (Some(785), true));
    }

    #[test]
    fn of_running_totals_the_last_counts() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".codex/sessions/2027/01/02");
        std::fs::create_dir_all(&folder).unwrap();
        let line = |input: u64| {
            format!(
                "{}\n",
                serde_json::json!({"type": "event_msg", "payload": {"type": "token_count", "info": {
                    "total_token_usage": {"input_tokens": input, "cached_input_tokens": 5, "output_tokens": 2},
                    "last_token_usage": {"total_tokens": 100}, "model_context_window": 400}}})
            )
        };
        let empty = "{\"payload\":{\"type\":\"token_count\",\"info\":null}}\n";
        let turn = "{\"type\":\"turn_context\",\"payload\":{\"model\":\"gpt-5.5\"}}\n".to_owned();
        std::fs::write(folder.join("rollout-1.jsonl"), turn + &line(10) + &line(30) + empty).unwrap();
        let usage = used("codex", home.path()).unwrap();
        assert_eq!((usage.input_tokens, usage.context_left_percent), (Some(30), Some(75)));
        // 25 plain at 5, 5 cached at 0.5, 2 answered at 30, rounded.
        assert_eq!((usage.model.as_deref(), usage.cost_micro_usd), (Some("gpt-5.5"), Some(188)));
    }

    #[test]
    fn gemini_tells_each_message_and_again_with_its_tools() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".gemini/tmp/work/chats");
        std::fs::create_dir_all(&folder).unwrap();
        let message = |id: &str, more: &str| {
            format!(
                "{{\"id\":\"{id}\",\"type\":\"gemini\",\"tokens\":{{\"input\":1200,\"output\":34,\"cached\":200,\"thoughts\":6,\
                 \"tool\":0,\"total\":1240}},\"model\":\"gemini-2.5-pro\"{more}}}\n"
            )
        };
        let head = "{\"sessionId\":\"s\",\"kind\":\"main\"}\n{\"id\":\"u\",\"type\":\"user\"}\n";
        let set = "{\"$set\":{\"lastUpdated\":\"2026-11-24T20:35:27.116Z\"}}\n";
        let text = head.to_owned()
            + &message("a", "")
            + set
            + &message("a", ",\"toolCalls\":[]")
            + &message("b", "");
        std::fs::write(folder.join("session-2026-11-24T20-34-f21ea789.jsonl"), text).unwrap();
        let usage = used("gemini-cli", home.path()).unwrap();
        assert_eq!(
            (usage.input_tokens, usage.cached_tokens, usage.output_tokens),
            (Some(2400), Some(400), Some(80))
        );
        assert_eq!((usage.cost_micro_usd, usage.context_left_percent), (Some(3350), Some(99)));
    }

    #[test]
    fn without_a_price_of_every_model_there_is_no_cost() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".claude/projects/-w");
        std::fs::create_dir_all(&folder).unwrap();
        let record = |id: &str, model: &str| {
            serde_json::json!({"type": "assistant", "message": {"id": id, "model": model,
                "usage": {"input_tokens": 99_999, "output_tokens": 1}}})
        };
        let text = format!("{}\n{}\n", record("a", "claude-opus-5"), record("b", "not-in-the-list"));
        std::fs::write(folder.join("s.jsonl"), &text).unwrap();
        let usage = used("claude-code", home.path()).unwrap();
        assert_eq!(usage.context_left_percent, Some(50), "the kind's own number");
        std::fs::write(folder.join("s.jsonl"), text + &record("c", "claude-opus-5").to_string()).unwrap();
        let usage = used("claude-code", home.path()).unwrap();
        assert_eq!(usage.context_left_percent, Some(90), "the model's");
        assert_eq!((usage.cost_micro_usd, usage.cost_is_estimate), (None, false));
        assert_eq!(usage.output_tokens, Some(3));
    }

    #[test]
    fn notes_are_added_up_and_their_cost_is_the_last() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(used("aider", home.path()), None);
        let notes = "#### do it\n> Tokens: 1k sent, 9 received.\n\
                     > Tokens: 2.4k sent, 1,014 received. Cost: $0.01 message, $0.02 session.\n";
        std::fs::write(home.path().join(".aider.chat.history.md"), notes).unwrap();
        let usage = used("aider", home.path()).unwrap();
        assert_eq!((usage.input_tokens, usage.output_tokens), (Some(3400), Some(1023)));
        assert_eq!(
            (usage.cost_micro_usd, usage.cost_is_estimate),
            (Some(20_000), false),
            "it tells that itself"
        );
    }
}
