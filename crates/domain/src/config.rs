//! What a user may ask for: the configuration of an experiment, as it is written in a request.
//!
//! These types are both the request format and what a workflow is given, so a field, once released, stays.
//! The rules that types cannot express are in `experiment`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::interval::Interval;
use crate::item::DatasetItem;

/// What an experiment does: a dataset, one or more models, scorers, and where results go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExperimentConfig {
    pub dataset: DatasetConfig,
    /// How outputs are obtained. A model may have an adapter of its own; one of the two must be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub adapter: Option<AdapterConfig>,
    /// The models to compare; each is one run over the whole dataset.
    #[cfg_attr(feature = "schema", schema(min_items = 1, max_items = 100))]
    pub models: Vec<ModelConfig>,
    /// How outputs are judged.
    #[cfg_attr(feature = "schema", schema(min_items = 1, max_items = 50))]
    pub scorers: Vec<ScorerConfig>,
    /// Where results are delivered when a run ends; they can be read through the API in any case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 10))]
    pub sinks: Vec<SinkConfig>,
    #[serde(default)]
    pub execution: ExecutionConfig,
    #[serde(default)]
    pub retry: RetryConfig,
}

/// Where the items come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum DatasetConfig {
    Jsonl(JsonlDataset),
    Csv(CsvDataset),
    Inline(InlineDataset),
}

/// A file of JSON objects, one a line, in the operator's dataset folder. Blank lines are skipped.
///
/// An object with the key `input` is a dataset item (`id`, `input`, `expected`, `output`, `tags`, `metadata`);
/// `fields` maps other shapes to one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JsonlDataset {
    /// Path of the file, relative to the dataset folder of the workers.
    #[cfg_attr(
        feature = "schema",
        schema(min_length = 1, max_length = 1024, example = "gsm8k/items.jsonl")
    )]
    pub path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub fields: Option<FieldMapping>,
    /// Take only the first items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, minimum = 1))]
    pub limit: Option<u64>,
}

/// A CSV file with a header line (RFC 4180, UTF-8) in the operator's dataset folder. Every value is text.
///
/// Without `fields`, the column `id` is the id, `expected` the reference, `tags` a comma-separated list,
/// and every other column an input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CsvDataset {
    /// Path of the file, relative to the dataset folder of the workers.
    #[cfg_attr(
        feature = "schema",
        schema(min_length = 1, max_length = 1024, example = "truthfulqa/items.csv")
    )]
    pub path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub fields: Option<FieldMapping>,
    /// Take only the first items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, minimum = 1))]
    pub limit: Option<u64>,
}

/// Items written into the request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct InlineDataset {
    #[cfg_attr(feature = "schema", schema(min_items = 1, max_items = 10_000))]
    pub items: Vec<DatasetItem>,
}

/// Which keys or columns of a row make up an item.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FieldMapping {
    /// The key of the id; without one, the row's line number is the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub id: Option<String>,
    /// The keys of the inputs; without any, all keys that have no other use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub input: Vec<String>,
    /// The key of the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub expected: Option<String>,
    /// The key of an output obtained earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub output: Option<String>,
    /// The key of the tags: a list, or text separated by commas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub tags: Option<String>,
}

/// A model of the experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ModelConfig {
    /// Unique in the experiment; also the model's name at the provider, unless the adapter gives another.
    #[cfg_attr(
        feature = "schema",
        schema(min_length = 1, max_length = 200, example = "smollm2-135m")
    )]
    pub name: String,
    /// How outputs of this model are obtained, in place of the experiment's adapter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub adapter: Option<AdapterConfig>,
}

/// How an output is obtained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum AdapterConfig {
    Recorded(RecordedAdapter),
    #[serde(rename = "openai")]
    OpenAi(OpenAiAdapter),
}

/// Outputs obtained earlier: nothing is called.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RecordedAdapter {
    /// A JSONL file in the operator's dataset folder, one object a line: `id` of the item, `output`, and optionally
    /// `model` (a line for another model is passed over), `latency_ms`, `input_tokens`, `output_tokens`, `finish_reason`.
    /// A line for this very model goes before a line without `model`. Without a path, the items' own `output` is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 1024)
    )]
    pub path: Option<String>,
}

/// A chat endpoint that speaks OpenAI's protocol.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct OpenAiAdapter {
    /// A provider of the operator's provider table; it knows the address and the credentials.
    #[cfg_attr(
        feature = "schema",
        schema(min_length = 1, max_length = 100, example = "openai")
    )]
    pub provider: String,
    /// The model's name at the provider, when it differs from the model's name in the experiment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 200)
    )]
    pub model: Option<String>,
    /// A Jinja template of the user message; the item's inputs are its variables, and `input` is all of them. `id` and
    /// `metadata` are there too, unless an input has that name. To name anything else is an error.
    #[serde(default = "default_prompt")]
    #[cfg_attr(
        feature = "schema",
        schema(default = "{{ prompt }}", max_length = 100_000)
    )]
    pub prompt: String,
    /// A Jinja template of the system message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, max_length = 100_000))]
    pub system: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, minimum = 0.0, maximum = 2.0)
    )]
    pub temperature: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, minimum = 0.0, maximum = 1.0)
    )]
    pub top_p: Option<f64>,
    /// The most tokens an answer may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, minimum = 1))]
    pub max_tokens: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub seed: Option<u64>,
    /// Sequences at which the model stops.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 16))]
    pub stop: Vec<String>,
}

