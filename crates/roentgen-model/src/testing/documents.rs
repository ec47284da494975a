//! Random traces as documents.

use std::ops::Range;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::words;
use crate::assembly::facts::TraceFacts;
use crate::assembly::resolve::Arrival;
use crate::assembly::{AssemblySettings, Recorded, assemble};
use crate::document::{self, DocumentSettings};
use crate::ids::{SegmentId, TraceId};
use crate::time::{Stamp, UnixNanos};

/// A trace as it is sent.
#[derive(Clone, Debug)]
pub struct RandomTrace {
    pub trace_id: TraceId,
    /// In order of arrival; all are acceptable, none is over a limit.
    pub documents: Vec<String>,
}

/// Documents of one trace written by hand, as JSON, for tests that want to see what they test.
#[derive(Clone, Debug)]
pub struct TestTrace {
    pub trace_id: TraceId,
    pub documents: Vec<Value>,
}

impl RandomTrace {
    /// The facts of the trace if the documents arrive with the stamps 1, 2, 3 …
    ///
    /// # Panics
    /// If a document is refused, which is a bug of the generator.
    #[must_use]
    pub fn facts(&self) -> TraceFacts {
        facts(self.trace_id, &self.documents)
    }
}

impl TestTrace {
    /// As [`RandomTrace::facts`].
    ///
    /// # Panics
    /// If a document is refused.
    #[must_use]
    pub fn facts(&self) -> TraceFacts {
        let texts: Vec<_> = self.documents.iter().map(Value::to_string).collect();
        facts(self.trace_id, &texts)
    }
}

/// Facts of documents from any time between 1970 and 2255.
fn facts(trace_id: TraceId, texts: &[String]) -> TraceFacts {
    let retention_secs = 9_000_000_000;
    let settings = DocumentSettings {
        retention_secs,
        ..DocumentSettings::default()
    };
    let now = UnixNanos::from_secs(retention_secs);
    let read = |text: &String| {
        let parsed = document::parse(text.as_bytes(), now, &settings).pop();
        let outcome = parsed.expect("a text holds at least one document").outcome;
        outcome.unwrap_or_else(|refusal| panic!("refused {text}: {}", refusal.message))
    };
    let documents: Vec<_> = texts.iter().map(read).collect();
    let arrivals: Vec<_> = (1..)
        .zip(&documents)
        .map(|(stamp, document)| Arrival {
            stamp: Stamp(stamp),
            document,
        })
        .collect();
    assemble(
        trace_id,
        &arrivals,
        Recorded::default(),
        AssemblySettings::default(),
    )
}

/// A random trace of 1–8 segments and subsegments whose earliest start lies in `starts` (epoch
/// seconds) and which lasts a few seconds at most. Every second id follows X-Ray's convention.
pub fn trace(starts: Range<i64>) -> impl Strategy<Value = RandomTrace> {
    (any::<u128>(), any::<bool>(), starts, vec(draft(), 1..8)).prop_map(
        |(random, by_convention, start, drafts)| {
            let mut bytes = random.to_be_bytes();
            if by_convention {
                let secs = u32::try_from(start).unwrap_or(0).to_be_bytes();
                bytes
                    .iter_mut()
                    .zip(secs)
                    .for_each(|(byte, sec)| *byte = sec);
            }
            let trace_id = TraceId::from_bytes(bytes);
            RandomTrace {
                trace_id,
                documents: documents(trace_id, start, drafts),
            }
        },
    )
}

/// One entity before it knows its place.
#[derive(Clone, Debug)]
struct Draft {
    is_segment: bool,
    /// Chooses the parent among none, an unknown one, and the entities before.
    parent: usize,
    /// Of subsegments: sent as a document of its own.
    independent: bool,
    sending: Sending,
    name: &'static str,
    offset_millis: u32,
    /// `None`: in progress.
    length_micros: Option<u32>,
    flags: [Option<bool>; 3],
    members: Members,
}

#[derive(Clone, Debug)]
struct Sending {
    /// Sorts the documents.
    order: u8,
    twice: bool,
    in_progress_first: bool,
}

