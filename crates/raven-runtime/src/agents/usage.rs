//! What an agent has used, from where its program tells it.
//!
//! Owns the reading of transcripts and screens for that. Must not know when it is worth reading them.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use raven_protocol::doing::Usage;
use regex::Regex;
use serde_json::Value;

use super::kinds::description::{Context, ContextSize, Only, UsageSource};

/// Largest transcript that is read, in bytes; of a longer one nothing is told.
const MAX_TRANSCRIPT: u64 = 64 * 1024 * 1024;

/// Most folders that are looked through for one.
const MAX_FOLDERS: usize = 2_000;

/// What an agent with this home, whose screen ends like this, has used. `None` where nothing is told yet.
pub fn read(source: &UsageSource, home: &Path, screen: &str) -> Option<Usage> {
    match source {
        UsageSource::Screen { input, output, cost } => {
            let usage = Usage {
                input_tokens: input.as_deref().and_then(|input| number(input, screen)).map(whole),
                output_tokens: output.as_deref().and_then(|output| number(output, screen)).map(whole),
                cost_micro_usd: cost
                    .as_deref()
                    .and_then(|cost| number(cost, screen))
                    .map(|usd| whole(usd * 1e6)),
                ..Usage::default()
            };
            (usage != Usage::default()).then_some(usage)
        }
        UsageSource::Transcript(records) => {
            let file = newest(home, &records.path)?;
            let mut text = String::new();
            if file.metadata().ok()?.len() > MAX_TRANSCRIPT {
                return None;
            }
            std::fs::File::open(file).ok()?.read_to_string(&mut text).ok()?;
            records.read(&text)
        }
    }
}

/// The last number that an expression finds; `2.4k` is 2400.
fn number(expression: &str, text: &str) -> Option<f64> {
    let found = Regex::new(expression).ok()?.captures_iter(text).last()?;
    let word = found.get(1)?.as_str().replace(',', "");
    let (digits, scale) = match word.as_bytes().last()? {
        b'k' => (&word[..word.len() - 1], 1e3),
        b'M' => (&word[..word.len() - 1], 1e6),
        _ => (word.as_str(), 1.0),
    };
    digits.parse::<f64>().ok().map(|number| number * scale)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
fn whole(number: f64) -> u64 {
    number.round() as u64
}

/// The newest file that a path with `*` and `**` names.
fn newest(home: &Path, path: &str) -> Option<PathBuf> {
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
    dated.max().map(|(_, path)| path)
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

/// Records of a transcript.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Records {
    /// A path in the home, `*` for any one name and `**` for any folders; the newest match is read.
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
    /// JSON pointers to tokens answered; added up.
    output: Vec<String>,
    /// JSON pointer to the model.
    #[serde(default)]
    model: Option<String>,
    /// How full the model's context is.
    #[serde(default)]
    context: Option<Context>,
}

impl Records {
    fn read(&self, text: &str) -> Option<Usage> {
        let counts = |record: &Value| {
            self.only
                .as_ref()
                .is_none_or(|only| record.pointer(&only.at).and_then(Value::as_str) == Some(&only.is))
                && self.input.iter().any(|at| record.pointer(at).is_some_and(Value::is_u64))
        };
        let records: Vec<Value> =
            text.lines().filter_map(|line| serde_json::from_str(line).ok()).filter(counts).collect();
        let last = records.last()?;
        let counted: Vec<&Value> = match (&self.same, self.running_total) {
            (_, true) => vec![last],
            (Some(same), false) => {
                let keyed = records.iter().map(|record| (record.pointer(same).map(Value::to_string), record));
                keyed.collect::<BTreeMap<_, _>>().into_values().collect()
            }
            (None, false) => records.iter().collect(),
        };
        let sum = |pointers: &[String]| counted.iter().map(|record| tokens(record, pointers)).sum();
        Some(Usage {
            input_tokens: Some(sum(&self.input)),
            cached_tokens: (!self.cached.is_empty()).then(|| sum(&self.cached)),
            output_tokens: Some(sum(&self.output)),
            cost_micro_usd: None,
            context_left_percent: self.context.as_ref().and_then(|context| context.left(last)),
            model: self.model.as_ref().and_then(|at| Some(last.pointer(at)?.as_str()?.to_owned())),
        })
    }
}

impl Context {
    fn left(&self, record: &Value) -> Option<u8> {
        let size = match &self.size {
            ContextSize::Tokens(size) => *size,
            ContextSize::At(at) => record.pointer(at)?.as_u64()?,
        };
        let used = tokens(record, &self.used).min(size);
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
            serde_json::json!({"type": "assistant", "message": {"id": id, "model": "opus", "usage":
                {"input_tokens": 10, "cache_read_input_tokens": 90, "output_tokens": output}}})
        };
        let lines = [record("a", 1), record("a", 5), serde_json::json!({"type": "user"}), record("b", 7)];
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(folder.join("s.jsonl"), text + "{broken").unwrap();
        let usage = read(&source("claude-code"), home.path(), "").unwrap();
        assert_eq!(
            (usage.input_tokens, usage.cached_tokens, usage.output_tokens),
            (Some(200), Some(180), Some(12))
        );
        assert_eq!((usage.model.as_deref(), usage.context_left_percent), (Some("opus"), Some(99)));
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
        std::fs::write(folder.join("rollout-1.jsonl"), line(10) + &line(30) + empty).unwrap();
        let usage = read(&source("codex"), home.path(), "").unwrap();
        assert_eq!((usage.input_tokens, usage.context_left_percent), (Some(30), Some(75)));
    }

    #[test]
    fn a_screen_tells_its_last_numbers() {
        let screen = "Tokens: 1k sent, 9 received.\nTokens: 2.4k sent, 1,014 received. Cost: $0.01 message, $0.02 session.";
        let usage = read(&source("aider"), Path::new("/nonexistent"), screen).unwrap();
        assert_eq!((usage.input_tokens, usage.output_tokens), (Some(2400), Some(1014)));
        assert_eq!(usage.cost_micro_usd, Some(20_000));
        assert_eq!(read(&source("aider"), Path::new("/nonexistent"), "nothing"), None);
    }
}
