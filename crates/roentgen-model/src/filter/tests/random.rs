//! Do the random filters of property tests ask about everything, and do random traces answer both
//! ways? What they leave out no property test checks.

use std::collections::BTreeMap;

use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::table::{SCOPES, TABLE};
use super::*;

/// Answers to one kind of question: no, yes.
type Answers = BTreeMap<String, [usize; 2]>;

/// Every predicate of a condition with its scope, and a way to ask it alone: those of blocks in a
/// block of their kind around any node.
fn questions(condition: &Condition, ask: &mut Ask<'_>) {
    fn walk(
        condition: &Condition,
        scope: &str,
        wrap: &dyn Fn(Condition) -> Condition,
        ask: &mut Ask<'_>,
    ) {
        match condition {
            Condition::And(sides) | Condition::Or(sides) => {
                sides.iter().for_each(|side| walk(side, scope, wrap, ask));
            }
            Condition::Not(inner) => walk(inner, scope, wrap, ask),
            Condition::Group(group) => walk(group, scope, wrap, ask),
            Condition::Is(predicate) => {
                ask(scope, predicate, wrap);
                let any = NodeSelector::default;
                match predicate {
                    Predicate::Service { block, .. } => {
                        let wrap = |inner| {
                            Condition::Is(Predicate::Service {
                                selector: any(),
                                block: Some(Box::new(inner)),
                            })
                        };
                        block.iter().for_each(|b| walk(b, "service", &wrap, ask));
                    }
                    Predicate::Edge { block, .. } => {
                        let wrap = |inner| {
                            Condition::Is(Predicate::Edge {
                                source: any(),
                                destination: any(),
                                block: Some(Box::new(inner)),
                            })
                        };
                        block.iter().for_each(|b| walk(b, "edge", &wrap, ask));
                    }
                    Predicate::Cause { kind, part, block } => {
                        let wrap = |inner| {
                            Condition::Is(Predicate::Cause {
                                kind: *kind,
                                part: *part,
                                block: Some(Box::new(inner)),
                            })
                        };
                        let scope = format!("{kind:?} {part:?}");
                        block.iter().for_each(|b| walk(b, &scope, &wrap, ask));
                    }
                    Predicate::Flag(_)
                    | Predicate::Number(..)
                    | Predicate::Text(..)
                    | Predicate::Annotation(_)
                    | Predicate::CauseJson { .. } => {}
                }
            }
        }
    }
    walk(condition, "trace", &|inner| inner, ask);
}

/// Scope, predicate, and what puts a condition in the place of the predicate.
type Ask<'a> = dyn FnMut(&str, &Predicate, &dyn Fn(Condition) -> Condition) + 'a;

/// What is asked about, without how.
fn keyword(predicate: &Predicate) -> String {
    match predicate {
        Predicate::Flag(flag) => format!("{flag:?}"),
        Predicate::Number(number, _) => format!("{number:?}"),
        Predicate::Text(text, _) => format!("{text:?}"),
        Predicate::Annotation(test) => format!("annotation {:?}", test.place),
        Predicate::Service { block, .. } => format!("service {}", block.is_some()),
        Predicate::Edge { block, .. } => format!("edge {}", block.is_some()),
        Predicate::Cause { kind, part, block } => {
            format!("cause {kind:?} {part:?} {}", block.is_some())
        }
        Predicate::CauseJson { kind, .. } => format!("json {kind:?}"),
    }
}

/// How it is asked; `None` for what has one way only.
fn operator(predicate: &Predicate) -> Option<String> {
    Some(match predicate {
        Predicate::Number(_, NumberTest::Set) => "number set".to_owned(),
        Predicate::Number(_, NumberTest::Compare(operator, _)) => format!("number {operator:?}"),
        Predicate::Text(_, TextTest::Set) => "text set".to_owned(),
        Predicate::Text(_, TextTest::Compare(operator, _)) => format!("text {operator:?}"),
        Predicate::Annotation(test) => match &test.test {
            AnnotationValueTest::Truthy => "annotation truthy".to_owned(),
            AnnotationValueTest::Set => "annotation set".to_owned(),
            AnnotationValueTest::Boolean { value, negated } => {
                format!("annotation {value} {negated}")
            }
            AnnotationValueTest::Number(operator, _) => format!("annotation number {operator:?}"),
            AnnotationValueTest::Text(operator, _) => format!("annotation text {operator:?}"),
        },
        _ => return None,
    })
}