#[derive(Clone, Debug)]
struct Members {
    namespace: Option<&'static str>,
    is_sql: bool,
    table: Option<&'static str>,
    origin: Option<&'static str>,
    account: Option<&'static str>,
    request: Option<(&'static str, &'static str, &'static str, &'static str)>,
    status: Option<i64>,
    user: Option<&'static str>,
    machine: Option<(&'static str, &'static str)>,
    arn: Option<&'static str>,
    annotations: Vec<(&'static str, Value)>,
    exception: Option<(&'static str, &'static str)>,
}

fn draft() -> impl Strategy<Value = Draft> {
    let sending = (
        any::<u8>(),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(order, twice, in_progress_first)| Sending {
            order,
            twice,
            in_progress_first,
        });
    let flag = || option::weighted(0.3, any::<bool>());
    (
        (
            any::<bool>(),
            any::<usize>(),
            prop::bool::weighted(0.3),
            sending,
        ),
        (
            select(words::NAMES),
            0..1500u32,
            option::weighted(0.85, 0..2_000_000u32),
        ),
        [flag(), flag(), flag()],
        members(),
    )
        .prop_map(
            |(place, (name, offset_millis, length_micros), flags, members)| {
                let (is_segment, parent, independent, sending) = place;
                Draft {
                    is_segment,
                    parent,
                    independent,
                    sending,
                    name,
                    offset_millis,
                    length_micros,
                    flags,
                    members,
                }
            },
        )
}

fn members() -> impl Strategy<Value = Members> {
    let request = (
        select(words::URLS),
        select(words::METHODS),
        select(words::AGENTS),
        select(words::ADDRESSES),
    );
    let value = prop_oneof![
        select(words::STRINGS).prop_map(Value::from),
        select(words::NUMBERS).prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
    ];
    (
        option::of(select(&["aws", "remote"][..])),
        (prop::bool::weighted(0.2), option::of(select(words::NAMES))),
        (
            option::of(select(words::ORIGINS)),
            option::weighted(0.3, select(words::ACCOUNTS)),
        ),
        (option::of(request), option::of(select(words::STATUSES))),
        option::weighted(0.3, select(words::USERS)),
        option::weighted(0.3, (select(words::ZONES), select(words::INSTANCES))),
        option::weighted(0.3, select(words::ARNS)),
        vec((select(words::KEYS), value), 0..3),
        option::weighted(0.3, (select(words::EXCEPTIONS), select(words::MESSAGES))),
    )
        .prop_map(
            |(
                namespace,
                (is_sql, table),
                node,
                http,
                user,
                machine,
                arn,
                annotations,
                exception,
            )| {
                let ((origin, account), (request, status)) = (node, http);
                Members {
                    namespace,
                    is_sql,
                    table,
                    origin,
                    account,
                    request,
                    status,
                    user,
                    machine,
                    arn,
                    annotations,
                    exception,
                }
            },
        )
}

fn documents(trace_id: TraceId, start: i64, mut drafts: Vec<Draft>) -> Vec<String> {
    // A trace that begins with an orphan is the exception.
    if let Some(first) = drafts.first_mut() {
        first.is_segment |= first.parent % 8 != 0;
    }
    let mut entities: Vec<Map<String, Value>> = drafts
        .iter()
        .enumerate()
        .map(|(at, draft)| entity(start, at, draft))
        .collect();
    let mut sent: Vec<(u8, usize, Value)> = Vec::new();
    // Parents stand before children: going backwards, whatever is embedded is complete by then.
    while let Some(mut members) = entities.pop() {
        let at = entities.len();
        let Some(draft) = drafts.get(at) else {
            continue;
        };
        // 0: none, 1: unknown, else one of the entities before.
        let choice = draft.parent % (4 * at + 2);
        let parent = choice.checked_sub(2).map(|choice| choice % at);
        let is_subsegment = !draft.is_segment;
        if let (true, false, Some(parent)) = (is_subsegment, draft.independent, parent) {
            if let Some(parent) = entities.get_mut(parent) {
                let list = parent.entry("subsegments").or_insert_with(|| json!([]));
                list.as_array_mut()
                    .expect("made on the line above")
                    .push(members.into());
            }
            continue;
        }
        members.insert("trace_id".into(), trace_id.to_string().into());
        if is_subsegment {
            members.insert("type".into(), "subsegment".into());
        }
        // A segment may have no parent at all; a subsegment's may be unknown.
        let has_parent = is_subsegment || choice != 0;
        if has_parent {
            let id = parent.map_or(0xdead, entity_id);
            members.insert(
                "parent_id".into(),
                SegmentId::from_u64(id).to_string().into(),
            );
        }
        send(&mut sent, draft, at, members);
    }
    // Stable: what is in progress stays before what completes it.
    sent.sort_by_key(|(order, at, _)| (*order, *at));
    sent.into_iter()
        .map(|(_, _, document)| document.to_string())
        .collect()
}

fn send(sent: &mut Vec<(u8, usize, Value)>, draft: &Draft, at: usize, members: Map<String, Value>) {
    if draft.sending.in_progress_first && members.contains_key("end_time") {
        let mut earlier = members.clone();
        earlier.remove("end_time");
        earlier.remove("subsegments");
        earlier.insert("in_progress".into(), true.into());
        sent.push((draft.sending.order, at, earlier.into()));
    }
    if draft.sending.twice {
        let again = draft.sending.order.wrapping_add(50);
        sent.push((again, at, members.clone().into()));
    }
    sent.push((draft.sending.order, at, members.into()));
}

fn entity_id(at: usize) -> u64 {
    u64::try_from(at).unwrap_or(0) + 1
}

/// The members that an entity has wherever it is sent.
fn entity(start: i64, at: usize, draft: &Draft) -> Map<String, Value> {
    let members = &draft.members;
    let start_micros = start * 1_000_000 + i64::from(draft.offset_millis) * 1_000;
    let mut out = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        value.into_iter().for_each(|value| {
            out.insert(name.to_owned(), value);
        });
    };
    put(
        "id",
        Some(SegmentId::from_u64(entity_id(at)).to_string().into()),
    );
    put("name", Some(draft.name.into()));
    put("start_time", Some(secs(start_micros)));
    put(
        "end_time",
        draft
            .length_micros
            .map(|length| secs(start_micros + i64::from(length))),
    );
    put(
        "in_progress",
        draft.length_micros.is_none().then_some(Value::Bool(true)),
    );
    for (name, flag) in ["error", "throttle", "fault"].into_iter().zip(draft.flags) {
        put(name, flag.map(Value::Bool));
    }
    if draft.is_segment {
        put("origin", members.origin.map(Value::from));
        put("user", members.user.map(Value::from));
        put("resource_arn", members.arn.map(Value::from));
    } else {
        put("namespace", members.namespace.map(Value::from));
        put(
            "sql",
            members
                .is_sql
                .then(|| json!({"sanitized_query": "select 1"})),
        );
    }
    put("http", http(members));
    put("aws", aws(draft.is_segment, members));
    let annotations = members
        .annotations
        .iter()
        .map(|(k, v)| ((*k).to_owned(), v.clone()));
    put("annotations", filled(annotations.collect()));
    put(
        "cause",
        members.exception.map(|(name, message)| {
            let id = SegmentId::from_u64(0xe000 + entity_id(at)).to_string();
            json!({"exceptions": [{"id": id, "type": name, "message": message}]})
        }),
    );
    out
}