pub fn default_prompt() -> String {
    "{{ prompt }}".to_owned()
}

/// How outputs are judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum ScorerConfig {
    ExactMatch(ExactMatchScorer),
    Contains(ContainsScorer),
    Regex(RegexScorer),
    Numeric(NumericScorer),
    JsonSchema(JsonSchemaScorer),
}

/// True when the output equals the reference, false otherwise.
///
/// The reference is the item's `expected`, or, when that is an object, its key `expected_field` if that is given, else `exact`,
/// else `value`. Text is compared without surrounding white space; other JSON values by equality, numbers by value. Text and
/// another JSON value are equal when the text is that value's compact JSON. Without a reference there is no score but an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExactMatchScorer {
    /// Unique among the scorers; the scorer's type unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 100)
    )]
    pub name: Option<String>,
    /// The key of an object-valued `expected` that holds the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub expected_field: Option<String>,
    #[serde(default = "yes")]
    #[cfg_attr(feature = "schema", schema(default = true))]
    pub case_sensitive: bool,
}

/// Whether the output contains given texts.
///
/// With `require_all` the score is true when the output contains every text, false otherwise; without, the share found (0 to 1).
/// The texts are `values`, or the item's `expected` (a text or a list of texts; numbers and booleans count as their JSON), or,
/// when that is an object, its key `expected_field` if that is given, else `contains`, else `value`. An output that is not text
/// is searched as its compact JSON. An empty list or text is no reference: every output would contain it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ContainsScorer {
    /// Unique among the scorers; the scorer's type unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 100)
    )]
    pub name: Option<String>,
    /// The texts to look for in every output, in place of the items' references.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// The key of an object-valued `expected` that holds the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub expected_field: Option<String>,
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(default = false))]
    pub case_sensitive: bool,
    #[serde(default = "yes")]
    #[cfg_attr(feature = "schema", schema(default = true))]
    pub require_all: bool,
}

/// True when the output matches a regular expression (syntax of the Rust crate `regex`), anywhere unless anchored.
///
/// The expression is `pattern`, or the item's `expected`, or, when that is an object, its key `expected_field` if that is given,
/// else `regex`, else `pattern`. It is searched for in the output as it is, white space included; an output that is not text is
/// searched as its compact JSON. An expression is not empty, has at most 10,000 bytes and takes at most 10 MiB once compiled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RegexScorer {
    /// Unique among the scorers; the scorer's type unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 100)
    )]
    pub name: Option<String>,
    /// The expression for every output, in place of the items' references.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 10_000)
    )]
    pub pattern: Option<String>,
    /// The key of an object-valued `expected` that holds the expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub expected_field: Option<String>,
}

/// True when the number in the output is close to the reference: |output - reference| <= max(absolute, relative × |reference|).
///
/// The reference is the item's `expected`, or, when that is an object, its key `expected_field` if that is given, else `value`;
/// a number, or text that is one. Thousands separators (`1,234`), currency signs (`$18.00`) and exponents (`1e3`) are
/// understood; percent signs change nothing. A minus counts only directly before a number and not after a letter, a digit or a
/// closing bracket (`3-4` holds 3 and 4), and digits after a letter are part of a word (`GPT4`). An output without a number
/// scores false; a list or an object is searched as its compact JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct NumericScorer {
    /// Unique among the scorers; the scorer's type unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 100)
    )]
    pub name: Option<String>,
    /// The key of an object-valued `expected` that holds the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub expected_field: Option<String>,
    /// Which number of a text counts.
    #[serde(default)]
    pub extract: NumberExtraction,
    /// The largest absolute difference.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(minimum = 0.0, default = 0.0))]
    pub absolute_tolerance: f64,
    /// The largest difference as a share of the reference.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(minimum = 0.0, default = 0.0))]
    pub relative_tolerance: f64,
}

/// Which number of a text counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum NumberExtraction {
    /// The last one, where answers to word problems stand.
    #[default]
    Last,
    First,
    /// The whole text must be a number.
    Whole,
}

