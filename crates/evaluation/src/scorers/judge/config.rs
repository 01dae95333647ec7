//! The rules of a judge's configuration.

use domain::config::{AdapterConfig, JudgeMode, JudgedAgainst, LlmJudgeScorer};
use domain::fault::Fault;

use crate::scorers::asking::{Respondent, Sends};

/// The prompt of an adapter that has none of its own.
const NO_PROMPT: &str = "{{ prompt }}";

/// The most labels and their length in characters: a judge is shown all of them.
const MOST_CHOICES: usize = 50;
const LONGEST_CHOICE: usize = 200;

pub(super) fn check(config: &LlmJudgeScorer) -> Result<(), Fault> {
    if config.rubric.trim().is_empty() {
        return Err(Fault::new(
            "/rubric",
            "a rubric says what makes an output good",
        ));
    }
    check_scale(config)?;
    check_choices(config)?;
    check_mode(config)
}

fn check_scale(config: &LlmJudgeScorer) -> Result<(), Fault> {
    let Some(scale) = config.scale else {
        return Ok(());
    };
    match scale.min.is_finite() && scale.max.is_finite() && scale.min < scale.max {
        true => Ok(()),
        false => Err(Fault::new("/scale", "`min` is less than `max`")),
    }
}

fn check_choices(config: &LlmJudgeScorer) -> Result<(), Fault> {
    let choices = &config.choices;
    if choices.is_empty() {
        return Ok(());
    }
    if config.scale.is_some() {
        let message = "a judge gives a number or chooses: there is a `scale` already";
        return Err(Fault::new("/choices", message));
    }
    if !(2..=MOST_CHOICES).contains(&choices.len()) {
        let message = format!("there are 2 to {MOST_CHOICES} choices");
        return Err(Fault::new("/choices", message));
    }
    for (label, value) in choices {
        let pointer = format!("/choices/{}", label.replace('~', "~0").replace('/', "~1"));
        if label.trim() != label || label.is_empty() || label.chars().count() > LONGEST_CHOICE {
            let message =
                format!("a label has 1 to {LONGEST_CHOICE} characters and no space around it");
            return Err(Fault::new(pointer, message));
        }
        if !(0.0..=1.0).contains(value) {
            return Err(Fault::new(pointer, "a score is a number from 0 to 1"));
        }
    }
    Ok(())
}

fn check_mode(config: &LlmJudgeScorer) -> Result<(), Fault> {
    if config.mode == JudgeMode::Grade {
        return match config.against {
            JudgedAgainst::Expected => Ok(()),
            JudgedAgainst::Output => Err(Fault::new(
                "/against",
                "only with `mode: pairwise` is the output compared with another",
            )),
        };
    }
    let unfit = [
        ("/scale", config.scale.is_some()),
        ("/choices", !config.choices.is_empty()),
        ("/prompt", config.prompt.is_some()),
    ];
    match unfit.into_iter().find(|(_, is_given)| *is_given) {
        Some((pointer, _)) => Err(Fault::new(
            pointer,
            "with `mode: pairwise` a judge says which of two is better, and nothing else",
        )),
        None => Ok(()),
    }
}

/// The judges, each with the scorer's prompts in place of its own.
pub(super) fn respondents(config: &LlmJudgeScorer) -> Result<Vec<Respondent>, Fault> {
    match (&config.adapter, config.judges.as_slice()) {
        (None, []) => Err(Fault::new(
            "",
            "nobody judges: give an `adapter`, or several `judges`",
        )),
        (Some(_), [_, ..]) => Err(Fault::new(
            "/judges",
            "one `adapter` judges, or several `judges`, not both",
        )),
        (Some(adapter), []) => Ok(vec![respondent(adapter, "/adapter")?]),
        (None, judges) => {
            let judges = judges.iter().enumerate();
            judges
                .map(|(index, judge)| respondent(judge, &format!("/judges/{index}")))
                .collect()
        }
    }
}

fn respondent(adapter: &AdapterConfig, pointer: &str) -> Result<Respondent, Fault> {
    let fault = |field: &str, message: &str| Fault::new(format!("{pointer}{field}"), message);
    let (AdapterConfig::OpenAi(judge) | AdapterConfig::Chat(judge)) = adapter else {
        return Err(fault(
            "",
            "a judge is a chat model: an adapter of type `openai` or `chat`",
        ));
    };
    let Some(model) = judge.model.clone() else {
        return Err(fault(
            "/model",
            "a judge has a `model`: its name at the provider",
        ));
    };
    if judge.prompt != NO_PROMPT {
        let message = "the `prompt` of the scorer takes its place";
        return Err(fault("/prompt", message));
    }
    if judge.system.is_some() {
        let message = "the system message is the scorer's: what it asks for stands in `rubric`";
        return Err(fault("/system", message));
    }
    let mut judge = judge.clone();
    judge.system = Some("{{ system }}".to_owned());
    judge.temperature.get_or_insert(0.0);
    Ok(Respondent {
        adapter: match adapter {
            AdapterConfig::Chat(_) => AdapterConfig::Chat(judge),
            _ => AdapterConfig::OpenAi(judge),
        },
        name: model,
        sends: Sends::Item,
    })
}
