//! A report as one page: HTML that needs nothing beside it, or Markdown.

mod filters;
mod view;

use std::sync::LazyLock;

use minijinja::Environment;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;

use self::view::View;
use crate::report::Report;

const TEMPLATES: [(&str, &str); 4] = [
    ("report.html", include_str!("templates/report.html")),
    ("charts.html", include_str!("templates/charts.html")),
    ("style.css", include_str!("templates/style.css")),
    ("report.md", include_str!("templates/report.md")),
];

/// What is in a template named `.html` is escaped as HTML demands; Markdown is escaped by filters, place by place.
static TEMPLATE: LazyLock<Environment> = LazyLock::new(|| {
    let mut templates = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build();
    templates.set_syntax(syntax.expect("the delimiters are the usual ones"));
    for (name, source) in TEMPLATES {
        templates
            .add_template(name, source)
            .expect("the tests compile every template");
    }
    filters::add(&mut templates);
    templates
});

/// Why there is no page: a template does not fit what it was given.
#[derive(Debug, thiserror::Error)]
#[error("the report cannot be written: {0}")]
pub struct Error(#[from] minijinja::Error);

/// One HTML file without scripts, which asks nothing of the network.
pub fn html(report: &Report) -> Result<String, Error> {
    render("report.html", report)
}

/// GitHub-flavoured Markdown.
pub fn markdown(report: &Report) -> Result<String, Error> {
    render("report.md", report)
}

fn render(template: &str, report: &Report) -> Result<String, Error> {
    let template = TEMPLATE.get_template(template)?;
    Ok(template.render(Serde(View::of(report)))?)
}

#[cfg(test)]
mod tests;