/// True when the output is JSON that a JSON Schema (2020-12 unless `$schema` says otherwise) accepts.
///
/// A text output is parsed as JSON; a Markdown code fence around it is taken off. References to other documents are refused,
/// and so are patterns that look around or back (`(?=…)`, `\1`). `format` is checked only by dialects before 2019-09.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JsonSchemaScorer {
    /// Unique among the scorers; the scorer's type unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(nullable = false, min_length = 1, max_length = 100)
    )]
    pub name: Option<String>,
    #[cfg_attr(feature = "schema", schema(value_type = std::collections::HashMap<String, Value>))]
    pub schema: BTreeMap<String, Value>,
}

fn yes() -> bool {
    true
}

impl ScorerConfig {
    /// The scorer's type, as it is written in a configuration.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ExactMatch(_) => "exact_match",
            Self::Contains(_) => "contains",
            Self::Regex(_) => "regex",
            Self::Numeric(_) => "numeric",
            Self::JsonSchema(_) => "json_schema",
        }
    }

    /// The scorer's name in the experiment.
    pub fn name(&self) -> &str {
        let name = match self {
            Self::ExactMatch(scorer) => &scorer.name,
            Self::Contains(scorer) => &scorer.name,
            Self::Regex(scorer) => &scorer.name,
            Self::Numeric(scorer) => &scorer.name,
            Self::JsonSchema(scorer) => &scorer.name,
        };
        name.as_deref().unwrap_or(self.kind())
    }

    /// The scorer and the version of its formula.
    pub fn eval_id(&self) -> String {
        format!("{}.v1", self.kind())
    }

    /// Whether the scorer compares with the item's `expected`.
    pub fn needs_expected(&self) -> bool {
        match self {
            Self::ExactMatch(_) | Self::Numeric(_) => true,
            Self::Contains(scorer) => scorer.values.is_empty(),
            Self::Regex(scorer) => scorer.pattern.is_none(),
            Self::JsonSchema(_) => false,
        }
    }
}

/// Where results are delivered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum SinkConfig {
    Jsonl(JsonlSink),
    Csv(CsvSink),
    Stdout(StdoutSink),
}

/// One JSON object an item, as `GET /v1/experiments/{id}/results` gives it, in a file of the artifact store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JsonlSink {}

/// One row an item, one column a scorer, in a file of the artifact store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CsvSink {}

/// A line for each scorer, on the worker's standard output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StdoutSink {}

impl SinkConfig {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Jsonl(_) => "jsonl",
            Self::Csv(_) => "csv",
            Self::Stdout(_) => "stdout",
        }
    }
}

/// How much is done at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExecutionConfig {
    /// Model calls in flight at once, for each model.
    #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 10_000, default = 5))]
    pub concurrency_limit: u32,
    /// Models run at once; all of them unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false, minimum = 1))]
    pub max_parallel_models: Option<u32>,
    /// How long one model call may take.
    #[cfg_attr(feature = "schema", schema(value_type = Interval, default = "2m"))]
    pub call_timeout: Interval,
}

impl Default for ExecutionConfig {
    fn default() -> Self {
        Self {
            concurrency_limit: 5,
            max_parallel_models: None,
            call_timeout: Interval::from_secs(120),
        }
    }
}

/// How a model call that failed is tried again. An answer of 4xx other than 408, 409, 425 and 429 is never tried again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RetryConfig {
    /// The wait before the second attempt.
    #[cfg_attr(feature = "schema", schema(value_type = Interval, default = "1s"))]
    pub initial_interval: Interval,
    /// What each wait is multiplied by to give the next.
    #[cfg_attr(
        feature = "schema",
        schema(minimum = 1.0, maximum = 100.0, default = 2.0)
    )]
    pub backoff_coefficient: f64,
    /// The longest wait, unless the provider asks for more with `Retry-After`.
    #[cfg_attr(feature = "schema", schema(value_type = Interval, default = "60s"))]
    pub maximum_interval: Interval,
    /// Calls made for an item before it counts as failed.
    #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 100, default = 5))]
    pub maximum_attempts: u32,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            initial_interval: Interval::from_secs(1),
            backoff_coefficient: 2.0,
            maximum_interval: Interval::from_secs(60),
            maximum_attempts: 5,
        }
    }
}

impl RetryConfig {
    /// The wait after the given number of failed attempts.
    pub fn wait_after(&self, failed_attempts: u32) -> std::time::Duration {
        let first = self.initial_interval.as_duration().as_secs_f64();
        let longest = self.maximum_interval.as_duration().as_secs_f64();
        let exponent = i32::try_from(failed_attempts.saturating_sub(1)).unwrap_or(i32::MAX);
        let wait = first * self.backoff_coefficient.powi(exponent);
        std::time::Duration::from_secs_f64(wait.min(longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_maximum() {
        let retry = RetryConfig::default();
        let waits: Vec<u64> = (1..9)
            .map(|failed| retry.wait_after(failed).as_secs())
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn unknown_keys_are_refused_inside_a_tagged_union() {
        let scorer = serde_json::json!({"type": "exact_match", "case_sensitve": true});
        assert!(serde_json::from_value::<ScorerConfig>(scorer).is_err());
    }
}
