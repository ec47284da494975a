use proptest::collection::vec;
use proptest::prelude::*;
use roentgen_model::TraceId;
use roentgen_model::UnixNanos;
use roentgen_model::filter::{EvalContext, Filter, NoGroups};
use roentgen_model::testing::{RandomTrace, TestTrace, trace};
use serde_json::{Value, json};

use super::*;

/// The facts of one segment with these members.
fn facts(number: u8, members: &Value) -> TraceFacts {
    let trace_id = TraceId::from_bytes([number; 16]);
    let mut document = json!({"trace_id": trace_id.to_string(), "id": "00000000000000a1",
        "name": "web", "start_time": 1_700_000_000, "end_time": 1_700_000_001});
    let members = members.as_object().unwrap().clone();
    document.as_object_mut().unwrap().extend(members);
    let documents = vec![document];
    TestTrace {
        trace_id,
        documents,
    }
    .facts()
}

fn count(request: FacetsRequest, all: &[TraceFacts]) -> Facets {
    let mut facets = Facets::new(request, None);
    all.iter().for_each(|facts| facets.add(facts, Class::Ok));
    facets
}

/// `key: value (count) filter` for each value.
fn lines(facets: &Facets) -> Vec<String> {
    let mut lines = Vec::new();
    for facet in facets.top(10, 10) {
        let key = facet.key.to_string();
        lines.extend(facet.values.iter().map(|value| {
            let FacetCount {
                text,
                filter,
                classes,
            } = value;
            format!("{key}: {text} ({}) {filter}", classes.total())
        }));
    }
    lines
}

#[test]
fn values_come_with_the_clause_that_selects_them() {
    let members = json!({"user": "a\"b", "origin": "AWS::EC2::Instance", "resource_arn": "arn:x",
        "aws": {"ec2": {"instance_id": "i-1", "availability_zone": "z"}},
        "http": {"request": {"method": "GET", "url": "http://a/"}, "response": {"status": 500}},
        "annotations": {"tier": "gold", "n": 3, "half": 0.5, "on": false},
        "cause": {"exceptions": [{"id": "00000000000000e1", "type": "Timeout"}]}});
    let all = [
        facts(1, &members),
        facts(2, &json!({"annotations": {"n": 3}})),
    ];
    assert_eq!(
        lines(&count(FacetsRequest::All, &all)),
        [
            r#"service: web (2) service("web")"#,
            r#"url: http://a/ (1) http.url = "http://a/""#,
            r#"method: GET (1) http.method = "GET""#,
            "status: 500 (1) http.status = 500",
            r#"user: a"b (1) user = "a\"b""#,
            r#"resourceArn: arn:x (1) resource.arn = "arn:x""#,
            r#"instance: i-1 (1) instance.id = "i-1""#,
            r#"zone: z (1) availabilityzone = "z""#,
            r##"faultRootCause: web (1) rootcause.fault.json = #[{"Services":[{"Name":"web"}]}]"##,
            r#"exception: Timeout (1) (rootcause.fault.exception { name = "Timeout" } OR rootcause.error.exception { name = "Timeout" })"#,
            "annotation.n: 3 (2) annotation.n = 3",
            "annotation.half: 0.5 (1) annotation.half = 0.5",
            "annotation.on: false (1) annotation.on = false",
            r#"annotation.tier: gold (1) annotation.tier = "gold""#,
        ]
    );
}

#[test]
fn only_the_keys_asked_for_are_counted() {
    let members = json!({"user": "u", "annotations": {"a": 1, "b.c": true}});
    let keys = ["user", "annotation.b.c", "user"].map(|key| FacetKey::parse(key).unwrap());
    let facets = count(FacetsRequest::Keys(keys.to_vec()), &[facts(1, &members)]);
    let expected = [
        r#"user: u (1) user = "u""#,
        r#"annotation.b.c: true (1) annotation["b.c"] = true"#,
    ];
    assert_eq!(lines(&facets), expected);
}

