//! The kinds of agents that this runtime can start: ours, and what the user adds or changes.
//!
//! Owns the catalogue. Must not know processes: a kind is data, and each has a file of its own.

pub mod description;
pub mod links;
pub mod rules;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use raven_protocol::agent::{AgentType, InvalidSpawn, SpawnConfig};
use raven_protocol::kind::{AgentTypeStatus, Credential};

use self::description::Description;
use self::rules::Rules;
use crate::environment::{Environment, find_program};
use crate::install::Package;
use crate::keys::Keys;
use crate::place::home::Sources;

/// Our own kinds, in the order in which they are shown. What is known of a program stands there and
/// nowhere else.
const OURS: [&str; 5] = [
    include_str!("kinds/claude_code.toml"),
    include_str!("kinds/codex.toml"),
    include_str!("kinds/gemini_cli.toml"),
    include_str!("kinds/aider.toml"),
    include_str!("kinds/custom.toml"),
];

/// Most kinds that a user's folder may add.
const MAX_KINDS: usize = 100;

/// Lists of which the first item that fits counts.
const FIRST_COUNTS: [&str; 2] = ["rules", "titles"];

/// Largest file of a kind, in bytes.
const MAX_FILE: u64 = 256 * 1024;

/// One kind of agent, ready for use.
#[derive(Debug)]
pub struct Kind {
    /// What is written of it.
    pub is: Description,
    /// Its expressions, compiled.
    pub rules: Rules,
    /// What it is made of, as a file of a kind has it.
    pub text: String,
}

/// What a machine has for agents.
pub struct Equipment<'a> {
    /// Where programs are that this runtime installed.
    pub installed: &'a Path,
    /// The clean environment.
    pub env: &'a Environment,
    /// Keys of model providers.
    pub keys: &'a Keys,
    /// Where logins are kept that agents made.
    pub logins: &'a Path,
}

/// Every kind, in the order in which they are shown.
#[derive(Debug, Clone)]
pub struct Kinds {
    all: Arc<[Arc<Kind>]>,
}

impl Kinds {
    /// Our kinds, with those of a folder laid over them: a file `NAME.toml` of a known type changes what
    /// it names, one of another type adds a kind.
    ///
    /// # Errors
    /// Worded for the person who wrote the file.
    pub fn load(folder: &Path) -> anyhow::Result<Self> {
        let mut tables = Vec::new();
        for text in OURS {
            tables.push(("a kind of ours".to_owned(), toml::from_str::<toml::Table>(text)?));
        }
        for (file, text) in user_files(folder)? {
            let table: toml::Table = toml::from_str(&text).with_context(|| format!("cannot read {file}"))?;
            let named = table.get("type").and_then(toml::Value::as_str).map(str::to_owned);
            let Some(named) = named else { bail!("{file} needs a `type`") };
            let known = |(_, known): &&mut (String, toml::Table)| {
                known.get("type").and_then(toml::Value::as_str) == Some(&named)
            };
            match tables.iter_mut().find(known) {
                Some((from, known)) => {
                    lay_over(known, table);
                    *from = file;
                }
                None => tables.push((file, table)),
            }
        }
        let kinds = tables.into_iter().map(|(from, table)| {
            Kind::new(table).map(Arc::new).with_context(|| format!("cannot use {from}"))
        });
        Ok(Self { all: kinds.collect::<anyhow::Result<_>>()? })
    }

    /// Every kind.
    pub fn all(&self) -> &[Arc<Kind>] {
        &self.all
    }

    /// The kind of a name; of one that is unknown, only that it runs is known.
    pub fn or_custom(&self, name: &AgentType) -> Option<Arc<Kind>> {
        self.find(name).or_else(|| self.find(&AgentType::parse(AgentType::CUSTOM).ok()?))
    }

    /// The kind of a name.
    pub fn find(&self, name: &AgentType) -> Option<Arc<Kind>> {
        self.all.iter().find(|kind| kind.is.agent_type == *name).cloned()
    }
}

impl Kind {
    fn new(table: toml::Table) -> anyhow::Result<Self> {
        let text = toml::to_string(&table)?;
        let is: Description = table.try_into()?;
        let rules = Rules::compile(&is)?;
        Ok(Self { is, rules, text })
    }

