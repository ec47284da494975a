//! What a policy document may hold (spec security.md 4). Messages name the place: `Statement[1].Effect`.

use std::collections::HashSet;

use roentgen_model::sampling::rule::wildcard_matches;
use serde_json::{Map, Value};

use super::PolicyCaller;

const VERSIONS: [&str; 2] = ["2012-10-17", "2008-10-17"];
const MEMBERS: [&str; 3] = ["Version", "Id", "Statement"];
const STATEMENT_MEMBERS: [&str; 7] = [
    "Sid",
    "Effect",
    "Principal",
    "Action",
    "Resource",
    "NotResource",
    "Condition",
];
const PRINCIPAL_KINDS: [&str; 4] = ["AWS", "Service", "Federated", "CanonicalUser"];
const PUT_RESOURCE_POLICY: &str = "xray:PutResourcePolicy";

/// What is looked at of a document that is well-formed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PolicyDocument {
    statements: Vec<Statement>,
}

#[derive(Debug, PartialEq, Eq)]
struct Statement {
    denies: bool,
    /// `*` for everybody, else the values under `AWS`.
    principals: Vec<String>,
    actions: Vec<String>,
}

impl PolicyDocument {
    /// True if a statement denies the caller to put policies. Conditions and resources are not looked
    /// at: what may deny counts (our choice).
    pub(super) fn locks_out(&self, caller: PolicyCaller<'_>) -> bool {
        self.statements.iter().any(|statement| {
            let mut actions = statement.actions.iter();
            statement.denies
                && actions.any(|action| wildcard_matches(action, PUT_RESOURCE_POLICY))
                && statement.principals.iter().any(|one| names(one, caller))
        })
    }
}

/// `*`, an account, `arn:aws:iam::<account>:root`, or one user of it.
fn names(principal: &str, caller: PolicyCaller<'_>) -> bool {
    let PolicyCaller { account, user } = caller;
    let within = principal
        .strip_prefix("arn:")
        .and_then(|rest| rest.split_once(":iam::"))
        .and_then(|(_, rest)| rest.strip_prefix(account)?.strip_prefix(':'));
    principal == "*"
        || principal == account
        || within.is_some_and(|who| who == "root" || who.strip_prefix("user/") == Some(user))
}

/// Checks a document.
///
/// # Errors
/// What is wrong with it, for the caller.
pub(super) fn parse(text: &str) -> Result<PolicyDocument, String> {
    let value: Value = serde_json::from_str(text).map_err(|e| format!("not JSON: {e}"))?;
    let document = object(&value, "the document")?;
    check_members(document, &MEMBERS, "")?;
    if let Some(version) = document.get("Version") {
        let known = version.as_str().is_some_and(|v| VERSIONS.contains(&v));
        if !known {
            let [new, old] = VERSIONS;
            return Err(format!("`Version`: expected \"{new}\" or \"{old}\""));
        }
    }
    if document.get("Id").is_some_and(|id| !id.is_string()) {
        return Err("`Id`: expected a string".into());
    }
    let statements = match document.get("Statement") {
        None => return Err("`Statement` is required".into()),
        Some(Value::Array(items)) if items.is_empty() => {
            return Err("`Statement`: expected at least one statement".into());
        }
        Some(Value::Array(items)) => items
            .iter()
            .enumerate()
            .map(|(index, item)| statement(item, &format!("Statement[{index}]")))
            .collect::<Result<_, _>>()?,
        Some(one) => vec![statement(one, "Statement")?],
    };
    check_sids(document.get("Statement"))?;
    Ok(PolicyDocument { statements })
}

