//! The tools of others: how each is obtained, put to the same items, and made to go on after a crash.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;
use serde_json::json;

use crate::peers::install::{node, pinned, python, sources};

pub(crate) mod install;

/// The folder of the equivalent service in Python.
pub(crate) const FASTAPI: &str = "fastapi_temporal";

/// A tool that is a command: it runs to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    InspectAi,
    Promptfoo,
    LmEval,
    Braintrust,
}

/// A tool that is there.
pub(crate) struct Obtained {
    tool: Tool,
    /// Its Python, or the folder of its `node_modules`.
    at: PathBuf,
}

/// What a tool is to do.
pub(crate) struct Task {
    /// Items, one a line.
    pub(crate) items: PathBuf,
    pub(crate) base_url: String,
    pub(crate) concurrency: u32,
    /// A folder for what the tool writes; the same again when it is to go on.
    pub(crate) folder: PathBuf,
}

/// The equivalent service's Python, and the versions it is made of.
pub(crate) fn fastapi() -> anyhow::Result<(PathBuf, String)> {
    let version = |package| pinned(FASTAPI, package);
    let versions = [version("fastapi"), version("temporalio")].join(" + ");
    Ok((python(FASTAPI)?, versions))
}

impl Tool {
    pub(crate) const ALL: [Self; 4] = [
        Self::InspectAi,
        Self::Promptfoo,
        Self::LmEval,
        Self::Braintrust,
    ];

    /// What it is called, and where its files are.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::InspectAi => "inspect_ai",
            Self::Promptfoo => "promptfoo",
            Self::LmEval => "lm_eval",
            Self::Braintrust => "braintrust",
        }
    }

    pub(crate) fn version(self) -> String {
        let package = self.name().replace('_', "-");
        pinned(self.name(), &package)
    }

    /// How it goes on after a crash; none when it cannot.
    pub(crate) fn resume(self) -> Option<&'static str> {
        match self {
            Self::InspectAi => Some("`eval_set` again on the same log folder, by hand"),
            Self::Promptfoo => Some("`promptfoo eval --resume`, by hand"),
            Self::LmEval => Some("the same command again with `--use_cache`, by hand"),
            Self::Braintrust => None,
        }
    }

    pub(crate) fn obtain(self) -> anyhow::Result<Obtained> {
        let at = match self {
            Self::Promptfoo => node(self.name()),
            Self::InspectAi | Self::LmEval | Self::Braintrust => python(self.name()),
        };
        Ok(Obtained {
            tool: self,
            at: at?,
        })
    }
}

impl Obtained {
    pub(crate) fn tool(&self) -> Tool {
        self.tool
    }

    /// The command that does a task, or goes on with it.
    pub(crate) fn command(&self, task: &Task, resume: bool) -> anyhow::Result<Command> {
        std::fs::create_dir_all(&task.folder)?;
        match self.tool {
            Tool::InspectAi => self.inspect_ai(task),
            Tool::Promptfoo => self.promptfoo(task, resume),
            Tool::LmEval => self.lm_eval(task),
            Tool::Braintrust => self.braintrust(task),
        }
    }

    fn inspect_ai(&self, task: &Task) -> anyhow::Result<Command> {
        let mut command = self.script(task)?;
        command.arg(task.folder.join("logs"));
        command.env("INSPECT_TRACE_FILE", task.folder.join("trace.log"));
        Ok(command)
    }

    fn braintrust(&self, task: &Task) -> anyhow::Result<Command> {
        self.script(task)
    }

    /// `run.py` of the tool's folder.
    fn script(&self, task: &Task) -> anyhow::Result<Command> {
        let mut command = Command::new(&self.at);
        command
            .arg(sources(self.tool.name()).join("run.py"))
            .arg(&task.items)
            .args([&task.base_url, &task.concurrency.to_string()])
            .current_dir(&task.folder);
        Ok(command)
    }

    fn lm_eval(&self, task: &Task) -> anyhow::Result<Command> {
        let definition = std::fs::read_to_string(sources(self.tool.name()).join("task.yaml"))?;
        let items = task.items.to_str().context("the path is text")?;
        std::fs::write(
            task.folder.join("items.yaml"),
            definition.replace("ITEMS", items),
        )?;
        let model = format!(
            "model=echo,base_url={}/chat/completions,num_concurrent={},tokenized_requests=False,tokenizer_backend=None",
            task.base_url, task.concurrency
        );
        let mut command = Command::new(&self.at);
        command
            .args(["-m", "lm_eval", "run", "--model", "local-chat-completions"])
            .args(["--model_args", &model, "--tasks", "bench_items"])
            .args(["--apply_chat_template", "--include_path"])
            .arg(&task.folder)
            .arg("--use_cache")
            .arg(task.folder.join("cache"))
            .arg("--output_path")
            .arg(task.folder.join("out"))
            .env("HF_HOME", task.folder.join("hf"))
            .env("HF_HUB_OFFLINE", "1")
            .env("OPENAI_API_KEY", "none")
            .current_dir(&task.folder);
        Ok(command)
    }

    fn promptfoo(&self, task: &Task, resume: bool) -> anyhow::Result<Command> {
        let config = task.folder.join("promptfooconfig.json");
        if !resume {
            let text = std::fs::read_to_string(&task.items)?;
            let mut tests = Vec::new();
            for line in text.lines() {
                let item: serde_json::Value = serde_json::from_str(line)?;
                let vars = json!({"prompt": item["input"]["prompt"], "expected": item["expected"]});
                tests.push(json!({"vars": vars}));
            }
            let provider = json!({
                "id": "openai:chat:echo",
                "config": {"apiBaseUrl": task.base_url, "apiKey": "none"},
            });
            let content = json!({
                "prompts": ["{{prompt}}"],
                "providers": [provider],
                "defaultTest": {"assert": [{"type": "equals", "value": "{{expected}}"}]},
                "tests": tests,
            });
            std::fs::write(&config, content.to_string())?;
        }
        let mut command = Command::new("node");
        command
            .arg(
                self.at
                    .join("node_modules/promptfoo/dist/src/entrypoint.js"),
            )
            .args(["eval", "--no-cache", "--no-table", "--no-progress-bar"])
            .args(["--max-concurrency", &task.concurrency.to_string()])
            .env("PROMPTFOO_CONFIG_DIR", task.folder.join("state"))
            .env("PROMPTFOO_DISABLE_TELEMETRY", "1")
            .env("PROMPTFOO_DISABLE_UPDATE", "1")
            // With a log file it writes to that after its end, now and then, and so ends with an error.
            .env("PROMPTFOO_DISABLE_DEBUG_LOG", "1")
            .env("PROMPTFOO_DISABLE_ERROR_LOG", "1")
            .env("PROMPTFOO_DISABLE_REMOTE_GENERATION", "1")
            .env("NODE_OPTIONS", "--max-old-space-size=4096")
            .current_dir(&task.folder);
        match resume {
            true => command.arg("--resume"),
            false => command.arg("--config").arg(&config),
        };
        Ok(command)
    }
}