    /// Reads a whole kind.
    ///
    /// # Errors
    /// When it is none, or not one of this version.
    pub fn read(text: &str) -> anyhow::Result<Self> {
        Self::new(toml::from_str(text)?)
    }

    /// The kind with what a spawn says of its own program.
    ///
    /// # Errors
    /// [`InvalidSpawn`] naming the field that cannot be used.
    pub fn with(self: &Arc<Self>, config: &SpawnConfig) -> Result<Arc<Self>, InvalidSpawn> {
        let mut said = serde_json::Map::new();
        for (field, value) in config.described() {
            let key = in_a_file(field);
            said.insert(key.to_owned(), value.clone());
        }
        if said.is_empty() {
            return Ok(Arc::clone(self));
        }
        let whole = |said: &serde_json::Map<String, serde_json::Value>| {
            let mut whole = said.clone();
            whole.insert("type".to_owned(), self.is.agent_type.as_str().into());
            whole.insert("title".to_owned(), self.is.title.as_str().into());
            serde_json::Value::Object(whole)
        };
        serde_path_to_error::deserialize::<_, Description>(whole(&said)).map_err(|wrong| {
            let path = wrong.path().to_string();
            let key = path.split(['.', '[']).next().unwrap_or_default();
            let field = config.described().map(|(field, _)| field).find(|field| in_a_file(field) == key);
            let field = field.unwrap_or("config");
            let inside = path.strip_prefix(key).unwrap_or_default();
            InvalidSpawn { field, why: format!("cannot be used: at `{field}{inside}`: {}", wrong.inner()) }
        })?;
        let unusable = |wrong: anyhow::Error| InvalidSpawn {
            field: "config.rules",
            why: format!("cannot be used: {wrong:#}"),
        };
        let laid = || {
            let mut table: toml::Table = toml::from_str(&self.text)?;
            lay_over(&mut table, toml::Table::try_from(&said)?);
            Self::new(table)
        };
        laid().map(Arc::new).map_err(unusable)
    }

    /// The program of a spawn, and the arguments that always go with it.
    pub fn command(&self, installed: &Path, config: &SpawnConfig, env: &Environment) -> Vec<String> {
        let mut command = match (&self.is.program.command, &config.command) {
            (own, _) if !own.is_empty() => own.clone(),
            (_, Some(command)) => return command.clone(),
            (_, None) => return vec![shell(env), "-l".to_owned()],
        };
        if let Some(program) = self.installed(installed) {
            command[0] = program.to_string_lossy().into_owned();
        }
        command
    }

    /// Whether it can be started here, and with what. Of a program that was found elsewhere, the version
    /// is not told yet: it is to be asked.
    pub fn status(&self, here: &Equipment<'_>) -> AgentTypeStatus {
        let path = self.path(here.installed, here.env);
        let package = self.is.program.package.as_ref();
        let mut status = AgentTypeStatus {
            agent_type: self.is.agent_type.clone(),
            title: self.is.title.clone(),
            installed: path.is_some(),
            version: None,
            version_pending: false,
            tested: false,
            installable: package.map(|package| package.version.clone()),
            installing: None,
            install_error: None,
            credential: self.credential(here),
            providers: self.is.keys.values().copied().collect(),
            keys: self.is.keys.values().copied().filter(|key| here.keys.get(*key).is_some()).collect(),
            mcp: self.is.mcp,
            install: self.install_command().filter(|_| path.is_none()),
            path: path.map(|path| path.to_string_lossy().into_owned()),
        };
        if self.installed(here.installed).is_some() {
            self.tell_version(package.map(|package| package.version.clone()), &mut status);
        }
        status
    }

    /// The program that is to be asked for its version.
    pub fn asks_version(&self, status: &AgentTypeStatus) -> Option<PathBuf> {
        let tells = self.is.program.package.as_ref().is_some_and(Package::tells_version);
        status.path.as_ref().filter(|_| tells && status.version.is_none()).map(PathBuf::from)
    }

    /// Asks a program of this kind for its version.
    pub async fn ask_version(&self, program: &Path, env: &Environment) -> Option<String> {
        let told = self.is.program.package.as_ref()?.version_of(program, env).await;
        told.inspect_err(
            |why| tracing::info!(program = %program.display(), "its version is unknown: {why:#}"),
        )
        .ok()
    }

