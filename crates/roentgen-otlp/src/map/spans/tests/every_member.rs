//! Every member of the fixture with every field has a home: taking it away, or changing it, changes the
//! spans.

use serde_json::Value;

use super::spans;

/// Members that may go without a trace.
const EXEMPT: &[&str] = &[];

fn fixture() -> Vec<Value> {
    let text = include_str!("../../../../../../tests/fixtures/every_field.json");
    serde_json::from_str(text).unwrap()
}

/// JSON pointers of all values, containers included.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .map(|(index, value)| (index.to_string(), value))
            .collect(),
        _ => return,
    };
    for (name, child) in children {
        let pointer = format!("{at}/{name}");
        pointers(child, &pointer, found);
        found.push(pointer);
    }
}

/// The document without what the pointer shows.
fn without(document: &Value, pointer: &str) -> Value {
    let mut document = document.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let name = name.replace("~1", "/").replace("~0", "~");
    match document.pointer_mut(parent).unwrap() {
        Value::Object(members) => {
            members.shift_remove(&name).unwrap();
        }
        Value::Array(elements) => {
            elements.remove(name.parse().unwrap());
        }
        other => panic!("{pointer}: {other}"),
    }
    document
}

/// The document with another value there, of the same type.
fn changed(document: &Value, pointer: &str) -> Option<Value> {
    let mut document = document.clone();
    let value = document.pointer_mut(pointer).unwrap();
    *value = match &*value {
        // Another last digit is another id too.
        Value::String(text) if text.ends_with('1') => {
            Value::from(format!("{}2", &text[..text.len() - 1]))
        }
        Value::String(text) => Value::from(format!("{}1", text.strip_suffix('2').unwrap_or(text))),
        Value::Number(number) => Value::from(number.as_f64().unwrap() + 1.0),
        Value::Bool(value) => Value::from(!value),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    Some(document)
}

#[test]
fn no_member_is_lost() {
    for document in fixture() {
        let whole = spans(&document);
        assert!(!whole.is_empty());
        let mut all = Vec::new();
        pointers(&document, "", &mut all);
        let mut lost = Vec::new();
        for pointer in &all {
            if EXEMPT.contains(&pointer.as_str()) {
                continue;
            }
            if spans(&without(&document, pointer)) == whole {
                lost.push(format!("without {pointer}"));
            }
            if changed(&document, pointer).is_some_and(|changed| spans(&changed) == whole) {
                lost.push(format!("changed {pointer}"));
            }
        }
        assert_eq!(lost, [""; 0]);
    }
}

#[test]
fn spans_of_the_fixture() {
    let all: Vec<Vec<Value>> = fixture().iter().map(spans).collect();
    insta::assert_json_snapshot!(all);
}
