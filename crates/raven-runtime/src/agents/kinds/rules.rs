//! What a screen and a title say, by the rules of a kind. Pure.
//!
//! Owns the reading of screens: which rule fits, what is asked, where to sign in. Must not know what
//! else an agent tells, nor what follows from it.

use std::borrow::Cow;

use anyhow::Context as _;
use raven_protocol::doing::{Login, LoginKind, PromptInput, PromptKind, PromptOption};
use regex::{Regex, RegexBuilder};

use super::description::{Description, FixedOption, LoginRule, PromptRule, Rule, Shown, Told};
use super::links::find_link;
use crate::host::look::{Look, LookRow};

/// Largest compiled expression, in bytes: a file of a user must not take the machine's memory.
const MAX_EXPRESSION: usize = 1024 * 1024;

/// Most options of a question.
const MAX_OPTIONS: usize = 20;

/// Longest question or label, in characters.
const MAX_TEXT: usize = 4000;

/// The expressions of a kind.
#[derive(Debug)]
pub struct Rules {
    rules: Vec<Compiled>,
    titles: Vec<(Regex, Told)>,
    composer: Option<Regex>,
    placeholder: Option<Regex>,
    hosts: Vec<String>,
}

/// What a screen says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The rule that fits.
    pub rule: String,
    /// The status that it shows.
    pub shown: Shown,
    /// What is asked.
    pub asked: Option<Asked>,
    /// How to sign in.
    pub login: Option<Login>,
    /// What went wrong.
    pub trouble: Option<String>,
    /// What is said of a limit: the lines, and when it ends, as written.
    pub limit: Option<(String, Option<String>)>,
}

/// A question, and the keys that answer it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What kind of question.
    pub kind: PromptKind,
    /// The question.
    pub question: String,
    /// The tool that it is about.
    pub tool: Option<String>,
    /// What can be chosen, each with its keys.
    pub choices: Vec<(PromptOption, String)>,
    /// The text that can be given.
    pub input: Option<PromptInput>,
    /// Keys that end such a text.
    pub submit: String,
}

#[derive(Debug)]
struct Compiled {
    name: String,
    shown: Shown,
    lines: usize,
    from: Option<Regex>,
    all: Vec<Regex>,
    none: Vec<Regex>,
    cursor: Option<Regex>,
    title: Option<Regex>,
    prompt: Option<CompiledPrompt>,
    login: Option<(LoginKind, Option<Regex>)>,
    trouble: Option<Regex>,
    resets: Option<Regex>,
}

#[derive(Debug)]
struct CompiledPrompt {
    kind: PromptKind,
    question: Option<Regex>,
    tool: Option<Regex>,
    option: Option<(Regex, String)>,
    fixed: Vec<(FixedOption, Option<Regex>)>,
    input: Option<PromptInput>,
    submit: String,
}

impl Rules {
    /// Compiles what a description says.
    ///
    /// # Errors
    /// Names the rule whose expression cannot be used.
    pub fn compile(description: &Description) -> anyhow::Result<Self> {
        let rules = description.rules.iter().enumerate().map(|(index, rule)| {
            Compiled::new(rule, &format!("rules[{index}]"))
                .with_context(|| format!("the rule `{}` cannot be used", rule.name))
        });
        let titles = description.signals.titles.iter().enumerate().map(|(index, title)| {
            let path = format!("signals.titles[{index}].is");
            Ok((expression(&title.is, &path)?, title.status))
        });
        Ok(Self {
            rules: rules.collect::<anyhow::Result<_>>()?,
            titles: titles.collect::<anyhow::Result<_>>().context("a title cannot be used")?,
            composer: optional(description.drive.composer.as_ref(), "drive.composer")?,
            placeholder: optional(description.drive.placeholder.as_ref(), "drive.placeholder")?,
            hosts: description.login.hosts.clone(),
        })
    }

    /// Whether there is anything to look for.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.titles.is_empty()
    }

    /// Whether some rule shows a status.
    pub fn can_show(&self, shown: Shown) -> bool {
        self.rules.iter().any(|rule| rule.shown == shown)
    }

    /// What the first rule that fits says.
    pub fn read(&self, look: &Look) -> Option<Reading> {
        let lines = logical_lines(look);
        self.rules.iter().find_map(|rule| rule.read(look, &lines, &self.hosts))
    }

    /// What a title says.
    pub fn title(&self, title: &str) -> Option<Told> {
        self.titles.iter().find(|(is, _)| is.is_match(title)).map(|(_, told)| *told)
    }

    /// The text in the line where one is typed; empty when there is only a placeholder or a suggestion,
    /// which are faint. `None` when that line cannot be found.
    pub fn composed(&self, look: &Look) -> Option<String> {
        let composer = self.composer.as_ref()?;
        let text = logical_lines(look).join("\n");
        let found = composer.captures_iter(&text).last()?;
        let Some(typed) = found.get(1) else { return Some(String::new()) };
        let is_placeholder = |typed: &str| self.placeholder.as_ref().is_some_and(|is| is.is_match(typed));
        let (before, length) = (text[..typed.start()].chars().count(), typed.as_str().chars().count());
        let bright = lines_of(look, bright).join("\n");
        let bright: String = bright.chars().skip(before).take(length).collect();
        // A drawn cursor stands on the first character of what is faint.
        let is_faint = bright != typed.as_str() && bright.trim().chars().count() <= 1;
        let is_empty = is_faint || is_placeholder(typed.as_str().trim());
        Some(if is_empty { String::new() } else { typed.as_str().trim().to_owned() })
    }
}

