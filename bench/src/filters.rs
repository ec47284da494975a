//! What reading a filter expression costs: it is parsed and checked once a page of a search.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use anyhow::Context;
use roentgen_model::filter::{Filter, NoGroups};

use crate::table::Table;

/// As the console and its users write them: a node, its calls, an annotation, a path.
const TYPICAL: &str = r#"service(id(name: "pay", type: "AWS::ECS::Container")) { fault AND responsetime > 0.5 } AND (annotation[order.total] >= 100 OR annotation.tier = "gold") AND http.url BEGINSWITH "https://shop.example/""#;
/// Conditions of the large expression: as many as are allowed.
const LARGE_CONDITIONS: usize = 256;
const ROUNDS: usize = 101;

/// Time of one parse and check, the median over rounds.
pub(crate) fn measure(table: &mut Table) -> anyhow::Result<()> {
    let micros = micros_of(TYPICAL, 200)?;
    table.add(
        "filter parsed and checked, 6 conditions",
        micros,
        "µs",
        "<= 20",
    );
    let micros = micros_of(&large(), 4)?;
    let name = format!("filter parsed and checked, {LARGE_CONDITIONS} conditions");
    table.add(name, micros, "µs", "");
    Ok(())
}

/// Short conditions of every kind, about 5 kB in all.
fn large() -> String {
    let mut text = String::from("ok");
    for number in 1..LARGE_CONDITIONS {
        let condition = match number % 4 {
            0 => format!("annotation.a{number} = {number}"),
            1 => format!("http.status != {number}"),
            2 => format!("user = \"u-{number}\""),
            _ => format!("service(\"s{number}\")"),
        };
        let joint = if number % 2 == 0 { "AND" } else { "OR" };
        write!(text, " {joint} {condition}").expect("a string takes all that is written");
    }
    text
}

fn micros_of(text: &str, times: usize) -> anyhow::Result<f64> {
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        for _ in 0..times {
            let filter = Filter::parse(black_box(text), &NoGroups);
            black_box(filter.context("read the filter of the measurement")?);
        }
        rounds.push(begun.elapsed());
    }
    rounds.sort_unstable();
    let median = rounds.get(ROUNDS / 2).copied().unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "a small count")]
    let each = median.as_secs_f64() * 1e6 / times as f64;
    Ok(each)
}
