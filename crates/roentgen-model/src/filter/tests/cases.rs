//! Expressions in plain files (`filter/cases/*.txt`): a line of expression, then `= ` and the traces
//! of `traces.json` that match, or `! ` and the error. To add a case, write its first line and run the
//! tests once with `ROENTGEN_REWRITE_CASES=1`; then read what was written.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use super::*;
use crate::ids::TraceId;
use crate::testing::TestTrace;

/// The groups that cases name.
pub(super) struct CaseGroups;

impl GroupExpressions for CaseGroups {
    fn expression(&self, selector: GroupSelector<'_>) -> Option<Cow<'_, str>> {
        let name = match selector {
            GroupSelector::Name(name) => name,
            GroupSelector::Arn(arn) => {
                arn.strip_prefix("arn:aws:xray:eu-west-1:000000000000:group/")?
            }
        };
        let deep = name
            .strip_suffix(" deep")
            .and_then(|levels| levels.parse::<u32>().ok());
        if let Some(levels) = deep {
            let next = format!("group.name = \"{} deep\"", levels - 1);
            return Some(if levels == 1 {
                "ok".into()
            } else {
                next.into()
            });
        }
        let text = match name {
            "Default" | "empty" => "",
            "slow" | "slow/A" => "responsetime > 5",
            "slow or T1" => "group.name = slow OR annotation.tier = gold",
            "broken" => "ok AND fualt",
            "self" => "!(group.name = self)",
            "a loop" => "group.name = \"another loop\"",
            "another loop" => "ok OR group.name = \"a loop\"",
            _ => return None,
        };
        Some(text.into())
    }
}

/// The traces of `traces.json`, in its order. There, ids are short, and `at` is start and end in seconds.
fn traces() -> Vec<(String, TraceFacts)> {
    let file: Value = serde_json::from_str(include_str!("../cases/traces.json")).unwrap();
    let file = file.as_object().unwrap();
    let read = |(number, (name, documents)): (u32, (&String, &Value))| {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&u32::try_from(START).unwrap().to_be_bytes());
        id[12..].copy_from_slice(&number.to_be_bytes());
        let trace_id = TraceId::from_bytes(id);
        let mut documents = documents.as_array().unwrap().clone();
        for document in &mut documents {
            spell_out(document);
            document["trace_id"] = trace_id.to_string().into();
        }
        (
            name.clone(),
            TestTrace {
                trace_id,
                documents,
            }
            .facts(),
        )
    };
    (1..).zip(file).map(read).collect()
}

fn spell_out(value: &mut Value) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(spell_out),
        Value::Object(members) => {
            for id in ["id", "parent_id"] {
                if let Some(Value::String(text)) = members.get_mut(id) {
                    *text = format!("{text:0>16}");
                }
            }
            if let Some(at) = members.remove("at") {
                let time = |at: &Value| {
                    let millis = (at.as_f64().unwrap() * 1000.0).round() as i64;
                    let text = format!("{}.{:03}", START + millis / 1000, millis % 1000);
                    serde_json::from_str::<Value>(&text).unwrap()
                };
                members.insert("start_time".into(), time(&at[0]));
                match at.get(1) {
                    Some(end) => members.insert("end_time".into(), time(end)),
                    None => members.insert("in_progress".into(), true.into()),
                };
            }
            members.values_mut().for_each(spell_out);
        }
        _ => {}
    }
}

/// A trace of `traces.json`.
pub(super) fn trace_named(name: &str) -> TraceFacts {
    traces()
        .into_iter()
        .find(|(found, _)| found == name)
        .expect("a trace of the file")
        .1
}

/// The file as it should be: the same expressions, each followed by what came of it.
fn answered(text: &str, answer: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        writeln!(out, "{line}").unwrap();
        let answered =
            |next: &&str| next.starts_with("= ") || *next == "=" || next.starts_with("! ");
        if lines.next_if(answered).is_some() {
            writeln!(out, "{}", answer(line).trim_end()).unwrap();
        }
    }
    out
}

fn check(name: &str, text: &str, answer: impl Fn(&str) -> String) {
    let expected = answered(text, answer);
    if std::env::var_os("ROENTGEN_REWRITE_CASES").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("src/filter/cases")
            .join(name);
        std::fs::write(path, &expected).unwrap();
    }
    for (line, (found, expected)) in text.lines().zip(expected.lines()).enumerate() {
        let before = text.lines().nth(line.saturating_sub(1)).unwrap_or("");
        assert_eq!(found, expected, "{name}, line {}: {before}", line + 1);
    }
    assert!(text.lines().count() > 10, "{name} holds cases");
}

fn matching(expression: &str, among: &[(String, TraceFacts)]) -> Vec<String> {
    let filter = match Filter::parse(expression, &CaseGroups) {
        Ok(filter) => filter,
        Err(error) => panic!("{expression}: {error}"),
    };
    let matches = |facts| filter.matches(facts, &EvalContext::default());
    among
        .iter()
        .filter(|(_, facts)| matches(facts))
        .map(|(name, _)| name.clone())
        .collect()
}

#[test]
fn truth_table_of_the_spec_holds() {
    let traces: Vec<_> = traces()
        .into_iter()
        .filter(|(name, _)| name.starts_with('T'))
        .collect();
    assert_eq!(traces.len(), 4);
    let text = include_str!("../cases/truth_table.txt");
    check("truth_table.txt", text, |line| {
        format!("= {}", matching(line, &traces).join(" "))
    });
    assert_eq!(
        text.lines().filter(|line| line.starts_with('=')).count(),
        27
    );
}

#[test]
fn examples_of_the_spec_each_match_some_traces_and_not_others() {
    let traces = traces();
    let text = include_str!("../cases/examples.txt");
    check("examples.txt", text, |line| {
        let names = matching(line, &traces);
        assert!(!names.is_empty(), "{line} matches nothing");
        assert!(names.len() < traces.len(), "{line} matches everything");
        format!("= {}", names.join(" "))
    });
    assert_eq!(
        text.lines().filter(|line| line.starts_with('=')).count(),
        54
    );
}

#[test]
fn expressions_match_the_traces_that_the_words_of_the_spec_say() {
    let traces = traces();
    let text = include_str!("../cases/semantics.txt");
    check("semantics.txt", text, |line| {
        match Filter::parse(line, &CaseGroups) {
            Ok(_) => format!("= {}", matching(line, &traces).join(" ")),
            Err(error) => format!("! {error}"),
        }
    });
}

#[test]
fn errors_name_the_problem_and_its_position() {
    let text = include_str!("../cases/errors.txt");
    check("errors.txt", text, |line| {
        match Filter::parse(line, &CaseGroups) {
            Ok(_) => "= no error".to_owned(),
            Err(error) => {
                let text = error.to_string();
                let reason = text
                    .strip_prefix("Invalid filter expression: ")
                    .expect("X-Ray's wording");
                format!("! {reason}")
            }
        }
    });
}