/// Lines as they were before the screen's width cut them, down to the last that says something.
fn logical_lines(look: &Look) -> Vec<String> {
    lines_of(look, |row| Cow::Borrowed(&row.text))
}

/// A row without what is faint, as long as the whole one.
fn bright(row: &LookRow) -> Cow<'_, str> {
    match &row.bright {
        Some(bright) => format!("{bright:width$}", width = row.text.chars().count()).into(),
        None => Cow::Borrowed(&row.text),
    }
}

fn lines_of(look: &Look, text: fn(&LookRow) -> Cow<'_, str>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut goes_on = false;
    for row in &look.rows {
        match lines.last_mut().filter(|_| goes_on) {
            Some(line) => line.push_str(&text(row)),
            None => lines.push(text(row).into_owned()),
        }
        goes_on = row.wraps;
    }
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    lines
}

impl Compiled {
    fn new(rule: &Rule, path: &str) -> anyhow::Result<Self> {
        let all = |texts: &[String], name: &str| {
            let each = texts.iter().enumerate();
            each.map(|(index, text)| expression(text, &format!("{path}.{name}[{index}]")))
                .collect::<anyhow::Result<_>>()
        };
        let one = |text: &Option<String>, name: &str| optional(text.as_ref(), &format!("{path}.{name}"));
        let login = |login: &LoginRule| {
            Ok::<_, anyhow::Error>((login.kind, one(&login.user_code, "login.user_code")?))
        };
        let prompt = |prompt: &PromptRule| CompiledPrompt::new(prompt, &format!("{path}.prompt"));
        Ok(Self {
            name: rule.name.clone(),
            shown: rule.status,
            lines: rule.lines,
            from: one(&rule.from, "from")?,
            all: all(&rule.all, "all")?,
            none: all(&rule.none, "none")?,
            cursor: one(&rule.cursor, "cursor")?,
            title: one(&rule.title, "title")?,
            prompt: rule.prompt.as_ref().map(prompt).transpose()?,
            login: rule.login.as_ref().map(login).transpose()?,
            trouble: one(&rule.trouble, "trouble")?,
            resets: one(&rule.resets, "resets")?,
        })
    }

    fn read(&self, look: &Look, lines: &[String], hosts: &[String]) -> Option<Reading> {
        let part = &lines[lines.len().saturating_sub(self.lines)..];
        let whole = part.join("\n");
        let text = match &self.from {
            Some(from) => &whole[from.find_iter(&whole).last()?.start()..],
            None => whole.as_str(),
        };
        let cursor_line = look.rows.get(usize::from(look.cursor.0)).map_or("", |row| row.text.as_str());
        let fits = self.all.iter().all(|wanted| wanted.is_match(text))
            && !self.none.iter().any(|unwanted| unwanted.is_match(text))
            && self.cursor.as_ref().is_none_or(|wanted| wanted.is_match(cursor_line))
            && self.title.as_ref().is_none_or(|wanted| wanted.is_match(look.title.as_deref().unwrap_or("")));
        let trouble =
            self.trouble.as_ref().and_then(|trouble| first_group(trouble, text)).map(|it| line(&it));
        fits.then(|| Reading {
            rule: self.name.clone(),
            shown: self.shown,
            asked: self.prompt.as_ref().map(|prompt| prompt.read(text)),
            login: self.login.as_ref().map(|(kind, user_code)| {
                let url =
                    (*kind != LoginKind::Menu && *kind != LoginKind::ApiKey).then(|| find_link(look, hosts));
                let url = url.flatten();
                let trusted = url.as_deref().is_some_and(|url| super::links::is_at(url, hosts));
                let user_code = user_code.as_ref().and_then(|code| first_group(code, text));
                Login { kind: *kind, url, trusted, user_code }
            }),
            limit: (self.shown == Shown::Limited).then(|| {
                let said = self.all.first().and_then(|wanted| {
                    part.iter().find(|line| wanted.is_match(line)).map(|line| line.trim().to_owned())
                });
                let resets = self.resets.as_ref().and_then(|resets| first_group(resets, text));
                let said = trouble.clone().or(said).unwrap_or_else(|| tidy(text));
                (bounded(&said), resets)
            }),
            trouble: trouble.filter(|_| self.shown != Shown::Limited),
        })
    }
}