fn statement(value: &Value, path: &str) -> Result<Statement, String> {
    let members = object(value, &format!("`{path}`"))?;
    check_members(members, &STATEMENT_MEMBERS, path)?;
    if members.get("Sid").is_some_and(|sid| !sid.is_string()) {
        return Err(format!("`{path}.Sid`: expected a string"));
    }
    let denies = match required(members, "Effect", path)?.as_str() {
        Some("Allow") => false,
        Some("Deny") => true,
        _ => return Err(format!("`{path}.Effect`: expected \"Allow\" or \"Deny\"")),
    };
    let principals = principals(required(members, "Principal", path)?, path)?;
    let actions = texts(
        required(members, "Action", path)?,
        &format!("{path}.Action"),
    )?;
    for action in &actions {
        let (service, _) = action.split_once(':').unwrap_or_default();
        if action != "*" && !service.eq_ignore_ascii_case("xray") {
            return Err(format!(
                "`{path}.Action`: expected `*` or an action of `xray:`, found `{action}`"
            ));
        }
    }
    if members.contains_key("Resource") && members.contains_key("NotResource") {
        return Err(format!(
            "`{path}`: expected `Resource` or `NotResource`, found both"
        ));
    }
    for name in ["Resource", "NotResource"] {
        if let Some(resources) = members.get(name) {
            texts(resources, &format!("{path}.{name}"))?;
        }
    }
    if let Some(condition) = members.get("Condition") {
        check_condition(condition, &format!("{path}.Condition"))?;
    }
    Ok(Statement {
        denies,
        principals,
        actions,
    })
}

fn principals(value: &Value, path: &str) -> Result<Vec<String>, String> {
    if value.as_str() == Some("*") {
        return Ok(vec!["*".into()]);
    }
    let kinds = value.as_object().filter(|kinds| !kinds.is_empty());
    let kinds = kinds.ok_or_else(|| {
        format!("`{path}.Principal`: expected \"*\" or an object such as {{\"Service\": …}}")
    })?;
    check_members(kinds, &PRINCIPAL_KINDS, &format!("{path}.Principal"))?;
    let mut accounts = Vec::new();
    for (kind, names) in kinds {
        let names = texts(names, &format!("{path}.Principal.{kind}"))?;
        if kind == "AWS" {
            accounts = names;
        }
    }
    Ok(accounts)
}

/// Operators, keys, and texts, numbers or booleans.
fn check_condition(value: &Value, path: &str) -> Result<(), String> {
    for (operator, keys) in object(value, &format!("`{path}`"))? {
        let path = format!("{path}.{operator}");
        for (key, wanted) in object(keys, &format!("`{path}`"))? {
            let is_scalar = |v: &Value| v.is_string() || v.is_number() || v.is_boolean();
            let is_right = match wanted {
                Value::Array(items) => !items.is_empty() && items.iter().all(is_scalar),
                one => is_scalar(one),
            };
            if !is_right {
                return Err(format!(
                    "`{path}.{key}`: expected a value or a list of values"
                ));
            }
        }
    }
    Ok(())
}

fn check_sids(statements: Option<&Value>) -> Result<(), String> {
    let items = statements.and_then(Value::as_array).into_iter().flatten();
    let mut seen = HashSet::new();
    for sid in items.filter_map(|item| item.get("Sid")?.as_str()) {
        if !seen.insert(sid) {
            return Err(format!("`Statement`: the Sid `{sid}` is there twice"));
        }
    }
    Ok(())
}

fn check_members(members: &Map<String, Value>, known: &[&str], path: &str) -> Result<(), String> {
    let unknown = members.keys().find(|name| !known.contains(&name.as_str()));
    let Some(name) = unknown else { return Ok(()) };
    let place = if path.is_empty() {
        name.clone()
    } else {
        format!("{path}.{name}")
    };
    Err(format!("`{place}`: expected one of {}", known.join(", ")))
}

fn required<'v>(
    members: &'v Map<String, Value>,
    name: &str,
    path: &str,
) -> Result<&'v Value, String> {
    members
        .get(name)
        .ok_or_else(|| format!("`{path}.{name}` is required"))
}

fn object<'v>(value: &'v Value, what: &str) -> Result<&'v Map<String, Value>, String> {
    value
        .as_object()
        .ok_or_else(|| format!("{what}: expected an object"))
}

/// A text or a list of at least one.
fn texts(value: &Value, path: &str) -> Result<Vec<String>, String> {
    let items = match value {
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    };
    let texts: Option<Vec<String>> = items
        .iter()
        .map(|v| v.as_str().map(str::to_owned))
        .collect();
    texts
        .filter(|texts| !texts.is_empty())
        .ok_or_else(|| format!("`{path}`: expected a string or a list of strings"))
}