#[test]
fn values_beyond_the_bound_are_left_out_and_the_rest_counted_exactly() {
    let traces = || (0..VALUES_MAX + 3).chain([1, 2]);
    let user = |number: usize| facts(1, &json!({"user": format!("u{number}")}));
    let mut facets = Facets::new(FacetsRequest::Keys(vec![FacetKey::User]), None);
    traces().for_each(|number| facets.add(&user(number), Class::Fault));
    let facet = facets.top(0, 3).remove(0);
    assert!(facet.is_capped);
    assert_eq!(facet.distinct, VALUES_MAX);
    assert_eq!(facet.traces, traces().count() as u64);
    let found: Vec<_> = facet
        .values
        .iter()
        .map(|v| (&*v.text, v.classes.fault))
        .collect();
    assert_eq!(found, [("u1", 2), ("u2", 2), ("u0", 1)]);
}

#[test]
fn value_too_long_for_any_expression_is_left_out() {
    let members = json!({"user": "\u{1}".repeat(1_500)});
    let facets = count(FacetsRequest::All, &[facts(1, &members)]);
    let facet = facets
        .top(0, 3)
        .into_iter()
        .find(|f| f.key == FacetKey::User);
    let facet = facet.unwrap();
    assert!(facet.is_capped);
    assert_eq!(facet.values, []);
}

#[test]
fn values_are_found_by_their_beginning_in_any_case() {
    let users = ["Ada", "adam", "bob"].map(|user| facts(1, &json!({"user": user})));
    let facets = count(FacetsRequest::All, &users);
    let found = facets.values(&FacetKey::User, "aD", 10);
    let found: Vec<_> = found.iter().map(|value| &*value.text).collect();
    assert_eq!(found, ["Ada", "adam"]);
    assert_eq!(facets.values(&FacetKey::Annotation("x".into()), "", 10), []);
}

#[test]
fn keys_are_spelt_as_in_the_api() {
    for key in FacetKey::FIXED {
        assert_eq!(FacetKey::parse(&key.to_string()), Some(key));
    }
    let annotation = FacetKey::Annotation("a.b".into());
    assert_eq!(FacetKey::parse("annotation.a.b"), Some(annotation));
    assert_eq!(FacetKey::parse("annotation."), None);
    assert_eq!(FacetKey::parse("User"), None);
}

fn check_clauses(traces: &[RandomTrace], seen: Option<TimeRange>) {
    let all: Vec<TraceFacts> = traces.iter().map(RandomTrace::facts).collect();
    let mut facets = Facets::new(FacetsRequest::All, seen.clone());
    all.iter().for_each(|facts| facets.add(facts, Class::Ok));
    let context = EvalContext {
        service_range: seen,
    };
    for facet in facets.top(usize::MAX, usize::MAX) {
        assert!(!facet.is_capped);
        for value in facet.values {
            let filter = Filter::parse(&value.filter, &NoGroups);
            let filter = filter.unwrap_or_else(|error| panic!("{}: {error}", value.filter));
            let selected = all.iter().filter(|facts| filter.matches(facts, &context));
            let selected = selected.count() as u64;
            assert_eq!(value.classes.total(), selected, "{}", value.filter);
        }
    }
}

proptest! {
    #[test]
    fn clauses_select_exactly_what_was_counted(
        traces in vec(trace(1_700_000_000..1_700_000_010), 1..6),
        from in 1_700_000_000..1_700_000_010_i64,
    ) {
        check_clauses(&traces, None);
        check_clauses(&traces, Some(UnixNanos::from_secs(from)..UnixNanos::from_secs(from + 3)));
    }

    #[test]
    fn clauses_of_any_text_select_it(text in "\\PC{0,30}", key in "[ -~]{1,20}", n in any::<f64>()) {
        prop_assume!(n.is_finite());
        let members = json!({"user": text, "annotations": {key.clone(): text, "n": n}});
        let found = facts(1, &members);
        for facet in count(FacetsRequest::All, std::slice::from_ref(&found)).top(9, 9) {
            for value in facet.values {
                let filter = Filter::parse(&value.filter, &NoGroups).unwrap();
                prop_assert!(filter.matches(&found, &EvalContext::default()), "{}", value.filter);
            }
        }
    }
}