    /// Adds a version, and whether it was tested.
    pub fn tell_version(&self, version: Option<String>, status: &mut AgentTypeStatus) {
        let tested = self.is.program.package.as_ref().map(|package| &package.tested);
        status.tested =
            version.as_ref().is_some_and(|version| tested.is_some_and(|tested| tested.contains(version)));
        status.version = version;
    }

    /// Whether a login of this kind is kept here.
    pub fn has_login(&self, from: &Sources<'_>) -> bool {
        self.is.home.share.iter().any(|path| from.login(path).exists())
    }

    fn credential(&self, here: &Equipment<'_>) -> Credential {
        let own = here.env.get("HOME").map(PathBuf::from).unwrap_or_default();
        let logins = here.logins.join(self.is.agent_type.as_str());
        if self.is.login.optional {
            Credential::NotNeeded
        } else if self.is.keys.values().any(|provider| here.keys.get(*provider).is_some()) {
            Credential::Key
        } else if self.has_login(&Sources { own: &own, logins: &logins }) {
            Credential::Login
        } else {
            Credential::Missing
        }
    }

    /// What is missing for it to be started, for a person.
    pub fn missing(&self, installed: &Path, env: &Environment) -> Option<String> {
        let (name, install) = (self.is.program.command.first()?, self.install_command()?);
        self.path(installed, env).is_none().then(|| {
            format!("{name} is not installed on the runtime's machine (not in its PATH): install it with `{install}`")
        })
    }

    fn install_command(&self) -> Option<String> {
        self.is.program.package.as_ref()?;
        Some(format!("raven-runtime install {}", self.is.agent_type))
    }

    /// Its program, as this runtime installed it.
    fn installed(&self, folder: &Path) -> Option<PathBuf> {
        self.is.program.package.as_ref()?.program(folder, self.is.agent_type.as_str())
    }

    fn path(&self, installed: &Path, env: &Environment) -> Option<PathBuf> {
        match self.is.program.command.first() {
            Some(name) => self.installed(installed).or_else(|| find_program(name, env)),
            None => find_program(&shell(env), env),
        }
    }

    #[cfg(test)]
    pub fn of(text: &str) -> Arc<Self> {
        Arc::new(Self::new(toml::from_str(text).unwrap()).unwrap())
    }
}

/// How a field of a spawn is called in a file of a kind.
fn in_a_file(field: &str) -> &str {
    match field.strip_prefix("config.").unwrap_or(field) {
        "whenStill" => "when_still",
        same => same,
    }
}

fn shell(env: &Environment) -> String {
    env.get("SHELL").cloned().unwrap_or_else(|| "/bin/sh".to_owned())
}

/// The files of a folder by name; none when there is no folder.
fn user_files(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(none) if none.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(refused) => return Err(refused).with_context(|| format!("cannot read {}", folder.display())),
    };
    let mut files = BTreeMap::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|end| end != "toml") {
            continue;
        }
        let name = path.display().to_string();
        if path.metadata().is_ok_and(|found| found.len() > MAX_FILE) || files.len() >= MAX_KINDS {
            bail!("{name} is larger than {MAX_FILE} bytes, or there are more than {MAX_KINDS} such files");
        }
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {name}"))?;
        files.insert(name, text);
    }
    Ok(files)
}

/// Tables are laid over tables key by key, and lists of tables item by item; anything else takes the place
/// of what is there.
fn lay_over(under: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => lay_over(under, over),
            (Some(toml::Value::Array(under)), toml::Value::Array(over)) if is_of_tables(under, &over) => {
                lay_list_over(&key, under, over);
            }
            (_, value) => drop(under.insert(key, value)),
        }
    }
}

fn is_of_tables(under: &[toml::Value], over: &[toml::Value]) -> bool {
    under.iter().chain(over).all(toml::Value::is_table)
}