fn http(members: &Members) -> Option<Value> {
    let mut http = Map::new();
    if let Some((url, method, agent, address)) = members.request {
        let request =
            json!({"url": url, "method": method, "user_agent": agent, "client_ip": address});
        http.insert("request".into(), request);
    }
    if let Some(status) = members.status {
        http.insert("response".into(), json!({ "status": status }));
    }
    filled(http)
}

fn aws(is_segment: bool, members: &Members) -> Option<Value> {
    let mut aws = Map::new();
    if let Some(account) = members.account {
        aws.insert("account_id".into(), account.into());
    }
    if let (true, Some((zone, instance))) = (is_segment, members.machine) {
        aws.insert(
            "ec2".into(),
            json!({"availability_zone": zone, "instance_id": instance}),
        );
    }
    if let (false, Some(table)) = (is_segment, members.table) {
        aws.insert("table_name".into(), table.into());
    }
    filled(aws)
}

fn filled(members: Map<String, Value>) -> Option<Value> {
    (!members.is_empty()).then_some(Value::Object(members))
}

/// Epoch seconds as a number with microseconds, digit by digit.
fn secs(micros: i64) -> Value {
    let text = format!(
        "{}.{:06}",
        micros.div_euclid(1_000_000),
        micros.rem_euclid(1_000_000)
    );
    serde_json::from_str(&text).expect("digits with a point are a number")
}
