//! The compatibility table (`docs/compatibility.md`) must be true: a row that claims something
//! names the test that shows it, and every operation, member of an answer and document field has a row.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value;

use super::Findings;
use super::repository::Repository;

const TABLE: &str = "docs/compatibility.md";

/// A document with every field of the segment schema; the compatibility tests send it.
const FULL_DOCUMENT: &str = "tests/fixtures/every_field.json";

/// The members of the answers, by the service model; a black-box test holds it against botocore's.
const RESPONSE_MEMBERS: &str = "tests/fixtures/response_members.txt";

/// What a row may claim. The first two need a test.
const STATES: &[&str] = &["works", "partly", "not yet"];

/// The operations of the service model, version 2016-04-12.
const OPERATIONS: &[&str] = &[
    "BatchGetTraces",
    "CancelTraceRetrieval",
    "CreateGroup",
    "CreateSamplingRule",
    "DeleteGroup",
    "DeleteResourcePolicy",
    "DeleteSamplingRule",
    "GetEncryptionConfig",
    "GetGroup",
    "GetGroups",
    "GetIndexingRules",
    "GetInsight",
    "GetInsightEvents",
    "GetInsightImpactGraph",
    "GetInsightSummaries",
    "GetRetrievedTracesGraph",
    "GetSamplingRules",
    "GetSamplingStatisticSummaries",
    "GetSamplingTargets",
    "GetServiceGraph",
    "GetTimeSeriesServiceStatistics",
    "GetTraceGraph",
    "GetTraceSegmentDestination",
    "GetTraceSummaries",
    "ListResourcePolicies",
    "ListRetrievedTraces",
    "ListTagsForResource",
    "PutEncryptionConfig",
    "PutResourcePolicy",
    "PutTelemetryRecords",
    "PutTraceSegments",
    "StartTraceRetrieval",
    "TagResource",
    "UntagResource",
    "UpdateGroup",
    "UpdateIndexingRule",
    "UpdateSamplingRule",
    "UpdateTraceSegmentDestination",
];

/// One row of the table: `` | `name` | state | `test` … | ``.
struct Row<'a> {
    line: usize,
    name: &'a str,
    state: &'a str,
    tests: &'a str,
}

fn rows(text: &str) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let ["", name, state, tests, ..] = cells[..]
            && name.starts_with('`')
        {
            rows.push(Row {
                line: index + 1,
                name: name.trim_matches('`'),
                state,
                tests,
            });
        }
    }
    rows
}

/// States are known ones, and what works or partly works names tests that exist.
pub(super) fn check_rows(repository: &Repository) -> Findings {
    let Some(text) = repository.text(TABLE) else {
        return vec![format!("{TABLE} is missing")];
    };
    let tests = test_names(repository);
    let quoted = Regex::new("`([^`]+)`").expect("the pattern is a constant");
    let mut findings = Findings::new();
    for Row {
        line,
        name,
        state,
        tests: cell,
    } in rows(text)
    {
        if !STATES.contains(&state) {
            findings.push(format!("{TABLE}:{line}: `{state}` is none of {STATES:?}"));
        }
        let named: Vec<&str> = quoted
            .captures_iter(cell)
            .filter_map(|name| Some(name.get(1)?.as_str()))
            .collect();
        if named.is_empty() && state != "not yet" {
            findings.push(format!(
                "{TABLE}:{line}: `{name}` claims `{state}` and names no test"
            ));
        }
        for test in named.iter().filter(|test| !tests.contains(**test)) {
            findings.push(format!("{TABLE}:{line}: there is no test `{test}`"));
        }
    }
    findings
}

/// The names of all functions under a `#[test]` or `#[tokio::test]`, or in a `proptest!`.
fn test_names(repository: &Repository) -> BTreeSet<&str> {
    let test = Regex::new(r"#\[(?:tokio::)?test[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*(?:async )?fn (\w+)")
        .expect("the pattern is a constant");
    repository
        .with_suffix(".rs")
        .flat_map(|file| test.captures_iter(&file.text))
        .filter_map(|test| Some(test.get(1)?.as_str()))
        .collect()
}

/// Every operation, every member of an answer and every field of the full document has exactly one row.
pub(super) fn check_complete(repository: &Repository) -> Findings {
    let Some(text) = repository.text(TABLE) else {
        return vec![format!("{TABLE} is missing")];
    };
    let Some(document) = repository.text(FULL_DOCUMENT) else {
        return vec![format!("{FULL_DOCUMENT} is missing")];
    };
    let Some(members) = repository.text(RESPONSE_MEMBERS) else {
        return vec![format!("{RESPONSE_MEMBERS} is missing")];
    };
    let mut findings = Findings::new();
    let mut found = BTreeSet::new();
    for Row { line, name, .. } in rows(text) {
        if !found.insert(name.to_owned()) {
            findings.push(format!("{TABLE}:{line}: `{name}` has two rows"));
        }
    }
    let operations = OPERATIONS.iter().map(|name| (*name).to_owned());
    let members = members.lines().map(str::to_owned);
    for name in operations.chain(members).chain(fields(document)) {
        if !found.contains(&name) {
            findings.push(format!("{TABLE}: `{name}` has no row"));
        }
    }
    findings
}

/// The paths of all members of the documents in `json`, an array of documents.
///
/// A path is written `cause.exceptions[].id`. A subsegment's members have the paths of a
/// segment's. What lies below annotations, metadata and links' attributes is the user's own.
fn fields(json: &str) -> BTreeSet<String> {
    let documents: Value = serde_json::from_str(json).unwrap_or_default();
    let mut paths = BTreeSet::new();
    for document in documents.as_array().into_iter().flatten() {
        collect_fields(document, "", &mut paths);
    }
    paths
}

fn collect_fields(value: &Value, path: &str, paths: &mut BTreeSet<String>) {
    if let Value::Array(items) = value {
        let path = if path == "subsegments" {
            String::new()
        } else {
            format!("{path}[]")
        };
        items
            .iter()
            .for_each(|item| collect_fields(item, &path, paths));
    }
    for (name, member) in value.as_object().into_iter().flatten() {
        let path = match path {
            "" => name.clone(),
            path => format!("{path}.{name}"),
        };
        match path.as_str() {
            "annotations" | "metadata" | "links[].attributes" => {}
            path => collect_fields(member, path, paths),
        }
        if !member.is_object() || path == "annotations" || path == "metadata" {
            paths.insert(path);
        }
    }
}