/// An item whose name is known takes the place of that one. The others are added: after ours, whose word
/// they may change, or before them where the first that fits counts.
fn lay_list_over(key: &str, under: &mut Vec<toml::Value>, over: Vec<toml::Value>) {
    let name = |item: &toml::Value| item.get("name").and_then(toml::Value::as_str).map(str::to_owned);
    let mut added = Vec::new();
    for item in over {
        match under.iter_mut().find(|known| name(&item).is_some() && name(known) == name(&item)) {
            Some(known) => *known = item,
            None => added.push(item),
        }
    }
    let at = if FIRST_COUNTS.contains(&key) { 0 } else { under.len() };
    under.splice(at..at, added);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_changes_a_kind_of_ours_and_adds_one() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("claude.toml", "type = 'claude-code'\n[program]\ncommand = ['/opt/claude']\n");
        write("open.toml", "type = 'opencode'\ntitle = 'OpenCode'\n[program]\ncommand = ['opencode']\n");
        write("notes.txt", "no kind");
        let kinds = Kinds::load(folder.path()).unwrap();
        let claude = kinds.find(&AgentType::parse("claude-code").unwrap()).unwrap();
        assert_eq!(claude.is.program.command, ["/opt/claude"]);
        assert_eq!(claude.is.title, "Claude Code", "what the file does not name stays");
        assert!(claude.is.program.package.is_some());
        assert!(kinds.find(&AgentType::parse("opencode").unwrap()).is_some());
        assert_eq!(kinds.all().len(), OURS.len() + 1);
    }

    #[test]
    fn what_a_user_adds_to_a_list_leaves_ours_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let text = r#"
            type = "codex"
            home.link = [".netrc"]
            program.arguments = [{ add = ["--search"] }]
            program.variables = [{ name = "HTTPS_PROXY", value = "a" }, { name = "RAVEN_MCP_KEY", value = "b" }]
            rules = [
              { name = "maintenance", status = "waiting", all = ["Back soon"] },
              { name = "usage limit", status = "limited", all = ["no more today"] },
            ]
        "#;
        std::fs::write(folder.path().join("codex.toml"), text).unwrap();
        let codex = AgentType::parse("codex").unwrap();
        let is = &Kinds::load(folder.path()).unwrap().find(&codex).unwrap().is;
        let ours = &Kinds::load(Path::new("/nonexistent")).unwrap().find(&codex).unwrap().is;
        let variables: Vec<_> = is.program.variables.iter().map(|v| (v.name.as_str(), &*v.value)).collect();
        assert_eq!(variables, [("RAVEN_MCP_KEY", "b"), ("HTTPS_PROXY", "a")]);
        assert_eq!(is.program.arguments.len(), ours.program.arguments.len() + 1);
        assert_eq!(is.program.arguments.last().unwrap().add, ["--search"]);
        assert_eq!(is.home.link, [".netrc"], "a list of words is replaced");
        let names = |is: &Description| is.rules.iter().map(|rule| rule.name.clone()).collect::<Vec<_>>();
        let expected: Vec<_> = std::iter::once("maintenance".to_owned()).chain(names(ours)).collect();
        assert_eq!(
            names(is),
            expected,
            "a rule of the user's is asked first, one of a known name stays where it is"
        );
        assert_eq!(is.rules.iter().find(|rule| rule.name == "usage limit").unwrap().all, ["no more today"]);
    }

    #[test]
    fn a_file_that_cannot_be_used_names_itself_and_what_is_wrong() {
        for (text, said) in [
            ("title = 'x'", "needs a `type`"),
            ("type = 'x'\ntitle = 'x'\ncolour = 'red'", "unknown field `colour`"),
            ("type = 'x'\ntitle = 'x'\n[[rules]]\nname = 'r'\nstatus = 'ready'\nall = ['(']", "rule `r`"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("bad.toml"), text).unwrap();
            let refused = format!("{:#}", Kinds::load(folder.path()).unwrap_err());
            assert!(refused.contains("bad.toml") && refused.contains(said), "{refused}");
        }
    }

    #[test]
    fn the_files_that_the_page_for_users_shows_are_files_of_kinds() {
        let page = include_str!("../../../../docs/kinds.md");
        let blocks: Vec<&str> =
            page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
        let folder = tempfile::tempdir().unwrap();
        for (index, block) in blocks.iter().enumerate() {
            std::fs::write(folder.path().join(format!("{index}.toml")), block).unwrap();
        }
        let kinds = Kinds::load(folder.path()).unwrap();
        let find = |name: &str| kinds.find(&AgentType::parse(name).unwrap()).unwrap();
        assert_eq!((blocks.len(), kinds.all().len()), (2, OURS.len() + 1));
        assert_eq!(find("claude-code").is.program.command, ["/opt/claude/bin/claude"]);
        let parrot = find("parrot");
        let shown = |text: &str| {
            let rows = text.lines().map(|text| crate::host::look::LookRow {
                text: text.to_owned(),
                bright: None,
                wraps: false,
            });
            let look = crate::host::look::Look { rows: rows.collect(), ..Default::default() };
            (parrot.rules.read(&look), parrot.rules.composed(&look))
        };
        let (reading, _) = shown("Shall I run `ls`?\n 1. Yes\n 2. No");
        let asked = reading.unwrap().asked.unwrap();
        assert_eq!((asked.question.as_str(), asked.choices.len()), ("Shall I run `ls`?", 2));
        assert_eq!(shown("hello\n>").0.unwrap().shown, description::Shown::Ready);
        assert_eq!(shown("hello\n>").1.as_deref(), Some(""));
        assert_eq!(shown("hello\n> a text").1.as_deref(), Some("a text"));
    }

    fn custom() -> Arc<Kind> {
        let kinds = Kinds::load(Path::new("/nonexistent")).unwrap();
        kinds.find(&AgentType::parse("custom").unwrap()).unwrap()
    }

    fn with(config: serde_json::Value) -> Result<Arc<Kind>, String> {
        custom().with(&serde_json::from_value(config).unwrap()).map_err(|invalid| invalid.to_string())
    }

    #[test]
    fn a_spawn_says_how_its_own_program_is_read_and_that_can_be_kept() {
        let rule = serde_json::json!({"name": "r", "status": "ready", "all": ["^> "]});
        let kind = with(
            serde_json::json!({"rules": [rule], "drive": {"quit": ["q"]}, "whenStill": "must_be_looked_at"}),
        )
        .unwrap();
        for kind in [&*kind, &Kind::read(&kind.text).unwrap()] {
            assert_eq!((kind.is.rules.len(), kind.is.drive.quit.len()), (1, 1));
            assert_eq!(kind.is.when_still, description::WhenStill::MustBeLookedAt);
            assert!(kind.is.login.optional, "the rest is as it is for every such agent");
        }
        let plain = custom();
        assert!(Arc::ptr_eq(&plain, &plain.with(&SpawnConfig::default()).unwrap()));
    }

    #[test]
    fn what_a_spawn_says_wrong_is_named_by_its_path() {
        let rule = |more: serde_json::Value| {
            let mut rule = serde_json::json!({"name": "r", "status": "ready"});
            rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            serde_json::json!({"rules": [{"name": "q", "status": "busy"}, rule]})
        };
        for (config, path, said) in [
            (rule(serde_json::json!({"status": "asleep"})), "config.rules[1].status", "asleep"),
            (rule(serde_json::json!({"colour": "red"})), "config.rules[1]", "colour"),
            (rule(serde_json::json!({"all": ["("]})), "rules[1].all[0]", "no regular expression"),
            (
                rule(serde_json::json!({"prompt": {"kind": "choice", "option": "x"}})),
                "rules[1].prompt",
                "choose",
            ),
            (
                rule(serde_json::json!({"prompt": {"kind": "text", "question": "["}})),
                "rules[1].prompt.question",
                "[",
            ),
            (serde_json::json!({"rules": 5}), "config.rules", "sequence"),
            (serde_json::json!({"drive": {"paste": "no"}}), "config.drive.paste", "boolean"),
            (serde_json::json!({"whenStill": "asleep"}), "config.whenStill", "must_be_looked_at"),
            (serde_json::json!({"signals": {"titles": [{"is": "x"}]}}), "config.signals.titles[0]", "status"),
            (
                serde_json::json!({"signals": {"titles": [{"is": "(", "status": "busy"}]}}),
                "signals.titles[0].is",
                "(",
            ),
        ] {
            let refused = with(config.clone()).unwrap_err();
            assert!(refused.contains(path) && refused.contains(said), "{config}: {refused}");
        }
    }

    #[test]
    fn without_a_folder_there_are_ours() {
        assert_eq!(Kinds::load(Path::new("/nonexistent")).unwrap().all().len(), OURS.len());
    }
}