impl CompiledPrompt {
    fn new(rule: &PromptRule, path: &str) -> anyhow::Result<Self> {
        let one = |text: &Option<String>, name: &str| optional(text.as_ref(), &format!("{path}.{name}"));
        let option = match (&rule.option, &rule.choose) {
            (Some(option), Some(choose)) => {
                Some((expression(option, &format!("{path}.option"))?, choose.clone()))
            }
            (None, None) => None,
            _ => anyhow::bail!("at `{path}`: `option` and `choose` belong together"),
        };
        let fixed =
            rule.options.iter().enumerate().map(|(index, fixed)| {
                Ok((fixed.clone(), one(&fixed.find, &format!("options[{index}].find"))?))
            });
        Ok(Self {
            kind: rule.kind,
            question: one(&rule.question, "question")?,
            tool: one(&rule.tool, "tool")?,
            option,
            fixed: fixed.collect::<anyhow::Result<_>>()?,
            input: rule.input,
            submit: rule.submit.clone(),
        })
    }

    fn read(&self, text: &str) -> Asked {
        let question = self.question.as_ref().and_then(|question| first_group(question, text));
        Asked {
            kind: self.kind,
            question: bounded(&question.map_or_else(|| tidy(text), |question| tidy(&question))),
            tool: self.tool.as_ref().and_then(|tool| first_group(tool, text)),
            choices: self.choices(text),
            input: self.input,
            submit: self.submit.clone(),
        }
    }

    fn choices(&self, text: &str) -> Vec<(PromptOption, String)> {
        let mut choices: Vec<(PromptOption, String)> = Vec::new();
        if let Some((option, choose)) = &self.option {
            for found in option.captures_iter(text) {
                // A label that goes on in the next row is one line.
                let group = |name: &str| {
                    let part = found.name(name).map_or("", |part| part.as_str());
                    part.split_whitespace().collect::<Vec<_>>().join(" ")
                };
                let id = group("id");
                let label = if group("label").is_empty() { id.clone() } else { bounded(&group("label")) };
                // A list that is shown twice counts as it stands below.
                choices.retain(|(before, _)| before.id != id);
                let keys = choose.replace("{id}", &id);
                choices.push((PromptOption { id, label }, keys));
            }
        }
        for (fixed, find) in &self.fixed {
            let found = find.as_ref().map(|find| find.captures_iter(text).last());
            let label = match found {
                Some(None) => continue,
                Some(Some(found)) => found.get(1).map(|label| label.as_str().trim().to_owned()),
                None => None,
            };
            let label = label.filter(|label| !label.is_empty()).unwrap_or_else(|| fixed.label.clone());
            choices.push((PromptOption { id: fixed.id.clone(), label: bounded(&label) }, fixed.keys.clone()));
        }
        choices.truncate(MAX_OPTIONS);
        choices
    }
}

/// `path` is where it stands, for whoever wrote it.
fn expression(text: &str, path: &str) -> anyhow::Result<Regex> {
    let builder =
        RegexBuilder::new(text).case_insensitive(true).multi_line(true).size_limit(MAX_EXPRESSION).build();
    builder.with_context(|| format!("at `{path}`: `{text}` is no regular expression"))
}

fn optional(text: Option<&String>, path: &str) -> anyhow::Result<Option<Regex>> {
    text.map(|text| expression(text, path)).transpose()
}

/// The first group of the last match, or all of it.
fn first_group(expression: &Regex, text: &str) -> Option<String> {
    let found = expression.captures_iter(text).last()?;
    let group = found.iter().skip(1).flatten().next().or_else(|| found.get(0))?;
    Some(group.as_str().trim().to_owned())
}

/// Lines without frames and without empty ones.
fn tidy(text: &str) -> String {
    let is_frame = |c: char| ('\u{2500}'..='\u{259f}').contains(&c);
    let bare = text.lines().map(|line| line.trim_matches(|c: char| is_frame(c) || c.is_whitespace()));
    bare.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// One line of text that its program broke into several.
fn line(text: &str) -> String {
    bounded(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn bounded(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::kinds::Kind;

    #[test]
    fn what_is_faint_in_the_input_line_was_not_typed() {
        let kind = Kind::of("type = 'x'\ntitle = 'X'\n[drive]\ncomposer = '^> ?([^\\n]*)\\z'");
        let composed = |text: &str, bright: Option<&str>| {
            let before = LookRow { text: "Grüße, 世界".to_owned(), bright: None, wraps: false };
            let row = LookRow { text: text.to_owned(), bright: bright.map(str::to_owned), wraps: false };
            kind.rules.composed(&Look { rows: vec![before, row], ..Look::default() })
        };
        assert_eq!(composed("> fix the tests", None).as_deref(), Some("fix the tests"));
        assert_eq!(composed("> fix the tests", Some(">")).as_deref(), Some(""), "a suggestion");
        assert_eq!(composed("> fix the tests", Some("> f")).as_deref(), Some(""), "the cursor stands on it");
        let completed = composed("> fix the tests", Some("> fix"));
        assert_eq!(completed.as_deref(), Some("fix the tests"), "the rest of a typed text is offered");
        assert_eq!(composed(">", None).as_deref(), Some(""));
        assert_eq!(composed("$ x", None), None);
    }
}