fn traces(runner: &mut TestRunner) -> Vec<TraceFacts> {
    let traces = testing::trace(START..START + 5);
    let mut draw = |_| traces.new_tree(runner).unwrap().current().facts();
    (0..40).map(&mut draw).collect()
}

fn sample() -> Answers {
    let mut runner = TestRunner::deterministic();
    let traces = traces(&mut runner);
    let filters = testing::filter();
    let mut answers = Answers::new();
    for _ in 0..5_000 {
        let text = filters.new_tree(&mut runner).unwrap().current();
        let filter = Filter::parse(&text, &NoGroups).unwrap();
        // A yes, and a no of some element of the trace.
        let mut note = |question: String, yes: &Filter, no: &Filter| {
            let answer = answers.entry(question).or_default();
            let matches = |filter: &Filter| {
                let found = traces
                    .iter()
                    .filter(|facts| filter.matches(facts, &EvalContext::default()));
                found.count()
            };
            answer[0] += matches(no);
            answer[1] += matches(yes);
        };
        let opposite = Condition::Not(Box::new(filter.condition().clone()));
        note("whole filter".to_owned(), &filter, &opposite.into());
        questions(filter.condition(), &mut |scope, predicate, alone| {
            let is = Condition::Is(predicate.clone());
            let yes = Filter::from(alone(is.clone()));
            let no = Filter::from(alone(Condition::Not(Box::new(is))));
            note(format!("{scope}: {}", keyword(predicate)), &yes, &no);
            if let Some(operator) = operator(predicate) {
                note(operator, &yes, &no);
            }
        });
    }
    answers
}

/// The questions that the table of the spec allows, as [`questions`] names them.
fn of_the_table() -> Vec<String> {
    let mut wanted = Vec::new();
    for row in TABLE.lines() {
        let Some(keyword_word) = row.split_whitespace().next() else {
            continue;
        };
        for (scope, _) in SCOPES {
            let plain = match *scope {
                "" => keyword_word.to_owned(),
                block => format!("{block} {{ {keyword_word} }}"),
            };
            let json = format!("{keyword_word} = #[{{}}]");
            let parsed = [plain, json]
                .into_iter()
                .filter_map(|text| Filter::parse(&text, &NoGroups).ok());
            for filter in parsed {
                questions(filter.condition(), &mut |scope, predicate, _| {
                    wanted.push(format!("{scope}: {}", keyword(predicate)));
                });
            }
        }
    }
    wanted.sort();
    wanted.dedup();
    wanted
}

#[test]
fn random_filters_ask_every_question_and_random_traces_answer_it_both_ways() {
    let answers = sample();
    let mut wanted = of_the_table();
    assert!(wanted.len() > 90, "the table allows {wanted:?}");
    wanted.push("whole filter".to_owned());
    for kind in ["number", "annotation number"] {
        for operator in [
            "Equal",
            "NotEqual",
            "Less",
            "LessOrEqual",
            "Greater",
            "GreaterOrEqual",
        ] {
            wanted.push(format!("{kind} {operator}"));
        }
    }
    for kind in ["text", "annotation text"] {
        for operator in ["Equal", "NotEqual", "Contains", "BeginsWith", "EndsWith"] {
            wanted.push(format!("{kind} {operator}"));
        }
    }
    let tests = [
        "number set",
        "text set",
        "annotation set",
        "annotation truthy",
        "annotation true false",
        "annotation false false",
        "annotation true true",
    ];
    wanted.extend(tests.map(str::to_owned));
    let missing: Vec<_> = wanted
        .iter()
        .filter_map(|question| match answers.get(question) {
            None => Some(format!("{question}: never asked")),
            Some([0, _]) => Some(format!("{question}: never no")),
            Some([_, 0]) => Some(format!("{question}: never yes")),
            Some(_) => None,
        })
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
