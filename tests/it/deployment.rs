//! What stands in `deploy/` is what the programs understand.

use std::process::Command;

use harness::programs::{self, repository};

fn help(program: &str) -> String {
    let output = Command::new(programs::path(program))
        .arg("--help")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    // On one line, for it is wrapped anywhere.
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The variables of a service of the compose file: the lines `NAME: value` below its `environment`.
fn variables(compose: &str, service: &str) -> Vec<String> {
    let head = format!("\n  {service}:\n");
    let start = compose.find(&head).expect("the service is there") + head.len();
    let lines = compose[start..]
        .lines()
        .take_while(|line| !is_key_at(line, 2));
    let below = lines
        .skip_while(|line| line.trim() != "environment:")
        .skip(1);
    below
        .take_while(|line| line.starts_with("      "))
        .filter_map(|line| line.trim().split_once(':'))
        .map(|(name, _)| name.to_owned())
        .filter(|name| !name.starts_with('#'))
        .collect()
}

fn is_key_at(line: &str, indent: usize) -> bool {
    let spaces = line.len() - line.trim_start().len();
    spaces <= indent && line.trim_end().ends_with(':')
}

#[test]
fn every_variable_of_the_compose_file_is_one_that_help_knows() {
    let path = repository().join("deploy/compose.yaml");
    let compose = std::fs::read_to_string(path).unwrap();
    for (service, program) in [("api", programs::API), ("worker", programs::WORKER)] {
        let variables = variables(&compose, service);
        assert!(variables.len() > 2, "{service}: {variables:?}");
        let help = help(program);
        for variable in variables {
            // Read by the S3 client and by the provider table, under names that are theirs.
            let others = ["AWS_", "OPENAI_API_KEY"];
            let known = others.iter().any(|other| variable.starts_with(other))
                || help.contains(&format!("[env: {variable}="))
                || help.contains(&format!("[env: {variable}]"));
            assert!(known, "{service}: `{variable}` is not in its `--help`");
        }
    }
}
