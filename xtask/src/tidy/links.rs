//! Links in the Markdown files: a file, or a heading of it, that is not there is a finding.
//! Links that leave the repository are not followed: the gate needs no network.

use regex::Regex;

use super::Findings;
use super::repository::Repository;

pub(super) fn check(repository: &Repository) -> Findings {
    let link = Regex::new(r"\]\(([^)\s]+)\)").expect("the pattern is a constant");
    let mut findings = Findings::new();
    for file in repository.with_suffix(".md") {
        let prose = without_code_blocks(&file.text);
        for target in link.captures_iter(&prose).filter_map(|link| link.get(1)) {
            let target = target.as_str();
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (path, heading) = target.split_once('#').unwrap_or((target, ""));
            let path = match path {
                "" => file.path.clone(),
                path => resolve(&file.path, path),
            };
            if !repository.contains(&path) {
                findings.push(format!("{}: `{target}` leads nowhere", file.path));
            } else if !heading.is_empty() && !has_heading(repository, &path, heading) {
                findings.push(format!(
                    "{}: `{target}` names a heading that is not there",
                    file.path
                ));
            }
        }
    }
    findings
}

fn without_code_blocks(text: &str) -> String {
    let mut in_code = false;
    let mut prose = String::with_capacity(text.len());
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    prose
}

/// Resolves `target` as written in the file `from`, to a path from the root.
fn resolve(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn has_heading(repository: &Repository, path: &str, heading: &str) -> bool {
    let text = repository.text(path).unwrap_or_default();
    without_code_blocks(text)
        .lines()
        .filter(|line| line.starts_with('#'))
        .any(|line| anchor(line.trim_start_matches('#')) == heading)
}

/// The anchor that the usual renderers give a heading.
fn anchor(heading: &str) -> String {
    let keeps =
        |character: &char| character.is_alphanumeric() || matches!(character, ' ' | '-' | '_');
    heading
        .trim()
        .to_lowercase()
        .chars()
        .filter(keeps)
        .collect::<String>()
        .replace(' ', "-")
}
